import assert from "node:assert/strict";
import { test } from "node:test";
import { system_random, to_hex, utf8 } from "./bytes.ts";
import { Refused } from "./refused.ts";
import { read_tracker, tracker_groups, tracker_of, tracker_text } from "./tracker.ts";

test("the tracker is SHA-256, its text computed apart by long division", () => {
  const tracker = tracker_of(utf8("isoloir"));
  assert.equal(to_hex(tracker), "298d8db57079ed5b1164a56393b5fad3f859bf599d100e6fba4d420e175d3346");
  assert.equal(tracker_text(tracker), "566RVDBGF7PNP4B4MNHS7DFTTFW5KFTSKM80WVXT9N10W5TX6D30");
  assert.equal(tracker_groups(tracker), "566R VDBG F7PN P4B4 MNHS 7DFT TFW5 KFTS KM80 WVXT 9N10 W5TX 6D30");
});

test("what is shown can be typed again", () => {
  for (let i = 0; i < 50; i++) {
    const tracker = system_random(32);
    assert.deepEqual(read_tracker(tracker_text(tracker)), tracker);
    assert.deepEqual(read_tracker(tracker_groups(tracker).toLowerCase()), tracker);
    assert.deepEqual(read_tracker(tracker_groups(tracker).replace(/ /g, "-")), tracker);
  }
});

test("another length, a foreign character and lost bits are refused", () => {
  const text = tracker_text(tracker_of(utf8("isoloir")));
  for (const bad of ["", text.slice(1), `${text}0`, text.replace("R", "U"), `${text.slice(0, 51)}1`]) {
    assert.throws(() => read_tracker(bad), Refused, bad);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { DoubleTap } from "./double_tap.ts";

const at = (time: number, x = 100, y = 700) => ({ x, y, at: time });

test("the second of two taps in one place chooses nothing on the step that the first has brought", () => {
  const taps = new DoubleTap();
  assert.equal(taps.repeats(at(0)), false, "the first");
  taps.changed(5);
  assert.equal(taps.repeats(at(300, 110, 690)), true);
  assert.equal(taps.repeats(at(450)), true, "a third, of a trembling hand");
  assert.equal(taps.repeats(at(1100)), false, "then she presses what she sees");
});

test("what she means is taken", () => {
  const taps = new DoubleTap();
  taps.repeats(at(0));
  assert.equal(taps.repeats(at(300)), false, "the same step: a button may be pressed twice");
  taps.changed(310);
  assert.equal(taps.repeats(at(1400)), false, "a second later");
  taps.changed(1410);
  assert.equal(taps.repeats(at(1800, 300, 200)), false, "elsewhere");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cast } from "./casting.ts";
import { loss_of_leaving, unsaved_proof } from "./leaving.ts";

const cast = (contest: number, phase: Cast["phase"], more: Partial<Cast> = {}): Cast => ({ contest, phase, ...more });
const none = new Set<never>();
const receipt = { text: "", index: 0 };
const evidence = { refused: "unknown", answers: [] };
const report = { ballot: "", tracker: "cd", sent: true, evidence };

test("leaving asks about what is on its way, then about what is not saved, then about the line", () => {
  const done = cast(0, "done", { receipt });
  const disputed = cast(1, "failed", { failure: "proof", evidence });
  const sending = cast(2, "send");
  assert.deepEqual(loss_of_leaving([done, disputed, sending], none, none, true), { why: "sending", contest: 2 });
  assert.deepEqual(loss_of_leaving([done, disputed], none, none, true), { why: "evidence", contest: 1 });
  assert.deepEqual(loss_of_leaving([done, disputed], new Set([evidence]), none, false), { why: "proof", contest: 0 });
  assert.deepEqual(loss_of_leaving([done, disputed], new Set([receipt, evidence]), none, false), { why: "offline" });
  assert.equal(loss_of_leaving([done, disputed], new Set([receipt, evidence]), none, true), undefined);
  assert.deepEqual(loss_of_leaving([cast(3, "pending", { tracker: "ab" }), done], none, none, true), { why: "proof", contest: 0 });
  for (const phase of ["check", "pending"] as const) {
    const waits = [cast(3, phase, { tracker: "ab" })];
    assert.deepEqual(loss_of_leaving(waits, none, none, true), { why: "pending", contest: 3 });
    assert.equal(loss_of_leaving(waits, none, new Set(["ab"]), true), undefined, "she has the number, and knows");
    assert.deepEqual(loss_of_leaving(waits, none, new Set(["cd"]), true), { why: "pending", contest: 3 }, "of another ballot");
  }
  assert.deepEqual(loss_of_leaving([cast(3, "done", { receipt, tracker: "ab" })], none, new Set(["ab"]), true), { why: "proof", contest: 3 }, "there is more to keep now");
  assert.deepEqual(loss_of_leaving([cast(3, "trace")], none, none, false), { why: "tracing", contest: 3 }, "there is no number to note");
  assert.equal(loss_of_leaving([cast(0, "failed", { failure: "closed" })], none, none, true), undefined);
});

test("who has saved a report has neither the next one, nor the receipt, nor another ballot's report", () => {
  const saved = new Set([evidence]);
  const more = { ...evidence };
  assert.deepEqual(loss_of_leaving([cast(1, "failed", { failure: "proof", evidence: more })], saved, none, true), { why: "evidence", contest: 1 });
  assert.deepEqual(loss_of_leaving([cast(1, "done", { receipt, evidence })], saved, none, true), { why: "proof", contest: 1 });
  const beside = cast(1, "done", { receipt, reports: [report] });
  assert.deepEqual(loss_of_leaving([beside], new Set([receipt]), none, true), { why: "evidence", contest: 1 });
  assert.equal(loss_of_leaving([beside], new Set([receipt, evidence]), none, true), undefined);
});

test("a report that she has not saved is asked about while the receipt is asked for once more, and told with what is on its way", () => {
  for (const phase of ["check", "pending", "trace"] as const) {
    assert.deepEqual(loss_of_leaving([cast(1, phase, { tracker: "ab", evidence })], none, none, true), { why: "evidence", contest: 1 });
  }
  const sending = cast(1, "send", { evidence });
  assert.deepEqual(loss_of_leaving([sending], none, none, true), { why: "sending", contest: 1, unsaved: true });
  assert.deepEqual(loss_of_leaving([sending], new Set([evidence]), none, true), { why: "sending", contest: 1 });
});

test("a report of a contest in which nothing is under way is asked about too", () => {
  const uncast = [{ contest: 2, reports: [report] }];
  assert.deepEqual(loss_of_leaving([], none, none, true, uncast), { why: "evidence", contest: 2 });
  assert.equal(loss_of_leaving([], new Set([evidence]), none, true, uncast), undefined);
});

test("a receipt that a reload destroys is asked about, whatever else leaving would lose", () => {
  const done = cast(0, "done", { receipt });
  assert.equal(unsaved_proof([cast(1, "send"), cast(2, "failed", { failure: "proof", evidence }), done], none, none), true);
  assert.equal(unsaved_proof([cast(1, "pending", { tracker: "ab", evidence })], none, none), true);
  assert.equal(unsaved_proof([cast(1, "send"), done], new Set([receipt]), none), false);
});

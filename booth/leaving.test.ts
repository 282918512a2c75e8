import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cast } from "./casting.ts";
import { loss_of_leaving } from "./leaving.ts";

const cast = (contest: number, phase: Cast["phase"], more: Partial<Cast> = {}): Cast => ({ contest, phase, ...more });
const none = new Set<number>();

test("leaving asks about what is on its way, then about what is not saved, then about the line", () => {
  const done = cast(0, "done");
  const disputed = cast(1, "failed", { failure: "proof" });
  const sending = cast(2, "send");
  assert.deepEqual(loss_of_leaving([done, disputed, sending], none, none, true), { why: "sending", contest: 2 });
  assert.deepEqual(loss_of_leaving([done, disputed], none, none, true), { why: "evidence", contest: 1 });
  assert.deepEqual(loss_of_leaving([done, disputed], new Set([1]), none, false), { why: "proof", contest: 0 });
  assert.deepEqual(loss_of_leaving([done, disputed], new Set([0, 1]), none, false), { why: "offline" });
  assert.equal(loss_of_leaving([done, disputed], new Set([0, 1]), none, true), undefined);
  assert.deepEqual(loss_of_leaving([cast(3, "pending"), done], none, none, true), { why: "proof", contest: 0 });
  for (const phase of ["check", "pending"] as const) {
    const waits = [cast(3, phase)];
    assert.deepEqual(loss_of_leaving(waits, none, none, true), { why: "pending", contest: 3 });
    assert.equal(loss_of_leaving(waits, none, new Set([3]), true), undefined, "she has the number, and knows");
  }
  assert.deepEqual(loss_of_leaving([cast(3, "done")], none, new Set([3]), true), { why: "proof", contest: 3 }, "there is more to keep now");
  assert.equal(loss_of_leaving([cast(0, "failed", { failure: "closed" })], none, none, true), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfirmationAnswer } from "./api.ts";
import { ConfirmationStep, read_confirmation } from "./confirmation.ts";

test("digits as they are copied: spaces of any kind, hyphens, full-width forms", () => {
  for (const typed of ["123456", " 123 456 ", "123\u00a0456", "123\u202f456", "123-456", "１２３４５６", "1 2 3 4 5 6\n"]) {
    assert.deepEqual(read_confirmation(typed, 6), { code: "123456" }, typed);
  }
});

test("what cannot be the code is told without a try", () => {
  assert.deepEqual(read_confirmation(" ", 6), { error: "empty" });
  for (const typed of ["12345", "1234567", "12345a", "O12345", "123456 est votre code"]) {
    assert.deepEqual(read_confirmation(typed, 6), { error: "form" }, typed);
  }
  assert.deepEqual(read_confirmation("1234567", 7), { code: "1234567" });
});

test("a code is asked for once at a time, and again once the answer is there or was lost", async () => {
  const asked: Array<{ answer: () => void; lose: () => void }> = [];
  const confirmation = () => new Promise<ConfirmationAnswer>((resolve, reject) => {
    const lose = () => reject(new Error("lost"));
    asked.push({ answer: () => resolve({ status: "suspended" }), lose });
  });
  const refused = () => Promise.reject(new Error("not refused"));
  const step = new ConfirmationStep({ api: { confirmation, confirmation_news: confirmation }, digits: 6, clock: () => 0, refused, changed: () => {} });
  const both = Promise.allSettled([step.ask(0), step.ask(0)]);
  const other = step.ask(1);
  assert.equal(asked.length, 2, "one for each contest");
  asked[0]!.lose();
  asked[1]!.answer();
  await other;
  assert.deepEqual((await both).map(({ status }) => status), ["rejected", "rejected"]);
  const again = step.ask(0);
  assert.equal(asked.length, 3);
  asked[2]!.answer();
  await again;
});

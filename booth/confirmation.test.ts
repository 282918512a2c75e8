import assert from "node:assert/strict";
import { test } from "node:test";
import { read_confirmation } from "./confirmation.ts";

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

// What the command reads besides the export.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { read_receipts } from "../command.ts";

test("of a folder the receipts are read, and whatever else lies there is passed over", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "receipts-"));
  t.after(() => rmSync(folder, { recursive: true }));
  t.mock.method(console, "error", () => {});
  for (const name of ["mine", "other"]) writeFileSync(join(folder, name), `c2sp.org/tlog-proof@v1\n${name}`);
  writeFileSync(join(folder, ".DS_Store"), "\0");
  mkdirSync(join(folder, "photos"));
  assert.deepEqual(read_receipts(folder).map(({ name }) => name), ["mine", "other"]);
  assert.deepEqual(read_receipts(join(folder, "mine")).map(({ name }) => name), ["mine"]);
});

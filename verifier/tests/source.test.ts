// What is judged are the bytes that were hashed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { utf8 } from "../bytes.ts";
import { FolderSource } from "../folder_source.ts";
import { DroppedSource } from "../page/dropped_source.ts";
import { Refused } from "../refused.ts";
import { type ExportSource, read_file, records, SteadySource } from "../source.ts";

/** Files that a test changes while they are read. */
class ChangingSource implements ExportSource {
  constructor(readonly files: Map<string, Uint8Array>) {}
  paths = (): string[] => [...this.files.keys()];
  has = (path: string): boolean => this.files.has(path);
  size = (path: string): number => this.files.get(path)?.length ?? 0;
  read = async (path: string, offset: number, length: number): Promise<Uint8Array> => this.files.get(path)!.slice(offset, offset + length);
}

const changing = (text: string) => {
  const source = new ChangingSource(new Map([["file", utf8(text)]]));
  return { source, steady: new SteadySource(source) };
};
async function read_records(source: ExportSource): Promise<number> {
  let count = 0;
  for await (const _ of records(source, "file", 1 << 19)) count++;
  return count;
}

test("a file that stays is read as often as one likes", async () => {
  const { steady } = changing("a".repeat(3 << 19));
  await read_file(steady, "file");
  assert.equal(await read_records(steady), 3);
  assert.equal(await read_records(steady), 3);
});

test("a file that has changed since it was read is refused, whole or in records", async () => {
  const { source, steady } = changing("a".repeat(3 << 19));
  await read_file(steady, "file");
  source.files.set("file", utf8(`${"a".repeat((3 << 19) - 1)}b`));
  await assert.rejects(read_file(steady, "file"), Refused);
  await assert.rejects(read_records(steady), Refused);
});

test("a file that has become shorter since it was listed is refused", async () => {
  const { source, steady } = changing("abc");
  const size = source.size("file");
  source.files.set("file", utf8("ab"));
  source.size = () => size;
  await assert.rejects(read_file(steady, "file"), Refused);
});

test("a file that has gone since it was listed is refused", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "export-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), "abc");
  const source = new FolderSource(folder);
  rmSync(join(folder, "file"));
  await assert.rejects(read_file(new SteadySource(source), "file"), Refused);
});

test("a dropped file that the browser cannot read any more is refused", async () => {
  const file = new File(["abc"], "file");
  file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) as unknown as Blob;
  await assert.rejects(read_file(new SteadySource(new DroppedSource([{ path: "file", file }])), "file"), Refused);
});

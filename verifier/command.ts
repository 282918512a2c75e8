// npm run verify -- EXPORT [--fingerprint F] [--checkpoint FILE] [--receipts DIR]
// Ends with 0 when the export is good, 1 when it is refused, 2 when it was called wrongly.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { equal, utf8 } from "./bytes.ts";
import { FolderSource } from "./folder_source.ts";
import { report_lines } from "./report_text.ts";
import { type Anchors, plain_fingerprint, verify } from "./verify.ts";

const USAGE = "usage: npm run verify -- EXPORT [--fingerprint F] [--checkpoint FILE] [--receipts DIR]";
const OPTIONS = ["--fingerprint", "--checkpoint", "--receipts"] as const;

class WrongUsage extends Error {}

function read_arguments(words: string[]): { folder: string; anchors: Anchors } {
  const given = new Map<string, string>();
  const folders: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("--")) folders.push(word);
    else if ((OPTIONS as readonly string[]).includes(word) && words[i + 1] !== undefined && !given.has(word)) given.set(word, words[++i]!);
    else throw new WrongUsage(`${word} is not understood here`);
  }
  const [folder] = folders;
  if (folders.length !== 1 || folder === undefined) throw new WrongUsage("one export is verified at a time");
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new WrongUsage(`${folder} is no folder`);
  return { folder, anchors: read_anchors(given) };
}

// A voter's folder may hold anything; what begins as a receipt is held to be one.
const RECEIPT_START = utf8("c2sp.org/tlog-proof@");

/** Of a folder, or one alone. */
export function read_receipts(path: string): { name: string; text: Uint8Array }[] {
  const files = statSync(path).isDirectory() ? readdirSync(path).sort().map((name) => join(path, name)) : [path];
  return files.filter((file) => statSync(file).isFile()).flatMap((file) => {
    const text = readFileSync(file);
    if (equal(text.subarray(0, RECEIPT_START.length), RECEIPT_START)) return [{ name: basename(file), text }];
    console.error(`${basename(file)} is not a receipt, passed over`);
    return [];
  });
}

/** Reads what the words name, or says which of them could not be read. */
function readable<T>(path: string | undefined, read: (path: string) => T): T | undefined {
  try {
    return path === undefined ? undefined : read(path);
  } catch (error) {
    throw new WrongUsage(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function open_folder(folder: string): FolderSource {
  try {
    return new FolderSource(folder);
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function read_anchors(given: ReadonlyMap<string, string>): Anchors {
  const fingerprint = given.get("--fingerprint");
  if (fingerprint !== undefined && !/^[0-9a-f]{64}$/.test(plain_fingerprint(fingerprint))) {
    throw new WrongUsage("a fingerprint is 64 hexadecimal digits");
  }
  const checkpoint = readable(given.get("--checkpoint"), (path) => readFileSync(path));
  const receipts = readable(given.get("--receipts"), read_receipts);
  if (receipts?.length === 0) throw new WrongUsage(`${given.get("--receipts")}: no receipt is in this folder`);
  return { fingerprint, checkpoint, receipts };
}

export async function main(words: string[]): Promise<number> {
  try {
    const { folder, anchors } = read_arguments(words);
    const report = await verify(open_folder(folder), anchors);
    console.log(report_lines(report).join("\n"));
    return report.verdict === "refused" ? 1 : 0;
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
}

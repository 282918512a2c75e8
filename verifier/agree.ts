// Compares this verifier with what is expected of a folder of cases, each `<name>/export` with `<name>/case.json`:
// {"name", "check": number of the first check that refuses, or null, "anchors": {"fingerprint", "checkpoint", "receipts"}, "what"}.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FolderSource } from "./folder_source.ts";
import { verdict_line } from "./report_text.ts";
import { type Report, verify } from "./verify.ts";

interface Case { name: string; check: number | null; anchors?: { fingerprint?: string; checkpoint?: string; receipts?: string };
  what: string }

const described = (check: number | null): string => (check === null ? "accepted" : `refused at V${check}`);

/** All of a folder, whatever they are. */
const files_of = (folder: string) => readdirSync(folder).sort().map((name) => ({ name, text: readFileSync(join(folder, name)) }));

async function judge(folder: string): Promise<string | null> {
  const { check, anchors = {}, what } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as Case;
  const report = await verify(new FolderSource(join(folder, "export")), {
    fingerprint: anchors.fingerprint,
    checkpoint: anchors.checkpoint === undefined ? undefined : readFileSync(join(folder, anchors.checkpoint)),
    receipts: anchors.receipts === undefined ? undefined : files_of(join(folder, anchors.receipts)),
  });
  return (first_refused(report) === check ? null : `expected ${described(check)}, found: ${verdict_line(report)} (${what})`);
}

function first_refused({ outcomes, verdict }: Report): number | null {
  const first = outcomes.find(({ state }) => state === "refused");
  if ((first === undefined) !== (verdict !== "refused")) throw new Error("the verdict does not follow from the checks");
  return first?.check ?? null;
}

export async function main([folder]: string[]): Promise<number> {
  if (folder === undefined || !existsSync(folder)) {
    console.error("usage: agree.mjs FOLDER_OF_CASES");
    return 2;
  }
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "case.json"))).sort();
  let disagreements = 0;
  for (const name of names) {
    const disagreement = await judge(join(folder, name));
    if (disagreement === null) continue;
    disagreements++;
    console.log(`${name}: ${disagreement}`);
  }
  console.log(`${names.length} cases, ${disagreements} disagreements`);
  return disagreements === 0 && names.length > 0 ? 0 : 1;
}

// The report as lines of text, for the command.
import { CHECKS } from "./checks.ts";
import type { Report } from "./verify.ts";

const STATES = { "ok": "ok     ", "refused": "REFUSED", "not run": "not run" };

export function verdict_line({ verdict, outcomes, anchored }: Report): string {
  if (verdict === "verified") return "verified";
  if (verdict === "consistent") return "consistent, not anchored";
  if (verdict === "not counted") return `consistent up to here, ${anchored ? "anchored" : "not anchored"}: the count is not complete in this export`;
  const first = outcomes.find(({ state }) => state === "refused")!;
  return `refused at V${first.check}, ${CHECKS[first.check]}: ${first.detail}`;
}

export function report_lines(report: Report): string[] {
  return [
    `fingerprint ${report.fingerprint ?? "none: manifest.json is missing"}`,
    ...report.outcomes.map(({ check, state, detail }) =>
      `V${String(check).padEnd(3)}${STATES[state]} ${CHECKS[check]}${detail ? `: ${detail}` : ""}`),
    verdict_line(report),
  ];
}

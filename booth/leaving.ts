// What leaving the voting space would lose: everything there is wiped, and no receipt can be had twice.
import { type Cast, type Reports, reports_of } from "./casting.ts";

export interface Loss {
  /** offline: the server would not hear of it; sending, tracing: no answer yet; evidence, proof: not saved. */
  why: "offline" | "sending" | "tracing" | "evidence" | "proof" | "pending";
  contest?: number;
  /** Neither is that contest's report saved. */
  unsaved?: true;
}

function unsaved_receipt(casts: Cast[], saved: ReadonlySet<object>): Cast | undefined {
  return casts.find(({ phase, receipt }) => phase === "done" && !saved.has(receipt!));
}

function unnoted(casts: Cast[], noted: ReadonlySet<string>): Cast | undefined {
  return casts.find(({ tracker, phase }) => (phase === "check" || phase === "pending") && !noted.has(tracker!));
}

/** What a reload, too, would lose: the rest is kept. */
export function unsaved_proof(casts: Cast[], saved: ReadonlySet<object>, noted: ReadonlySet<string>): boolean {
  return (unsaved_receipt(casts, saved) ?? unnoted(casts, noted)) !== undefined;
}

/**
 * The first thing to be told, or nothing; `saved`: the receipts and the evidence that she has, of which there may be more than before;
 * `noted`: trackers that she printed; `uncast`: reports of contests without a cast.
 */
export function loss_of_leaving(
  casts: Cast[], saved: ReadonlySet<object>, noted: ReadonlySet<string>, online: boolean, uncast: Reports[] = [],
): Loss | undefined {
  const sending = casts.find(({ phase }) => phase === "seal" || phase === "send");
  const reported = [...casts.map((cast) => ({ contest: cast.contest, reports: reports_of(cast) })), ...uncast];
  const unsaved = reported.filter(({ reports }) => reports.some(({ evidence }) => !saved.has(evidence!))).map(({ contest }) => contest);
  const proof = unsaved_receipt(casts, saved);
  const pending = unnoted(casts, noted);
  const tracing = casts.find(({ phase }) => phase === "trace");
  if (sending) return { why: "sending", contest: sending.contest, ...(unsaved.includes(sending.contest) && { unsaved: true }) };
  if (unsaved[0] !== undefined) return { why: "evidence", contest: unsaved[0] };
  if (proof) return { why: "proof", contest: proof.contest };
  if (pending) return { why: "pending", contest: pending.contest };
  if (tracing) return { why: "tracing", contest: tracing.contest };
  return online ? undefined : { why: "offline" };
}

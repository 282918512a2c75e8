// What leaving the voting space would lose: everything there is wiped, and no receipt can be had twice.
import { type Cast, reports_of } from "./casting.ts";

export interface Loss {
  /** offline: the server would not hear of it; sending, tracing: no answer yet; evidence, proof: not saved. */
  why: "offline" | "sending" | "tracing" | "evidence" | "proof" | "pending";
  contest?: number;
  /** Neither is that contest's report saved. */
  unsaved?: true;
}

/**
 * The first thing to be told, or nothing; `saved`: the receipts and the evidence that she has, of which there may be more than before;
 * `noted`: trackers that she printed.
 */
export function loss_of_leaving(
  casts: Cast[], saved: ReadonlySet<object>, noted: ReadonlySet<string>, online: boolean,
): Loss | undefined {
  const sending = casts.find(({ phase }) => phase === "seal" || phase === "send");
  const is_unsaved = (cast: Cast) => reports_of(cast).some(({ evidence }) => !saved.has(evidence!));
  const unsaved = casts.find(is_unsaved);
  const proof = casts.find(({ phase, receipt }) => phase === "done" && !saved.has(receipt!));
  const pending = casts.find(({ tracker, phase }) => (phase === "check" || phase === "pending") && !noted.has(tracker!));
  const tracing = casts.find(({ phase }) => phase === "trace");
  if (sending) return { why: "sending", contest: sending.contest, ...(is_unsaved(sending) && { unsaved: true }) };
  if (unsaved) return { why: "evidence", contest: unsaved.contest };
  if (proof) return { why: "proof", contest: proof.contest };
  if (pending) return { why: "pending", contest: pending.contest };
  if (tracing) return { why: "tracing", contest: tracing.contest };
  return online ? undefined : { why: "offline" };
}

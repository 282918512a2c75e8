// What leaving the voting space would lose: everything there is wiped, and no receipt can be had twice.
import { type Cast, disputed } from "./casting.ts";

export interface Loss {
  /** offline: the server would not hear of it; sending: no answer yet; evidence, proof: not saved. */
  why: "offline" | "sending" | "evidence" | "proof" | "pending";
  contest?: number;
}

/** The first thing to be told, or nothing; `saved`: contests whose evidence or proof she has; `noted`: whose tracker she printed. */
export function loss_of_leaving(
  casts: Cast[], saved: ReadonlySet<number>, noted: ReadonlySet<number>, online: boolean,
): Loss | undefined {
  const sending = casts.find(({ phase }) => phase === "seal" || phase === "send");
  const unsaved = casts.filter(({ contest }) => !saved.has(contest));
  const evidence = unsaved.find((cast) => disputed(cast));
  const proof = unsaved.find(({ phase }) => phase === "done");
  const pending = casts.find(({ contest, phase }) => (phase === "check" || phase === "pending") && !noted.has(contest));
  if (sending) return { why: "sending", contest: sending.contest };
  if (evidence) return { why: "evidence", contest: evidence.contest };
  if (proof) return { why: "proof", contest: proof.contest };
  if (pending) return { why: "pending", contest: pending.contest };
  return online ? undefined : { why: "offline" };
}

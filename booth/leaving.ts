// What leaving the voting space would lose: everything there is wiped, and no receipt can be had twice.
import { type Cast, disputed } from "./casting.ts";

export interface Loss {
  /** offline: the server would not hear of it; sending: no answer yet; evidence, proof: not saved. */
  why: "offline" | "sending" | "evidence" | "proof";
  contest?: number;
}

/** The first thing to be told, or nothing; `saved`: contests whose evidence or proof she has. */
export function loss_of_leaving(casts: Cast[], saved: ReadonlySet<number>, online: boolean): Loss | undefined {
  const sending = casts.find(({ phase }) => phase === "seal" || phase === "send");
  const unsaved = casts.filter(({ contest }) => !saved.has(contest));
  const evidence = unsaved.find((cast) => disputed(cast));
  const proof = unsaved.find(({ phase }) => phase === "check" || phase === "pending" || phase === "done");
  if (sending) return { why: "sending", contest: sending.contest };
  if (evidence) return { why: "evidence", contest: evidence.contest };
  if (proof) return { why: "proof", contest: proof.contest };
  return online ? undefined : { why: "offline" };
}

// Addresses of the steps, and which step an address shows in a given state: what Back, Forward and a typed address lead to.
// No address does anything by itself, so none can repeat a vote.
import { type Cast, disputed } from "./casting.ts";

export type Step = "code" | "contests" | "ballot" | "confirm" | "confirmation" | "sending" | "tracing" | "pending" | "receipt" | "dispute" | "error";

export interface Shown {
  step: Step;
  contest?: number;
  /** The address that says so, where it is another one. */
  address: string;
}

export interface Progress {
  /** The address at which the code is asked for. */
  entry: string;
  signed_in: boolean;
  /** Contests that the voter may vote in now. */
  open: (contest: number) => boolean;
  chosen: (contest: number) => boolean;
  cast: (contest: number) => Cast | undefined;
}

export const CONTESTS_ADDRESS = "/vote/scrutins";
export const ballot_address = (contest: number) => `${CONTESTS_ADDRESS}/${contest}`;
export const confirm_address = (contest: number) => `${CONTESTS_ADDRESS}/${contest}/choix`;
export const confirmation_address = (contest: number) => `${CONTESTS_ADDRESS}/${contest}/confirmation`;
export const receipt_address = (contest: number) => `${CONTESTS_ADDRESS}/${contest}/preuve`;

const STEP_OF_PHASE: Record<Cast["phase"], Step> = {
  seal: "sending", confirmation: "confirmation", send: "sending", check: "sending", trace: "tracing", pending: "pending", done: "receipt", failed: "error",
};

export function shown_at(path: string, progress: Progress): Shown {
  if (!progress.signed_in) return { step: "code", address: progress.entry };
  const match = /^\/vote\/scrutins\/(\d{1,4})(\/choix|\/confirmation|\/preuve)?$/.exec(path);
  if (!match) return { step: "contests", address: CONTESTS_ADDRESS };
  const contest = Number(match[1]);
  const cast = progress.cast(contest);
  if (cast && disputed(cast)) return { step: "dispute", contest, address: receipt_address(contest) };
  const late = match[2] === "/confirmation" || match[2] === "/preuve";
  if (cast?.phase === "confirmation") {
    // Until the code is given, Back leads to the ballot, and the choice is free.
    if (late) return { step: "confirmation", contest, address: confirmation_address(contest) };
  } else if (cast && (cast.phase !== "failed" || late)) {
    return { step: STEP_OF_PHASE[cast.phase], contest, address: receipt_address(contest) };
  }
  if (match[2] === "/preuve" || !progress.open(contest)) return { step: "contests", address: CONTESTS_ADDRESS };
  if (match[2] === "/choix" && progress.chosen(contest)) {
    return { step: "confirm", contest, address: confirm_address(contest) };
  }
  return { step: "ballot", contest, address: ballot_address(contest) };
}

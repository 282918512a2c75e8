// The checks of section 11 by their numbers, as the report names them.
export const CHECKS = [
  "anchors", "files", "manifest and seal", "key ceremony", "rosters", "checkpoints of the log", "leaves of the log", "events",
  "reissue batches", "enrolments and strike-offs", "form of the ballots", "ballot signatures", "option proofs", "sum proofs",
  "keys of the ballots", "box as frozen", "bijection of box and log", "units and aggregates", "tally hash", "decryption shares",
  "decryption", "sums and ranges", "result", "sign-offs", "receipts", "minutes",
] as const;

export type State = "ok" | "refused" | "not run";
export interface Outcome {
  check: number; state: State; detail: string;
  /** Good because there was nothing to check: no anchor, no receipt, no minutes. */
  idle: boolean;
}

// What the page shows of a report: plain data, which goes from thread to thread.
import type { Outcome } from "../checks.ts";
import { type BilingualText, type Contest, type Option, TWO_ROUNDS } from "../manifest.ts";
import type { ContestSummary } from "../result.ts";
import type { Report, Verdict } from "../verify.ts";

export interface ShownOption { name: string | null; votes: number; seats: number | null; elected: boolean; second_round: boolean }
export interface ShownContest {
  name: BilingualText; registered: number; ballots: number; valid: number;
  by_seats: boolean; seats: number; unfilled: number; undecided: boolean; options: ShownOption[];
}
export interface Shown {
  verdict: Verdict; anchored: boolean; fingerprint: string | null; title: BilingualText | null; outcomes: Outcome[];
    contests: ShownContest[] | null;
}

function shown_option(option: Option, i: number, seats: number | null, summary: ContestSummary): ShownOption {
  return {
    name: option.kind === "blank" ? null : option.name, votes: summary.votes[i]!, seats,
    elected: summary.elected === i, second_round: summary.second_round.includes(i),
  };
}

function shown_contest({ name, seats, rule, options }: Contest, summary: ContestSummary): ShownContest {
  let list = 0;
  return {
    name, seats, registered: summary.registered, ballots: summary.ballots, valid: summary.valid, by_seats: rule !== TWO_ROUNDS,
    unfilled: summary.unfilled, undecided: summary.undecided,
    options: options.map((option, i) => shown_option(option, i, option.kind === "list" ? summary.seats?.[list++] ?? null : null, summary)),
  };
}

export const shown = ({ verdict, anchored, fingerprint, title, outcomes, manifest, contests }: Report): Shown => ({
  verdict, anchored, fingerprint, title, outcomes,
  contests: manifest && contests && contests.map((summary) => shown_contest(manifest.contests[summary.contest]!, summary)),
});

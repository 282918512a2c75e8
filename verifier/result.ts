// The result (section 10), computed again from units and votes and compared with result.json field by field.
import { encode, type Json, type JsonObject } from "./canonical_json.ts";
import { type CandidateOption, type Contest, type ListOption, type Manifest, TWO_ROUNDS } from "./manifest.ts";
import { decide_majority } from "./majority_rule.ts";
import { Refused, require_that, within } from "./refused.ts";
import { attribute_seats } from "./seat_rule.ts";
import { any_object, array, count, object, text } from "./shape.ts";
import type { SharesDocument } from "./shares.ts";

export interface CountedUnit { unit: number; name: string; districts: number[]; ballots: number; votes: number[] }
export interface CountedContest { registered: number; units: CountedUnit[] }

/** What is won, for whoever shows the result. */
export interface ContestSummary {
  contest: number; registered: number; ballots: number; blank: number; valid: number; votes: number[];
  seats: number[] | null; unfilled: number; elected: number | null; second_round: number[]; undecided: boolean;
}

/** The contest of result.json as it has to be. Lots, and texts that only say in words why, are taken from the given one. */
export function expected_contest(k: number, contest: Contest, counted: CountedContest, given: JsonObject): JsonObject {
  const votes = contest.options.map((_, option) => counted.units.reduce((total, unit) => total + unit.votes[option]!, 0));
  const ballots = counted.units.reduce((total, unit) => total + unit.ballots, 0);
  const blank = votes[contest.options.findIndex(({ kind }) => kind === "blank")]!;
  const valid = votes.reduce((total, more) => total + more, 0) - blank;
  // There is a result only where there are as many sign-offs as ballots; that there were as many is V23.
  require_that(valid + blank === ballots && ballots <= counted.registered,
    `valid + blank = ballots ≤ registered does not hold: ${valid} + ${blank}, ${ballots}, ${counted.registered}`);
  return {
    contest: k, registered: counted.registered, sign_offs: ballots, ballots, blank, valid, votes,
    units: counted.units.map(({ unit, name, districts, ballots: in_unit, votes: of_unit }) =>
      ({ unit, name, districts, ballots: in_unit, votes: of_unit })),
    ...(contest.rule === TWO_ROUNDS
      ? { majority: expected_majority(contest, counted.registered, votes, given) }
      : { seats: expected_seats(contest, votes, given) }),
  };
}

function expected_seats(contest: Contest, votes: number[], given: JsonObject): JsonObject {
  const seats = object(given.seats, ["quota", "lists", "steps", "unfilled", "ties", "lots"]);
  const lots = array(seats.lots, (lot) => count(lot));
  const lists = contest.options.flatMap((option, i) => (option.kind === "list" ? [{ ...(option as ListOption), option: i }] : []));
  const answer = attribute_seats(contest.seats, lists.map(({ option, candidates, sigle, common }) =>
    ({ option, votes: votes[option]!, candidates: sigle ? null : candidates.length, members: common })), lots);
  return { ...answer, ties: with_reasons(answer.ties, seats.ties, ["seats", "between", "reason"]), lots } as unknown as JsonObject;
}

function expected_majority(contest: Contest, registered: number, votes: number[], given: JsonObject): JsonObject {
  const majority = object(given.majority, ["round", "elected", "second_round", "articles", "reason", "undecided"]);
  const candidates = contest.options.flatMap((option, i) =>
    (option.kind === "candidate" ? [{ option: i, votes: votes[i]!, birth_date: (option as CandidateOption).birth_date }] : []));
  const answer = decide_majority(contest.round, registered, candidates);
  return {
    round: contest.round, elected: answer.elected, second_round: answer.second_round,
    articles: array(majority.articles, text), reason: text(majority.reason),
    undecided: with_reasons(answer.undecided, majority.undecided, ["places", "between", "reason"]),
  };
}

function with_reasons(ties: object[], given: Json | undefined, fields: string[]): Json[] {
  const reasons = array(given, (item) => text(object(item, fields).reason));
  require_that(reasons.length === ties.length, `${reasons.length} ties where there are ${ties.length}`);
  return ties.map((tie, i) => ({ ...tie, reason: reasons[i]! }) as unknown as Json);
}

export interface ResultFacts { fingerprint: string; tally: string; manifest: Manifest; contests: CountedContest[];
  documents: SharesDocument[] }

const difference = (expected: JsonObject, given: JsonObject): string =>
  Object.keys(expected).find((field) => !(field in given) || encode(given[field]!) !== encode(expected[field]!)) ?? "the fields";

/** V22: result.json says what follows from the votes. */
export function check_result(value: Json, { fingerprint, tally, manifest, contests, documents }: ResultFacts): void {
  const result = object(value, ["format", "fingerprint", "tally", "contests", "left_out"]);
  const given = array(result.contests, any_object);
  require_that(given.length === contests.length, "not one entry for each contest");
  const expected: JsonObject = {
    format: "isoloir-result/1", fingerprint, tally, left_out: expected_left_out(documents),
    contests: contests.map((counted, k) => within(`contest ${k}`, () => {
      const contest = expected_contest(k, manifest.contests[k]!, counted, given[k]!);
      if (encode(contest) !== encode(given[k]!)) throw new Refused(`"${difference(contest, given[k]!)}" is not what follows from the votes`);
      return contest;
    })),
  };
  if (encode(expected) !== encode(result)) throw new Refused(`"${difference(expected, result)}" is not what follows from the count`);
}

/** V19, the second half: who is left out, and why. */
export const expected_left_out = (documents: SharesDocument[]): JsonObject[] =>
  documents.flatMap(({ bureau, group, index, left_out }) => (left_out === null ? [] : [{ bureau, group, index, reason: left_out }]));

/** The contests of a result that has been checked in which this list of `seats` is not empty. */
const with_some = (field: "ties" | "lots") => (value: Json): number[] =>
  array(any_object(value).contests, any_object).flatMap((contest, k) =>
    (contest.seats && (any_object(contest.seats)[field] as Json[]).length > 0 ? [k] : []));
export const ties_left = with_some("ties");
export const lots_drawn = with_some("lots");

/** Reads a result that has been checked. */
export function summarise(value: Json): ContestSummary[] {
  return array(any_object(value).contests, any_object).map((contest) => {
    const seats = contest.seats ? any_object(contest.seats) : null;
    const majority = contest.majority ? any_object(contest.majority) : null;
    return {
      contest: contest.contest, registered: contest.registered, ballots: contest.ballots, blank: contest.blank,
        valid: contest.valid, votes: contest.votes,
      seats: seats && (seats.lists as JsonObject[]).map((list) => list.seats), unfilled: seats?.unfilled ?? 0,
      elected: majority?.elected ?? null, second_round: majority?.second_round ?? [],
      undecided: ((seats?.ties ?? majority?.undecided) as Json[]).length > 0,
    } as ContestSummary;
  });
}

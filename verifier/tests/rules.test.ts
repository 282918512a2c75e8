// The rules of seats and of two rounds, case by case as the articles have them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide_majority } from "../majority_rule.ts";
import { attribute_seats, type List } from "../seat_rule.ts";
import { merge_units } from "../tally.ts";
import type { Contest } from "../manifest.ts";
import { accepts } from "./vectors.ts";

const list = (option: number, votes: number, candidates: number | null = 9): List => ({ option, votes, candidates, members: [] });
const seats = (lists: { seats: number }[]): number[] => lists.map((one) => one.seats);

test("quota, then highest average", () => {
  const answer = attribute_seats(5, [list(0, 60), list(1, 25), list(2, 15)], []);
  assert.equal(answer.quota, "100/5");
  assert.deepEqual(answer.lists.map(({ by_quota, by_average }) => [by_quota, by_average]), [[3, 1], [1, 0], [0, 0]]);
  assert.deepEqual(answer.steps, [{ averages: ["60/4", "25/2", "15/1"], winner: 0, decided_by: "votes", unfilled: false }]);
});

test("equal averages: more votes, then more candidates, then one each, then a lot", () => {
  assert.equal(attribute_seats(2, [list(0, 4), list(1, 2)], []).steps[0]!.decided_by, "votes");
  assert.equal(attribute_seats(1, [list(0, 4, 3), list(1, 4, 5)], []).steps[0]!.decided_by, "candidates");
  assert.deepEqual(attribute_seats(3, [list(0, 5), list(1, 5), list(2, 5), list(3, 1)],
    []).steps.map((step) => step.decided_by), ["one-each", "one-each", "one-each"]);
  const tie = attribute_seats(1, [list(0, 4), list(1, 4)], []);
  assert.deepEqual([tie.ties, seats(tie.lists), tie.unfilled], [[{ seats: 1, between: [0, 1] }], [0, 0], 0]);
  const drawn = attribute_seats(1, [list(0, 4), list(1, 4)], [1]);
  assert.deepEqual([drawn.ties, seats(drawn.lists), drawn.steps[0]!.decided_by], [[], [0, 1], "lot"]);
});

test("a lot is only drawn among equals, and only where there is something to draw", () => {
  assert.ok(!accepts(() => attribute_seats(1, [list(0, 4), list(1, 4), list(2, 1)], [2])));
  assert.ok(!accepts(() => attribute_seats(1, [list(0, 4), list(1, 3)], [0])));
  assert.ok(!accepts(() => attribute_seats(1, [list(0, 4), list(1, 4)], [0, 0])));
});

test("no more seats than candidates: what is beyond stays unfilled", () => {
  const answer = attribute_seats(4, [list(0, 90, 1), list(1, 10)], []);
  assert.deepEqual([seats(answer.lists), answer.unfilled, answer.steps[0]!.unfilled], [[1, 0], 3, true]);
  assert.deepEqual(seats(attribute_seats(4, [list(0, 90, null), list(1, 10)], []).lists), [4, 0]);
});

test("nobody voted, or nobody stands: all seats are unfilled", () => {
  for (const lists of [[list(0, 0)], []]) {
    const answer = attribute_seats(3, lists, []);
    assert.deepEqual([answer.quota, answer.steps, answer.unfilled], ["0/3", [], 3]);
  }
});

test("a common list by its shares, and equally without", () => {
  const members = (shares: number[]) =>
    attribute_seats(1, [{ ...list(0, 10), members: shares.map((share, i) => ({ name: `${i}`, share })) }], []).lists[0]!.members;
  assert.deepEqual(members([60, 40]).map(({ votes, rest }) => [votes, rest]), [[6, "0/1"], [4, "0/1"]]);
  assert.deepEqual(members([0, 0, 0]).map(({ votes, rest }) => [votes, rest]), [[3, "1/3"], [3, "1/3"], [3, "1/3"]]);
});

const candidates = (votes: number[], dates: (string | null)[] = []) =>
  votes.map((number, option) => ({ option, votes: number, birth_date: dates[option] ?? null }));

test("first round: a majority of the votes and a quarter of the electors", () => {
  assert.equal(decide_majority(1, 100, candidates([25, 10])).elected, 0);
  assert.equal(decide_majority(1, 101, candidates([25, 10])).elected, null);
  assert.equal(decide_majority(1, 100, candidates([25, 25])).elected, null);
});

test("first round: who may stand again", () => {
  assert.deepEqual(decide_majority(1, 80, candidates([10, 30, 9, 25])).second_round, [1, 3, 0]);
  assert.deepEqual(decide_majority(1, 800, candidates([100, 30, 99, 25])).second_round, [0, 2]);
  assert.deepEqual(decide_majority(1, 8000, candidates([5, 30, 99, 25])).second_round, [2, 1]);
  assert.deepEqual(decide_majority(1, 8000, candidates([30, 30, 99])),
    { elected: null, second_round: [2], undecided: [{ places: 1, between: [0, 1] }] });
  assert.deepEqual(decide_majority(1, 8000, candidates([30, 30, 30])),
    { elected: null, second_round: [], undecided: [{ places: 2, between: [0, 1, 2] }] });
  assert.deepEqual(decide_majority(1, 0, candidates([0, 0])), { elected: null, second_round: [], undecided: [] });
});

test("second round: most votes, then the eldest", () => {
  assert.equal(decide_majority(2, 100, candidates([3, 4])).elected, 1);
  assert.equal(decide_majority(2, 100, candidates([4, 4], ["1970-01-02", "1970-01-01"])).elected, 1);
  assert.deepEqual(decide_majority(2, 100, candidates([4, 4], ["1970-01-02", null])).undecided, [{ places: 1, between: [0, 1] }]);
  assert.deepEqual(decide_majority(2, 100, candidates([0, 0])).undecided, []);
});

test("units are merged from the first that is too small on, the last into the one before", () => {
  const merged = (ballots: number[], minimum: number) =>
    merge_units({ units: ballots.map((_, i) => ({ name: `U${i}`, districts: [i] })), unit_minimum: minimum } as Contest,
      (district) => ballots[district]!)
      .map(({ name, ballots: number }) => `${name}: ${number}`);
  assert.deepEqual(merged([3, 1, 1, 5], 3), ["U0: 3", "U1 + U2 + U3: 7"]);
  assert.deepEqual(merged([5, 1], 3), ["U0 + U1: 6"]);
  assert.deepEqual(merged([1], 3), ["U0: 1"]);
  assert.deepEqual(merged([0, 0, 9], 1), ["U0 + U1 + U2: 9"]);
});

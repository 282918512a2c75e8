// From votes to seats: electoral quota, then highest average (articles R211-118 to R211-123 of the Code général de la fonction
// publique), exactly, on whole numbers.
import { Refused, require_that } from "./refused.ts";

export interface List {
  option: number; votes: number;
  /** Candidates presented; null for a bare union name, which has none and is bounded by none. */
  candidates: number | null;
  members: { name: string; share: number }[];
}
export interface SeatStep { averages: string[]; winner: number;
  decided_by: "average" | "votes" | "candidates" | "one-each" | "lot"; unfilled: boolean }
export interface SeatTie { seats: number; between: number[] }
export interface SeatAnswer {
  quota: string;
  lists: { option: number; votes: number; by_quota: number; by_average: number; seats: number;
    members: { name: string; votes: number; rest: string }[] }[];
  steps: SeatStep[]; unfilled: number; ties: SeatTie[];
}

interface Standing { list: List; by_quota: number; by_average: number }

const held = ({ by_quota, by_average }: Standing): number => by_quota + by_average;
const is_out_of_candidates = (standing: Standing): boolean => standing.list.candidates !== null
  && held(standing) >= standing.list.candidates;
/** votes / (held + 1) compared as a product, which never rounds. */
const compare_average = (left: Standing, right: Standing): number => {
  const difference = BigInt(left.list.votes) * BigInt(held(right) + 1) - BigInt(right.list.votes) * BigInt(held(left) + 1);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
};

function with_most(standings: Standing[], measure: (standing: Standing) => number): Standing[] {
  const most = Math.max(...standings.map(measure));
  return standings.filter((standing) => measure(standing) === most);
}

export function attribute_seats(seats: number, lists: List[], lots: number[]): SeatAnswer {
  const valid = lists.reduce((total, { votes }) => total + votes, 0);
  const standings = lists.map((list): Standing => ({
    list, by_average: 0, by_quota: valid === 0 ? 0 : Number((BigInt(list.votes) * BigInt(seats)) / BigInt(valid)),
  }));
  const steps: SeatStep[] = [];
  const ties: SeatTie[] = [];
  const drawn = [...lots];
  let left = valid === 0 ? 0 : seats - standings.reduce((total, standing) => total + standing.by_quota, 0);
  const win = (winner: Standing, decided_by: SeatStep["decided_by"]) => {
    steps.push({ averages: standings.map((standing) => `${standing.list.votes}/${held(standing) + 1}`), winner: winner.list.option,
      decided_by, unfilled: is_out_of_candidates(winner) });
    winner.by_average++;
    left--;
  };
  while (left > 0) {
    const { equals, decided_by } = decide(standings);
    if (equals.length === 1) {
      win(equals[0]!, decided_by);
    } else if (left >= equals.length) {
      for (const winner of equals) win(winner, "one-each");
    } else if (equals.every(is_out_of_candidates)) {
      // Whoever drew the seat could not fill it: there is nothing to draw.
      break;
    } else {
      left -= draw(equals, left, drawn, win, ties);
      break;
    }
  }
  require_that(drawn.length === 0, "a lot was drawn where there was nothing to draw");
  return { quota: `${valid}/${seats}`, steps, ties, ...seats_of(standings, seats, ties) };
}

/** Who is first by average, then votes, then candidates presented. */
function decide(standings: Standing[]): { equals: Standing[]; decided_by: SeatStep["decided_by"] } {
  const best = standings.reduce((first, other) => (compare_average(other, first) > 0 ? other : first));
  const by_average = standings.filter((standing) => compare_average(standing, best) === 0);
  if (by_average.length === 1) return { equals: by_average, decided_by: "average" };
  const by_votes = with_most(by_average, ({ list }) => list.votes);
  if (by_votes.length === 1) return { equals: by_votes, decided_by: "votes" };
  // A bare union name presents no candidates that could be compared.
  if (by_votes.some(({ list }) => list.candidates === null)) return { equals: by_votes, decided_by: "lot" };
  return { equals: with_most(by_votes, ({ list }) => list.candidates!), decided_by: "candidates" };
}

/** Gives seats in the order in which lots were drawn, and reports as a tie what is still to be drawn; how many seats it dealt with. */
function draw(equals: Standing[], seats: number, drawn: number[], win: (winner: Standing, by: "lot") => void, ties: SeatTie[]): number {
  const waiting = [...equals];
  let dealt = 0;
  while (drawn.length > 0) {
    const place = waiting.findIndex(({ list }) => list.option === drawn[0]);
    if (place < 0) throw new Refused(`a lot for option ${drawn[0]}, which does not tie or was drawn before`);
    const [winner] = waiting.splice(place, 1);
    drawn.shift();
    if (dealt < seats) {
      win(winner!, "lot");
      dealt++;
    }
  }
  if (dealt < seats) ties.push({ seats: seats - dealt, between: waiting.map(({ list }) => list.option) });
  return dealt;
}

function seats_of(standings: Standing[], seats: number, ties: SeatTie[]): Pick<SeatAnswer, "lists" | "unfilled"> {
  const lists = standings.map((standing) => {
    const { list: { option, votes, candidates, members }, by_quota, by_average } = standing;
    return { option, votes, by_quota, by_average, seats: Math.min(held(standing), candidates ?? Infinity),
      members: votes_of_members(votes, members) };
  });
  const won = lists.reduce((total, list) => total + list.seats, 0);
  return { lists, unfilled: seats - won - ties.reduce((total, tie) => total + tie.seats, 0) };
}

/** R211-120: the votes of a common list by declared shares, equally where none is declared. */
function votes_of_members(votes: number, members: List["members"]): { name: string; votes: number; rest: string }[] {
  const declared = members.reduce((total, { share }) => total + BigInt(share), 0n);
  return members.map(({ name, share }) => {
    const [weight, whole] = declared === 0n ? [1n, BigInt(members.length)] : [BigInt(share), declared];
    const product = BigInt(votes) * weight;
    const rest = product % whole;
    const divisor = greatest_common_divisor(rest, whole);
    return { name, votes: Number(product / whole), rest: `${rest / divisor}/${whole / divisor}` };
  });
}

function greatest_common_divisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left : greatest_common_divisor(right, left % right);
}

// What is asked of the count as a whole: signed by whom, for which tally, opening which votes.
import { open_ciphertexts, votes_are } from "./decryption.ts";
import { type Event, of_name } from "./events.ts";
import type { Point } from "./group.ts";
import { fulfils_opening_rule, type Manifest } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import type { Roll } from "./reissue.ts";
import { array, integer } from "./shape.ts";
import { ciphertexts_of, type SharesDocument } from "./shares.ts";
import type { ClaimedTally, TallyUnit } from "./tally.ts";

/** The bureaus that have something to count. */
const counting = (manifest: Manifest): number[] => [...new Set(manifest.contests.map(({ bureau }) => bureau))].sort((a, b) => a - b);

/** V16. */
export function check_bijection(events: Event[], manifest: Manifest): void {
  counting(manifest).forEach((b) => {
    const bureau = manifest.bureaus[b]!;
    const count = of_name(events, "count").find((event) => event.bureau === b);
    require_that(count !== undefined, `bureau ${b} has signed no count`);
    require_that(count.data.bijection === true, `bureau ${b} has not signed that ballots and log correspond`);
    require_that(fulfils_opening_rule(bureau, count.signers), `those who signed the count of bureau ${b} do not fulfil the opening rule`);
  });
}

/** V18: every bureau has signed this T. */
export function check_tally_events(events: Event[], tally: string, manifest: Manifest): void {
  const counts = of_name(events, "count");
  counting(manifest).forEach((b) =>
    require_that(counts.some(({ bureau }) => bureau === b), `no count event of bureau ${b} is in the log`));
  counts.forEach(({ bureau, data }) => require_that(data.tally === tally, `the count of bureau ${bureau} is signed for another tally`));
}

/** m·B of an option of a unit. */
export interface Opened {
  contest: number;
  unit: number;
  option: number;
  point: Point;
}

/** By every bureau that has something to count. */
export const count_is_closed = (events: Event[], manifest: Manifest): boolean =>
  counting(manifest).every((b) => of_name(events, "close-count").some(({ bureau }) => bureau === b));

/** V20: whichever of the good shares are taken, they open the same. */
export function open_all(manifest: Manifest, units: TallyUnit[], documents: SharesDocument[]): Opened[] {
  return manifest.bureaus.flatMap((bureau, b) => within(`bureau ${b}`, () => {
    const ciphertexts = ciphertexts_of(b, units, manifest);
    const points = open_ciphertexts(bureau, documents.filter((document) => document.bureau === b), ciphertexts);
    return ciphertexts.map(({ contest, unit, option }, i) => ({ contest, unit, option, point: points[i]! }));
  }));
}

/** V21: the votes that tally.json says are what is opened; of each unit 0 ≤ m ≤ ballots, Σ m = ballots, one m for each option. */
export function check_votes(opened: Opened[], { units }: ClaimedTally, manifest: Manifest): number[][] {
  return units.map(({ contest, unit, ballots, votes: claimed }) => within(`contest ${contest}, unit ${unit}`, () => {
    const votes = array(claimed, (number) => integer(number, 0, ballots));
    require_that(votes.length === manifest.contests[contest]!.options.length, "not one number of votes for each option");
    require_that(votes.reduce((total, number) => total + number, 0) === ballots, "the votes are not as many as the ballots");
    opened.filter((one) => one.contest === contest && one.unit === unit).forEach(({ option, point }) =>
      require_that(votes_are(point, votes[option]!), `option ${option}: ${votes[option]} votes are not what was encrypted`));
    return votes;
  }));
}

/** Registered in each contest: the size of its roster in force at the close. */
export function registered_of({ in_force }: Roll, manifest: Manifest): number[] {
  const registered = manifest.contests.map(() => 0);
  for (const { contest } of in_force.values()) registered[contest]!++;
  return registered;
}

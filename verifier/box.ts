// The ballot box: one passage over all ballots for V10 to V15, which also adds them up for the tally.
import { to_hex } from "./bytes.ts";
import { alphas_are_distinct, type Ballot, type BallotPlace, read_ballot } from "./ballot.ts";
import { first_wrong, TERMS_OF_CHECK } from "./equations.ts";
import { IDENTITY, type Point } from "./group.ts";
import { ballot_size, type Manifest } from "./manifest.ts";
import { GrowingTree, leaf_hash } from "./merkle.ts";
import { Refused, require_that } from "./refused.ts";
import type { Place } from "./roster.ts";
import { type ExportSource, type Progress, records } from "./source.ts";
import type { Transcript } from "./transcript.ts";

// Enough for the sum of many equations to be much cheaper than each alone, and few enough for a page to stay alive.
const OPTIONS_AT_ONCE = 704;

export interface Aggregate { ballots: number; alpha: Point[]; beta: Point[] }
type BallotCheck = 10 | 11 | 12 | 13 | 14;

export interface Box {
  root: string;
  ballots: number[];
  /** What was found wrong, the first of each check. */
  problems: Map<BallotCheck, string>;
  /** By contest and district, as "k-d". */
  aggregates: Map<string, Aggregate>;
  /** Of the trackers that were asked for, those that are there. */
  trackers: Set<string>;
}

export const box_path = ({ contest, district }: Place): string => `box/${contest}-${district}.bin`;

export const places_of = (manifest: Manifest): Place[] =>
  manifest.contests.flatMap(({ districts }, contest) => districts.map((_, district) => ({ contest, district })));

/** How many ballots the files hold by their size. */
export function count_ballots(source: ExportSource, manifest: Manifest): number {
  return places_of(manifest).reduce((total, place) => {
    const path = box_path(place);
    const size = source.has(path) ? source.size(path) : 0;
    return total + Math.floor(size / ballot_size(manifest.contests[place.contest]!.options.length));
  }, 0);
}

export class BoxReader {
  private readonly box: Box = { root: "", ballots: [], problems: new Map(), aggregates: new Map(), trackers: new Set() };
  private readonly tree = new GrowingTree();
  private waiting: { ballot: Ballot; where: string }[] = [];
  private waiting_options = 0;
  private done = 0;
  private readonly total: number;

  constructor(private readonly source: ExportSource, private readonly manifest: Manifest, private readonly transcript: Transcript,
    private readonly in_force: ReadonlyMap<string, Place> | null, private readonly wanted_trackers: ReadonlySet<string>,
    private readonly progress: Progress) {
    this.total = count_ballots(source, manifest);
    this.box.ballots = manifest.contests.map(() => 0);
  }

  async read(): Promise<Box> {
    const paths = new Set(places_of(this.manifest).map(box_path));
    const unknown = this.source.paths().find((path) => path.startsWith("box/") && !paths.has(path));
    if (unknown !== undefined) this.problem(10, `${unknown} is the box of no contest and district`);
    for (const place of places_of(this.manifest)) await this.read_place(place);
    this.judge_waiting();
    this.box.root = to_hex(this.tree.root());
    return this.box;
  }

  private problem(check: BallotCheck, what: string): void {
    if (!this.box.problems.has(check)) this.box.problems.set(check, what);
  }

  private async read_place(at: Place): Promise<void> {
    const contest = this.manifest.contests[at.contest]!;
    const options = contest.options.length;
    const place: BallotPlace = { ...at, transcript: this.transcript, options,
      election_key: this.manifest.bureaus[contest.bureau]!.key.point };
    const aggregate: Aggregate = { ballots: 0, alpha: Array(options).fill(IDENTITY), beta: Array(options).fill(IDENTITY) };
    this.box.aggregates.set(`${at.contest}-${at.district}`, aggregate);
    const path = box_path(at);
    let previous = "";
    let row = 0;
    try {
      for await (const bytes of records(this.source, path, ballot_size(options))) {
        const where = `${path}, ballot ${row++}`;
        this.tree.add(leaf_hash(bytes));
        this.box.ballots[at.contest]!++;
        const key = to_hex(bytes.subarray(44, 76));
        if (key < previous) this.problem(10, `${where}: not sorted by key`);
        // Equal trackers would be equal ballots, of one key: so trackers are unique where keys are.
        if (key === previous) this.problem(14, `${where}: a second ballot of one key`);
        previous = key;
        this.take(bytes, place, where, aggregate);
        this.done++;
        await this.progress.at("ballots", this.done, this.total);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.problem(10, error.message);
    }
  }

  private take(bytes: Uint8Array, place: BallotPlace, where: string, aggregate: Aggregate): void {
    let ballot: Ballot;
    try {
      ballot = read_ballot(bytes, place);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.problem(10, `${where}: ${error.message}`);
      return;
    }
    const tracker = to_hex(ballot.tracker);
    if (this.wanted_trackers.has(tracker)) this.box.trackers.add(tracker);
    if (!alphas_are_distinct(ballot)) this.problem(14, `${where}: one α twice`);
    if (this.in_force) {
      const held = this.in_force.get(ballot.voter_key);
      if (held?.contest !== place.contest || held.district !== place.district) this.problem(14, `${where}: its key is not in force`);
    }
    aggregate.ballots++;
    ballot.options.forEach(({ alpha, beta }, i) => {
      aggregate.alpha[i] = aggregate.alpha[i]!.add(alpha);
      aggregate.beta[i] = aggregate.beta[i]!.add(beta);
    });
    this.waiting.push({ ballot, where });
    this.waiting_options += ballot.options.length;
    if (this.waiting_options >= OPTIONS_AT_ONCE) this.judge_waiting();
  }

  private judge_waiting(): void {
    const ballots = this.waiting.map(({ ballot }) => ballot);
    for (const check of [11, 12, 13] as const) {
      if (this.box.problems.has(check)) continue;
      const wrong = first_wrong(ballots, TERMS_OF_CHECK[check]);
      if (wrong >= 0) this.problem(check, `${this.waiting[wrong]!.where}: the equations do not hold`);
    }
    this.waiting = [];
    this.waiting_options = 0;
  }
}

/** The whole verdict on one ballot, for the vectors and for whoever has only one. */
export function check_ballot(bytes: Uint8Array, place: BallotPlace): Ballot {
  const ballot = read_ballot(bytes, place);
  require_that(alphas_are_distinct(ballot), "one α twice");
  require_that(first_wrong([ballot], TERMS_OF_CHECK[11]) < 0, "the signature is wrong");
  require_that(first_wrong([ballot], TERMS_OF_CHECK[12]) < 0, "an option proof is wrong");
  require_that(first_wrong([ballot], TERMS_OF_CHECK[13]) < 0, "the sum proof is wrong");
  return ballot;
}

// Units after merging, their aggregates, and the hash T of the tally (section 10).
import { to_hex } from "./bytes.ts";
import { decode, encode, type Json } from "./canonical_json.ts";
import type { Aggregate } from "./box.ts";
import { IDENTITY, type Point } from "./group.ts";
import type { Contest, Manifest } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import { array, count, hex, literal, object } from "./shape.ts";
import type { Checkpoint } from "./signed_note.ts";
import { type ExportSource, read_file } from "./source.ts";
import type { Transcript } from "./transcript.ts";

export interface TallyUnit {
  contest: number; unit: number; name: string; districts: number[]; ballots: number;
  alpha: Uint8Array[]; beta: Uint8Array[]; alpha_points: Point[]; beta_points: Point[];
}

interface Merged { name: string; districts: number[]; ballots: number }

/** While there are two units and one has too few ballots, the first such joins the next, the last one the one before it. */
export function merge_units(contest: Contest, ballots_of: (district: number) => number): Merged[] {
  const units = contest.units.map(({ name, districts }): Merged => ({
    name, districts: [...districts], ballots: districts.reduce((total, district) => total + ballots_of(district), 0),
  }));
  for (;;) {
    const small = units.findIndex(({ ballots }) => ballots < contest.unit_minimum);
    if (small < 0 || units.length < 2) return units;
    const first = Math.min(small, units.length - 2);
    const [left, right] = [units[first]!, units[first + 1]!];
    units.splice(first, 2, {
      name: `${left.name} + ${right.name}`, districts: [...left.districts, ...right.districts], ballots: left.ballots + right.ballots,
    });
  }
}

export function tally_units(manifest: Manifest, aggregates: ReadonlyMap<string, Aggregate>): TallyUnit[] {
  return manifest.contests.flatMap((contest, k) => {
    const of_district = (district: number) => aggregates.get(`${k}-${district}`)!;
    return merge_units(contest, (district) => of_district(district).ballots).map((merged, unit): TallyUnit => {
      const sums = (column: "alpha" | "beta") => contest.options.map((_, i) =>
        merged.districts.reduce((total, district) => total.add(of_district(district)[column][i]!), IDENTITY));
      const [alpha_points, beta_points] = [sums("alpha"), sums("beta")];
      return { ...merged, contest: k, unit, alpha_points, beta_points,
        alpha: alpha_points.map((point) => point.toBytes()), beta: beta_points.map((point) => point.toBytes()) };
    });
  });
}

export function tally_hash(transcript: Transcript, freeze: { size: number; root: Uint8Array }, box_root: Uint8Array,
  units: TallyUnit[]): string {
  const items = units.flatMap(({ contest, unit, ballots, alpha, beta }) =>
    [contest, unit, ballots, ...alpha.flatMap((point, i) => [point, beta[i]!])]);
  return to_hex(transcript.hash("tally", freeze.size, freeze.root, box_root, ...items));
}

/** The first checkpoint whose tree holds the leaf at `index`. */
export function freeze_checkpoint(checkpoints: Checkpoint[], index: number): Checkpoint {
  const found = checkpoints.find(({ size }) => size > index);
  require_that(found !== undefined, "no checkpoint covers the freeze");
  return found;
}

/** As V17 reads it: its `votes` are read by V21. */
export interface ClaimedUnit { contest: number; unit: number; districts: number[]; ballots: number; alpha: string[];
  beta: string[]; votes: Json }
/** `tally` is read by V18. */
export interface ClaimedTally { tally: Json; units: ClaimedUnit[] }

/** tally.json as it stands. */
export async function read_tally(source: ExportSource): Promise<ClaimedTally> {
  return parse_tally(await read_file(source, "tally.json"));
}

export function parse_tally(bytes: Uint8Array): ClaimedTally {
  return within("tally.json", () => {
    const tally = object(decode(bytes), ["tally", "units"]);
    const units = array(tally.units, (item): ClaimedUnit => {
      const unit = object(item, ["contest", "unit", "districts", "ballots", "alpha", "beta", "votes"]);
      const points = (value: typeof unit.alpha) => array(value, (point) => hex(point, 32));
      return { contest: count(unit.contest), unit: count(unit.unit), districts: array(unit.districts, (district) => count(district)),
        ballots: count(unit.ballots), alpha: points(unit.alpha), beta: points(unit.beta), votes: unit.votes! };
    });
    return { tally: tally.tally!, units };
  });
}

/** V17: tally.json has the units, and the aggregates of the ballots. */
export function check_units(claimed: ClaimedTally, units: TallyUnit[]): void {
  require_that(claimed.units.length === units.length, `${claimed.units.length} units where there are ${units.length}`);
  units.forEach((unit, i) => within(`contest ${unit.contest}, unit ${unit.unit}`, () => {
    const given = claimed.units[i]!;
    literal(given.contest, unit.contest);
    literal(given.unit, unit.unit);
    require_that(encode(given.districts) === encode(unit.districts), "other districts");
    require_that(given.ballots === unit.ballots, `${given.ballots} ballots where there are ${unit.ballots}`);
    require_that(given.alpha.join() === unit.alpha.map(to_hex).join() && given.beta.join() === unit.beta.map(to_hex).join(),
      "aggregates that are not the sums of the ballots");
  }));
}


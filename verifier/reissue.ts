// Reissue batches, enrolments and strike-offs (section 5): which keys are in force, followed through the log.
import { from_hex } from "./bytes.ts";
import type { Event } from "./events.ts";
import { decode_point } from "./group.ts";
import { type Manifest, officers_of } from "./manifest.ts";
import { Refused, require_that, within } from "./refused.ts";
import { type KeyList, type Place, read_key_list } from "./roster.ts";
import { array, ascending, count, hex, integer, literal, object } from "./shape.ts";
import { read_signed } from "./signed_document.ts";
import type { ExportSource, Progress } from "./source.ts";
import type { Transcript } from "./transcript.ts";

interface BatchUnit extends Place { removed: string[]; added: string[] }
export interface Batch { number: number; units: BatchUnit[] }

/** The documents and lists of all batches: signatures, roots, sizes, and who has to sign above `reissue_max`. */
export async function read_batches(source: ExportSource, documents: Uint8Array[], manifest: Manifest, transcript: Transcript,
  progress: Progress): Promise<Batch[]> {
  const reissued = manifest.contests.map(() => 0);
  const known = new Set<string>();
  const batches: Batch[] = [];
  let last_at = 0;
  for (const [number, bytes] of documents.entries()) {
    const { at, rows, signers } = within(`batch ${number}`, () => read_batch(bytes, number, manifest, transcript));
    require_that(at >= last_at, `batch ${number} is dated before the batch that precedes`);
    last_at = at;
    const units: BatchUnit[] = [];
    for (const row of rows) {
      const name = `reissue/${number}-${row.contest}-${row.district}`;
      const list = async (kind: string, root: string): Promise<KeyList> => {
        const path = `${name}-${kind}.bin`;
        known.add(path);
        const read = await read_key_list(source, path, row, transcript, progress);
        require_that(read.keys.length === row.size, `${path} holds ${read.keys.length} keys, not ${row.size}`);
        require_that(read.root === root, `${path} has another root than its batch says`);
        return read;
      };
      units.push({ contest: row.contest, district: row.district,
        removed: (await list("removed", row.removed_root)).keys, added: (await list("added", row.added_root)).keys });
      reissued[row.contest]! += row.size;
    }
    within(`batch ${number}`, () => check_signers(signers, rows, reissued, manifest));
    batches.push({ number, units });
  }
  const unknown = source.paths().find((path) => path.startsWith("reissue/") && path.endsWith(".bin") && !known.has(path));
  require_that(unknown === undefined, `${unknown} belongs to no batch`);
  return batches;
}

interface Row extends Place { size: number; removed_root: string; added_root: string }

interface Brought { at: number; rows: Row[]; signers: string[] }

function read_batch(bytes: Uint8Array, number: number, manifest: Manifest, transcript: Transcript): Brought {
  const document = read_signed(bytes, "reissue-batch", transcript);
  const body = object(document.body, ["type", "number", "at", "persons", "register_root", "units"]);
  literal(body.number, number);
  const at = integer(body.at);
  hex(body.register_root, 32);
  const rows = within("units", () => array(body.units, (item): Row => {
    const row = object(item, ["contest", "district", "size", "removed_root", "added_root"]);
    const place = { contest: count(row.contest), district: count(row.district) };
    require_that(place.district < (manifest.contests[place.contest]?.districts.length ?? 0), "no contest and district of the election");
    return { ...place, size: count(row.size, 1), removed_root: hex(row.removed_root, 32), added_root: hex(row.added_root, 32) };
  }));
  require_that(rows.length > 0, "without units");
  ascending(rows, (left, right) => left.contest - right.contest || left.district - right.district, "units");
  // A person has at most one key in a contest, and counts once in the batch.
  const of_contest = manifest.contests.map((_, contest) =>
    rows.filter((row) => row.contest === contest).reduce((keys, row) => keys + row.size, 0));
  const persons = count(body.persons);
  require_that(persons >= Math.max(...of_contest) && persons <= of_contest.reduce((keys, more) => keys + more, 0),
    "a number of persons that the keys do not allow");
  return { at, rows, signers: document.signers };
}

function check_signers(signers: string[], rows: Row[], reissued: number[], manifest: Manifest): void {
  const { board, guardian } = manifest.keys;
  const must = guardian ? [board.hex, guardian.hex] : [board.hex];
  require_that(must.every((one) => signers.includes(one)), "not signed by the board, and the guardian where there is one");
  const officers = (contest: number) => officers_of(manifest.bureaus[manifest.contests[contest]!.bureau]!);
  const may = [...must, ...rows.flatMap(({ contest }) => officers(contest))];
  require_that(signers.every((signer) => may.includes(signer)), "signed by somebody who has not to sign it");
  for (const { contest } of rows) {
    if (reissued[contest]! <= manifest.contests[contest]!.reissue_max) continue;
    require_that(signers.some((signer) => officers(contest).includes(signer)),
      `contest ${contest} is above reissue_max without a president or secretary`);
  }
}

export type Step = { index: number; round: number } & ({ event: Event } | { batch: Batch });

export interface Roll {
  in_force: Map<string, Place>;
  /** Keys that batches have added, by contest. */
  reissued: number[];
  /** What is wrong with batches (V8), and with enrolments and strike-offs (V9). */
  batches: Refused | null;
  events: Refused | null;
}

/** Follows batches, enrolments and strike-offs in the order of the log. */
export function follow_roll(rosters: ReadonlyMap<string, Place>, steps: Step[], manifest: Manifest): Roll {
  const follower = new Follower(rosters, manifest);
  const roll: Roll = { in_force: follower.in_force, reissued: follower.reissued, batches: null, events: null };
  const judge = (kind: "batches" | "events", where: string, work: () => void) => {
    try {
      within(where, work);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      roll[kind] ??= error;
    }
  };
  for (const step of [...steps].sort((left, right) => left.index - right.index)) {
    if ("batch" in step) judge("batches", `batch ${step.batch.number}`, () => follower.batch(step.batch, step.round));
    else if (step.event.name === "enrol") judge("events", `event ${step.event.number}`, () => follower.enrol(step.event));
    else if (step.event.name === "strike-off") judge("events", `event ${step.event.number}`,
      () => follower.strike_off(step.event, step.round));
    else if (step.event.name === "freeze") follower.frozen = true;
  }
  judge("events", "strike-offs", () => follower.end());
  return roll;
}

const same = (left: Place | undefined, right: Place): boolean => left?.contest === right.contest && left.district === right.district;

class Follower {
  readonly in_force: Map<string, Place>;
  readonly reissued: number[];
  private readonly ever: Set<string>;
  /** Struck off before the batch of the same round that brings them. */
  private readonly awaited = new Map<string, Place & { round: number }>();
  frozen = false;

  constructor(rosters: ReadonlyMap<string, Place>, private readonly manifest: Manifest) {
    this.in_force = new Map(rosters);
    this.ever = new Set(rosters.keys());
    this.reissued = manifest.contests.map(() => 0);
  }

  private place_of({ contest, data }: Event): Place {
    const place = { contest: contest!, district: data.district as number };
    require_that(place.district < this.manifest.contests[place.contest]!.districts.length, "a district that the contest does not have");
    return place;
  }

  enrol(event: Event): void {
    const key = event.data.key as string;
    const place = this.place_of(event);
    decode_point(from_hex(key));
    require_that(!this.ever.has(key) && !this.awaited.has(key), "enrols a key that was named before");
    this.ever.add(key);
    this.in_force.set(key, place);
  }

  strike_off(event: Event, round: number): void {
    const key = event.data.key as string;
    const place = this.place_of(event);
    if (same(this.in_force.get(key), place)) {
      this.in_force.delete(key);
      return;
    }
    require_that(!this.ever.has(key) && !this.awaited.has(key), "strikes off a key that is not in force in this contest and district");
    this.awaited.set(key, { ...place, round });
  }

  batch({ units }: Batch, round: number): void {
    require_that(!this.frozen, "after the freeze");
    for (const unit of units) {
      for (const key of unit.removed) {
        require_that(same(this.in_force.get(key), unit), "removes a key that is not in force in this contest and district");
        this.in_force.delete(key);
      }
    }
    for (const unit of units) {
      this.reissued[unit.contest]! += unit.added.length;
      for (const key of unit.added) {
        require_that(!this.ever.has(key), "adds a key that was used before");
        this.ever.add(key);
        const struck = this.awaited.get(key);
        if (struck && struck.round === round && same(struck, unit)) this.awaited.delete(key);
        else this.in_force.set(key, { contest: unit.contest, district: unit.district });
      }
    }
  }

  end(): void {
    require_that(this.awaited.size === 0, "a key that was neither in force nor added by a batch of the same round");
  }
}

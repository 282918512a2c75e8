// The receipt log (section 8) as the export tells it: its checkpoints, and one passage over all leaves that finds what each is.
import { to_hex } from "./bytes.ts";
import { decode } from "./canonical_json.ts";
import type { Manifest } from "./manifest.ts";
import { GrowingTree, leaf_hash } from "./merkle.ts";
import { NotRun, require_that, within } from "./refused.ts";
import { array, text } from "./shape.ts";
import { type Checkpoint, type LogPolicy, read_checkpoint } from "./signed_note.ts";
import { type ExportSource, type Progress, read_file, records } from "./source.ts";

const PAD = Uint8Array.of(2);
const EVENT = Uint8Array.of(3);
const BATCH = Uint8Array.of(4);

export const log_policy = (manifest: Manifest): LogPolicy => ({
  origin: manifest.log_origin, key: manifest.keys.checkpoint,
  witnesses: manifest.keys.witnesses, witness_threshold: manifest.keys.witness_threshold,
});

/** Every checkpoint, signed, of growing sizes above 0. */
export async function read_checkpoints(source: ExportSource, manifest: Manifest): Promise<Checkpoint[]> {
  const notes = array(decode(await read_file(source, "log/checkpoints.json")), text);
  require_that(notes.length > 0, "there is no checkpoint");
  const policy = log_policy(manifest);
  const checkpoints = notes.map((note, i) => within(`checkpoint ${i}`, () => read_checkpoint(note, policy, i + 1 < notes.length)));
  checkpoints.forEach(({ size }, i) =>
    require_that(size > (checkpoints[i - 1]?.size ?? 0), `checkpoint ${i} is not of a larger tree than the one before`));
  return checkpoints;
}

/** What stands in the log where a document is found. */
export interface Position { index: number; pads_before: number; ballots_before: number }

export interface LogScan {
  size: number;
  /** Roots in hexadecimal of the sizes that were asked for. */
  roots: Map<number, string>;
  events: (Position | undefined)[];
  batches: (Position | undefined)[];
  /** Leaves that are neither pad, nor event, nor batch. */
  ballots: number;
  /** Null where pads.bin is no list of pads, which V6 says; the roots do not need it. */
  pads_left: number | null;
  /** A leaf that comes twice. */
  repeated: boolean;
}

/**
 * Reads all leaves once. `events` and `batches` are the bytes of the documents by number; pads are opened in log order, so the next
 * one alone has to be compared.
 */
export async function scan_log(source: ExportSource, events: Uint8Array[], batches: Uint8Array[], sizes: ReadonlySet<number>,
  progress: Progress): Promise<LogScan> {
  const documents = new Map<string, [(Position | undefined)[], number]>();
  const scan: LogScan = { size: 0, roots: new Map(), events: events.map(() => undefined), batches: batches.map(() => undefined),
    ballots: 0, pads_left: 0, repeated: false };
  events.forEach((bytes, number) => documents.set(to_hex(leaf_hash(EVENT, bytes)), [scan.events, number]));
  batches.forEach((bytes, number) => documents.set(to_hex(leaf_hash(BATCH, bytes)), [scan.batches, number]));
  const has_pads = source.has("log/pads.bin") && source.size("log/pads.bin") % 32 === 0;
  const pads = has_pads ? records(source, "log/pads.bin", 32) : null;
  const next_pad = async () => {
    const next = await pads?.next();
    return !next || next.done ? undefined : to_hex(leaf_hash(PAD, next.value));
  };
  const tree = new GrowingTree();
  const ballots = new Set<string>();
  const total = source.has("log/leaves.bin") ? source.size("log/leaves.bin") / 32 : 0;
  let pad = await next_pad();
  let pads_seen = 0;
  if (sizes.has(0)) scan.roots.set(0, to_hex(tree.root()));
  for await (const leaf of records(source, "log/leaves.bin", 32)) {
    const hex = to_hex(leaf);
    const document = documents.get(hex);
    if (hex === pad) {
      pads_seen++;
      pad = await next_pad();
    } else if (document) {
      const [positions, number] = document;
      scan.repeated ||= positions[number] !== undefined;
      positions[number] ??= { index: tree.size, pads_before: pads_seen, ballots_before: ballots.size };
    } else {
      scan.repeated ||= ballots.has(hex);
      ballots.add(hex);
    }
    tree.add(leaf);
    if (sizes.has(tree.size)) scan.roots.set(tree.size, to_hex(tree.root()));
    if (tree.size % 1024 === 0) await progress.at("log", tree.size, total);
  }
  scan.size = tree.size;
  scan.ballots = ballots.size;
  let pads_left = 0;
  for (; pad !== undefined; pad = await next_pad()) pads_left++;
  scan.pads_left = has_pads ? pads_left : null;
  return scan;
}

/** V5: each checkpoint has the root of the leaves, and the last one covers them all. */
export function check_roots(checkpoints: Checkpoint[], scan: LogScan): void {
  for (const [i, checkpoint] of checkpoints.entries()) {
    require_that(checkpoint.size <= scan.size, `checkpoint ${i} is of more leaves than there are`);
    require_that(scan.roots.get(checkpoint.size) === to_hex(checkpoint.root), `checkpoint ${i} has another root than the leaves`);
  }
  const covered = checkpoints[checkpoints.length - 1]?.size ?? 0;
  require_that(covered === scan.size, "no checkpoint covers the last leaves");
}

/** V6: every leaf is accounted for. */
export function check_leaves(scan: LogScan, ballots: number): void {
  require_that(scan.pads_left !== null, "log/pads.bin is not there, or does not consist of pads of 32 bytes");
  require_that(scan.pads_left === 0, `${scan.pads_left} pads are not in the log, or not in this order`);
  const missing = (positions: (Position | undefined)[]) => positions.findIndex((position) => position === undefined);
  require_that(missing(scan.events) < 0, `event ${missing(scan.events)} is not in the log`);
  require_that(missing(scan.batches) < 0, `reissue batch ${missing(scan.batches)} is not in the log`);
  require_that(!scan.repeated, "a leaf comes twice");
  require_that(scan.ballots === ballots, `${scan.ballots} leaves are left for ${ballots} ballots`);
}

export function position_of(positions: (Position | undefined)[], number: number, what: string): Position {
  const position = positions[number];
  if (!position) throw new NotRun(`needs the place of ${what} ${number} in the log`);
  return position;
}

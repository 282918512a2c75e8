// All checks of section 11 on one export, in their order. Every check that can run does run; one that needs what another found
// to be wrong does not.
import { sha256 } from "@noble/hashes/sha2.js";
import { from_hex, from_utf8, to_hex } from "./bytes.ts";
import { type Box, BoxReader, count_ballots } from "./box.ts";
import { decode } from "./canonical_json.ts";
import { check_ceremony_of } from "./ceremony.ts";
import type { Outcome } from "./checks.ts";
import { check_bijection, check_tally_events, check_votes, count_is_closed, open_all, registered_of } from "./count_checks.ts";
import { check_order, type Event, freeze_of, of_name, read_events } from "./events.ts";
import { check_index, holds_count } from "./index_file.ts";
import { check_leaves, check_roots, log_policy, type LogScan, type Position, position_of, read_checkpoints, scan_log } from "./log.ts";
import { type BilingualText, type Manifest, read_manifest } from "./manifest.ts";
import { type Receipt, read_receipt } from "./receipt.ts";
import { check_minutes, holds_minutes } from "./minutes.ts";
import { NotRun, Part, Refused, require_that, within } from "./refused.ts";
import { type Batch, follow_roll, read_batches, type Roll, type Step } from "./reissue.ts";
import { check_result, type ContestSummary, type CountedContest, expected_left_out, lots_drawn, summarise, ties_left } from "./result.ts";
import { read_rosters } from "./roster.ts";
import { check_broken_seals, check_seal } from "./seal.ts";
import { any_object, literal } from "./shape.ts";
import { read_all_shares, type SharesDocument } from "./shares.ts";
import { type Checkpoint, read_checkpoint } from "./signed_note.ts";
import { type ExportSource, type Progress, read_file, SILENT, SteadySource } from "./source.ts";
import { check_units, type ClaimedTally, freeze_checkpoint, read_tally, tally_hash, type TallyUnit, tally_units } from "./tally.ts";
import { Transcript } from "./transcript.ts";

export interface Anchors {
  /** From the minutes: the fingerprint in hexadecimal, and a checkpoint as a signed note. */
  fingerprint?: string | undefined;
  checkpoint?: string | Uint8Array | undefined;
  receipts?: { name: string; text: string | Uint8Array }[] | undefined;
}

const text_of = (given: string | Uint8Array): string => (typeof given === "string" ? given : from_utf8(given));

export type Verdict = "verified" | "consistent" | "not counted" | "refused";

export interface Report {
  verdict: Verdict;
  fingerprint: string | null;
  anchored: boolean;
  outcomes: Outcome[];
  title: BilingualText | null;
  manifest: Manifest | null;
  /** Of the result, where V22 found it right. */
  contests: ContestSummary[] | null;
}

/** Brings what is typed off the minutes into the one form of a fingerprint. */
export const plain_fingerprint = (typed: string): string => typed.replace(/[\s:-]/g, "").toLowerCase();

export async function verify(source: ExportSource, anchors: Anchors = {}, progress: Progress = SILENT): Promise<Report> {
  return new Verification(source, anchors, progress).run();
}

/** What a check gives that had nothing to check. */
class Idle {
  constructor(readonly why: string) {}
}

/** What every check after the second needs. */
interface Basis { manifest: Manifest; transcript: Transcript }

class Verification {
  private readonly outcomes: Outcome[] = [];
  private fingerprint: string | null = null;
  private contests: ContestSummary[] | null = null;
  private anchored = false;

  private readonly source: SteadySource;

  constructor(source: ExportSource, private readonly anchors: Anchors, private readonly progress: Progress) {
    this.source = new SteadySource(source);
  }

  private async check(number: number, work: () => unknown): Promise<void> {
    const outcome: Outcome = { check: number, state: "ok", detail: "", idle: false };
    try {
      const note = await work();
      if (typeof note === "string") outcome.detail = note;
      if (note instanceof Idle) Object.assign(outcome, { detail: note.why, idle: true });
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof NotRun)) throw error;
      outcome.state = error instanceof Refused ? "refused" : "not run";
      outcome.detail = error.message;
    }
    this.outcomes.push(outcome);
  }

  async run(): Promise<Report> {
    const { source, progress } = this;
    const basis = await Part.of(() => this.read_basis());
    await this.check(1, () => check_index(source, basis.is_good ? basis.needed("").manifest : null, progress));
    await this.check(2, async () => {
      const { manifest, transcript } = basis.judged();
      await check_seal(source, manifest, transcript.fingerprint);
      await check_broken_seals(source, manifest);
    });
    await this.check(3, () => this.check_ceremonies(basis.needed("the manifest")));
    const rosters = await Part.of(() => {
      const { manifest, transcript } = basis.needed("the manifest");
      return read_rosters(source, manifest, transcript, progress);
    });
    await this.check(4, () => void rosters.judged());
    const log = await this.check_log(basis);
    const roll = await this.check_roll(basis, rosters, log);
    const box = await this.check_box(basis, roll, log);
    await this.check_count(await this.check_tally(basis, roll, log, box), box);
    this.outcomes.sort((left, right) => left.check - right.check);
    return this.report(basis.is_good ? basis.needed("").manifest : null);
  }

  private async read_basis(): Promise<Basis> {
    const bytes = await read_file(this.source, "manifest.json");
    const fingerprint = sha256(bytes);
    this.fingerprint = to_hex(fingerprint);
    const manifest = within("manifest.json", () => read_manifest(bytes));
    return { manifest, transcript: new Transcript(from_hex(manifest.election_id), fingerprint) };
  }

  private async check_ceremonies({ manifest, transcript }: Basis): Promise<void> {
    const folder = (bureau: number) => `ceremony/${bureau}/`;
    const stray = this.source.paths().find((path) => path.startsWith("ceremony/")
      && !manifest.bureaus.some((_, b) => path.startsWith(folder(b))));
    require_that(stray === undefined, `${stray} is the ceremony of no bureau`);
    require_that(new Set(manifest.bureaus.map(({ key }) => key.hex)).size === manifest.bureaus.length, "two bureaus have one key");
    for (const [b, bureau] of manifest.bureaus.entries()) {
      const messages = new Map<string, Uint8Array>();
      for (const path of this.source.paths().filter((name) => name.startsWith(folder(b)))) {
        messages.set(path.slice(folder(b).length), await read_file(this.source, path));
      }
      within(`bureau ${b}`, () => check_ceremony_of(bureau, messages, transcript));
      await this.progress.at("ceremony", b + 1, manifest.bureaus.length);
    }
  }

  /** Documents numbered from 0 without gaps; what stands beside them is refused when the part is judged. */
  private numbered(name: RegExp, folder: string): Promise<Part<Numbered>> {
    const found = this.source.paths().filter((path) => path.startsWith(folder) && path.endsWith(".json"))
      .map((path) => ({ path, number: Number(name.exec(path)?.[1] ?? NaN) })).sort((left, right) => left.number - right.number);
    const stray = found.find(({ number }, i) => number !== i)?.path ?? null;
    return Part.of(async () => {
      const documents: Uint8Array[] = [];
      for (const { path } of found) documents.push(await read_file(this.source, path));
      return { documents, stray };
    });
  }

  /** V0, and V5 to V7. */
  private async check_log(basis: Part<Basis>): Promise<Log> {
    const { source, progress } = this;
    const event_files = await this.numbered(/^events\/(\d{6})\.json$/, "events/");
    const batch_files = await this.numbered(/^reissue\/(0|[1-9]\d*)\.json$/, "reissue/");
    const checkpoints = await Part.of(() => read_checkpoints(source, basis.needed("the manifest").manifest));
    const given = await Part.of(() => this.read_given_checkpoint(basis));
    const receipts = await Part.of(() => this.read_receipts(basis));
    const sizes = new Set<number>();
    if (checkpoints.is_good) checkpoints.needed("").forEach(({ size }) => sizes.add(size));
    if (receipts.is_good) receipts.needed("").forEach(({ checkpoint }) => sizes.add(checkpoint.size));
    if (given.is_good) sizes.add(given.needed("")?.size ?? 0);
    const scan = await Part.of(() => scan_log(source, event_files.needed("the events").documents,
      batch_files.needed("the reissue batches").documents, sizes, progress));
    await this.check(5, () => check_roots(checkpoints.judged(), scan.judged()));
    await this.check(6, () => check_leaves(scan.judged(), count_ballots(source, basis.needed("the manifest").manifest)));
    const events = await Part.of(() => {
      const { manifest, transcript } = basis.needed("the manifest");
      const { documents, stray } = event_files.judged();
      require_that(stray === null, `${stray}: events are not numbered from 0 without gaps`);
      return read_events(documents, manifest, transcript);
    });
    await this.check(0, () => this.check_anchors(given, scan, events));
    await this.check(7, () => {
      check_order(events.judged(), basis.needed("the manifest").manifest);
      const places = scan.needed("the leaves of the log").events;
      events.judged().forEach(({ number, name }) => require_that(name !== "freeze"
        || position_of(places, number, "event").ballots_before === scan.needed("the leaves of the log").ballots,
          "an entry of a ballot stands after the freeze in the log"));
      events.judged().forEach(({ number }) => require_that(number === 0
        || position_of(places, number, "event").index > position_of(places, number - 1, "event").index,
          `event ${number} stands before event ${number - 1} in the log`));
    });
    return { checkpoints, scan, events, receipts, batch_files };
  }

  private read_given_checkpoint(basis: Part<Basis>): Checkpoint | null {
    const note = this.anchors.checkpoint;
    if (note === undefined) return null;
    const { manifest } = basis.needed("the manifest");
    return within("the checkpoint given", () => {
      // As a text that was copied: with the newline that editors and forms leave out, and without the byte order mark of some.
      const whole = `${text_of(note).replace(/^\uFEFF/, "").replace(/\r\n/g, "\n").replace(/[\t-\r ]+$/, "")}\n`;
      return read_checkpoint(whole, log_policy(manifest), true);
    });
  }

  private check_anchors(given: Part<Checkpoint | null>, scan: Part<LogScan>, events: Part<Event[]>): string | Idle {
    const needed = [1, 2, 5].find((number) => this.outcomes.some(({ check, state }) => check === number && state !== "ok"));
    if (needed !== undefined) throw new NotRun(`needs V${needed}`);
    const { fingerprint, checkpoint } = this.anchors;
    if (fingerprint !== undefined) {
      if (this.fingerprint === null) throw new NotRun("needs the manifest");
      require_that(plain_fingerprint(fingerprint) === this.fingerprint, "the fingerprint is not the one given: this is another election");
    }
    const anchor = given.judged();
    if (anchor) {
      const { roots, size } = scan.needed("the leaves of the log");
      require_that(anchor.size <= size, "the checkpoint given is of more leaves than the log of this export has");
      require_that(roots.get(anchor.size) === to_hex(anchor.root), "the checkpoint given is of another log than this export's");
    }
    if (fingerprint === undefined && checkpoint === undefined) return new Idle("nothing was given to compare with");
    if (anchor === null) return "the fingerprint alone was given";
    if (fingerprint === undefined) return "the checkpoint alone was given";
    // A checkpoint from before the freeze says nothing of the box.
    const freeze = events.is_good ? freeze_of(events.needed("")) : undefined;
    const place = freeze && scan.needed("the leaves of the log").events[freeze.number];
    if (!place || anchor.size <= place.index) return "the checkpoint given is older than the freeze, and says nothing of the box";
    this.anchored = true;
    return "";
  }

  private read_receipts(basis: Part<Basis>): Receipt[] {
    const receipts = this.anchors.receipts ?? [];
    if (receipts.length === 0) return [];
    const policy = log_policy(basis.needed("the manifest").manifest);
    return receipts.map(({ name, text }) => within(name, () => read_receipt(text_of(text), policy)));
  }

  /** V8 and V9. */
  private async check_roll(basis: Part<Basis>, rosters: Part<Map<string, { contest: number; district: number }>>,
    log: Log): Promise<Part<Roll>> {
    const batches = await Part.of(async (): Promise<Batch[]> => {
      const { manifest, transcript } = basis.needed("the manifest");
      const { documents, stray } = log.batch_files.judged();
      require_that(stray === null, `${stray}: batches are not numbered from 0 without gaps`);
      return read_batches(this.source, documents, manifest, transcript, this.progress);
    });
    const roll = await Part.of((): Roll => {
      const { scan } = log;
      const places = scan.needed("the leaves of the log");
      // A round begins with its events and batches: documents with nothing else between them are of one round.
      const at = ({ index, pads_before, ballots_before }: Position) => ({ index, round: pads_before + ballots_before });
      const steps: Step[] = [
        ...log.events.needed("the events").filter(({ name }) => ["enrol", "strike-off", "freeze"].includes(name))
          .map((event) => ({ event, ...at(position_of(places.events, event.number, "event")) })),
        ...batches.needed("the reissue batches").map((batch) => ({ batch, ...at(position_of(places.batches, batch.number, "batch")) })),
      ];
      return follow_roll(rosters.needed("the rosters"), steps, basis.needed("the manifest").manifest);
    });
    await this.check(8, () => {
      const numbers = batches.judged().map(({ number }) => number);
      const places = log.scan.needed("the leaves of the log").batches;
      numbers.slice(1).forEach((number) =>
        require_that(position_of(places, number, "batch").index > position_of(places, number - 1, "batch").index,
        `batch ${number} stands before batch ${number - 1} in the log`));
      const { batches: problem } = roll.judged();
      if (problem) throw problem;
    });
    await this.check(9, () => {
      const { events: problem } = roll.judged();
      if (problem) throw problem;
    });
    return Part.of(() => {
      const good = roll.judged();
      if (good.batches || good.events) throw new NotRun("needs the keys in force");
      return good;
    });
  }

  /** V10 to V15. */
  private async check_box(basis: Part<Basis>, roll: Part<Roll>, log: Log): Promise<Part<Box>> {
    const box = await Part.of(() => {
      const { manifest, transcript } = basis.needed("the manifest");
      const wanted = new Set(log.receipts.is_good ? log.receipts.needed("").map(({ tracker }) => to_hex(tracker)) : []);
      return new BoxReader(this.source, manifest, transcript, roll.is_good ? roll.needed("").in_force : null, wanted, this.progress).read();
    });
    for (const number of [10, 11, 12, 13, 14] as const) {
      await this.check(number, () => {
        const { problems } = box.judged();
        const problem = problems.get(number);
        if (problem !== undefined) throw new Refused(problem);
        if (number > 10 && problems.has(10)) throw new NotRun("needs ballots that are well formed");
        if (number === 14) roll.needed("the keys in force");
      });
    }
    await this.check(15, () => this.check_frozen(box.needed("the ballots"), log));
    return Part.of(() => {
      const read = box.judged();
      if (read.problems.has(10)) throw new NotRun("needs ballots that are well formed");
      return read;
    });
  }

  private check_frozen(box: Box, log: Log): void {
    const freeze = freeze_of(log.events.needed("the events"));
    if (!freeze) throw new NotRun("needs the freeze");
    const { box_root, ballots, pads } = freeze.data;
    require_that(box.root === box_root, "the box has another root than when it was frozen");
    require_that(box.ballots.join() === (ballots as number[]).join(),
      `the box holds ${box.ballots.join(", ")} ballots by contest, not ${(ballots as number[]).join(", ")}`);
    const scan = log.scan.needed("the leaves of the log");
    const position = position_of(scan.events, freeze.number, "event");
    require_that(position.pads_before === pads, `${position.pads_before} pads stand before the freeze, not ${String(pads)}`);
  }

  /** V16 to V18, and what the checks after them need. */
  private async check_tally(basis: Part<Basis>, roll: Part<Roll>, log: Log, box: Part<Box>): Promise<Counted> {
    const units = await Part.of((): TallyUnit[] =>
      tally_units(basis.needed("the manifest").manifest, box.needed("the ballots").aggregates));
    const tally = await Part.of((): string => {
      const { transcript } = basis.needed("the manifest");
      const freeze = freeze_of(log.events.needed("the events"));
      if (!freeze) throw new NotRun("needs the freeze");
      const { index } = position_of(log.scan.needed("the leaves of the log").events, freeze.number, "event");
      const at = freeze_checkpoint(log.checkpoints.needed("the checkpoints"), index);
      return tally_hash(transcript, at, from_hex(box.needed("the ballots").root), units.needed("the units"));
    });
    const given = await Part.of(() => read_tally(this.source));
    const claims = await Part.of(() => {
      this.require_counted(log);
      check_units(given.judged(), units.needed("the units"));
      return given.judged();
    });
    await this.check(16, () => {
      this.require_counted(log);
      check_bijection(log.events.needed("the events"), basis.needed("the manifest").manifest);
    });
    await this.check(17, () => void claims.judged());
    await this.check(18, () => {
      this.require_counted(log);
      literal(given.needed("tally.json").tally, tally.judged());
      check_tally_events(log.events.needed("the events"), tally.judged(), basis.needed("the manifest").manifest);
    });
    const documents = await Part.of(() => {
      this.require_counted(log);
      const { manifest, transcript } = basis.needed("the manifest");
      return read_all_shares(this.source, tally.needed("the tally hash"), units.needed("the units"), manifest, transcript);
    });
    return { basis, roll, log, units, tally, claims, documents };
  }

  /** V19 to V25. */
  private async check_count(counted: Counted, box: Part<Box>): Promise<void> {
    const { basis, log, units, claims, documents } = counted;
    await this.check(19, () => this.check_verdicts(documents.judged()));
    const opened = await Part.of(() => {
      this.require_counted(log);
      return open_all(basis.needed("the manifest").manifest, units.needed("the units"), documents.needed("the decryption shares"));
    });
    await this.check(20, () => void opened.judged());
    const votes = await Part.of(() => {
      this.require_counted(log);
      return check_votes(opened.needed("what the shares open"), claims.needed("the units of tally.json"),
        basis.needed("the manifest").manifest);
    });
    await this.check(21, () => void votes.judged());
    await this.check(22, () => {
      this.require_counted(log);
      return this.check_result_file(counted, votes.needed("the votes"));
    });
    await this.check(23, () => {
      const freeze = freeze_of(log.events.needed("the events"));
      if (!freeze) throw new NotRun("needs the freeze");
      const { ballots, sign_offs } = freeze.data as { ballots: number[]; sign_offs: number[] };
      ballots.forEach((number, k) =>
        require_that(number === sign_offs[k], `contest ${k}: ${sign_offs[k]} sign-offs for ${number} ballots`));
    });
    await this.check(24, () => this.check_receipts(log, box));
    await this.check(25, () => this.check_minutes_files(counted));
  }

  /** An export from before the count has nothing of it, and its checks do not run. */
  private require_counted(log: Log): void {
    const is_signed = log.events.is_good && of_name(log.events.needed(""), "count").length > 0;
    if (!holds_count(this.source.paths()) && !is_signed) throw new NotRun("the election is not counted yet");
  }

  private async check_verdicts(documents: SharesDocument[]): Promise<void> {
    if (!this.source.has("result.json")) return;
    const bytes = await read_file(this.source, "result.json");
    const given = JSON.stringify(within("result.json", () => any_object(decode(bytes)).left_out));
    const expected = expected_left_out(documents);
    require_that(given === JSON.stringify(expected.map(({ bureau, group, index, reason }) => ({ bureau, group, index, reason }))),
      `left_out of result.json is ${given}; by the shares it is ${JSON.stringify(expected)}`);
  }

  private async check_result_file({ basis, roll, log, units, tally, documents }: Counted, votes: number[][]): Promise<string | void> {
    const { manifest } = basis.needed("the manifest");
    const events = log.events.needed("the events");
    const closed = of_name(events, "close-count");
    if (!this.source.has("result.json")) throw new NotRun("needs result.json");
    const bytes = await read_file(this.source, "result.json");
    const value = within("result.json", () => decode(bytes));
    const registered = registered_of(roll.needed("the keys in force"), manifest);
    const contests = manifest.contests.map((_, k): CountedContest => ({
      registered: registered[k]!,
      units: units.needed("the units").map((unit, i) => ({ ...unit, votes: votes[i]! }))
        .filter(({ contest }) => contest === k).map(({ unit, name, districts, ballots, votes }) =>
          ({ unit, name, districts, ballots, votes })),
    }));
    within("result.json",
      () => check_result(value,
      { fingerprint: this.fingerprint!, tally: tally.needed("the tally hash"), manifest, contests,
      documents: documents.needed("the decryption shares") }));
    const hash = to_hex(sha256(bytes));
    closed.forEach((event: Event) =>
      require_that(event.data.result === hash, `bureau ${event.bureau} has closed the count with another result`));
    if (closed.length > 0) require_that(ties_left(value).length === 0, "the count is closed, and a tie waits for its lot");
    const unsigned = lots_drawn(value).find((k) => !closed.some(({ bureau }) => bureau === manifest.contests[k]!.bureau));
    require_that(unsigned === undefined, `contest ${unsigned}: a lot that no president of its bureau has signed for`);
    this.contests = summarise(value);
    if (!count_is_closed(events, manifest)) return "the count is not closed yet";
  }

  private async check_minutes_files({ basis, roll, log }: Counted): Promise<string | Idle> {
    if (!holds_minutes(this.source.paths())) return new Idle("the export holds no minutes");
    if (!this.outcomes.some(({ check, state }) => check === 22 && state === "ok")) throw new NotRun("needs the result");
    const { manifest, transcript } = basis.needed("the manifest");
    const bureaus = await check_minutes(this.source, { manifest, transcript, fingerprint: this.fingerprint!,
      events: log.events.needed("the events"), reissued: roll.needed("the keys in force").reissued });
    return bureaus === 1 ? "of 1 bureau" : `of ${bureaus} bureaus`;
  }

  private check_receipts(log: Log, box: Part<Box>): string | Idle {
    const receipts = log.receipts.judged();
    if (receipts.length === 0) return new Idle("no receipt was given");
    return this.find_receipts(receipts, log.scan.needed("the leaves of the log"), box.needed("the ballots"));
  }

  /** The proof leads to a tree of this log, so the entry is in the final one. */
  private find_receipts(receipts: Receipt[], scan: LogScan, box: Box): string {
    for (const [i, { tracker, checkpoint }] of receipts.entries()) {
      const name = this.anchors.receipts![i]!.name;
      require_that(scan.roots.get(checkpoint.size) === to_hex(checkpoint.root),
        `${name}: its checkpoint is of another log than this export's`);
      require_that(box.trackers.has(to_hex(tracker)), `${name}: its ballot is not in the box`);
    }
    return receipts.length === 1 ? "1 receipt" : `${receipts.length} receipts`;
  }

  private report(manifest: Manifest | null): Report {
    const { anchored } = this;
    const is = (state: Outcome["state"]) => this.outcomes.some((outcome) => outcome.state === state);
    const verdict = is("refused") ? "refused" : is("not run") ? "not counted" : anchored ? "verified" : "consistent";
    return { verdict, anchored, manifest, fingerprint: this.fingerprint, outcomes: this.outcomes,
      title: manifest?.title ?? null, contests: this.contests };
  }
}

interface Log {
  checkpoints: Part<Checkpoint[]>; scan: Part<LogScan>; events: Part<Event[]>; receipts: Part<Receipt[]>;
  batch_files: Part<Numbered>;
}
interface Numbered { documents: Uint8Array[]; stray: string | null }

interface Counted {
  basis: Part<Basis>; roll: Part<Roll>; log: Log; units: Part<TallyUnit[]>; tally: Part<string>; claims: Part<ClaimedTally>;
    documents: Part<SharesDocument[]>;
}

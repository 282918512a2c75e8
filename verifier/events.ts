// The events of an election (section 8): who signed them, in which order, at what time.
import type { Json, JsonObject } from "./canonical_json.ts";
import { type Manifest, members_of, officers_of, presidents_of } from "./manifest.ts";
import { Refused, require_that, within } from "./refused.ts";
import { array, count, hex, integer, literal, object, text } from "./shape.ts";
import { read_signed } from "./signed_document.ts";
import type { Transcript } from "./transcript.ts";

export interface Event {
  number: number; name: string; at: number; bureau: number; contest: number | null; data: JsonObject; signers: string[];
}

const reason = (data: JsonObject): void => require_that(text(data.reason) !== "", "an empty reason");
const counts = (value: Json | undefined, manifest: Manifest): void =>
  require_that(array(value, (item) => integer(item)).length === manifest.contests.length, "not one number for each contest");

/** The form alone: whether such a key may be enrolled or struck off there is V9. */
function key_of_roll(data: JsonObject): void {
  hex(data.key, 32);
  count(data.district);
}

interface Kind {
  fields: string[];
  data(data: JsonObject, manifest: Manifest, contest: number | null): void;
  contest: "null" | "one" | "one or null";
  /** Of the election and not of a bureau: its bureau is 0. */
  of_election?: boolean;
}
const nothing = () => {};
const KINDS: Record<string, Kind> = {
  "open": { fields: [], data: nothing, contest: "null", of_election: true },
  "suspend": { fields: ["reason"], data: reason, contest: "one" },
  "resume": { fields: ["reason"], data: reason, contest: "one" },
  "extend": { fields: ["closes_at"], data: (data) => void integer(data.closes_at), contest: "null", of_election: true },
  "enrol": { fields: ["district", "key"], data: key_of_roll, contest: "one" },
  "strike-off": { fields: ["district", "key"], data: key_of_roll, contest: "one" },
  "unseal": { fields: ["reason"], data: reason, contest: "one or null" },
  "reseal": { fields: ["reason"], data: reason, contest: "one or null" },
  "close": { fields: [], data: nothing, contest: "null", of_election: true },
  "freeze": {
    fields: ["box_root", "ballots", "pads", "sign_offs", "sign_off_root"], contest: "null", of_election: true,
    data: (data, manifest) => {
      hex(data.box_root, 32);
      hex(data.sign_off_root, 32);
      integer(data.pads);
      counts(data.ballots, manifest);
      counts(data.sign_offs, manifest);
    },
  },
  "count": { fields: ["tally", "bijection"], data: (data) => void hex(data.tally, 64), contest: "null" },
  "close-count": { fields: ["result"], data: (data) => void hex(data.result, 32), contest: "null" },
};

export function read_event(bytes: Uint8Array, number: number, manifest: Manifest, transcript: Transcript): Event {
  const { body: raw, signers } = read_signed(bytes, "event", transcript);
  const body = object(raw, ["type", "number", "event", "at", "bureau", "contest", "data"]);
  literal(body.number, number);
  const name = text(body.event);
  const kind = Object.keys(KINDS).includes(name) ? KINDS[name] : undefined;
  if (!kind) throw new Refused(`an unknown event "${name}"`);
  const bureau = count(body.bureau);
  require_that(kind.of_election ? bureau === 0 : bureau < manifest.bureaus.length, "a bureau that is not the event's");
  const contest = body.contest === null ? null : count(body.contest);
  require_that(contest === null ? kind.contest !== "one" : kind.contest !== "null", "a contest where none belongs, or none where one does");
  require_that(contest === null || manifest.contests[contest]?.bureau === bureau, "a contest that is not of the bureau");
  const data = object(body.data, kind.fields);
  kind.data(data, manifest, contest);
  const event = { number, name, at: integer(body.at), bureau, contest, data, signers };
  check_signers(event, manifest);
  return event;
}

/** The keys that the table names and no others; the opening rule of `count` is judged apart (V16). */
function check_signers({ name, bureau: b, signers }: Event, manifest: Manifest): void {
  const bureau = manifest.bureaus[b];
  if (!bureau) throw new Refused("no bureau is there to sign");
  const officers = officers_of(bureau);
  const all_in = (keys: string[]) => signers.length > 0 && signers.every((signer) => keys.includes(signer));
  const by_board = signers.join() === manifest.keys.board.hex;
  const by_officers = all_in(officers);
  const registrar = manifest.keys.registrar.hex;
  const members = members_of(bureau).map((member) => member.signing_key.hex);
  const good = {
    "open": by_board, "freeze": by_board, "close": by_board || by_officers,
    "enrol": signers.includes(registrar) && signers.length > 1 && all_in([registrar, ...officers]),
    "count": all_in(members),
    "close-count": all_in(members) && signers.some((signer) => presidents_of(bureau).includes(signer)),
  }[name] ?? by_officers;
  require_that(good, `"${name}" is not signed by those who have to sign, and by them alone`);
}

export function read_events(documents: Uint8Array[], manifest: Manifest, transcript: Transcript): Event[] {
  return documents.map((bytes, number) => within(`event ${number}`, () => read_event(bytes, number, manifest, transcript)));
}

/** V7: what may follow what. */
export function check_order(events: Event[], manifest: Manifest): void {
  const course = new Course(manifest);
  for (const event of events) within(`event ${event.number}, "${event.name}"`, () => course.take(event));
  course.end();
}

class Course {
  private last_at = 0;
  private closes_at: number;
  private opened = false;
  private closed = false;
  private frozen = false;
  private readonly suspended = new Set<number>();
  private readonly unsealed = new Set<string>();
  private readonly counted = new Set<number>();
  private readonly count_closed = new Set<number>();
  private result: string | undefined;

  constructor(private readonly manifest: Manifest) {
    this.closes_at = manifest.closes_at;
  }

  take(event: Event): void {
    require_that(event.at >= this.last_at, "before the event that precedes");
    this.last_at = event.at;
    require_that(event.name === "count" || event.name === "close-count" || !this.frozen, "after the freeze");
    this.step(event);
  }

  private step(event: Event): void {
    const { name, contest } = event;
    if (name === "open") {
      require_that(!this.opened, "a second opening");
      require_that(event.at >= this.manifest.opens_at, "before the opening hour");
      this.opened = true;
    } else if (name === "suspend") {
      this.require_open();
      require_that(!this.suspended.has(contest!), "the contest is suspended already");
      this.suspended.add(contest!);
    } else if (name === "resume") {
      require_that(this.suspended.delete(contest!), "the contest is not suspended");
    } else if (name === "extend") {
      this.require_open();
      const closes_at = event.data.closes_at as number;
      require_that(closes_at > this.closes_at, "not to a later hour");
      this.closes_at = closes_at;
    } else if (name === "unseal" || name === "reseal") {
      this.seal_step(event);
    } else if (name === "close") {
      this.require_open();
      const by_board = event.signers.includes(this.manifest.keys.board.hex);
      require_that(!by_board || event.at >= this.closes_at, "by the board before the closing hour");
      this.closed = true;
    } else if (name === "freeze") {
      require_that(this.closed, "before the close");
      this.frozen = true;
    } else if (name === "count" || name === "close-count") {
      this.count_step(event);
    } else {
      require_that(!this.closed, "after the close");
    }
  }

  /** An export is made once the box is frozen. */
  end(): void {
    require_that(this.frozen, "the election was never frozen");
  }

  private require_open(): void {
    require_that(this.opened, "before the opening");
    require_that(!this.closed, "after the close");
  }

  private seal_step({ name, bureau, contest }: Event): void {
    const what = `${bureau}, ${contest}`;
    require_that(this.unsealed.has(what) === (name === "reseal"), name === "reseal" ? "what was not unsealed" : "what is unsealed already");
    if (name === "unseal") this.unsealed.add(what);
    else this.unsealed.delete(what);
  }

  private count_step({ name, bureau, data }: Event): void {
    require_that(this.frozen, "before the freeze");
    if (name === "count") {
      require_that(!this.counted.has(bureau), "a second one of this bureau");
      this.counted.add(bureau);
      return;
    }
    require_that(this.counted.has(bureau), "before the bureau's count");
    require_that(!this.count_closed.has(bureau), "a second one of this bureau");
    this.count_closed.add(bureau);
    this.result ??= data.result as string;
    literal(data.result, this.result);
  }
}

export const freeze_of = (events: Event[]): Event | undefined => events.find(({ name }) => name === "freeze");
export const of_name = (events: Event[], name: string): Event[] => events.filter((event) => event.name === name);

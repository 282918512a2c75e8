// The manifest (section 3): what the election is. Its SHA-256 is the fingerprint.
import { to_hex } from "./bytes.ts";
import { decode, type Json, type JsonObject } from "./canonical_json.ts";
import { Refused, require_that, within } from "./refused.ts";
import { any_object, array, ascending, boolean, by_text, count, hex, integer, type Key, key, literal, object, text } from "./shape.ts";
import { parse_witness, type Witness } from "./signed_note.ts";

export const PROPORTIONAL = "proportional-highest-average";
export const TWO_ROUNDS = "two-round-majority";
const ROLES = ["president", "secretary", "delegate", "substitute"];
const OFFICER_ROLES = ["president", "secretary"];

const CONTESTS_MAX = 256;
const TRUSTEES_MAX = 64;

export interface BilingualText { en: string; fr: string }
export interface ListOption {
  kind: "list"; name: string; candidates: string[]; common: { name: string; share: number }[]; sigle: boolean;
}
export interface CandidateOption { kind: "candidate"; name: string; substitute: string | null; birth_date: string | null }
export interface BlankOption { kind: "blank" }
export type Option = ListOption | CandidateOption | BlankOption;
export interface Unit { name: string; districts: number[] }
export interface Contest {
  name: BilingualText; bureau: number; seats: number; rule: string; round: number; options: Option[];
  districts: { name: string }[]; units: Unit[]; unit_minimum: number; reissue_max: number;
}
export interface Member { name: string; role: string; signing_key: Key; share_key: Key }
export interface Group { name: string; threshold: number; key: Key; members: Member[] }
export interface Bureau { name: string; ceremony: string; key: Key; groups: Group[] }
export interface RosterRow { contest: number; district: number; root: string; size: number }
export interface BrokenSeal { at: number; fingerprint: string; reason: string; seal: string }
export interface Manifest {
  json: JsonObject;
  election_id: string; title: BilingualText; log_origin: string; opens_at: number; closes_at: number; grace_seconds: number;
  contests: Contest[]; bureaus: Bureau[]; roster: RosterRow[]; broken_seals: BrokenSeal[];
  keys: {
    board: Key; checkpoint: Uint8Array; guardian: Key | null; registrar: Key; witnesses: Witness[]; witness_threshold: number;
  };
}

export const members_of = (bureau: Bureau): Member[] => bureau.groups.flatMap((group) => group.members);
export const officers_of = (bureau: Bureau): string[] =>
  members_of(bureau).filter((member) => OFFICER_ROLES.includes(member.role)).map((member) => member.signing_key.hex);
export const presidents_of = (bureau: Bureau): string[] =>
  members_of(bureau).filter((member) => member.role === "president").map((member) => member.signing_key.hex);

/** The opening rule: of every group of the bureau at least its threshold. */
export function fulfils_opening_rule(bureau: Bureau, signers: string[]): boolean {
  return bureau.groups.every((group) =>
    group.members.filter((member) => signers.includes(member.signing_key.hex)).length >= group.threshold);
}

export const ballot_size = (options: number): number => 236 + 288 * options;

const FIELDS = [
  "protocol", "election_id", "title", "origin", "log_origin", "opens_at", "closes_at", "grace_seconds", "contests", "bureaus",
  "keys", "roster", "assets", "reissue",
];

export function read_manifest(bytes: Uint8Array): Manifest {
  const value = any_object(decode(bytes));
  const has_broken = Object.keys(value).includes("broken_seals");
  const json = object(value, has_broken ? [...FIELDS, "broken_seals"] : FIELDS);
  literal(json.protocol, "isoloir/1");
  // Of a host any visible ASCII but / ? # and @.
  require_that(/^(https:\/\/[!"$-.0->A-~]+|http:\/\/(localhost|127\.0\.0\.1):\d+)$/.test(text(json.origin)), "the origin is not an origin");
  read_assets(json.assets);
  const guardian_required = boolean(object(json.reissue, ["guardian_required"]).guardian_required);
  const bureaus = within("bureaus", () => array(json.bureaus, read_bureau, CONTESTS_MAX));
  const contests = within("contests", () => array(json.contests, read_contest, CONTESTS_MAX));
  require_that(contests.every(({ bureau }) => bureau < bureaus.length), "a contest of a bureau that does not exist");
  const manifest: Manifest = {
    json, bureaus, contests,
    election_id: hex(json.election_id, 16), title: bilingual(json.title), log_origin: read_log_origin(json.log_origin),
    opens_at: integer(json.opens_at, 1), closes_at: integer(json.closes_at), grace_seconds: count(json.grace_seconds),
    keys: within("keys", () => read_keys(json.keys)),
    roster: within("roster", () => array(json.roster, (row) => read_roster_row(row))),
    broken_seals: has_broken ? within("broken_seals", () => array(json.broken_seals, read_broken_seal, 100)) : [],
  };
  require_that(!guardian_required || manifest.keys.guardian !== null, "a guardian is required, and there is none");
  require_that(!has_broken || manifest.broken_seals.length > 0, "broken_seals is there and empty");
  require_that(manifest.opens_at < manifest.closes_at, "the vote closes before it opens");
  check_roster_rows(manifest);
  return manifest;
}

function bilingual(value: Json | undefined): BilingualText {
  const { en, fr } = object(value, ["en", "fr"]);
  return { en: text(en), fr: text(fr) };
}

function read_log_origin(value: Json | undefined): string {
  const origin = text(value);
  require_that(/^[^\p{White_Space}+]+$/u.test(origin), "log_origin is no name of a key: it is empty or has a space or a plus");
  return origin;
}

function read_assets(value: Json | undefined): void {
  const paths = within("assets", () => array(value, (item) => {
    const asset = object(item, ["path", "sha256"]);
    hex(asset.sha256, 32);
    return text(asset.path);
  }, 1000));
  ascending(paths, by_text, "assets");
}

function read_keys(value: Json | undefined): Manifest["keys"] {
  const keys = object(value, ["board", "checkpoint", "guardian", "registrar", "witnesses", "witness_threshold"]);
  const witnesses = within("witnesses", () => array(keys.witnesses, (item) => parse_witness(text(item)), 100));
  require_that(new Set(witnesses.map((witness) => to_hex(witness.key))).size === witnesses.length, "one witness twice");
  const witness_threshold = count(keys.witness_threshold);
  require_that(witness_threshold <= witnesses.length, "witness_threshold is above the number of witnesses");
  const checkpoint = hex(keys.checkpoint, 32);
  return {
    board: key(keys.board), registrar: key(keys.registrar), guardian: keys.guardian === null ? null : key(keys.guardian),
    checkpoint: Uint8Array.from({ length: 32 }, (_, i) => parseInt(checkpoint.slice(2 * i, 2 * i + 2), 16)),
    witnesses, witness_threshold,
  };
}

export function read_roster_row(value: Json): RosterRow {
  const row = object(value, ["contest", "district", "root", "size"]);
  return { contest: count(row.contest), district: count(row.district), root: hex(row.root, 32), size: count(row.size) };
}

/** One row for each contest and district, ascending. */
function check_roster_rows({ contests, roster }: Manifest): void {
  const wanted = contests.flatMap(({ districts }, contest) => districts.map((_, district) => `${contest}-${district}`));
  const given = roster.map(({ contest, district }) => `${contest}-${district}`);
  require_that(wanted.join() === given.join(), "roster: not one row for each contest and district, ascending");
}

function read_broken_seal(value: Json): BrokenSeal {
  const broken = object(value, ["at", "fingerprint", "reason", "seal"]);
  require_that(text(broken.reason) !== "", "a seal broken for no reason");
  return { at: integer(broken.at), fingerprint: hex(broken.fingerprint, 32), reason: text(broken.reason), seal: hex(broken.seal, 32) };
}

function read_bureau(value: Json): Bureau {
  const bureau = object(value, ["name", "ceremony", "key", "groups"]);
  const groups = array(bureau.groups, read_group, TRUSTEES_MAX);
  require_that(groups.length > 0, "a bureau without groups");
  return { name: text(bureau.name), ceremony: hex(bureau.ceremony, 64), key: key(bureau.key), groups };
}

function read_group(value: Json): Group {
  const group = object(value, ["name", "threshold", "key", "members"]);
  const members = array(group.members, (item) => {
    const member = object(item, ["name", "role", "signing_key", "share_key"]);
    require_that(ROLES.includes(text(member.role)), `an unknown role "${String(member.role)}"`);
    return { name: text(member.name), role: text(member.role), signing_key: key(member.signing_key), share_key: key(member.share_key) };
  }, TRUSTEES_MAX);
  const threshold = count(group.threshold, 1);
  require_that(threshold <= members.length, "a threshold above the number of members");
  return { name: text(group.name), threshold, key: key(group.key), members };
}

function read_contest(value: Json): Contest {
  const fields = ["name", "bureau", "seats", "rule", "options", "districts", "units", "unit_minimum", "reissue_max"];
  const rule = text(any_object(value).rule);
  require_that(rule === PROPORTIONAL || rule === TWO_ROUNDS, `an unknown rule "${rule}"`);
  const contest = object(value, rule === TWO_ROUNDS ? [...fields, "round"] : fields);
  const districts = array(contest.districts, (item) => ({ name: text(object(item, ["name"]).name) }), 4096);
  require_that(districts.length > 0, "a contest without a district");
  const units = array(contest.units, (item) => {
    const unit = object(item, ["name", "districts"]);
    return { name: text(unit.name), districts: array(unit.districts, (district) => count(district)) };
  });
  const united = units.flatMap((unit) => unit.districts).sort((left, right) => left - right);
  require_that(united.length === districts.length && united.every((district, i) => district === i),
    "a district that is not in exactly one unit");
  const seats = integer(contest.seats, 1, 1000);
  require_that(rule !== TWO_ROUNDS || seats === 1, "more than one seat under the rule of two rounds");
  return {
    rule, districts, units, seats, name: bilingual(contest.name), bureau: count(contest.bureau),
    round: rule === TWO_ROUNDS ? integer(contest.round, 1, 2) : 0,
    options: within("options", () => read_options(contest.options, rule)),
    unit_minimum: count(contest.unit_minimum), reissue_max: count(contest.reissue_max),
  };
}

function read_options(value: Json | undefined, rule: string): Option[] {
  const options = array(value, (item): Option => {
    const kind = any_object(item).kind;
    if (kind === "blank") return (object(item, ["kind"]), { kind });
    if (kind === "list" && rule === PROPORTIONAL) return read_list(item);
    if (kind === "candidate" && rule === TWO_ROUNDS) return read_candidate(item);
    throw new Refused(`an option of kind "${String(kind)}" under the rule ${rule}`);
  }, 100);
  const standing = options.filter((option): option is ListOption | CandidateOption => option.kind !== "blank");
  require_names(standing, "options");
  require_that(rule !== TWO_ROUNDS || standing.length > 0, "no candidate under the rule of two rounds");
  require_that(options.filter(({ kind }) => kind === "blank").length === 1, "not exactly one blank vote");
  return options;
}

function require_names(named: { name: string }[], what: string): void {
  const names = new Set(named.map(({ name }) => name));
  require_that(!names.has("") && names.size === named.length, `${what}: a name that is empty, or there twice`);
}

function read_list(value: Json): ListOption {
  const list = object(value, ["kind", "name", "candidates", "common", "sigle"]);
  const read: ListOption = {
    kind: "list", name: text(list.name), candidates: array(list.candidates, text, 1000), sigle: boolean(list.sigle),
    common: array(list.common, (item) => {
      const member = object(item, ["name", "share"]);
      return { name: text(member.name), share: integer(member.share, 0, 1_000_000) };
    }, 100),
  };
  require_names(read.common, "members of a common list");
  require_that(read.common.length !== 1, "a common list of one member");
  require_that(!read.sigle || read.candidates.length === 0, "a sigle with candidates");
  return read;
}

function read_candidate(value: Json): CandidateOption {
  const candidate = object(value, ["kind", "name", "substitute", "birth_date"]);
  const birth_date = candidate.birth_date === null ? null : text(candidate.birth_date);
  require_that(birth_date === null || is_day(birth_date), "a birth date that is no day of the calendar");
  const substitute = candidate.substitute === null ? null : text(candidate.substitute);
  require_that(substitute !== "", "a substitute without a name");
  return { kind: "candidate", name: text(candidate.name), substitute, birth_date };
}

function is_day(date: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return false;
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === date;
}

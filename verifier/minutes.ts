// Minutes of result and operations (section 11), which a bureau may sign once its count is closed: every figure follows from
// result.json and from the log.
import { sha256 } from "@noble/hashes/sha2.js";
import { to_hex } from "./bytes.ts";
import { decode, encode, type Json, type JsonObject } from "./canonical_json.ts";
import { type Event, of_name } from "./events.ts";
import { type Manifest, members_of, officers_of } from "./manifest.ts";
import { Refused, require_that, within } from "./refused.ts";
import { any_object, integer, object } from "./shape.ts";
import { read_signed } from "./signed_document.ts";
import { type ExportSource, read_file } from "./source.ts";
import type { Transcript } from "./transcript.ts";

const FOLDER = "minutes/";
const FIELDS = ["type", "bureau", "at", "fingerprint", "tally", "result", "contests", "operations"];
const AS_COUNTED = ["registered", "sign_offs", "ballots", "blank", "valid", "votes"];
const OF_THE_ELECTION = ["open", "extend", "close", "freeze"];

export const holds_minutes = (paths: readonly string[]): boolean => paths.some((path) => path.startsWith(FOLDER));

/** What V1 to V22 have found good. */
export interface MinutesFacts {
  manifest: Manifest; transcript: Transcript; fingerprint: string; events: Event[];
  /** Keys that batches have added, by contest. */
  reissued: number[];
}

/** V25; gives the number of bureaus. */
export async function check_minutes(source: ExportSource, facts: MinutesFacts): Promise<number> {
  const result = await read_file(source, "result.json");
  const paths = source.paths().filter((path) => path.startsWith(FOLDER));
  for (const path of paths) {
    const bytes = await read_file(source, path);
    within(path, () => check_minutes_of(bytes, Number(path.slice(FOLDER.length, -".json".length)), result, facts));
  }
  return paths.length;
}

function check_minutes_of(bytes: Uint8Array, bureau: number, result: Uint8Array, facts: MinutesFacts): void {
  const document = read_signed(bytes, "minutes", facts.transcript);
  const signed_by = facts.manifest.bureaus[bureau];
  if (!signed_by) throw new Refused("a bureau that the manifest does not have");
  const [officers, members] = [officers_of(signed_by), members_of(signed_by).map(({ signing_key }) => signing_key.hex)];
  require_that(document.signers.every((signer) => members.includes(signer)) && document.signers.some((signer) => officers.includes(signer)),
    "not signed by members of the bureau alone, a president or secretary among them");
  const body = object(document.body, FIELDS);
  const at = integer(body.at);
  const closed = of_name(facts.events, "close-count").find((event) => event.bureau === bureau);
  require_that(closed !== undefined, "the bureau has not closed its count");
  require_that(at >= closed.at, "dated before the close of the count");
  const expected = minutes_of(bureau, at, result, facts);
  const wrong = FIELDS.find((field) => encode(body[field]!) !== encode(expected[field]!));
  require_that(wrong === undefined, `"${wrong}" is not what follows from the result and the log`);
}

function minutes_of(bureau: number, at: number, result: Uint8Array, { manifest, fingerprint, events, reissued }: MinutesFacts): JsonObject {
  const counted = any_object(decode(result));
  const events_named = (name: string) =>
    of_name(events, name).filter((event) => event.bureau === bureau || OF_THE_ELECTION.includes(name));
  const number_of = (name: string) => events_named(name).length;
  const contest_figures = (k: number): JsonObject => {
    const { seats, majority, ...figures } = any_object((counted.contests as Json[])[k]);
    const of_contest = (name: string) => events_named(name).filter(({ contest }) => contest === k).length;
    const outcome: JsonObject = majority === undefined
      ? { seats: (any_object(seats).lists as JsonObject[]).map((list) => list.seats!) }
      : { elected: any_object(majority).elected!, second_round: any_object(majority).second_round! };
    const as_counted = Object.fromEntries(AS_COUNTED.map((name) => [name, figures[name]!]));
    return { contest: k, ...as_counted, ...outcome,
      enrolments: of_contest("enrol"), strike_offs: of_contest("strike-off"), reissues: reissued[k]! };
  };
  return {
    type: "minutes", bureau, at, fingerprint, tally: counted.tally!, result: to_hex(sha256(result)),
    contests: manifest.contests.flatMap((contest, k) => (contest.bureau === bureau ? [contest_figures(k)] : [])),
    operations: {
      opened_at: events_named("open")[0]!.at, closed_at: events_named("close")[0]!.at, extensions: number_of("extend"),
      suspensions: number_of("suspend"), resumptions: number_of("resume"),
      unsealings: number_of("unseal"), resealings: number_of("reseal"),
    },
  };
}

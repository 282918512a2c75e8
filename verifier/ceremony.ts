// The key ceremony of a bureau (section 9), every message of it: from it the keys of members, groups and bureau are computed.
import { from_hex, to_hex } from "./bytes.ts";
import type { Json, JsonObject } from "./canonical_json.ts";
import { type Point, sum, times } from "./group.ts";
import { type Bureau, type Group, type Member } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import { array, count, hex, hex_bytes, type Key, key, literal, object } from "./shape.ts";
import { type SignedDocument, read_signed } from "./signed_document.ts";
import { check_schnorr, type Transcript } from "./transcript.ts";

const TYPES = ["ceremony-hello", "ceremony-hash", "ceremony-commitments", "ceremony-agreement", "ceremony-possession"];
const FIELDS = [
  ["name", "role", "signing_key", "encryption_key"], ["hash"], ["commitments", "proofs", "shares"], ["transcript"],
  ["transcript", "share_key", "proof"],
];

/** What the manifest, or a plan before there is one, says of a member. */
export interface PlannedMember { name: string; role: string }
export interface PlannedGroup { threshold: number; members: PlannedMember[] }
export interface CeremonyKeys { transcript: string; key: string; groups: { key: string; share_keys: string[]; signing_keys: string[] }[] }

const two_digits = (value: number): string => String(value).padStart(2, "0");
export const message_name = (round: number, group: number, index: number): string =>
  `${round}-${two_digits(group)}-${two_digits(index)}.json`;

interface Place { group: number; index: number; threshold: number; planned: PlannedMember; others: number[] }
interface Sender extends Place { signing_key: Key; commitments: Key[] }

class Ceremony {
  private id: string | undefined;
  private readonly keys = new Set<string>();

  constructor(private readonly messages: ReadonlyMap<string, Uint8Array>, private readonly transcript: Transcript) {}

  message(round: number, { group, index }: Place): SignedDocument & { fields: JsonObject } {
    const document = read_signed(this.messages.get(message_name(round, group, index))!, TYPES[round]!, this.transcript);
    const fields = object(document.body, ["type", "ceremony", "group", "index", ...FIELDS[round]!]);
    this.id ??= hex(fields.ceremony, 16);
    literal(fields.ceremony, this.id);
    literal(fields.group, group);
    literal(fields.index, index);
    require_that(document.signers.length === 1, "not exactly one signature");
    return { ...document, fields };
  }

  hello(place: Place): Key {
    const { fields, signers } = this.message(0, place);
    literal(fields.name, place.planned.name);
    literal(fields.role, place.planned.role);
    const signing_key = key(fields.signing_key);
    for (const one of [signing_key, key(fields.encryption_key)]) {
      require_that(!this.keys.has(one.hex), "a key that another has too");
      this.keys.add(one.hex);
    }
    literal(signers[0]!, signing_key.hex);
    return signing_key;
  }

  /** Rounds 1 and 2: the commitments that were announced, each proven. */
  commitments(place: Place, signing_key: Key): Key[] {
    const announced = this.message(1, place);
    const opened = this.message(2, place);
    for (const { signers } of [announced, opened]) literal(signers[0]!, signing_key.hex);
    const commitments = within("commitments", () => array(opened.fields.commitments, key));
    require_that(commitments.length === place.threshold, "not as many commitments as the threshold");
    const bytes = commitments.map((commitment) => commitment.bytes);
    const id = from_hex(this.id!);
    const hash = this.transcript.hash("commitments", id, place.group, place.index, ...bytes);
    require_that(to_hex(hash) === hex(announced.fields.hash, 64), "other commitments than were announced");
    const proofs = array(opened.fields.proofs, (proof) => hex_bytes(proof, 64));
    require_that(proofs.length === commitments.length, "not one proof for each commitment");
    proofs.forEach((proof, position) => within(`proof ${position}`, () => {
      const items = [id, place.others.length + 1, place.threshold, place.group, place.index, position, ...bytes];
      check_schnorr(this.transcript, "coefficient", items, bytes[position]!, proof, commitments[position]!.point);
    }));
    const receivers = within("shares", () => array(opened.fields.shares, read_box));
    require_that(receivers.join() === place.others.join(), "not one share for each other member, ascending");
    return commitments;
  }

  /** Rounds 3 and 4: everybody read the same transcript, and holds the share that follows from the commitments. */
  agreement(sender: Sender, transcript: Uint8Array, share_key: Point): void {
    const agreed = this.message(3, sender);
    const possessed = this.message(4, sender);
    for (const { signers, fields } of [agreed, possessed]) {
      literal(signers[0]!, sender.signing_key.hex);
      literal(fields.transcript, to_hex(transcript));
    }
    const given = key(possessed.fields.share_key);
    require_that(given.point.equals(share_key), "another share key than follows from the commitments");
    const items = [from_hex(this.id!), sender.group, sender.index, transcript];
    check_schnorr(this.transcript, "share possession", items, given.bytes, hex_bytes(possessed.fields.proof, 64), given.point);
  }
}

function read_box(value: Json): number {
  const box = object(value, ["to", "key", "box"]);
  key(box.key);
  hex(box.box, 48);
  return count(box.to, 1);
}

/** Y_j = Σ_i Σ_p jᵖ·C_{i,p}, by Horner's rule. */
function share_key_of(senders: Sender[], index: number): Point {
  return sum(senders.map(({ commitments }) =>
    commitments.reduceRight((value, { point }) => times(BigInt(index), value).add(point), sum([]))));
}

export function check_ceremony(groups: PlannedGroup[], messages: ReadonlyMap<string, Uint8Array>, transcript: Transcript): CeremonyKeys {
  const places = groups.flatMap(({ threshold, members }, group) => members.map((planned, i): Place => ({
    group, index: i + 1, threshold, planned, others: members.map((_, other) => other + 1).filter((other) => other !== i + 1),
  })));
  const names = TYPES.flatMap((_, round) => places.map(({ group, index }) => message_name(round, group, index)));
  require_that([...messages.keys()].sort().join() === [...names].sort().join(), "not exactly one message of each member in each round");
  const ceremony = new Ceremony(messages, transcript);
  const at = <T>(place: Place, work: () => T): T => within(`group ${place.group}, member ${place.index}`, work);
  const signing_keys = places.map((place) => at(place, () => ceremony.hello(place)));
  const senders = places.map((place, i): Sender => at(place, () =>
    ({ ...place, signing_key: signing_keys[i]!, commitments: ceremony.commitments(place, signing_keys[i]!) })));
  const of_transcript = [0, 1, 2].flatMap((round) => places.map(({ group, index }) => messages.get(message_name(round, group, index))!));
  const agreed = transcript.hash("ceremony transcript", ...of_transcript);
  const keys = groups.map((_, group) => {
    const own = senders.filter((sender) => sender.group === group);
    const share_keys = own.map(({ index }) => not_identity(share_key_of(own, index), "a share key"));
    own.forEach((sender, i) => at(sender, () => ceremony.agreement(sender, agreed, share_keys[i]!)));
    return { point: not_identity(sum(own.map(({ commitments }) => commitments[0]!.point)), "the key of a group"), share_keys, own };
  });
  return {
    transcript: to_hex(agreed),
    key: encoded(not_identity(sum(keys.map(({ point }) => point)), "the election key")),
    groups: keys.map(({ point, share_keys, own }) => ({
      key: encoded(point), share_keys: share_keys.map(encoded), signing_keys: own.map(({ signing_key }) => signing_key.hex),
    })),
  };
}

const encoded = (point: Point): string => to_hex(point.toBytes());

function not_identity(point: Point, what: string): Point {
  require_that(!point.is0(), `${what} is the identity`);
  return point;
}

/** The ceremony gives the keys that the manifest names. */
export function check_ceremony_of(bureau: Bureau, messages: ReadonlyMap<string, Uint8Array>, transcript: Transcript): void {
  const keys = check_ceremony(bureau.groups, messages, transcript);
  require_that(keys.transcript === bureau.ceremony, "the transcript is not that of the manifest");
  require_that(keys.key === bureau.key.hex, "the election key is not that of the manifest");
  bureau.groups.forEach((group: Group, g) => {
    require_that(keys.groups[g]!.key === group.key.hex, `the key of group ${g} is not that of the manifest`);
    group.members.forEach((member: Member, j) => {
      require_that(keys.groups[g]!.share_keys[j] === member.share_key.hex,
        `the share key of member ${j + 1} of group ${g} is not that of the manifest`);
      require_that(keys.groups[g]!.signing_keys[j] === member.signing_key.hex,
        `the signing key of member ${j + 1} of group ${g} is not that of the manifest`);
    });
  });
}

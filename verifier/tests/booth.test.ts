// booth_vectors.json and ed25519_vectors.json: transcript, credential, ballots, receipts, signatures at their edges.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check_ballot } from "../box.ts";
import { from_hex, to_hex } from "../bytes.ts";
import { check_ed25519 } from "../ed25519.ts";
import { BASE, decode_point, decode_scalar, times } from "../group.ts";
import { check_receipt_of } from "../receipt.ts";
import { parse_witness } from "../signed_note.ts";
import { check_schnorr, type Item, type Role, Transcript } from "../transcript.ts";
import { accepts, refusal, vectors } from "./vectors.ts";

interface Judged { what: string; accept: boolean; code?: string }
interface BoothVectors {
  election_id: string; fingerprint: string;
  transcript: { role: Role; items: { int?: number; text?: string; bytes?: string }[]; hash: string; scalar: string }[];
  credential: {
    seed: string; sign_in: { secret: string; public: string }; ballot: { contest: number; secret: string; public: string }[];
    proof: { nonce: string; session_binding: string; origin: string; signature: string };
  };
  ballots: (Judged & { contest: number; district: number; options: number; election_key: string; ballot: string; core?: string;
    tracker?: string })[];
  receipts: (Judged & { origin: string; checkpoint_key: string; witnesses: string[]; witness_threshold: number; tracker: string;
    receipt: string })[];
}

const booth = vectors<BoothVectors>("booth");
const transcript = new Transcript(from_hex(booth.election_id), from_hex(booth.fingerprint));
const scalar = (hex: string) => decode_scalar(from_hex(hex));

for (const [n, { role, items, hash, scalar: reduced }] of booth.transcript.entries()) {
  test(`transcript ${n}, ${role}`, () => {
    const read = items.map(({ int, text, bytes }): Item => int ?? text ?? from_hex(bytes!));
    assert.equal(to_hex(transcript.hash(role, ...read)), hash);
    assert.equal(transcript.scalar(role, ...read), scalar(reduced));
  });
}

test("the keys of a credential and its sign-in proof", () => {
  const { seed, sign_in, ballot, proof } = booth.credential;
  assert.equal(transcript.scalar("sign-in key", from_hex(seed)), scalar(sign_in.secret));
  assert.equal(to_hex(times(scalar(sign_in.secret), BASE).toBytes()), sign_in.public);
  for (const { contest, secret } of ballot) assert.equal(transcript.scalar("ballot key", from_hex(seed), contest), scalar(secret));
  const items = [from_hex(proof.nonce), from_hex(proof.session_binding), proof.origin];
  const check = (key: string) => () => check_schnorr(transcript, "sign-in proof", items, from_hex(key), from_hex(proof.signature));
  assert.ok(accepts(check(sign_in.public)));
  assert.ok(!accepts(check(ballot[0]!.public)));
});

/** What this verifier says where the booth says its code: a ballot has to be refused for its own fault. */
const BALLOT_REFUSALS: Record<string, RegExp> = {
  length: /bytes where a ballot/, magic: /ISB1/, fingerprint: /another election/, contest: /another contest/, district: /another district/,
  point_identity: /the identity/, point_not_canonical: /canonical encoding of a point/, scalar_not_canonical: /canonical scalar/,
  option_proof: /option proof is wrong/, sum_proof: /sum proof is wrong/, alpha_repeated: /α twice/, signature: /signature is wrong/,
};

for (const { what, accept, code, contest, district, options, election_key, ballot, core, tracker } of booth.ballots) {
  test(`ballot, ${what}: ${accept ? "accepted" : "refused"}`, () => {
    const place = { transcript, contest, district, options, election_key: decode_point(from_hex(election_key)) };
    const refused = refusal(() => check_ballot(from_hex(ballot), place));
    if (!accept) return assert.match(refused ?? "accepted", BALLOT_REFUSALS[code!]!);
    assert.equal(refused, null);
    const read = check_ballot(from_hex(ballot), place);
    assert.equal(to_hex(read.core), core);
    assert.equal(to_hex(read.tracker), tracker);
  });
}

const RECEIPT_REFUSALS: Record<string, RegExp> = {
  witnesses: /too few cosignatures/, tracker: /another ballot/, inclusion: /another root/, log_signature: /has not signed/,
    origin: /another log/, form: /one form/,
};

for (const { what, accept, code, origin, checkpoint_key, witnesses, witness_threshold, tracker, receipt } of booth.receipts) {
  test(`receipt, ${what}: ${accept ? "accepted" : "refused"}`, () => {
    const policy = { origin, key: from_hex(checkpoint_key), witnesses: witnesses.map(parse_witness), witness_threshold };
    const refused = refusal(() => check_receipt_of(receipt, from_hex(tracker), policy));
    if (accept) assert.equal(refused, null);
    else assert.match(refused ?? "accepted", RECEIPT_REFUSALS[code!]!);
  });
}

for (const { what, accept, key, message,
  signature } of vectors<(Judged & { key: string; message: string; signature: string })[]>("ed25519")) {
  test(`Ed25519, ${what}: ${accept ? "accepted" : "refused"}`, () =>
    assert.equal(accepts(() => check_ed25519(from_hex(key), from_hex(message), from_hex(signature))), accept));
}

// Makes tests/data/booth_vectors.json, by which other implementations of docs/protocol.md compare themselves with the booth:
// `UPDATE_VECTORS=1 npm test` writes it, vectors.test.ts finds it out of date. All randomness comes from a counter.
// Binary values are lower-case hex. The object has:
//   election_id, fingerprint   the contexts of everything below
//   transcript   [{role, items: [{"int": n} | {"text": t} | {"bytes": hex}], hash (H, 64 bytes), scalar (Hs, 32 bytes)}]
//   codes        [{typed, code}] where the code is good, [{typed, error}] where it is not: empty, length, character, check
//   credential   {code, handle, salt, seed, sign_in: {secret s, public S}, ballot: [{contest, secret c_k, public C_k}],
//                proof: {nonce, session_binding, origin, w, signature R ‖ s}}     w: the secret nonce of the Schnorr proof
//   ballots      [{what, accept, code (the check that refuses; absent when accepted), contest, district, options,
//                election_key, ballot, and for those made as they should be: secret c, choice, core K, tracker, tracker_text,
//                randomness: {r: [r_i], options: [{w, e, z}], sum_w, signature_w}}]
//                w: nonce of the true branch of option i; e, z: challenge and response of the branch that is simulated
//                (branch 0 for the chosen option, branch 1 for the others)
//   receipts     [{what, accept, code, origin, checkpoint_key, witnesses, witness_threshold, tracker, receipt}]
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { type Place, seal_ballot, verify_ballot } from "./ballot.ts";
import { concat, from_hex, type Random, to_hex, u32, utf8 } from "./bytes.ts";
import { read_code } from "./code.ts";
import { Credential, derive_seed, public_key } from "./credential.ts";
import { decode_scalar, encode_scalar, IDENTITY, ORDER, random_scalar, reduce, type Scalar } from "./group.ts";
import { inclusion_path } from "./merkle.fixture.ts";
import { leaf_hash } from "./merkle.ts";
import { ballot_entry, proof_text, receipt_for, signed_checkpoint, witness_vkey } from "./receipt.fixture.ts";
import { check_receipt, type LogPolicy } from "./receipt.ts";
import { Refused } from "./refused.ts";
import { type Nonces, nonces_from, sign } from "./schnorr.ts";
import { tracker_of, tracker_text } from "./tracker.ts";
import { type Item, type Role, Transcript } from "./transcript.ts";

const election_id = from_hex("9f2c4e71a5d80b36c1e7f40d8a92635b");
const fingerprint = sha256(utf8("the manifest of the vectors"));
const transcript = new Transcript(election_id, fingerprint);

function counter_random(label: string): Random {
  let count = 0;
  return (size) => sha512(concat(utf8(`isoloir vectors ${label}`), u32(count++))).subarray(0, size);
}

const random = counter_random("main");
const hex_scalar = (value: Scalar) => to_hex(encode_scalar(value));

/** The scalars handed out, in order; `fresh` are given first what is scripted. */
class Recording implements Nonces {
  readonly handed_out: Scalar[] = [];
  private readonly inner: Nonces;
  private readonly script: (Scalar | undefined)[];

  constructor(label: string, script: (Scalar | undefined)[] = []) {
    this.inner = nonces_from(counter_random(label), transcript);
    this.script = script;
  }

  fresh(): Scalar {
    return this.keep(this.script.shift() ?? this.inner.fresh());
  }

  hedged(secret: Scalar, statement: Uint8Array): Scalar {
    return this.keep(this.inner.hedged(secret, statement));
  }

  private keep(value: Scalar): Scalar {
    this.handed_out.push(value);
    return value;
  }
}

export async function booth_vectors(): Promise<object> {
  return {
    election_id: to_hex(election_id), fingerprint: to_hex(fingerprint),
    transcript: transcripts(), codes: codes(), credential: await credential(), ballots: ballots(), receipts: receipts(),
  };
}

function transcripts(): object[] {
  const cases: [Role, Item[]][] = [
    ["nonce", []],
    ["credential salt", ["0123456789"]],
    ["credential salt", ["Éloïse Ḍoe"]],
    ["sign-in key", [random(32)]],
    ["ballot key", [random(32), 0]],
    ["ballot key", [random(32), 258]],
    ["roster leaf", [1, 2, public_key(5n).toBytes()]],
    ["option proof", [random(64), 10, public_key(6n).toBytes()]],
    ["sign-in proof", [random(32), random(32), "https://vote.example", public_key(7n).toBytes(), public_key(8n).toBytes()]],
    ["key possession", [random(32), "ballot", 0xffffffff]],
  ];
  return cases.map(([role, items]) => ({
    role, items: items.map(describe_item),
    hash: to_hex(transcript.hash(role, ...items)), scalar: hex_scalar(transcript.scalar(role, ...items)),
  }));
}

function describe_item(item: Item): object {
  if (typeof item === "number") return { int: item };
  return typeof item === "string" ? { text: item } : { bytes: to_hex(item) };
}

function codes(): object[] {
  const typed = [
    "7K3M-Q9XT-B2WV-C5HD2", "7k3m q9xt b2wv c5hd2", "\u00a07K3M\u2011Q9XT\u2013B2WV\u2212C5HD2\n", "\uff17K3MQ9XTB2WVC5HD2",
    "OOOO-oooo-0000-00000", "LI00-0000-0000-0000G", "7K3M-Q9XT-B2WV-C5HD3", "K73M-Q9XT-B2WV-C5HD2", "7K3M-Q9XT-B2WV-C5HU2",
    "7K3M-Q9XT-B2WV-C5HD", "7K3M-Q9XT-B2WV-C5HD22", "", " - ",
  ];
  return typed.map((text) => ({ typed: text, ...read_code(text) }));
}

async function credential(): Promise<object> {
  const [code, handle] = ["7K3MQ9XTB2WVC5HD2", "EDU-000042"];
  const seed = await derive_seed(transcript, code, handle);
  const keys = new Credential(transcript, seed);
  const [nonce, session_binding, origin] = [random(32), random(32), "https://vote.example"];
  const recording = new Recording("sign-in");
  const signature = keys.sign_in_proof(nonce, session_binding, origin, recording);
  const pair = (secret: Scalar) => ({ secret: hex_scalar(secret), public: public_key(secret).toHex() });
  return {
    code, handle, salt: to_hex(transcript.hash("credential salt", handle).subarray(0, 16)), seed: to_hex(seed),
    sign_in: pair(keys.sign_in_key()),
    ballot: [0, 1, 2].map((contest) => ({ contest, ...pair(keys.ballot_key(contest)) })),
    proof: {
      nonce: to_hex(nonce), session_binding: to_hex(session_binding), origin,
      w: hex_scalar(recording.handed_out[0]!), signature: to_hex(signature),
    },
  };
}

const voter_secret = random_scalar(random);
const election_secret = random_scalar(random);

function place_with(options: number): Place {
  return { transcript, fingerprint, contest: 1, district: 4, election_key: public_key(election_secret), options };
}

function ballots(): object[] {
  const r = random_scalar(random);
  const two = seal_ballot(place_with(2), voter_secret, 0, new Recording("to be changed")).ballot;
  return [
    made("one option", 1, 0), made("two options, first chosen", 2, 0), made("two options, second chosen", 2, 1),
    made("eleven options", 11, 6),
    made("e0 = 0", 2, 0, [undefined, undefined, 0n]),
    made("z0 = 0", 2, 0, [undefined, undefined, undefined, 0n]),
    made("e1 = 0", 2, 1, [undefined, undefined, 0n]),
    made("z1 = 0", 2, 1, [undefined, undefined, undefined, 0n]),
    made("sum of r = 0", 2, 0, [r, ORDER - r]),
    ...changed_ballots(two).map(([what, ballot]) => judged(what, 2, ballot)),
  ];
}

function made(what: string, options: number, choice: number, script: (Scalar | undefined)[] = []): object {
  const place = place_with(options);
  const recording = new Recording(what, script);
  const { ballot } = seal_ballot(place, voter_secret, choice, recording);
  const given = recording.handed_out.map(hex_scalar);
  const proofs = given.slice(options, 4 * options);
  return {
    ...judged(what, options, ballot),
    secret: hex_scalar(voter_secret), choice, core: to_hex(core_of(place, ballot)),
    tracker: to_hex(tracker_of(ballot)), tracker_text: tracker_text(tracker_of(ballot)),
    randomness: {
      r: given.slice(0, options),
      options: Array.from({ length: options }, (_, i) => ({ w: proofs[3 * i], e: proofs[3 * i + 1], z: proofs[3 * i + 2] })),
      sum_w: given[4 * options], signature_w: given[4 * options + 1],
    },
  };
}

/** K, taken from the bytes of the ballot. */
function core_of(place: Place, ballot: Uint8Array): Uint8Array {
  const points = Array.from({ length: 2 * place.options }, (_, i) => {
    const at = 76 + 288 * (i >> 1) + 32 * (i & 1);
    return ballot.subarray(at, at + 32);
  });
  return transcript.hash("ballot core", place.contest, place.district, ballot.subarray(44, 76), ...points);
}

function judged(what: string, options: number, ballot: Uint8Array): object {
  const place = place_with(options);
  return {
    what, ...verdict(() => verify_ballot(place, ballot)), contest: place.contest, district: place.district, options,
    election_key: place.election_key.toHex(), ballot: to_hex(ballot),
  };
}

function verdict(check: () => unknown): { accept: boolean; code?: string } {
  try {
    check();
    return { accept: true };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { accept: false, code: error.code };
  }
}

function changed_ballots(ballot: Uint8Array): [string, Uint8Array][] {
  const sum = 76 + 2 * 288;
  const flip = (offset: number) => with_bytes(ballot, offset, Uint8Array.of(ballot[offset]! ^ 1));
  const more = (offset: number) => with_bytes(ballot, offset,
    encode_scalar(reduce(decode_scalar(ballot.subarray(offset, offset + 32)) + 1n)));
  const option = (i: number) => ballot.subarray(76 + 288 * i, 76 + 288 * (i + 1));
  const options = (first: Uint8Array, second: Uint8Array) => with_bytes(ballot, 76, concat(first, second));
  return [
    ["a byte short", ballot.subarray(1)], ["a byte long", concat(ballot, Uint8Array.of(0))],
    ["magic", flip(0)], ["fingerprint", flip(35)], ["contest", flip(39)], ["district", flip(43)],
    ["voter key is the identity", with_bytes(ballot, 44, IDENTITY.toBytes())],
    ["alpha is the identity", with_bytes(ballot, 76, IDENTITY.toBytes())],
    ["beta not canonical", with_bytes(ballot, 108, from_hex(`01${"00".repeat(31)}`))],
    ["z of the sum is the order", with_bytes(ballot, sum + 64, encode_scalar(ORDER))],
    ["e0 + 1, signed again", signed_again(more(76 + 192))],
    ["z0 + 1, signed again", signed_again(more(76 + 224))],
    ["z1 + 1, signed again", signed_again(more(76 + 256))],
    ["z of the sum + 1, signed again", signed_again(more(sum + 64))],
    ["options exchanged, signed again", signed_again(options(option(1), option(0)))],
    ["one option twice, signed again", signed_again(options(option(0), option(0)))],
    ["s of the signature + 1", more(ballot.length - 32)],
  ];
}

function with_bytes(ballot: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const changed = ballot.slice();
  changed.set(bytes, offset);
  return changed;
}

function signed_again(ballot: Uint8Array): Uint8Array {
  const body = ballot.subarray(0, ballot.length - 64);
  const nonces = nonces_from(counter_random("signed again"), transcript);
  return concat(body, sign(transcript, "ballot signature", [sha512(body)], voter_secret, nonces));
}

function receipts(): object[] {
  const log = { origin: "vote.example/log", secret_key: sha256(utf8("log key")) };
  const forger = { ...log, secret_key: sha256(utf8("forger")) };
  const witness = { name: "witness.example", secret_key: sha256(utf8("witness key")) };
  const entries = Array.from({ length: 16 }, (_, i) => ballot_entry(sha256(u32(i)), sha256(u32(100 + i))));
  const leaves = entries.map(leaf_hash);
  const policy: LogPolicy = {
    origin: log.origin, key: ed25519.getPublicKey(log.secret_key), witnesses: [], witness_threshold: 0,
  };
  const witnessed = { ...policy, witnesses: [witness_vkey(witness)], witness_threshold: 1 };
  const good = receipt_for(log, entries, 9);
  const tracker = sha256(u32(109));
  const other_path = proof_text(entries[9]!, 9, inclusion_path(leaves, 8), signed_checkpoint(log, leaves));
  const cases: [string, LogPolicy, Uint8Array, string][] = [
    ["good", policy, tracker, good],
    ["good, in a tree of one", policy, tracker, receipt_for(log, entries.slice(9, 10), 0)],
    ["good, in a tree of eleven", policy, sha256(u32(110)), receipt_for(log, entries.slice(0, 11), 10)],
    ["good, witnessed", witnessed, tracker, receipt_for(log, entries, 9, [witness])],
    ["witness missing", witnessed, tracker, good],
    ["tracker of another ballot", policy, sha256(u32(108)), good],
    ["path of another leaf", policy, tracker, other_path],
    ["checkpoint by another key", policy, tracker, receipt_for(forger, entries, 9)],
    ["checkpoint of another origin", policy, tracker, receipt_for({ ...log, origin: "evil.example/log" }, entries, 9)],
    ["index with a leading zero", policy, tracker, good.replace("index 9", "index 09")],
  ];
  return cases.map(([what, used, sought, receipt]) => ({
    what, ...verdict(() => check_receipt(receipt, sought, used)),
    origin: used.origin, checkpoint_key: to_hex(used.key), witnesses: used.witnesses,
    witness_threshold: used.witness_threshold, tracker: to_hex(sought), receipt,
  }));
}

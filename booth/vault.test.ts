import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { verify_ballot } from "./ballot.ts";
import { from_base64, from_hex, to_base64, to_hex, u32, utf8 } from "./bytes.ts";
import { read_code } from "./code.ts";
import { public_key } from "./credential.ts";
import { decode_point } from "./group.ts";
import { ballot_entry, receipt_for } from "./receipt.fixture.ts";
import { Refused } from "./refused.ts";
import { verify_signature } from "./schnorr.ts";
import { Transcript } from "./transcript.ts";
import { Vault } from "./vault.ts";

const log = { origin: "vote.example/log", secret_key: new Uint8Array(32).fill(11) };
const origin = "https://vote.example";
const contest = {
  name: { en: "A", fr: "A" }, bureau: 0, seats: 3, districts: [{ name: "North" }, { name: "South" }],
  options: [
    { kind: "list", name: "First", candidates: ["x"], common: [], sigle: false },
    { kind: "list", name: "Second", candidates: [], common: [], sigle: false },
    { kind: "blank" },
  ],
};
const manifest = {
  protocol: "isoloir/1", election_id: "0f".repeat(16), title: { en: "t", fr: "t" }, origin, log_origin: log.origin,
  contests: [contest, contest], bureaus: [{ name: "B", key: public_key(77n).toHex() }],
  keys: { checkpoint: to_hex(ed25519.getPublicKey(log.secret_key)), witnesses: [], witness_threshold: 0 },
};
const encode = (value: unknown) => utf8(JSON.stringify(value));
const bytes = encode(manifest);
const fingerprint = to_hex(sha256(bytes));
const sign_in = {
  code: "7K3MQ9XTB2WVC5HD2", handle: "EDU-1", nonce: "aa".repeat(32), session_binding: "bb".repeat(32),
};
const refused = (code: string) => (error: unknown) => error instanceof Refused && error.code === code;

async function opened(handle = sign_in.handle): Promise<Vault> {
  const vault = new Vault();
  vault.load(bytes, fingerprint, origin);
  await vault.open({ ...sign_in, handle });
  return vault;
}

test("a manifest is read for its fingerprint and its origin alone", () => {
  const vault = new Vault();
  assert.throws(() => vault.load(bytes, "00".repeat(32), origin), refused("fingerprint"));
  assert.throws(() => vault.load(bytes, fingerprint, "https://evil.example"), refused("origin"));
  const refusals: [string, object][] = [
    ["manifest", { ...manifest, protocol: "isoloir/2" }],
    ["manifest", { ...manifest, contests: [{ ...contest, bureau: 1 }] }],
    ["manifest", { ...manifest, contests: [{ ...contest, options: contest.options.slice(0, 2) }] }],
    ["manifest", { ...manifest, contests: [{ ...contest, districts: [] }] }],
    ["point_identity", { ...manifest, bureaus: [{ name: "B", key: "00".repeat(32) }] }],
    ["hex_length", { ...manifest, election_id: "00" }],
  ];
  for (const [code, changed] of refusals) {
    const encoded = encode(changed);
    assert.throws(() => vault.load(encoded, to_hex(sha256(encoded)), origin), refused(code), JSON.stringify(changed));
  }
});

test("the code opens with a proof for this nonce and session", async () => {
  const vault = new Vault();
  vault.load(bytes, fingerprint, origin);
  const { key, proof } = await vault.open(sign_in);
  const transcript = new Transcript(from_hex(manifest.election_id), from_hex(fingerprint));
  verify_signature(transcript, "sign-in proof",
    [from_hex(sign_in.nonce), from_hex(sign_in.session_binding), origin], decode_point(from_hex(key)), from_hex(proof));
});

test("a vote is sealed for its place, and shows what the screen showed", async () => {
  const vault = await opened();
  for (const [choice, shown] of [[1, "Second"], [2, null]] as const) {
    const { ballot, tracker } = vault.seal({ contest: 1, district: 1, choice, shown });
    const sealed = from_base64(ballot);
    verify_ballot({
      transcript: new Transcript(from_hex(manifest.election_id), from_hex(fingerprint)),
      fingerprint: from_hex(fingerprint), contest: 1, district: 1, election_key: public_key(77n), options: 3,
    }, sealed);
    assert.equal(tracker, to_hex(sha256(sealed)));
    assert.equal(vault.recognise(1, ballot), tracker);
  }
  assert.throws(() => vault.seal({ contest: 1, district: 1, choice: 0, shown: "Second" }), refused("self_check"));
  assert.throws(() => vault.seal({ contest: 1, district: 1, choice: 2, shown: "Second" }), refused("self_check"));
  assert.throws(() => vault.seal({ contest: 1, district: 2, choice: 0, shown: "First" }), refused("place"));
  assert.throws(() => vault.seal({ contest: 2, district: 0, choice: 0, shown: "First" }), refused("place"));
});

test("a kept ballot of another contest, voter or election is not taken up", async () => {
  const vault = await opened();
  const { ballot } = vault.seal({ contest: 0, district: 0, choice: 0, shown: "First" });
  assert.throws(() => vault.recognise(1, ballot), refused("foreign_ballot"));
  assert.throws(() => vault.recognise(0, "YmFsbG90"), refused("length"));
  const other_election = from_base64(ballot);
  other_election[4]! ^= 1;
  assert.throws(() => vault.recognise(0, to_base64(other_election)), refused("fingerprint"));
  const other_voter = await opened("EDU-2");
  assert.throws(() => other_voter.recognise(0, ballot), refused("foreign_ballot"));
});

test("receipts are checked under the manifest's log", async () => {
  const vault = await opened();
  const tracker = sha256(u32(5));
  const entries = [ballot_entry(sha256(u32(1)), sha256(u32(2))), ballot_entry(sha256(u32(3)), tracker)];
  assert.equal(vault.check(receipt_for(log, entries, 1), to_hex(tracker)), 1);
  assert.throws(() => vault.check(receipt_for(log, entries, 0), to_hex(tracker)), refused("tracker"));
  const forger = { ...log, secret_key: new Uint8Array(32) };
  assert.throws(() => vault.check(receipt_for(forger, entries, 1), to_hex(tracker)), refused("log_signature"));
});

test("what is forgotten cannot vote", async () => {
  const vault = await opened();
  vault.forget();
  assert.throws(() => vault.seal({ contest: 0, district: 0, choice: 0, shown: "First" }), /no code given/);
});

test("a new code: keys that its owner holds, proofs for this link, shown once", async () => {
  const vault = new Vault();
  vault.load(bytes, fingerprint, origin);
  const token_hash = "cc".repeat(32);
  const keys = await vault.renew({ handle: "EDU-1", contests: [1, 0], token_hash });
  assert.deepEqual(keys.ballotKeys.map(({ contest: k }) => k), [0, 1]);
  const code = vault.reveal();
  assert.throws(() => vault.reveal());
  assert.deepEqual(read_code(code), { code });

  const transcript = new Transcript(from_hex(manifest.election_id), from_hex(fingerprint));
  const proofs = [
    { items: ["sign-in", 0], key: keys.signInKey, proof: keys.signInProof },
    ...keys.ballotKeys.map(({ contest: k, key, proof }) => ({ items: ["ballot", k], key, proof })),
  ];
  for (const { items, key, proof } of proofs) {
    const check = (hash: string) => verify_signature(
      transcript, "key possession", [from_hex(hash), ...items], decode_point(from_hex(key)), from_hex(proof));
    check(token_hash);
    assert.throws(() => check("dd".repeat(32)), refused("signature"));
  }
  const { key } = await vault.open({ ...sign_in, code });
  assert.equal(key, keys.signInKey, "the code opens what was announced");
});

test("a new code is forgotten with the rest", async () => {
  const vault = new Vault();
  vault.load(bytes, fingerprint, origin);
  await vault.renew({ handle: "EDU-1", contests: [], token_hash: "cc".repeat(32) });
  vault.forget();
  assert.throws(() => vault.reveal());
});

import { argon2id } from "@noble/hashes/argon2.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { from_hex, system_random, to_hex, utf8 } from "./bytes.ts";
import { Credential, derive_seed, public_key } from "./credential.ts";
import { decode_point } from "./group.ts";
import { Refused } from "./refused.ts";
import { nonces_from, verify_signature } from "./schnorr.ts";
import { Transcript } from "./transcript.ts";

const transcript = new Transcript(new Uint8Array(16).fill(1), new Uint8Array(32).fill(2));
const nonces = nonces_from(system_random, transcript);

test("Argon2id: the vector of RFC 9106 section 5.3", () => {
  const tag = argon2id(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), {
    t: 3, m: 32, p: 4, dkLen: 32, version: 0x13,
    key: new Uint8Array(8).fill(3), personalization: new Uint8Array(12).fill(4),
  });
  assert.equal(to_hex(tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

test("Argon2id with the parameters of the protocol agrees with libsodium's crypto_pwhash", () => {
  const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
  const tag = argon2id(utf8("0123456789ABCDEFG"), salt, { t: 1, m: 16 * 1024, p: 1, version: 0x13, dkLen: 32 });
  assert.equal(to_hex(tag), "4af5a34fa71cd7776ee40abebaf98e6ec3475b9aa67c7804b8107e59127e2129");
});

test("the seed depends on code, handle and election, and progress ends at 1", async () => {
  const code = "7K3MQ9XTB2WVC5HD2";
  const steps: number[] = [];
  const seed = to_hex(await derive_seed(transcript, code, "voter 1", (done) => steps.push(done)));
  assert.equal(steps[steps.length - 1], 1);
  assert.equal(to_hex(await derive_seed(transcript, code, "voter 1")), seed);
  const salt = transcript.hash("credential salt", "voter 1").subarray(0, 16);
  assert.equal(seed, to_hex(argon2id(utf8(code), salt, { t: 1, m: 16384, p: 1, dkLen: 32 })));
  assert.notEqual(to_hex(await derive_seed(transcript, code, "voter 2")), seed);
  const elsewhere = new Transcript(new Uint8Array(16).fill(9), new Uint8Array(32).fill(2));
  assert.notEqual(to_hex(await derive_seed(elsewhere, code, "voter 1")), seed);
});

test("keys differ by purpose and contest, and go with the seed", () => {
  const credential = new Credential(transcript, new Uint8Array(32).fill(7));
  const keys = [credential.sign_in_key(), credential.ballot_key(0), credential.ballot_key(1)];
  assert.equal(new Set(keys).size, 3);
  credential.forget();
  assert.notEqual(credential.ballot_key(0), keys[1]);
});

test("the sign-in proof holds for its nonce, session, origin and key alone", () => {
  const credential = new Credential(transcript, new Uint8Array(32).fill(7));
  const key = public_key(credential.sign_in_key());
  const [nonce, session] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];
  const origin = "https://vote.example";
  const proof = credential.sign_in_proof(nonce, session, origin, nonces);
  verify_signature(transcript, "sign-in proof", [nonce, session, origin], key, proof);
  const other = decode_point(public_key(credential.ballot_key(0)).toBytes());
  const refusals: [Parameters<typeof verify_signature>[2], typeof key][] = [
    [[session, session, origin], key], [[nonce, nonce, origin], key], [[nonce, session, "https://evil.example"], key],
    [[nonce, session, origin], other],
  ];
  for (const [items, by] of refusals) {
    assert.throws(() => verify_signature(transcript, "sign-in proof", items, by, proof), Refused);
  }
  for (let i = 0; i < 64; i++) {
    const tampered = proof.slice();
    tampered[i]! ^= 1;
    assert.throws(() => verify_signature(transcript, "sign-in proof", [nonce, session, origin], key, tampered), Refused);
  }
  assert.throws(
    () => verify_signature(transcript, "sign-in proof", [nonce, session, origin], key, proof.subarray(1)), Refused);
});

test("hex of another case, form or length is refused", () => {
  for (const bad of ["AB", "a", "zz"]) assert.throws(() => from_hex(bad), Refused);
  assert.throws(() => from_hex("ab", 2), Refused);
});

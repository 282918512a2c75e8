import { sha512 } from "@noble/hashes/sha2.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballot_length, opened_choice, type Place, seal_ballot, verify_ballot } from "./ballot.ts";
import { concat, system_random } from "./bytes.ts";
import { public_key } from "./credential.ts";
import { decode_point, decode_scalar, encode_scalar, GENERATOR, multiply, ORDER, random_scalar, reduce } from "./group.ts";
import { Refused } from "./refused.ts";
import { type Nonces, nonces_from, sign } from "./schnorr.ts";
import { Transcript } from "./transcript.ts";

const fingerprint = new Uint8Array(32).fill(2);
const transcript = new Transcript(new Uint8Array(16).fill(1), fingerprint);
const nonces = nonces_from(system_random, transcript);
const key = random_scalar(system_random);

function place_with(options: number): Place {
  const election_key = multiply(GENERATOR, random_scalar(system_random));
  return { transcript, fingerprint, contest: 3, district: 5, election_key, options };
}

const refused = (...codes: string[]) => (error: unknown) => error instanceof Refused && codes.includes(error.code);

/** As a voter would who lies: changed bytes under her own good signature. */
function signed_again(ballot: Uint8Array): Uint8Array {
  const body = ballot.subarray(0, ballot.length - 64);
  return concat(body, sign(transcript, "ballot signature", [sha512(body)], key, nonces));
}

function with_scalar(ballot: Uint8Array, offset: number, change: (value: bigint) => bigint): Uint8Array {
  const changed = ballot.slice();
  changed.set(encode_scalar(change(decode_scalar(ballot.subarray(offset, offset + 32)))), offset);
  return changed;
}

for (const options of [1, 2, 11]) {
  test(`a ballot of ${options} options verifies and opens to the choice`, () => {
    const place = place_with(options);
    for (const choice of new Set([0, options >> 1, options - 1])) {
      const sealed = seal_ballot(place, key, choice, nonces);
      assert.equal(sealed.ballot.length, 236 + 288 * options);
      assert.ok(verify_ballot(place, sealed.ballot).equals(public_key(key)));
      assert.equal(opened_choice(place, sealed), choice);
    }
  });
}

test("a change in any field is refused, signed again or not", () => {
  const place = place_with(2);
  const { ballot } = seal_ballot(place, key, 1, nonces);
  const fields = [0, 4, 36, 40];
  for (let offset = 44; offset < ballot.length; offset += 32) fields.push(offset);
  for (const offset of fields) {
    for (const bit of [0, 3]) {
      const changed = ballot.slice();
      changed[offset]! ^= 1 << bit;
      assert.throws(() => verify_ballot(place, changed), Refused, `offset ${offset}`);
      if (offset < ballot.length - 64) {
        assert.throws(() => verify_ballot(place, signed_again(changed)), Refused, `offset ${offset}, signed again`);
      }
    }
  }
});

test("each check has its name", () => {
  const place = place_with(2);
  const { ballot } = seal_ballot(place, key, 0, nonces);
  const at = (offset: number) => {
    const changed = ballot.slice();
    changed[offset]! ^= 1;
    return changed;
  };
  const increment = (value: bigint) => reduce(value + 1n);
  const sum_z = 76 + 2 * 288 + 64;
  const table: [string, Uint8Array][] = [
    ["length", ballot.subarray(1)], ["length", concat(ballot, Uint8Array.of(0))],
    ["magic", at(3)], ["fingerprint", at(4)], ["contest", at(39)], ["district", at(43)],
    ["option_proof", with_scalar(ballot, 76 + 192, increment)], // e0
    ["option_proof", with_scalar(ballot, 76 + 224, increment)], // z0
    ["option_proof", with_scalar(ballot, 76 + 256, increment)], // z1
    ["sum_proof", with_scalar(ballot, sum_z, increment)],
    ["signature", with_scalar(ballot, ballot.length - 32, increment)],
  ];
  for (const [code, changed] of table) assert.throws(() => verify_ballot(place, changed), refused(code), code);
  const not_canonical = ballot.slice();
  not_canonical.set(encode_scalar(ORDER), sum_z);
  assert.throws(() => verify_ballot(place, not_canonical), refused("scalar_not_canonical"));
  const identity = ballot.slice();
  identity.fill(0, 76, 108);
  assert.throws(() => verify_ballot(place, identity), refused("point_identity"));
});

test("a ballot is good in its own place alone", () => {
  const place = place_with(2);
  const { ballot } = seal_ballot(place, key, 0, nonces);
  const other_transcript = new Transcript(new Uint8Array(16).fill(1), new Uint8Array(32).fill(9));
  assert.throws(() => verify_ballot({ ...place, contest: 4 }, ballot), refused("contest"));
  assert.throws(() => verify_ballot({ ...place, district: 4 }, ballot), refused("district"));
  assert.throws(() => verify_ballot({ ...place, transcript: other_transcript }, ballot), refused("option_proof"));
  assert.throws(() => verify_ballot({ ...place, election_key: public_key(7n) }, ballot), refused("option_proof"));
  assert.throws(() => verify_ballot({ ...place, options: 3 }, ballot), refused("length"));
});

test("options exchanged, or taken from another ballot, are refused", () => {
  const place = place_with(2);
  const [a, b] = [seal_ballot(place, key, 0, nonces).ballot, seal_ballot(place, key, 1, nonces).ballot];
  const option = (ballot: Uint8Array, i: number) => ballot.subarray(76 + 288 * i, 76 + 288 * (i + 1));
  const made_of = (first: Uint8Array, second: Uint8Array) =>
    signed_again(concat(a.subarray(0, 76), first, second, a.subarray(76 + 576)));
  assert.throws(() => verify_ballot(place, made_of(option(a, 1), option(a, 0))), refused("option_proof"));
  assert.throws(() => verify_ballot(place, made_of(option(a, 0), option(b, 1))), refused("option_proof"));
  assert.throws(() => verify_ballot(place, made_of(option(a, 0), option(a, 0))), refused("alpha_repeated"));
});

/** fresh() gives what is listed, then random scalars: r_0 … r_{n−1}, then for each option the simulated challenge and response. */
function scripted(...values: (bigint | undefined)[]): Nonces {
  return { ...nonces, fresh: () => values.shift() ?? nonces.fresh() };
}

test("scalars that are zero, and sums that are the identity, are accepted", () => {
  const r = random_scalar(system_random);
  const any = undefined;
  const cases: [string, number, Nonces, number?][] = [
    ["e0 = 0", 0, scripted(any, any, 0n), 76 + 192],
    ["z0 = 0", 0, scripted(any, any, any, 0n), 76 + 224],
    ["e1 = 0", 1, scripted(any, any, 0n)],
    ["z1 = 0", 1, scripted(any, any, any, 0n), 76 + 256],
    ["sum of r = 0", 0, scripted(r, ORDER - r)],
  ];
  for (const [name, choice, with_nonces, offset] of cases) {
    const place = place_with(2);
    const sealed = seal_ballot(place, key, choice, with_nonces);
    if (offset !== undefined) assert.equal(decode_scalar(sealed.ballot.subarray(offset, offset + 32)), 0n, name);
    verify_ballot(place, sealed.ballot);
    assert.equal(opened_choice(place, sealed), choice, name);
  }
});

test("openings that are not the ballot's, or bytes that hold something else, are found out", () => {
  const place = place_with(2);
  const { ballot, openings } = seal_ballot(place, key, 0, nonces);
  assert.throws(() => opened_choice(place, { ballot, openings: [openings[1]!, openings[0]!] }), refused("opening"));
  const other_point = multiply(GENERATOR, 1234n).toBytes();
  for (const [what, offset] of [["alpha", 76], ["beta of the chosen", 108], ["beta of the other", 108 + 288]] as const) {
    const changed = ballot.slice();
    changed.set(other_point, offset);
    assert.throws(() => opened_choice(place, { ballot: changed, openings }), refused("opening"), what);
  }
  // Two marks: β of the second option raised by the generator as well.
  const beta = decode_point(ballot.subarray(108 + 288, 140 + 288)).add(GENERATOR);
  const two = ballot.slice();
  two.set(beta.toBytes(), 108 + 288);
  assert.throws(() => opened_choice(place, { ballot: two, openings }), refused("opening"));
});

test("a choice outside the list is a programming error", () => {
  const place = place_with(2);
  for (const choice of [-1, 2, 0.5]) assert.throws(() => seal_ballot(place, key, choice, nonces), RangeError);
  assert.equal(ballot_length(11), 3404);
});

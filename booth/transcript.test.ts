import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { concat, from_hex, to_hex, u32, utf8 } from "./bytes.ts";
import { ORDER } from "./group.ts";
import { type Role, Transcript } from "./transcript.ts";

const election_id = from_hex("000102030405060708090a0b0c0d0e0f");
const fingerprint = Uint8Array.from({ length: 32 }, (_, i) => 100 + i);
const transcript = new Transcript(election_id, fingerprint);

// The bytes under the hash, field by field, put together by hand.
const CASES = [
  {
    what: "draft context, bytes and an integer",
    actual: transcript.hash("ballot key", new Uint8Array(32).fill(0x55), 7),
    bytes: "00000009" + "69736f6c6f69722f31" + "0000000a" + "62616c6c6f74206b6579" +
      "00000010" + "000102030405060708090a0b0c0d0e0f" + "00000020" + "55".repeat(32) + "00000004" + "00000007",
    hash: "55d6646ab5d315d9b80cab21a4161eaf31ece26828d2f12c54bf6a8b259488e9" +
      "e38de8a484f022a804004fb18a28c8d78049960e3d2bcd175851da2bc558b15f",
  },
  {
    what: "sealed context, a text written decomposed",
    actual: transcript.hash("sign-in proof", "e\u0301"),
    bytes: "00000009" + "69736f6c6f69722f31" + "0000000d" + "7369676e2d696e2070726f6f66" +
      "00000020" + "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283" + "00000002" + "c3a9",
    hash: "416d6cf4efcad1a2c164faa990b80fafed2561fb6c42bb90874178a01f58d2af" +
      "1353fb50b9b95e2383cc36fd744052e194c2cc80fe39d3b2da524dd45dcbb424",
  },
  {
    what: "no context, no item",
    actual: transcript.hash("nonce"),
    bytes: "00000009" + "69736f6c6f69722f31" + "00000005" + "6e6f6e6365" + "00000000",
    hash: "e13895ba45644bc039021484ea7095156639bb746bb48a00b95cbe867c30f107" +
      "9e2591715909a0c92c8690ea85e6bc2dc112279f6992a97c5b3537566e312f77",
  },
];

for (const { what, actual, bytes, hash } of CASES) {
  test(`transcript: ${what}`, () => {
    assert.equal(to_hex(actual), hash);
    assert.equal(createHash("sha512").update(Buffer.from(bytes, "hex")).digest("hex"), hash);
  });
}

test("each role has the context of the specification's table", () => {
  const table: Record<Role, Uint8Array> = {
    "credential salt": election_id, "sign-in key": election_id, "ballot key": election_id, "roster leaf": election_id,
    "ballot core": fingerprint, "option proof": fingerprint, "sum proof": fingerprint, "ballot signature": fingerprint,
    "sign-in proof": fingerprint, "key possession": fingerprint, nonce: new Uint8Array(0),
  };
  for (const [role, context] of Object.entries(table)) {
    const fields = [utf8("isoloir/1"), utf8(role), context].map((field) => concat(u32(field.length), field));
    const expected = createHash("sha512").update(concat(...fields)).digest("hex");
    assert.equal(to_hex(transcript.hash(role as Role)), expected, role);
  }
});

test("a scalar is the hash read little-endian, modulo the order", () => {
  const reversed = to_hex(transcript.hash("nonce").slice().reverse());
  assert.equal(transcript.scalar("nonce"), BigInt(`0x${reversed}`) % ORDER);
});

test("contexts of another size, and integers that are no u32, are programming errors", () => {
  assert.throws(() => new Transcript(fingerprint, fingerprint), RangeError);
  for (const bad of [-1, 2 ** 32, 1.5]) assert.throws(() => transcript.hash("nonce", bad), RangeError);
});

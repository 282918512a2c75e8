// count_vectors.json: units, tally hash, shares, qualifying sets, result.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Aggregate } from "../box.ts";
import { from_hex, to_hex, utf8 } from "../bytes.ts";
import { decode } from "../canonical_json.ts";
import { count_is_closed } from "../count_checks.ts";
import { open_ciphertexts, votes_in } from "../decryption.ts";
import { decode_point_or_identity } from "../group.ts";
import type { Event } from "../events.ts";
import { type Manifest, read_manifest } from "../manifest.ts";
import { Refused } from "../refused.ts";
import { check_result } from "../result.ts";
import { ciphertexts_of, read_shares, type SharesDocument } from "../shares.ts";
import { check_units, parse_tally, tally_hash, tally_units } from "../tally.ts";
import { Transcript } from "../transcript.ts";
import { accepts, vectors } from "./vectors.ts";

interface CountVectors {
  manifest: string; anchors: { log_size: number; log_root: string; box_root: string };
  districts: { contest: number; district: number; ballots: number; sums: [string, string][] }[];
  tally: string; tally_json: string; result_json: string; registered: number;
  shares: { what: string; document: string; refused: string | null }[];
  counts: { what: string; documents: number[]; votes?: number[][]; refused?: string }[];
}

const count = vectors<CountVectors>("count");
const manifest = read_manifest(utf8(count.manifest));
const fingerprint = sha256(utf8(count.manifest));
const transcript = new Transcript(from_hex(manifest.election_id), fingerprint);
const point = (hex: string) => decode_point_or_identity(from_hex(hex));
const aggregates = new Map(count.districts.map(({ contest, district, ballots, sums }): [string, Aggregate] =>
  [`${contest}-${district}`, { ballots, alpha: sums.map(([alpha]) => point(alpha)), beta: sums.map(([, beta]) => point(beta)) }]));
const units = tally_units(manifest, aggregates);
const ciphertexts = ciphertexts_of(0, units, manifest);
const anchors = { size: count.anchors.log_size, root: from_hex(count.anchors.log_root) };
const tally = tally_hash(transcript, anchors, from_hex(count.anchors.box_root), units);
const read = (document: string): SharesDocument => read_shares(utf8(document), tally, () => ciphertexts, manifest, transcript);

test("the tally hash, and tally.json", () => {
  assert.equal(tally, count.tally);
  check_units(parse_tally(utf8(count.tally_json)), units);
});

/** Our reason, "refused" for a document that may not be published at all, or null. */
function verdict(document: string): string | null {
  try {
    return read(document).left_out;
  } catch (error) {
    if (error instanceof Refused) return "refused";
    throw error;
  }
}

const LEFT_OUT = ["shares.set", "shares.identity", "shares.proof"];
for (const { what, document, refused } of count.shares) {
  test(`shares, ${what}: ${refused ?? "accepted"}`, () =>
    assert.equal(verdict(document), refused === null || LEFT_OUT.includes(refused) ? refused : "refused"));
}

for (const { what, documents, votes, refused } of count.counts) {
  test(`count, ${what}: ${refused ?? "accepted"}`, () => {
    const used = documents.map((index) => read(count.shares[index]!.document));
    const opened = () => open_ciphertexts(manifest.bureaus[0]!, used, ciphertexts);
    assert.equal(accepts(opened), refused === undefined);
    if (refused !== undefined) return;
    const counted = opened();
    const by_unit = units.map(({ unit }) =>
      ciphertexts.flatMap((one, i) => (one.unit === unit ? [votes_in(counted[i]!, one.ballots)] : [])));
    assert.deepEqual(by_unit, votes);
  });
}

test("a document that is left out is none of the threshold", () => {
  const [first, second, wrong] = [0, 1, 8].map((index) => read(count.shares[index]!.document));
  assert.equal(wrong!.left_out, "shares.proof");
  assert.ok(!accepts(() => open_ciphertexts(manifest.bureaus[0]!, [first!, second!, { ...wrong!, index: 3 }], ciphertexts)));
});

test("the result, and one that says otherwise", () => {
  const votes = parse_tally(utf8(count.tally_json)).units.map((unit) => unit.votes as number[]);
  const contests = [{ registered: count.registered, units: units.map((unit, i) => ({ ...unit, votes: votes[i]! })) }];
  const facts = { fingerprint: to_hex(fingerprint), tally, manifest, contests, documents: [] };
  check_result(decode(utf8(count.result_json)), facts);
  const changed = count.result_json.replace('"winner":0', '"winner":1');
  assert.notEqual(changed, count.result_json);
  assert.ok(!accepts(() => check_result(decode(utf8(changed)), facts)));
});

test("the count is closed by the bureaus that have a contest", () => {
  const manifest = { bureaus: [{}, {}, {}], contests: [{ bureau: 0 }, { bureau: 2 }] } as Manifest;
  const closed_by = (...bureaus: number[]) =>
    count_is_closed(bureaus.map((bureau) => ({ name: "close-count", bureau }) as Event), manifest);
  assert.equal(closed_by(0, 2), true);
  assert.equal(closed_by(0, 1), false);
  assert.equal(closed_by(0), false);
});

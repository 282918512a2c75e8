import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { u32, utf8 } from "./bytes.ts";
import { leaf_hash } from "./merkle.ts";
import { ballot_entry, receipt_for, signed_checkpoint, type TestLog, witness_vkey } from "./receipt.fixture.ts";
import type { LogPolicy } from "./receipt.ts";
import { check_kept_receipt, clean_note, type LogReader, type Question, type Report } from "./receipt_check.ts";
import { tiles_of } from "./tiles.fixture.ts";
import { tracker_of } from "./tracker.ts";

const log: TestLog = { origin: "vote.example/log", secret_key: new Uint8Array(32).fill(9) };
const policy: LogPolicy = {
  origin: log.origin, key: ed25519.getPublicKey(log.secret_key), witnesses: [], witness_threshold: 0,
};
const trackers = Array.from({ length: 300 }, (_, i) => tracker_of(u32(i)));
const entries = trackers.map((tracker, i) => ballot_entry(tracker_of(u32(1000 + i)), tracker));
const leaves = entries.map(leaf_hash);
const receipt = receipt_for(log, entries.slice(0, 16), 5);

/** A log as it stands when it has so many leaves. */
function log_of(all: Uint8Array[], signer = log): LogReader {
  const tiles = tiles_of(all);
  return async (path) => (path === "checkpoint" ? utf8(signed_checkpoint(signer, all)) : tiles(path));
}
const offline: LogReader = () => Promise.reject(new TypeError("no network"));

const told = ({ outcome, steps }: Report) =>
  [outcome, ...steps.map(({ name, state, code }) => `${name} ${state}${code ? ` ${code}` : ""}`)];
const check = (read: LogReader, more: Partial<Question> = {}) => check_kept_receipt({ receipt, ...more }, policy, read);

test("in the log of the same hour, and in one that has grown", async () => {
  for (const size of [16, 17, 64, 256, 300]) {
    const report = await check(log_of(leaves.slice(0, size)), { tracker: trackers[5] });
    assert.deepEqual(told(report), ["in_log", "receipt good", "tracker good", "today good", "prefix good", "place good"]);
    assert.deepEqual([report.index, report.size], [5, size]);
  }
});

test("the newest checkpoint may wait for its witnesses, the receipt's own may not", async () => {
  const witness = { name: "w.example", secret_key: new Uint8Array(32).fill(21) };
  const asking: LogPolicy = { ...policy, witnesses: [witness_vkey(witness)], witness_threshold: 1 };
  const witnessed = receipt_for(log, entries.slice(0, 16), 5, [witness]);
  const all_good = ["in_log", "receipt good", "today good", "prefix good", "place good"];
  const newest = signed_checkpoint(log, leaves.slice(0, 64));
  assert.deepEqual(told(await check_kept_receipt({ receipt: witnessed }, asking, log_of(leaves.slice(0, 64)))), all_good);
  assert.deepEqual(told(await check_kept_receipt({ receipt: witnessed, elsewhere: newest }, asking, log_of(leaves.slice(0, 64)))),
    [...all_good, "elsewhere good"]);
  assert.deepEqual(told(await check_kept_receipt({ receipt }, asking, log_of(leaves.slice(0, 64)))),
    ["failed", "receipt bad witnesses", "today good"]);
});

test("without a connection: authentic, and what was not checked is said", async () => {
  assert.deepEqual(told(await check(offline)), ["authentic", "receipt good", "today unchecked", "prefix unchecked", "place unchecked"]);
  // The checkpoint came, the tiles did not.
  const half: LogReader = (path) => (path === "checkpoint" ? log_of(leaves)(path) : offline(path));
  assert.deepEqual(told(await check(half)), ["authentic", "receipt good", "today good", "prefix unchecked", "place unchecked"]);
});

test("another tree, a log cut back, a checkpoint signed by somebody else", async () => {
  const forked = leaves.slice(0, 64).map((leaf, i) => (i === 3 ? leaf_hash(u32(3)) : leaf));
  assert.deepEqual(told(await check(log_of(forked))),
    ["failed", "receipt good", "today good", "prefix bad split", "place bad inclusion"].map((line, i) => (i === 4 ? "place good" : line)));
  const dropped = leaves.slice(0, 64).map((leaf, i) => (i === 5 ? leaf_hash(u32(3)) : leaf));
  assert.deepEqual(told(await check(log_of(dropped))),
    ["failed", "receipt good", "today good", "prefix bad split", "place bad inclusion"]);
  assert.deepEqual(told(await check(log_of(leaves.slice(0, 8)))),
    ["failed", "receipt good", "today good", "prefix bad behind", "place good"]);
  assert.deepEqual(told(await check(log_of(leaves.slice(0, 3)))),
    ["failed", "receipt good", "today good", "prefix bad behind", "place bad behind"]);
  const stranger = { ...log, secret_key: new Uint8Array(32).fill(8) };
  assert.deepEqual(told(await check(log_of(leaves, stranger))),
    ["failed", "receipt good", "today bad log_signature", "prefix unchecked", "place unchecked"]);
  // Signed as it should be, and tiles of another tree.
  const true_log = log_of(leaves);
  const other_tiles = log_of(forked.concat(leaves.slice(64)));
  const mixed: LogReader = (path) => (path === "checkpoint" ? true_log(path) : other_tiles(path));
  assert.equal((await check(mixed)).outcome, "failed");
});

test("a receipt that was altered, another ballot's, another election's, and what is none", async () => {
  const altered = receipt.replace("index 5", "index 6");
  assert.deepEqual(told(await check(log_of(leaves), { receipt: altered })), ["failed", "receipt bad inclusion", "today good"]);
  assert.deepEqual(told(await check(log_of(leaves), { tracker: trackers[6] })),
    ["failed", "receipt good", "tracker bad tracker", "today good", "prefix good", "place good"]);
  const elsewhere = receipt_for({ ...log, origin: "other.example/log" }, entries.slice(0, 16), 5);
  assert.deepEqual(told(await check(log_of(leaves), { receipt: elsewhere })), ["other_election"]);
  for (const none of ["", "hello\n", receipt.slice(0, 60)]) assert.deepEqual(told(await check(offline, { receipt: none })), ["no_receipt"]);
});

test("a checkpoint got elsewhere: before or of today, ahead of what is shown, of another tree, of nobody's", async () => {
  const noted = (size: number, all = leaves) => signed_checkpoint(log, all.slice(0, size));
  const today = log_of(leaves.slice(0, 64));
  const verdict = async (elsewhere: string, read = today) =>
    (await check(read, { elsewhere })).steps.filter(({ name }) => name === "elsewhere").map(({ state, code }) => code ?? state)[0];
  for (const size of [1, 16, 40, 64]) assert.equal(await verdict(noted(size)), "good", String(size));
  assert.equal(await verdict(noted(65)), "behind");
  const forked = leaves.map((leaf, i) => (i === 20 ? leaf_hash(u32(3)) : leaf));
  assert.equal(await verdict(noted(64, forked)), "split");
  assert.equal(await verdict(noted(40, forked)), "split");
  assert.equal(await verdict(noted(16), offline), "good");
  assert.equal(await verdict(noted(16, [leaf_hash(u32(1)), ...leaves]), offline), "split");
  assert.equal(await verdict(noted(40), offline), "unchecked");
  assert.equal(await verdict("hello"), "checkpoint_form");
  assert.equal(await verdict(signed_checkpoint({ ...log, origin: "other.example/log" }, leaves)), "origin");
});

test("line ends of mail and fields, and lost ones, do not matter", async () => {
  assert.equal(clean_note(`\n ${receipt.replace(/\n/g, "\r\n")}\r\n\r\n`), receipt);
  assert.equal(clean_note(receipt.slice(0, -1)), receipt);
});

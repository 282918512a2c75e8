import { ed25519, ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, from_base64, from_hex, to_base64, to_hex, u32, utf8 } from "./bytes.ts";
import { ed25519_accepts } from "./ed25519.ts";
import { encode_scalar, ORDER } from "./group.ts";
import { inclusion_path, tree_root } from "./merkle.fixture.ts";
import { leaf_hash, node_hash, proves_inclusion } from "./merkle.ts";
import {
  ballot_entry, checkpoint_text, proof_text, receipt_for, signature_line, signed_checkpoint, witness_vkey,
} from "./receipt.fixture.ts";
import { check_receipt, type LogPolicy } from "./receipt.ts";
import { Refused } from "./refused.ts";

const log = { origin: "vote.example/log", secret_key: new Uint8Array(32).fill(11) };
const policy: LogPolicy = {
  origin: log.origin, key: ed25519.getPublicKey(log.secret_key), witnesses: [], witness_threshold: 0,
};
const entries = Array.from({ length: 16 }, (_, i) => ballot_entry(sha256(u32(i)), sha256(u32(100 + i))));
const leaves = entries.map(leaf_hash);
const tracker = sha256(u32(105));
const good = receipt_for(log, entries, 5);
const refused = (code: string) => (error: unknown) => error instanceof Refused && error.code === code;

test("inclusion proofs of every leaf in trees of 1 to 40 leaves, each refused for anything else", () => {
  for (let size = 1; size <= 40; size++) {
    const tree = Array.from({ length: size }, (_, i) => leaf_hash(u32(i)));
    const root = tree_root(tree);
    for (const [index, leaf] of tree.entries()) {
      const path = inclusion_path(tree, index);
      assert.ok(proves_inclusion(leaf, index, size, path, root), `${index} of ${size}`);
      assert.ok(!proves_inclusion(leaf_hash(u32(99)), index, size, path, root));
      for (let other = 0; other <= size; other++) {
        if (other !== index) assert.ok(!proves_inclusion(leaf, other, size, path, root), `${index} as ${other} of ${size}`);
      }
      assert.ok(!proves_inclusion(leaf, index, size, [...path, root], root));
      if (path.length > 0) assert.ok(!proves_inclusion(leaf, index, size, path.slice(0, -1), root));
      for (const i of path.keys()) {
        const changed = path.map((hash, j) => (i === j ? sha256(hash) : hash));
        assert.ok(!proves_inclusion(leaf, index, size, changed, root));
      }
    }
  }
});

test("a path longer than the tree is deep is refused, even if it leads to the root", () => {
  const [leaf, extra] = [leaf_hash(u32(1)), leaf_hash(u32(2))];
  assert.ok(!proves_inclusion(leaf, 0, 1, [extra], node_hash(extra, leaf)));
  assert.ok(!proves_inclusion(leaf, 0, 1, [extra], node_hash(leaf, extra)));
});

test("roots of the tree that tests build on are those of RFC 6962", () => {
  // From the reference tests of Certificate Transparency: the empty tree, and its eight sample leaves.
  assert.equal(to_hex(tree_root([])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const samples = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const tree = samples.map((sample) => leaf_hash(from_hex(sample)));
  assert.equal(to_hex(tree_root(tree.slice(0, 1))), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  assert.equal(to_hex(tree_root(tree)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
});

test("a good receipt is accepted", () => {
  assert.deepEqual(check_receipt(good, tracker, policy), { index: 5, size: 16, root: tree_root(leaves) });
  const alone = receipt_for(log, entries.slice(5, 6), 0);
  assert.equal(check_receipt(alone, tracker, policy).size, 1);
});

test("the example of signed-note is accepted by our rule for Ed25519", () => {
  const key = from_base64("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").subarray(1);
  const blob = from_base64("Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=");
  assert.ok(ed25519_accepts(key, utf8("This is an example message.\n"), blob.subarray(4)));
  assert.ok(!ed25519_accepts(key, utf8("This is an example message"), blob.subarray(4)));
});

test("wrong tracker, kind or length of entry", () => {
  assert.throws(() => check_receipt(good, sha256(u32(106)), policy), refused("tracker"));
  const path = inclusion_path(leaves, 5);
  const checkpoint = signed_checkpoint(log, leaves);
  const pad = concat(Uint8Array.of(2), entries[5]!.subarray(1));
  assert.throws(() => check_receipt(proof_text(pad, 5, path, checkpoint), tracker, policy), refused("entry"));
  const long = concat(entries[5]!, Uint8Array.of(0));
  assert.throws(() => check_receipt(proof_text(long, 5, path, checkpoint), tracker, policy), refused("entry"));
  const other_nonce = ballot_entry(sha256(u32(77)), tracker);
  assert.throws(() => check_receipt(proof_text(other_nonce, 5, path, checkpoint), tracker, policy), refused("inclusion"));
});

test("a proof tampered with", () => {
  const path = inclusion_path(leaves, 5);
  const checkpoint = signed_checkpoint(log, leaves);
  const entry = entries[5]!;
  assert.throws(() => check_receipt(proof_text(entry, 4, path, checkpoint), tracker, policy), refused("inclusion"));
  assert.throws(() => check_receipt(proof_text(entry, 16, path, checkpoint), tracker, policy), refused("inclusion"));
  assert.throws(
    () => check_receipt(proof_text(entry, 5, path.slice(1), checkpoint), tracker, policy), refused("inclusion"));
  const changed = [sha256(path[0]!), ...path.slice(1)];
  assert.throws(() => check_receipt(proof_text(entry, 5, changed, checkpoint), tracker, policy), refused("inclusion"));
});

test("a checkpoint of another log, key, size or root, unsigned, or signed over other text", () => {
  const path = inclusion_path(leaves, 5);
  const receipt = (checkpoint: string) => proof_text(entries[5]!, 5, path, checkpoint);
  const elsewhere = { ...log, origin: "evil.example/log" };
  assert.throws(() => check_receipt(receipt(signed_checkpoint(elsewhere, leaves)), tracker, policy), refused("origin"));
  const forger = { ...log, secret_key: new Uint8Array(32).fill(12) };
  assert.throws(() => check_receipt(receipt(signed_checkpoint(forger, leaves)), tracker, policy), refused("log_signature"));
  const text = checkpoint_text(log.origin, leaves);
  const sign = (signed: string, name = log.origin) => signature_line(name, 1, log.secret_key, utf8(signed));
  for (const signed of [text.replace("\n16\n", "\n17\n"), text.slice(0, -1), `${text}\n`]) {
    assert.throws(() => check_receipt(receipt(`${text}\n${sign(signed)}`), tracker, policy), refused("log_signature"));
  }
  // Only a signature under another name: unknown, passed over, and none is left.
  assert.throws(
    () => check_receipt(receipt(`${text}\n${sign(text, "other.example")}`), tracker, policy), refused("log_signature"));
  // A good one does not make up for a bad one of the same key, but unknown ones do no harm.
  assert.throws(
    () => check_receipt(receipt(`${text}\n${sign(text)}${sign("x")}`), tracker, policy), refused("log_signature"));
  check_receipt(receipt(`${text}\n${sign(text, "other.example")}${sign(text)}`), tracker, policy);
  // Extension lines, which other verifiers of our receipts do not read.
  const extended = `${text}extension\n`;
  assert.throws(
    () => check_receipt(receipt(`${extended}\n${sign(extended)}`), tracker, policy), refused("checkpoint_form"));
});

test("text that is no receipt", () => {
  const bad = [
    "", "\n\n", good.replace("@v1", "@v2"), good.replace("index 5", "index 05"), good.replace("index 5", "index -5"),
    good.replace("index 5", "index 5 "), good.replace(/^extra .*\n/m, ""), good.replace("\n16\n", "\n016\n"),
    good.replace(/\n/g, "\r\n"), good.replace("\u2014", "-"), good.slice(0, -1), `${good}\n`,
    good.replace("extra ", "extra  "), good.replace("index 5\n", "index 5\nAAAA\n"),
    good.replace("index 5", `index ${2 ** 53}`), `${good}${"x".repeat(65536)}\n`,
  ];
  for (const text of bad) assert.throws(() => check_receipt(text, tracker, policy), Refused, JSON.stringify(text).slice(0, 200));
});

test("witnesses: as many as the manifest asks, each known and good", () => {
  const witnesses = [21, 22].map((seed) => ({ name: `w${seed}.example`, secret_key: new Uint8Array(32).fill(seed) }));
  const asking = (threshold: number): LogPolicy =>
    ({ ...policy, witnesses: witnesses.map(witness_vkey), witness_threshold: threshold });
  const with_one = receipt_for(log, entries, 5, witnesses.slice(0, 1));
  const with_two = receipt_for(log, entries, 5, witnesses);
  check_receipt(with_two, tracker, asking(2));
  check_receipt(with_one, tracker, asking(1));
  assert.throws(() => check_receipt(with_one, tracker, asking(2)), refused("witnesses"));
  const stranger = { name: "w22.example", secret_key: new Uint8Array(32).fill(23) };
  const with_stranger = receipt_for(log, entries, 5, [witnesses[0]!, stranger]);
  assert.throws(() => check_receipt(with_stranger, tracker, asking(2)), refused("witnesses"));
  // A line that is not good counts for nothing, and takes nothing from those that are (section 8).
  check_receipt(receipt_for(log, entries, 5, [...witnesses, stranger]), tracker, asking(2));
  const twice = receipt_for(log, entries, 5, [witnesses[0]!, witnesses[0]!]);
  assert.throws(() => check_receipt(twice, tracker, asking(2)), refused("witnesses"));
});

test("Ed25519: small-order key, s not below the order, A or R not canonical", () => {
  const message = utf8("message");
  const key = ed25519.getPublicKey(log.secret_key);
  const signature = ed25519.sign(message, log.secret_key);
  assert.ok(ed25519_accepts(key, message, signature));
  const s = BigInt(`0x${to_hex(signature.slice(32).reverse())}`);
  const same_class = concat(signature.subarray(0, 32), encode_scalar(s + ORDER));
  assert.ok(!ed25519_accepts(key, message, same_class));
  // With A of small order, R = s·B − h·A can be had without any secret: one of eight messages always fits.
  for (const encoding of ED25519_TORSION_SUBGROUP) {
    const identity = from_hex(`01${"00".repeat(31)}`);
    for (let i = 0; i < 16; i++) {
      assert.ok(!ed25519_accepts(from_hex(encoding), u32(i), concat(identity, new Uint8Array(32))));
    }
  }
  // y = p + 1 is the identity again, written otherwise.
  const not_canonical = from_hex(`ee${"ff".repeat(30)}7f`);
  assert.ok(!ed25519_accepts(not_canonical, message, concat(from_hex(`01${"00".repeat(31)}`), new Uint8Array(32))));
  assert.ok(!ed25519_accepts(key, message, signature.subarray(1)));
  assert.ok(!ed25519_accepts(key.subarray(1), message, signature));
});

test("base64 has one form", () => {
  assert.equal(to_base64(Uint8Array.of(255)), "/w==");
  for (const bad of ["/w=", "/w", "/x==", " /w==", "_w==", "*"]) assert.throws(() => from_base64(bad), Refused, bad);
});

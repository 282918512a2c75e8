// log_vectors.json: entries, roots, proofs of inclusion, checkpoints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, from_hex, to_hex, utf8 } from "../bytes.ts";
import { check_inclusion, GrowingTree, leaf_hash } from "../merkle.ts";
import { read_checkpoint } from "../signed_note.ts";
import { accepts, refusal, vectors } from "./vectors.ts";

interface LogVectors {
  link_key: string; receipt_key: string;
  entries: { kind: number; content: string; entry: string; leaf: string }[];
  roots: string[];
  inclusions: { what: string; index: number; size: number; proof: string[]; accept: boolean }[];
  checkpoint: { seed: string; key: string; origin: string;
    notes: { what: string; note: string; size?: number; root?: string; refused?: string }[] };
}

const log = vectors<LogVectors>("log");

test("the receipt key", () => assert.equal(to_hex(hmac(sha256, from_hex(log.link_key), utf8("receipt"))), log.receipt_key));

for (const [n, { kind, content, entry, leaf }] of log.entries.entries()) {
  test(`entry ${n}, of kind ${kind}`, () => {
    const bytes = kind === 1 ? concat(hmac(sha256, from_hex(log.receipt_key), from_hex(content)), from_hex(content))
      : kind === 2 ? from_hex(content) : utf8(content);
    assert.equal(to_hex(concat(Uint8Array.of(kind), bytes)), entry);
    assert.equal(to_hex(leaf_hash(Uint8Array.of(kind), bytes)), leaf);
  });
}

test("the root of each size", () => {
  const tree = new GrowingTree();
  const roots = [to_hex(tree.root())];
  for (const { leaf } of log.entries) {
    tree.add(from_hex(leaf));
    roots.push(to_hex(tree.root()));
  }
  assert.deepEqual(roots, log.roots);
});

for (const { what, index, size, proof, accept } of log.inclusions) {
  test(`inclusion of ${index} in ${size}, ${what}: ${accept ? "accepted" : "refused"}`, () => {
    const leaf = from_hex(log.entries[Math.min(index, log.entries.length - 1)]!.leaf);
    const root = from_hex(log.roots[size]!);
    assert.equal(accepts(() => check_inclusion(leaf, index, size, proof.map((hash) => from_hex(hash)), root)), accept);
  });
}

const REFUSALS: Record<string, RegExp> = {
  signature: /has not signed|Ed25519 signature is wrong/, origin: /another log/,
    form: /one form|no signed note|without a signature|control character/,
};

for (const { what, note, size, root, refused } of log.checkpoint.notes) {
  test(`checkpoint, ${what}: ${refused ? "refused" : "accepted"}`, () => {
    const { origin, key, seed } = log.checkpoint;
    assert.equal(to_hex(ed25519.getPublicKey(from_hex(seed))), key);
    const policy = { origin, key: from_hex(key), witnesses: [], witness_threshold: 0 };
    const said = refusal(() => read_checkpoint(note, policy));
    if (refused !== undefined) return assert.match(said ?? "accepted", REFUSALS[refused.replace("checkpoint.", "")]!);
    assert.equal(said, null);
    const read = read_checkpoint(note, policy);
    assert.deepEqual([read.size, to_hex(read.root)], [size, root]);
  });
}

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { ed25519_vectors } from "./ed25519_vectors.ts";
import { booth_vectors } from "./vectors.ts";

test("the vectors on disk are what the booth makes", async () => {
  for (const [file, vectors] of [["booth_vectors", await booth_vectors()], ["ed25519_vectors", ed25519_vectors()]]) {
    const path = `tests/data/${file}.json`;
    const text = `${JSON.stringify(vectors, null, 1)}\n`;
    if (process.env.UPDATE_VECTORS) writeFileSync(path, text);
    assert.equal(readFileSync(path, "utf8"), text);
  }
});

test("Ed25519 accepts what holds exactly, with neither A nor R of small order", () => {
  const accepted = (ed25519_vectors() as { what: string; accept: boolean }[]).filter(({ accept }) => accept);
  assert.deepEqual(accepted.map(({ what }) => what), [
    "RFC 8032, test 1", "RFC 8032, test 2", "RFC 8032, test 3", "good", "A mixed, h a multiple of 8: holds exactly",
    "A and R mixed, h = 5 mod 8: holds exactly",
  ]);
  assert.equal(ed25519_vectors().length, 22);
});

test("each vector has the verdict that its name announces", async () => {
  const vectors = (await booth_vectors()) as Record<"ballots" | "receipts", { what: string; accept: boolean; code?: string }[]>;
  const refusals = (list: typeof vectors.ballots) => Object.fromEntries(
    list.filter(({ accept }) => !accept).map(({ what, code }) => [what, code]));
  assert.equal(vectors.ballots.filter(({ accept }) => accept).length, 9);
  assert.deepEqual(refusals(vectors.ballots), {
    "a byte short": "length", "a byte long": "length", magic: "magic", fingerprint: "fingerprint", contest: "contest",
    district: "district", "voter key is the identity": "point_identity", "alpha is the identity": "point_identity",
    "beta not canonical": "point_not_canonical", "z of the sum is the order": "scalar_not_canonical",
    "e0 + 1, signed again": "option_proof", "z0 + 1, signed again": "option_proof",
    "z1 + 1, signed again": "option_proof", "z of the sum + 1, signed again": "sum_proof",
    "options exchanged, signed again": "option_proof", "one option twice, signed again": "alpha_repeated",
    "s of the signature + 1": "signature",
  });
  assert.equal(vectors.receipts.filter(({ accept }) => accept).length, 4);
  assert.deepEqual(refusals(vectors.receipts), {
    "witness missing": "witnesses", "tracker of another ballot": "tracker", "path of another leaf": "inclusion",
    "checkpoint by another key": "log_signature", "checkpoint of another origin": "origin",
    "index with a leading zero": "form",
  });
});

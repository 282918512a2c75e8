import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { booth_vectors } from "./vectors.ts";

const FILE = "tests/data/booth_vectors.json";

test("the vectors on disk are what the booth makes", async () => {
  const text = `${JSON.stringify(await booth_vectors(), null, 1)}\n`;
  if (process.env.UPDATE_VECTORS) writeFileSync(FILE, text);
  assert.equal(readFileSync(FILE, "utf8"), text);
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

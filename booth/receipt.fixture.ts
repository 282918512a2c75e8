// A log that signs receipts, for tests and vectors: the other side of what receipt.ts checks.
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, from_hex, to_base64, utf8 } from "./bytes.ts";
import { inclusion_path, tree_root } from "./merkle.fixture.ts";
import { leaf_hash } from "./merkle.ts";
import { note_key_id } from "./receipt.ts";

export interface TestLog {
  origin: string;
  secret_key: Uint8Array; // Ed25519 seed, 32 bytes
}

export interface TestWitness {
  name: string;
  secret_key: Uint8Array;
}

export function ballot_entry(nonce: Uint8Array, tracker: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1), nonce, tracker);
}

export function signature_line(name: string, type: number, secret_key: Uint8Array, signed: Uint8Array, prefix = ""): string {
  const key_id = from_hex(note_key_id(name, type, ed25519.getPublicKey(secret_key)));
  return `\u2014 ${name} ${to_base64(concat(key_id, from_hex(prefix), ed25519.sign(signed, secret_key)))}\n`;
}

export function checkpoint_text(origin: string, leaves: Uint8Array[]): string {
  return `${origin}\n${leaves.length}\n${to_base64(tree_root(leaves))}\n`;
}

export function signed_checkpoint(log: TestLog, leaves: Uint8Array[], witnesses: TestWitness[] = [], time = 1n): string {
  const text = checkpoint_text(log.origin, leaves);
  const lines = witnesses.map(({ name, secret_key }) =>
    signature_line(name, 4, secret_key, utf8(`cosignature/v1\ntime ${time}\n${text}`), time.toString(16).padStart(16, "0")));
  return `${text}\n${signature_line(log.origin, 1, log.secret_key, utf8(text))}${lines.join("")}`;
}

export function proof_text(entry: Uint8Array, index: number, path: Uint8Array[], checkpoint: string): string {
  return ["c2sp.org/tlog-proof@v1", `extra ${to_base64(entry)}`, `index ${index}`, ...path.map(to_base64), "", checkpoint]
    .join("\n");
}

export function receipt_for(
  log: TestLog, entries: Uint8Array[], index: number, witnesses: TestWitness[] = [],
): string {
  const leaves = entries.map(leaf_hash);
  return proof_text(entries[index]!, index, inclusion_path(leaves, index), signed_checkpoint(log, leaves, witnesses));
}

export function witness_vkey({ name, secret_key }: TestWitness): string {
  const key = ed25519.getPublicKey(secret_key);
  return `${name}+${note_key_id(name, 4, key)}+${to_base64(concat(Uint8Array.of(4), key))}`;
}

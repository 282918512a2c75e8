// The receipt (docs/protocol.md section 8): a C2SP tlog-proof whose extra data is the log entry. It is good when the entry is
// the voter's, the proof leads from its leaf to the checkpoint's root, and the checkpoint is signed by the log and by as many
// witnesses as the manifest asks. Formats: c2sp.org/tlog-proof, signed-note, tlog-checkpoint, tlog-cosignature.
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, from_base64, same_bytes, to_hex, utf8 } from "./bytes.ts";
import { ed25519_accepts } from "./ed25519.ts";
import { leaf_hash, proves_inclusion } from "./merkle.ts";
import { Refused } from "./refused.ts";

const RECEIPT_BYTES_MAX = 64 * 1024;
const NOTE_SIGNATURES_MAX = 64;
const ENTRY_LENGTH = 65;
const BALLOT_ENTRY = 1;
const ED25519_NOTE = 1;
const ED25519_COSIGNATURE = 4;

/** Whose signatures count: from the manifest. */
export interface LogPolicy {
  origin: string;
  key: Uint8Array; // Ed25519, 32 bytes
  witnesses: string[]; // vkeys
  witness_threshold: number;
}

export interface CheckedReceipt {
  index: number;
  size: number;
  root: Uint8Array;
}

export interface CheckedCheckpoint {
  size: number;
  root: Uint8Array;
}

interface TlogProof {
  entry: Uint8Array;
  index: number;
  path: Uint8Array[];
  checkpoint: string;
}

interface Checkpoint {
  text: string;
  origin: string;
  size: number;
  root: Uint8Array;
  signatures: NoteSignature[];
}

interface NoteSignature {
  name: string;
  key_id: string; // 8 hex digits
  bytes: Uint8Array;
}

/** Throws Refused; codes: form, entry, tracker, checkpoint_form, origin, log_signature, witnesses, inclusion. */
export function check_receipt(receipt: string, tracker: Uint8Array, policy: LogPolicy): CheckedReceipt {
  const proof = parse_proof(receipt);
  if (!same_bytes(tracker_in(proof), tracker)) throw new Refused("tracker");
  const { size, root } = check_checkpoint(proof.checkpoint, policy);
  if (!proves_inclusion(leaf_hash(proof.entry), proof.index, size, proof.path, root)) throw new Refused("inclusion");
  return { index: proof.index, size, root };
}

/** A checkpoint by itself. Throws Refused; codes: checkpoint_form, origin, log_signature, witnesses, and those of bad encodings. */
export function check_checkpoint(note: string, policy: LogPolicy): CheckedCheckpoint {
  const checkpoint = parse_checkpoint(note);
  if (checkpoint.origin !== policy.origin) throw new Refused("origin");
  check_log_signature(checkpoint, policy);
  check_witnesses(checkpoint, policy);
  return { size: checkpoint.size, root: checkpoint.root };
}

/** What a receipt says before it is checked: which ballot, in which log. Throws Refused. */
export function receipt_claim(receipt: string): { tracker: Uint8Array; leaf: Uint8Array; origin: string } {
  const proof = parse_proof(receipt);
  return { tracker: tracker_in(proof), leaf: leaf_hash(proof.entry), origin: parse_checkpoint(proof.checkpoint).origin };
}

function tracker_in({ entry }: TlogProof): Uint8Array {
  if (entry.length !== ENTRY_LENGTH || entry[0] !== BALLOT_ENTRY) throw new Refused("entry");
  return entry.subarray(ENTRY_LENGTH - 32);
}

function parse_proof(receipt: string): TlogProof {
  if (receipt.length > RECEIPT_BYTES_MAX) throw new Refused("form");
  const end = receipt.indexOf("\n\n");
  if (end < 0) throw new Refused("form");
  const [header, extra, index, ...path] = receipt.slice(0, end).split("\n");
  if (header !== "c2sp.org/tlog-proof@v1") throw new Refused("form");
  return {
    entry: from_base64(after("extra ", extra)),
    index: decimal(after("index ", index)),
    path: path.map(hash_line),
    checkpoint: receipt.slice(end + 2),
  };
}

function parse_checkpoint(note: string): Checkpoint {
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(note) || !note.endsWith("\n")) throw new Refused("checkpoint_form");
  const blank = note.lastIndexOf("\n\n");
  if (blank < 0) throw new Refused("checkpoint_form");
  const text = note.slice(0, blank + 1);
  const [origin, size, root, ...extensions] = text.slice(0, -1).split("\n");
  // Our logs write no extension lines: a receipt that other verifiers would not read is none.
  if (!origin || size === undefined || root === undefined || extensions.length > 0) {
    throw new Refused("checkpoint_form");
  }
  const signatures = note.slice(blank + 2, -1).split("\n").map(signature_line);
  if (signatures.length > NOTE_SIGNATURES_MAX) throw new Refused("checkpoint_form");
  return { text, origin, size: decimal(size), root: hash_line(root), signatures };
}

function signature_line(line: string): NoteSignature {
  const match = /^\u2014 ([^\p{White_Space}+]+) ([^\s]+)$/u.exec(line);
  if (!match) throw new Refused("checkpoint_form");
  const blob = from_base64(match[2]!);
  if (blob.length < 5) throw new Refused("checkpoint_form");
  return { name: match[1]!, key_id: to_hex(blob.subarray(0, 4)), bytes: blob.subarray(4) };
}

function after(prefix: string, line: string | undefined): string {
  if (!line?.startsWith(prefix)) throw new Refused("form");
  return line.slice(prefix.length);
}

function decimal(text: string): number {
  const value = Number(text);
  if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) throw new Refused("form");
  return value;
}

function hash_line(line: string): Uint8Array {
  const hash = from_base64(line);
  if (hash.length !== 32) throw new Refused("form");
  return hash;
}

/** key ID = first 4 bytes of SHA-256(name, newline, type, key), in hex. */
export function note_key_id(name: string, type: number, key: Uint8Array): string {
  return to_hex(sha256(concat(utf8(name), Uint8Array.of(0x0a, type), key)).subarray(0, 4));
}

// Every signature of a known key must be good, those of unknown keys are passed over (signed-note).
function check_log_signature(checkpoint: Checkpoint, policy: LogPolicy): void {
  const key_id = note_key_id(policy.origin, ED25519_NOTE, policy.key);
  const own = checkpoint.signatures.filter((line) => line.name === policy.origin && line.key_id === key_id);
  const message = utf8(checkpoint.text);
  if (own.length === 0 || !own.every((line) => ed25519_accepts(policy.key, message, line.bytes))) {
    throw new Refused("log_signature");
  }
}

function check_witnesses(checkpoint: Checkpoint, policy: LogPolicy): void {
  const agreeing = policy.witnesses.map(parse_vkey).filter(({ name, key_id, key }) => {
    const own = checkpoint.signatures.filter((line) => line.name === name && line.key_id === key_id);
    return own.some((line) => cosignature_good(checkpoint.text, key, line.bytes));
  });
  if (agreeing.length < policy.witness_threshold) throw new Refused("witnesses");
}

function cosignature_good(text: string, key: Uint8Array, bytes: Uint8Array): boolean {
  if (bytes.length !== 72) return false;
  const time = BigInt(`0x${to_hex(bytes.subarray(0, 8))}`);
  return ed25519_accepts(key, utf8(`cosignature/v1\ntime ${time}\n${text}`), bytes.subarray(8));
}

function parse_vkey(vkey: string): { name: string; key_id: string; key: Uint8Array } {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
  if (!match) throw new Refused("witnesses");
  const [type, key] = split_key(from_base64(match[3]!));
  const name = match[1]!;
  if (type !== ED25519_COSIGNATURE || key.length !== 32 || note_key_id(name, type, key) !== match[2]) {
    throw new Refused("witnesses");
  }
  return { name, key_id: match[2]!, key };
}

function split_key(bytes: Uint8Array): [number | undefined, Uint8Array] {
  return [bytes[0], bytes.subarray(1)];
}

// Checkpoints of the log (section 8): C2SP tlog-checkpoint in a signed-note, with cosignatures of witnesses.
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, from_base64, from_hex, utf8 } from "./bytes.ts";
import { check_ed25519 } from "./ed25519.ts";
import { Refused, require_that } from "./refused.ts";

const LOG_KEY = 0x01;
const COSIGNATURE = 0x04;
const SIGNATURES_MAX = 64;

export interface Witness { vkey: string; name: string; id: Uint8Array; key: Uint8Array }
export interface LogPolicy { origin: string; key: Uint8Array; witnesses: Witness[]; witness_threshold: number }
export interface Checkpoint { origin: string; size: number; root: Uint8Array }

const key_id = (name: string, type: number, key: Uint8Array): Uint8Array =>
  sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key)).subarray(0, 4);

/** A witness by its verifier key "name+id+base64(type ‖ key)". */
export function parse_witness(vkey: string): Witness {
  const parts = /^([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(vkey);
  if (!parts) throw new Refused("a witness whose key is not of the form name+id+key");
  const [, name, id, encoded] = parts;
  const typed = from_base64(encoded!);
  require_that(typed.length === 33 && typed[0] === COSIGNATURE, "a witness whose key is not one for cosignatures");
  const key = typed.subarray(1);
  require_that(equal(from_hex(id!), key_id(name!, COSIGNATURE, key)), "a witness whose key does not have its id");
  return { vkey, name: name!, id: from_hex(id!), key };
}

interface NoteSignature { name: string; id: Uint8Array; signature: Uint8Array }

function parse_note(note: string): { text: string; signatures: NoteSignature[] } {
  require_that(!/[\x00-\x09\x0b-\x1f\x7f]/.test(note), "a checkpoint with a control character");
  const split = note.lastIndexOf("\n\n");
  require_that(split > 0 && note.endsWith("\n"), "a checkpoint that is no signed note");
  const lines = note.slice(split + 2).split("\n").slice(0, -1);
  const signatures = lines.map((line) => {
    const parts = /^— ([^\p{White_Space}+]+) (\S+)$/u.exec(line);
    if (!parts) throw new Refused("a checkpoint with a line that is no signature");
    const bytes = from_base64(parts[2]!);
    require_that(bytes.length > 4, "a checkpoint with a signature that is too short");
    return { name: parts[1]!, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
  });
  require_that(signatures.length > 0, "a checkpoint without a signature");
  require_that(signatures.length <= SIGNATURES_MAX, `a checkpoint with more than ${SIGNATURES_MAX} signatures`);
  return { text: note.slice(0, split + 1), signatures };
}

export function read_decimal(digits: string): number {
  require_that(/^(0|[1-9]\d*)$/.test(digits) && Number.isSafeInteger(Number(digits)), "not a number in its one form");
  return Number(digits);
}

function parse_checkpoint(text: string): Checkpoint {
  const [origin, size, root, ...more] = text.split("\n").slice(0, -1);
  require_that(origin !== undefined && size !== undefined && root !== undefined, "a checkpoint of fewer than three lines");
  require_that(more.length === 0, "a checkpoint of more than three lines");
  const read = { origin, size: read_decimal(size), root: from_base64(root) };
  require_that(read.root.length === 32, "a checkpoint whose root is not 32 bytes long");
  return read;
}

/** Reads a checkpoint that the log has signed and, unless `unwitnessed`, as many of its witnesses as the manifest wants. */
export function read_checkpoint(note: string, policy: LogPolicy, unwitnessed = false): Checkpoint {
  const { text, signatures } = parse_note(note);
  const checkpoint = parse_checkpoint(text);
  require_that(checkpoint.origin === policy.origin, "a checkpoint of another log");
  const by = (name: string, id: Uint8Array) => signatures.filter((one) => one.name === name && equal(one.id, id));
  const own = by(policy.origin, key_id(policy.origin, LOG_KEY, policy.key));
  require_that(own.length > 0, "a checkpoint that the log has not signed");
  for (const { signature } of own) check_ed25519(policy.key, utf8(text), signature);
  const witnesses = policy.witnesses.filter((witness) =>
    by(witness.name, witness.id).some(({ signature }) => cosigns(text, witness, signature)));
  require_that(unwitnessed || witnesses.length >= policy.witness_threshold,
    "a checkpoint with too few cosignatures of witnesses");
  return checkpoint;
}

/** A line that is no good cosignature counts for nothing. */
function cosigns(text: string, witness: Witness, signature: Uint8Array): boolean {
  if (signature.length !== 72) return false;
  const time = signature.subarray(0, 8).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
  try {
    check_ed25519(witness.key, utf8(`cosignature/v1\ntime ${time}\n${text}`), signature.subarray(8));
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

// The hash of the protocol with its roles and contexts (section 2), and the Schnorr signatures over it.
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, u32, utf8 } from "./bytes.ts";
import { BASE, decode_point, decode_scalar, type Point, reduce_wide, times } from "./group.ts";
import { Refused } from "./refused.ts";

const DRAFT = [
  "credential salt", "sign-in key", "ballot key", "roster leaf", "share box", "coefficient", "share possession",
  "ceremony transcript", "commitments", "draft signature",
] as const;
const SEALED = [
  "ballot core", "option proof", "sum proof", "ballot signature", "sign-in proof", "key possession", "tally",
  "decryption share", "sealed signature",
] as const;
export type Role = (typeof DRAFT)[number] | (typeof SEALED)[number] | "nonce";
export type Item = number | string | Uint8Array;

const framed = (bytes: Uint8Array): Uint8Array => concat(u32(bytes.length), bytes);
const item_bytes = (item: Item): Uint8Array =>
  typeof item === "number" ? u32(item) : typeof item === "string" ? utf8(item.normalize("NFC")) : item;

export class Transcript {
  private readonly starts = new Map<Role, Uint8Array>();

  constructor(election_id: Uint8Array, readonly fingerprint: Uint8Array) {
    const start = (role: Role, context: Uint8Array) =>
      this.starts.set(role, concat(framed(utf8("isoloir/1")), framed(utf8(role)), framed(context)));
    for (const role of DRAFT) start(role, election_id);
    for (const role of SEALED) start(role, fingerprint);
    start("nonce", new Uint8Array());
  }

  hash(role: Role, ...items: Item[]): Uint8Array {
    const state = sha512.create().update(this.starts.get(role)!);
    for (const item of items) state.update(framed(item_bytes(item)));
    return state.digest();
  }

  scalar(role: Role, ...items: Item[]): bigint {
    return reduce_wide(this.hash(role, ...items));
  }
}

/** s·B = R + e·X, for the signature R ‖ s of key X; throws unless it holds. */
export function check_schnorr(transcript: Transcript, role: Role, items: Item[], key: Uint8Array, signature: Uint8Array,
  key_point: Point = decode_point(key)): void {
  if (signature.length !== 64) throw new Refused("a signature that is not 64 bytes long");
  const commitment = signature.subarray(0, 32);
  const response = decode_scalar(signature.subarray(32));
  const challenge = transcript.scalar(role, ...items, key, commitment);
  const right = decode_point(commitment).add(times(challenge, key_point));
  if (!times(response, BASE).equals(right)) throw new Refused("the signature is wrong");
}

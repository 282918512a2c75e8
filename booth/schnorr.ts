// Schnorr signatures over a transcript (docs/protocol.md section 2), and the nonces that proofs spend.
import { concat, type Random } from "./bytes.ts";
import {
  decode_point, decode_scalar, encode_scalar, GENERATOR, multiply, multiply_public, random_scalar, reduce,
  type Point, type Scalar,
} from "./group.ts";
import { Refused } from "./refused.ts";
import type { Item, Role, Transcript } from "./transcript.ts";

/** Where secret randomness comes from; the vectors put a recording in its place. */
export interface Nonces {
  fresh(): Scalar;
  /** Unpredictable while either the randomness or the secret is. `statement`: 64 bytes, what is being proven. */
  hedged(secret: Scalar, statement: Uint8Array): Scalar;
}

export function nonces_from(random: Random, transcript: Transcript): Nonces {
  return {
    fresh: () => random_scalar(random),
    hedged: (secret, statement) => transcript.scalar("nonce", random(32), encode_scalar(secret), statement),
  };
}

/** 64 bytes, R ‖ s. */
export function sign(transcript: Transcript, role: Role, items: Item[], key: Scalar, nonces: Nonces): Uint8Array {
  const public_key = multiply(GENERATOR, key).toBytes();
  const nonce = nonces.hedged(key, transcript.hash(role, ...items, public_key));
  const commitment = multiply(GENERATOR, nonce).toBytes();
  const challenge = transcript.scalar(role, ...items, public_key, commitment);
  return concat(commitment, encode_scalar(reduce(nonce + challenge * key)));
}

/** Throws Refused. */
export function verify_signature(
  transcript: Transcript, role: Role, items: Item[], public_key: Point, signature: Uint8Array,
): void {
  if (signature.length !== 64) throw new Refused("signature_length");
  const commitment = decode_point(signature.subarray(0, 32));
  const response = decode_scalar(signature.subarray(32));
  const challenge = transcript.scalar(role, ...items, public_key.toBytes(), commitment.toBytes());
  const right = commitment.add(multiply_public(public_key, challenge));
  if (!multiply_public(GENERATOR, response).equals(right)) throw new Refused("signature");
}

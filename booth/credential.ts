// The keys that a code carries (docs/protocol.md section 4). They live in the Worker's memory and nowhere else.
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { utf8 } from "./bytes.ts";
import { GENERATOR, multiply, type Point, type Scalar } from "./group.ts";
import { type Nonces, sign } from "./schnorr.ts";
import type { Transcript } from "./transcript.ts";

const ARGON2_MEMORY_KIB = 16 * 1024;
const PROGRESS_SLICE_MS = 20;

/** 32 bytes. `code`: normalised. `progress` receives 0 … 1. */
export function derive_seed(
  transcript: Transcript, code: string, handle: string, progress?: (done: number) => void,
): Promise<Uint8Array> {
  const salt = transcript.hash("credential salt", handle).subarray(0, 16);
  return argon2idAsync(utf8(code), salt, {
    t: 1, m: ARGON2_MEMORY_KIB, p: 1, version: 0x13, dkLen: 32, asyncTick: PROGRESS_SLICE_MS,
    ...(progress ? { onProgress: progress } : {}),
  });
}

export class Credential {
  private readonly transcript: Transcript;
  private readonly seed: Uint8Array;

  constructor(transcript: Transcript, seed: Uint8Array) {
    this.transcript = transcript;
    this.seed = seed;
  }

  sign_in_key(): Scalar {
    return this.transcript.scalar("sign-in key", this.seed);
  }

  ballot_key(contest: number): Scalar {
    return this.transcript.scalar("ballot key", this.seed, contest);
  }

  /** 64 bytes; `nonce` and `session_binding` are 32 bytes each from the server. */
  sign_in_proof(nonce: Uint8Array, session_binding: Uint8Array, origin: string, nonces: Nonces): Uint8Array {
    return sign(this.transcript, "sign-in proof", [nonce, session_binding, origin], this.sign_in_key(), nonces);
  }

  /** 64 bytes: the owner of a new key is here. `token_hash`: SHA-256 of the link's token; no contest: the sign-in key. */
  possession_proof(token_hash: Uint8Array, contest: number | undefined, nonces: Nonces): Uint8Array {
    const key = contest === undefined ? this.sign_in_key() : this.ballot_key(contest);
    const items = [token_hash, contest === undefined ? "sign-in" : "ballot", contest ?? 0];
    return sign(this.transcript, "key possession", items, key, nonces);
  }

  forget(): void {
    this.seed.fill(0);
  }
}

export function public_key(key: Scalar): Point {
  return multiply(GENERATOR, key);
}


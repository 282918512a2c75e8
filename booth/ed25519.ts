// Ed25519 for checkpoints, with the acceptance rule of docs/protocol.md section 8: libraries differ at the edges of RFC 8032,
// so the rule is written out.
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, same_bytes } from "./bytes.ts";
import { ORDER, reduce_bytes } from "./group.ts";

/** `key`: 32 bytes, `signature`: 64 bytes R ‖ s. */
export function ed25519_accepts(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const r = signature.subarray(0, 32);
  const s = bytesToNumberLE(signature.subarray(32));
  if (s >= ORDER) return false;
  let a;
  try {
    a = ed25519.Point.fromBytes(key); // strict: canonical
  } catch {
    return false;
  }
  if (a.isSmallOrder()) return false;
  const h = reduce_bytes(sha512(concat(r, key, message)));
  const computed = ed25519.Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(h));
  // What encodes to R's bytes makes them canonical, and is R.
  return same_bytes(computed.toBytes(), r) && !computed.isSmallOrder();
}

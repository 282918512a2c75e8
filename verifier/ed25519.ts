// Ed25519 as section 8 accepts it: canonical encodings, nothing of small order, the equation exactly, without the cofactor.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal } from "./bytes.ts";
import { decode_scalar, reduce, reduce_wide } from "./group.ts";
import { Refused } from "./refused.ts";

const { Point } = ed25519;

function decode(bytes: Uint8Array): InstanceType<typeof Point> {
  let point: InstanceType<typeof Point>;
  try {
    point = Point.fromBytes(bytes, false);
  } catch {
    throw new Refused("not the canonical encoding of a point of Ed25519");
  }
  if (!equal(point.toBytes(), bytes)) throw new Refused("not the canonical encoding of a point of Ed25519");
  if (point.isSmallOrder()) throw new Refused("a point of small order");
  return point;
}

export function check_ed25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  if (signature.length !== 64) throw new Refused("an Ed25519 signature that is not 64 bytes long");
  const commitment = signature.subarray(0, 32);
  const key_point = decode(key);
  decode(commitment);
  const response = decode_scalar(signature.subarray(32));
  const challenge = reduce_wide(sha512(concat(commitment, key, message)));
  // h·A is taken with h itself: A may have a part of small order, on which h and h − l differ.
  const computed = Point.BASE.multiplyUnsafe(reduce(response)).subtract(key_point.multiplyUnsafe(challenge));
  if (!equal(computed.toBytes(), commitment)) throw new Refused("the Ed25519 signature is wrong");
}

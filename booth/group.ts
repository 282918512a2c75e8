// ristretto255 (RFC 9496) and its scalars, as docs/protocol.md section 1 judges them: what comes from outside must be
// canonical and no identity, what is computed may be anything.
import { ristretto255 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE, numberToBytesLE } from "@noble/curves/utils.js";
import type { Random } from "./bytes.ts";
import { Refused } from "./refused.ts";

export type Point = InstanceType<typeof ristretto255.Point>;
export type Scalar = bigint; // always in 0 … ORDER − 1

export const ORDER: bigint = ristretto255.Point.Fn.ORDER;
export const GENERATOR: Point = ristretto255.Point.BASE;
export const IDENTITY: Point = ristretto255.Point.ZERO;

/** 32 bytes from outside: the canonical encoding of a point that is not the identity. */
export function decode_point(bytes: Uint8Array): Point {
  let point: Point;
  try {
    point = ristretto255.Point.fromBytes(bytes);
  } catch {
    throw new Refused("point_not_canonical");
  }
  if (point.is0()) throw new Refused("point_identity");
  return point;
}

/** 32 bytes from outside, little-endian, below the order. Zero is an ordinary scalar. */
export function decode_scalar(bytes: Uint8Array): Scalar {
  if (bytes.length !== 32) throw new Refused("scalar_length");
  const value = bytesToNumberLE(bytes);
  if (value >= ORDER) throw new Refused("scalar_not_canonical");
  return value;
}

export function encode_scalar(value: Scalar): Uint8Array {
  return numberToBytesLE(value, 32);
}

export function reduce(value: bigint): Scalar {
  const rest = value % ORDER;
  return rest < 0n ? rest + ORDER : rest;
}

/** 64 bytes, little-endian, modulo the order: uniform when the bytes are. */
export function reduce_bytes(bytes: Uint8Array): Scalar {
  return bytesToNumberLE(bytes) % ORDER;
}

export function random_scalar(random: Random): Scalar {
  return reduce_bytes(random(64));
}

/** For secret scalars: the library's uniform-time ladder, which alone refuses zero. */
export function multiply(point: Point, scalar: Scalar): Point {
  return scalar === 0n ? IDENTITY : point.multiply(scalar);
}

/** For public scalars only: faster, time depends on the scalar. */
export function multiply_public(point: Point, scalar: Scalar): Point {
  return point.multiplyUnsafe(scalar);
}

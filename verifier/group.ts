// ristretto255 (RFC 9496) and its scalars: section 1 of the protocol. Judged is only what is read from outside.
import { ristretto255 } from "@noble/curves/ed25519.js";
import { Refused } from "./refused.ts";

const { Point: Ristretto } = ristretto255;
export type Point = InstanceType<typeof Ristretto>;

export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
export const BASE: Point = Ristretto.BASE;
export const IDENTITY: Point = Ristretto.ZERO;
export const POINT_SIZE = 32;

export const reduce = (value: bigint): bigint => {
  const rest = value % ORDER;
  return rest < 0n ? rest + ORDER : rest;
};

export function decode_point_or_identity(bytes: Uint8Array): Point {
  try {
    return Ristretto.fromBytes(bytes);
  } catch {
    throw new Refused("not the canonical encoding of a point");
  }
}

export function decode_point(bytes: Uint8Array): Point {
  const point = decode_point_or_identity(bytes);
  // The identity has one canonical encoding: 32 zero bytes.
  if (bytes.every((byte) => byte === 0)) throw new Refused("the identity where it is not allowed");
  return point;
}

function little_endian(bytes: Uint8Array): bigint {
  let text = "0x";
  for (let i = bytes.length - 1; i >= 0; i--) text += bytes[i]!.toString(16).padStart(2, "0");
  return BigInt(text);
}

export function decode_scalar(bytes: Uint8Array): bigint {
  const value = little_endian(bytes);
  if (bytes.length !== 32 || value >= ORDER) throw new Refused("not a canonical scalar");
  return value;
}

export const reduce_wide = (bytes: Uint8Array): bigint => little_endian(bytes) % ORDER;

/** scalar·point for public values; zero is an ordinary scalar. */
export const times = (scalar: bigint, point: Point): Point => point.multiplyUnsafe(reduce(scalar));

export const sum = (points: Point[]): Point => points.reduce((total, point) => total.add(point), IDENTITY);

/** Σ scalar·point with scalars below the order: Pippenger's buckets, where a scalar of half the length costs half. */
export function combination(points: Point[], scalars: bigint[]): Point {
  const window_bits = Math.max(2, Math.round(Math.log2(points.length + 1)) - 3);
  const mask = (1n << BigInt(window_bits)) - 1n;
  let total = IDENTITY;
  for (let bit = Math.ceil(253 / window_bits - 1) * window_bits; bit >= 0; bit -= window_bits) {
    for (let i = 0; i < window_bits && total !== IDENTITY; i++) total = total.double();
    const buckets: (Point | undefined)[] = new Array(2 ** window_bits).fill(undefined);
    for (let i = 0; i < points.length; i++) {
      const digit = Number((scalars[i]! >> BigInt(bit)) & mask);
      if (digit !== 0) buckets[digit] = buckets[digit]?.add(points[i]!) ?? points[i]!;
    }
    let running: Point | undefined;
    let window_sum: Point | undefined;
    for (let digit = buckets.length - 1; digit > 0; digit--) {
      const bucket = buckets[digit];
      if (bucket) running = running?.add(bucket) ?? bucket;
      if (running) window_sum = window_sum?.add(running) ?? running;
    }
    if (window_sum) total = total.add(window_sum);
  }
  return total;
}

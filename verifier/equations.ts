// Many equations as one: each times a random coefficient of 128 bits that nobody knew when they were written (section 6). A sum
// that is the identity says, but for a chance of 2^-128, that every equation holds; one that is not is halved down to the culprit.
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, u32 } from "./bytes.ts";
import { combination, IDENTITY, type Point, reduce } from "./group.ts";
import { type Ballot, option_terms, signature_terms, sum_terms } from "./ballot.ts";

export class Coefficients {
  private readonly key: Uint8Array;
  private block = new Uint8Array();
  private blocks = 0;
  private offset = 0;

  /** Drawn after the ballots are decoded, and bound to what they are. */
  constructor(fingerprint: Uint8Array, trackers: Uint8Array[]) {
    const fresh = crypto.getRandomValues(new Uint8Array(32));
    this.key = sha512(concat(fresh, fingerprint, u32(trackers.length), ...trackers));
  }

  next(): bigint {
    for (;;) {
      if (this.offset === this.block.length) {
        this.block = sha512(concat(this.key, u32(this.blocks++)));
        this.offset = 0;
      }
      const view = new DataView(this.block.buffer, this.block.byteOffset + this.offset, 16);
      this.offset += 16;
      const value = (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
      if (value !== 0n) return value;
    }
  }
}

/** A sum of points with their scalars. */
export class Combination {
  private readonly points: Point[] = [];
  private readonly scalars: bigint[] = [];
  /** Points that come in every equation: their scalars are added up first. */
  private readonly fixed = new Map<Point, bigint>();

  add(scalar: bigint, point: Point): void {
    this.points.push(point);
    this.scalars.push(reduce(scalar));
  }

  add_fixed(scalar: bigint, point: Point): void {
    this.fixed.set(point, (this.fixed.get(point) ?? 0n) + scalar);
  }

  is_identity(): boolean {
    for (const [point, scalar] of this.fixed) this.add(scalar, point);
    this.fixed.clear();
    return combination(this.points, this.scalars).equals(IDENTITY);
  }
}

type Terms = (ballot: Ballot, into: Combination, random: Coefficients) => void;
/** The terms of each check of the proofs of a ballot, by its number. */
export const TERMS_OF_CHECK: Readonly<Record<11 | 12 | 13, Terms>> = { 11: signature_terms, 12: option_terms, 13: sum_terms };

/** The place of the first ballot whose equations do not hold, or −1. */
export function first_wrong(ballots: Ballot[], terms: Terms): number {
  if (ballots.length === 0) return -1;
  const random = new Coefficients(ballots[0]!.place.transcript.fingerprint, ballots.map(({ tracker }) => tracker));
  const whole = new Combination();
  for (const ballot of ballots) terms(ballot, whole, random);
  if (whole.is_identity()) return -1;
  if (ballots.length === 1) return 0;
  const half = ballots.length >> 1;
  const first = first_wrong(ballots.slice(0, half), terms);
  if (first >= 0) return first;
  // The whole is wrong, so if the first half is right the second cannot be: it is never taken for right.
  return half + Math.max(0, first_wrong(ballots.slice(half), terms));
}

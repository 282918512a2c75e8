// A ballot (section 6): its layout, and its equations as terms of a sum that has to be the identity.
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { equal, read_u32, to_hex, utf8 } from "./bytes.ts";
import { BASE, decode_point, decode_scalar, type Point, sum } from "./group.ts";
import { ballot_size } from "./manifest.ts";
import { require_that, within } from "./refused.ts";
import type { Coefficients, Combination } from "./equations.ts";
import type { Transcript } from "./transcript.ts";

const MAGIC = utf8("ISB1");
const HEADER_SIZE = 76;
const OPTION_SIZE = 288;
const SIGNATURE_SIZE = 64;

/** Where a ballot stands, and under which key and for how many options it has to be made. */
export interface BallotPlace { transcript: Transcript; contest: number; district: number; election_key: Point; options: number }

interface OptionProof {
  alpha: Point; beta: Point; A0: Point; B0: Point; A1: Point; B1: Point;
  e0: bigint; z0: bigint; z1: bigint;
  /** e, the whole challenge. */
  challenge: bigint;
  alpha_hex: string;
}

export interface Ballot {
  place: BallotPlace;
  voter_key: string;
  voter_point: Point;
  options: OptionProof[];
  core: Uint8Array;
  sum_proof: { A: Point; B: Point; z: bigint; challenge: bigint };
  signature: { R: Point; s: bigint; challenge: bigint };
  /** SHA-256 of the whole ballot. */
  tracker: Uint8Array;
}

/** V10: length, header, canonical points and scalars. */
export function read_ballot(bytes: Uint8Array, place: BallotPlace): Ballot {
  const { transcript, contest, district, options: n } = place;
  require_that(bytes.length === ballot_size(n), `${bytes.length} bytes where a ballot of ${n} options has ${ballot_size(n)}`);
  require_that(equal(bytes.subarray(0, 4), MAGIC), "it does not begin with ISB1");
  require_that(equal(bytes.subarray(4, 36), transcript.fingerprint), "it is of another election");
  require_that(read_u32(bytes, 36) === contest, "it is of another contest");
  require_that(read_u32(bytes, 40) === district, "it is of another district");
  const slice = (offset: number) => bytes.subarray(offset, offset + 32);
  const voter_point = within("C", () => decode_point(slice(44)));
  const starts = Array.from({ length: n }, (_, i) => HEADER_SIZE + OPTION_SIZE * i);
  const core = transcript.hash("ballot core", contest, district, slice(44),
    ...starts.flatMap((start) => [slice(start), slice(start + 32)]));
  const options = starts.map((start, i) => within(`option ${i}`, (): OptionProof => {
    const column = (place: number) => slice(start + 32 * place);
    const point = (place: number) => decode_point(column(place));
    const [alpha, beta, A0, B0, A1, B1] = [point(0), point(1), point(2), point(3), point(4), point(5)];
    const [e0, z0, z1] = [decode_scalar(column(6)), decode_scalar(column(7)), decode_scalar(column(8))];
    const challenge = transcript.scalar("option proof", core, i, column(2), column(3), column(4), column(5));
    return { alpha, beta, A0, B0, A1, B1, e0, z0, z1, challenge, alpha_hex: to_hex(slice(start)) };
  }));
  const at_sum = HEADER_SIZE + OPTION_SIZE * n;
  const sum_proof = within("sum proof", () => ({
    A: decode_point(slice(at_sum)), B: decode_point(slice(at_sum + 32)), z: decode_scalar(slice(at_sum + 64)),
    challenge: transcript.scalar("sum proof", core, slice(at_sum), slice(at_sum + 32)),
  }));
  const at_signature = bytes.length - SIGNATURE_SIZE;
  const signed = sha512(bytes.subarray(0, at_signature));
  const signature = within("signature", () => ({
    R: decode_point(slice(at_signature)), s: decode_scalar(slice(at_signature + 32)),
    challenge: transcript.scalar("ballot signature", signed, slice(44), slice(at_signature)),
  }));
  return { place, voter_key: to_hex(slice(44)), voter_point, options, core, sum_proof, signature, tracker: sha256(bytes) };
}

/** V11: R + e·C − s·B = 0. */
export function signature_terms({ signature: { R, s, challenge }, voter_point }: Ballot, into: Combination, random: Coefficients): void {
  const c = random.next();
  into.add(c, R);
  into.add(c * challenge, voter_point);
  into.add_fixed(-c * s, BASE);
}

/** V12: for each option, with e1 = e − e0,
 *    A0 + e0·α − z0·B = 0         B0 + e0·β − z0·Y = 0
 *    A1 + e1·α − z1·B = 0         B1 + e1·(β − B) − z1·Y = 0 */
export function option_terms({ options, place: { election_key } }: Ballot, into: Combination, random: Coefficients): void {
  for (const { alpha, beta, A0, B0, A1, B1, e0, z0, z1, challenge } of options) {
    const e1 = challenge - e0;
    const [c0, d0, c1, d1] = [random.next(), random.next(), random.next(), random.next()];
    into.add(c0, A0);
    into.add(d0, B0);
    into.add(c1, A1);
    into.add(d1, B1);
    into.add(c0 * e0 + c1 * e1, alpha);
    into.add(d0 * e0 + d1 * e1, beta);
    into.add_fixed(-(c0 * z0 + c1 * z1 + d1 * e1), BASE);
    into.add_fixed(-(d0 * z0 + d1 * z1), election_key);
  }
}

/** V13: A + e·Σα − z·B = 0 and B + e·(Σβ − B) − z·Y = 0. */
export function sum_terms({ options, sum_proof: { A, B, z, challenge }, place: { election_key } }: Ballot, into: Combination,
  random: Coefficients): void {
  const [c, d] = [random.next(), random.next()];
  into.add(c, A);
  into.add(d, B);
  into.add(c * challenge, sum(options.map(({ alpha }) => alpha)));
  into.add(d * challenge, sum(options.map(({ beta }) => beta)));
  into.add_fixed(-(c * z + d * challenge), BASE);
  into.add_fixed(-d * z, election_key);
}

/** Part of V14. */
export const alphas_are_distinct = ({ options }: Ballot): boolean =>
  new Set(options.map(({ alpha_hex }) => alpha_hex)).size === options.length;

// The encrypted ballot (docs/protocol.md section 6): exponential ElGamal per option, a proof that each option holds 0 or 1
// (Cramer, Damgård, Schoenmakers 1994), a proof that they sum to 1, and a Schnorr signature by the voter's ballot key.
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, read_u32, same_bytes, to_hex, u32, utf8 } from "./bytes.ts";
import {
  decode_point, decode_scalar, encode_scalar, GENERATOR, IDENTITY, multiply, multiply_public, reduce,
  type Point, type Scalar,
} from "./group.ts";
import { Refused } from "./refused.ts";
import { type Nonces, sign, verify_signature } from "./schnorr.ts";
import type { Transcript } from "./transcript.ts";

const MAGIC = utf8("ISB1");
const HEAD_LENGTH = 76;
const OPTION_LENGTH = 288;
const SUM_LENGTH = 96;
const SIGNATURE_LENGTH = 64;

/** Where a ballot is cast: all that the voter does not choose. */
export interface Place {
  transcript: Transcript;
  fingerprint: Uint8Array;
  contest: number;
  district: number;
  election_key: Point;
  options: number;
}

export interface SealedBallot {
  ballot: Uint8Array;
  /** r_i, which open the ballot: never stored, never sent, gone after the self-check. */
  openings: Scalar[];
}

interface EncryptedOption {
  alpha: Point;
  beta: Point;
}

export function ballot_length(options: number): number {
  return HEAD_LENGTH + OPTION_LENGTH * options + SUM_LENGTH + SIGNATURE_LENGTH;
}

export function seal_ballot(place: Place, key: Scalar, choice: number, nonces: Nonces): SealedBallot {
  if (!Number.isInteger(choice) || choice < 0 || choice >= place.options) throw new RangeError("choice");
  const voter_key = multiply(GENERATOR, key).toBytes();
  const openings = Array.from({ length: place.options }, () => nonces.fresh());
  const encrypted = openings.map((r, i) => ({
    alpha: multiply(GENERATOR, r),
    beta: multiply(place.election_key, r).add(i === choice ? GENERATOR : IDENTITY),
  }));
  const core = ballot_core(place, voter_key, encrypted);
  const options = encrypted.map((option, i) =>
    concat(option.alpha.toBytes(), option.beta.toBytes(),
      prove_option(place, core, i, i === choice, openings[i]!, nonces)));
  const sum = prove_sum(place, core, reduce(openings.reduce((total, r) => total + r, 0n)), nonces);
  const unsigned = concat(MAGIC, place.fingerprint, u32(place.contest), u32(place.district), voter_key, ...options, sum);
  const signature = sign(place.transcript, "ballot signature", [sha512(unsigned)], key, nonces);
  return { ballot: concat(unsigned, signature), openings };
}

function ballot_core(place: Place, voter_key: Uint8Array, encrypted: EncryptedOption[]): Uint8Array {
  return place.transcript.hash("ballot core", place.contest, place.district, voter_key,
    ...encrypted.flatMap(({ alpha, beta }) => [alpha.toBytes(), beta.toBytes()]));
}

// The branch that is true is proven with a nonce, the other simulated from a response and a challenge chosen first. As r is
// known, z·B − e·α = (z − e·r)·B and so on: every product is of B or Y, in the same number whichever branch is true.
function prove_option(
  place: Place, core: Uint8Array, index: number, chosen: boolean, r: Scalar, nonces: Nonces,
): Uint8Array {
  const { transcript, election_key } = place;
  const w = nonces.hedged(r, transcript.hash("option proof", core, index));
  const other_e = nonces.fresh();
  const other_z = nonces.fresh();
  const u = reduce(other_z - other_e * r);
  const proven = [multiply(GENERATOR, w), multiply(election_key, w)];
  const shift = multiply(GENERATOR, chosen ? reduce(-other_e) : other_e);
  const simulated = [multiply(GENERATOR, u), multiply(election_key, u).add(shift)];
  const commitments = (chosen ? [...simulated, ...proven] : [...proven, ...simulated]).map((point) => point.toBytes());
  const e = transcript.scalar("option proof", core, index, ...commitments);
  const own_e = reduce(e - other_e);
  const own_z = reduce(w + own_e * r);
  const scalars = chosen ? [other_e, other_z, own_z] : [own_e, own_z, other_z];
  return concat(...commitments, ...scalars.map(encode_scalar));
}

function prove_sum(place: Place, core: Uint8Array, sum_r: Scalar, nonces: Nonces): Uint8Array {
  const { transcript, election_key } = place;
  const w = nonces.hedged(sum_r, transcript.hash("sum proof", core));
  const commitments = [multiply(GENERATOR, w).toBytes(), multiply(election_key, w).toBytes()];
  const e = transcript.scalar("sum proof", core, ...commitments);
  return concat(...commitments, encode_scalar(reduce(w + e * sum_r)));
}

/**
 * The verifier's verdict on a ballot for this place: returns the voter's key C, or throws Refused. The codes name the check
 * that failed: length, magic, fingerprint, contest, district, point_…, scalar_…, alpha_repeated, option_proof, sum_proof,
 * signature.
 */
export function verify_ballot(place: Place, ballot: Uint8Array): Point {
  if (ballot.length !== ballot_length(place.options)) throw new Refused("length");
  const reader = new Reader(ballot);
  if (!same_bytes(reader.take(4), MAGIC)) throw new Refused("magic");
  if (!same_bytes(reader.take(32), place.fingerprint)) throw new Refused("fingerprint");
  if (read_u32(reader.take(4), 0) !== place.contest) throw new Refused("contest");
  if (read_u32(reader.take(4), 0) !== place.district) throw new Refused("district");
  const voter_key = reader.point();
  const options = Array.from({ length: place.options }, () => ({
    alpha: reader.point(), beta: reader.point(),
    commitments: [reader.point(), reader.point(), reader.point(), reader.point()] as const,
    e0: reader.scalar(), z0: reader.scalar(), z1: reader.scalar(),
  }));
  const sum = { commitments: [reader.point(), reader.point()] as const, z: reader.scalar() };
  if (new Set(options.map(({ alpha }) => to_hex(alpha.toBytes()))).size !== options.length) {
    throw new Refused("alpha_repeated");
  }
  const core = ballot_core(place, voter_key.toBytes(), options);
  for (const [index, { alpha, beta, commitments, e0, z0, z1 }] of options.entries()) {
    const e = place.transcript.scalar("option proof", core, index, ...commitments.map((point) => point.toBytes()));
    const zero = holds(place, z0, e0, commitments[0], commitments[1], alpha, beta);
    const one = holds(place, z1, reduce(e - e0), commitments[2], commitments[3], alpha, beta.subtract(GENERATOR));
    if (!zero || !one) throw new Refused("option_proof");
  }
  const e = place.transcript.scalar("sum proof", core, ...sum.commitments.map((point) => point.toBytes()));
  const sum_alpha = options.reduce((total, { alpha }) => total.add(alpha), IDENTITY);
  const sum_beta = options.reduce((total, { beta }) => total.add(beta), IDENTITY).subtract(GENERATOR);
  if (!holds(place, sum.z, e, ...sum.commitments, sum_alpha, sum_beta)) throw new Refused("sum_proof");
  const signed = ballot.subarray(0, ballot.length - SIGNATURE_LENGTH);
  verify_signature(place.transcript, "ballot signature", [sha512(signed)], voter_key,
    ballot.subarray(ballot.length - SIGNATURE_LENGTH));
  return voter_key;
}

/** z·B = A + e·α and z·Y = B + e·β */
function holds(place: Place, z: Scalar, e: Scalar, a: Point, b: Point, alpha: Point, beta: Point): boolean {
  return multiply_public(GENERATOR, z).equals(a.add(multiply_public(alpha, e))) &&
    multiply_public(place.election_key, z).equals(b.add(multiply_public(beta, e)));
}

/** The option that the openings show in these very bytes; throws Refused when they show none, or several. */
export function opened_choice(place: Place, { ballot, openings }: SealedBallot): number {
  const found: number[] = [];
  for (const [i, r] of openings.entries()) {
    const at = HEAD_LENGTH + OPTION_LENGTH * i;
    const alpha = decode_point(ballot.subarray(at, at + 32));
    const beta = decode_point(ballot.subarray(at + 32, at + 64));
    const left = beta.subtract(multiply(place.election_key, r));
    if (!alpha.equals(multiply(GENERATOR, r))) throw new Refused("opening");
    if (left.equals(GENERATOR)) found.push(i);
    else if (!left.is0()) throw new Refused("opening");
  }
  if (found.length !== 1) throw new Refused("opening");
  return found[0]!;
}

/** What a stored ballot says it is; the bytes are not judged. */
export function read_ballot_head(ballot: Uint8Array): { fingerprint: string; contest: number; voter_key: string } {
  if (ballot.length < HEAD_LENGTH) throw new Refused("length");
  return {
    fingerprint: to_hex(ballot.subarray(4, 36)),
    contest: read_u32(ballot, 36),
    voter_key: to_hex(ballot.subarray(44, 76)),
  };
}

class Reader {
  private readonly bytes: Uint8Array;
  private offset = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(size: number): Uint8Array {
    this.offset += size;
    return this.bytes.subarray(this.offset - size, this.offset);
  }

  point(): Point {
    return decode_point(this.take(32));
  }

  scalar(): Scalar {
    return decode_scalar(this.take(32));
  }
}

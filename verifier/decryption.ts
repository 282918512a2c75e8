// From good shares to votes (section 10): every qualifying set has to open the same numbers.
import { BASE, IDENTITY, ORDER, type Point, reduce, times } from "./group.ts";
import type { Bureau } from "./manifest.ts";
import { Refused, require_that, within } from "./refused.ts";
import type { Ciphertext, SharesDocument } from "./shares.ts";

function inverse(value: bigint): bigint {
  // Fermat: ℓ is prime.
  let [result, base, exponent] = [1n, reduce(value), ORDER - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

/** λ_j for the value at `at` of the polynomial through the places of `indexes`. */
export function lagrange(indexes: number[], at: number): bigint[] {
  return indexes.map((j) => {
    let [numerator, denominator] = [1n, 1n];
    for (const m of indexes) {
      if (m === j) continue;
      numerator = reduce(numerator * BigInt(m - at));
      denominator = reduce(denominator * BigInt(m - j));
    }
    return reduce(numerator * inverse(denominator));
  });
}

const interpolate = (coefficients: bigint[], points: Point[]): Point =>
  points.reduce((total, point, i) => total.add(times(coefficients[i]!, point)), IDENTITY);

/** Σ_j λ_j·D_j of each ciphertext for a group; refuses fewer documents than the threshold, and documents that do not agree. */
function open_group(documents: SharesDocument[], threshold: number, ciphertexts: number): Point[] {
  const good = documents.filter(({ left_out }, i) => left_out === null
    && documents.findIndex(({ index }) => index === documents[i]!.index) === i);
  require_that(good.length >= threshold, `${good.length} good documents of shares where ${threshold} are needed`);
  const [base, further] = [good.slice(0, threshold), good.slice(threshold)];
  const indexes = base.map(({ index }) => index);
  for (const document of further) {
    const coefficients = lagrange(indexes, document.index);
    for (let i = 0; i < ciphertexts; i++) {
      const expected = interpolate(coefficients, base.map(({ shares }) => shares[i]!));
      require_that(expected.equals(document.shares[i]!), `the shares of member ${document.index} do not agree with the others`);
    }
  }
  const coefficients = lagrange(indexes, 0);
  return Array.from({ length: ciphertexts }, (_, i) => interpolate(coefficients, base.map(({ shares }) => shares[i]!)));
}

/** m·B of each ciphertext of a bureau. */
export function open_ciphertexts(bureau: Bureau, documents: SharesDocument[], ciphertexts: Ciphertext[]): Point[] {
  if (ciphertexts.length === 0) return [];
  const groups = bureau.groups.map(({ threshold }, g) => within(`group ${g}`, () =>
    open_group(documents.filter(({ group }) => group === g), threshold, ciphertexts.length)));
  return ciphertexts.map(({ beta_point }, i) => groups.reduce((left, opened) => left.subtract(opened[i]!), beta_point));
}

/** The number of votes in m·B, between 0 and `ballots`. */
export function votes_in(opened: Point, ballots: number): number {
  let candidate = IDENTITY;
  for (let votes = 0; votes <= ballots; votes++) {
    if (candidate.equals(opened)) return votes;
    candidate = candidate.add(BASE);
  }
  throw new Refused(`no number of votes from 0 to ${ballots} was encrypted`);
}

export const votes_are = (opened: Point, votes: number): boolean => times(BigInt(votes), BASE).equals(opened);

// The vectors, which are the contract between implementations; layouts in booth/vectors.ts, booth/ed25519_vectors.ts and
// tests/election/contract_vectors.hpp.
import { readFileSync } from "node:fs";
import { Refused } from "../refused.ts";

export const vectors = <T>(name: string): T => JSON.parse(readFileSync(`tests/data/${name}_vectors.json`, "utf8")) as T;

/** Whether the work is done or refused; any other error is a fault of the verifier. */
export function accepts(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** Why the work is refused, or null. */
export function refusal(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

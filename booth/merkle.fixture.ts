// The tree itself, written from the recursive definition of RFC 6962 section 2.1: the other side of what merkle.ts checks.
// For tests and vectors only; nothing of it reaches the browser.
import { sha256 } from "@noble/hashes/sha2.js";
import { node_hash } from "./merkle.ts";

export function tree_root(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return node_hash(tree_root(leaves.slice(0, k)), tree_root(leaves.slice(k)));
}

export function inclusion_path(leaves: Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...inclusion_path(leaves.slice(0, k), index), tree_root(leaves.slice(k))]
    : [...inclusion_path(leaves.slice(k), index - k), tree_root(leaves.slice(0, k))];
}

/** The largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

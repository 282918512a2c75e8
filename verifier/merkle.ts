// The trees of RFC 6962 with SHA-256: roots while leaves stream by, and proofs of inclusion.
import { sha256 } from "@noble/hashes/sha2.js";
import { equal } from "./bytes.ts";
import { Refused } from "./refused.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leaf_hash = (...entry: Uint8Array[]): Uint8Array => {
  const state = sha256.create().update(LEAF);
  for (const part of entry) state.update(part);
  return state.digest();
};
const node_hash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256.create().update(NODE).update(left).update(right).digest();

/** Takes leaf hashes one after the other and tells the root at any moment, in memory logarithmic in their number. */
export class GrowingTree {
  size = 0;
  // The roots of the complete subtrees, largest first: one for each bit of `size`.
  private readonly complete: Uint8Array[] = [];

  add(leaf: Uint8Array): void {
    let node: Uint8Array = leaf.slice();
    for (let bits = this.size; bits % 2 === 1; bits = Math.floor(bits / 2)) node = node_hash(this.complete.pop()!, node);
    this.complete.push(node);
    this.size++;
  }

  root(): Uint8Array {
    if (this.size === 0) return sha256(new Uint8Array());
    return this.complete.reduceRight((right, left) => node_hash(left, right));
  }
}

/** The root to which a proof of inclusion leads (RFC 9162, section 2.1.3.2). */
export function root_by_proof(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[]): Uint8Array {
  if (index >= size) throw new Refused("an index beyond the tree");
  let [place, last, node] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) throw new Refused("a proof of inclusion that is too long");
    if (place % 2 === 1 || place === last) {
      node = node_hash(sibling, node);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = node_hash(node, sibling);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw new Refused("a proof of inclusion that is too short");
  return node;
}

export function check_inclusion(leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array): void {
  if (!equal(root_by_proof(leaf, index, size, proof), root)) throw new Refused("the proof of inclusion leads to another root");
}

// RFC 6962 hash tree with SHA-256: leaf and node hashes, and the checks of an inclusion proof and of a consistency proof (RFC 9162
// sections 2.1.3.2 and 2.1.4.2).
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, same_bytes } from "./bytes.ts";

export function leaf_hash(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

export function node_hash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** `index` and `size` are safe integers; `path` goes from the leaf's sibling to the root's child. */
export function proves_inclusion(
  leaf: Uint8Array, index: number, size: number, path: Uint8Array[], root: Uint8Array,
): boolean {
  if (index >= size) return false;
  let hash = leaf;
  let position = index;
  let last = size - 1; // position of the last node on this level
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = node_hash(sibling, hash);
      // A last node without a sibling stands for itself on the levels above.
      while (position % 2 === 0 && position !== 0) {
        position = Math.floor(position / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same_bytes(hash, root);
}

/** Whether the tree of `old_size` is the beginning of that of `size`. Both are safe integers. */
export function proves_consistency(
  old_size: number, old_root: Uint8Array, size: number, root: Uint8Array, path: Uint8Array[],
): boolean {
  if (old_size === size) return path.length === 0 && same_bytes(old_root, root);
  if (old_size === 0 || old_size > size) return false;
  // The node that is whole in both trees, or the old root itself where that is one.
  let position = old_size - 1;
  let last = size - 1;
  while (position % 2 === 1) [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  const whole = position === 0;
  const first = whole ? old_root : path[0];
  if (!first) return false;
  let old_hash = first;
  let hash = first;
  for (const sibling of whole ? path : path.slice(1)) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      old_hash = node_hash(sibling, old_hash);
      hash = node_hash(sibling, hash);
      while (position % 2 === 0 && position !== 0) [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
    } else {
      hash = node_hash(hash, sibling);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && same_bytes(old_hash, old_root) && same_bytes(hash, root);
}

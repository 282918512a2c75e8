// Merkle trees of RFC 6962 section 2.1 with SHA-256: roots, inclusion and consistency proofs.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.hpp"

namespace isoloir {

using Digest = ByteArray<32>;

Digest leaf_hash(ByteView entry);                           // SHA-256(0x00 || entry)
Digest node_hash(const Digest& left, const Digest& right);  // SHA-256(0x01 || left || right)

// Root over leaf hashes; of no leaves, SHA-256("").
Digest merkle_root(std::span<const Digest> leaves);

// Grows by appending; memory logarithmic. Root at any moment.
class MerkleAccumulator {
 public:
  void append(const Digest& leaf);
  std::uint64_t size() const { return size_; }
  Digest root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;  // roots of the complete subtrees, largest first
};

// From the leaf's sibling up to the root's child. index < leaves.size().
std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index);
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> proof, const Digest& root);

// From the tree of the first `old_size` leaves (0 < old_size <= leaves.size()) to the tree of all.
std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t old_size);
bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, std::span<const Digest> proof);

}  // namespace isoloir

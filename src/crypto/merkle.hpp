// Merkle trees of RFC 6962 section 2.1 with SHA-256: roots, inclusion and consistency proofs.
#pragma once

#include <functional>
#include <optional>
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
  MerkleAccumulator() = default;
  void append(const Digest& leaf);
  // To be kept and taken up again: nothing when there are not as many peaks as a tree of that size
  // has.
  static std::optional<MerkleAccumulator> of(std::uint64_t size, std::vector<Digest> peaks);
  std::uint64_t size() const { return size_; }
  Digest root() const;
  const std::vector<Digest>& peaks() const { return peaks_; }

 private:
  friend class MerkleTree;
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;  // roots of the complete subtrees, largest first
};

// A whole tree in memory: appends, roots and inclusion proofs of any earlier size in logarithmic
// time. About 64 bytes a leaf. Not thread-safe.
class MerkleTree {
 public:
  void append(const Digest& leaf);
  std::uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }
  Digest root(std::uint64_t size) const;
  MerkleAccumulator accumulator() const;  // to try out what comes next
  std::vector<Digest> inclusion(std::uint64_t index, std::uint64_t size) const;
  // Node `index` of the complete subtrees of 2^height leaves; nothing when it is not complete.
  const Digest* node(std::size_t height, std::uint64_t index) const;

 private:
  Digest range_root(std::uint64_t begin, std::uint64_t end) const;
  std::vector<std::vector<Digest>> levels_;
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

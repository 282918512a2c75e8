#include "crypto/merkle.hpp"

#include <bit>

#include "base/result.hpp"
#include "crypto/hash.hpp"

namespace isoloir {
namespace {

constexpr ByteArray<1> leaf_prefix{0};
constexpr ByteArray<1> node_prefix{1};

// The largest power of two smaller than n (n > 1): where RFC 6962 splits a tree.
std::uint64_t split(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

void collect_consistency(std::span<const Digest> leaves, std::uint64_t old_size, bool whole,
                         std::vector<Digest>& proof) {
  if (old_size == leaves.size()) {
    if (!whole) proof.push_back(merkle_root(leaves));
    return;
  }
  const auto k = split(leaves.size());
  if (old_size <= k) {
    collect_consistency(leaves.first(k), old_size, whole, proof);
    proof.push_back(merkle_root(leaves.subspan(k)));
  } else {
    collect_consistency(leaves.subspan(k), old_size - k, false, proof);
    proof.push_back(merkle_root(leaves.first(k)));
  }
}

}  // namespace

Digest leaf_hash(ByteView entry) {
  return sha256({leaf_prefix, entry});
}
Digest node_hash(const Digest& left, const Digest& right) {
  return sha256({node_prefix, left, right});
}

void MerkleAccumulator::append(const Digest& leaf) {
  Digest carry = leaf;
  for (std::uint64_t bits = size_; bits & 1; bits >>= 1) {
    carry = node_hash(peaks_.back(), carry);
    peaks_.pop_back();
  }
  peaks_.push_back(carry);
  ++size_;
}

std::optional<MerkleAccumulator> MerkleAccumulator::of(std::uint64_t size,
                                                       std::vector<Digest> peaks) {
  if (static_cast<std::size_t>(std::popcount(size)) != peaks.size()) return std::nullopt;
  MerkleAccumulator result;
  result.size_ = size;
  result.peaks_ = std::move(peaks);
  return result;
}

Digest MerkleAccumulator::root() const {
  if (peaks_.empty()) return sha256(ByteView{});
  Digest root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak)
    root = node_hash(*peak, root);
  return root;
}

Digest merkle_root(std::span<const Digest> leaves) {
  MerkleAccumulator accumulator;
  for (const auto& leaf : leaves) accumulator.append(leaf);
  return accumulator.root();
}

void MerkleTree::append(const Digest& leaf) {
  Digest carry = leaf;
  for (std::size_t height = 0;; ++height) {
    if (height == levels_.size()) levels_.emplace_back();
    auto& level = levels_[height];
    level.push_back(carry);
    if (level.size() % 2 != 0) return;
    carry = node_hash(level[level.size() - 2], carry);
  }
}

const Digest* MerkleTree::node(std::size_t height, std::uint64_t index) const {
  if (height >= levels_.size() || index >= levels_[height].size()) return nullptr;
  return &levels_[height][index];
}

// Root of the leaves [begin, end), begin a multiple of the next power of two: RFC 6962's split,
// with complete subtrees looked up instead of computed.
Digest MerkleTree::range_root(std::uint64_t begin, std::uint64_t end) const {
  const std::uint64_t count = end - begin;
  if (count == 0) return sha256(ByteView{});
  if (std::has_single_bit(count)) {
    const auto height = static_cast<std::size_t>(std::countr_zero(count));
    return *node(height, begin >> height);
  }
  const auto k = split(count);
  return node_hash(range_root(begin, begin + k), range_root(begin + k, end));
}

Digest MerkleTree::root(std::uint64_t size) const {
  ISOLOIR_ASSERT(size <= this->size());
  return range_root(0, size);
}

MerkleAccumulator MerkleTree::accumulator() const {
  MerkleAccumulator result;
  result.size_ = size();
  for (std::size_t height = levels_.size(); height-- > 0;) {
    if (levels_[height].size() % 2 != 0) result.peaks_.push_back(levels_[height].back());
  }
  return result;
}

std::vector<Digest> MerkleTree::inclusion(std::uint64_t index, std::uint64_t size) const {
  ISOLOIR_ASSERT(index < size && size <= this->size());
  std::vector<Digest> from_root;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const auto middle = begin + split(end - begin);
    if (index < middle) {
      from_root.push_back(range_root(middle, end));
      end = middle;
    } else {
      from_root.push_back(range_root(begin, middle));
      begin = middle;
    }
  }
  return {from_root.rbegin(), from_root.rend()};
}

std::vector<Digest> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index) {
  ISOLOIR_ASSERT(index < leaves.size());
  std::vector<Digest> from_root;
  while (leaves.size() > 1) {
    const auto k = split(leaves.size());
    if (index < k) {
      from_root.push_back(merkle_root(leaves.subspan(k)));
      leaves = leaves.first(k);
    } else {
      from_root.push_back(merkle_root(leaves.first(k)));
      leaves = leaves.subspan(k);
      index -= k;
    }
  }
  return {from_root.rbegin(), from_root.rend()};
}

// RFC 9162 section 2.1.3.2, which states for RFC 6962 trees what section 2.1.1 there leaves to the
// reader.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  Digest r = leaf;
  for (const auto& p : proof) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      r = node_hash(p, r);
      if (!(fn & 1)) {
        while (fn != 0 && !(fn & 1)) {
          fn >>= 1;
          sn >>= 1;
        }
      }
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && r == root;
}

std::vector<Digest> consistency_proof(std::span<const Digest> leaves, std::uint64_t old_size) {
  ISOLOIR_ASSERT(old_size > 0 && old_size <= leaves.size());
  std::vector<Digest> proof;
  collect_consistency(leaves, old_size, true, proof);
  return proof;
}

// RFC 9162 section 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, std::span<const Digest> proof) {
  if (old_size == 0 || old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  std::vector<Digest> path(proof.begin(), proof.end());
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = size - 1;
  while (fn & 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Digest fr = path.front();
  Digest sr = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return false;
    if ((fn & 1) || fn == sn) {
      fr = node_hash(path[i], fr);
      sr = node_hash(path[i], sr);
      while (fn != 0 && !(fn & 1)) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = node_hash(sr, path[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && fr == old_root && sr == root;
}

}  // namespace isoloir

// What engines decide that work on several points side by side, one a lane of a register, whatever
// the lanes are made of. The loops over lanes are their kernels'.
//
// Sums are Pippenger's: a scalar is cut into signed digits, and of each place a bucket sums the
// points of one digit. As many places as there are lanes go together, one a lane, each lane with
// buckets of its own: the point that is added is the same for all, and no two lanes want the same
// bucket.
//
// Kernels names the functions of ifma_kernels.hpp or fma_kernels.hpp and what has been measured of
// them:
//   fewest_decoded  encodings, below which the portable engine is faster
//   fewest_terms    the same for the terms of a sum; a half one counts half
//   bucket_cost     emptying and draining a bucket, in additions to buckets
#pragma once

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <vector>

#include "base/result.hpp"
#include "base/words.hpp"
#include "multiexp/engine.hpp"
#include "multiexp/lane_kernels.hpp"
#include "multiexp/recoding.hpp"

namespace isoloir::multiexp {

// Words at a multiple of 64 bytes, so that no row of a bucket is on two lines of the cache; not
// set to anything.
class Words {
 public:
  explicit Words(std::size_t count)
      : words_(static_cast<std::uint64_t*>(
            ::operator new(std::max<std::size_t>(1, count) * sizeof(std::uint64_t), alignment))) {}
  std::uint64_t* data() { return words_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(std::uint64_t* words) const { ::operator delete(words, alignment); }
  };
  std::unique_ptr<std::uint64_t, Free> words_;
};

// The digits of scalars of so many bits. All but the highest are from -2^(width-1) to
// 2^(width-1) - 1: 2^(width-1) is added once at each of their places, then taken away from each as
// it is read. The highest has no carry to give, so it is from 0 to 2^(width-1), if need be in a
// place of its own. Where that place alone would ask for a group of lanes more, it is done without:
// digits of the place below go to 2^width instead, which costs only buckets.
template <unsigned lanes>
struct Digits {
  static constexpr unsigned narrowest = 2, widest = 13;

  unsigned width, places, groups;
  bool high;  // the highest digit goes to 2^width

  Digits(unsigned bits, unsigned digit_width) : width(digit_width), places(bits / width + 1) {
    high = bits % width == 0 && (places - 1) % lanes == 0;
    if (high) --places;
    groups = (places + lanes - 1) / lanes;
  }

  std::size_t most(unsigned group) const {
    const bool all = high && group + 1 == groups;
    return std::size_t{1} << (all ? width : width - 1);
  }

  BiasedScalar offset() const {
    BiasedScalar sum{};
    for (unsigned place = 0; place + 1 < places; ++place) {
      const unsigned bit = place * width + width - 1;
      sum.word[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    return sum;
  }

  DigitLanes<lanes> of_group(unsigned group) const {
    DigitLanes<lanes> digits{};
    for (unsigned lane = 0; lane < lanes; ++lane) {
      const unsigned place = group * lanes + lane;
      if (place >= places) continue;
      const bool highest = place + 1 == places;
      digits.bit[lane] = place * width;
      digits.mask[lane] = (std::uint64_t{1} << (highest ? width + 1 : width)) - 1;
      digits.bias[lane] = highest ? 0 : std::uint64_t{1} << (width - 1);
    }
    return digits;
  }
};

inline BiasedScalar biased(std::span<const std::uint8_t> scalar, const BiasedScalar& offset) {
  BiasedScalar sum{};
  for (std::size_t i = 0; i < scalar.size() / 8; ++i) sum.word[i] = word_at(&scalar[8 * i]);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < std::size(sum.word); ++i) {
    const std::uint64_t without = sum.word[i] + offset.word[i], total = without + carry;
    carry = static_cast<std::uint64_t>(without < offset.word[i]) +
            static_cast<std::uint64_t>(total < without);
    sum.word[i] = total;
  }
  return sum;
}

// The points and scalars of one width, as the kernels want them.
template <typename Kernels>
class Side {
 public:
  template <typename Scalar>
  Side(std::span<const AffinePoint> points, std::span<const Scalar> scalars, unsigned bits,
       unsigned width)
      : digits_(bits, width),
        count_(points.size()),
        addends_((count_ + Kernels::lanes - 1) / Kernels::lanes * Kernels::addend_words),
        scalars_(count_) {
    Kernels::make_addends(points.data(), count_, addends_.data());
    const auto offset = digits_.offset();
    for (std::size_t i = 0; i < count_; ++i) scalars_[i] = biased(scalars[i], offset);
  }

  unsigned groups() const { return count_ == 0 ? 0 : digits_.groups; }
  std::size_t most(unsigned group) const { return group < groups() ? digits_.most(group) : 0; }
  void fill(std::uint64_t* buckets, unsigned group) {
    if (group >= groups()) return;
    Kernels::fill_buckets(buckets, digits_.of_group(group), addends_.data(), scalars_.data(),
                          count_);
  }

 private:
  Digits<Kernels::lanes> digits_;
  std::size_t count_;
  Words addends_;
  std::vector<BiasedScalar> scalars_;
};

template <typename Kernels>
struct LaneEngine {
  static std::size_t decode(std::span<const std::uint8_t* const> encodings, AffinePoint* points,
                            Identity identity) {
    constexpr std::size_t at_once = Kernels::decoded_at_once;
    for (std::size_t done = 0; done < encodings.size(); done += at_once) {
      const auto count = std::min(at_once, encodings.size() - done);
      if (count < Kernels::fewest_decoded) {
        return done + portable_engine().decode(encodings.subspan(done), points + done, identity);
      }
      const auto bad = Kernels::decode_some(encodings.data() + done, count, points + done,
                                            identity == Identity::allowed);
      if (bad != 0) return done + static_cast<std::size_t>(std::countr_zero(bad));
    }
    return encodings.size();
  }

  // In additions to buckets of all lanes: a group costs one for each term, and bucket_cost for each
  // bucket.
  static unsigned best_width(std::size_t full, std::size_t half) {
    using Digits = Digits<Kernels::lanes>;
    unsigned best = Digits::narrowest;
    double best_cost = 0;
    for (unsigned width = Digits::narrowest; width <= Digits::widest; ++width) {
      const Digits of_full(full_bits, width), of_half(half_bits, width);
      double cost = 0;
      for (unsigned group = 0; group < of_full.groups; ++group) {
        std::size_t most = 0;
        if (full != 0) {
          most = of_full.most(group);
          cost += static_cast<double>(full);
        }
        if (half != 0 && group < of_half.groups) {
          most = std::max(most, of_half.most(group));
          cost += static_cast<double>(half);
        }
        cost += Kernels::bucket_cost * static_cast<double>(most);
      }
      if (width == Digits::narrowest || cost < best_cost) {
        best = width;
        best_cost = cost;
      }
    }
    return best;
  }

  static ExtendedPoint multiply_sum(const Terms& terms) {
    ISOLOIR_ASSERT(terms.full_points.size() == terms.full_scalars.size());
    ISOLOIR_ASSERT(terms.half_points.size() == terms.half_scalars.size());
    const std::size_t full_count = terms.full_points.size(), half_count = terms.half_points.size();
    if (full_count + half_count / 2 < Kernels::fewest_terms) {
      return portable_engine().multiply_sum(terms);
    }
    const unsigned width = best_width(full_count, half_count);
    Side<Kernels> full(terms.full_points, terms.full_scalars, full_bits, width);
    Side<Kernels> half(terms.half_points, terms.half_scalars, half_bits, width);
    const unsigned groups = std::max(full.groups(), half.groups());
    Words buckets(((std::size_t{1} << width) + 1) * Kernels::bucket_words);
    Words sums(groups * Kernels::bucket_words);
    for (unsigned group = 0; group < groups; ++group) {
      const std::size_t most = std::max(full.most(group), half.most(group));
      Kernels::empty_buckets(buckets.data(), most);
      full.fill(buckets.data(), group);
      half.fill(buckets.data(), group);
      Kernels::drain_buckets(buckets.data(), most, sums.data() + group * Kernels::bucket_words);
    }
    return Kernels::combine(sums.data(), groups, width);
  }

  static void add_each(std::span<ExtendedPoint> sums, std::span<const AffinePoint> points) {
    ISOLOIR_ASSERT(sums.size() == points.size());
    Kernels::add_each(sums.data(), points.data(), sums.size());
  }

  static constexpr Engine named(const char* name) { return {name, decode, multiply_sum, add_each}; }
};

}  // namespace isoloir::multiexp

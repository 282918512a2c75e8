#include "multiexp/field.hpp"

#include <cstring>

#include "base/words.hpp"
#include "multiexp/constants.hpp"

namespace isoloir::multiexp {
namespace {

struct LeastValue {
  std::uint64_t limb[5];
};

// Carried, the value is below 2p; adding 19 then carries out of the highest limb exactly when the
// value is p or more.
LeastValue least(const FieldElement& a) {
  const FieldElement t = carry(a);
  std::uint64_t q = (t.limb[0] + 19) >> 51;
  for (int i = 1; i < 5; ++i) q = (t.limb[i] + q) >> 51;
  LeastValue r{{t.limb[0] + 19 * q, t.limb[1], t.limb[2], t.limb[3], t.limb[4]}};
  for (int i = 0; i < 4; ++i) {
    r.limb[i + 1] += r.limb[i] >> 51;
    r.limb[i] &= limb_mask;
  }
  r.limb[4] &= limb_mask;
  return r;
}

template <std::size_t Count>
struct Lanes {
  FieldElement lane[Count];
};

template <std::size_t Count>
Lanes<Count> product(const Lanes<Count>& a, const Lanes<Count>& b) {
  Lanes<Count> r;
  for (std::size_t i = 0; i < Count; ++i) r.lane[i] = multiply(a.lane[i], b.lane[i]);
  return r;
}

template <std::size_t Count>
Lanes<Count> squared(Lanes<Count> a, int times) {
  for (; times > 0; --times) {
    for (std::size_t i = 0; i < Count; ++i) a.lane[i] = square(a.lane[i]);
  }
  return a;
}

// To the power (p - 5) / 8 = 2^252 - 3, by the chain of Bernstein's curve25519.
template <std::size_t Count>
Lanes<Count> root_power(const Lanes<Count>& x) {
  const auto x2 = squared(x, 1);
  const auto x9 = product(x, squared(x2, 2));
  const auto x11 = product(x2, x9);
  const auto b5 = product(x9, squared(x11, 1));  // 2^5 - 1, and so on below
  const auto b10 = product(squared(b5, 5), b5);
  const auto b20 = product(squared(b10, 10), b10);
  const auto b40 = product(squared(b20, 20), b20);
  const auto b50 = product(squared(b40, 10), b10);
  const auto b100 = product(squared(b50, 50), b50);
  const auto b200 = product(squared(b100, 100), b100);
  const auto b250 = product(squared(b200, 50), b50);
  return product(squared(b250, 2), x);
}

}  // namespace

FieldBytes field_bytes(const FieldElement& a) {
  const LeastValue r = least(a);
  return bytes_of(std::array{r.limb[0] | r.limb[1] << 51, r.limb[1] >> 13 | r.limb[2] << 38,
                             r.limb[2] >> 26 | r.limb[3] << 25, r.limb[3] >> 39 | r.limb[4] << 12});
}

FieldElement field_from_bytes(const std::uint8_t* bytes) {
  const auto [w0, w1, w2, w3] = words_of<4>(bytes);
  return {{w0 & limb_mask, (w0 >> 51 | w1 << 13) & limb_mask, (w1 >> 38 | w2 << 26) & limb_mask,
           (w2 >> 25 | w3 << 39) & limb_mask, (w3 >> 12) & limb_mask}};
}

bool is_zero(const FieldElement& a) {
  const LeastValue r = least(a);
  return (r.limb[0] | r.limb[1] | r.limb[2] | r.limb[3] | r.limb[4]) == 0;
}

bool is_negative(const FieldElement& a) {
  return (least(a).limb[0] & 1) != 0;
}

bool equal(const FieldElement& a, const FieldElement& b) {
  const LeastValue left = least(a), right = least(b);
  return std::memcmp(left.limb, right.limb, sizeof left.limb) == 0;
}

template <std::size_t Count>
void inverse_square_roots(FieldElement (&values)[Count], bool (&good)[Count]) {
  Lanes<Count> v;
  for (std::size_t i = 0; i < Count; ++i) v.lane[i] = values[i];
  const auto v3 = product(squared(v, 1), v);
  const auto root = product(v3, root_power(product(squared(v3, 1), v)));
  const auto check = product(squared(root, 1), v);
  for (std::size_t i = 0; i < Count; ++i) {
    const FieldElement& c = check.lane[i];  // 0 or a fourth root of 1
    const bool plus = equal(c, field_one), minus = equal(c, negate(field_one));
    FieldElement r = root.lane[i];
    if (minus || equal(c, negate(square_root_of_minus_one))) {
      r = multiply(r, square_root_of_minus_one);
    }
    good[i] = plus || minus;
    values[i] = is_negative(r) ? negate(r) : r;
  }
}

template void inverse_square_roots(FieldElement (&)[1], bool (&)[1]);
template void inverse_square_roots(FieldElement (&)[4], bool (&)[4]);

}  // namespace isoloir::multiexp

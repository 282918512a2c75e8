// The constants of edwards25519 and of its ristretto group (RFC 9496 section 4.1), in limbs.
#pragma once

#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

inline constexpr FieldElement curve_d{
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
inline constexpr FieldElement curve_2d{
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
inline constexpr FieldElement square_root_of_minus_one{
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};
// 1 / sqrt(a - d), a = -1
inline constexpr FieldElement inverse_root_of_a_minus_d{
    {0x0fdaa805d40ea, 0x2eb482e57d339, 0x007610274bc58, 0x6510b613dc8ff, 0x786c8905cfaff}};

}  // namespace isoloir::multiexp

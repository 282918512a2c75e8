#include "verification/sha512_eight.hpp"

#include <algorithm>

#include "base/result.hpp"

#ifdef __x86_64__

#if defined(__GNUC__) && !defined(__clang__)  // in the compiler's own header of g++ 12
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

// Each function that needs it is compiled for AVX-512, and nothing else here is: so no inline
// function of a header can come out of this file for a processor that lacks it.
#define ISOLOIR_AVX512 gnu::target("avx512f,avx512bw")

namespace isoloir::verification {
namespace {

using Lanes = __m512i;

// FIPS 180-4 sections 5.3.5 and 4.2.3: of the square roots of the first 8 primes, and of the cube
// roots of the first 80, the first 64 bits behind the point.
constexpr std::uint64_t initial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                      0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                      0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr std::uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

constexpr std::size_t block_bytes = 128;

// A ternary operation by its table: bit 4a + 2b + c is the result for the bits a, b, c.
constexpr int exclusive_or = 0x96, choose = 0xca, majority = 0xe8;

template <int first, int second, int third>
[[ISOLOIR_AVX512, gnu::always_inline]] inline Lanes large_sigma(Lanes a) {
  return _mm512_ternarylogic_epi64(_mm512_ror_epi64(a, first), _mm512_ror_epi64(a, second),
                                   _mm512_ror_epi64(a, third), exclusive_or);
}
template <int first, int second, int shift>
[[ISOLOIR_AVX512, gnu::always_inline]] inline Lanes small_sigma(Lanes a) {
  return _mm512_ternarylogic_epi64(_mm512_ror_epi64(a, first), _mm512_ror_epi64(a, second),
                                   _mm512_srli_epi64(a, shift), exclusive_or);
}

// Section 6.4.2 on the next block of each message, in the same lane of all words.
[[ISOLOIR_AVX512]] void compress(Lanes (&state)[8], const std::uint8_t* const (&blocks)[8]) {
  const Lanes addresses = _mm512_loadu_si512(blocks);
  const Lanes big_endian =
      _mm512_broadcast_i32x4(_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
  Lanes w[16], v[8];
  for (int t = 0; t < 16; ++t) {
    const Lanes place = _mm512_add_epi64(addresses, _mm512_set1_epi64(8 * t));
    w[t] = _mm512_shuffle_epi8(_mm512_i64gather_epi64(place, nullptr, 1), big_endian);
  }
  for (int i = 0; i < 8; ++i) v[i] = state[i];
  for (int sixteen = 0; sixteen < 80; sixteen += 16) {
#pragma GCC unroll 16
    for (int t = 0; t < 16; ++t) {
      if (sixteen != 0) {
        w[t] = _mm512_add_epi64(
            _mm512_add_epi64(w[t], small_sigma<1, 8, 7>(w[(t + 1) % 16])),
            _mm512_add_epi64(w[(t + 9) % 16], small_sigma<19, 61, 6>(w[(t + 14) % 16])));
      }
      // The names a to h go round among the eight, so that nothing is moved.
      Lanes &a = v[(16 - t) % 8], &b = v[(17 - t) % 8], &c = v[(18 - t) % 8];
      Lanes &d = v[(19 - t) % 8], &e = v[(20 - t) % 8], &f = v[(21 - t) % 8];
      Lanes &g = v[(22 - t) % 8], &h = v[(23 - t) % 8];
      const Lanes constant =
          _mm512_set1_epi64(static_cast<long long>(round_constants[sixteen + t]));
      h = _mm512_add_epi64(
          _mm512_add_epi64(h, _mm512_add_epi64(w[t], constant)),
          _mm512_add_epi64(large_sigma<14, 18, 41>(e), _mm512_ternarylogic_epi64(e, f, g, choose)));
      d = _mm512_add_epi64(d, h);
      h = _mm512_add_epi64(h, _mm512_add_epi64(large_sigma<28, 34, 39>(a),
                                               _mm512_ternarylogic_epi64(a, b, c, majority)));
    }
  }
  for (int i = 0; i < 8; ++i) state[i] = _mm512_add_epi64(state[i], v[i]);
}

void store_big_endian(std::uint64_t word, std::uint8_t* bytes) {
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(word >> (56 - 8 * i));
}

[[ISOLOIR_AVX512]] void hash_eight(const EightMessages& messages, std::size_t length,
                                   EightDigests& digests) {
  Lanes state[8];
  for (int i = 0; i < 8; ++i) state[i] = _mm512_set1_epi64(static_cast<long long>(initial[i]));
  const std::uint8_t* blocks[8];
  std::copy(messages.begin(), messages.end(), blocks);
  for (std::size_t left = length; left >= block_bytes; left -= block_bytes) {
    compress(state, blocks);
    for (auto& block : blocks) block += block_bytes;
  }
  // What is left, a one, zeros and the length in bits (section 5.1.2): one block or two.
  const std::size_t rest = length % block_bytes;
  const std::size_t end = rest + 17 <= block_bytes ? block_bytes : 2 * block_bytes;
  std::uint8_t last[8][2 * block_bytes] = {};
  for (int lane = 0; lane < 8; ++lane) {
    std::copy_n(blocks[lane], rest, last[lane]);
    last[lane][rest] = 0x80;
    store_big_endian(std::uint64_t{length} << 3, last[lane] + end - 8);
    blocks[lane] = last[lane];
  }
  for (std::size_t at = 0; at < end; at += block_bytes) {
    compress(state, blocks);
    for (auto& block : blocks) block += block_bytes;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint64_t words[8];
    _mm512_storeu_si512(words, state[i]);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      store_big_endian(words[lane], digests[lane].data() + 8 * i);
    }
  }
}

}  // namespace

bool has_sha512_eight() {
  static const bool there =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
  return there;
}

void sha512_eight(const EightMessages& messages, std::size_t length, EightDigests& digests) {
  ISOLOIR_ASSERT(has_sha512_eight());
  hash_eight(messages, length, digests);
}

}  // namespace isoloir::verification

#else

namespace isoloir::verification {

bool has_sha512_eight() {
  return false;
}
void sha512_eight(const EightMessages&, std::size_t, EightDigests&) {
  ISOLOIR_ASSERT(false);
}

}  // namespace isoloir::verification

#endif

// The long chain of decoding, for registers of several points. For the kernels alone, each of which
// is compiled for processors that not everybody has: so it is in an unnamed namespace, as all of
// theirs.
#pragma once

namespace isoloir::multiexp {
namespace {

// a^((p - 5) / 8) = a^(2^252 - 3): 2^n - 1 ones for n = 5, 10, 20, 40, 50, 100, 200, 250, then two
// squarings and a last product. By the kernels' square_times and multiply_all.
template <typename Registers>
[[gnu::noinline]] void power_for_root(Registers& a) {
  auto a2 = a, a9 = a;
  square_times(a2, 1);
  auto ones = a2;
  square_times(ones, 2);
  multiply_all(a9, ones);
  multiply_all(a2, a9);  // a^11
  square_times(a2, 1);
  ones = a9;
  multiply_all(ones, a2);
  auto before = ones;
  square_times(ones, 5);
  multiply_all(ones, before);
  const auto ones_10 = ones;
  square_times(ones, 10);
  multiply_all(ones, ones_10);
  before = ones;
  square_times(ones, 20);
  multiply_all(ones, before);
  square_times(ones, 10);
  multiply_all(ones, ones_10);
  const auto ones_50 = ones;
  square_times(ones, 50);
  multiply_all(ones, ones_50);
  before = ones;
  square_times(ones, 100);
  multiply_all(ones, before);
  square_times(ones, 50);
  multiply_all(ones, ones_50);
  square_times(ones, 2);
  multiply_all(a, ones);
}

}  // namespace
}  // namespace isoloir::multiexp

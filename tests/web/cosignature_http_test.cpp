// What anybody may post as a witness, and what it costs whom.
#include <gtest/gtest.h>

#include "service/voting_fixture.hpp"
#include "store/hooked_database.hpp"
#include "web/assets.hpp"
#include "web/site.hpp"

namespace isoloir::web {
namespace {

constexpr auto refused_most = limits::refused_cosignatures_per_minute;
constexpr std::string_view kept = "200 {\"status\":\"kept\"}";

struct CosignatureHttpTest : VotingFixture {
  CosignatureHttpTest() {
    log = std::make_unique<Log>(
        hooked, state->manifest().log_origin,
        Ed25519KeyPair::of(state->keys().checkpoint.seed.clone()), random, clock,
        [](store::Transaction&) { return std::vector<Digest>(); }, std::filesystem::path(),
        WitnessPolicy{{one.witness, two.witness}, 1});
    log->append_round(true);
    site.emplace(*state, *log, portal, renderer, std::nullopt, SelfService{});
  }
  ~CosignatureHttpTest() override {
    site.reset();
    log.reset();
  }

  std::string body() const {
    const auto note = log->checkpoint_note();
    return note.substr(0, note.rfind("\n\n") + 1);
  }
  std::string good(const WitnessKey& key) const { return cosign(body(), key, 1); }
  std::string wrong(const WitnessKey& key) const { return cosign("another text\n", key, 1); }
  // Status and answer.
  std::string post(const std::string& note, const std::string& from = "192.0.2.1") {
    const auto answer = site->handle(
        {http::Method::post, state->manifest().log_path() + "/cosignature", "", {}, note, from});
    return std::to_string(answer.status) + " " + answer.body;
  }
  std::string post_lines(const std::string& lines, const std::string& from = "192.0.2.1") {
    return post(body() + "\n" + lines, from);
  }
  static std::string refused(int status, const std::string& code) {
    return std::to_string(status) + " {\"code\":\"cosignature." + code +
           "\",\"status\":\"refused\"}";
  }

  const WitnessKey one = *WitnessKey::of("one.example", Ed25519KeyPair::generate(random));
  const WitnessKey two = *WitnessKey::of("two.example", Ed25519KeyPair::generate(random));
  const Portal portal = *Portal::parse(fixture_portal, "fixture.toml");
  const Renderer renderer{asset};
  store::HookedDatabase hooked{state->database()};
  std::optional<Site> site;
};

TEST_F(CosignatureHttpTest, ANetworkWithTooManyRefusedPostsWaitsForTheNextMinute) {
  clock.set(whole_minute(clock.now()));
  for (std::uint32_t i = 0; i < refused_most; ++i) {
    ASSERT_EQ(post_lines(wrong(one)), refused(400, "signature")) << i;
  }
  EXPECT_EQ(post_lines(good(one)), refused(429, "rate"));
  EXPECT_EQ(post_lines(good(one), "198.51.100.7"), kept);
  clock.advance(minute_ms - 1);
  EXPECT_EQ(post_lines(good(two)), refused(429, "rate"));
  clock.advance(1);
  EXPECT_EQ(post_lines(good(two)), kept);
}

TEST_F(CosignatureHttpTest, WhatIsKeptOrComesTooLateCostsNothing) {
  for (std::uint32_t i = 0; i < refused_most + 5; ++i) {
    ASSERT_EQ(post_lines(good(one)), kept);
    ASSERT_EQ(post("another log\n16\nAA==\n\n" + good(one)), refused(409, "checkpoint"));
  }
  for (std::uint32_t i = 0; i < refused_most; ++i) {
    ASSERT_EQ(post("no note"), refused(400, "form")) << i;
  }
  EXPECT_EQ(post("no note"), refused(429, "rate"));
}

// As many at once: the one that is being kept counts until it is.
TEST_F(CosignatureHttpTest, APostCountsWhileItLasts) {
  hooked.before_write = [&] {
    for (std::uint32_t i = 1; i < refused_most; ++i) {
      ASSERT_EQ(post_lines(wrong(two)), refused(400, "signature")) << i;
    }
    EXPECT_EQ(post_lines(wrong(two)), refused(429, "rate"));
  };
  EXPECT_EQ(post_lines(good(one)), kept);
  EXPECT_EQ(post_lines(wrong(two)), refused(400, "signature"));
  EXPECT_EQ(post_lines(wrong(two)), refused(429, "rate"));
}

TEST_F(CosignatureHttpTest, WhatFailsHereIsNotHeldAgainstTheWitness) {
  for (std::uint32_t i = 0; i < refused_most + 1; ++i) {
    hooked.before_write = [] { throw store::StoreError(store::StoreError::Kind::full, "full"); };
    ASSERT_THROW(post_lines(good(one)), store::StoreError);
  }
  EXPECT_EQ(post_lines(good(one)), kept);
}

// Answered as the first one was, because it is not judged; whoever sends it changes nothing.
TEST_F(CosignatureHttpTest, InTheNameOfAWitnessWhoseLineIsHeldAnythingIsAnsweredKept) {
  EXPECT_EQ(post_lines(wrong(one)), refused(400, "signature"));
  EXPECT_EQ(post_lines(good(one)), kept);
  const auto held = log->checkpoint_note();
  EXPECT_EQ(post_lines(wrong(one)), kept);
  EXPECT_EQ(log->checkpoint_note(), held);
  EXPECT_EQ(post_lines(wrong(one) + good(two)), kept);
  EXPECT_EQ(log->checkpoint_note(), held + good(two));
}

}  // namespace
}  // namespace isoloir::web

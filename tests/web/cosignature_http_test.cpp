// What anybody may post as a witness.
#include <gtest/gtest.h>

#include "service/voting_fixture.hpp"
#include "store/hooked_database.hpp"
#include "web/assets.hpp"
#include "web/site.hpp"

namespace isoloir::web {
namespace {

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
  std::string post(const std::string& note) {
    const auto answer = site->handle({http::Method::post,
                                      state->manifest().log_path() + "/cosignature",
                                      "",
                                      {},
                                      note,
                                      "192.0.2.1"});
    return std::to_string(answer.status) + " " + answer.body;
  }
  std::string post_lines(const std::string& lines) { return post(body() + "\n" + lines); }
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

// Whoever sends junk from where a witness sends, through one router or proxy.
TEST_F(CosignatureHttpTest, HoweverMuchJunkComesBesideItAWitnessIsHeard) {
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(post_lines(wrong(one)), refused(400, "signature")) << i;
    ASSERT_EQ(post("no note"), refused(400, "form")) << i;
    ASSERT_EQ(post("another log\n16\nAA==\n\n" + good(one)), refused(409, "checkpoint")) << i;
  }
  EXPECT_EQ(post_lines(good(one)), kept);
}

TEST_F(CosignatureHttpTest, WhatFailsHereMayBeSentAgain) {
  hooked.before_write = [] { throw store::StoreError(store::StoreError::Kind::full, "full"); };
  ASSERT_THROW(post_lines(good(one)), store::StoreError);
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

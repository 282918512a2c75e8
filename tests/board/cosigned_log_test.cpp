// A log whose receipts want witnesses.
#include "base/limits.hpp"
#include "board/test_log.hpp"
#include "store/hooked_database.hpp"

namespace isoloir::test {
namespace {

WitnessKey witness_of(std::uint64_t seed) {
  return *WitnessKey::of("w" + std::to_string(seed) + ".example", key_of(seed));
}

struct CosignedLog : testing::Test, TestLog {
  CosignedLog() : TestLog(1) { reopen(); }
  void reopen() {
    log = std::make_unique<Log>(
        hooked, std::string(test_origin), key_of(5), random,
        [this](store::Transaction&) { return std::exchange(waiting, {}); }, std::filesystem::path(),
        WitnessPolicy{{witness_of(21).witness, witness_of(22).witness}, 2});
  }
  store::HookedDatabase hooked{*database};
  static std::string body_of(const std::string& note) {
    return note.substr(0, note.rfind("\n\n") + 1);
  }
  // The error's code, or empty.
  std::string take(const std::string& note, std::uint64_t by, TimeMs now = 7'000) {
    return take_lines(note, cosign(body_of(note), witness_of(by), 1), now);
  }
  std::string take_lines(const std::string& note, const std::string& lines, TimeMs now = 7'000) {
    const auto taken = log->take_cosignatures(body_of(note) + "\n" + lines, now);
    return taken ? "" : taken.error().code;
  }
  Bytes ballot() {
    return ballot_entry(ReceiptKey::of_bytes(random.array<32>()), Tracker{random.array<32>()});
  }
};

TEST_F(CosignedLog, AReceiptWaitsForAsManyWitnessesAsThePolicyAsks) {
  const auto entry = ballot();
  EXPECT_FALSE(log->holds(entry));
  round(1, {entry});
  EXPECT_TRUE(log->holds(entry));
  EXPECT_FALSE(log->receipt(entry));
  EXPECT_EQ(log->witnessed_note(), "");
  const auto note = log->checkpoint_note();
  EXPECT_EQ(take(note, 21), "");
  EXPECT_EQ(take(note, 21), "");  // again, and the same one counts once
  EXPECT_FALSE(log->receipt(entry));
  round(1);  // goes on meanwhile
  EXPECT_EQ(take(note, 22, 9'000), "");
  const auto receipt = log->receipt(entry);
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(check_receipt(*receipt, test_origin, key_of(5).key));
  EXPECT_EQ(count_cosignatures(receipt->checkpoint_note,
                               {witness_of(21).witness, witness_of(22).witness}),
            2u);
  EXPECT_EQ(log->standing().size, 32u);
  EXPECT_EQ(log->standing().witnessed_size, 16u);
  EXPECT_EQ(log->standing().witnessed_at, 9'000);

  const auto later = ballot();
  round(1, {later});
  EXPECT_FALSE(log->receipt(later));
  EXPECT_TRUE(log->receipt(entry));
}

TEST_F(CosignedLog, CosignaturesOutliveARestart) {
  const auto entry = ballot();
  round(1, {entry});
  EXPECT_EQ(take(log->checkpoint_note(), 21), "");
  reopen();
  EXPECT_FALSE(log->receipt(entry));
  EXPECT_EQ(take(log->checkpoint_note(), 22, 9'000), "");
  const auto text = log->receipt(entry)->text();
  for (std::size_t i = 0; i < limits::cosignable_checkpoints + 2; ++i) round(1);
  reopen();
  ASSERT_TRUE(log->receipt(entry));
  EXPECT_EQ(log->receipt(entry)->text(), text);
  EXPECT_EQ(log->standing().witnessed_at, 9'000);
}

// The second is durable before the first is in memory, and another of the same witness comes after.
TEST_F(CosignedLog, PostsThatComeAtOnceLeaveInMemoryWhatIsInTheDatabase) {
  round(1);
  const auto note = log->checkpoint_note();
  const auto line = [&](std::uint64_t by, std::uint64_t at) {
    return cosign(body_of(note), witness_of(by), at);
  };
  hooked.after_write = [&] {
    EXPECT_EQ(take_lines(note, line(21, 2), 8'000), "");
    EXPECT_EQ(take_lines(note, line(22, 3), 9'000), "");
  };
  EXPECT_EQ(take_lines(note, line(21, 1), 7'000), "");
  EXPECT_EQ(log->checkpoint_note(), note + line(21, 1) + line(22, 3));
  EXPECT_EQ(log->witnessed_note(), log->checkpoint_note());
  EXPECT_EQ(log->standing().witnessed_at, 9'000);
  const auto before = log->checkpoint_note();
  reopen();
  EXPECT_EQ(log->checkpoint_note(), before);
  EXPECT_EQ(log->standing().witnessed_at, 9'000);
}

TEST_F(CosignedLog, AWitnessWhoseLineIsHeldIsNotJudgedAgain) {
  round(1);
  const auto note = log->checkpoint_note();
  EXPECT_EQ(take(note, 21), "");
  const auto held = log->checkpoint_note();
  const auto wrong = cosign("another text\n", witness_of(21), 1);
  EXPECT_EQ(take_lines(note, wrong), "");
  EXPECT_EQ(log->checkpoint_note(), held);
  EXPECT_EQ(take_lines(note, wrong + cosign("another text\n", witness_of(22), 1)),
            "cosignature.signature");
  EXPECT_EQ(take_lines(note, wrong + cosign(body_of(note), witness_of(22), 1)), "");
  EXPECT_EQ(log->witnessed_note(), held + cosign(body_of(note), witness_of(22), 1));
}

TEST_F(CosignedLog, WhatIsNoCosignatureOfAWitnessOnANewCheckpointIsRefused) {
  EXPECT_EQ(take("log.example/1\n0\nAA==\n\n", 21), "cosignature.checkpoint");
  round(1);
  const auto first = log->checkpoint_note();
  EXPECT_EQ(take(first, 23), "cosignature.stranger");
  EXPECT_EQ(log->take_cosignatures("", 0).error().code, "cosignature.form");
  EXPECT_EQ(log->take_cosignatures(first, 0).error().code, "cosignature.stranger");
  auto elsewhere = first;
  elsewhere.replace(0, test_origin.size(), "log.example/2");
  EXPECT_EQ(take(elsewhere, 21), "cosignature.checkpoint");
  const auto other = body_of(elsewhere);
  const auto wrong = body_of(first) + "\n" + cosign(other, witness_of(21), 1);
  EXPECT_EQ(log->take_cosignatures(wrong, 0).error().code, "cosignature.signature");
  auto many = body_of(first) + "\n";
  for (int i = 0; i < 18; ++i) many += cosign(other, witness_of(21), 1);
  EXPECT_EQ(log->take_cosignatures(many, 0).error().code, "cosignature.form");
  for (std::size_t i = 1; i < limits::cosignable_checkpoints; ++i) round(1);
  EXPECT_EQ(take(first, 21), "");
  round(1);
  EXPECT_EQ(take(first, 22), "cosignature.checkpoint");  // too old
}

}  // namespace
}  // namespace isoloir::test

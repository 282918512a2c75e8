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
        hooked, std::string(test_origin), key_of(5), random, clock,
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
    clock.set(now);
    const auto taken = log->take_cosignatures(body_of(note) + "\n" + lines);
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
  EXPECT_EQ(log->take_cosignatures("").error().code, "cosignature.form");
  EXPECT_EQ(log->take_cosignatures(first).error().code, "cosignature.stranger");
  auto elsewhere = first;
  elsewhere.replace(0, test_origin.size(), "log.example/2");
  EXPECT_EQ(take(elsewhere, 21), "cosignature.checkpoint");
  const auto other = body_of(elsewhere);
  const auto wrong = body_of(first) + "\n" + cosign(other, witness_of(21), 1);
  EXPECT_EQ(log->take_cosignatures(wrong).error().code, "cosignature.signature");
  auto many = body_of(first) + "\n";
  for (int i = 0; i < 18; ++i) many += cosign(other, witness_of(21), 1);
  EXPECT_EQ(log->take_cosignatures(many).error().code, "cosignature.form");
  for (std::size_t i = 1; i < limits::cosignable_checkpoints; ++i) round(1);
  EXPECT_EQ(take(first, 21), "");
  round(1);
  EXPECT_EQ(take(first, 22), "cosignature.checkpoint");  // too old
}

TEST_F(CosignedLog, SaysWhatWaitsForWitnessesAndWhoIsBehind) {
  using Whole = std::tuple<std::uint64_t, std::optional<TimeMs>, std::optional<TimeMs>,
                           std::uint64_t, std::optional<TimeMs>, std::uint64_t>;
  // What waits and since when; of each witness the last cosignature, and how far it is behind.
  const auto told = [&]() -> Whole {
    const auto standing = log->standing();
    const auto& [one, two] = std::tie(standing.witnesses.at(0), standing.witnesses.at(1));
    EXPECT_EQ(one.name, "w21.example");
    return {standing.waiting, standing.waiting_since, one.at, one.behind, two.at, two.behind};
  };
  const auto round_at = [&](TimeMs now) {
    clock.set(now);
    round(1);
    return log->checkpoint_note();
  };
  EXPECT_EQ(told(), Whole(0, {}, {}, 0, {}, 0));
  const auto first = round_at(10'000);
  const auto second = round_at(15'000);
  EXPECT_EQ(told(), Whole(2, 10'000, {}, 2, {}, 2));
  EXPECT_EQ(take(second, 21, 16'000), "");
  EXPECT_EQ(take(first, 21, 17'000), "");
  EXPECT_EQ(take(first, 22, 18'000), "");
  EXPECT_EQ(told(), Whole(1, 15'000, 16'000, 0, 18'000, 1));
  EXPECT_EQ(take(second, 22, 19'000), "");
  EXPECT_EQ(told(), Whole(0, {}, 16'000, 0, 19'000, 0));
  EXPECT_FALSE(log->standing().is_overdue(1'000'000));

  // However many come: the first of them is remembered.
  for (std::size_t i = 0; i < limits::cosignable_checkpoints + 5; ++i) {
    round_at(20'000 + static_cast<TimeMs>(i));
  }
  constexpr auto many = limits::cosignable_checkpoints + 5;
  EXPECT_EQ(told(), Whole(many, 20'000, 16'000, many, 19'000, many));
  EXPECT_FALSE(log->standing().is_overdue(80'000));
  EXPECT_TRUE(log->standing().is_overdue(80'001));

  // When rounds were is not written down.
  clock.set(30'000);
  reopen();
  EXPECT_EQ(told(), Whole(many, 30'000, 16'000, many, 19'000, many));
  const auto last = round_at(35'000);
  EXPECT_EQ(take(last, 21, 36'000), "");
  EXPECT_EQ(take(last, 22, 37'000), "");
  EXPECT_EQ(told(), Whole(0, {}, 36'000, 0, 37'000, 0));
}

// However many others sign: each waits by itself for what it has not signed.
TEST_F(CosignedLog, SaysSinceWhenAWitnessIsBehind) {
  const auto since = [&](std::size_t witness) {
    return log->standing().witnesses.at(witness).waiting_since.value_or(0);
  };
  const auto round_at = [&](TimeMs now) {
    clock.set(now);
    round(1);
    return log->checkpoint_note();
  };
  EXPECT_EQ(since(0), 0);
  const auto first = round_at(10'000), second = round_at(15'000), third = round_at(20'000);
  EXPECT_EQ(since(0), 10'000);
  EXPECT_EQ(take(third, 21, 21'000), "");
  EXPECT_EQ(since(0), 0);
  EXPECT_EQ(since(1), 10'000);
  EXPECT_EQ(take(second, 22, 22'000), "");
  EXPECT_EQ(since(1), 20'000);
  EXPECT_EQ(take(first, 22, 23'000), "") << "an older one changes nothing";
  EXPECT_EQ(since(1), 20'000);
  const auto one = [&](TimeMs now) { return log->standing().witnesses[1].is_overdue(now); };
  EXPECT_FALSE(one(80'000));
  EXPECT_TRUE(one(80'001));

  // However many come; a silence of the log is nobody's.
  for (std::size_t i = 0; i < limits::cosignable_checkpoints + 5; ++i) {
    round_at(900'000 + static_cast<TimeMs>(i));
  }
  EXPECT_EQ(since(0), 900'000);
  EXPECT_EQ(since(1), 20'000);
  clock.set(950'000);
  reopen();
  EXPECT_EQ(since(0), 950'000);
  EXPECT_EQ(take(log->checkpoint_note(), 21, 951'000), "");
  reopen();
  EXPECT_EQ(since(0), 0);
  EXPECT_EQ(since(1), 951'000);
}

TEST_F(CosignedLog, ALogThatWantsNoWitnessesWaitsForNone) {
  TestLog alone(1);
  alone.round(1);
  EXPECT_EQ(alone.log->standing().waiting, 0u);
  EXPECT_FALSE(alone.log->standing().is_overdue(1'000'000));
}

}  // namespace
}  // namespace isoloir::test

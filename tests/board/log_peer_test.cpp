// Our log, judged by another implementation of the formats that it claims: Go's (peer/log_peer.go).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/files.hpp"
#include "base/places.hpp"
#include "board/test_log.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

// What a static server would have: the checkpoint, and each tile of its tree as tlog-tiles says.
void publish(const Log& log, const fs::path& place) {
  fs::create_directories(place);
  write_file(place / "checkpoint", log.checkpoint_note(), FileMode::shared);
  for (std::size_t level = 0; log.size() >> (8 * level) > 0; ++level) {
    const std::uint64_t nodes = log.size() >> (8 * level);
    for (std::uint64_t index = 0; index * 256 < nodes; ++index) {
      const std::uint64_t width = std::min<std::uint64_t>(256, nodes - index * 256);
      char number[8];
      std::snprintf(number, sizeof number, "%03u", static_cast<unsigned>(index));
      auto file = place / "tile" / std::to_string(level) / number;
      if (width < 256) file = fs::path(file.string() + ".p") / std::to_string(width);
      fs::create_directories(file.parent_path());
      write_file(file, as_text(*log.tile(level, index, width)), FileMode::shared);
    }
  }
}

struct LogPeer : testing::Test {
  struct Verdict {
    bool good = false;
    std::string said;
  };
  Verdict judge(const std::string& place, const std::string& more = "", std::uint64_t key = 5) {
    const auto out = folder.file("out");
    const std::string command = binary_dir() + "/log_peer -key '" +
                                log_vkey(test_origin, key_of(key).key) + "' " + more + " " +
                                folder.file(place) + " >" + out + " 2>&1";
    const int status = std::system(command.c_str());
    return {status == 0, read_file(out).value_or("nothing")};
  }
  void expect_refused(const Verdict& verdict, const std::string& why) {
    EXPECT_FALSE(verdict.good);
    EXPECT_NE(verdict.said.find(why), std::string::npos) << verdict.said;
  }
  void put(const std::string& name, const std::string& text) {
    write_file(folder.file(name), text, FileMode::shared);
  }
  std::string old_of(const std::string& place) {
    return "-old " + folder.file(place) + "/checkpoint";
  }
  TemporaryFolder folder;
};

// 16, 32, 256 (a full tile and no partial one), 272, 1296 (five full tiles under a partial one).
TEST_F(LogPeer, AcceptsOurLogAtEverySizeAndAsItGrows) {
  TestLog ours(1);
  std::string receipts;
  std::string before;
  std::size_t rounds = 0;
  for (const std::size_t entries : {1u, 1u, 1u, 17u, 17u, 17u, 1u, 1u, 300u}) {
    const Bytes entry = ballot_entry(ReceiptKey::of_bytes(ours.random.array<32>()),
                                     Tracker{ours.random.array<32>()});
    ours.round(entries, {entry});
    const auto place = "log" + std::to_string(rounds++);
    put(place + ".receipt", ours.log->receipt(entry)->text());
    receipts += " -receipt " + folder.file(place + ".receipt");
    publish(*ours.log, folder.file(place));
    const auto verdict = judge(place, before + receipts);
    EXPECT_TRUE(verdict.good) << ours.log->size() << ": " << verdict.said;
    EXPECT_NE(verdict.said.find("good: " + std::to_string(ours.log->size()) + " entries"),
              std::string::npos);
    if (before.empty()) before = old_of(place);
  }
  EXPECT_EQ(ours.log->size(), 1296u);
}

TEST_F(LogPeer, RefusesAForkACutAndAnotherKey) {
  TestLog ours(1);
  ours.round(1);
  publish(*ours.log, folder.file("early"));
  ours.round(300);
  publish(*ours.log, folder.file("ours"));
  EXPECT_TRUE(judge("ours", old_of("early")).good);
  expect_refused(judge("early", old_of("ours")), "it was cut");

  TestLog fork(2);  // the same key, other pads
  fork.round(1);
  fork.round(300);
  publish(*fork.log, folder.file("fork"));
  EXPECT_TRUE(judge("fork").good);  // good by itself
  expect_refused(judge("fork", old_of("ours")), "not consistent");
  expect_refused(judge("fork", old_of("early")), "not consistent");

  expect_refused(judge("ours", "", 6), "no verifiable signatures");
  TestLog stranger(1, 6);
  stranger.round(1);
  publish(*stranger.log, folder.file("stranger"));
  expect_refused(judge("stranger"), "no verifiable signatures");
  expect_refused(judge("ours", old_of("stranger")), "no verifiable signatures");
}

TEST_F(LogPeer, RefusesAnAlteredTileAndAMissingOne) {
  TestLog ours(1);
  ours.round(300);
  for (const std::string name : {"tile/0/000", "tile/0/003", "tile/1/000.p/4"}) {
    publish(*ours.log, folder.file("ours"));
    EXPECT_TRUE(judge("ours").good);
    const auto file = folder.file("ours") + "/" + name;
    auto bytes = read_file(file).value();
    bytes[32 * 2 + 5] = static_cast<char>(bytes[32 * 2 + 5] ^ 1);
    write_file(file, bytes, FileMode::shared);
    expect_refused(judge("ours"), "inconsistent tile");
    write_file(file, bytes.substr(0, 64), FileMode::shared);
    expect_refused(judge("ours"), "bad result");
    fs::remove(file);
    expect_refused(judge("ours"), "no such file");
  }
}

TEST_F(LogPeer, RefusesAnAlteredReceipt) {
  TestLog ours(1);
  const Bytes entry =
      ballot_entry(ReceiptKey::of_bytes(ours.random.array<32>()), Tracker{ours.random.array<32>()});
  ours.round(20, {entry});
  publish(*ours.log, folder.file("ours"));
  const auto receipt = *ours.log->receipt(entry);
  const auto with = [&](const Receipt& changed) {
    put("receipt", changed.text());
    return judge("ours", "-receipt " + folder.file("receipt"));
  };
  EXPECT_TRUE(with(receipt).good);
  Receipt changed = receipt;
  changed.entry[40] ^= 1;
  expect_refused(with(changed), "invalid transparency proof");
  changed = receipt;
  changed.index ^= 1;
  expect_refused(with(changed), "invalid transparency proof");
  changed = receipt;
  changed.proof[3][31] ^= 0x80;
  expect_refused(with(changed), "invalid transparency proof");
  changed = receipt;
  changed.checkpoint_note[changed.checkpoint_note.size() - 20] ^= 1;
  EXPECT_FALSE(with(changed).good);

  // Proven by a checkpoint of another history, which the log's key signed too.
  TestLog fork(2);
  fork.round(20, {entry});
  expect_refused(with(*fork.log->receipt(entry)), "not consistent");
}

}  // namespace
}  // namespace isoloir::test

// Boxes read in pieces: the report is the same wherever one is cut.
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.hpp"
#include "verification/election_fixture.hpp"
#include "verification/state.hpp"

namespace isoloir {
namespace {

using test::Files;
using test::TestElection;

std::string text_of(const Report& report) {
  std::string text;
  for (const auto& check : report.checks) {
    text += "V" + std::to_string(check.number) + " " +
            std::to_string(static_cast<int>(check.verdict)) + " " + check.code + " " +
            check.detail + "\n";
  }
  return text;
}

void expect_same_wherever_cut(const Files& files, const std::string& said) {
  const auto reader = ExportReader::of_files(files);
  const auto whole = text_of(verify_export(reader, {}));
  EXPECT_NE(whole.find(said), std::string::npos) << whole;
  for (const std::size_t ballots : {1u, 2u, 3u}) {
    EXPECT_EQ(text_of(verification::verify_in_pieces(reader, {}, {}, ballots)), whole) << ballots;
  }
}

// The largest box, its ballots changed, under an index that agrees.
Files with_box(const std::function<void(std::vector<std::string>&)>& change) {
  TestElection::Hooks hooks;
  hooks.files = [&](Files& files) {
    auto& box = files[export_path::box(0, 0)];
    const std::size_t size = box.size() / 2;
    for (const auto& [path, content] : files) {
      if (path.starts_with("box/0-") && content.size() > box.size()) ADD_FAILURE() << path;
    }
    std::vector<std::string> ballots{box.substr(0, size), box.substr(size)};
    change(ballots);
    box.clear();
    for (const auto& ballot : ballots) box += ballot;
  };
  return TestElection(hooks).files;
}

TEST(BoxInPieces, GivesTheSameReportWhereverItIsCut) {
  expect_same_wherever_cut(TestElection().files, "V15 0");
  using Ballots = std::vector<std::string>;
  expect_same_wherever_cut(with_box([](Ballots& b) { std::swap(b.front(), b.back()); }),
                           "ballot.order");
  expect_same_wherever_cut(with_box([](Ballots& b) { b.back() = b.front(); }), "ballot.second");
  expect_same_wherever_cut(with_box([](Ballots& b) { b.back().back() ^= 1; }), "ballot 1: ");
  expect_same_wherever_cut(with_box([](Ballots& b) { b.back().push_back(0); }), "ballot.length");
  expect_same_wherever_cut(with_box([](Ballots& b) {
                             b.front()[80] ^= 1;
                             b.back()[80] ^= 1;
                           }),
                           "ballot 0: ");
}

TEST(FilesInPieces, AreHashedToTheEndWhateverIsFoundInThem) {
  Files files{{"a.bin", "0123456789"}};
  const auto reader = ExportReader::of_files(files);
  Report report;
  const Anchors anchors;
  const VerificationProgress silent;
  verification::State state(reader, anchors, silent, report);
  std::string seen;
  const auto collect = [&](ByteView piece) -> Status {
    seen += std::string(as_text(piece)) + "|";
    return {};
  };
  EXPECT_EQ(state.file_in_pieces("a.bin", 4, collect).error().code, "export.missing");
  state.index["a.bin"] = digest_of("0123456789");
  EXPECT_TRUE(state.file_in_pieces("a.bin", 4, collect));
  EXPECT_EQ(seen, "0123|4567|89|");
  int pieces = 0;
  const auto refuse = [&](ByteView) -> Status {
    ++pieces;
    return fail("test.refused", "");
  };
  EXPECT_EQ(state.file_in_pieces("a.bin", 4, refuse).error().code, "test.refused");
  EXPECT_EQ(pieces, 1);
  state.index["a.bin"] = digest_of("0123456788");
  EXPECT_EQ(state.file_in_pieces("a.bin", 4, refuse).error().code, "export.changed");
  state.index["b.bin"] = digest_of("");
  EXPECT_EQ(state.file_in_pieces("b.bin", 4, collect).error().code, "export.missing");
}

TEST(FilesInPieces, OfAFolderAreThoseOfMemory) {
  const TemporaryFolder own;
  const auto& folder = own.path();
  std::filesystem::create_directories(folder / "box");
  std::ofstream(folder / "box/0-0.bin") << "0123456789";
  std::ofstream(folder / "empty.bin") << "";
  const auto reader = ExportReader::of_folder(folder);
  for (const std::size_t most : {1u, 4u, 10u, 11u}) {
    auto file = reader->open("box/0-0.bin");
    std::string content;
    Bytes room;
    for (;;) {
      const auto piece = file->next(most, room);
      ASSERT_TRUE(piece.has_value());
      if (piece->empty()) break;
      content += as_text(*piece);
    }
    EXPECT_EQ(content, "0123456789");
  }
  Bytes room;
  EXPECT_TRUE(reader->open("empty.bin")->next(4, room)->empty());
  EXPECT_EQ(reader->open("box").error().code, "export.missing");
  EXPECT_EQ(reader->open("../etc").error().code, "export.missing");
}

}  // namespace
}  // namespace isoloir

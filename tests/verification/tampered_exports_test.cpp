#include "verification/tampered_exports.hpp"

#include <gtest/gtest.h>

#include "base/temporary_folder.hpp"

namespace isoloir {
namespace {

// With what is not run because of them left out.
std::string refused_by(const Report& report) {
  std::string numbers;
  for (const auto& check : report.checks) {
    if (check.verdict != Verdict::failed) continue;
    numbers += " V" + std::to_string(check.number) + " (" + check.detail + ")";
  }
  return numbers;
}

// From memory, or from a folder where the case needs one.
Report judge(const test::MadeExport& made) {
  if (!made.on_disk) return verify_export(ExportReader::of_files(made.files), made.anchors());
  const TemporaryFolder folder;
  made.write(folder.file("export"));
  return verify_export(ExportReader::of_folder(folder.file("export")).value(), made.anchors());
}

// The cases whose first refusal is in [from, to), or the good ones.
void judge_all(std::optional<std::pair<int, int>> checks) {
  const test::Workshop workshop(2026);
  for (const auto& one : test::export_cases()) {
    if (one.check.has_value() != checks.has_value()) continue;
    if (checks && (*one.check < checks->first || *one.check >= checks->second)) continue;
    const auto made = one.make(workshop);
    const auto report = judge(made);
    const auto* first = report.first_failure();
    const auto told = one.folder() + ":" + refused_by(report);
    EXPECT_EQ(first ? std::optional(first->number) : std::nullopt, one.check) << told;
    const auto failed =
        std::count_if(report.checks.begin(), report.checks.end(),
                      [](const CheckReport& check) { return check.verdict == Verdict::failed; });
    if (one.only) {
      EXPECT_EQ(failed, 1) << told;
    }
  }
}

TEST(TamperedExports, GoodOnesAreAccepted) {
  judge_all({});
}
TEST(TamperedExports, RefusedForTheSealing) {
  judge_all(std::pair(0, 5));
}
TEST(TamperedExports, RefusedForTheBoard) {
  judge_all(std::pair(5, 10));
}
TEST(TamperedExports, RefusedForTheBox) {
  judge_all(std::pair(10, 16));
}
TEST(TamperedExports, RefusedForTheCount) {
  judge_all(std::pair(16, 26));
}

TEST(TamperedExports, EachCheckIsTheOnlyOneToRefuseSomething) {
  std::set<std::string> names;
  std::set<int> alone;
  std::size_t tampered = 0;
  for (const auto& one : test::export_cases()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    tampered += one.check.has_value();
    if (one.check && one.only) alone.insert(*one.check);
  }
  EXPECT_GE(tampered, 60u);
  EXPECT_GE(names.size() - tampered, 8u);
  for (int check = 0; check <= 25; ++check) {
    EXPECT_TRUE(alone.contains(check)) << "V" << check;
  }
}

}  // namespace
}  // namespace isoloir

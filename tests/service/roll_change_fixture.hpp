// The roll of an election changes by events of the bureau, from before the opening to the count and
// its verification.
#pragma once

#include <filesystem>
#include <functional>

#include "base/files.hpp"
#include "code_of.hpp"
#include "service/bureau.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/reissue_fixture.hpp"
#include "service/strike_off.hpp"
#include "verification/verification.hpp"

namespace isoloir {

struct RollChange : ReissueFixture {
  enum Officer : std::size_t { president, secretary, delegate1, delegate2 };
  explicit RollChange(std::size_t voters = 4) : ReissueFixture(voters) {
    set_phase(0, "sealed");
    set_phase(1, "sealed");
    clock.set(fixture_opens - hour);
  }
  const KeyPair& officer(Officer who) const { return ceremonies[0].holders[who].signing(); }
  void tick_at(TimeMs now) {
    clock.set(now);
    tick(*state, *log);
    log->append_round(is_voting(*state));
  }

  Expected<RollPlace> place(std::size_t voter, std::uint32_t contest) {
    return state->database().read([&](store::Transaction& t) -> Expected<RollPlace> {
      return place_of(*state, t, roll.voters[voter].id, contest);
    });
  }
  static EventDraft draft_of(const RollPlace& place, const std::string& voter = "") {
    return {"strike-off",
            0,
            place.contest,
            {{"district", place.district}, {"key", hex_encode(place.key.encoded())}},
            voter};
  }
  std::string strike(std::size_t voter, std::uint32_t contest, Officer by = president) {
    const auto at = place(voter, contest);
    if (!at) return at.error().code;
    return code_of(post_event(*state, draft_of(*at, roll.voters[voter].id), {&officer(by)}));
  }
  // As an officer's file comes back: nothing but the event.
  SignedDocument signed_file(const RollPlace& place, Officer by = secretary) {
    auto drafted = draft_for_officers(*state, {draft_of(place)});
    EXPECT_TRUE(drafted) << drafted.error().code;
    drafted->front().sign(officer(by), state->fingerprint(), random);
    return drafted->front();
  }
  std::string post(const SignedDocument& event) { return code_of(post_event(*state, event)); }
  std::vector<std::uint32_t> contests_left(std::size_t voter) {
    std::vector<std::uint32_t> contests;
    for (const auto& one : contests_of(*state, roll.voters[voter].id)) {
      contests.push_back(one.contest);
    }
    return contests;
  }

  Json count() {
    const auto tally = prepare_count(*state);
    EXPECT_TRUE(tally) << code_of(tally);
    EXPECT_TRUE(open_count(*state, *tally, 0,
                           {&officer(president), &officer(delegate1), &officer(delegate2)}));
    log->append_round(false);
    for (const std::size_t member : {0, 2, 3}) {
      auto& holder = ceremonies[0].holders[member];
      EXPECT_TRUE(holder.bind_tally(tally->hash));
      EXPECT_TRUE(import_shares(*state, *tally,
                                *make_shares(state->manifest(), *tally, 0, holder, random)));
    }
    const auto result = finish_count(*state, *tally);
    EXPECT_TRUE(result) << code_of(result);
    EXPECT_EQ(code_of(close_count(*state, 0, officer(president))), "good");
    log->append_round(false);
    return Json::parse(*result);
  }
  // What stands in the way of the export, or "good"; `change` alters it.
  std::string verified(const std::function<void(PublicFiles&)>& change = {}) {
    const auto target = folder / ("export-" + hex_encode(random.array<4>()));
    EXPECT_EQ(code_of(write_export(*state, target)), "good");
    PublicFiles files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(target)) {
      if (!entry.is_regular_file()) continue;
      files[std::filesystem::relative(entry.path(), target).string()] = *read_file(entry.path());
    }
    if (change) {
      change(files);
      files.erase("index.json");
      ExportIndex index;
      for (const auto& [path, content] : files) index.emplace(path, digest_of(content));
      files["index.json"] = export_index(index);
    }
    const auto report = verify_export(ExportReader::of_files(files), {});
    roll_changes = report.checks.at(9).detail;
    const auto* failure = report.first_failure();
    return failure ? "V" + std::to_string(failure->number) + " " + failure->code : "good";
  }
  std::string roll_changes;
};

}  // namespace isoloir

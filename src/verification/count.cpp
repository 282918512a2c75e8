// V16 to V22: the bijection, aggregates, tally, shares, decryption and the result.
#include <algorithm>

#include "crypto/hash.hpp"
#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

// The number of the bureau's count event: V7 lets it sign no second one.
std::optional<std::size_t> count_of(const State& state, std::uint32_t bureau) {
  for (std::size_t n = 0; n < state.events.size(); ++n) {
    if (state.events[n].name == "count" && state.events[n].bureau == bureau) return n;
  }
  return std::nullopt;
}

}  // namespace

// ---- V16: bijection

bool State::holds_count() const {
  return index.contains(std::string(export_path::tally)) ||
         index.contains(std::string(export_path::result)) || count_paths("shares/", "") != 0 ||
         count_paths(export_path::minutes_folder, "") != 0;
}

bool State::nothing_counted() const {
  return !holds_count() && std::none_of(events.begin(), events.end(),
                                        [](const Event& event) { return event.name == "count"; });
}

Outcome check_bijection(State& state) {
  std::size_t signers = 0;
  for (const auto bureau : counting_bureaus(state.manifest)) {
    const auto n = count_of(state, bureau);
    if (!n) {
      return fail("count.missing", "bureau " + std::to_string(bureau) + " has signed no count");
    }
    const auto& event = state.events[*n];
    const auto path = export_path::event(*n);
    if (event.data["bijection"] != true) {
      return fail("count.bijection",
                  path + " does not say that the box is what the log has accepted");
    }
    if (!fulfils_opening_rule(state.manifest.bureaus[bureau], event.signers)) {
      return fail("count.opening_rule", path + " is signed by fewer than the opening rule wants");
    }
    signers += event.signers.size();
  }
  return "checked by " + numbered(signers, "holder");
}

// ---- V17: aggregates

Expected<Tally> tally_of_box(const State& state) {
  const TallyAnchors anchors{static_cast<std::uint32_t>(state.freeze_checkpoint.size),
                             state.freeze_checkpoint.root, state.freeze.box_root};
  return make_tally(state.manifest, anchors, state.districts);
}

Outcome check_aggregates(State& state) {
  const auto file = state.json(export_path::tally);
  if (!file) return fail(file.error());
  auto tally = tally_of_box(state);
  if (!tally) return fail(tally.error());
  Votes none;
  for (const auto& unit : tally->units) none.emplace_back(unit.total.sums.size(), 0);
  const Json expected = Json::parse(tally_json(*tally, none))["units"];
  if (!has_exactly(*file, {"tally", "units"}) || !(*file)["units"].is_array() ||
      (*file)["units"].size() != expected.size()) {
    return fail("tally.form", "tally.json has not the units that the manifest gives");
  }
  for (std::size_t u = 0; u < expected.size(); ++u) {
    Json unit = (*file)["units"][u];
    if (unit.is_object() && unit.contains("votes")) unit["votes"] = expected[u]["votes"];
    if (unit != expected[u]) {
      return fail("tally.unit", "tally.json, contest " + std::to_string(tally->units[u].contest) +
                                    ", unit " + std::to_string(tally->units[u].unit) +
                                    ": districts, ballots or sums are not those of the box");
    }
  }
  state.tally = std::move(*tally);
  return numbered(state.tally->units.size(), "unit");
}

// ---- V18: tally

Outcome check_tally(State& state) {
  const std::string hash = hex_encode(state.tally->hash);
  const auto file = state.json(export_path::tally);
  if (!file) return fail(file.error());
  if (text_field(*file, "tally") != hash) {
    return fail("tally.hash", "tally.json has another tally hash");
  }
  for (std::size_t n = 0; n < state.events.size(); ++n) {
    const auto& event = state.events[n];
    if (event.name == "count" && text_field(event.data, "tally") != hash) {
      return fail("tally.signed", export_path::event(n) + " is of another tally");
    }
  }
  return "tally " + hash;
}

// ---- V19: shares

namespace {

// Good, or wrong in what its author alone signed for this tally: no other may be held against her.
Status judge_file(State& state, const std::string& text, const LeftOut& who) {
  const auto path = export_path::shares(who.bureau, who.group, who.index);
  auto shares = judge_shares(state.manifest, *state.tally, text);
  if (shares && std::tie(shares->bureau, shares->group, shares->index) !=
                    std::tie(who.bureau, who.group, who.index)) {
    return fail("shares.name", path + " holds the shares of another member");
  }
  if (shares) {
    state.shares.push_back(std::move(*shares));
    return {};
  }
  const auto& wrong = shares.error();
  if (!is_wrong_of_member(wrong.code)) {
    return fail(wrong.code, path + " is no shares of this member for this tally: " + wrong.message);
  }
  state.left_out.push_back({who.bureau, who.group, who.index, wrong.code});
  return {};
}

}  // namespace

Outcome check_shares(State& state) {
  const auto result = state.json(export_path::result);
  if (!result) return fail(result.error());
  const auto total = state.count_paths("shares/", ".json");
  const auto& bureaus = state.manifest.bureaus;
  for (std::uint32_t b = 0; b < bureaus.size(); ++b) {
    for (std::uint32_t g = 0; g < bureaus[b].groups.size(); ++g) {
      for (std::uint32_t j = 1; j <= bureaus[b].groups[g].members.size(); ++j) {
        const auto path = export_path::shares(b, g, j);
        if (!state.index.contains(path)) continue;
        const auto text = state.file(path);
        if (!text) return fail(text.error());
        if (auto good = judge_file(state, *text, {b, g, j, {}}); !good) {
          return fail(good.error());
        }
        state.tell(19, state.shares.size() + state.left_out.size(), total);
      }
    }
  }
  const Json left_out = left_out_json(state.left_out);
  if (!result->is_object() || result->value("left_out", Json()) != left_out) {
    return fail("shares.left_out",
                "by the shares, left_out of result.json is " + canonical_json(left_out));
  }
  return std::to_string(state.shares.size()) + " good, " + std::to_string(state.left_out.size()) +
         " left out";
}

// ---- V20 and V21: decryption, sums and ranges

Outcome check_decryption(State& state) {
  auto votes = decrypt(state.manifest, *state.tally, state.shares);
  if (!votes) {
    const bool sums = votes.error().code == "count.range" || votes.error().code == "count.sum";
    if (!sums) return fail(votes.error());
    state.found.emplace(21, votes.error());
    return "all qualifying sets agree";
  }
  state.votes = std::move(*votes);
  return "all qualifying sets agree";
}

Outcome check_sums(State& state) {
  const auto error = state.found.find(21);
  if (error != state.found.end()) return fail(error->second);
  const auto file = state.json(export_path::tally);
  if (!file) return fail(file.error());
  for (std::size_t u = 0; u < state.votes.size(); ++u) {
    if ((*file)["units"][u]["votes"] != Json(state.votes[u])) {
      return fail("tally.votes", "tally.json, contest " +
                                     std::to_string(state.tally->units[u].contest) + ", unit " +
                                     std::to_string(state.tally->units[u].unit) +
                                     ": the shares give other votes");
    }
  }
  return "votes of each unit add up to its ballots";
}

// ---- V22: result

namespace {

// Lots are people's, so they are read from the published result; make_result refuses those that
// break no tie.
std::optional<std::vector<ContestFigures>> read_figures(const State& state, const Json& result) {
  const auto size = state.manifest.contests.size();
  if (!result.is_object() || !result.contains("contests") || !result["contests"].is_array() ||
      result["contests"].size() != size) {
    return std::nullopt;
  }
  std::vector<ContestFigures> figures;
  for (std::uint32_t k = 0; k < size; ++k) {
    ContestFigures one{state.keys.registered(k), state.contest_ballots[k], {}};
    const auto& contest = result["contests"][k];
    if (state.manifest.contests[k].rule == two_round_majority_rule) {  // draws no lots
      figures.push_back(std::move(one));
      continue;
    }
    if (!contest.is_object() || !contest.contains("seats") || !contest["seats"].is_object() ||
        !contest["seats"].contains("lots") || !contest["seats"]["lots"].is_array()) {
      return std::nullopt;
    }
    for (const auto& lot : contest["seats"]["lots"]) {
      if (!lot.is_number_unsigned()) return std::nullopt;
      one.lots.push_back(lot.get<std::uint32_t>());
    }
    figures.push_back(std::move(one));
  }
  return figures;
}

// A result that is signed is this one and leaves no tie; a lot counts only under a president's
// signature.
Outcome check_signed_result(const State& state, const std::string& text, const Json& result,
                            const std::vector<ContestFigures>& figures) {
  const std::string hash = hex_encode(sha256(as_bytes(text)));
  std::set<std::uint32_t> closed;
  for (std::size_t n = 0; n < state.events.size(); ++n) {
    const auto& event = state.events[n];
    if (event.name != "close-count") continue;
    closed.insert(event.bureau);
    if (text_field(event.data, "result") != hash) {
      return fail("result.signed", export_path::event(n) + " is of another result");
    }
  }
  const auto settled = check_ties_settled(result);
  if (!closed.empty() && !settled) return fail(settled.error());
  for (std::size_t k = 0; k < figures.size(); ++k) {
    if (!figures[k].lots.empty() && !closed.contains(state.manifest.contests[k].bureau)) {
      return fail("result.lots",
                  "contest " + std::to_string(k) + " has a lot that no president has signed");
    }
  }
  const auto counting = counting_bureaus(state.manifest);
  const bool all = std::includes(closed.begin(), closed.end(), counting.begin(), counting.end());
  return all        ? ", the count is closed"
         : !settled ? ", a tie waits for its lot, the count is not closed"
                    : ", the count is not closed by every bureau";
}

}  // namespace

namespace {

// Words for readers, which no verifier compares (protocol section 10).
Json without_words(Json json) {
  if (text_field(json, "reason")) json["reason"] = "";
  if (json.is_object() && json.contains("articles") && json["articles"].is_array()) {
    std::erase_if(json["articles"].get_ref<Json::array_t&>(),
                  [](const Json& article) { return article.is_string(); });
  }
  if (json.is_structured()) {
    for (auto& member : json) member = without_words(std::move(member));
  }
  return json;
}

}  // namespace

Outcome check_result(State& state) {
  const auto text = state.file(export_path::result);
  if (!text) return fail(text.error());
  const auto result = parse_canonical_json(*text);
  if (!result) return fail(result.error());
  const auto figures = read_figures(state, *result);
  if (!figures) return fail("result.form", "result.json has not the form of a result");
  const auto expected =
      make_result(state.manifest, *state.tally, state.votes, *figures, state.left_out);
  if (!expected) return fail(expected.error());
  const Json computed = without_words(Json::parse(*expected)), given = without_words(*result);
  for (std::size_t k = 0; k < figures->size(); ++k) {
    if (computed["contests"][k] != given["contests"][k]) {
      return fail("result.contest",
                  "result.json: contest " + std::to_string(k) + " comes out differently");
    }
  }
  if (computed != given) return fail("result.form", "result.json comes out differently");
  auto closed = check_signed_result(state, *text, *result, *figures);
  if (!closed) return closed;
  return numbered(figures->size(), "contest") + *closed;
}

// ---- Trust

namespace {

// Quota and highest average together are the method of highest averages alone (each whole quota is
// a seat won at an average of a quota or more). So the last seat is the one won at the lowest of
// the averages votes / seats, and another list comes level with v votes more when (votes + v) /
// (its seats + 1) reaches that. Products fit 64 bits: see limits::result_seats.
std::optional<std::uint64_t> seat_margin(const Json& seats) {
  if (!seats["ties"].empty()) return 0;
  struct List {
    std::uint64_t votes, seats;
  };
  std::vector<List> lists;
  for (const auto& list : seats["lists"]) {
    lists.push_back(
        {list["votes"].get<std::uint64_t>(),
         list["by_quota"].get<std::uint64_t>() + list["by_average"].get<std::uint64_t>()});
  }
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].seats == 0) continue;
    if (!last || lists[i].votes * lists[*last].seats < lists[*last].votes * lists[i].seats)
      last = i;
  }
  std::optional<std::uint64_t> margin;
  for (std::size_t i = 0; last && i < lists.size(); ++i) {
    if (i == *last) continue;
    const auto product = lists[*last].votes * (lists[i].seats + 1);
    const auto needed = product / lists[*last].seats + (product % lists[*last].seats != 0);
    const auto missing = needed > lists[i].votes ? needed - lists[i].votes : 0;
    margin = std::min(margin.value_or(missing), missing);
  }
  return margin;
}

// The fewest votes that, added to one candidate, would bring another outcome; nothing where even
// the votes of all who did not vote would not. More votes for one never bring an outcome back, so
// the number is found by halving.
std::optional<std::uint64_t> majority_margin(const Contest& contest, const Json& figures) {
  auto question = majority_question(contest, figures["registered"].get<std::uint64_t>(),
                                    figures["votes"].get<std::vector<std::uint64_t>>());
  if (question.registered == 0) return std::nullopt;
  const auto outcome = [](const MajorityQuestion& asked) {
    const auto answer = decide_majority(asked);
    ISOLOIR_ASSERT(answer.has_value());
    std::set<std::size_t> standing(answer->second_round.begin(), answer->second_round.end());
    std::set<std::size_t> tied;
    for (const auto& tie : answer->ties) tied.insert(tie.between.begin(), tie.between.end());
    return std::tuple(answer->elected, std::move(standing), std::move(tied));
  };
  const auto as_counted = outcome(question);
  const auto most = question.registered - figures["valid"].get<std::uint64_t>();
  std::optional<std::uint64_t> margin;
  for (auto& candidate : question.candidates) {
    const auto votes = candidate.votes;
    const auto changes = [&](std::uint64_t more) {
      candidate.votes = votes + more;
      return outcome(question) != as_counted;
    };
    if (changes(most)) {
      std::uint64_t no = 0, yes = most;
      while (yes - no > 1) (changes(no + (yes - no) / 2) ? yes : no) = no + (yes - no) / 2;
      margin = std::min(margin.value_or(yes), yes);
    }
    candidate.votes = votes;
  }
  return margin;
}

}  // namespace

std::vector<ContestTrust> measure_trust(const State& state) {
  const auto result = state.json(export_path::result);
  std::vector<ContestTrust> trust;
  for (std::uint32_t k = 0; result && k < state.manifest.contests.size(); ++k) {
    const auto& contest = state.manifest.contests[k];
    const auto& figures = (*result)["contests"][k];
    trust.push_back({k, state.reissued_that_voted[k],
                     contest.rule == two_round_majority_rule ? majority_margin(contest, figures)
                                                             : seat_margin(figures["seats"])});
  }
  return trust;
}

}  // namespace isoloir::verification

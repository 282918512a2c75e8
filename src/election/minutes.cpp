#include "election/minutes.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace isoloir {
namespace {

bool is_named(const Json& event, std::string_view name) {
  return text_field(event, "event") == name;
}

template <typename Condition>
std::uint64_t count_events(const MinutesSources& sources, std::string_view name,
                           const Condition& condition) {
  return static_cast<std::uint64_t>(
      std::count_if(sources.events.begin(), sources.events.end(), [&](const SignedDocument& event) {
        return is_named(event.body(), name) && condition(event.body());
      }));
}

TimeMs time_of(const MinutesSources& sources, std::string_view name) {
  const auto found =
      std::find_if(sources.events.begin(), sources.events.end(),
                   [&](const SignedDocument& event) { return is_named(event.body(), name); });
  ISOLOIR_ASSERT(found != sources.events.end());  // V7: opened and closed, or never frozen
  return found->body()["at"].get<TimeMs>();
}

std::uint64_t keys_brought(const MinutesSources& sources, std::uint32_t contest) {
  std::uint64_t count = 0;
  for (const auto& batch : sources.batches) {
    for (const auto& unit : batch.body()["units"]) {
      if (unit["contest"] == contest) count += unit["size"].get<std::uint64_t>();
    }
  }
  return count;
}

Json contest_figures(const MinutesSources& sources, const Json& result, std::uint32_t k) {
  const Json& contest = result["contests"][k];
  Json figures = {{"contest", k}};
  for (const char* name : {"registered", "sign_offs", "ballots", "blank", "valid", "votes"}) {
    figures[name] = contest[name];
  }
  if (contest.contains("majority")) {
    figures["elected"] = contest["majority"]["elected"];
    figures["second_round"] = contest["majority"]["second_round"];
  } else {
    figures["seats"] = Json::array();
    for (const auto& list : contest["seats"]["lists"]) figures["seats"].push_back(list["seats"]);
  }
  const auto in_contest = [&](const Json& event) { return event["contest"] == k; };
  figures["enrolments"] = count_events(sources, "enrol", in_contest);
  figures["strike_offs"] = count_events(sources, "strike-off", in_contest);
  figures["reissues"] = keys_brought(sources, k);
  return figures;
}

}  // namespace

bool concerns(const Json& event, std::uint32_t bureau) {
  static constexpr std::string_view of_the_election[] = {"open", "extend", "close", "freeze"};
  const auto name = text_field(event, "event").value_or("");
  return u32_field(event, "bureau") == bureau ||
         std::find(std::begin(of_the_election), std::end(of_the_election), name) !=
             std::end(of_the_election);
}

Json minutes_body(const MinutesSources& sources, std::uint32_t bureau, TimeMs at) {
  const auto& manifest = sources.manifest;
  const Json result = Json::parse(sources.result);
  const auto number_of = [&](std::string_view name) {
    return count_events(sources, name, [&](const Json& event) { return concerns(event, bureau); });
  };
  Json body = {{"type", "minutes"},
               {"bureau", bureau},
               {"at", at},
               {"fingerprint", hex_encode(manifest.fingerprint().bytes)},
               {"tally", result["tally"]},
               {"result", hex_encode(sha256(as_bytes(sources.result)))},
               {"contests", Json::array()},
               {"operations",
                {{"opened_at", time_of(sources, "open")},
                 {"closed_at", time_of(sources, "close")},
                 {"extensions", number_of("extend")},
                 {"suspensions", number_of("suspend")},
                 {"resumptions", number_of("resume")},
                 {"unsealings", number_of("unseal")},
                 {"resealings", number_of("reseal")}}}};
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    if (manifest.contests[k].bureau != bureau) continue;
    body["contests"].push_back(contest_figures(sources, result, k));
  }
  return body;
}

std::optional<TimeMs> count_closed_at(const std::vector<SignedDocument>& events,
                                      std::uint32_t bureau) {
  const auto found = std::find_if(events.begin(), events.end(), [&](const SignedDocument& event) {
    return is_named(event.body(), "close-count") && u32_field(event.body(), "bureau") == bureau;
  });
  if (found == events.end()) return std::nullopt;
  return found->body()["at"].get<TimeMs>();
}

bool signed_as_minutes(const Bureau& bureau, const std::vector<Point>& signers) {
  bool by_an_officer = false;
  for (const auto& key : signers) {
    const TrusteeMember* signer = nullptr;
    for (const auto& group : bureau.groups) {
      for (const auto& member : group.members) {
        if (member.signing_key == key) signer = &member;
      }
    }
    if (!signer) return false;
    by_an_officer = by_an_officer || signer->role == BureauRole::president ||
                    signer->role == BureauRole::secretary;
  }
  return by_an_officer;
}

}  // namespace isoloir

#include "election/registrar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/ascii.hpp"
#include "crypto/sealing.hpp"
#include "election/consular_number.hpp"

namespace isoloir {
namespace {

constexpr std::string_view import_format = "isoloir-import/1";
constexpr std::string_view key_title = "isoloir registrar key";

std::string import_title(const ElectionId& election) {
  return "isoloir import " + hex_encode(election.bytes);
}

VoterKeys keys_of(const Voter& voter, const std::string& identifier, const Code& code,
                  const ElectionId& election, bool recoverable) {
  const auto& handle = identifier.empty() ? voter.id : identifier;
  const Credential credential = derive_credential(code, handle, election);
  VoterKeys keys{voter.id, identifier, credential.sign_in_key().key, {}, {}, {}};
  for (const auto& [contest, district] : voter.contests) {
    keys.ballot_keys.push_back({contest, district, credential.ballot_key(contest).key});
  }
  if (const auto& number = consular_number(voter); recoverable && !number.empty()) {
    keys.recovery_key = derive_recovery_key(code, number, election).key;
  }
  return keys;
}

Json json_of(const VoterKeys& voter) {
  Json ballot_keys = Json::array();
  for (const auto& one : voter.ballot_keys) {
    ballot_keys.push_back({{"contest", one.contest},
                           {"district", one.district},
                           {"key", hex_encode(one.key.encoded())}});
  }
  Json json = {{"id", voter.id},
               {"sign_in_key", hex_encode(voter.sign_in_key.encoded())},
               {"ballot_keys", std::move(ballot_keys)}};
  if (!voter.identifier.empty()) json["identifier"] = voter.identifier;
  if (voter.recovery_key) json["recovery_key"] = hex_encode(voter.recovery_key->encoded());
  for (const auto& one : voter.replaced) {
    json["replaced"].push_back({{"at", one.at}, {"key", hex_encode(one.sign_in_key.encoded())}});
  }
  return json;
}

// Nothing where they are malformed.
std::optional<std::vector<ReplacedKey>> replaced_keys_of(const Json& line) {
  std::vector<ReplacedKey> replaced;
  const auto list = line.find("replaced");
  if (list == line.end()) return replaced;
  if (!list->is_array() || list->empty()) return std::nullopt;
  for (const Json& item : *list) {
    const auto at = integer_field(item, "at");
    const auto key = point_field(item, "key");
    if (!has_exactly(item, {"at", "key"}) || !at || !key) return std::nullopt;
    replaced.push_back({*key, *at});
  }
  return replaced;
}

std::optional<VoterKeys> voter_keys_of(const Json& line, ContestDistricts districts) {
  const auto id = text_field(line, "id");
  const auto sign_in_key = point_field(line, "sign_in_key");
  const auto identifier = text_field(line, "identifier");
  const auto recovery_key = point_field(line, "recovery_key");
  const auto replaced = line.is_object() ? replaced_keys_of(line) : std::nullopt;
  if (!id || !sign_in_key || !replaced || !line.contains("ballot_keys") ||
      !line["ballot_keys"].is_array() || (recovery_key && !identifier)) {
    return std::nullopt;
  }
  const std::size_t fields =
      3 + (identifier ? 1 : 0) + (recovery_key ? 1 : 0) + (replaced->empty() ? 0 : 1);
  if (line.size() != fields) return std::nullopt;
  VoterKeys keys{*id, identifier.value_or(""), *sign_in_key, {}, recovery_key, *replaced};
  for (const Json& item : line["ballot_keys"]) {
    const auto contest = u32_field(item, "contest"), district = u32_field(item, "district");
    const auto key = point_field(item, "key");
    if (!has_exactly(item, {"contest", "district", "key"}) || !contest || !district || !key ||
        *contest >= districts.size() || *district >= districts[*contest] ||
        (!keys.ballot_keys.empty() && keys.ballot_keys.back().contest >= *contest)) {
      return std::nullopt;
    }
    keys.ballot_keys.push_back({*contest, *district, *key});
  }
  return keys;
}

// The first line of `rest` without its end, or nothing when there is no complete one.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string roll_handle(std::string_view id) {
  std::string handle;
  for (const char c : id) {
    if (c != '-' && c != '.' && c != '_') handle += ascii_upper(c);
  }
  return handle;
}

Status check_roll_numbers(const Roll& roll) {
  std::map<std::string, const Voter*> seen;
  for (const auto& voter : roll.voters) {
    const auto handle = roll_handle(voter.id);
    const auto [first, added] = seen.try_emplace(handle, &voter);
    if (added && !handle.empty()) continue;
    return fail("roll.number",
                "voters type their identifier here, with or without hyphens, dots "
                "and capitals: \"" +
                    first->second->id + "\" and \"" + voter.id + "\" would be the same");
  }
  return {};
}

Issued issue_codes(const Roll& roll, const ElectionId& election, const CredentialForms& forms,
                   Random& random, const IssueProgress& progress) {
  const std::size_t total = roll.voters.size();
  Issued issued;
  issued.codes.reserve(total);
  std::set<std::string> taken;
  for (std::size_t i = 0; i < total; ++i) {
    issued.codes.push_back(Code::generate(random, forms.code));
    if (!forms.identifier) continue;
    auto identifier = Code::generate(random, *forms.identifier);
    while (!taken.insert(identifier.normalised()).second) {
      identifier = Code::generate(random, *forms.identifier);
    }
    issued.identifiers.push_back(std::move(identifier));
  }
  const auto identifier_of = [&](std::size_t i) {
    if (forms.roll_number) return roll_handle(roll.voters[i].id);
    return forms.identifier ? issued.identifiers[i].normalised() : std::string();
  };
  issued.keys.resize(total);

  std::atomic<std::size_t> next = 0;
  std::mutex reporting;
  std::size_t done = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < total; i = next++) {
      issued.keys[i] = keys_of(roll.voters[i], identifier_of(i), issued.codes[i], election,
                               forms.identifier.has_value());
      const std::lock_guard lock(reporting);
      if (progress) progress(++done, total);
    }
  };
  std::vector<std::future<void>> workers;
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < std::min(cores, total); ++i) {
    workers.push_back(std::async(std::launch::async, work));
  }
  for (auto& worker : workers) worker.get();  // rethrows: no memory for Argon2id
  return issued;
}

void carry_replaced(std::vector<VoterKeys>& keys, std::span<const VoterKeys> before, TimeMs at) {
  std::map<std::string_view, const VoterKeys*> earlier;
  for (const auto& voter : before) earlier[voter.id] = &voter;
  for (auto& voter : keys) {
    const auto found = earlier.find(voter.id);
    if (found == earlier.end()) continue;
    voter.replaced = found->second->replaced;
    voter.replaced.push_back({found->second->sign_in_key, at});
  }
}

Expected<std::vector<Roster>> collect_rosters(std::span<const VoterKeys> keys,
                                              const ElectionId& election,
                                              ContestDistricts districts) {
  std::vector<std::vector<std::vector<Point>>> by_district;
  for (const auto count : districts) by_district.emplace_back(count);
  std::vector<Point> all;
  for (const auto& voter : keys) {
    for (const auto& one : voter.ballot_keys) {
      by_district.at(one.contest).at(one.district).push_back(one.key);
      all.push_back(one.key);
    }
  }
  std::sort(all.begin(), all.end());
  if (std::adjacent_find(all.begin(), all.end()) != all.end()) {
    return fail("roster.duplicate", "a ballot key occurs twice in the election");
  }
  std::vector<Roster> rosters;
  for (std::uint32_t contest = 0; contest < districts.size(); ++contest) {
    for (std::uint32_t district = 0; district < districts[contest]; ++district) {
      auto& sorted = by_district[contest][district];
      std::sort(sorted.begin(), sorted.end());
      const auto root = roster_root(election, contest, district, sorted);
      rosters.push_back({{contest, district, static_cast<std::uint32_t>(sorted.size()), root},
                         std::move(sorted)});
    }
  }
  return rosters;
}

SignedDocument roster_document(std::span<const Roster> rosters, const ElectionId& election) {
  Json entries = Json::array();
  for (const auto& roster : rosters) {
    entries.push_back({{"contest", roster.entry.contest},
                       {"district", roster.entry.district},
                       {"root", hex_encode(roster.entry.root)},
                       {"size", roster.entry.size}});
  }
  return SignedDocument(Json{{"type", "roster"},
                             {"election_id", hex_encode(election.bytes)},
                             {"rosters", std::move(entries)}});
}

Status check_roster_document(std::string_view text, const Point& registrar,
                             std::span<const Roster> rosters, const ElectionId& election) {
  const auto document = SignedDocument::parse_and_verify(text, "roster", election);
  if (!document) return fail(document.error());
  if (!document->signed_by(registrar)) {
    return fail("roster.signer", "the rosters are not signed by this registrar");
  }
  if (document->body() != roster_document(rosters, election).body()) {
    return fail("roster.content", "the keys are not those of the rosters that were signed");
  }
  return {};
}

std::string seal_import(std::span<const VoterKeys> keys, const ElectionId& election,
                        const Code& transport_code, Random& random) {
  Secret<std::string> lines(canonical_json({{"format", import_format},
                                            {"election_id", hex_encode(election.bytes)},
                                            {"voters", keys.size()}}) +
                            "\n");
  for (const auto& voter : keys) {
    lines.reveal() += canonical_json(json_of(voter));
    lines.reveal() += '\n';
  }
  return seal_file(import_title(election), transport_code.normalised(), as_bytes(lines.reveal()),
                   random);
}

Expected<std::vector<VoterKeys>> open_import(std::string_view file, const ElectionId& election,
                                             const Code& transport_code,
                                             ContestDistricts districts) {
  const auto content = open_sealed_file(import_title(election), transport_code.normalised(), file);
  if (!content) return fail(content.error());
  return parse_import(as_text(content->reveal()), election, districts);
}

Expected<std::vector<VoterKeys>> parse_import(std::string_view rest, const ElectionId& election,
                                              ContestDistricts districts) {
  std::size_t number = 0;
  const auto next = [&]() -> Expected<Json> {
    ++number;
    const auto line = take_line(rest);
    return line ? parse_canonical_json(*line) : fail("import.form", "ends too early");
  };
  const auto malformed = [&] {
    return fail("import.form", fmt::format("line {} of the import is malformed", number));
  };

  const auto head = next();
  if (!head || !has_exactly(*head, {"election_id", "format", "voters"}) ||
      text_field(*head, "format") != import_format ||
      text_field(*head, "election_id") != hex_encode(election.bytes)) {
    return malformed();
  }
  const auto count = u32_field(*head, "voters");
  if (!count) return malformed();
  std::vector<VoterKeys> keys;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto line = next();
    auto voter = line ? voter_keys_of(*line, districts) : std::nullopt;
    if (!voter) return malformed();
    keys.push_back(std::move(*voter));
  }
  if (!rest.empty()) return fail("import.form", "the import has lines beyond its voters");
  return keys;
}

std::string seal_registrar_key(const KeyPair& registrar, const Code& code, Random& random) {
  return seal_file(key_title, code.normalised(), registrar.secret.reveal().encoded(), random);
}

Expected<KeyPair> open_registrar_key(std::string_view file, const Code& code) {
  const auto content = open_sealed_file(key_title, code.normalised(), file);
  if (!content) return fail(content.error());
  const auto secret = Scalar::decode(content->reveal());
  if (!secret || secret->is_zero()) {
    return fail("sealed_file.form", "the file holds no registrar key");
  }
  return KeyPair::of(SecretScalar(*secret));
}

}  // namespace isoloir

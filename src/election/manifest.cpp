#include "election/manifest.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "election/count.hpp"
#include "election/protocol_version.hpp"
#include "election/signed_document.hpp"
#include "election/two_round_rule.hpp"

namespace isoloir {
namespace {

// Reads fields and remembers the first that is missing, of the wrong type or out of range, so that
// the reading below states the form once, in its order.
class FieldReader {
 public:
  std::string text(const Json& object, std::string_view name) {
    return need(text_field(object, name), name);
  }
  // Empty for null.
  std::string text_or_null(const Json& object, std::string_view name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    const bool null = object.is_object() && found != object.end() && found->is_null();
    return null ? std::string() : text(object, name);
  }
  std::uint32_t u32(const Json& object, std::string_view name) {
    return need(u32_field(object, name), name);
  }
  std::int64_t integer(const Json& object, std::string_view name) {
    return need(integer_field(object, name), name);
  }
  Point point(const Json& object, std::string_view name) {
    return need(point_field(object, name), name);
  }
  bool boolean(const Json& object, std::string_view name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_boolean()) {
      refuse(name);
      return false;
    }
    return found->get<bool>();
  }
  template <std::size_t N>
  ByteArray<N> bytes(const Json& object, std::string_view name) {
    const auto hex = text_field(object, name);
    return need(hex ? hex_decode_array<N>(*hex) : std::nullopt, name);
  }
  const Json& array(const Json& object, std::string_view name, std::size_t limit) {
    static const Json empty = Json::array();
    if (!object.is_object()) return refuse(name), empty;
    const auto found = object.find(name);
    if (found == object.end() || !found->is_array() || found->size() > limit) {
      return refuse(name), empty;
    }
    return *found;
  }
  std::vector<std::string> texts(const Json& object, std::string_view name, std::size_t limit) {
    std::vector<std::string> result;
    for (const auto& item : array(object, name, limit)) {
      if (!item.is_string()) return refuse(name), result;
      result.push_back(item.get<std::string>());
    }
    return result;
  }
  void exactly(const Json& object, std::initializer_list<std::string_view> names,
               std::string_view what) {
    if (!has_exactly(object, names)) refuse(what);
  }
  void require(bool condition, std::string_view what) {
    if (!condition) refuse(what);
  }
  const std::string& problem() const { return problem_; }

 private:
  template <typename T>
  T need(std::optional<T> value, std::string_view name) {
    if (!value) refuse(name);
    return value.value_or(T{});
  }
  void refuse(std::string_view what) {
    if (problem_.empty()) problem_ = what;
  }
  std::string problem_;
};

BilingualText read_bilingual(FieldReader& read, const Json& object, std::string_view name) {
  const Json& value = object.is_object() && object.contains(name) ? object[name] : object;
  read.exactly(value, {"en", "fr"}, name);
  return {read.text(value, "en"), read.text(value, "fr")};
}
Json write(const BilingualText& text) {
  return {{"en", text.en}, {"fr", text.fr}};
}

ContestOption read_option(FieldReader& read, const Json& json) {
  ContestOption option;
  const std::string kind = read.text(json, "kind");
  option.blank = kind == "blank";
  if (option.blank) {
    read.exactly(json, {"kind"}, "options");
    return option;
  }
  option.candidate = kind == "candidate";
  if (option.candidate) {
    read.exactly(json, {"birth_date", "kind", "name", "substitute"}, "options");
    option.name = read.text(json, "name");
    option.substitute = read.text_or_null(json, "substitute");
    option.birth_date = read.text_or_null(json, "birth_date");
    return option;
  }
  read.require(kind == "list", "options.kind");
  read.exactly(json, {"candidates", "common", "kind", "name", "sigle"}, "options");
  option.name = read.text(json, "name");
  option.candidates = read.texts(json, "candidates", 1000);
  option.sigle = read.boolean(json, "sigle");
  for (const auto& member : read.array(json, "common", 100)) {
    read.exactly(member, {"name", "share"}, "options.common");
    option.common.push_back({read.text(member, "name"), read.u32(member, "share")});
  }
  return option;
}
Json write(const ContestOption& option) {
  if (option.blank) return {{"kind", "blank"}};
  if (option.candidate) {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return {{"kind", "candidate"},
            {"name", option.name},
            {"substitute", or_null(option.substitute)},
            {"birth_date", or_null(option.birth_date)}};
  }
  Json common = Json::array();
  for (const auto& member : option.common) {
    common.push_back({{"name", member.name}, {"share", member.share}});
  }
  return {{"kind", "list"},
          {"name", option.name},
          {"candidates", option.candidates},
          {"common", std::move(common)},
          {"sigle", option.sigle}};
}

Contest read_contest(FieldReader& read, const Json& json) {
  const bool rounds = text_field(json, "rule") == two_round_majority_rule;
  if (rounds) {
    read.exactly(json,
                 {"bureau", "districts", "name", "options", "reissue_max", "round", "rule", "seats",
                  "unit_minimum", "units"},
                 "contests");
  } else {
    read.exactly(json,
                 {"bureau", "districts", "name", "options", "reissue_max", "rule", "seats",
                  "unit_minimum", "units"},
                 "contests");
  }
  Contest contest;
  contest.name = read_bilingual(read, json, "name");
  contest.bureau = read.u32(json, "bureau");
  contest.seats = read.u32(json, "seats");
  contest.rule = read.text(json, "rule");
  if (rounds) contest.round = read.u32(json, "round");
  contest.unit_minimum = read.u32(json, "unit_minimum");
  contest.reissue_max = read.u32(json, "reissue_max");
  for (const auto& option : read.array(json, "options", limits::options)) {
    contest.options.push_back(read_option(read, option));
  }
  read.require(std::count_if(contest.options.begin(), contest.options.end(),
                             [](const ContestOption& option) { return option.blank; }) == 1,
               "options: exactly one blank vote");
  for (const auto& district : read.array(json, "districts", limits::districts)) {
    read.exactly(district, {"name"}, "districts");
    contest.districts.push_back(read.text(district, "name"));
  }
  std::set<std::uint32_t> placed;
  for (const auto& item : read.array(json, "units", limits::districts)) {
    read.exactly(item, {"districts", "name"}, "units");
    TallyUnit unit{read.text(item, "name"), {}};
    for (const auto& district : read.array(item, "districts", limits::districts)) {
      const bool valid =
          district.is_number_unsigned() && district.get<std::uint64_t>() < contest.districts.size();
      read.require(valid, "units.districts");
      if (!valid) break;
      unit.districts.push_back(district.get<std::uint32_t>());
      read.require(placed.insert(unit.districts.back()).second, "units: a district twice");
    }
    contest.units.push_back(std::move(unit));
  }
  read.require(!contest.districts.empty() && placed.size() == contest.districts.size(),
               "units: a district without unit");
  return contest;
}
std::vector<Contest> read_contests(FieldReader& read, const Json& parent) {
  std::vector<Contest> contests;
  for (const auto& contest : read.array(parent, "contests", limits::contests)) {
    contests.push_back(read_contest(read, contest));
  }
  return contests;
}
Json write(const Contest& contest) {
  Json options = Json::array();
  for (const auto& option : contest.options) options.push_back(write(option));
  Json districts = Json::array();
  for (const auto& district : contest.districts) districts.push_back({{"name", district}});
  Json units = Json::array();
  for (const auto& unit : contest.units) {
    units.push_back({{"name", unit.name}, {"districts", unit.districts}});
  }
  Json json = {{"name", write(contest.name)},
               {"bureau", contest.bureau},
               {"seats", contest.seats},
               {"rule", contest.rule},
               {"options", std::move(options)},
               {"districts", std::move(districts)},
               {"units", std::move(units)},
               {"unit_minimum", contest.unit_minimum},
               {"reissue_max", contest.reissue_max}};
  if (contest.round != 0) json["round"] = contest.round;
  return json;
}

Bureau read_bureau(FieldReader& read, const Json& json) {
  read.exactly(json, {"ceremony", "groups", "key", "name"}, "bureaus");
  Bureau bureau;
  bureau.name = read.text(json, "name");
  bureau.ceremony = read.bytes<64>(json, "ceremony");
  bureau.key = read.point(json, "key");
  for (const auto& item : read.array(json, "groups", limits::trustees_per_group)) {
    read.exactly(item, {"key", "members", "name", "threshold"}, "groups");
    TrusteeGroup group{
        read.text(item, "name"), read.u32(item, "threshold"), read.point(item, "key"), {}};
    for (const auto& person : read.array(item, "members", limits::trustees_per_group)) {
      read.exactly(person, {"name", "role", "share_key", "signing_key"}, "members");
      const auto role = bureau_role(read.text(person, "role"));
      read.require(role.has_value(), "members.role");
      group.members.push_back({read.text(person, "name"), role.value_or(BureauRole::delegate),
                               read.point(person, "signing_key"), read.point(person, "share_key")});
    }
    read.require(group.threshold >= 1 && group.threshold <= group.members.size(), "threshold");
    bureau.groups.push_back(std::move(group));
  }
  read.require(!bureau.groups.empty(), "groups");
  return bureau;
}
Json write(const Bureau& bureau) {
  Json groups = Json::array();
  for (const auto& group : bureau.groups) {
    Json members = Json::array();
    for (const auto& member : group.members) {
      members.push_back({{"name", member.name},
                         {"role", name_of(member.role)},
                         {"signing_key", hex_encode(member.signing_key.encoded())},
                         {"share_key", hex_encode(member.share_key.encoded())}});
    }
    groups.push_back({{"name", group.name},
                      {"threshold", group.threshold},
                      {"key", hex_encode(group.key.encoded())},
                      {"members", std::move(members)}});
  }
  return {{"name", bureau.name},
          {"ceremony", hex_encode(bureau.ceremony)},
          {"key", hex_encode(bureau.key.encoded())},
          {"groups", std::move(groups)}};
}

void read_keys(FieldReader& read, const Json& json, Manifest& manifest) {
  read.exactly(json,
               {"board", "checkpoint", "guardian", "registrar", "witness_threshold", "witnesses"},
               "keys");
  manifest.board_key = read.point(json, "board");
  manifest.checkpoint_key = read.bytes<32>(json, "checkpoint");
  if (json.is_object() && json.contains("guardian") && !json["guardian"].is_null()) {
    manifest.guardian_key = read.point(json, "guardian");
  }
  manifest.registrar_key = read.point(json, "registrar");
  manifest.witnesses = read.texts(json, "witnesses", 100);
  manifest.witness_threshold = read.u32(json, "witness_threshold");
  read.require(manifest.witness_threshold <= manifest.witnesses.size(), "witness_threshold");
}

void read_rosters(FieldReader& read, const Json& json, Manifest& manifest) {
  const Json& array = read.array(json, "roster", limits::contests * limits::districts);
  for (const auto& item : array) {
    read.exactly(item, {"contest", "district", "root", "size"}, "roster");
    manifest.rosters.push_back({read.u32(item, "contest"), read.u32(item, "district"),
                                read.u32(item, "size"), read.bytes<32>(item, "root")});
  }
  std::size_t next = 0;
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    for (std::uint32_t d = 0; d < manifest.contests[k].districts.size(); ++d, ++next) {
      read.require(next < manifest.rosters.size() && manifest.rosters[next].contest == k &&
                       manifest.rosters[next].district == d,
                   "roster: one for each contest and district, ascending");
    }
  }
  read.require(next == manifest.rosters.size(), "roster: more than contests and districts");
}

void read_assets(FieldReader& read, const Json& json, Manifest& manifest) {
  for (const auto& item : read.array(json, "assets", 1000)) {
    read.exactly(item, {"path", "sha256"}, "assets");
    manifest.assets.push_back({read.text(item, "path"), read.bytes<32>(item, "sha256")});
  }
}

void read_broken_seals(FieldReader& read, const Json& json, Manifest& manifest) {
  for (const auto& item : read.array(json, "broken_seals", limits::broken_seals)) {
    read.exactly(item, {"at", "fingerprint", "reason", "seal"}, "broken_seals");
    manifest.broken_seals.push_back({{read.bytes<32>(item, "fingerprint")},
                                     read.bytes<32>(item, "seal"),
                                     read.integer(item, "at"),
                                     read.text(item, "reason")});
    read.require(!manifest.broken_seals.back().reason.empty(), "broken_seals.reason");
  }
  read.require(!manifest.broken_seals.empty(), "broken_seals");
}

void read_top(FieldReader& read, const Json& json, Manifest& manifest) {
  const bool broken = json.is_object() && json.contains("broken_seals");
  if (broken) read_broken_seals(read, json, manifest);
  const std::size_t fields = 14 + (broken ? 1 : 0);
  for (const auto* name :
       {"assets", "bureaus", "closes_at", "contests", "election_id", "grace_seconds", "keys",
        "log_origin", "opens_at", "origin", "protocol", "reissue", "roster", "title"}) {
    read.require(json.contains(name), "fields of the manifest");
  }
  read.require(json.size() == fields, "fields of the manifest");
  manifest.election_id.bytes = read.bytes<16>(json, "election_id");
  manifest.title = read_bilingual(read, json, "title");
  manifest.origin = read.text(json, "origin");
  manifest.log_origin = read.text(json, "log_origin");
  manifest.opens_at = read.integer(json, "opens_at");
  manifest.closes_at = read.integer(json, "closes_at");
  manifest.grace_seconds = read.u32(json, "grace_seconds");
  read.require(0 < manifest.opens_at && manifest.opens_at < manifest.closes_at, "opens_at");
  manifest.contests = read_contests(read, json);
  for (const auto& bureau : read.array(json, "bureaus", limits::contests)) {
    manifest.bureaus.push_back(read_bureau(read, bureau));
  }
  for (const auto& contest : manifest.contests) {
    read.require(contest.bureau < manifest.bureaus.size(), "contests.bureau");
  }
}

}  // namespace

std::string_view name_of(BureauRole role) {
  switch (role) {
    case BureauRole::president:
      return "president";
    case BureauRole::secretary:
      return "secretary";
    case BureauRole::delegate:
      return "delegate";
    case BureauRole::substitute:
      return "substitute";
  }
  ISOLOIR_ASSERT(false);
}

std::optional<BureauRole> bureau_role(std::string_view name) {
  for (const auto role : {BureauRole::president, BureauRole::secretary, BureauRole::delegate,
                          BureauRole::substitute}) {
    if (name_of(role) == name) return role;
  }
  return std::nullopt;
}

Json write_contests(const std::vector<Contest>& contests) {
  Json array = Json::array();
  for (const auto& contest : contests) array.push_back(write(contest));
  return array;
}

Expected<std::vector<Contest>> read_contests(const Json& array) {
  FieldReader read;
  auto contests = read_contests(read, Json{{"contests", array}});
  if (!read.problem().empty()) return fail("manifest.form", read.problem());
  return contests;
}

Expected<Manifest> Manifest::parse(std::string_view text) {
  const auto json = parse_canonical_json(text);
  if (!json) return fail(json.error());
  if (text_field(*json, "protocol") != protocol_version) {
    return fail("manifest.version", "not a manifest of protocol isoloir/1");
  }
  Manifest manifest;
  FieldReader read;
  read_top(read, *json, manifest);
  if (read.problem().empty()) {
    read_keys(read, (*json)["keys"], manifest);
    read_rosters(read, *json, manifest);
    read_assets(read, *json, manifest);
    read.exactly((*json)["reissue"], {"guardian_required"}, "reissue");
    manifest.guardian_required = read.boolean((*json)["reissue"], "guardian_required");
  }
  if (!read.problem().empty()) return fail("manifest.form", read.problem());
  for (const auto& contest : manifest.contests) {
    if (const auto good = check_attribution(contest); !good) {
      return fail("manifest.attribution", contest.name.fr + ": " + good.error().message);
    }
  }
  return manifest;
}

std::string Manifest::text() const {
  Json bureau_array = Json::array();
  for (const auto& item : bureaus) bureau_array.push_back(write(item));
  Json roster_array = Json::array();
  for (const auto& item : rosters) {
    roster_array.push_back({{"contest", item.contest},
                            {"district", item.district},
                            {"root", hex_encode(item.root)},
                            {"size", item.size}});
  }
  Json asset_array = Json::array();
  for (const auto& item : assets) {
    asset_array.push_back({{"path", item.path}, {"sha256", hex_encode(item.sha256)}});
  }
  Json keys = {{"board", hex_encode(board_key.encoded())},
               {"checkpoint", hex_encode(checkpoint_key)},
               {"guardian", nullptr},
               {"registrar", hex_encode(registrar_key.encoded())},
               {"witness_threshold", witness_threshold},
               {"witnesses", witnesses}};
  if (guardian_key) keys["guardian"] = hex_encode(guardian_key->encoded());
  Json json = {{"protocol", protocol_version},
               {"election_id", hex_encode(election_id.bytes)},
               {"title", write(title)},
               {"origin", origin},
               {"log_origin", log_origin},
               {"opens_at", opens_at},
               {"closes_at", closes_at},
               {"grace_seconds", grace_seconds},
               {"contests", write_contests(contests)},
               {"bureaus", std::move(bureau_array)},
               {"keys", std::move(keys)},
               {"roster", std::move(roster_array)},
               {"assets", std::move(asset_array)},
               {"reissue", {{"guardian_required", guardian_required}}}};
  for (const auto& seal : broken_seals) {
    json["broken_seals"].push_back({{"at", seal.at},
                                    {"fingerprint", hex_encode(seal.fingerprint.bytes)},
                                    {"reason", seal.reason},
                                    {"seal", hex_encode(seal.seal)}});
  }
  return canonical_json(json);
}

Fingerprint Manifest::fingerprint() const {
  return {sha256(as_bytes(text()))};
}

std::string Manifest::log_path() const {
  const auto path = log_origin.find('/');
  return path == std::string::npos ? std::string() : log_origin.substr(path);
}

const Contest* Manifest::contest(std::uint32_t number) const {
  return number < contests.size() ? &contests[number] : nullptr;
}

std::set<std::uint32_t> counting_bureaus(const Manifest& manifest) {
  std::set<std::uint32_t> bureaus;
  for (const auto& contest : manifest.contests) bureaus.insert(contest.bureau);
  return bureaus;
}

bool fulfils_opening_rule(const Bureau& bureau, const std::vector<Point>& signing_keys) {
  return std::all_of(bureau.groups.begin(), bureau.groups.end(), [&](const TrusteeGroup& group) {
    const auto present =
        std::count_if(group.members.begin(), group.members.end(), [&](const TrusteeMember& m) {
          return std::find(signing_keys.begin(), signing_keys.end(), m.signing_key) !=
                 signing_keys.end();
        });
    return static_cast<std::uint32_t>(present) >= group.threshold;
  });
}

std::vector<TallyUnit> merge_units(const Contest& contest,
                                   const std::map<std::uint32_t, std::uint64_t>& ballots) {
  std::vector<TallyUnit> units = contest.units;
  const auto count = [&](const TallyUnit& unit) {
    std::uint64_t total = 0;
    for (const auto district : unit.districts) {
      const auto found = ballots.find(district);
      if (found != ballots.end()) total += found->second;
    }
    return total;
  };
  while (units.size() > 1) {
    const auto small = std::find_if(units.begin(), units.end(), [&](const TallyUnit& unit) {
      return count(unit) < contest.unit_minimum;
    });
    if (small == units.end()) break;
    const auto first = small + 1 == units.end() ? small - 1 : small;
    const auto second = first + 1;
    first->name += " + " + second->name;
    first->districts.insert(first->districts.end(), second->districts.begin(),
                            second->districts.end());
    units.erase(second);
  }
  return units;
}

Digest roster_root(const ElectionId& election, std::uint32_t contest, std::uint32_t district,
                   std::span<const Point> sorted_keys) {
  MerkleAccumulator tree;
  for (const auto& key : sorted_keys) {
    const auto entry =
        Transcript(DraftRole::roster_leaf, election).add(contest).add(district).add(key).hash();
    tree.append(leaf_hash(entry));
  }
  return tree.root();
}

}  // namespace isoloir

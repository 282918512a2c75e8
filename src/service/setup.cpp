#include "service/setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/local_time.hpp"
#include "election/cosignature.hpp"

namespace isoloir {
namespace {

// The log's origin line: the portal's host and the election, without scheme (tlog-checkpoint). A
// seal after a broken one has a log of its own: under one origin and one key there is one history.
std::string log_origin_of(const ElectionDraft& draft, std::size_t broken_seals) {
  const auto origin =
      draft.origin.substr(draft.origin.find("://") + 3) + "/log/" + hex_encode(draft.id.bytes);
  return broken_seals == 0 ? origin : fmt::format("{}/seal-{}", origin, broken_seals + 1);
}

constexpr std::string_view roll_number_mark = "roll";  // in place of an identifier's form

CeremonyPlan plan_ceremony(const ElectionId& election, const BureauPlan& bureau, Random& random) {
  CeremonyPlan plan{election, random.array<16>(), bureau.name, {}};
  for (const auto& group : bureau.groups) {
    CeremonyPlan::Group planned{group.name, group.threshold, {}};
    for (const auto& member : group.members) planned.members.push_back({member.name, member.role});
    plan.groups.push_back(std::move(planned));
  }
  return plan;
}

tl::unexpected<Error> bad_draft(std::string_view field) {
  return fail("draft.form", fmt::format("the draft has no good \"{}\"", field));
}

// Both fields or, without witnesses, none.
Status read_witnesses(const Json& keys, ElectionDraft& draft) {
  if (keys.size() == 2) return {};
  const auto threshold = u32_field(keys, "witness_threshold");
  if (keys.size() != 4 || !threshold || !keys.contains("witnesses") ||
      !keys["witnesses"].is_array()) {
    return bad_draft("keys");
  }
  for (const auto& vkey : keys["witnesses"]) {
    if (!vkey.is_string()) return bad_draft("keys: witnesses");
    draft.witnesses.push_back(vkey.get<std::string>());
  }
  draft.witness_threshold = *threshold;
  if (*threshold > draft.witnesses.size() || draft.witnesses.empty()) {
    return bad_draft("keys: witness_threshold");
  }
  if (const auto good = check_witnesses(draft.witnesses); !good) {
    return bad_draft("keys: " + good.error().message);
  }
  return {};
}

std::optional<BilingualText> bilingual(const Json& json) {
  const auto en = text_field(json, "en"), fr = text_field(json, "fr");
  if (!en || !fr) return std::nullopt;
  return BilingualText{*en, *fr};
}

Json form_json(const CodeForm& form, Handover by) {
  return {{"by", name_of(by)}, {"characters", form.characters}, {"checked", form.checked}};
}

Json credentials_json(const CredentialForms& forms) {
  Json identifier;
  if (forms.identifier) identifier = form_json(*forms.identifier, forms.identifier_by);
  if (forms.roll_number) identifier = roll_number_mark;
  return {{"code", form_json(forms.code, forms.code_by)}, {"identifier", std::move(identifier)}};
}

std::optional<std::pair<CodeForm, Handover>> read_form(const Json& json) {
  if (!has_exactly(json, {"by", "characters", "checked"})) return std::nullopt;
  const auto by = handover(text_field(json, "by").value_or(""));
  const auto characters = u32_field(json, "characters");
  if (!by || !characters || !json["checked"].is_boolean() ||
      *characters < limits::secret_bits_min / 5 || *characters > 30) {
    return std::nullopt;
  }
  return std::pair(CodeForm{*characters, json["checked"].get<bool>()}, *by);
}

std::optional<CredentialForms> read_credentials(const Json& json) {
  if (!has_exactly(json, {"code", "identifier"})) return std::nullopt;
  const auto code = read_form(json["code"]);
  if (!code) return std::nullopt;
  CredentialForms forms;
  std::tie(forms.code, forms.code_by) = *code;
  if (json["identifier"].is_null()) return forms;
  if (json["identifier"] == roll_number_mark) {
    forms.roll_number = true;
    const bool enough = forms.code.bits() >= limits::lone_secret_bits_min;
    return enough ? std::optional(forms) : std::nullopt;
  }
  const auto identifier = read_form(json["identifier"]);
  if (!identifier) return std::nullopt;
  std::tie(forms.identifier, forms.identifier_by) = *identifier;
  const bool sent_apart = forms.identifier_by != Handover::post &&
                          forms.code_by != Handover::post &&
                          forms.identifier_by != forms.code_by;  // L1
  return sent_apart ? std::optional(forms) : std::nullopt;
}

Json assistance_json(const std::optional<Assistance>& help) {
  if (!help) return nullptr;
  return {{"phone", help->phone}, {"hours", {{"en", help->hours.en}, {"fr", help->hours.fr}}}};
}

// A ceremony that started again has another id, and nothing else that differs.
Status check_ceremonies(const ElectionDraft& draft, const std::vector<CeremonyRecord>& records) {
  ISOLOIR_ASSERT(records.size() == draft.ceremonies.size());
  for (std::size_t b = 0; b < records.size(); ++b) {
    CeremonyPlan plan = records[b].plan();
    plan.ceremony = draft.ceremonies[b].ceremony;
    if (plan != draft.ceremonies[b]) {
      return fail("ceremony.plan", fmt::format("ceremony/{}/plan.json plans another bureau than "
                                               "the draft's \"{}\"",
                                               b, draft.ceremonies[b].bureau_name));
    }
    std::string names;
    for (const auto& slot : records[b].missing()) {
      names += (names.empty() ? "" : ", ") + records[b].describe(slot);
    }
    if (!names.empty()) {
      return fail("ceremony.incomplete",
                  fmt::format("ceremony/{}: messages of round {} are missing from {}", b,
                              records[b].round(), names));
    }
  }
  return {};
}

// Entries as signed; whether the keys fit is for check_sealing.
Expected<std::vector<RosterEntry>> roster_entries(const SignedDocument& document) {
  std::vector<RosterEntry> entries;
  const auto& body = document.body();
  const auto list = body.find("rosters");
  if (list == body.end() || !list->is_array()) return fail("roster.form", "no rosters in it");
  for (const auto& item : *list) {
    const auto contest = u32_field(item, "contest"), district = u32_field(item, "district");
    const auto size = u32_field(item, "size");
    const auto root = hex_decode_array<32>(text_field(item, "root").value_or(""));
    if (!contest || !district || !size || !root)
      return fail("roster.form", "a roster is malformed");
    entries.push_back({*contest, *district, *size, *root});
  }
  return entries;
}

Manifest assemble_manifest(const SealInput& input, const Point& registrar,
                           std::vector<RosterEntry> rosters) {
  const auto& draft = input.draft;
  Manifest manifest;
  manifest.election_id = draft.id;
  manifest.title = draft.title;
  manifest.origin = draft.origin;
  for (const auto& one : input.broken) manifest.broken_seals.push_back(one.named);
  manifest.log_origin = log_origin_of(draft, input.broken.size());
  manifest.opens_at = draft.hours.opens_at;
  manifest.closes_at = draft.hours.closes_at;
  manifest.grace_seconds = draft.hours.grace_seconds;
  manifest.contests = draft.contests;
  for (const auto& record : input.ceremonies) {
    manifest.bureaus.push_back(to_manifest_bureau(record.plan(), record.keys()));
  }
  manifest.board_key = draft.server.board;
  manifest.checkpoint_key = draft.server.checkpoint;
  manifest.registrar_key = registrar;
  manifest.witnesses = draft.witnesses;
  manifest.witness_threshold = draft.witness_threshold;
  manifest.rosters = std::move(rosters);
  manifest.assets = input.assets;
  std::sort(manifest.assets.begin(), manifest.assets.end(),
            [](const BoothAsset& a, const BoothAsset& b) { return a.path < b.path; });
  return manifest;
}

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Labels of lower case letters and digits, and dashes within.
bool is_host(std::string_view host) {
  char before = '.';
  for (const char c : host) {
    const bool good = is_lower_or_digit(c) || (c == '-' && before != '.') ||
                      (c == '.' && is_lower_or_digit(before));
    if (!good) return false;
    before = c;
  }
  return is_lower_or_digit(before);
}

bool is_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && port[0] != '0' &&
         port.find_first_not_of("0123456789") == port.npos;
}

bool is_origin(std::string_view origin) {
  for (const std::string_view practice : {"http://localhost:", "http://127.0.0.1:"}) {
    if (origin.starts_with(practice)) return is_port(origin.substr(practice.size()));
  }
  constexpr std::string_view https = "https://";
  if (!origin.starts_with(https)) return false;
  const auto host = origin.substr(https.size());
  const auto colon = host.find(':');
  if (colon == host.npos) return is_host(host);
  const auto port = host.substr(colon + 1);
  return is_host(host.substr(0, colon)) && is_port(port) && port != "443";
}

}  // namespace

Expected<DraftHours> hours_of(const Portal& portal) {
  const auto opens = from_local_time(portal.opens_local, portal.time_zone);
  if (!opens) return fail(opens.error());
  const auto closes = from_local_time(portal.closes_local, portal.time_zone);
  if (!closes) return fail(closes.error());
  return DraftHours{*opens, *closes, portal.grace_minutes * 60};
}

Status check_origin(std::string_view origin) {
  if (origin.size() <= 255 && is_origin(origin)) return {};
  return fail("draft.origin",
              fmt::format("\"{}\" is no origin: write https://host or https://host:port, in lower "
                          "case, without a path (for practice http://localhost:port)",
                          origin));
}

Expected<ElectionDraft> ElectionDraft::parse(std::string_view text) {
  const auto json = parse_canonical_json(text);
  if (!json) return fail("draft.form", "the draft is damaged: " + json.error().message);
  if (text_field(*json, "type") != "draft") return bad_draft("type");
  if (!has_exactly(
          *json, {"assistance", "ceremonies", "closes_at", "contests", "credentials", "election_id",
                  "grace_seconds", "keys", "opens_at", "origin", "title", "type"})) {
    return bad_draft("set of fields");
  }
  ElectionDraft draft;
  const auto id = hex_decode_array<16>(text_field(*json, "election_id").value_or(""));
  if (!id) return bad_draft("election_id");
  draft.id.bytes = *id;
  const auto title = bilingual((*json)["title"]);
  if (!title) return bad_draft("title");
  draft.title = *title;
  draft.origin = text_field(*json, "origin").value_or("");
  if (!check_origin(draft.origin)) return bad_draft("origin");
  if (const auto& help = (*json)["assistance"]; !help.is_null()) {
    const auto phone = text_field(help, "phone");
    const auto hours =
        help.is_object() && help.contains("hours") ? bilingual(help["hours"]) : std::nullopt;
    if (!phone || !hours || !has_exactly(help, {"hours", "phone"})) return bad_draft("assistance");
    draft.assistance = {*phone, *hours};
  }
  const auto credentials = read_credentials((*json)["credentials"]);
  if (!credentials) return bad_draft("credentials");
  draft.credentials = *credentials;
  const auto opens_at = integer_field(*json, "opens_at"),
             closes_at = integer_field(*json, "closes_at");
  const auto grace = u32_field(*json, "grace_seconds");
  if (!opens_at || !closes_at || !grace || *opens_at <= 0 || *opens_at >= *closes_at) {
    return bad_draft("opens_at, closes_at and grace_seconds");
  }
  draft.hours = {*opens_at, *closes_at, *grace};
  auto contests = read_contests((*json)["contests"]);
  if (!contests) return bad_draft("contests: " + contests.error().message);
  draft.contests = std::move(*contests);
  if (draft.contests.empty() || !(*json)["ceremonies"].is_array()) return bad_draft("contests");
  for (const auto& item : (*json)["ceremonies"]) {
    auto plan = CeremonyPlan::parse(canonical_json(item));
    if (!plan || plan->election != draft.id) return bad_draft("ceremonies");
    draft.ceremonies.push_back(std::move(*plan));
  }
  for (const auto& contest : draft.contests) {
    if (contest.bureau >= draft.ceremonies.size()) return bad_draft("ceremonies");
  }
  const auto board = point_field((*json)["keys"], "board");
  const auto checkpoint =
      hex_decode_array<32>(text_field((*json)["keys"], "checkpoint").value_or(""));
  if (!board || !checkpoint) return bad_draft("keys");
  draft.server = {*board, *checkpoint};
  if (const auto read = read_witnesses((*json)["keys"], draft); !read) return fail(read.error());
  return draft;
}

std::string ElectionDraft::text() const {
  Json keys = {{"board", hex_encode(server.board.encoded())},
               {"checkpoint", hex_encode(server.checkpoint)}};
  if (!witnesses.empty()) {
    keys["witnesses"] = witnesses;
    keys["witness_threshold"] = witness_threshold;
  }
  Json plans = Json::array();
  for (const auto& plan : ceremonies) plans.push_back(Json::parse(plan.text()));
  return canonical_json({{"type", "draft"},
                         {"election_id", hex_encode(id.bytes)},
                         {"title", {{"en", title.en}, {"fr", title.fr}}},
                         {"origin", origin},
                         {"assistance", assistance_json(assistance)},
                         {"credentials", credentials_json(credentials)},
                         {"opens_at", hours.opens_at},
                         {"closes_at", hours.closes_at},
                         {"grace_seconds", hours.grace_seconds},
                         {"contests", write_contests(contests)},
                         {"ceremonies", std::move(plans)},
                         {"keys", std::move(keys)}});
}

ElectionDraft draw_draft(const Portal& portal, std::string origin, const DraftHours& hours,
                         const ServerPublicKeys& server, Random& random) {
  ElectionDraft draft;
  draft.id.bytes = random.array<16>();
  draft.title = portal.election;
  draft.origin = std::move(origin);
  draft.assistance = portal.assistance;
  draft.credentials = portal.credentials;
  draft.hours = hours;
  draft.server = server;
  draft.witnesses = portal.witnesses;
  draft.witness_threshold = portal.witness_threshold;
  draft.contests = portal.contests;
  for (auto& contest : draft.contests) {
    ISOLOIR_ASSERT(!contest.options.empty() && contest.options.back().blank);
    for (auto left = static_cast<std::uint32_t>(contest.options.size()) - 1; left > 1; --left) {
      std::swap(contest.options[left - 1], contest.options[random.below(left)]);
    }
  }
  for (const auto& bureau : portal.bureaus) {
    draft.ceremonies.push_back(plan_ceremony(draft.id, bureau, random));
  }
  return draft;
}

std::vector<std::uint32_t> districts_per_contest(const std::vector<Contest>& contests) {
  std::vector<std::uint32_t> districts;
  districts.reserve(contests.size());
  for (const auto& contest : contests) {
    districts.push_back(static_cast<std::uint32_t>(contest.districts.size()));
  }
  return districts;
}

PublicFiles roster_files(const SignedDocument& document, const std::vector<Roster>& rosters) {
  PublicFiles files;
  files[std::string(export_path::roster_document)] = document.text();
  for (const auto& roster : rosters) {
    std::string& content = files[export_path::roster(roster.entry.contest, roster.entry.district)];
    for (const auto& key : roster.keys) content += as_text(key.encoded());
  }
  return files;
}

Expected<PublicFiles> seal_election(SealInput input) {
  if (auto good = check_ceremonies(input.draft, input.ceremonies); !good) {
    return fail(good.error());
  }
  PublicFiles files = std::move(input.rosters);
  const auto signed_text = files.find(std::string(export_path::roster_document));
  if (signed_text == files.end()) return fail("roster.missing", "there is no roster.json");
  const auto document =
      SignedDocument::parse_and_verify(signed_text->second, "roster", input.draft.id);
  if (!document) return fail(document.error().code, "roster.json: " + document.error().message);
  if (document->signers().size() != 1) {
    return fail("roster.signer", "roster.json is not signed by one registrar alone");
  }
  auto entries = roster_entries(*document);
  if (!entries) return fail(entries.error().code, "roster.json: " + entries.error().message);
  const Manifest manifest =
      assemble_manifest(input, document->signers().front(), std::move(*entries));
  const SignedDocument seal(Json{{"type", "seal"},
                                 {"fingerprint", hex_encode(manifest.fingerprint().bytes)},
                                 {"ballots", 0},
                                 {"sign_offs", 0},
                                 {"sealed_at", input.sealed_at}});
  files[std::string(export_path::manifest)] = manifest.text();
  files[std::string(export_path::seal)] = seal.text();
  for (std::size_t n = 0; n < input.broken.size(); ++n) {
    files[export_path::broken_manifest(n)] = input.broken[n].manifest;
    files[export_path::broken_seal(n)] = input.broken[n].seal;
  }
  for (std::size_t b = 0; b < input.ceremonies.size(); ++b) {
    for (const auto& [slot, text] : input.ceremonies[b].messages()) {
      files[export_path::ceremony(b, slot.round, slot.group, slot.index)] = text;
    }
  }
  if (const auto good = check_sealing(ExportReader::of_files(files)); !good) {
    return fail(good.error());
  }
  return files;
}

void sign_seal(PublicFiles& files, const KeyPair& member, Random& random) {
  const auto manifest = Manifest::parse(files.at(std::string(export_path::manifest)));
  std::string& text = files.at(std::string(export_path::seal));
  auto seal = SignedDocument::parse(text);
  ISOLOIR_ASSERT(manifest && seal);
  seal->sign(member, manifest->fingerprint(), random);
  text = seal->text();
}

}  // namespace isoloir

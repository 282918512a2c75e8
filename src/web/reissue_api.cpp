// The interface of the link page: JSON without a portal session, since the link opens on any
// device. The flow's cookie is SameSite=Strict, and a header that no foreign page can send without
// asking first (Fetch, "CORS-preflight") is required.
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

// Nothing when it is missing or no string: an array of tokens is no token (requirement 37).
std::optional<std::string> text_field(const Json& json, std::string_view name) {
  if (!json.is_object()) return std::nullopt;
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::string_view status_of(std::string_view code) {
  if (code == "reissue.link_expired") return "expired";
  if (code == "reissue.link_used") return "used";
  if (code == "reissue.link_superseded") return "superseded";
  if (code == "reissue.outdated") return "outdated";
  if (code == "reissue.link_elsewhere") return "elsewhere";
  if (code == "reissue.link_unknown") return "unknown";
  if (code == "reissue.link_cancelled" || code == "reissue.blocked") return "blocked";
  if (code == "reissue.limit") return "limit";
  if (code == "reissue.closed") return "closed";
  if (code == "reissue.keys") return "keys";
  return "refused";
}

Json refused(const ReissueRefusal& refusal, Language language) {
  Json json = {{"status", status_of(refusal.code)}};
  if (refusal.at > 0) json["at"] = format_time(refusal.at, language);
  return json;
}

Json opened(const FlowView& flow, State& state) {
  Json contests = Json::array();
  for (const auto& place : flow.contests) contests.push_back(place.contest);
  Json json = {{"status", "opened"},
               {"handle", flow.handle},
               {"electionId", hex_encode(state.manifest().election_id.bytes)},
               {"fingerprint", hex_encode(state.fingerprint().bytes)},
               {"contests", std::move(contests)},
               {"tokenHash", flow.token_hash},
               {"expiresAt", flow.expires_at},
               {"reference", flow.reference}};
  // Whom FranceConnect has confirmed is told so where she goes on.
  if (flow.identified) json["identifiedAs"] = voter_profile(state, flow.handle)->display_name;
  return json;
}

std::optional<Point> read_point(const Json& json, std::string_view name) {
  const auto bytes = hex_decode_array<32>(text_field(json, name).value_or(""));
  return bytes ? Point::decode(*bytes) : std::nullopt;
}

std::optional<SchnorrProof> read_proof(const Json& json, std::string_view name) {
  const auto bytes = hex_decode_array<64>(text_field(json, name).value_or(""));
  return bytes ? SchnorrProof::decode(*bytes) : std::nullopt;
}

std::optional<NewBallotKey> read_ballot_key(const Json& json) {
  const auto key = read_point(json, "key");
  const auto proof = read_proof(json, "proof");
  const auto contest = json.is_object() ? json.find("contest") : json.end();
  if (!key || !proof || contest == json.end() || !contest->is_number_unsigned()) return {};
  const auto number = contest->get<std::uint64_t>();
  if (number > UINT32_MAX) return {};
  return NewBallotKey{static_cast<std::uint32_t>(number), *key, *proof};
}

std::optional<NewKeys> read_keys(const Json& json) {
  const auto key = read_point(json, "signInKey");
  const auto proof = read_proof(json, "signInProof");
  const auto ballot_keys = json.is_object() ? json.find("ballotKeys") : json.end();
  if (!key || !proof || ballot_keys == json.end() || !ballot_keys->is_array()) return {};
  NewKeys keys{*key, *proof, {}};
  for (const auto& item : *ballot_keys) {
    const auto ballot_key = read_ballot_key(item);
    if (!ballot_key) return {};
    keys.ballot_keys.push_back(*ballot_key);
  }
  return keys;
}

}  // namespace

// A browser without an opener is given one before the link is spent, and asks again: whatever is
// lost on the way, the link stays this browser's, in every tab of it.
http::Response Site::api_reissue_open(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!body || !reissues_ || !from_our_page(visit.request)) return error_page(400, &visit.request);
  const auto token = text_field(*body, "token");
  if (!token) return error_page(400, &visit.request);
  const auto flow = reissues_->open(*token, visit.request.cookie(reissue_cookie).value_or(""));
  if (flow && reissue_shut(flow->handle) == "closed") return json_answer({{"status", "closed"}});
  if (flow) return json_answer(opened(*flow, state_));
  if (flow.error().code != "reissue.opener")
    return json_answer(refused(flow.error(), visit.language));
  return json_answer({{"status", "again"}})
      .with_cookie(reissue_cookie, reissues_->new_opener(), http::SameSite::strict);
}

// After a reload the token is gone from the page; the flow's cookie is not.
http::Response Site::api_reissue_resume(Visit& visit) {
  if (!reissues_ || !from_our_page(visit.request)) return error_page(400, &visit.request);
  const auto cookie = visit.request.cookie(reissue_cookie);
  const auto view = cookie ? reissues_->view(*cookie) : std::nullopt;
  if (!view) return json_answer({{"status", "no_link"}});
  if (view->issued) return json_answer({{"status", "shown"}});
  if (reissue_shut(view->handle) == "closed") return json_answer({{"status", "closed"}});
  return json_answer(opened(*view, state_));
}

http::Response Site::api_reissue_issue(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!body || !reissues_ || !from_our_page(visit.request)) return error_page(400, &visit.request);
  const auto keys = read_keys(*body);
  if (!keys) return error_page(400, &visit.request);
  const auto cookie = visit.request.cookie(reissue_cookie);
  if (!cookie) return json_answer({{"status", "no_link"}});
  const auto issued = reissues_->issue(*cookie, *keys);
  if (!issued) return json_answer(refused(issued.error(), visit.language));
  return json_answer({{"status", "issued"},
                      {"reference", issued->reference},
                      {"at", format_time(issued->issued_at, visit.language)}});
}

http::Response Site::api_reissue_noted(Visit& visit) {
  if (!reissues_ || !from_our_page(visit.request)) return error_page(400, &visit.request);
  if (const auto cookie = visit.request.cookie(reissue_cookie)) reissues_->acknowledge(*cookie);
  return json_answer({{"status", "ok"}}).without_cookie(reissue_cookie);
}

http::Response Site::api_reissue_status(Visit& visit) {
  static constexpr std::string_view names[] = {"none", "sent", "opened", "issued", "blocked"};
  const auto status = reissues_ ? reissues_->status(visit.voter()) : ReissueStatus{};
  return json_answer({{"state", names[static_cast<std::size_t>(status.kind)]},
                      {"at", status.at > 0 ? format_time(status.at, visit.language) : ""},
                      {"reference", status.reference},
                      {"message", message_fate(renderer_, Carried::link, status.message,
                                               state_.now(), visit.language)}});
}

}  // namespace isoloir::web

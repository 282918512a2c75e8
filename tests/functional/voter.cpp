#include "functional/voter.hpp"

#include <sqlite3.h>

#include "base/canonical_json.hpp"
#include "cli/rehearse_voter.hpp"

namespace isoloir::test {

std::string after(std::string_view page, std::string_view before) {
  return cli::value_after(page, before);
}

Voter::Voter(std::uint16_t port, Json card, std::string database)
    : port_(port),
      card_(std::move(card)),
      database_(std::move(database)),
      client_("127.0.0.1", port, {.deadline_ms = 30'000, .keep_cookies = true}) {}

Answer Voter::told(const Expected<http::ClientResponse>& response) const {
  if (!response) return {"lost", {}, {}, 0};
  Answer answer{"", {}, response->body, response->status};
  if (const auto json = parse_json(response->body)) answer.body = *json;
  if (response->status == 503 && http::find_header(response->headers, "Retry-After")) {
    answer.is = "busy";
  } else if (response->status == 200 && answer.body.contains("status")) {
    answer.is = answer.body.at("status").get<std::string>();
  } else {
    answer.is = "status " + std::to_string(response->status);
  }
  return answer;
}

std::string Voter::captcha_digits(const std::string& id) const {
  sqlite3* handle = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::string digits;
  sqlite3_open_v2(database_.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  sqlite3_busy_timeout(handle, 5'000);
  sqlite3_prepare_v2(handle, "SELECT digits FROM captcha WHERE id = ?", -1, &statement, nullptr);
  sqlite3_bind_text(statement, 1, id.data(), int(id.size()), SQLITE_STATIC);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    digits = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return digits;
}

Answer Voter::get(const std::string& target) {
  return told(client_.get(target));
}

Answer Voter::post(const std::string& target, const Json& body) {
  return told(client_.request("POST", target,
                              {{"Content-Type", "application/json"}, {"X-CSRF-Token", csrf_}},
                              canonical_json(body)));
}

Answer Voter::sign_in() {
  const auto page = get("/sign-in");
  if (page.status != 200) return page;
  const auto id = after(page.page, "name=\"captcha_id\" value=\"");
  auto answer =
      told(client_.post_form("/sign-in", {{{"csrf", after(page.page, "name=\"csrf\" value=\"")},
                                           {"email", card_.at("email").get<std::string>()},
                                           {"password", card_.at("password").get<std::string>()},
                                           {"captcha_id", id},
                                           {"captcha", captcha_digits(id)}}}));
  if (answer.status == 303) answer.is = "signed in";
  return answer;
}

Answer Voter::enter() {
  if (auto answer = sign_in(); answer.is != "signed in") return answer;
  const auto manifest = get("/election/manifest.json");
  if (manifest.status != 200) return manifest;
  manifest_ = Manifest::parse(manifest.page).value();
  const auto page = get("/voting-space");
  if (page.status != 200) return page;
  csrf_ = after(page.page, "data-csrf=\"");
  credential_.emplace(derive_credential(Code::parse(card_.at("code").get<std::string>()).value(),
                                        after(page.page, "data-handle=\""), manifest_.election_id));
  const auto pair = credential_->sign_in_key();
  SystemRandom random;
  const auto proof = schnorr_prove(
      sign_in_statement(manifest_.fingerprint(),
                        hex_decode_array<32>(after(page.page, "data-nonce=\"")).value(),
                        hex_decode_array<32>(after(page.page, "data-session-binding=\"")).value(),
                        manifest_.origin),
      pair.secret.reveal(), random);
  const auto id = after(page.page, "name=\"captcha_id\" value=\"");
  const auto opened = post("/api/voting-code", {{"captchaId", id},
                                                {"captcha", captcha_digits(id)},
                                                {"nonce", after(page.page, "data-nonce=\"")},
                                                {"key", hex_encode(pair.key.encoded())},
                                                {"proof", hex_encode(proof.encoded())}});
  if (opened.is != "ok") return opened;
  const auto contests = get("/api/contests");
  for (const auto& item : contests.body.at("contests")) {
    places_.push_back(
        {item.at("contest").get<std::uint32_t>(), item.at("district").get<std::uint32_t>()});
  }
  return opened;
}

std::string Voter::ballot(const Place& place, std::size_t choice) {
  const auto& contest = manifest_.contests.at(place.contest);
  const auto pair = credential_->ballot_key(place.contest);
  SystemRandom random;
  return base64_encode(make_ballot(manifest_.fingerprint(), place.contest, place.district,
                                   contest.options.size(), choice % contest.options.size(),
                                   manifest_.bureau_of(contest).key, pair.secret.reveal(), random)
                           .encode());
}

std::string Voter::tracker(const std::string& ballot) {
  return hex_encode(tracker_of(base64_decode(ballot).value()).bytes);
}

Answer Voter::cast(const std::string& ballot) {
  return post("/api/ballot", {{"ballot", ballot}});
}

Answer Voter::receipt(const std::string& ballot) {
  return post("/api/receipt", {{"tracker", tracker(ballot)}});
}

Answer Voter::leave() {
  return told(client_.post_form("/sign-out", {{{"csrf", csrf_}}}));
}

}  // namespace isoloir::test

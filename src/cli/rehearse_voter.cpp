#include "cli/rehearse_voter.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "election/checkpoint.hpp"
#include "election/consular_number.hpp"
#include "service/reissue.hpp"

namespace isoloir::cli {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view loopback = "127.0.0.1";
constexpr auto poll = std::chrono::milliseconds(100);
constexpr auto patience = std::chrono::seconds(60);  // for a round of the server

Error unexpected(const std::string& step, const http::ClientResponse& answer) {
  return {"rehearsal.answer",
          fmt::format("{}: status {} {}", step, answer.status, answer.body.substr(0, 120)),
          {}};
}
Error unexpected(const std::string& step, const Json& answer) {
  return {"rehearsal.answer", step + ": " + answer.dump(), {}};
}

std::string text(const Json& json, const char* name) {
  return json.value(name, std::string());
}

http::Headers link_headers() {
  return {{"Content-Type", "application/json"}, {"X-Requested-With", "isoloir"}};
}
http::Headers json_headers(const std::string& csrf) {
  auto headers = link_headers();
  headers.push_back({"X-CSRF-Token", csrf});
  return headers;
}

}  // namespace

std::string value_after(std::string_view page, std::string_view before) {
  const auto at = page.find(before);
  if (at == std::string_view::npos) return {};
  const auto value = page.substr(at + before.size());
  return std::string(value.substr(0, value.find('"')));
}

void RehearsalTimes::merge(RehearsalTimes&& other) {
  for (auto& [step, times] : other.ms) {
    auto& mine = ms[step];
    mine.insert(mine.end(), times.begin(), times.end());
  }
}

// 10.0.0.0/8: an address of its own, so that no throttle takes two voters for one.
RehearsalVoter::RehearsalVoter(State& state, PracticeVoter person, RehearsalPart part,
                               std::size_t number, std::uint16_t port)
    : state_(state),
      person_(std::move(person)),
      part_(part),
      address_(fmt::format("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)),
      port_(port),
      client_(std::string(loopback), port) {}

// ---- One request

RehearsalVoter::Answer RehearsalVoter::send(http::Client& client, RehearsalTimes& times,
                                            const std::string& step, std::string_view method,
                                            const std::string& target, http::Headers headers,
                                            const std::string& body) {
  headers.push_back({"X-Forwarded-For", address_});
  const auto start = Steady::now();
  auto answer = client.request(method, target, headers, body);
  times.ms[step].push_back(
      std::chrono::duration<double, std::milli>(Steady::now() - start).count());
  return answer;
}

RehearsalVoter::Answer RehearsalVoter::send_form(RehearsalTimes& times, const std::string& step,
                                                 const std::string& target,
                                                 const http::Form& form) {
  return send(client_, times, step, "POST", target,
              {{"Content-Type", "application/x-www-form-urlencoded"}}, http::encode_form(form));
}

Expected<Json> RehearsalVoter::send_json(http::Client& client, RehearsalTimes& times,
                                         const std::string& step, const std::string& target,
                                         const Json& body, http::Headers headers) {
  const auto answer = send(client, times, step, body.is_null() ? "GET" : "POST", target,
                           std::move(headers), body.is_null() ? "" : canonical_json(body));
  if (!answer) return fail(answer.error());
  if (answer->status != 200) return tl::make_unexpected(unexpected(step, *answer));
  return parse_json(answer->body);
}

// The picture is asked for, as by a browser; its digits are known from the database.
Expected<std::string> RehearsalVoter::solve_captcha(RehearsalTimes& times, const std::string& id) {
  return solve_captcha(client_, times, id);
}
Expected<std::string> RehearsalVoter::solve_captcha(http::Client& client, RehearsalTimes& times,
                                                    const std::string& id) {
  if (id.empty()) return std::string();  // this portal has none
  const auto picture = send(client, times, "captcha", "GET", "/captcha/" + id + ".png");
  if (!picture) return fail(picture.error());
  if (picture->status != 200) return tl::make_unexpected(unexpected("captcha", *picture));
  return state_.database().read([&](store::Transaction& t) -> Expected<std::string> {
    const auto rows = t.query("SELECT digits FROM captcha WHERE id = $1", {id});
    if (rows.empty()) return fail("rehearsal.answer", "captcha: it is not in the database");
    return rows[0].text(0);
  });
}

// ---- Arriving

RehearsalVoter::Answer RehearsalVoter::try_password(RehearsalTimes& times, const std::string& page,
                                                    const std::string& password) {
  const auto id = value_after(page, "name=\"captcha_id\" value=\"");
  const auto digits = solve_captcha(times, id);
  if (!digits) return fail(digits.error());
  return send_form(times, "sign-in", "/sign-in",
                   {{{"csrf", value_after(page, "name=\"csrf\" value=\"")},
                     {"email", person_.voter.email},
                     {"password", password},
                     {"captcha_id", id},
                     {"captcha", *digits}}});
}

Status RehearsalVoter::sign_in(RehearsalTimes& times) {
  auto page = send(client_, times, "sign-in page", "GET", "/sign-in");
  if (!page) return fail(page.error());
  if (part_.wrong_password) {
    page = try_password(times, page->body, "Wrong-" + person_.account->password);
    if (!page) return fail(page.error());
    if (page->status != 200) return tl::make_unexpected(unexpected("wrong password", *page));
  }
  const auto answer = try_password(times, page->body, person_.account->password);
  if (!answer) return fail(answer.error());
  if (answer->status != 303) return tl::make_unexpected(unexpected("sign-in", *answer));
  return {};
}

Status RehearsalVoter::ask_for_code(RehearsalTimes& times) {
  const auto page = send(client_, times, "question page", "GET", "/reissue/question");
  if (!page) return fail(page.error());
  const auto sent = send_form(times, "question", "/reissue/question",
                              {{{"csrf", value_after(page->body, "name=\"csrf\" value=\"")},
                                {"answer", person_.account->answer},
                                {"identity", person_.voter.numen},
                                {"channel", "email"},
                                {"email", personal_address()},
                                {"phone", ""}}});
  if (!sent) return fail(sent.error());
  const auto* leads_to = http::find_header(sent->headers, "Location");
  if (sent->status != 303 || !leads_to || *leads_to != "/reissue/sent") {
    return fail("rehearsal.answer", "question: no link was sent");
  }
  const auto shown = send(client_, times, "sent page", "GET", "/reissue/sent");
  if (!shown) return fail(shown.error());
  return {};
}

Status RehearsalVoter::arrive(RehearsalTimes& times) {
  if (!person_.account) {  // her keys sign in, when she votes
    auto done = part_.reissue ? ask_for_password(times) : Status();
    client_.disconnect();
    return done;
  }
  if (auto done = sign_in(times); !done) return done;
  if (part_.reissue) {
    if (auto done = ask_for_code(times); !done) return done;
  }
  client_.disconnect();
  return {};
}

// ---- A new password: number and address, the link, the identifier; it comes by text message

Status RehearsalVoter::ask_for_password(RehearsalTimes& times) {
  const auto page = send(client_, times, "lost password page", "GET", "/password-renewal");
  if (!page) return fail(page.error());
  const auto id = value_after(page->body, "name=\"captcha_id\" value=\"");
  const auto digits = solve_captcha(times, id);
  if (!digits) return fail(digits.error());
  const auto sent = send_form(times, "lost password", "/password-renewal",
                              {{{"csrf", value_after(page->body, "name=\"csrf\" value=\"")},
                                {"number", consular_number(person_.voter)},
                                {"email", person_.voter.email},
                                {"captcha_id", id},
                                {"captcha", *digits}}});
  if (!sent) return fail(sent.error());
  if (sent->status != 303) return tl::make_unexpected(unexpected("lost password", *sent));
  return {};
}

Expected<std::string> RehearsalVoter::from_message(std::string_view kind, const std::string& mark) {
  const auto end = Steady::now() + patience;
  do {
    for (const auto& message : outbox_of(state_).inbox(person_.voter.id)) {
      const auto at = message.body.find(mark);
      if (message.kind != kind || at == std::string::npos) continue;
      const auto rest = message.body.substr(at + mark.size());
      return rest.substr(0, rest.find_first_of(" \t\r\n"));
    }
    std::this_thread::sleep_for(poll);
  } while (Steady::now() < end);
  return fail("rehearsal.answer", std::string(kind) + ": no message came");
}

// On another device, as the voter reads her mail on the telephone.
Status RehearsalVoter::renew_password(RehearsalTimes& times) {
  const auto token =
      from_message("password-link", state_.manifest().origin + "/password-renewal/link#");
  if (!token) return fail(token.error());
  http::Client device(std::string(loopback), port_);
  const auto page = send(device, times, "password link page", "GET", "/password-renewal/link");
  if (!page) return fail(page.error());
  const auto id = value_after(page->body, "name=\"captcha_id\" value=\"");
  const auto digits = solve_captcha(device, times, id);
  if (!digits) return fail(digits.error());
  const auto renewed = send_json(device, times, "new password", "/api/password-renewal",
                                 {{"token", *token},
                                  {"identifier", person_.identifier->normalised},
                                  {"captchaId", id},
                                  {"captcha", *digits}},
                                 json_headers(value_after(page->body, "data-csrf=\"")));
  if (!renewed) return fail(renewed.error());
  if (text(*renewed, "status") != "renewed") {
    return tl::make_unexpected(unexpected("new password", *renewed));
  }
  const auto password = from_message("password", "nouveau mot de passe ");
  if (!password) return fail(password.error());
  const auto length = static_cast<std::uint32_t>(person_.code.normalised().size());
  auto code = Code::parse(*password, {length, false});
  if (!code) return fail(code.error());
  std::swap(person_.code, *code);
  return {};
}

// ---- A new code

Json RehearsalVoter::new_keys(const Json& opened, const Credential& credential,
                              Random& random) const {
  const auto token_hash = *hex_decode_array<32>(text(opened, "tokenHash"));
  const auto prove = [&](const KeyPair& pair, std::optional<std::uint32_t> contest) {
    const auto proof =
        schnorr_prove(possession_statement(state_.fingerprint(), token_hash, contest),
                      pair.secret.reveal(), random);
    return hex_encode(proof.encoded());
  };
  const auto sign_in = credential.sign_in_key();
  Json ballot_keys = Json::array();
  for (const auto& item : opened.at("contests")) {
    const auto contest = item.get<std::uint32_t>();
    const auto pair = credential.ballot_key(contest);
    ballot_keys.push_back({{"contest", contest},
                           {"key", hex_encode(pair.key.encoded())},
                           {"proof", prove(pair, contest)}});
  }
  return {{"signInKey", hex_encode(sign_in.key.encoded())},
          {"signInProof", prove(sign_in, std::nullopt)},
          {"ballotKeys", std::move(ballot_keys)}};
}

// On another device: without the portal's session.
Status RehearsalVoter::renew_code(RehearsalTimes& times, Random& random) {
  const auto token = from_message("reissue-link", state_.manifest().origin + "/r#");
  if (!token) return fail(token.error());
  http::Client device(std::string(loopback), port_);
  const auto page = send(device, times, "link page", "GET", "/r");
  if (!page) return fail(page.error());
  const auto open = [&] {
    return send_json(device, times, "link opened", "/api/reissue/open", {{"token", *token}},
                     link_headers());
  };
  auto opened = open();  // gives the device its cookie
  if (opened && text(*opened, "status") == "again") opened = open();
  if (!opened) return fail(opened.error());
  if (text(*opened, "status") != "opened" || text(*opened, "handle") != person_.voter.id ||
      !hex_decode_array<32>(text(*opened, "tokenHash"))) {
    return tl::make_unexpected(unexpected("link opened", *opened));
  }
  auto code = Code::generate(random);
  const auto credential = derive_credential(code, person_.voter.id, state_.manifest().election_id);
  const auto issued = send_json(device, times, "new code", "/api/reissue/issue",
                                new_keys(*opened, credential, random), link_headers());
  if (!issued) return fail(issued.error());
  if (text(*issued, "status") != "issued") {
    return tl::make_unexpected(unexpected("new code", *issued));
  }
  const auto noted =
      send_json(device, times, "code noted", "/api/reissue/noted", Json::object(), link_headers());
  if (!noted) return fail(noted.error());
  std::swap(person_.code, code);
  return {};
}

// ---- The voting space

Expected<Json> RehearsalVoter::try_code(RehearsalTimes& times, CodePage& page, const Code& code,
                                        Random& random) {
  const auto nonce = hex_decode_array<32>(page.nonce);
  const auto binding = hex_decode_array<32>(page.binding);
  if (!nonce || !binding) return fail("rehearsal.answer", "code page: no nonce");
  const auto digits = solve_captcha(times, page.captcha);
  if (!digits) return fail(digits.error());
  const auto& identifier = person_.identifier;
  const auto handle = identifier ? identifier->normalised : person_.voter.id;
  auto credential = derive_credential(code, handle, state_.manifest().election_id);
  const auto pair = credential.sign_in_key();
  const auto proof = schnorr_prove(
      sign_in_statement(state_.fingerprint(), *nonce, *binding, state_.manifest().origin),
      pair.secret.reveal(), random);
  Json body = {{"captchaId", page.captcha},
               {"captcha", *digits},
               {"nonce", page.nonce},
               {"key", hex_encode(pair.key.encoded())},
               {"proof", hex_encode(proof.encoded())}};
  if (identifier) body["identifier"] = handle;
  auto answer =
      send_json(client_, times, "voting code", identifier ? "/api/sign-in" : "/api/voting-code",
                std::move(body), json_headers(page.csrf));
  if (!answer) return answer;
  if (identifier) csrf_ = text(*answer, "csrf");  // of the session that she is in now
  page.nonce = text(*answer, "nonce");
  page.captcha = text(*answer, "captchaId");
  if (text(*answer, "status") == "ok") credential_.emplace(std::move(credential));
  return answer;
}

Status RehearsalVoter::open_space(RehearsalTimes& times, Random& random) {
  const auto lost = person_.code.clone();
  if (part_.reissue) {
    if (auto done = person_.identifier ? renew_password(times) : renew_code(times, random); !done) {
      return done;
    }
  }
  const auto answer =
      send(client_, times, "voting page", "GET", person_.identifier ? "/" : "/voting-space");
  if (!answer) return fail(answer.error());
  const auto& body = answer->body;
  CodePage page{value_after(body, "data-csrf=\""), value_after(body, "data-nonce=\""),
                value_after(body, "data-session-binding=\""),
                value_after(body, "name=\"captcha_id\" value=\"")};
  csrf_ = page.csrf;
  confirms_ = !value_after(body, "data-confirmation=\"").empty();
  const auto expect = [&](const Code& code, std::string_view status) -> Status {
    const auto got = try_code(times, page, code, random);
    if (!got) return fail(got.error());
    if (text(*got, "status") != status) {
      return tl::make_unexpected(unexpected(fmt::format("code, {} expected", status), *got));
    }
    return {};
  };
  if (part_.reissue) {
    const auto told = person_.identifier ? "replaced" : "code_replaced";
    if (auto done = expect(lost, told); !done) return done;
  }
  if (part_.wrong_code) {
    const bool keys = person_.identifier.has_value();
    const auto length = static_cast<std::uint32_t>(person_.code.normalised().size());
    const bool checked = length == CodeForm{}.length();  // a password has no check character
    const auto wrong = Code::generate(random, checked ? CodeForm{} : CodeForm{length, false});
    if (auto done = expect(wrong, keys ? "refused" : "code_wrong"); !done) return done;
  }
  return expect(person_.code, "ok");
}

Bytes RehearsalVoter::ballot_for(std::uint32_t contest, std::uint32_t district, std::size_t choice,
                                 Random& random) const {
  const auto& manifest = state_.manifest();
  const auto& chosen = manifest.contests.at(contest);
  const auto pair = credential_->ballot_key(contest);
  return make_ballot(state_.fingerprint(), contest, district, chosen.options.size(), choice,
                     manifest.bureau_of(chosen).key, pair.secret.reveal(), random)
      .encode();
}

// ---- The codes that validate votes

Status RehearsalVoter::ask_confirmations(RehearsalTimes& times) {
  for (const auto& place : person_.voter.contests) {
    const auto sent =
        send_json(client_, times, "confirmation code", "/api/confirmation",
                  {{"contest", place.contest}, {"another", false}}, json_headers(csrf_));
    if (!sent) return fail(sent.error());
    if (text(*sent, "status") != "sent") {
      return tl::make_unexpected(unexpected("confirmation code", *sent));
    }
  }
  return {};
}

// The message begins with the digits and names the contest.
Expected<std::string> RehearsalVoter::confirmation_from_message(std::uint32_t contest) {
  const auto& name = state_.manifest().contests.at(contest).name;
  const auto end = Steady::now() + patience;
  do {
    for (const auto& message : outbox_of(state_).inbox(person_.voter.id)) {
      const auto& body = message.body;
      if (message.kind != "confirmation-code" || body.find(name.fr) == std::string::npos) continue;
      return body.substr(0, body.find_first_not_of("0123456789"));
    }
    std::this_thread::sleep_for(poll);
  } while (Steady::now() < end);
  return fail("rehearsal.answer", "confirmation code: no message came");
}

Expected<Json> RehearsalVoter::post_ballot(RehearsalTimes& times, ByteView ballot,
                                           const std::string& confirmation) {
  Json body = {{"ballot", base64_encode(ballot)}};
  if (confirms_) body["confirmation"] = confirmation;
  return send_json(client_, times, "ballot", "/api/ballot", std::move(body), json_headers(csrf_));
}

// The answer was lost: the same bytes are taken again, and count once. Another ballot is not.
Status RehearsalVoter::send_again(RehearsalTimes& times, ByteView ballot, std::uint32_t district,
                                  const CastBallot& cast, const std::string& confirmation,
                                  Random& random) {
  const auto again = post_ballot(times, ballot, confirmation);
  if (!again) return fail(again.error());
  if (text(*again, "tracker") != hex_encode(cast.tracker.bytes)) {
    return tl::make_unexpected(unexpected("same ballot again", *again));
  }
  const auto other =
      post_ballot(times, ballot_for(cast.contest, district, cast.choice, random), confirmation);
  if (!other) return fail(other.error());
  if (text(*other, "status") != "already_voted") {
    return tl::make_unexpected(unexpected("second ballot", *other));
  }
  return {};
}

Status RehearsalVoter::cast_all(RehearsalTimes& times, Random& random) {
  const auto contests = send_json(client_, times, "contests", "/api/contests", nullptr, {});
  if (!contests) return fail(contests.error());
  const auto& mine = person_.voter.contests;
  if (contests->value("contests", Json::array()).size() != mine.size()) {
    return tl::make_unexpected(unexpected("contests", *contests));
  }
  for (const auto& place : mine) {
    const auto options = state_.manifest().contests.at(place.contest).options.size();
    const std::size_t choice = random.below(static_cast<std::uint32_t>(options));
    const auto ballot = ballot_for(place.contest, place.district, choice, random);
    const CastBallot cast{place.contest, choice, tracker_of(ballot), {}};
    const auto confirmation =
        confirms_ ? confirmation_from_message(place.contest) : Expected<std::string>(std::string());
    if (!confirmation) return fail(confirmation.error());
    const auto answer = post_ballot(times, ballot, *confirmation);
    if (!answer) return fail(answer.error());
    if (text(*answer, "status") != "recorded" ||
        text(*answer, "tracker") != hex_encode(cast.tracker.bytes)) {
      return tl::make_unexpected(unexpected("ballot", *answer));
    }
    ballots_.push_back(cast);
    if (part_.retry) {
      if (auto done = send_again(times, ballot, place.district, cast, *confirmation, random);
          !done) {
        return done;
      }
    }
  }
  return {};
}

Status RehearsalVoter::enter(RehearsalTimes& times, Random& random) {
  auto done = open_space(times, random);
  if (done && confirms_) done = ask_confirmations(times);
  client_.disconnect();
  return done;
}

Status RehearsalVoter::vote(RehearsalTimes& times, Random& random) {
  auto done = cast_all(times, random);
  client_.disconnect();
  return done;
}

// ---- Receipts

Status RehearsalVoter::collect(RehearsalTimes& times) {
  const auto& manifest = state_.manifest();
  for (auto& ballot : ballots_) {
    const auto end = Steady::now() + patience;
    const Json asked = {{"tracker", hex_encode(ballot.tracker.bytes)}};
    for (;;) {
      const auto answer =
          send_json(client_, times, "receipt", "/api/receipt", asked, json_headers(csrf_));
      if (!answer) return fail(answer.error());
      if (text(*answer, "status") == "ready") {
        ballot.receipt = text(*answer, "receipt");
        break;
      }
      if (text(*answer, "status") != "pending" || Steady::now() > end) {
        return tl::make_unexpected(unexpected("receipt", *answer));
      }
      std::this_thread::sleep_for(poll);
    }
    const auto receipt = Receipt::parse(ballot.receipt);
    if (!receipt) return fail(receipt.error());
    const auto tracker = check_receipt(*receipt, manifest.log_origin, manifest.checkpoint_key);
    if (!tracker) return fail(tracker.error());
    if (*tracker != ballot.tracker) return fail("rehearsal.answer", "receipt: of another ballot");
  }
  client_.disconnect();
  return {};
}

}  // namespace isoloir::cli

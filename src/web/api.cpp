// The voting space's interface: JSON over the session's cookie, POSTs with the CSRF token in
// X-CSRF-Token.
#include "base/limits.hpp"
#include "election/ballot.hpp"
#include "service/confirmation.hpp"
#include "service/key_sign_in.hpp"
#include "web/json_body.hpp"

namespace isoloir::web {
namespace {

std::string shown_state(const VoterContestState& contest, bool in_space) {
  if (contest.voted_at) return "voted";
  if (contest.phase == "open" || (contest.phase == "grace" && in_space)) return "open";
  if (contest.phase == "sealed") return "not_open";
  return contest.phase == "suspended" ? "suspended" : "closed";
}

}  // namespace

KeySignInPolicy Site::key_policy() const {
  return {{portal_.sign_in_failures, portal_.sign_in_first_delay_seconds * 1000LL},
          portal_.code_proof_minutes * minute_ms,
          portal_.credentials.roll_number};
}

Json Site::next_try_signed_out(Visit& visit, Json reply) {
  reply["csrf"] = visit.session->csrf;
  reply["sessionBinding"] = hex_encode(visit.session->id);
  return next_try(visit, std::move(reply));
}

Json ballot_refused(const Error& error) {
  if (error.code == "ballot.already_voted") return {{"status", "already_voted"}};
  if (error.code == "ballot.not_registered") return {{"status", "not_registered"}};
  if (error.code == "voting.suspended") return {{"status", "suspended"}};
  if (error.code == "voting.closed" || error.code == "voting.not_open") {
    return {{"status", "closed"}};
  }
  return {{"status", "refused"}, {"code", error.code}};
}

// Every refused try uses captcha and nonce up, so the answer brings new ones.
Json Site::next_try(Visit& visit, Json reply) {
  reply["captchaId"] = portal_.captcha_minutes == 0 ? "" : captchas_.issue(*visit.session).id;
  reply["nonce"] = hex_encode(sessions_.new_nonce(*visit.session));
  return reply;
}

http::Response Site::api_voting_code(Visit& visit) {
  if (signs_in_with_keys())
    return error_page(404, &visit.request);  // no code is asked for by itself
  const auto body = parse_json(visit.request.body);
  if (!csrf_good(visit.request, *visit.session)) return session_over();
  if (!body) return error_page(400, &visit.request);
  if (!captcha_good(visit, field(*body, "captchaId"), field(*body, "captcha"))) {
    return json_answer(next_try(visit, {{"status", "captcha_wrong"}}));
  }
  const auto proof = code_proof(*body);
  if (!proof) return error_page(400, &visit.request);
  const CodePolicy policy{portal_.code_tries, portal_.code_proof_minutes * minute_ms};
  return after_code(visit, open_voting_space(state_, policy, *visit.session, *proof));
}

// A page whose session has ended, or is another's since, gets a new one and keeps what was typed:
// nobody has signed in yet, so nothing is lost.
http::Response Site::api_sign_in(Visit& visit) {
  if (!signs_in_with_keys()) return error_page(404, &visit.request);
  const auto body = parse_json(visit.request.body);
  // A form on another site comes without our cookies: its answer must not set one.
  if (!body || !from_our_page(visit.request)) return error_page(400, &visit.request);
  const auto again = [&](Json answer) {
    return json_answer(next_try_signed_out(visit, std::move(answer)));
  };
  if (!visit.session || !csrf_good(visit.request, *visit.session)) {
    ensure_session(visit, sessions_);
    return again({{"status", "page_old"}});
  }
  if (!captcha_good(visit, field(*body, "captchaId"), field(*body, "captcha"))) {
    return again({{"status", "captcha_wrong"}});
  }
  const auto proof = code_proof(*body);
  const auto identifier = typed_identifier(field(*body, "identifier"));
  if (!proof || !identifier) return error_page(400, &visit.request);
  const auto verdict = sign_in_by_keys(state_, key_policy(), *visit.session, {*identifier, *proof},
                                       visit.request.client_address);
  if (!verdict) {
    const auto& code = verdict.error().code;
    if (code == "code.nonce") return again({{"status", "page_old"}});
    if (code == "voting.no_contest") return again({{"status", "no_contest"}});
    return json_answer({{"status", code == "voting.not_open" ? "not_open" : "closed"}});
  }
  using Kind = KeyVerdict::Kind;
  switch (verdict->kind) {
    case Kind::accepted:
      break;
    case Kind::refused:
      return again({{"status", "refused"}});
    case Kind::delayed:
      return again({{"status", "delayed"},
                    {"minutes", (verdict->at - state_.now() + minute_ms - 1) / minute_ms}});
    case Kind::replaced:
      return again({{"status", "replaced"}, {"at", format_time(verdict->at, visit.language)}});
    case Kind::withdrawn:
      return again({{"status", "withdrawn"}, {"at", format_time(verdict->at, visit.language)}});
    case Kind::blocked:
      return again({{"status", "blocked"}});
  }
  auto opened = sessions_.enter(*visit.session, verdict->voter, proof->key);
  if (!opened) return again({{"status", "blocked"}});  // meanwhile
  visit.token = opened->token.text();
  visit.session = std::move(opened->session);
  return json_answer({{"status", "ok"},
                      {"csrf", visit.session->csrf},
                      {"sessionEnds", visit.session->ends_at},
                      {"voterName", voter_profile(state_, verdict->voter)->display_name}})
      .without_cookie(next_session_cookie);
}

http::Response Site::after_code(Visit& visit, const Expected<CodeVerdict>& verdict) {
  if (!verdict) {
    const auto& code = verdict.error().code;
    // The page stood open too long, or was opened again in another tab: the same code may be tried
    // again, at no cost.
    if (code == "code.nonce") return json_answer(next_try(visit, {{"status", "page_old"}}));
    if (code == "voting.no_contest") return json_answer({{"status", "no_contest"}});
    return json_answer({{"status", code == "voting.not_open" ? "not_open" : "closed"}});
  }
  switch (verdict->kind) {
    case CodeVerdict::Kind::accepted:
      return json_answer({{"status", "ok"}});
    case CodeVerdict::Kind::invalidated:
      if (reissues_) {
        reissues_->notify_invalidated(visit.voter(), language_code(visit.language));
      }
      return json_answer({{"status", "code_invalidated"}});
    case CodeVerdict::Kind::replaced:
      return json_answer(next_try(visit, {{"status", "code_replaced"},
                                          {"at", format_time(verdict->replaced_at, visit.language)},
                                          {"triesLeft", verdict->tries_left}}));
    case CodeVerdict::Kind::wrong:
      break;
  }
  return json_answer(
      next_try(visit, {{"status", "code_wrong"}, {"triesLeft", verdict->tries_left}}));
}

// A page names its session, so that it is not told of another voter's who signed in beside it.
http::Response Site::api_contests(Visit& visit) {
  if (visit.request.header("X-CSRF-Token") && !csrf_good(visit.request, *visit.session)) {
    return session_over();
  }
  const bool in_space = visit.session->space_opened_at.has_value();
  Json contests = Json::array();
  for (const auto& contest : contests_of(state_, visit.voter())) {
    Json item = {{"contest", contest.contest},
                 {"district", contest.district},
                 {"state", shown_state(contest, in_space)}};
    if (contest.voted_at) item["votedAt"] = format_time(*contest.voted_at, visit.language);
    contests.push_back(std::move(item));
  }
  const auto hours = hours_of(state_);
  Json list = {
      {"contests", std::move(contests)}, {"closesAt", hours.closes_at}, {"now", state_.now()}};
  // For who was let in before the close and may finish (R211-563).
  if (hours.grace_ends_at && in_space) {
    list["finishUntil"] = format_time(*hours.grace_ends_at, visit.language);
  }
  return json_answer(list);
}

http::Response Site::api_ballot(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!csrf_good(visit.request, *visit.session)) return session_over();
  if (!body) return error_page(400, &visit.request);
  const auto ballot = base64_decode(field(*body, "ballot"));
  if (!ballot) return error_page(400, &visit.request);
  auto attempt = refused_ballots_.begin(visit.voter(), state_.now());
  if (!attempt) return busy_page(visit.request);
  std::optional<GivenConfirmation> confirmation;
  if (confirmations_) {
    confirmation.emplace(GivenConfirmation{*confirmations_, field(*body, "confirmation"),
                                           std::string(language_code(visit.language))});
  }
  const auto tracker =
      cast_ballot(state_, *visit.session, *ballot, confirmation ? &*confirmation : nullptr);
  if (tracker) {
    return json_answer({{"status", "recorded"}, {"tracker", hex_encode(tracker->bytes)}});
  }
  const auto& error = tracker.error();
  const bool unconfirmed = error.code.starts_with("confirmation.");
  const Json answer = unconfirmed
                          ? confirmation_refused(visit, read_ballot_header(*ballot)->contest, error)
                          : ballot_refused(error);
  if (unconfirmed || answer["status"] == "refused" || answer["status"] == "not_registered") {
    attempt->refuse();
  }
  return json_answer(answer);
}

http::Response Site::api_receipt(Visit& visit) {
  const auto body = parse_json(visit.request.body);
  if (!csrf_good(visit.request, *visit.session)) return session_over();
  if (!body) return error_page(400, &visit.request);
  const auto tracker = parse_tracker(field(*body, "tracker"));
  if (!tracker) return error_page(400, &visit.request);
  const auto entry = entry_of(state_, *tracker);
  // The link key is gone with the close of the count: no new receipt, but the ballot is where it
  // was.
  if (!entry) return json_answer({{"status", is_held(state_, *tracker) ? "held" : "unknown"}});
  const auto receipt = log_.receipt(*entry);
  if (!receipt) {
    // The ballot is in the log already; the round is not cosigned yet.
    if (log_.holds(*entry)) return json_answer({{"status", "pending"}, {"witnesses", true}});
    return json_answer({{"status", "pending"}});
  }
  return json_answer({{"status", "ready"}, {"receipt", receipt->text()}});
}

http::Response Site::api_extend(Visit& visit) {
  if (!csrf_good(visit.request, *visit.session)) return session_over();
  return json_answer({{"expiresAt", sessions_.extend(*visit.session)}});
}

}  // namespace isoloir::web

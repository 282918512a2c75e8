// The code that validates a vote, as the voting space asks for it.
#include "service/confirmation.hpp"

#include "election/signed_document.hpp"
#include "web/json_body.hpp"

namespace isoloir::web {
namespace {

// To wait for, said in whole minutes and never too few.
std::int64_t minutes_until(TimeMs at, TimeMs now) {
  return at <= now ? 0 : (at - now + minute_ms - 1) / minute_ms;
}

}  // namespace

http::Response Site::api_confirmation(Visit& visit) {
  return with_contest(visit, [&](std::uint32_t contest, const Json& body) {
    const bool another = body.contains("another") && body.at("another") == true;
    return confirmations_->ask(*visit.session, contest, another, language_code(visit.language));
  });
}

// The page asks by itself: nothing is sent, and nobody is there by it.
http::Response Site::api_confirmation_news(Visit& visit) {
  return with_contest(visit, [&](std::uint32_t contest, const Json&) {
    return confirmations_->news(*visit.session, contest);
  });
}

http::Response Site::with_contest(Visit& visit, const ConfirmationAction& action) {
  if (!confirmations_) return error_page(404, &visit.request);
  const auto body = parse_json(visit.request.body);
  if (!csrf_good(visit.request, *visit.session)) return session_over();
  const auto contest = body ? integer_field(*body, "contest") : std::nullopt;
  if (!contest || *contest < 0 ||
      *contest >= static_cast<std::int64_t>(state_.manifest().contests.size())) {
    return error_page(400, &visit.request);
  }
  const auto sent = action(static_cast<std::uint32_t>(*contest), *body);
  if (!sent) return json_answer(ballot_refused(sent.error()));
  using Kind = ConfirmationSent::Kind;
  if (sent->kind == Kind::no_address) return json_answer({{"status", "no_address"}});
  Json answer = {{"status", sent->kind == Kind::sent ? "sent" : "wait"},
                 {"by", name_of(sent->channel)},
                 {"destination", sent->destination},
                 {"fresh", sent->fresh},
                 {"waitMinutes", minutes_until(sent->another_at, state_.now())},
                 {"another", format_time(sent->another_at, visit.language)}};
  if (sent->kind == Kind::sent) {
    answer["until"] = format_time(sent->expires_at, visit.language);
    answer["untilMs"] = sent->expires_at;
  }
  if (sent->elsewhere) answer["firstDestination"] = sent->first_destination;
  answer["message"] = message_fate(renderer_, Carried::confirmation_code, sent->message,
                                   state_.now(), visit.language)["text"];
  if (sent->moves) answer["message"] = renderer_.text("confirmation.message_moves", visit.language);
  return json_answer(answer);
}

Json Site::confirmation_refused(const Visit& visit, std::uint32_t contest, const Error& error) {
  const auto left = confirmations_->left(visit.voter(), contest);
  return {{"status", "confirmation"},
          {"why", error.code.substr(error.code.find('.') + 1)},
          {"triesLeft", left.tries},
          {"waitMinutes", minutes_until(left.another_at, state_.now())},
          {"another", format_time(left.another_at, visit.language)}};
}

}  // namespace isoloir::web

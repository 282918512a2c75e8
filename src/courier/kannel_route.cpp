#include "courier/kannel_route.hpp"

#include <algorithm>

#include "courier/outbox.hpp"
#include "courier/sms_report.hpp"
#include "http/fetch.hpp"
#include "http/percent.hpp"

namespace isoloir {
namespace {

// All that Kannel can tell: 1 delivered, 2 undeliverable, 4 waiting for the phone, 8 taken by the
// operator, 16 refused by him.
constexpr std::string_view every_report = "31";

// Operators take no longer ones; a week is more than any code of ours lives.
constexpr std::int64_t validity_minutes_max = 7 * 24 * 60;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_name(std::string_view text, std::string_view more, std::size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return is_alphanumeric(c) || more.find(c) != std::string_view::npos;
         });
}

// What a header carries unchanged: Kannel takes the spaces from its ends.
bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// Kannel replaces what follows a % in it, and would send what stands before an @ as a password.
bool is_report_url(std::string_view url) {
  return (url.starts_with("http://") || url.starts_with("https://")) && is_word(url) &&
         url.find_first_of("%?#@\"") == std::string_view::npos;
}

bool is_number(std::string_view e164) {
  return e164.size() >= 8 && e164.size() <= 16 && e164[0] == '+' && e164[1] != '0' &&
         std::all_of(e164.begin() + 1, e164.end(), [](char c) { return c >= '0' && c <= '9'; });
}

tl::unexpected<Error> bad_setting(const std::string& which) {
  return fail("kannel.settings", which);
}

// By smsbox's own words where one status has several: gw/smsbox.c.
SendOutcome judge(const FetchAnswer& answer) {
  const auto says = [&](std::string_view words) { return answer.body.starts_with(words); };
  switch (answer.status) {
    case 202:
      // "Sent." where smsbox answers without waiting for bearerbox (immediate-sendsms-reply).
      if (says("0: ") || says("3: ") || says("Sent.")) return Delivery::accepted;
      return {Delivery::later, Reason::other};
    case 400:
      return {Delivery::refused, Reason::other};
    case 401:
      return {Delivery::unreachable, Reason::credentials};
    case 403:
      // Where operators have prefixes, that depends on the number: no reason to leave the route.
      if (says("Not routable")) return {Delivery::later, Reason::other};
      return {Delivery::unreachable, Reason::credentials};
    case 404:  // another program, or another address of smsbox's
    case 502:  // a proxy without a Kannel
    case 503:  // its queue is full, or it is ending
      return {Delivery::unreachable, Reason::other};
    default:
      return {Delivery::later, Reason::other};
  }
}

}  // namespace

Expected<std::unique_ptr<KannelRoute>> KannelRoute::make(KannelSettings settings) {
  if (!is_name(settings.name, "-_", 32)) {
    return bad_setting("name: 1 to 32 letters, digits, - and _");
  }
  if (!is_word(settings.url) || !is_fetchable(settings.url)) {
    return bad_setting("url: https://, or http:// of this machine");
  }
  if (!is_word(settings.user)) return bad_setting("user: visible ASCII");
  if (!is_word(settings.password.reveal())) return bad_setting("password: visible ASCII");
  if (!settings.smsc.empty() && !is_name(settings.smsc, "-_.", 64)) {
    return bad_setting("smsc: letters, digits, -, _ and .");
  }
  if (!is_name(settings.sender, "", 11)) return bad_setting("sender: 1 to 11 letters and digits");
  if (!settings.report_url.empty() && !is_report_url(settings.report_url)) {
    return bad_setting("report_url: http:// or https://, without query, escapes or password");
  }
  return std::unique_ptr<KannelRoute>(new KannelRoute(std::move(settings)));
}

SendOutcome KannelRoute::carry(const OutgoingMessage& message) {
  const auto says = [this](SendOutcome outcome) {
    outcome.carrier = settings_.name;
    return outcome;
  };
  if (!is_number(message.destination)) return says({Delivery::refused, Reason::unknown_recipient});
  if (message.body.empty() || !http::is_utf8(message.body) || !fits_one_sms(message.body)) {
    return says({Delivery::refused, Reason::other});
  }
  FetchRequest request{settings_.url, "*/*"};
  const auto add = [&](const char* name, std::string value) {
    request.headers.push_back({name, Secret(std::move(value))});
  };
  add("X-Kannel-Username", settings_.user);
  add("X-Kannel-Password", settings_.password.reveal());
  add("X-Kannel-From", settings_.sender);
  add("X-Kannel-To", message.destination);
  add("X-Kannel-Coding", "0");  // the GSM alphabet, one octet or two (€) for a character
  // In minutes: the operator gives up then, and a dead link or code reaches no phone.
  if (message.useful_ms > 0) {
    const auto minutes =
        std::clamp<std::int64_t>(message.useful_ms / 60'000, 1, validity_minutes_max);
    add("X-Kannel-Validity", std::to_string(minutes));
  }
  if (!settings_.smsc.empty()) add("X-Kannel-SMSC", settings_.smsc);
  if (!settings_.report_url.empty()) {
    add("X-Kannel-DLR-Mask", std::string(every_report));
    add("X-Kannel-DLR-Url", settings_.report_url + "?" +
                                sms_report_query(settings_.report_key, settings_.name, message.id));
  }
  request.body_type = "text/plain; charset=UTF-8";
  request.body = Secret(std::string(message.body));
  request.connect_timeout_ms = settings_.connect_timeout_ms;
  request.answer_timeout_ms = settings_.answer_timeout_ms;
  const auto answer = fetch(request);
  if (answer) return says(judge(*answer));
  const bool unsent = answer.error().code == "fetch.unreached";
  return says({unsent ? Delivery::unreachable : Delivery::later, Reason::other});
}

}  // namespace isoloir

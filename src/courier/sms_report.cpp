#include "courier/sms_report.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crypto/hash.hpp"
#include "http/percent.hpp"

namespace isoloir {
namespace {

std::string tag_of(const SymmetricKey& key, std::string_view route, std::string_view message_id) {
  return base64url_encode(
      keyed_digest(key.reveal(), "sms report", {as_bytes(route), as_bytes(message_id)}));
}

// The value behind this name, which the query starts with and is then without.
std::optional<std::string_view> take(std::string_view& query, std::string_view name) {
  if (!query.starts_with(name)) return std::nullopt;
  query.remove_prefix(name.size());
  const auto value = query.substr(0, query.find('&'));
  query.remove_prefix(value.size());
  return value;
}

bool is_message_id(std::string_view text) {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Kinds of gw/dlr.h: a bit each, and two more bits beside "undeliverable".
struct Kind {
  std::string_view number;
  SmsState state;
  Reason reason;  // where no code says more
};
constexpr Kind kinds[] = {
    {"1", SmsState::delivered, Reason::none},
    {"2", SmsState::undelivered, Reason::other},
    {"4", SmsState::buffered, Reason::other},
    {"8", SmsState::accepted, Reason::none},
    {"16", SmsState::rejected, Reason::other},
    {"34", SmsState::undelivered, Reason::no_answer},  // expired: nobody switched the phone on
    {"66", SmsState::undelivered, Reason::other},
};

// SMPP 3.4 section 5.1.3, as in "NACK/0x0000000b/Invalid"; Kannel's own reasons have words alone.
Reason refusal_of(std::string_view answer) {
  constexpr std::string_view start = "NACK/0x";
  if (!answer.starts_with(start)) return Reason::other;
  const auto digits = answer.substr(start.size(), 8);
  std::uint32_t code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return Reason::other;
  if (code == 0x0b) return Reason::unknown_recipient;  // ESME_RINVDSTADR
  if (code == 0x0a) return Reason::blocked;            // ESME_RINVSRCADR: not this sender
  return Reason::other;
}

// Errors of the mobile application part, 3GPP TS 29.002 section 17.6.6, which operators pass on as
// the network error code of GSM (SMPP 3.4 section 5.3.2.31) or as err: in the receipt.
std::optional<Reason> network_reason(unsigned code) {
  switch (code) {
    case 1:  // unknownSubscriber
    case 5:  // unidentifiedSubscriber
      return Reason::unknown_recipient;
    case 6:   // absentSubscriberSM
    case 27:  // absentSubscriber
    case 31:  // subscriberBusyForMT-SMS
      return Reason::no_answer;
    case 9:   // illegalSubscriber
    case 13:  // callBarred
      return Reason::blocked;
    default:
      return std::nullopt;
  }
}

// Kannel's data: ?group?name=value&name=value&?group?..., values percent-encoded; the code is three
// bytes, kind of network and number. What is not of that form is no reason to lose the report.
std::optional<Reason> reason_in(std::string_view data) {
  constexpr std::string_view group = "?smpp?";
  constexpr std::string_view name = "dlr_err=";
  constexpr char gsm = 3;
  const auto start = data.find(group);
  if (start == std::string_view::npos) return std::nullopt;
  data.remove_prefix(start + group.size());
  data = data.substr(0, data.find('?'));
  while (!data.empty()) {
    const auto field = data.substr(0, data.find('&'));
    data.remove_prefix(std::min(data.size(), field.size() + 1));
    if (!field.starts_with(name)) continue;
    const auto code = http::percent_decode(field.substr(name.size()), true);
    if (!code || code->size() != 3 || (*code)[0] != gsm) return std::nullopt;
    return network_reason(static_cast<unsigned char>((*code)[1]) * 256U +
                          static_cast<unsigned char>((*code)[2]));
  }
  return std::nullopt;
}

Reason reason_of(const Kind& kind, std::string_view answer, std::string_view data) {
  if (kind.reason == Reason::none) return Reason::none;
  if (kind.state == SmsState::rejected) return refusal_of(answer);
  return reason_in(data).value_or(kind.reason);
}

}  // namespace

std::string sms_report_query(const SymmetricKey& key, std::string_view route,
                             std::string_view message_id) {
  std::string query = "id=";
  query.append(message_id).append("&route=").append(route);
  query.append("&tag=").append(tag_of(key, route, message_id));
  return query + "&type=%d&answer=%k&data=%D";
}

Expected<SmsReport> parse_sms_report(std::string_view query, const SymmetricKey& key) {
  const auto id = take(query, "id=");
  const auto route = take(query, "&route=");
  const auto tag = take(query, "&tag=");
  const auto type = take(query, "&type=");
  const auto raw_answer = take(query, "&answer=");
  const auto raw_data = take(query, "&data=");
  const auto bad_form = [] { return fail("sms_report.form", "this is no report of Kannel's"); };
  if (!id || !route || !tag || !type || !raw_answer || !raw_data || !query.empty() ||
      !is_message_id(*id)) {
    return bad_form();
  }
  if (!equal_constant_time(as_bytes(*tag), as_bytes(tag_of(key, *route, *id)))) {
    return fail("sms_report.tag", "this report is not for a message of ours");
  }
  const auto kind = std::find_if(std::begin(kinds), std::end(kinds),
                                 [&](const Kind& one) { return one.number == *type; });
  const auto answer = http::percent_decode(*raw_answer, true);
  const auto data = http::percent_decode(*raw_data, true);
  if (kind == std::end(kinds) || !answer || !data) return bad_form();
  return SmsReport{std::string(*id), std::string(*route), kind->state,
                   reason_of(*kind, *answer, *data)};
}

}  // namespace isoloir

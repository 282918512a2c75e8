#include "courier/hearing.hpp"

#include "courier/bounce.hpp"
#include "courier/maildir.hpp"
#include "courier/sms_report.hpp"

namespace isoloir {
namespace {

using State = DeliveryReport::State;

State state_of(BounceAction action) {
  switch (action) {
    case BounceAction::failed:
      return State::failed;
    case BounceAction::delayed:
      return State::delayed;
    case BounceAction::delivered:
    case BounceAction::relayed:
      break;
  }
  return State::delivered;
}

std::optional<State> state_of(SmsState state) {
  switch (state) {
    case SmsState::delivered:
      return State::delivered;
    case SmsState::undelivered:
    case SmsState::rejected:
      return State::failed;
    case SmsState::accepted:
    case SmsState::buffered:
      break;
  }
  return std::nullopt;  // nothing that the row does not say already
}

MessageId message_id(std::string_view hex) {
  return *to_array<16>(*hex_decode(hex));
}

}  // namespace

Expected<std::size_t> take_bounces(const MessageStore& messages,
                                   const std::filesystem::path& maildir,
                                   std::string_view bounce_address) {
  auto outbox = messages.outbox();
  const auto visit = visit_maildir(maildir, [&](std::string_view mail) {
    const auto bounce = parse_bounce(mail, bounce_address);
    if (!bounce) return false;
    return outbox.report(
        {message_id(bounce->message), "", state_of(bounce->action), bounce->reason}, messages.now(),
        [](const OutgoingMessage&) { return false; });
  });
  if (!visit) return fail(visit.error());
  return visit->handled + visit->kept;
}

Status take_sms_report(const MessageStore& messages, const Routing& routing,
                       std::string_view query) {
  const auto report = parse_sms_report(query, SymmetricKey(messages.report_key()));
  if (!report) return fail(report.error());
  if (const auto said = state_of(report->state)) {
    messages.outbox().report(
        {message_id(report->message_id), report->route, *said, report->reason}, messages.now(),
        [&](const OutgoingMessage& message) { return routing.elsewhere(message); });
  }
  return {};
}

void follow_up(const MessageStore& messages, Routing& routing, std::int64_t report_wait_ms) {
  const auto now = messages.now();
  auto outbox = messages.outbox();
  routing.judge(outbox.carriages(now - routing.floor().window_ms));
  outbox.follow_up(routing.reporting_routes(), now - report_wait_ms, now,
                   [&](const OutgoingMessage& message) { return routing.elsewhere(message); });
}

}  // namespace isoloir

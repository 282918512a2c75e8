#include "base/limits.hpp"
#include "web/visit.hpp"

namespace isoloir::web {

Json message_fate(const Renderer& renderer, Carried carried,
                  const std::optional<MessageTrace>& message, TimeMs now, Language language) {
  const bool code = carried == Carried::confirmation_code;
  std::string_view id;
  if (!message) return {{"text", ""}, {"failed", false}};
  const bool sms = message->channel == MessageChannel::sms;
  const auto& status = message->status;
  TimeMs at = message->status_at;
  bool failed = false;
  if (status == "delivered") {
    id = sms ? "message.delivered_sms" : "message.delivered_mail";
  } else if (status == "accepted" && message->reason == name_of(Reason::no_report)) {
    id = code ? "confirmation.message_no_report" : "message.no_report";
  } else if (status == "accepted") {
    id = sms ? "message.accepted_sms" : "message.accepted_mail";
    at = message->accepted_at.value_or(at);
  } else if (status == "failed") {
    failed = true;
    const auto of = [&](std::string_view of_link, std::string_view of_code) {
      return code ? of_code : of_link;
    };
    id = message->reason == name_of(Reason::unknown_recipient)
             ? (sms ? of("message.unknown_number", "confirmation.message_unknown_number")
                    : of("message.unknown_address", "confirmation.message_unknown_address"))
         : message->reason == name_of(Reason::full)
             ? of("message.full", "confirmation.message_full")
         : message->reason == name_of(Reason::no_route)
             ? of("message.no_route", "confirmation.message_no_route")
             : of("message.refused", "confirmation.message_refused");
  } else if (now >= message->created_at + limits::message_late_ms) {
    id = code ? "confirmation.message_waits" : "message.waits";
  }
  if (id.empty()) return {{"text", ""}, {"failed", false}};
  return {{"text", renderer.text(id, language, {{"at", format_time(at, language)}})},
          {"failed", failed}};
}

}  // namespace isoloir::web

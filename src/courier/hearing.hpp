// What is heard of messages after a carrier has them, written down where they are kept.
// Thread-safe.
#pragma once

#include <filesystem>

#include "courier/message_store.hpp"
#include "courier/routing.hpp"

namespace isoloir {

// Reads what has come back to `bounce_address` in the Maildir. What is no bounce of ours stays
// there for a person. Gives how many mails it looked at; limits::bounce_visit: there may be more.
// Errors: those of visit_maildir.
Expected<std::size_t> take_bounces(const MessageStore& messages,
                                   const std::filesystem::path& maildir,
                                   std::string_view bounce_address);

// Kannel's call of a report's address, of which `query` is the query. Errors: those of
// parse_sms_report; nothing has changed then.
Status take_sms_report(const MessageStore& messages, const Routing& routing,
                       std::string_view query);

// Routes are judged by what they brought, and text messages of which nothing was heard in
// `report_wait_ms` go elsewhere. To be called every few seconds.
void follow_up(const MessageStore& messages, Routing& routing, std::int64_t report_wait_ms);

}  // namespace isoloir

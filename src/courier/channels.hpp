// How messages leave this machine: the operator's file (docs/operations.md, "Channels"). Policy of
// the vote is the portal's file; here stand relays, routes and where to find their passwords.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "courier/kannel_route.hpp"
#include "courier/routing.hpp"
#include "courier/smtp_relay.hpp"
#include "election/manifest.hpp"
#include "portal/reissue_policy.hpp"

namespace isoloir {

struct Channels {
  std::vector<SmtpRelaySettings> relays;  // without the sender, which is the portal's
  std::string bounces;                    // empty: none come back
  std::filesystem::path maildir;          // where they arrive; empty with `bounces`
  unsigned mail_workers = 1;

  struct Route {
    KannelSettings kannel;  // without the sender and the key of its reports
    std::vector<std::string> codes;
    bool reports = true;
  };
  std::vector<Route> routes;
  unsigned sms_workers = 1;
  RouteFloor floor;
  std::int64_t report_wait_ms = 0;  // without a report by then, a message goes elsewhere

  // Where the operator looks, and Kannel brings its reports.
  std::string operator_address = "127.0.0.1";
  std::uint16_t operator_port = 0;
  Secret<std::string> operator_token;
};

// Files named in it are found beside it. Errors: file.missing (it, a password or the token),
// channels.invalid (every problem with its line).
Expected<Channels> read_channels(const std::filesystem::path& file);

// Takes relays and routes out of `channels`. Errors: those of SmtpRelay::make and
// KannelRoute::make.
Expected<std::unique_ptr<Routing>> make_routing(Channels& channels, const MessagePolicy& policy,
                                                const BilingualText& sender_name,
                                                const ByteArray<32>& report_key, Clock& clock,
                                                Routing::Say say);

}  // namespace isoloir

// What the operator of a server sees of messages, and where Kannel brings its reports: a listener
// of its own, on loopback or an inner network, never the voters'. Pages and figures want the
// operator's token (HTTP Basic, RFC 7617, any user name); a report carries its own proof
// (courier/sms_report.hpp).
//
//   /             delivery, the log's witnesses, and what is wrong (web/delivery_page.hpp)
//   /metrics      the same for Prometheus, and the server's own figures (web/metrics.hpp)
//   /assets/*     the style sheet and its icons
//   /reports/sms  from Kannel
#pragma once

#include "board/log.hpp"
#include "courier/message_store.hpp"
#include "courier/routing.hpp"
#include "election/manifest.hpp"
#include "http/server.hpp"
#include "web/render.hpp"

namespace isoloir::web {

struct OperatorSettings {
  Secret<std::string> token;
  BilingualText title;              // of the election
  std::int64_t report_wait_ms = 0;  // without a report by then, a message goes elsewhere
  std::shared_ptr<const http::ServerFigures> voters;  // of the server that they reach
  std::function<Log::Standing()> log{};               // of the election that it serves, if any
};

// Thread-safe. Everything given outlives it.
class OperatorSite final : public http::Handler {
 public:
  OperatorSite(MessageStore messages, const Routing& routing, const Renderer& renderer,
               OperatorSettings settings);

  http::Lane lane(const http::Request&) override { return http::Lane::database; }
  http::Response handle(const http::Request& request) override;
  bool passing(const std::exception& exception) const override;
  http::Response busy_page(const http::Request&) override;
  http::Response error_page(int status, const http::Request*) override;

 private:
  http::Response delivery(const http::Request& request);
  http::Response metrics();
  std::vector<Waiting> waiting();
  http::Response sms_report(const http::Request& request);
  bool may_look(const http::Request& request) const;

  const MessageStore messages_;
  const Routing& routing_;
  const Renderer& renderer_;
  const OperatorSettings settings_;
};

}  // namespace isoloir::web

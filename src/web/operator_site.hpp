// What the operator of a server sees of messages, and where Kannel brings its reports: a listener
// of its own, on loopback or an inner network, never the voters'. Pages and figures want the
// operator's token (HTTP Basic, RFC 7617, any user name); a report carries its own proof
// (courier/sms_report.hpp).
#pragma once

#include "courier/routing.hpp"
#include "http/server.hpp"
#include "service/reissue.hpp"

namespace isoloir::web {

// Thread-safe. Everything given outlives it.
class OperatorSite final : public http::Handler {
 public:
  OperatorSite(State& state, const Routing& routing, Secret<std::string> token);

  http::Lane lane(const http::Request&) override { return http::Lane::database; }
  http::Response handle(const http::Request& request) override;
  bool passing(const std::exception& exception) const override;
  http::Response busy_page(const http::Request&) override;
  http::Response error_page(int status, const http::Request*) override;

 private:
  http::Response sms_report(const http::Request& request);
  bool may_look(const http::Request& request) const;

  State& state_;
  const Routing& routing_;
  const Secret<std::string> token_;
};

// By which reports of text messages prove that Kannel was asked for them.
ByteArray<32> sms_report_key(const State& state);

}  // namespace isoloir::web

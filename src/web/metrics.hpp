// Figures of messages and of the server for Prometheus: its text format, version 0.0.4. Nothing in
// them is a voter's; a mail domain is none of the labels, as there may be thousands.
#pragma once

#include <string>

#include "board/log.hpp"
#include "courier/routing.hpp"
#include "http/server.hpp"

namespace isoloir::web {

struct Measured {
  std::vector<Carriage> carried;  // Outbox::carried
  std::vector<Waiting> waiting;
  std::vector<Routing::Standing> standings;
  std::size_t queued_writes = 0;
  std::optional<store::StoreError::Kind> trouble;
  TimeMs now = 0;
  std::optional<Log::Standing> log{};  // where an election is served
};

// With the process's own figures, and those of the voters' server.
std::string metrics_text(const Measured& measured, const http::ServerFigures& voters);

}  // namespace isoloir::web

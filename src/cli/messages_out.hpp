// How a server's messages leave it: by the operator's channels, or into a demonstration's inbox.
#pragma once

#include "cli/server.hpp"
#include "courier/workers.hpp"
#include "web/operator_site.hpp"

namespace isoloir::cli {

class MessagesOut {
 public:
  using Say = std::function<void(std::string_view)>;

  // Null where messages have no way out. All that is given outlives it. Errors: those of
  // make_routing.
  static Expected<std::unique_ptr<MessagesOut>> make(State& state, const Portal& portal,
                                                     std::optional<Channels> channels, bool demo,
                                                     Clock& clock, Say say);

  // From then on reports are heard and messages leave, and the operator sees what becomes of them,
  // beside the figures of the voters' server. Errors: http.listen.
  Status start(const Portal& portal, const web::Renderer& renderer,
               std::shared_ptr<const http::ServerFigures> voters);

 private:
  MessagesOut(State& state, const MessageRates& rates, Say say)
      : state_(state), rates_(rates), say_(std::move(say)) {}
  void beat();
  void read_bounces();

  State& state_;
  const MessageRates rates_;
  const Say say_;
  InboxTransport inbox_;
  std::optional<Channels> channels_;  // null: the inbox
  std::unique_ptr<Routing> routing_;
  std::optional<web::OperatorSite> desk_;
  std::optional<http::Server> listener_;
  std::string bounce_trouble_;  // said once
  std::optional<MessageWorkers> workers_;
};

}  // namespace isoloir::cli

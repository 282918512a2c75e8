// How messages leave a server or a mailing: by the operator's channels, or into a demonstration's
// inbox.
#pragma once

#include "courier/channels.hpp"
#include "courier/message_store.hpp"
#include "courier/workers.hpp"
#include "web/operator_site.hpp"

namespace isoloir::cli {

class MessagesOut {
 public:
  using Say = std::function<void(std::string_view)>;

  // Without channels: into the inbox. `sender` is the name in From. The clock and what `messages`
  // refers to outlive it. Errors: those of make_routing.
  static Expected<std::unique_ptr<MessagesOut>> make(MessageStore messages,
                                                     const MessagePolicy& policy,
                                                     const BilingualText& sender,
                                                     std::optional<Channels> channels, Clock& clock,
                                                     Say say);

  // From then on reports are heard and messages leave, and the operator sees what becomes of them,
  // under the election's title and beside the figures of the voters' server. The renderer outlives
  // it. Errors: http.listen.
  Status start(const BilingualText& election, const web::Renderer& renderer,
               std::shared_ptr<const http::ServerFigures> voters,
               std::function<Log::Standing()> log = {});

  // Once started. Ends the workers, after what they have in their hands, and hears what has come
  // back by then.
  void finish();
  // Null: the inbox.
  const Routing* routing() const { return routing_.get(); }

 private:
  MessagesOut(MessageStore messages, const MessageRates& rates, Say say)
      : messages_(std::move(messages)), rates_(rates), say_(std::move(say)) {}
  void beat();

  const MessageStore messages_;
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

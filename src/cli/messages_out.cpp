#include "cli/messages_out.hpp"

#include "courier/hearing.hpp"

namespace isoloir::cli {

Expected<std::unique_ptr<MessagesOut>> MessagesOut::make(MessageStore messages,
                                                         const MessagePolicy& policy,
                                                         const BilingualText& sender,
                                                         std::optional<Channels> channels,
                                                         Clock& clock, Say say) {
  std::unique_ptr<MessagesOut> out(
      new MessagesOut(std::move(messages), policy.per_second, std::move(say)));
  if (!channels) return out;
  auto routing =
      make_routing(*channels, policy, sender, out->messages_.report_key(), clock, out->say_);
  if (!routing) return fail(routing.error());
  out->routing_ = std::move(*routing);
  out->channels_ = std::move(channels);
  return out;
}

Status MessagesOut::start(const BilingualText& election, const web::Renderer& renderer,
                          std::shared_ptr<const http::ServerFigures> voters,
                          std::function<Log::Standing()> log) {
  MessageWorkers::Settings settings;
  settings.rates = rates_;
  Transport* transport = &inbox_;
  if (channels_) {
    desk_.emplace(
        messages_, *routing_, renderer,
        web::OperatorSettings{std::move(channels_->operator_token), election,
                              channels_->report_wait_ms, std::move(voters), std::move(log)});
    http::ServerOptions options;
    options.address = channels_->operator_address;
    options.port = channels_->operator_port;
    options.ballots = {1, 1};  // none come here
    options.report = [this](std::string_view what) { say_(what); };
    listener_.emplace(std::move(options), *desk_);
    if (auto started = listener_->start(); !started) return started;
    transport = routing_.get();
    settings.mail_workers = channels_->mail_workers;
    settings.sms_workers = channels_->sms_workers;
    settings.beat = [this] { beat(); };
  }
  workers_.emplace([this] { return messages_.outbox(); }, [this] { return messages_.now(); },
                   *transport, std::move(settings), say_);
  return {};
}

void MessagesOut::finish() {
  workers_.reset();
  if (channels_) beat();
}

void MessagesOut::beat() {
  follow_up(messages_, *routing_, channels_->report_wait_ms);
  if (channels_->maildir.empty()) return;
  const auto taken = take_bounces(messages_, channels_->maildir, channels_->bounces);
  const auto trouble = taken ? "" : taken.error().message;
  if (trouble != bounce_trouble_ && !trouble.empty()) say_(trouble);
  bounce_trouble_ = trouble;
}

}  // namespace isoloir::cli

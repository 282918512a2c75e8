#include "cli/messages_out.hpp"

#include "base/local_time.hpp"
#include "courier/bounce.hpp"
#include "courier/maildir.hpp"

namespace isoloir::cli {
namespace {

DeliveryReport::State state_of(BounceAction action) {
  switch (action) {
    case BounceAction::failed:
      return DeliveryReport::State::failed;
    case BounceAction::delayed:
      return DeliveryReport::State::delayed;
    case BounceAction::delivered:
    case BounceAction::relayed:
      break;
  }
  return DeliveryReport::State::delivered;
}

}  // namespace

Expected<std::unique_ptr<MessagesOut>> MessagesOut::make(State& state, const Portal& portal,
                                                         std::optional<Channels> channels,
                                                         bool demo, Clock& clock, Say say) {
  if (!demo && !channels) return std::unique_ptr<MessagesOut>();
  std::unique_ptr<MessagesOut> out(
      new MessagesOut(state, portal.messages.per_second, std::move(say)));
  if (demo) return out;
  auto routing = make_routing(*channels, portal.messages, portal.title, web::sms_report_key(state),
                              clock, out->say_);
  if (!routing) return fail(routing.error());
  out->routing_ = std::move(*routing);
  out->channels_ = std::move(channels);
  return out;
}

Status MessagesOut::start(const Portal& portal, const web::Renderer& renderer,
                          std::shared_ptr<const http::ServerFigures> voters) {
  MessageWorkers::Settings settings;
  settings.rates = rates_;
  Transport* transport = &inbox_;
  if (channels_) {
    desk_.emplace(state_, *routing_, renderer,
                  web::OperatorSettings{std::move(channels_->operator_token), portal.election,
                                        channels_->report_wait_ms, std::move(voters)});
    http::ServerOptions options;
    options.address = channels_->operator_address;
    options.port = channels_->operator_port;
    options.report = [this](std::string_view what) { say_(what); };
    listener_.emplace(std::move(options), *desk_);
    if (auto started = listener_->start(); !started) return started;
    transport = routing_.get();
    settings.mail_workers = channels_->mail_workers;
    settings.sms_workers = channels_->sms_workers;
    settings.beat = [this] { beat(); };
  }
  workers_.emplace([this] { return outbox_of(state_); }, [this] { return state_.now(); },
                   *transport, std::move(settings), say_);
  return {};
}

void MessagesOut::beat() {
  const auto now = state_.now();
  auto outbox = outbox_of(state_);
  routing_->judge(outbox.carriages(now - routing_->floor().window_ms));
  outbox.follow_up(routing_->reporting_routes(), now - channels_->report_wait_ms, now,
                   [&](const OutgoingMessage& message) { return routing_->elsewhere(message); });
  if (!channels_->maildir.empty()) read_bounces();
}

// What is no bounce of ours stays in the Maildir for a person.
void MessagesOut::read_bounces() {
  auto outbox = outbox_of(state_);
  const auto visit = visit_maildir(channels_->maildir, [&](std::string_view mail) {
    const auto bounce = parse_bounce(mail, channels_->bounces);
    if (!bounce) return false;
    DeliveryReport report{{}, "", state_of(bounce->action), bounce->reason};
    const auto id = *hex_decode(bounce->message);
    std::copy(id.begin(), id.end(), report.message.begin());
    return outbox.report(report, state_.now(), [](const OutgoingMessage&) { return false; });
  });
  const auto trouble = visit ? "" : visit.error().message;
  if (trouble != bounce_trouble_ && !trouble.empty()) say_(trouble);
  bounce_trouble_ = trouble;
}

}  // namespace isoloir::cli

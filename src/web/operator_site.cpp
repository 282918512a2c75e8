#include "web/operator_site.hpp"

#include "courier/sms_report.hpp"
#include "web/delivery_page.hpp"
#include "web/metrics.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

using http::Response;

MessageId message_id(std::string_view hex) {
  const auto bytes = *hex_decode(hex);
  MessageId id{};
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

std::optional<DeliveryReport::State> state_of(SmsState state) {
  switch (state) {
    case SmsState::delivered:
      return DeliveryReport::State::delivered;
    case SmsState::undelivered:
    case SmsState::rejected:
      return DeliveryReport::State::failed;
    case SmsState::accepted:
    case SmsState::buffered:
      break;
  }
  return std::nullopt;  // nothing that the row does not say already
}

}  // namespace

ByteArray<32> sms_report_key(const State& state) {
  return state.peppered("text message reports", {});
}

OperatorSite::OperatorSite(State& state, const Routing& routing, const Renderer& renderer,
                           OperatorSettings settings)
    : state_(state), routing_(routing), renderer_(renderer), settings_(std::move(settings)) {}

bool OperatorSite::may_look(const http::Request& request) const {
  const auto header = request.header("Authorization");
  constexpr std::string_view scheme = "Basic ";
  if (!header || !header->starts_with(scheme)) return false;
  const auto decoded = base64_decode(header->substr(scheme.size()));
  if (!decoded) return false;
  const auto text = as_text(*decoded);
  const auto colon = text.find(':');
  return colon != std::string_view::npos &&
         equal_constant_time(as_bytes(text.substr(colon + 1)), as_bytes(settings_.token.reveal()));
}

Response OperatorSite::handle(const http::Request& request) {
  if (request.path == "/reports/sms") return sms_report(request);
  if (!may_look(request)) {
    return Response::text("The operator's token is wanted.\n", 401)
        .set_header("WWW-Authenticate", "Basic realm=\"isoloir\", charset=\"UTF-8\"");
  }
  if (request.method == http::Method::get) {
    if (request.path == "/") return delivery(request);
    if (request.path == "/metrics") return metrics();
    constexpr std::string_view assets = "/assets/";
    if (request.path.starts_with(assets)) {
      if (auto file = embedded_file(std::string_view(request.path).substr(assets.size()))) {
        return std::move(*file);
      }
    }
  }
  return Response::text("There is no such page.\n", 404);
}

// What is due a moment later counts as due: a carrier that is down puts all off by as much, over
// and over.
std::vector<Waiting> OperatorSite::waiting() {
  return outbox_of(state_).waiting(state_.now() + limits::carrier_down_ms);
}

Response OperatorSite::delivery(const http::Request& request) {
  const auto asked = DeliveryQuestion::parse(request.query);
  const auto now = state_.now();
  auto data = delivery_data({outbox_of(state_).carriages(now - 7 * day_ms), waiting(),
                             routing_.standings(), routing_.floor(), settings_.report_wait_ms, now},
                            asked, renderer_);
  data["portal_title"] =
      asked.language == Language::french ? settings_.title.fr : settings_.title.en;
  auto response = Response::html(renderer_.page("delivery", data, asked.language));
  response.set_header("Content-Security-Policy",
                      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
                      "frame-ancestors 'none'; base-uri 'none'");
  if (asked.live) response.set_header("Refresh", "60");
  return response;
}

Response OperatorSite::metrics() {
  const auto& database = state_.database();
  const Measured measured{outbox_of(state_).carried(), waiting(),          routing_.standings(),
                          database.queued_writes(),    database.trouble(), state_.now()};
  return Response::text(metrics_text(measured, *settings_.voters))
      .set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
}

// Kannel calls with GET, and again for ten minutes while the answer is not 2xx: what proves nothing
// is answered so too, and changes nothing.
Response OperatorSite::sms_report(const http::Request& request) {
  const auto key = SymmetricKey(sms_report_key(state_));
  const auto report = parse_sms_report(request.query, key);
  if (!report) return Response::text("\n");
  if (const auto said = state_of(report->state)) {
    outbox_of(state_).report(
        {message_id(report->message_id), report->route, *said, report->reason}, state_.now(),
        [&](const OutgoingMessage& message) { return routing_.elsewhere(message); });
  }
  return Response::text("\n");
}

bool OperatorSite::passing(const std::exception& exception) const {
  const auto* error = dynamic_cast<const store::StoreError*>(&exception);
  return error && error->kind() != store::StoreError::Kind::corrupt;
}

Response OperatorSite::busy_page(const http::Request&) {
  return Response::text("Busy, ask again.\n");
}

Response OperatorSite::error_page(int, const http::Request*) {
  return Response::text("This cannot be answered.\n");
}

}  // namespace isoloir::web

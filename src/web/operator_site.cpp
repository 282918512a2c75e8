#include "web/operator_site.hpp"

#include "courier/hearing.hpp"
#include "web/delivery_page.hpp"
#include "web/metrics.hpp"
#include "web/visit.hpp"

namespace isoloir::web {

using http::Response;

OperatorSite::OperatorSite(MessageStore messages, const Routing& routing, const Renderer& renderer,
                           OperatorSettings settings)
    : messages_(std::move(messages)),
      routing_(routing),
      renderer_(renderer),
      settings_(std::move(settings)) {}

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
  return messages_.outbox().waiting(messages_.now() + limits::carrier_down_ms);
}

Response OperatorSite::delivery(const http::Request& request) {
  const auto asked = DeliveryQuestion::parse(request.query);
  const auto now = messages_.now();
  DeliveryState state{messages_.outbox().carriages(now - 7 * day_ms),
                      waiting(),
                      routing_.standings(),
                      routing_.floor(),
                      settings_.report_wait_ms,
                      now};
  if (settings_.log) state.log = settings_.log();
  auto data = delivery_data(state, asked, renderer_);
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
  const auto& database = messages_.database();
  Measured measured{messages_.outbox().carried(), waiting(),          routing_.standings(),
                    database.queued_writes(),     database.trouble(), messages_.now()};
  if (settings_.log) measured.log = settings_.log();
  return Response::text(metrics_text(measured, *settings_.voters))
      .set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
}

// Kannel calls with GET, and again for ten minutes while the answer is not 2xx: what proves nothing
// is answered so too, and changes nothing.
Response OperatorSite::sms_report(const http::Request& request) {
  (void)take_sms_report(messages_, routing_, request.query);
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

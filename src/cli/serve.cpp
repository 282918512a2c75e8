// `isoloir serve`: the product. TLS ends at a proxy in front of it (docs/operations.md), or it
// listens on loopback.
#include <memory>

#include "cli/commands.hpp"
#include "cli/server.hpp"

namespace isoloir::cli {
namespace {

struct ServeOptions {
  std::filesystem::path portal;
  std::filesystem::path state;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::vector<std::string> trusted_proxies;
  std::filesystem::path channels{};
  std::filesystem::path franceconnect_secret{};
  std::filesystem::path franceconnect_key{};
};

int run_serve(const ServeOptions& options) {
  block_stop_signals();
  SystemClock clock;
  SystemRandom random;
  ServerSettings settings;
  settings.address = options.address;
  settings.port = options.port;
  for (const auto& text : options.trusted_proxies) {
    const auto range = http::AddressRange::parse(text);
    if (!range) return report(range.error());
    settings.trusted_proxies.push_back(*range);
  }
  const auto portal = read_portal(options.portal);
  if (!portal) return report(portal.error());
  auto pages = web::InformationPages::read(options.portal, *portal);
  if (!pages) return report(pages.error());
  settings.information = std::move(*pages);
  auto statements = web::Statements::read(options.portal, *portal);
  if (!statements) return report(statements.error());
  settings.statements = std::move(*statements);
  settings.portal_text = *portal_text(options.portal);
  if (!options.channels.empty()) {
    auto channels = read_channels(options.channels);
    if (!channels) return report(channels.error());
    settings.channels = std::move(*channels);
  }
  auto secrets =
      read_franceconnect(*portal, options.franceconnect_secret, options.franceconnect_key);
  if (!secrets) return report(secrets.error());
  settings.franceconnect = std::move(*secrets);
  const StatePaths paths{options.state};
  if (!std::filesystem::exists(paths.database())) {
    return report({"state.missing", options.state.string() + ": there is no election here", {}});
  }
  const auto lock = StateLock::take(paths.folder);
  if (!lock) return report(lock.error());
  const auto state = State::open(paths, clock, random);
  if (!state) return report(state.error());
  return run_server(**state, *portal, std::move(settings));
}

}  // namespace

void add_serve(Command app) {
  auto options = std::make_shared<ServeOptions>();
  const Command command = app.add("serve", "Serve a sealed election to its voters");
  command.option("portal", options->portal, "Folder of the portal").required();
  command.option("--state", options->state, "Folder of the election").required();
  command.option("--address", options->address, "Address to listen on");
  command.option("--port", options->port, "Port to listen on");
  command.option("--trusted-proxy", options->trusted_proxies,
                 "Address or range whose X-Forwarded-For is believed; may be repeated");
  command.option("--channels", options->channels,
                 "File that says how messages leave (docs/operations.md)");
  command.option("--franceconnect-secret", options->franceconnect_secret,
                 "File with the secret that FranceConnect knows the portal by");
  command.option("--franceconnect-key", options->franceconnect_key,
                 "File with the key to which its tokens are encrypted (JWK)");
  command.runs([options] { return run_serve(*options); });
}

}  // namespace isoloir::cli

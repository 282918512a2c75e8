// Running a portal: one process holds the state's lock, sequences the log and answers HTTP until
// SIGINT or SIGTERM.
#pragma once

#include <filesystem>
#include <optional>

#include "courier/channels.hpp"
#include "portal/portal.hpp"
#include "service/state.hpp"
#include "web/site.hpp"

namespace isoloir::cli {

struct ServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<http::AddressRange> trusted_proxies;
  std::optional<web::DemoPages> demo;
  web::InformationPages information;
  web::Statements statements;
  std::optional<Channels> channels;  // without: nothing leaves, but to a demonstration's inbox
  std::optional<openid::ClientSecrets> franceconnect;  // without: nobody is identified there
  std::string portal_text;  // kept beside the state, for commands that work next to the server
};

// Held while a server runs on the state; other programs see by it whether one does. Errors:
// state.missing, state.read_only, server.running.
class StateLock {
 public:
  static Expected<StateLock> take(const std::filesystem::path& folder);
  StateLock(StateLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int file) : file_(file) {}
  int file_;
};

// Blocks SIGINT and SIGTERM in this thread and those it starts, so that run_server can wait for
// them. Call first.
void block_stop_signals();

// Prints "listening http://localhost:PORT" on stdout when ready; returns after a graceful stop.
// Gives the exit code. The caller holds the StateLock, from before it opened the state.
int run_server(State& state, const Portal& portal, ServerSettings settings);

// Whether the server that was last started on this state has a channel that carries messages; false
// when none was.
bool carries_links(const std::filesystem::path& state);

// portal.toml of a folder: a portal's, or that of a state, where the server puts the one that it
// was last started with. Errors: file.missing, portal.invalid.
Expected<Portal> read_portal(const std::filesystem::path& folder);
Expected<std::string> portal_text(const std::filesystem::path& folder);

// The portal's own texts, in place of the catalogue's.
web::TextOverrides overrides_of(const Portal& portal);

// Whether the portal's own texts are texts of this program. Error: portal.texts (names one that is
// not).
Status check_texts(const Portal& portal);

// What authenticates the portal to FranceConnect: `secret_file` holds the client's secret,
// `key_file` the private key to which its tokens are encrypted (a JWK), where [franceconnect] says
// that they are. Nothing where no file is named. Errors: file.missing, franceconnect.secret,
// jose.keys.
Expected<std::optional<openid::ClientSecrets>> read_franceconnect(
    const Portal& portal, const std::filesystem::path& secret_file,
    const std::filesystem::path& key_file);

// What the manifest says of the scripts that the voter's browser runs.
std::vector<BoothAsset> booth_assets();

int report(const Error& error, int exit_code = 2);  // one line on stderr; gives exit_code
int report(const store::StoreError& error);         // with what to do; gives 2

}  // namespace isoloir::cli

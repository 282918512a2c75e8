#include "courier/channels.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "portal/toml_reader.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

// A file that holds one line, a secret.
class SecretFiles {
 public:
  explicit SecretFiles(fs::path folder) : folder_(std::move(folder)) {}

  Secret<std::string> read(TomlReader& read, const toml::table& table, std::string_view key) const {
    const auto name = read.text(table, key);
    if (name.empty()) return Secret<std::string>("");
    auto text = read_file(folder_ / name);
    if (!text) {
      read.problem(table, text.error().message);
      return Secret<std::string>("");
    }
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    if (text->empty()) read.problem(table, fmt::format("\"{}\" names an empty file", key));
    return Secret<std::string>(std::move(*text));
  }

 private:
  fs::path folder_;
};

std::optional<SmtpSecurity> security_of(std::string_view name) {
  if (name == "none") return SmtpSecurity::none;
  if (name == "starttls") return SmtpSecurity::starttls;
  if (name == "tls") return SmtpSecurity::tls;
  return std::nullopt;
}

SmtpRelaySettings read_relay(TomlReader& read, const toml::table& table, const SecretFiles& files,
                             const fs::path& folder) {
  read.known(table, {"name", "host", "port", "security", "user", "password_file", "ca_file"});
  SmtpRelaySettings relay;
  relay.name = read.text(table, "name");
  relay.server.host = read.text(table, "host");
  relay.server.port = static_cast<std::uint16_t>(read.number(table, "port", 1, 65535));
  const auto security = security_of(read.text(table, "security"));
  if (!security) read.problem(table, "\"security\" must be \"starttls\", \"tls\" or \"none\"");
  relay.server.security = security.value_or(SmtpSecurity::tls);
  relay.server.user = read.text_or_nothing(table, "user");
  if (!relay.server.user.empty()) relay.server.password = files.read(read, table, "password_file");
  const auto ca = read.text_or_nothing(table, "ca_file");
  if (!ca.empty()) relay.server.ca_file = folder / ca;
  return relay;
}

void read_mail(TomlReader& read, const toml::table& table, const SecretFiles& files,
               const fs::path& folder, Channels& channels) {
  read.known(table, {"bounces", "maildir", "workers", "relay"});
  channels.bounces = read.text_or_nothing(table, "bounces");
  const auto maildir = read.text_or_nothing(table, "maildir");
  if (maildir.empty() != channels.bounces.empty()) {
    read.problem(table,
                 "\"bounces\" and \"maildir\" stand together: the address to which mail "
                 "comes back, and where it arrives");
  }
  if (!maildir.empty()) channels.maildir = folder / maildir;
  channels.mail_workers = read.number(table, "workers", 1, 32);
  for (const auto& node : read.array(table, "relay")) {
    if (const auto* relay = node.as_table()) {
      channels.relays.push_back(read_relay(read, *relay, files, folder));
    }
  }
}

Channels::Route read_route(TomlReader& read, const toml::table& table, const SecretFiles& files) {
  read.known(table, {"name", "url", "user", "password_file", "smsc", "codes", "reports"});
  Channels::Route route;
  route.kannel.name = read.text(table, "name");
  route.kannel.url = read.text(table, "url");
  route.kannel.user = read.text(table, "user");
  route.kannel.password = files.read(read, table, "password_file");
  route.kannel.smsc = read.text_or_nothing(table, "smsc");
  route.reports = read.flag(table, "reports");
  if (!table.contains("codes")) return route;
  for (const auto& node : read.array(table, "codes")) {
    const auto code = node.value_or(std::string());
    const bool digits =
        std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (code.empty() || code.size() > 7 || !digits) {
      read.problem(node, "a calling code is written \"33\", its digits alone");
    }
    route.codes.push_back(code);
  }
  return route;
}

void read_sms(TomlReader& read, const toml::table& table, const SecretFiles& files,
              std::string& report_url, Channels& channels) {
  read.known(table, {"workers", "report_minutes", "floor_percent", "report_url", "route"});
  channels.sms_workers = read.number(table, "workers", 1, 32);
  channels.report_wait_ms = read.number(table, "report_minutes", 1, 60) * minute_ms;
  channels.floor.floor_percent = read.number(table, "floor_percent", 0, 100);
  report_url = read.text_or_nothing(table, "report_url");
  for (const auto& node : read.array(table, "route")) {
    if (const auto* route = node.as_table())
      channels.routes.push_back(read_route(read, *route, files));
  }
}

void check_names(TomlReader& read, const toml::table& root, const Channels& channels) {
  std::set<std::string> names;
  const auto one = [&](const std::string& name) {
    if (!names.insert(name).second || name.find(' ') != std::string::npos) {
      read.problem(root, fmt::format("\"{}\": each relay and route has a name of its own, without "
                                     "spaces",
                                     name));
    }
  };
  for (const auto& relay : channels.relays) one(relay.name);
  for (const auto& route : channels.routes) one(route.kannel.name);
  if (channels.relays.size() > limits::carriers || channels.routes.size() > limits::carriers) {
    read.problem(
        root, fmt::format("at most {} relays and {} routes", limits::carriers, limits::carriers));
  }
}

}  // namespace

Expected<Channels> read_channels(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return fail(text.error());
  TomlReader read(file.filename().string());
  toml::table root;
  try {
    root = toml::parse(*text, file.filename().string());
  } catch (const toml::parse_error& error) {
    return fail("channels.invalid", fmt::format("{}:{}: {}", file.filename().string(),
                                                error.source().begin.line, error.description()));
  }
  const auto folder = fs::absolute(file).parent_path();
  const SecretFiles files(folder);
  Channels channels;
  std::string report_url;
  read.known(root, {"mail", "sms", "operator"});
  read_mail(read, read.table(root, "mail"), files, folder, channels);
  if (root.contains("sms")) {
    read_sms(read, read.table(root, "sms"), files, report_url, channels);
  }
  const auto& desk = read.table(root, "operator");
  read.known(desk, {"address", "port", "token_file"});
  channels.operator_address = read.text(desk, "address");
  channels.operator_port = static_cast<std::uint16_t>(read.number(desk, "port", 1, 65535));
  channels.operator_token = files.read(read, desk, "token_file");
  const auto length = channels.operator_token.reveal().size();
  if (length != 0 && (length < 20 || length > 200)) {
    read.problem(desk, "the operator's token has 20 to 200 characters");
  }
  if (report_url.empty()) {
    report_url = fmt::format("http://127.0.0.1:{}/reports/sms", channels.operator_port);
  }
  for (auto& route : channels.routes) {
    if (route.reports) route.kannel.report_url = report_url;
  }
  check_names(read, root, channels);
  if (!read.problems().empty()) return fail("channels.invalid", read.problems());
  return channels;
}

Expected<std::unique_ptr<Routing>> make_routing(Channels& channels, const MessagePolicy& policy,
                                                const BilingualText& sender_name,
                                                const ByteArray<32>& report_key, Clock& clock,
                                                Routing::Say say) {
  std::vector<std::unique_ptr<Carrier>> relays;
  for (auto& settings : channels.relays) {
    settings.from = policy.email_sender;
    settings.from_name = sender_name.fr;
    settings.bounces = channels.bounces;
    auto relay = SmtpRelay::make(std::move(settings), clock);
    if (!relay) return fail(relay.error());
    relays.push_back(std::move(*relay));
  }
  std::vector<SmsRoute> routes;
  for (auto& route : channels.routes) {
    route.kannel.sender = policy.sms_sender;
    route.kannel.report_key = SymmetricKey(report_key);
    auto made = KannelRoute::make(std::move(route.kannel));
    if (!made) return fail(made.error());
    routes.push_back({std::move(*made), std::move(route.codes), route.reports});
  }
  return std::make_unique<Routing>(std::move(relays), std::move(routes), channels.floor, clock,
                                   std::move(say));
}

}  // namespace isoloir

#include "service/sign_in_tries.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "service/journal.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::int64_t throttle_memory_ms = day_ms;
constexpr int longest_delay_doublings = 4;  // 1, 2, 4, 8, 16 minutes

// From the bytes, so that a network has one name, whatever its zeros; nothing for IPv4.
std::optional<std::string> ipv6_network(std::string_view address, std::size_t bits) {
  ByteArray<16> bytes{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), bytes.data()) != 1) return std::nullopt;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(bits / 8), bytes.end(), std::uint8_t{0});
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return std::string(text) + "/" + std::to_string(bits);
}

}  // namespace

SignInTries::SignInTries(State& state, const SignInPolicy& policy, std::string_view name,
                         std::string_view client_address)
    : state_(state),
      policy_(policy),
      key_(state.peppered("sign-in throttle",
                          {as_bytes(name), as_bytes(network_of(client_address))})) {}

std::optional<TimeMs> SignInTries::begin() const {
  const auto until =
      state_.database().write([&](Transaction& transaction) -> Expected<std::optional<TimeMs>> {
        const TimeMs now = state_.now();
        const auto rows = transaction.query(
            "INSERT INTO throttle (key, failures, delayed_until, at) VALUES ($1, 1, 0, $2) ON "
            "CONFLICT (key) DO UPDATE SET failures = CASE WHEN throttle.at <= $3 THEN 1 ELSE "
            "throttle.failures + 1 END, at = $2 RETURNING failures, delayed_until",
            {ByteView(key_), now, now - throttle_memory_ms});
        if (rows[0].integer(1) > now) return rows[0].integer(1);
        const auto failures = rows[0].integer(0);
        if (failures >= policy_.failures) {
          const auto doublings =
              std::min<std::int64_t>(failures - policy_.failures, longest_delay_doublings);
          transaction.execute("UPDATE throttle SET delayed_until = $2 WHERE key = $1",
                              {ByteView(key_), now + (policy_.first_delay_ms << doublings)});
        }
        return std::nullopt;
      });
  return *until;
}

void SignInTries::forgive() const {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM throttle WHERE key = $1", {ByteView(key_)});
    return {};
  });
}

void SignInTries::succeed(const std::string& voter, TimeMs at) const {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM throttle WHERE key = $1", {ByteView(key_)});
    // A renewed password that signs in has arrived, whatever its message's end says.
    transaction.execute("UPDATE reissue_flow SET sms_tries = 3 WHERE voter = $1 AND sms_tries > 0",
                        {voter});
    journal(transaction, at,
            {{"step", "signed in"},
             {"voter", hex_encode(state_.peppered("journal", {as_bytes(voter)}))}});
    return {};
  });
}

void forget_old_failures(State& state) {
  (void)state.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM throttle WHERE at <= $1", {state.now() - throttle_memory_ms});
    return {};
  });
}

std::string network_of(std::string_view client_address) {
  return ipv6_network(client_address, 64).value_or(std::string(client_address));
}

std::string journal_network_of(std::string_view client_address) {
  if (const auto network = ipv6_network(client_address, 48)) return *network;
  return std::string(client_address.substr(0, client_address.rfind('.'))) + ".0/24";
}

}  // namespace isoloir

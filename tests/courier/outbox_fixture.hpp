// An outbox in a database of its own, and a transport that says what it is told to say.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

#include "base/temporary_folder.hpp"
#include "courier/outbox.hpp"
#include "service/schema.hpp"
#include "store/migration.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir::test {

inline constexpr TimeMs start = 1'700'000'000'000;
inline constexpr TimeMs minute = 60'000;

// Says what it is told to say, and writes down what it was given.
struct ScriptedTransport final : Transport {
  SendOutcome send(const OutgoingMessage& message) override {
    sent.push_back(message);
    if (message.destination.starts_with("poison")) throw std::runtime_error("cannot be sent");
    return answer;
  }
  Delivery answer = Delivery::accepted;
  std::vector<OutgoingMessage> sent;
};

struct OutboxTest : testing::Test {
  OutboxTest() { EXPECT_TRUE(store::migrate(*database, schema_migrations())); }
  std::unique_ptr<store::Database> open_database() {
    return store::open_sqlite({folder / "outbox.sqlite"});
  }
  Outbox outbox() { return Outbox(*database, SymmetricKey(ByteArray<32>{7}), random); }

  std::string queue(const std::string& destination, TimeMs now = start) {
    const bool sms = destination.starts_with("+");

    const auto id = database->write([&](store::Transaction& t) -> Expected<MessageId> {
      return outbox().queue(
          t, now,
          {"E1", "reissue-link", sms ? MessageChannel::sms : MessageChannel::email, destination,
           sms ? "" : "Subject", "body with a secret link", now + 120 * minute,
           "answers@example.org"});
    });
    return hex_encode(*id);
  }
  std::string status(const std::string& id) {
    return *database->read([&](store::Transaction& t) -> Expected<std::string> {
      return t.query("SELECT status FROM message WHERE id = $1", {*hex_decode(id)})[0].text(0);
    });
  }

  std::vector<std::string> values(const std::string& query) {
    const auto rows = *database->read(
        [&](store::Transaction& t) -> Expected<store::Rows> { return t.query(query); });
    std::vector<std::string> all;
    for (const auto& row : rows) all.push_back(shown(row[0]));
    return all;
  }
  static std::string shown(const store::Value& value) {
    struct Shown {
      std::string operator()(std::monostate) const { return "null"; }
      std::string operator()(std::int64_t number) const { return std::to_string(number); }
      std::string operator()(const std::string& text) const { return text; }
      std::string operator()(const Bytes& bytes) const { return hex_encode(bytes); }
    };
    return std::visit(Shown{}, value.data());
  }

  SystemRandom random;
  const TemporaryFolder folder;
  std::unique_ptr<store::Database> database = open_database();
  ScriptedTransport transport;
};

}  // namespace isoloir::test

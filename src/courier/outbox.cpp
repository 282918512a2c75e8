#include "courier/outbox.hpp"

#include <algorithm>

#include "base/canonical_json.hpp"
#include "base/limits.hpp"
#include "courier/message_budget.hpp"

namespace isoloir {
namespace {

using store::Transaction;

std::optional<MessageChannel> message_channel(std::string_view name) {
  if (name == "email") return MessageChannel::email;
  if (name == "sms") return MessageChannel::sms;
  return std::nullopt;
}

struct Content {
  std::string destination;
  std::string subject;
  std::string body;
  std::string reply_to;
};

// A moment in an UPDATE of a message's row, as coarse as the row asks: parameter `number` of it.
std::string at(int number) {
  const auto parameter = "$" + std::to_string(number);
  return parameter + " - by_minute * (" + parameter + " % 60000)";
}

std::optional<Content> open_content(const SymmetricKey& key, ByteView id, ByteView sealed) {
  const auto bytes = unseal(key, sealed, id);
  const auto json = bytes ? parse_json(as_text(*bytes)) : fail("courier.seal", "");
  if (!json) return std::nullopt;
  return Content{json->at("destination"), json->at("subject"), json->at("body"),
                 json->value("reply_to", "")};
}

// Of what the budget allows: of proven flows first, then by time.
std::optional<store::Row> next_due(Transaction& transaction, TimeMs now, MessageBudget* budget) {
  for (const bool proven : {true, false}) {
    std::optional<store::Row> next;
    for (const auto channel : {MessageChannel::email, MessageChannel::sms}) {
      if (budget && !budget->allows(channel, proven, now)) continue;
      const auto rows = transaction.query(
          "SELECT id, channel, sealed, status, cut_short, next_at FROM message WHERE status IN "
          "('queued', 'sent') AND channel = $1 AND proven = $2 AND next_at <= $3 ORDER BY next_at, "
          "id LIMIT 1",
          {name_of(channel), proven ? 1 : 0, now});
      if (!rows.empty() && (!next || rows[0].integer(5) < next->integer(5))) next = rows[0];
    }
    if (next) return next;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(MessageChannel channel) {
  return channel == MessageChannel::email ? "email" : "sms";
}

MessageId Outbox::queue(Transaction& transaction, TimeMs now, const NewMessage& message) {
  const auto id = random_.array<16>();
  if (message.by_minute) now = whole_minute(now);
  const auto content = canonical_json({{"destination", message.destination},
                                       {"subject", message.subject},
                                       {"body", message.body},
                                       {"reply_to", message.reply_to}});
  transaction.execute(
      "INSERT INTO message (id, created_at, voter, kind, channel, sealed, status, status_at, "
      "expires_at, next_at, tries, cut_short, by_minute, proven) VALUES ($1, $2, $3, $4, $5, $6, "
      "'queued', $2, $7, $9, 0, 0, $8, $10)",
      {ByteView(id), now, message.voter, message.kind, name_of(message.channel),
       seal(key_, as_bytes(content), id, random_), message.expires_at, message.by_minute ? 1 : 0,
       std::max(now, message.not_before), message.proven ? 1 : 0});
  return id;
}

// Marks the next due message as handed over before it is, so that a kill in between shows.
std::optional<OutgoingMessage> Outbox::claim(TimeMs now, MessageBudget* budget) {
  for (;;) {
    struct Claimed {
      std::optional<OutgoingMessage> message;
      bool more = false;
    };
    const auto claimed = database_.write([&](Transaction& transaction) -> Expected<Claimed> {
      const auto row = next_due(transaction, now, budget);
      if (!row) return Claimed{};
      const Bytes& id = row->blob(0);
      const auto content = open_content(key_, id, row->blob(2));
      const bool cut_short = row->text(3) == "sent";
      const auto times_cut = row->integer(4) + (cut_short ? 1 : 0);
      if (!content || times_cut > 1) {
        transaction.execute(
            "UPDATE message SET status = 'failed', status_at = " + at(2) + " WHERE id = $1",
            {id, now});
        return Claimed{std::nullopt, true};
      }
      transaction.execute("UPDATE message SET status = 'sent', status_at = " + at(2) +
                              ", next_at = " + at(3) +
                              ", cut_short = $4, tries = tries + 1 WHERE id = $1",
                          {id, now, now + limits::message_lease_ms, times_cut});
      return Claimed{
          OutgoingMessage{hex_encode(id), *message_channel(row->text(1)), content->destination,
                          content->subject, content->body, content->reply_to},
          true};
    });
    if (claimed->message || !claimed->more) return claimed->message;
  }
}

void Outbox::settle(const OutgoingMessage& message, Delivery delivery, TimeMs now) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    const Bytes id = *hex_decode(message.id);
    if (delivery == Delivery::later || delivery == Delivery::unreachable) {
      const auto tries =
          transaction.query("SELECT tries FROM message WHERE id = $1", {id})[0].integer(0);
      const TimeMs wait = limits::message_retry_ms << std::min<std::int64_t>(tries - 1, 6);
      transaction.execute("UPDATE message SET status = 'queued', status_at = " + at(2) +
                              ", next_at = " + at(3) + " WHERE id = $1",
                          {id, now, now + wait});
      return {};
    }
    const char* status = delivery == Delivery::accepted    ? "accepted"
                         : delivery == Delivery::delivered ? "delivered"
                                                           : "failed";
    transaction.execute("UPDATE message SET status = $2, status_at = " + at(3) + " WHERE id = $1",
                        {id, status, now});
    return {};
  });
}

void Outbox::deliver(Transport& transport, TimeMs now, MessageBudget* budget) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    transaction.execute("UPDATE message SET status = 'expired', status_at = " + at(1) +
                            " WHERE status IN ('queued', 'sent') AND expires_at <= $1",
                        {now});
    return {};
  });
  while (const auto message = claim(now, budget)) {
    if (budget) budget->take(message->channel);
    Outcome outcome = Delivery::later;
    try {
      outcome = transport.send(*message);
    } catch (const std::exception&) {
      // As when the relay asks to come back later.
    }
    settle(*message, outcome.result, now);
  }
}

void Outbox::purge(TimeMs now) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    transaction.execute(
        "UPDATE message SET sealed = NULL WHERE sealed IS NOT NULL AND status NOT IN ('queued', "
        "'sent') AND status_at <= $1",
        {now - limits::message_kept_ms});
    return {};
  });
}

std::vector<MessageTrace> Outbox::traces_of(Transaction& transaction, std::string_view voter) {
  std::vector<MessageTrace> traces;
  for (const auto& row : transaction.query(
           "SELECT id, created_at, kind, channel, status, status_at, sealed FROM message WHERE "
           "voter = $1 ORDER BY created_at DESC, id",
           {voter})) {
    const auto sealed = row.optional_blob(6);
    const auto content = sealed ? open_content(key_, row.blob(0), *sealed) : std::nullopt;
    traces.push_back({row.integer(1), row.text(2), *message_channel(row.text(3)), row.text(4),
                      row.integer(5), content ? content->destination : ""});
  }
  return traces;
}

std::vector<InboxMessage> Outbox::inbox(std::optional<std::string_view> voter) {
  const auto rows = database_.read([&](Transaction& transaction) -> Expected<store::Rows> {
    const std::string select =
        "SELECT id, created_at, kind, channel, sealed FROM message WHERE status IN ('accepted', "
        "'delivered') AND sealed IS NOT NULL ";
    const std::string order = "ORDER BY created_at DESC, id";
    if (!voter) return transaction.query(select + order);
    return transaction.query(select + "AND voter = $1 " + order, {*voter});
  });
  std::vector<InboxMessage> messages;
  for (const auto& row : *rows) {
    const auto content = open_content(key_, row.blob(0), row.blob(4));
    if (!content) continue;
    messages.push_back({hex_encode(row.blob(0)), row.integer(1), row.text(2),
                        *message_channel(row.text(3)), content->destination, content->subject,
                        content->body, content->reply_to});
  }
  return messages;
}

}  // namespace isoloir

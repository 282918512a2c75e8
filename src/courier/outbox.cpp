#include "courier/outbox.hpp"

#include <algorithm>

#include "base/canonical_json.hpp"
#include "base/limits.hpp"
#include "courier/message_budget.hpp"
#include "courier/place.hpp"

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

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// One of the columns of carriage that count, never what comes from outside.
struct Counter {
  const char* column;
};
constexpr Counter accepted{"accepted"}, delivered{"delivered"}, failed{"failed"},
    unreported{"unreported"}, refused{"refused"}, postponed{"postponed"};

void count(Transaction& transaction, Counter counter, TimeMs at, std::string_view channel,
           std::string_view carrier, std::string_view place, int by = 1) {
  const std::string column = counter.column;
  transaction.execute("INSERT INTO carriage (slot, channel, carrier, place, " + column +
                          ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (slot, channel, carrier, "
                          "place) DO UPDATE SET " +
                          column + " = carriage." + column + " + $5",
                      {at - at % limits::carriage_slot_ms, channel, carrier, place, by});
}

// What a row says of where it goes: the country of a number; of an address a keyed tag of its
// domain, by which those of one domain are counted and nobody reads it.
std::string tag_of(const SymmetricKey& key, MessageChannel channel, std::string_view destination) {
  const auto place = place_of(channel, destination);
  if (channel == MessageChannel::sms) return place;
  return hex_encode(hmac_sha256(key.reveal(), {as_bytes("message domain"), as_bytes(place)}));
}

// A domain that few messages went to may be one person's.
bool is_of_many(Transaction& transaction, std::string_view tag) {
  return transaction
             .query(
                 "SELECT COUNT(*) FROM (SELECT 1 FROM message WHERE place = $1 AND place <> '' "
                 "LIMIT $2)",
                 {tag, limits::place_messages_min})[0]
             .integer(0) >= limits::place_messages_min;
}

std::string counted_place(Transaction& transaction, const SymmetricKey& key,
                          const OutgoingMessage& message) {
  const auto place = place_of(message.channel, message.destination);
  if (message.channel == MessageChannel::sms) return place;
  return is_of_many(transaction, tag_of(key, message.channel, message.destination)) ? place : "";
}

std::vector<Carriage> carriages_of(const store::Rows& rows) {
  std::vector<Carriage> all;
  for (const auto& row : rows) {
    all.push_back({row.integer(0), *message_channel(row.text(1)), row.text(2), row.text(3),
                   row.integer(4), row.integer(5), row.integer(6), row.integer(7), row.integer(8),
                   row.integer(9)});
  }
  return all;
}

// Of what the budget allows and a channel carries: of proven flows first, then by time.
std::optional<store::Row> next_due(Transaction& transaction, TimeMs now, MessageBudget* budget,
                                   const bool (&down)[2]) {
  for (const bool proven : {true, false}) {
    std::optional<store::Row> next;
    for (const auto channel : {MessageChannel::email, MessageChannel::sms}) {
      if (down[static_cast<std::size_t>(channel)]) continue;
      if (budget && !budget->allows(channel, proven, now)) continue;
      const auto rows = transaction.query(
          "SELECT id, channel, sealed, status, cut_short, next_at, carried_by, expires_at FROM "
          "message "
          "WHERE "
          "status IN ('queued', 'sent') AND channel = $1 AND proven = $2 AND next_at <= $3 AND "
          "expires_at > $3 ORDER BY next_at, id LIMIT 1",
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

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::unknown_recipient:
      return "unknown_recipient";
    case Reason::full:
      return "full";
    case Reason::blocked:
      return "blocked";
    case Reason::greylisted:
      return "greylisted";
    case Reason::no_answer:
      return "no_answer";
    case Reason::credentials:
      return "credentials";
    case Reason::no_report:
      return "no_report";
    case Reason::no_route:
      return "no_route";
    case Reason::other:
      break;
  }
  return "other";
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
      "expires_at, next_at, tries, cut_short, by_minute, proven, place) VALUES ($1, $2, $3, $4, "
      "$5, $6, 'queued', $2, $7, $9, 0, 0, $8, $10, $11)",
      {ByteView(id), now, message.voter, message.kind, name_of(message.channel),
       seal(key_, as_bytes(content), id, random_), message.expires_at, message.by_minute ? 1 : 0,
       std::max(now, message.not_before), message.proven ? 1 : 0,
       tag_of(key_, message.channel, message.destination)});
  return id;
}

// Marks the next due message as handed over before it is, so that a kill in between shows.
std::optional<OutgoingMessage> Outbox::claim(TimeMs now, MessageBudget* budget,
                                             const bool (&down)[2]) {
  for (;;) {
    struct Claimed {
      std::optional<OutgoingMessage> message;
      bool more = false;
    };
    const auto claimed = database_.write([&](Transaction& transaction) -> Expected<Claimed> {
      const auto row = next_due(transaction, now, budget, down);
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
                          content->subject, content->body, content->reply_to,
                          words_of(row->text(6)), row->integer(7) - now},
          true};
    });
    if (claimed->message || !claimed->more) return claimed->message;
  }
}

// Put off: twice as long each time, and by chance up to a quarter more, so that what was refused
// together does not come back together. Where nothing could be reached it was no try of the
// message.
void Outbox::settle_later(Transaction& transaction, ByteView id, const SendOutcome& outcome,
                          TimeMs now) {
  const bool its_own = outcome.result == Delivery::later;
  const auto tries =
      transaction.query("SELECT tries FROM message WHERE id = $1", {id})[0].integer(0);
  TimeMs wait = limits::carrier_down_ms;
  if (its_own) {
    wait = limits::message_retry_ms << std::min<std::int64_t>(tries - 1, 6);
    wait += random_.below(static_cast<std::uint32_t>(wait / 4));
  }
  transaction.execute("UPDATE message SET status = 'queued', status_at = " + at(2) +
                          ", next_at = " + at(3) +
                          ", reason = $4, tries = tries - $5 WHERE id = $1 AND status = 'sent'",
                      {id, now, now + wait, name_of(outcome.reason), its_own ? 0 : 1});
}

void Outbox::settle(const OutgoingMessage& message, const SendOutcome& outcome, TimeMs now) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    const Bytes id = *hex_decode(message.id);
    const auto place = counted_place(transaction, key_, message);
    const auto count_it = [&](Counter counter) {
      count(transaction, counter, now, name_of(message.channel), outcome.carrier, place);
    };
    switch (outcome.result) {
      case Delivery::later:
        count_it(postponed);
        [[fallthrough]];
      case Delivery::unreachable:
        settle_later(transaction, id, outcome, now);
        return {};
      case Delivery::refused:
        count_it(refused);
        transaction.execute("UPDATE message SET status = 'failed', status_at = " + at(2) +
                                ", carrier = $3, reason = $4 WHERE id = $1 AND status = 'sent'",
                            {id, now, outcome.carrier, name_of(outcome.reason)});
        return {};
      case Delivery::accepted:
      case Delivery::delivered:
        break;
    }
    count_it(accepted);
    // A report may have come before the carrier's own answer: what it says stays.
    transaction.execute("UPDATE message SET accepted_at = " + at(2) +
                            ", carrier = $3, counted = $4, carried_by = carried_by || $3 || ' ' "
                            "WHERE id = $1",
                        {id, now, outcome.carrier, place});
    transaction.execute("UPDATE message SET status = 'accepted', status_at = " + at(2) +
                            ", reason = '' WHERE id = $1 AND status = 'sent'",
                        {id, now});
    if (outcome.result == Delivery::delivered) {
      count_it(delivered);
      transaction.execute("UPDATE message SET status = 'delivered', delivered_at = " + at(2) +
                              " WHERE id = $1 AND status = 'accepted'",
                          {id, now});
    }
    return {};
  });
}

// Without a write while there is nothing to do: workers ask every second. Each of the two by an
// index of its own (message_due, whose columns are all named for it, and message_expiry): a long
// queue must not make each of its messages slower.
Outbox::Due Outbox::due(TimeMs now, std::optional<MessageChannel> only) {
  const auto channels = only ? "'" + std::string(name_of(*only)) + "'" : "'email', 'sms'";
  return *database_.read([&](Transaction& transaction) -> Expected<Due> {
    const auto any = [&](std::string_view condition) {
      return !transaction
                  .query("SELECT 1 FROM message WHERE status IN ('queued', 'sent') AND " +
                             std::string(condition) + " LIMIT 1",
                         {now})
                  .empty();
    };
    return Due{any("channel IN (" + channels + ") AND proven IN (0, 1) AND next_at <= $1"),
               any("expires_at <= $1")};
  });
}

std::size_t Outbox::deliver(Transport& transport, TimeMs now, MessageBudget* budget,
                            std::size_t most, std::optional<MessageChannel> only) {
  const auto there = due(now, only);
  if (there.expired) {
    (void)database_.write([&](Transaction& transaction) -> Status {
      transaction.execute("UPDATE message SET status = 'expired', status_at = " + at(1) +
                              " WHERE status IN ('queued', 'sent') AND expires_at <= $1",
                          {now});
      return {};
    });
  }
  if (!there.messages) return 0;
  bool down[2] = {only == MessageChannel::sms, only == MessageChannel::email};
  std::size_t left = 0;
  while (left < most) {
    const auto message = claim(now, budget, down);
    if (!message) break;
    SendOutcome outcome = Delivery::later;
    try {
      outcome = transport.send(*message);
    } catch (const std::exception&) {
      // As when the relay asks to come back later.
    }
    settle(*message, outcome, now);
    if (outcome.result == Delivery::unreachable) {
      down[static_cast<std::size_t>(message->channel)] = true;
      continue;
    }
    if (budget) budget->take(message->channel);
    ++left;
  }
  return left;
}

void Outbox::take_up(TimeMs now) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    transaction.execute("UPDATE message SET next_at = $1 WHERE status = 'sent' AND next_at > $1",
                        {now});
    return {};
  });
}

// ---- What is heard afterwards

bool Outbox::report(const DeliveryReport& report, TimeMs now, const Elsewhere& elsewhere) {
  using State = DeliveryReport::State;
  return *database_.write([&](Transaction& transaction) -> Expected<bool> {
    const ByteView id(report.message);
    const auto rows = transaction.query(
        "SELECT status, channel, carrier, counted, accepted_at, reason, expires_at, sealed, "
        "carried_by FROM message WHERE id = $1",
        {id});
    if (rows.empty()) return false;
    const auto& row = rows[0];
    const std::string& status = row.text(0);
    const auto carrier = report.carrier.empty() ? row.text(2) : report.carrier;
    const bool last_word = carrier == row.text(2) || row.text(2).empty();
    const bool open = status == "sent" || status == "accepted";
    const auto count_it = [&](Counter counter, int by = 1) {
      count(transaction, counter, row.optional_integer(4).value_or(now), row.text(1), carrier,
            row.text(3), by);
    };
    if (report.state == State::delayed) {
      transaction.execute("UPDATE message SET reason = $2 WHERE id = $1 AND status = 'accepted'",
                          {id, name_of(report.reason)});
      return true;
    }
    if (report.state == State::delivered) {
      if (!open && status != "queued" && status != "failed") return true;
      count_it(delivered);
      if (last_word && status == "failed") count_it(failed, -1);
      if (last_word && row.text(5) == name_of(Reason::no_report)) count_it(unreported, -1);
      transaction.execute("UPDATE message SET status = 'delivered', reason = '', status_at = " +
                              at(2) + ", delivered_at = " + at(2) + " WHERE id = $1",
                          {id, now});
      return true;
    }
    if (!open && !(status == "queued" && !last_word)) return true;
    count_it(failed);
    if (!last_word || status == "queued") return true;
    const auto sealed = row.optional_blob(7);
    const auto content = sealed ? open_content(key_, id, *sealed) : std::nullopt;
    // Before the carrier's own answer is written down it is not known to have had the message, and
    // the worker that gave it away still holds it.
    const bool early = status == "sent";
    const auto carried_by = row.text(8) + (early ? carrier + " " : "");
    const bool again = content && report.reason != Reason::unknown_recipient &&
                       row.integer(6) > now &&
                       elsewhere({hex_encode(id), *message_channel(row.text(1)),
                                  content->destination, "", "", "", words_of(carried_by)});
    transaction.execute(
        "UPDATE message SET status = $2, reason = $3, carried_by = $5, status_at = " + at(4) +
            ", next_at = " + at(6) + " WHERE id = $1",
        {id, again ? "queued" : "failed", name_of(report.reason), now, carried_by,
         early ? now + limits::carrier_down_ms : now});
    return true;
  });
}

void Outbox::follow_up(const std::vector<std::string>& carriers, TimeMs accepted_until, TimeMs now,
                       const Elsewhere& elsewhere) {
  for (const auto& carrier : carriers) {
    const auto rows = *database_.read([&](Transaction& transaction) -> Expected<store::Rows> {
      return transaction.query(
          "SELECT id FROM message WHERE channel = 'sms' AND status = 'accepted' AND reason = '' "
          "AND accepted_at <= $1 AND carrier = $2 ORDER BY accepted_at LIMIT 1000",
          {accepted_until, carrier});
    });
    for (const auto& found : rows) {
      (void)database_.write([&](Transaction& transaction) -> Status {
        const auto row = transaction.query(
            "SELECT sealed, carried_by, expires_at, accepted_at, counted FROM message WHERE id = "
            "$1 AND status = 'accepted' AND reason = ''",
            {found.blob(0)});
        if (row.empty()) return {};  // a report has come meanwhile
        const auto sealed = row[0].optional_blob(0);
        const auto content = sealed ? open_content(key_, found.blob(0), *sealed) : std::nullopt;
        const bool again = content && row[0].integer(2) > now &&
                           elsewhere({hex_encode(found.blob(0)), MessageChannel::sms,
                                      content->destination, "", "", "", words_of(row[0].text(1))});
        count(transaction, unreported, row[0].integer(3), "sms", carrier, row[0].text(4));
        transaction.execute("UPDATE message SET status = $2, reason = 'no_report', status_at = " +
                                at(3) + ", next_at = " + at(3) + " WHERE id = $1",
                            {found.blob(0), again ? "queued" : "accepted", now});
        return {};
      });
    }
  }
}

void Outbox::supersede(Transaction& transaction, ByteView id, TimeMs now) {
  transaction.execute("UPDATE message SET superseded_at = " + at(2) + " WHERE id = $1", {id, now});
  transaction.execute("UPDATE message SET status = 'superseded', status_at = " + at(2) +
                          " WHERE id = $1 AND status IN ('queued', 'sent')",
                      {id, now});
}

void Outbox::purge(TimeMs now) {
  (void)database_.write([&](Transaction& transaction) -> Status {
    const auto ended =
        "sealed IS NOT NULL AND status NOT IN ('queued', 'sent') AND status_at <= $1";
    const auto until = now - limits::message_kept_ms;
    for (const auto& row :
         transaction.query("SELECT DISTINCT place FROM message WHERE place <> '' AND channel = "
                           "'email' AND " +
                               std::string(ended),
                           {until})) {
      if (is_of_many(transaction, row.text(0))) continue;
      transaction.execute(
          "UPDATE message SET place = '' WHERE place = $2 AND " + std::string(ended),
          {until, row.text(0)});
    }
    transaction.execute("UPDATE message SET sealed = NULL WHERE " + std::string(ended), {until});
    return {};
  });
}

std::vector<Carriage> Outbox::carriages(TimeMs since) {
  const auto rows = *database_.read([&](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query(
        "SELECT slot, channel, carrier, place, accepted, delivered, failed, unreported, refused, "
        "postponed FROM carriage WHERE slot >= $1 ORDER BY slot, channel, carrier, place",
        {since - since % limits::carriage_slot_ms});
  });
  return carriages_of(rows);
}

std::vector<Carriage> Outbox::carried() {
  const auto rows = *database_.read([&](Transaction& transaction) -> Expected<store::Rows> {
    std::string sums;
    for (const auto* column :
         {"accepted", "delivered", "failed", "unreported", "refused", "postponed"}) {
      sums += std::string(", CAST(SUM(") + column + ") AS BIGINT)";
    }
    return transaction.query(
        "SELECT 0, channel, carrier, CASE WHEN channel = 'sms' THEN place ELSE '' END AS country" +
        sums +
        " FROM carriage GROUP BY channel, carrier, country ORDER BY channel, carrier, "
        "country");
  });
  return carriages_of(rows);
}

std::vector<Waiting> Outbox::waiting(TimeMs now) {
  return *database_.read([&](Transaction& transaction) -> Expected<std::vector<Waiting>> {
    std::vector<Waiting> all;
    for (const auto channel : {MessageChannel::email, MessageChannel::sms}) {
      const auto queued = transaction.query(
          "SELECT COUNT(*), MIN(CASE WHEN next_at <= $2 THEN created_at END) FROM message WHERE "
          "status IN ('queued', 'sent') AND channel = $1",
          {name_of(channel), now});
      const auto silent = transaction.query(
          "SELECT COUNT(*), MIN(accepted_at) FROM message WHERE status = 'accepted' AND reason = "
          "'' AND channel = $1",
          {name_of(channel)});
      all.push_back({channel, queued[0].integer(0), queued[0].optional_integer(1),
                     silent[0].integer(0), silent[0].optional_integer(1)});
    }
    return all;
  });
}

namespace {

constexpr std::string_view trace_columns =
    "SELECT id, created_at, kind, channel, status, status_at, sealed, carrier, reason, "
    "accepted_at, delivered_at, superseded_at FROM message ";

MessageTrace read_trace(const store::Row& row) {
  MessageId id{};
  std::copy(row.blob(0).begin(), row.blob(0).end(), id.begin());
  return {row.integer(1),
          row.text(2),
          *message_channel(row.text(3)),
          row.text(4),
          row.integer(5),
          "",
          row.text(7),
          row.text(8),
          row.optional_integer(9),
          row.optional_integer(10),
          row.optional_integer(11),
          id,
          std::nullopt};
}

}  // namespace

std::optional<MessageTrace> Outbox::trace_of(Transaction& transaction, ByteView id) {
  const auto rows = transaction.query(std::string(trace_columns) + "WHERE id = $1", {id});
  return rows.empty() ? std::nullopt : std::optional(read_trace(rows[0]));
}

std::vector<MessageTrace> Outbox::traces_of(Transaction& transaction, std::string_view voter) {
  std::vector<MessageTrace> traces;
  for (const auto& row : transaction.query(
           std::string(trace_columns) + "WHERE voter = $1 ORDER BY created_at DESC, id", {voter})) {
    const auto sealed = row.optional_blob(6);
    const auto content = sealed ? open_content(key_, row.blob(0), *sealed) : std::nullopt;
    traces.push_back(read_trace(row));
    if (content) traces.back().destination = content->destination;
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

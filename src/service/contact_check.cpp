#include "service/contact_check.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "reissue/destination.hpp"
#include "reissue/token.hpp"
#include "service/journal.hpp"
#include "service/reissue.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;

constexpr std::array<std::string_view, 2> answer_names = {"confirmed", "not_mine"};
constexpr TimeMs links_kept_ms = day_ms;  // an organiser may put the end off
constexpr std::int64_t links_wiped_at_once = 10'000;
constexpr std::int64_t voters_at_once = 1000;

// The column of voter that says when her turn came; never what comes from outside.
std::string turn_column(MessageChannel channel) {
  return channel == MessageChannel::email ? "email_checked_at" : "phone_checked_at";
}

// Voter v, what is known of her by channel $1, its message m: where the check stands with her. Who
// is on the roll of no contest has nothing to be reached for.
std::string standing_rows(MessageChannel channel) {
  return " FROM voter v LEFT JOIN contact c ON c.voter = v.id AND c.channel = $1 LEFT JOIN message "
         "m ON m.id = c.message AND v." +
         turn_column(channel) +
         " IS NOT NULL WHERE EXISTS (SELECT 1 FROM voter_contest x WHERE x.voter = v.id)";
}
std::string standing_state(MessageChannel channel) {
  return "CASE WHEN c.answer IS NOT NULL THEN c.answer WHEN v." + turn_column(channel) +
         " IS NULL OR m.status IN ('queued', 'sent') THEN 'waiting' WHEN c.message IS NULL THEN "
         "'no_destination' WHEN m.status = 'accepted' THEN 'sent' WHEN m.status = 'delivered' THEN "
         "'delivered' ELSE 'failed' END";
}

// The string on file, as it stands (requirement 36); a telephone in international form. Empty:
// there is none that a message could go to.
std::string destination_of(const store::Row& voter, MessageChannel channel) {
  if (channel == MessageChannel::email) return voter.text(0);
  const auto phone = reissue::judge_phone(voter.text(1), {});
  return phone ? phone->destination.address : "";
}

TimeMs end_of(Transaction& transaction, const ContactPolicy& policy) {
  const auto hours = transaction.query("SELECT opens_at FROM hours WHERE id = 1");
  return std::min(policy.until, hours[0].integer(0));
}

std::optional<TimeMs> paused_in(Transaction& transaction) {
  const auto rows = transaction.query("SELECT at FROM contact_pause LIMIT 1");
  return rows.empty() ? std::nullopt : std::optional(rows[0].integer(0));
}

// Of each channel together with what others ask for: nobody who asks for a link waits behind all of
// them.
bool queue_is_long(Transaction& transaction, MessageChannel channel, TimeMs now) {
  const std::int64_t many{limits::invitations_per_beat};
  return transaction
             .query(
                 "SELECT COUNT(*) FROM (SELECT 1 FROM message WHERE channel = $3 AND proven = 0 "
                 "AND "
                 "status IN ('queued', 'sent') AND next_at <= $2 LIMIT $1)",
                 {many, now, name_of(channel)})[0]
             .integer(0) == many;
}

// A voter's link, and its message but for where it goes.
struct ContactLetter {
  std::string voter;
  Token token;
  std::string subject;
  std::string body;
};

// The standing rows of those to whom another message would go.
std::string resend_rows(MessageChannel channel, bool undelivered) {
  const std::string failed =
      "(m.status NOT IN ('accepted', 'delivered') OR m.reason = 'no_report')";
  return standing_rows(channel) + " AND c.answer IS NULL AND m.status NOT IN ('queued', 'sent')" +
         (undelivered ? " AND " + failed : "");
}

}  // namespace

std::string_view name_of(ContactAnswer answer) {
  return answer_names.at(static_cast<std::size_t>(answer));
}

std::optional<ContactAnswer> contact_answer(std::string_view name) {
  const auto* found = std::find(answer_names.begin(), answer_names.end(), name);
  if (found == answer_names.end()) return std::nullopt;
  return static_cast<ContactAnswer>(found - answer_names.begin());
}

// ---- Messages

std::vector<MessageChannel> ContactCheck::channels() const {
  std::vector<MessageChannel> all;
  if (policy_.email) all.push_back(MessageChannel::email);
  if (policy_.sms) all.push_back(MessageChannel::sms);
  return all;
}

// In both languages where they fit, as nobody knows hers.
std::string ContactCheck::sms_body(const std::string& link) const {
  const auto french = texts_->text("message.contact_sms", "fr", Json::object());
  const auto english = texts_->text("message.contact_sms", "en", Json::object());
  auto both = french + " / " + english + ", " + link;
  return fits_one_sms(both) ? std::move(both) : french + ", " + link;
}

Status ContactCheck::check_texts() const {
  const auto link = state_.manifest().origin + "/contact#" + std::string(43, 'A');
  if (!policy_.sms || !texts_ || fits_one_sms(sms_body(link))) return {};
  return fail("message.too_long",
              "message.contact_sms (fr) with its link is no single text message");
}

void ContactCheck::work() {
  const TimeMs over = end();
  if (state_.now() >= over + links_kept_ms) {
    const bool any = *state_.database().read([](Transaction& t) -> Expected<bool> {
      return !t.query("SELECT 1 FROM contact_link LIMIT 1").empty();
    });
    if (!any) return;
    (void)state_.database().write([](Transaction& t) -> Status {
      t.execute(
          "DELETE FROM contact_link WHERE token_mac IN (SELECT token_mac FROM contact_link LIMIT "
          "$1)",
          {links_wiped_at_once});
      return {};
    });
    return;
  }
  if (!texts_ || state_.now() < policy_.from || state_.now() >= over) return;
  for (const auto channel : channels()) send_next(channel);
}

void ContactCheck::send_next(MessageChannel channel) {
  const auto next = *state_.database().read([&](Transaction& transaction) -> Expected<store::Rows> {
    if (paused_in(transaction) || queue_is_long(transaction, channel, state_.now())) {
      return store::Rows();
    }
    return transaction.query(
        "SELECT id, (SELECT opens_at FROM hours WHERE id = 1) FROM voter v WHERE " +
            turn_column(channel) +
            " IS NULL AND EXISTS (SELECT 1 FROM voter_contest x WHERE x.voter = v.id) ORDER BY id "
            "LIMIT $1",
        {std::int64_t{limits::invitations_per_beat}});
  });
  // Outside the transaction: the words of two hundred mails take a tenth of a second.
  std::vector<ContactLetter> letters;
  for (const auto& row : next) {
    ContactLetter letter{row.text(0), Token::generate(state_.random()), "", ""};
    const auto& origin = state_.manifest().origin;
    const auto link = origin + "/contact#" + letter.token.text();
    if (channel == MessageChannel::sms) {
      letter.body = sms_body(link);
    } else {
      const Json values = {{"link", link}, {"portal", origin}, {"opens_at", row.integer(1)}};
      letter.subject = texts_->text("message.contact_subject", "fr", Json::object());
      letter.body = texts_->text("message.contact_body", "fr", values) + "\n\n———\n\n" +
                    texts_->text("message.contact_body", "en", values);
    }
    letters.push_back(std::move(letter));
  }
  if (letters.empty()) return;
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const TimeMs now = flows::steady_now(state_, transaction);
    const TimeMs over = end_of(transaction, policy_);
    if (paused_in(transaction) || now >= over) return {};
    std::int64_t sent = 0;
    for (const auto& letter : letters) {
      // Read here: a correction of the roll, or an answer, may have come since.
      const auto row = transaction.query(
          "SELECT email, phone, " + turn_column(channel) +
              ", (SELECT answer FROM contact WHERE voter = $1 AND channel = $2) FROM voter WHERE "
              "id = $1",
          {letter.voter, name_of(channel)})[0];
      if (!row.is_null(2)) continue;
      transaction.execute("UPDATE voter SET " + turn_column(channel) + " = $2 WHERE id = $1",
                          {letter.voter, now});
      if (!row.is_null(3)) continue;
      const auto destination = destination_of(row, channel);
      store::Value id;
      if (!destination.empty()) {
        NewMessage message{letter.voter,   "contact-check", channel, destination,
                           letter.subject, letter.body,     over};
        message.proven = false;
        id = ByteView(outbox_of(state_).queue(transaction, now, message));
        transaction.execute(
            "INSERT INTO contact_link (token_mac, voter, channel) VALUES ($1, $2, $3)",
            {ByteView(token_mac(state_, TokenPurpose::contact, letter.token)), letter.voter,
             name_of(channel)});
        ++sent;
      }
      transaction.execute(
          "INSERT INTO contact (voter, channel, at, message) VALUES ($1, $2, $3, $4) ON CONFLICT "
          "(voter, channel) DO UPDATE SET at = $3, message = $4",
          {letter.voter, name_of(channel), now, id});
    }
    if (sent > 0) {
      journal(
          transaction, now,
          {{"step", "contact messages queued"}, {"channel", name_of(channel)}, {"voters", sent}});
    }
    return {};
  });
}

// ---- The link

ContactHeard ContactCheck::hear(std::string_view text, ContactAnswer answer) {
  using Kind = ContactHeard::Kind;
  struct Found {
    ContactHeard heard;
    std::string voter;  // whose answer is to be written down
    TimeMs before = 0;  // of the answer whose place it takes
  };
  const auto token = Token::parse(text);
  const auto look_up = [&](Transaction& transaction) -> Found {
    const TimeMs over = end_of(transaction, policy_);
    if (flows::steady_now(state_, transaction) >= over) return {{Kind::over, {}, over}, ""};
    const auto rows =
        token ? transaction.query(
                    "SELECT l.voter, l.channel, c.answer, c.answered_at FROM contact_link l LEFT "
                    "JOIN contact c ON c.voter = l.voter AND c.channel = l.channel WHERE "
                    "l.token_mac = $1",
                    {ByteView(token_mac(state_, TokenPurpose::contact, *token))})
              : store::Rows();
    if (rows.empty()) return {};
    if (rows[0].is_null(0)) return {{Kind::moved, {}, 0}, ""};
    const auto channel = rows[0].text(1) == name_of(MessageChannel::sms) ? MessageChannel::sms
                                                                         : MessageChannel::email;
    if (rows[0].optional_text(2) == name_of(answer)) {
      return {{Kind::heard, channel, rows[0].integer(3)}, ""};
    }
    return {{Kind::heard, channel, 0}, rows[0].text(0), rows[0].optional_integer(3).value_or(0)};
  };
  // Without a write where there is nothing to write: made-up tokens do not queue for the writer.
  auto found = *state_.database().read(
      [&](Transaction& transaction) -> Expected<Found> { return look_up(transaction); });
  if (found.voter.empty()) return found.heard;
  return *state_.database().write([&](Transaction& transaction) -> Expected<ContactHeard> {
    found = look_up(transaction);
    if (found.voter.empty()) return found.heard;
    found.heard.at = flows::steady_now(state_, transaction);
    const auto channel = name_of(found.heard.channel);
    transaction.execute(
        "UPDATE contact SET answer = $3, answered_at = $4 WHERE voter = $1 AND channel = $2",
        {found.voter, channel, name_of(answer), found.heard.at});
    // A row a minute: whoever has a link may change the answer as often as they like.
    if (found.before == 0 || found.heard.at >= found.before + minute_ms) {
      flows::note(state_, transaction, found.heard.at,
                  answer == ContactAnswer::confirmed ? "contact confirmed" : "contact not hers",
                  found.voter, {{"channel", channel}});
    }
    return found.heard;
  });
}

// ---- The organiser

TimeMs ContactCheck::end() {
  return *state_.database().read(
      [&](Transaction& t) -> Expected<TimeMs> { return end_of(t, policy_); });
}

std::optional<TimeMs> ContactCheck::paused_since() {
  return *state_.database().read(
      [](Transaction& t) -> Expected<std::optional<TimeMs>> { return paused_in(t); });
}

void ContactCheck::pause() {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    if (paused_in(transaction)) return {};
    const TimeMs now = flows::steady_now(state_, transaction);
    transaction.execute("INSERT INTO contact_pause (at) VALUES ($1)", {now});
    journal(transaction, now, {{"step", "contact check paused"}});
    return {};
  });
}

void ContactCheck::resume() {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    if (!paused_in(transaction)) return {};
    transaction.execute("DELETE FROM contact_pause");
    journal(transaction, flows::steady_now(state_, transaction),
            {{"step", "contact check resumed"}});
    return {};
  });
}

std::vector<ContactCount> ContactCheck::count() {
  return *state_.database().read(
      [&](Transaction& transaction) -> Expected<std::vector<ContactCount>> {
        std::vector<ContactCount> counts;
        for (const auto channel : channels()) {
          ContactCount one;
          one.channel = channel;
          const std::pair<std::string_view, std::int64_t*> places[] = {
              {"waiting", &one.waiting},
              {"sent", &one.sent},
              {"delivered", &one.delivered},
              {"failed", &one.failed},
              {"confirmed", &one.confirmed},
              {"not_mine", &one.not_mine},
              {"no_destination", &one.no_destination}};
          for (const auto& row :
               transaction.query("SELECT " + standing_state(channel) + " AS state, COUNT(*)" +
                                     standing_rows(channel) + " GROUP BY state",
                                 {name_of(channel)})) {
            one.voters += row.integer(1);
            for (const auto& [state, number] : places) {
              if (row.text(0) == state) *number = row.integer(1);
            }
          }
          counts.push_back(one);
        }
        return counts;
      });
}

void ContactCheck::each_gap(const std::function<void(const ContactGap&)>& tell) {
  for (const auto channel : channels()) {
    for (std::string after;;) {
      const auto rows =
          *state_.database().read([&](Transaction& transaction) -> Expected<store::Rows> {
            return transaction.query(
                "SELECT v.id, " + standing_state(channel) +
                    ", CASE WHEN c.answer IS NOT NULL THEN '' WHEN m.status = 'expired' THEN "
                    "'expired' ELSE COALESCE(m.reason, '') END, CASE WHEN c.answer IS NOT NULL "
                    "THEN c.answered_at WHEN v." +
                    turn_column(channel) + " IS NULL THEN 0 ELSE COALESCE(m.status_at, c.at) END" +
                    standing_rows(channel) +
                    " AND v.id > $2 AND (c.answer IS NULL OR c.answer <> 'confirmed') ORDER BY "
                    "v.id LIMIT $3",
                {name_of(channel), after, voters_at_once});
          });
      if (rows.empty()) break;
      for (const auto& row : rows) {
        tell({row.text(0), channel, row.text(1), row.text(2), row.integer(3)});
      }
      after = rows[rows.size() - 1].text(0);
    }
  }
}

std::int64_t ContactCheck::to_resend(MessageChannel channel, bool undelivered) {
  return *state_.database().read([&](Transaction& transaction) -> Expected<std::int64_t> {
    return transaction
        .query("SELECT COUNT(*)" + resend_rows(channel, undelivered), {name_of(channel)})[0]
        .integer(0);
  });
}

Expected<std::int64_t> ContactCheck::resend(MessageChannel channel, bool undelivered) {
  std::int64_t voters = 0;
  // A part at a time, because others write meanwhile. By identifier, each once: the server sends
  // meanwhile, and who has had her message since would be due for another.
  std::string after;
  for (std::size_t part = 1; part > 0;) {
    std::string last;
    const auto done =
        state_.database().write([&](Transaction& transaction) -> Expected<std::size_t> {
          const TimeMs now = flows::steady_now(state_, transaction);
          if (now < policy_.from || now >= end_of(transaction, policy_)) {
            return fail("contact.hours", "the contact check has not begun, or is over");
          }
          const auto rows = transaction.query("SELECT v.id" + resend_rows(channel, undelivered) +
                                                  " AND v.id > $3 ORDER BY v.id LIMIT $2",
                                              {name_of(channel), voters_at_once, after});
          for (const auto& row : rows) {
            transaction.execute(
                "UPDATE voter SET " + turn_column(channel) + " = NULL WHERE id = $1",
                {row.text(0)});
          }
          if (!rows.empty()) {
            journal(transaction, now,
                    {{"step", "contact messages again"},
                     {"channel", name_of(channel)},
                     {"undelivered", undelivered},
                     {"voters", rows.size()}});
            last = rows[rows.size() - 1].text(0);
          }
          return rows.size();
        });
    if (!done) return fail(done.error());
    part = *done;
    after = std::move(last);
    voters += static_cast<std::int64_t>(part);
  }
  return voters;
}

// ---- Beside it

void restart_contact_check(Transaction& transaction, const std::string& voter,
                           MessageChannel channel, TimeMs now) {
  for (const auto& row : transaction.query(
           "SELECT message FROM contact WHERE voter = $1 AND channel = $2 AND message IS NOT NULL",
           {voter, name_of(channel)})) {
    Outbox::supersede(transaction, row.blob(0), now);
  }
  transaction.execute("DELETE FROM contact WHERE voter = $1 AND channel = $2",
                      {voter, name_of(channel)});
  transaction.execute("UPDATE contact_link SET voter = NULL WHERE voter = $1 AND channel = $2",
                      {voter, name_of(channel)});
  transaction.execute("UPDATE voter SET " + turn_column(channel) + " = NULL WHERE id = $1",
                      {voter});
}

std::vector<ContactTrace> contact_traces(Transaction& transaction, const std::string& voter) {
  std::vector<ContactTrace> traces;
  for (const auto& row : transaction.query(
           "SELECT channel, answer, COALESCE(answered_at, at), message FROM contact WHERE voter = "
           "$1 ORDER BY channel",
           {voter})) {
    traces.push_back(
        {row.text(0) == name_of(MessageChannel::sms) ? MessageChannel::sms : MessageChannel::email,
         contact_answer(row.optional_text(1).value_or("")), row.integer(2), !row.is_null(3)});
  }
  return traces;
}

}  // namespace isoloir

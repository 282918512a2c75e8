#include "service/confirmation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "service/reissue.hpp"
#include "service/reissue_flow.hpp"
#include "service/voting.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view hidden = "•••";

// The bytes of the character that begins a text in UTF-8.
std::string_view first_character(std::string_view text) {
  std::size_t size = std::min<std::size_t>(text.size(), 1);
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  return text.substr(0, size);
}

std::string contest_name(const State& state, std::uint32_t contest, std::string_view language) {
  const auto& name = state.manifest().contests[contest].name;
  return language == "en" ? name.en : name.fr;
}

ByteArray<32> attempt_key(const State& state, const std::string& voter, std::uint32_t contest) {
  return flows::attempt_key(state, "confirmation code", voter + "\n" + std::to_string(contest));
}

// Failed, or nothing shows that it arrived, or it has not even left.
bool did_not_get_through(const MessageTrace& message, TimeMs now) {
  if (message.status == "failed") return true;
  if (message.status == "accepted") return message.reason == name_of(Reason::no_report);
  return (message.status == "queued" || message.status == "sent") &&
         now >= message.created_at + limits::message_stuck_ms;
}

Status refused(std::string_view code, std::string why) {
  return fail(code, std::move(why), code);
}

}  // namespace

struct Confirmations::Address {
  MessageChannel channel = MessageChannel::email;
  std::string to;
  std::string masked;
};

std::string masked_email(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(hidden);
  const auto domain = address.substr(at + 1);
  const auto dot = domain.rfind('.');
  const auto end = dot == std::string_view::npos ? std::string_view() : domain.substr(dot);
  return fmt::format("{}{}@{}{}{}", first_character(address.substr(0, at)), hidden,
                     first_character(domain), hidden, end);
}

std::string masked_phone(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  return fmt::format("{} {}", hidden, digits.size() > 2 ? digits.substr(digits.size() - 2) : "");
}

// The strings on file, as they stand (requirement 36); a telephone in international form.
std::vector<Confirmations::Address> Confirmations::addresses_of(Transaction& transaction,
                                                                const std::string& voter) const {
  const auto row = transaction.query("SELECT email, phone FROM voter WHERE id = $1", {voter})[0];
  std::vector<Address> all;
  if (const auto& email = row.text(0); !email.empty()) {
    all.push_back({MessageChannel::email, email, masked_email(email)});
  }
  if (const auto phone = reissue::judge_phone(row.text(1), {})) {
    const auto& number = phone->destination.address;
    all.push_back({MessageChannel::sms, number, masked_phone(number)});
  }
  return all;
}

std::optional<MessageTrace> Confirmations::newest_message(Transaction& transaction,
                                                          const std::string& voter,
                                                          std::uint32_t contest) const {
  const auto rows = transaction.query(
      "SELECT message FROM confirmation WHERE voter = $1 AND contest = $2 AND newest = 1 AND "
      "message IS NOT NULL",
      {voter, contest});
  return rows.empty() ? std::nullopt : Outbox::trace_of(transaction, rows[0].blob(0));
}

std::optional<Confirmations::Address> Confirmations::address_for(Transaction& transaction,
                                                                 const std::string& voter,
                                                                 std::uint32_t contest,
                                                                 TimeMs now) const {
  const auto all = addresses_of(transaction, voter);
  if (all.empty()) return std::nullopt;
  const auto last =
      policy_.other_channel ? newest_message(transaction, voter, contest) : std::nullopt;
  for (const auto& address : all) {
    if (last && (address.channel == last->channel) != did_not_get_through(*last, now))
      return address;
  }
  return all[0];
}

ByteArray<32> Confirmations::mac_of(const std::string& voter, std::uint32_t contest,
                                    std::string_view code) const {
  Bytes number;
  append_u32(number, contest);
  return state_.peppered("confirmation code", {as_bytes(voter), number, as_bytes(code)});
}

TimeMs Confirmations::another_at(Transaction& transaction, const std::string& voter,
                                 std::uint32_t contest, TimeMs now) const {
  const auto earlier = flows::attempts(transaction, attempt_key(state_, voter, contest), now);
  return reissue::retry_at(earlier, policy_.resend, now).value_or(now);
}

// Nobody can validate anything once the grace is over.
TimeMs Confirmations::expires(Transaction& transaction, TimeMs now) const {
  return std::min(whole_minute(now) + policy_.life_ms, grace_end(state_, transaction));
}

void Confirmations::send(Transaction& transaction, const std::string& voter, std::uint32_t contest,
                         const Address& address, std::string_view language, TimeMs now) {
  std::uint32_t codes = 1;
  for (std::uint32_t i = 0; i < policy_.digits; ++i) codes *= 10;
  const auto code = fmt::format("{:0{}}", state_.random().below(codes), policy_.digits);
  const TimeMs minute = whole_minute(now);
  const TimeMs expires_at = expires(transaction, now);
  // Never earlier than the request: rounded up, so that the wait is never too short.
  transaction.execute("INSERT INTO attempt (id, key, at) VALUES ($1, $2, $3)",
                      {state_.random().bytes(16), ByteView(attempt_key(state_, voter, contest)),
                       reissue::next_full_minute(now)});
  const Json values = {{"code", code},
                       {"contest", contest_name(state_, contest, language)},
                       {"expires_at", expires_at},
                       {"minutes", (expires_at - minute) / minute_ms}};
  NewMessage message{voter, "confirmation-code", address.channel, address.to, "", "", expires_at};
  message.by_minute = true;
  if (address.channel == MessageChannel::sms) {
    message.body = texts_.text("message.confirmation_sms", language, values);
  } else {
    message.subject = texts_.text("message.confirmation_subject", language, Json::object());
    message.body = texts_.text("message.confirmation_body", language, values);
  }
  const auto id = outbox_of(state_).queue(transaction, minute, message);
  transaction.execute("UPDATE confirmation SET newest = 0 WHERE voter = $1 AND contest = $2",
                      {voter, contest});
  // The same digits may have been drawn before.
  transaction.execute(
      "INSERT INTO confirmation (voter, contest, code_mac, state, expires_at, tries, message, "
      "language, newest) VALUES ($1, $2, $3, 'sent', $4, 0, $5, $6, 1) ON CONFLICT (voter, "
      "contest, code_mac) DO UPDATE SET state = 'sent', expires_at = $4, tries = 0, wrong_mac = "
      "NULL, message = $5, language = $6, newest = 1",
      {voter, contest, ByteView(mac_of(voter, contest, code)), expires_at, ByteView(id), language});
  flows::note(state_, transaction, minute, "confirmation code sent", voter,
              {{"channel", name_of(address.channel)}, {"contest", contest}});
}

Expected<ConfirmationSent> Confirmations::ask(const Session& session, std::uint32_t contest,
                                              bool another, std::string_view language) {
  ISOLOIR_ASSERT(session.voter.has_value());
  const std::string& voter = *session.voter;
  return state_.database().write([&](Transaction& transaction) -> Expected<ConfirmationSent> {
    if (const auto allowed = may_cast(state_, transaction, session, contest); !allowed) {
      return fail(allowed.error());
    }
    const TimeMs now = flows::steady_now(state_, transaction);
    const auto before = standing(transaction, voter, contest, now);
    const bool good = before.kind == ConfirmationSent::Kind::sent;
    if (before.kind == ConfirmationSent::Kind::no_address || (good && !another) ||
        before.another_at > now) {
      return before;
    }
    const auto address = address_for(transaction, voter, contest, now);
    send(transaction, voter, contest, *address, language, now);
    auto sent = standing(transaction, voter, contest, now);
    sent.fresh = true;
    return sent;
  });
}

Expected<ConfirmationSent> Confirmations::news(const Session& session, std::uint32_t contest) {
  ISOLOIR_ASSERT(session.voter.has_value());
  return state_.database().read([&](Transaction& transaction) -> Expected<ConfirmationSent> {
    if (const auto allowed = may_cast(state_, transaction, session, contest); !allowed) {
      return fail(allowed.error());
    }
    return standing(transaction, *session.voter, contest, flows::steady_now(state_, transaction));
  });
}

ConfirmationSent Confirmations::standing(Transaction& transaction, const std::string& voter,
                                         std::uint32_t contest, TimeMs now) const {
  const auto addresses = addresses_of(transaction, voter);
  if (addresses.empty()) return {};
  ConfirmationSent sent;
  sent.kind = ConfirmationSent::Kind::wait;
  sent.another_at = another_at(transaction, voter, contest, now);
  const auto good = transaction.query(
      "SELECT expires_at FROM confirmation WHERE voter = $1 AND contest = $2 AND state = 'sent' "
      "AND expires_at > $3 AND tries < $4 ORDER BY expires_at DESC",
      {voter, contest, now, policy_.tries});
  if (!good.empty()) {
    sent.kind = ConfirmationSent::Kind::sent;
    sent.expires_at = good[0].integer(0);
  }
  sent.message = newest_message(transaction, voter, contest);
  const auto* to = &addresses[0];
  if (sent.message && addresses.back().channel == sent.message->channel) to = &addresses.back();
  sent.channel = to->channel;
  sent.destination = to->masked;
  sent.elsewhere = to != &addresses[0];
  sent.first_destination = addresses[0].masked;
  sent.moves = policy_.other_channel && addresses.size() == 2 && sent.message && !sent.elsewhere &&
               did_not_get_through(*sent.message, now) &&
               sent.another_at < now + limits::message_stuck_ms;
  return sent;
}

void Confirmations::send_elsewhere() {
  if (!policy_.other_channel) return;
  const auto rows = *state_.database().read([&](Transaction& transaction) -> Expected<store::Rows> {
    return transaction.query(
        "SELECT c.voter, c.contest FROM confirmation c JOIN message m ON m.id = c.message JOIN "
        "voter "
        "v ON v.id = c.voter WHERE c.newest = 1 AND c.expires_at > $1 AND c.state = 'sent' AND "
        "m.channel = 'email' AND (m.status = 'failed' OR (m.status IN ('queued', 'sent') AND "
        "m.created_at <= $2)) AND v.phone <> ''",
        {state_.now(), state_.now() - limits::message_stuck_ms});
  });
  for (const auto& row : rows) {
    const auto& voter = row.text(0);
    const auto contest = static_cast<std::uint32_t>(row.integer(1));
    // Without a write while she has to wait.
    const bool too_soon = *state_.database().read([&](Transaction& t) -> Expected<bool> {
      return another_at(t, voter, contest, state_.now()) > state_.now();
    });
    if (too_soon) continue;
    (void)state_.database().write([&](Transaction& transaction) -> Status {
      const TimeMs now = flows::steady_now(state_, transaction);
      const auto last = newest_message(transaction, voter, contest);  // it may have served since
      if (!last || !did_not_get_through(*last, now)) return {};
      const auto addresses = addresses_of(transaction, voter);
      // Once: what did not get through at the second address either is told on the page.
      if (addresses.size() < 2 || last->channel != addresses[0].channel ||
          another_at(transaction, voter, contest, now) > now) {
        return {};
      }
      const auto language =
          transaction
              .query(
                  "SELECT language FROM confirmation WHERE voter = $1 AND contest = $2 AND "
                  "newest = 1",
                  {voter, contest})[0]
              .text(0);
      send(transaction, voter, contest, addresses[1], language, now);
      return {};
    });
  }
}

// Each live code is compared with each try, and counts it: so none is guessed at more often than
// policy says, however many were sent.
Status Confirmations::judge(Transaction& transaction, const std::string& voter,
                            std::uint32_t contest, std::string_view code) {
  const auto mac = mac_of(voter, contest, code);
  const auto codes = transaction.query(
      "UPDATE confirmation SET tries = tries + (wrong_mac IS NOT $3), wrong_mac = $3 WHERE voter = "
      "$1 AND contest = $2 RETURNING code_mac, state, expires_at, tries",
      {voter, contest, ByteView(mac)});
  const TimeMs now = flows::steady_now(state_, transaction);
  if (codes.empty()) return refused("confirmation.none", "no code was sent");
  bool alive = false, over = false, spent = false, timely = false;
  for (const auto& row : codes) {
    const bool expired = row.text(1) == "expired" || row.integer(2) <= now;
    const bool its_own = equal_constant_time(row.blob(0), mac);
    if (its_own && !expired && row.integer(3) <= policy_.tries) return {};
    over = over || (its_own && expired);
    spent = spent || (its_own && !expired);
    timely = timely || !expired;
    alive = alive || (!expired && row.integer(3) < policy_.tries);
  }
  if ((over || spent) && alive) return refused("confirmation.older", "a newer code is good");
  if (over || !timely) return refused("confirmation.expired", "every code is past its time");
  if (spent || !alive) return refused("confirmation.spent", "too many tries");
  return refused("confirmation.wrong", "another code");
}

Status Confirmations::use(Transaction& transaction, const std::string& voter, std::uint32_t contest,
                          std::string_view code) {
  const bool form =
      code.size() == policy_.digits &&
      std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!form) return refused("confirmation.missing", "no code, or not one of this form");
  auto verdict = judge(transaction, voter, contest, code);
  if (verdict) {
    transaction.execute("DELETE FROM confirmation WHERE voter = $1 AND contest = $2",
                        {voter, contest});
  }
  return verdict;
}

ConfirmationLeft Confirmations::left(const std::string& voter, std::uint32_t contest) {
  return *state_.database().read([&](Transaction& transaction) -> Expected<ConfirmationLeft> {
    const TimeMs now = flows::steady_now(state_, transaction);
    const auto rows = transaction.query(
        "SELECT min(tries) FROM confirmation WHERE voter = $1 AND contest = $2 AND state = 'sent' "
        "AND expires_at > $3",
        {voter, contest, now});
    const auto used = rows[0].is_null(0) ? std::int64_t{policy_.tries} : rows[0].integer(0);
    return ConfirmationLeft{
        static_cast<std::uint32_t>(std::max<std::int64_t>(policy_.tries - used, 0)),
        another_at(transaction, voter, contest, now)};
  });
}

void Confirmations::tell_sign_off(Transaction& transaction, const std::string& voter,
                                  std::uint32_t contest, TimeMs at, std::string_view language) {
  if (!policy_.sign_off_mail) return;
  const auto addresses = addresses_of(transaction, voter);
  if (addresses.empty()) return;
  const auto& address = addresses[0];
  const TimeMs gone_by = at + limits::message_life_ms;
  NewMessage message{voter,  std::string(sign_off_notice), address.channel, address.to, "", "",
                     gone_by};
  message.by_minute = true;
  message.not_before = at + minute_ms;  // with those of the same minute: no relay sees the second
  if (address.channel == MessageChannel::sms) {
    message.body = texts_.text("message.sign_off_sms", language, Json::object());
  } else {
    message.subject = texts_.text("message.sign_off_subject", language, Json::object());
    message.body =
        texts_.text("message.sign_off_body", language,
                    {{"contest", contest_name(state_, contest, language)}, {"voted_at", at}});
  }
  outbox_of(state_).queue(transaction, at, message);
}

void forget_confirmations(State& state, Transaction& transaction, const std::string& voter) {
  transaction.execute("DELETE FROM confirmation WHERE voter = $1", {voter});
  for (std::uint32_t contest = 0; contest < state.manifest().contests.size(); ++contest) {
    transaction.execute("DELETE FROM attempt WHERE key = $1",
                        {ByteView(attempt_key(state, voter, contest))});
  }
}

void Confirmations::sweep() {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const TimeMs now = state_.now();
    transaction.execute(
        "UPDATE confirmation SET state = 'expired' WHERE state = 'sent' AND expires_at <= $1",
        {now});
    transaction.execute("DELETE FROM confirmation WHERE expires_at <= $1", {now - day_ms});
    return {};
  });
}

Status Confirmations::check_texts() const {
  const Json values = {{"code", std::string(policy_.digits, '0')},
                       {"minutes", policy_.life_ms / minute_ms}};
  for (const std::string_view language : {"fr", "en"}) {
    for (const std::string_view id : {"message.confirmation_sms", "message.sign_off_sms"}) {
      if (fits_one_sms(texts_.text(id, language, values))) continue;
      return fail("message.too_long",
                  fmt::format("{} ({}) is no single text message", id, language));
    }
  }
  return {};
}

}  // namespace isoloir

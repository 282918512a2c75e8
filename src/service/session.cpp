#include "service/session.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "identity/captcha.hpp"

namespace isoloir {

using store::Transaction;

std::string Sessions::csrf_of(const ByteArray<32>& token) const {
  return base64url_encode(state_.peppered("csrf", {token}));
}

// Not written yet.
OpenedSession Sessions::fresh(std::optional<std::string> voter) const {
  SessionToken token{Secret(state_.random().array<32>())};
  Session session;
  session.id = sha256(token.bytes.reveal());
  session.csrf = csrf_of(token.bytes.reveal());
  session.voter = std::move(voter);
  session.ends_at = whole_minute(state_.now()) + std::min(limits_.idle_ms, limits_.absolute_ms);
  return {std::move(token), std::move(session)};
}

namespace {

void insert_session(Transaction& transaction, const Session& session, TimeMs now) {
  transaction.execute(
      "INSERT INTO session (id, voter, created_at, seen_at, space_opened_at) VALUES ($1, $2, $3, "
      "$3, $4)",
      {ByteView(session.id), store::Value(session.voter), whole_minute(now),
       store::Value(session.space_opened_at)});
}

void delete_session(Transaction& transaction, const Session& session) {
  transaction.execute("DELETE FROM captcha WHERE session = $1", {ByteView(session.id)});
  transaction.execute("DELETE FROM session WHERE id = $1", {ByteView(session.id)});
}

}  // namespace

OpenedSession Sessions::open(std::optional<std::string> voter) {
  auto opened = fresh(std::move(voter));
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    insert_session(transaction, opened.session, state_.now());
    return {};
  });
  return opened;
}

std::optional<Session> Sessions::find(std::string_view cookie, bool touch) {
  const auto bytes = base64url_decode(cookie);
  const auto token = bytes ? to_array<32>(*bytes) : std::nullopt;
  if (!token) return std::nullopt;
  Session session;
  session.id = sha256(*token);
  const TimeMs now = state_.now();
  TimeMs seen_at = 0;
  const auto found = state_.database().read([&](Transaction& transaction) -> Expected<bool> {
    const auto rows = transaction.query(
        "SELECT voter, created_at, seen_at, space_opened_at FROM session WHERE id = $1",
        {ByteView(session.id)});
    if (rows.empty()) return false;
    session.voter = rows[0].optional_text(0);
    seen_at = rows[0].integer(2);
    session.ends_at = std::min(seen_at + limits_.idle_ms, rows[0].integer(1) + limits_.absolute_ms);
    session.space_opened_at = rows[0].optional_integer(3);
    return session.ends_at > now;
  });
  if (!*found) return std::nullopt;
  session.csrf = csrf_of(*token);
  const TimeMs seen = whole_minute(now);
  if (touch && seen > seen_at && touched(session, seen)) session.ends_at += seen - seen_at;
  return session;
}

// False while the disk is full or the database locked: reading goes on all the same.
bool Sessions::touched(const Session& session, TimeMs at) {
  try {
    (void)state_.database().write([&](Transaction& transaction) -> Status {
      transaction.execute("UPDATE session SET seen_at = $2 WHERE id = $1",
                          {ByteView(session.id), at});
      return {};
    });
    return true;
  } catch (const store::StoreError& error) {
    if (!error.passing()) throw;
    return false;
  }
}

std::optional<OpenedSession> Sessions::rotate(const Session& old, const SignedIn& who) {
  auto opened = fresh(who.voter);
  const auto stands = state_.database().write([&](Transaction& transaction) -> Expected<bool> {
    const auto rows = transaction.query(
        "SELECT 1 FROM account WHERE voter = $1 AND password_mac = $2 AND blocked_at IS NULL",
        {who.voter, ByteView(who.password_mac)});
    if (rows.empty()) return false;
    delete_session(transaction, old);
    insert_session(transaction, opened.session, state_.now());
    return true;
  });
  if (!*stands) return std::nullopt;
  return opened;
}

std::optional<OpenedSession> Sessions::enter(const Session& old, const std::string& voter,
                                             const Point& sign_in_key) {
  auto opened = fresh(voter);
  opened.session.space_opened_at = whole_minute(state_.now());
  const auto stands = state_.database().write([&](Transaction& transaction) -> Expected<bool> {
    const bool in_force = transaction.execute(
                              "UPDATE voting_code SET failures = 0 WHERE voter = $1 AND "
                              "sign_in_key = $2 AND state = 'valid'",
                              {voter, ByteView(sign_in_key.encoded())}) == 1;
    if (!in_force) return false;
    delete_session(transaction, old);
    insert_session(transaction, opened.session, state_.now());
    return true;
  });
  if (!*stands) return std::nullopt;
  return opened;
}

TimeMs Sessions::extend(const Session& session) {
  const TimeMs now = whole_minute(state_.now());
  const auto end = state_.database().write([&](Transaction& transaction) -> Expected<TimeMs> {
    const auto rows =
        transaction.query("UPDATE session SET seen_at = $2 WHERE id = $1 RETURNING created_at",
                          {ByteView(session.id), now});
    if (rows.empty()) return now;
    return std::min(now + limits_.idle_ms, rows[0].integer(0) + limits_.absolute_ms);
  });
  return *end;
}

void Sessions::end(const Session& session) {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    delete_session(transaction, session);
    return {};
  });
}

std::vector<VoterSession> Sessions::of_voter(const Session& session) {
  const TimeMs now = state_.now();
  return *state_.database().read([&](Transaction& transaction)
                                     -> Expected<std::vector<VoterSession>> {
    std::vector<VoterSession> sessions;
    for (const auto& row : transaction.query(
             "SELECT id, created_at, seen_at FROM session WHERE voter = $1 AND seen_at > $2 AND "
             "created_at > $3 ORDER BY created_at DESC, id",
             {*session.voter, now - limits_.idle_ms, now - limits_.absolute_ms})) {
      sessions.push_back({row.integer(1), row.integer(2), row.array<32>(0) == session.id});
    }
    return sessions;
  });
}

void Sessions::end_others(const Session& session) {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM session WHERE voter = $1 AND id <> $2",
                        {*session.voter, ByteView(session.id)});
    return {};
  });
}

void Sessions::end_all_of(Transaction& transaction, const std::string& voter) {
  transaction.execute("DELETE FROM session WHERE voter = $1", {voter});
}

void Sessions::sweep() {
  const TimeMs now = state_.now();
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM captcha WHERE expires_at <= $1", {now});
    // One past its absolute end is found no more, so not seen either: it goes an idle time later.
    transaction.execute("DELETE FROM session WHERE seen_at <= $1", {now - limits_.idle_ms});
    return {};
  });
}

ByteArray<32> Sessions::new_nonce(const Session& session) {
  const auto nonce = state_.random().array<32>();
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("UPDATE session SET nonce = $2, nonce_at = $3 WHERE id = $1",
                        {ByteView(session.id), ByteView(nonce), whole_minute(state_.now())});
    return {};
  });
  return nonce;
}

CaptchaChallenge Captchas::issue(const Session& session) {
  CaptchaChallenge challenge{base64url_encode(state_.random().bytes(16))};
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute(
        "INSERT INTO captcha (id, session, digits, expires_at) VALUES ($1, $2, $3, $4)",
        {challenge.id, ByteView(session.id), captcha_digits(state_.random()),
         state_.now() + life_ms_});
    return {};
  });
  return challenge;
}

std::optional<std::string> Captchas::digits(const Session& session, std::string_view id) {
  const auto found =
      state_.database().read([&](Transaction& transaction) -> Expected<std::optional<std::string>> {
        const auto rows = transaction.query(
            "SELECT digits FROM captcha WHERE id = $1 AND session = $2 AND expires_at > $3",
            {id, ByteView(session.id), state_.now()});
        if (rows.empty()) return std::nullopt;
        return rows[0].text(0);
      });
  return *found;
}

bool Captchas::check(const Session& session, std::string_view id, std::string_view digits) {
  const auto right = state_.database().write([&](Transaction& transaction) -> Expected<bool> {
    const auto rows = transaction.query(
        "DELETE FROM captcha WHERE id = $1 AND session = $2 RETURNING digits, expires_at",
        {id, ByteView(session.id)});
    return !rows.empty() && rows[0].integer(1) > state_.now() &&
           equal_constant_time(as_bytes(rows[0].text(0)), as_bytes(digits));
  });
  return *right;
}

}  // namespace isoloir

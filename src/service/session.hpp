// Sessions and captchas. A session is an opaque 32-byte token in a cookie; the database holds its
// SHA-256 only.
#pragma once

#include "service/state.hpp"

namespace isoloir {

struct SessionToken {
  Secret<ByteArray<32>> bytes;
  std::string text() const { return base64url_encode(bytes.reveal()); }
};

struct Session {
  ByteArray<32> id{};  // SHA-256 of the token; also the session binding of sign-in proofs
  std::string csrf;    // base64url
  std::optional<std::string> voter;
  TimeMs ends_at = 0;
  std::optional<TimeMs> space_opened_at;  // voting code accepted in this session
};

// One of a voter's, as she is told of it.
struct VoterSession {
  TimeMs opened_at = 0;
  TimeMs seen_at = 0;
  bool this_one = false;
};

struct SessionLimits {
  std::int64_t idle_ms = 0;
  std::int64_t absolute_ms = 0;
};

// Who an account's password has let in; password_mac: what is stored of that password.
struct SignedIn {
  std::string voter;
  ByteArray<32> password_mac{};
};

struct OpenedSession {
  SessionToken token;  // goes into the cookie
  Session session;
};

// Expired sessions are as absent ones. All thread-safe.
class Sessions {
 public:
  Sessions(State& state, SessionLimits limits) : state_(state), limits_(limits) {}

  OpenedSession open(std::optional<std::string> voter = std::nullopt);
  // Looks the cookie's value up. `touch` counts as activity of the voter.
  std::optional<Session> find(std::string_view cookie, bool touch);
  // A new token for a voter who has signed in; the old session ends. Nothing if a block or another
  // password came in between.
  std::optional<OpenedSession> rotate(const Session& old, const SignedIn& who);
  // The same for keys that open the voting space too: in one transaction with seeing that they are
  // still in force. Nothing if a block or a new password came in between.
  std::optional<OpenedSession> enter(const Session& old, const std::string& voter,
                                     const Point& sign_in_key);
  // The voter asked for more time; gives the new end.
  TimeMs extend(const Session& session);
  void end(const Session& session);
  // The voter's living sessions, this one among them, newest first; and the end of the others.
  std::vector<VoterSession> of_voter(const Session& session);
  void end_others(const Session& session);
  void end_all_of(store::Transaction& transaction, const std::string& voter);
  void sweep();  // removes expired sessions and captchas

  // A fresh single-use nonce for a sign-in proof, replacing any earlier one of the session.
  ByteArray<32> new_nonce(const Session& session);

 private:
  OpenedSession fresh(std::optional<std::string> voter) const;
  std::string csrf_of(const ByteArray<32>& token) const;
  bool touched(const Session& session, TimeMs at);
  State& state_;
  SessionLimits limits_;
};

struct CaptchaChallenge {
  std::string id;  // base64url, goes into addresses
};

class Captchas {
 public:
  Captchas(State& state, std::int64_t life_ms) : state_(state), life_ms_(life_ms) {}
  CaptchaChallenge issue(const Session& session);
  // The digits to draw or speak; nothing when unknown, expired, or of another session.
  std::optional<std::string> digits(const Session& session, std::string_view id);
  // True once, for the right digits, in the session it was issued to. Right or wrong, it is burnt.
  bool check(const Session& session, std::string_view id, std::string_view digits);

 private:
  State& state_;
  std::int64_t life_ms_;
};

}  // namespace isoloir

// The dialogue with an OpenID provider, over the network: its description and keys, held for a
// while; a code changed for an identity. Blocks for as long as the limits of base/limits.hpp say:
// for a lane of its own. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/limits.hpp"
#include "http/fetch.hpp"
#include "identity/openid.hpp"
#include "identity/pivot_identity.hpp"

namespace isoloir::openid {

struct ClientSecrets {
  Secret<std::string> client_secret;
  std::optional<jose::DecryptionKey> decryption_key;  // where tokens come encrypted
};

// Who the provider says has come, and the signed token by which the browser is signed out
// there.
struct Identified {
  PivotIdentity identity;
  std::string id_token;
};

// A document of the provider, held for a while and fetched by one thread at a time: the others wait
// for that one, or take what is held. Thread-safe.
template <typename T>
class Held {
 public:
  using Fetch = std::function<Expected<T>()>;
  enum class Wanted {
    held,       // what there is, as long as it is good
    answering,  // the provider gave it within limits::openid_answering_ms, or gives it now
    // What is held does not serve (an unknown key): it is fetched anew unless that was tried less
    // than limits::openid_keys_refresh_ms ago, whatever came of it, or while this call waited. What
    // was fetched because it had grown old does not count: keys may change right after it.
    renewed,
  };
  Expected<T> get(TimeMs now, Wanted wanted, const Fetch& fetch) {
    const bool renew = wanted == Wanted::renewed;
    std::unique_lock lock(mutex_);
    const auto seen = fetched_;
    changed_.wait(lock, [this] { return !fetching_; });
    const bool shared = fetched_ != seen;
    // A clock that was set back has nothing wait for the hour that it had.
    const bool renewed =
        renewed_at_ && now >= *renewed_at_ && now < *renewed_at_ + limits::openid_keys_refresh_ms;
    const bool answering = now >= fetched_at_ && now < fetched_at_ + limits::openid_answering_ms;
    if (value_ && (wanted == Wanted::held ? now < fresh_until_ : !renew && answering)) {
      return *value_;
    }
    if (failure_ && (shared || (renew && renewed))) return fail(*failure_);
    if (value_ && renew && (shared || renewed)) return *value_;
    if (renew) renewed_at_ = now;
    fetching_ = true;
    lock.unlock();
    auto fetched = fetch();
    lock.lock();
    fetching_ = false;
    ++fetched_;
    failure_.reset();
    if (fetched) {
      value_ = *fetched;
      fetched_at_ = now;
      stale_at_ = now + limits::openid_stale_ms;
      fresh_until_ = now + limits::openid_discovery_life_ms;
    } else if (value_ && now < stale_at_) {
      // What cannot be had again is good for a while longer, and not asked for each time.
      fresh_until_ = now + limits::openid_retry_ms;
      if (wanted == Wanted::held) fetched = *value_;
    } else {
      value_.reset();
    }
    if (!fetched) failure_ = fetched.error();
    changed_.notify_all();
    return fetched;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool fetching_ = false;
  std::uint64_t fetched_ = 0;
  std::optional<Error> failure_;  // of the last fetch
  std::optional<T> value_;
  TimeMs fetched_at_ = 0, fresh_until_ = 0, stale_at_ = 0;
  std::optional<TimeMs> renewed_at_;
};

class Client {
 public:
  // `clock` for the age of what is held and of tokens; `patience` is the time that all exchanges of
  // one call have together. Everything given outlives the client.
  Client(Registration registration, ClientSecrets secrets, Clock& clock,
         std::chrono::milliseconds patience =
             std::chrono::milliseconds(limits::openid_dialogue_timeout_ms));
  ~Client();

  const Registration& registration() const { return registration_; }

  // As the functions of identity/openid.hpp, of the provider's description. Errors: openid.network
  // (no answer in time, or none that can be used), openid.discovery. No voter is sent to a provider
  // that has not answered lately.
  Expected<std::string> authorization_url(std::string_view redirect_uri, std::string_view state,
                                          std::string_view nonce);
  Expected<std::string> logout_url(std::string_view id_token, std::string_view return_uri,
                                   std::string_view state);

  // Whether a return from the provider is its own (RFC 9207): `issuer` is what it names, which must
  // be there where the provider says that it is. Error: openid.issuer; those of the description.
  Status judge_issuer(const std::optional<std::string>& issuer);
  // A code of the callback. Errors: those above, openid.refused (the provider does not take the
  // code, or us), openid.answer, those of jose::verify and jose::decrypt, of judge_id_token and
  // judge_userinfo, and identity.claims.
  Expected<Identified> identify(std::string_view code, std::string_view redirect_uri,
                                std::string_view nonce);

  // The description as the provider gives it now, for `isoloir check --live`.
  Expected<std::string> fetch_discovery();

 private:
  Deadline deadline() const { return Deadline::clock::now() + patience_; }
  Expected<std::string> fetch_discovery(Deadline deadline);
  Expected<Discovery> discovery(Deadline deadline,
                                Held<Discovery>::Wanted wanted = Held<Discovery>::Wanted::held);
  Expected<jose::KeySet> keys(bool again, Deadline deadline);
  Expected<TokenAnswer> redeem(const Discovery& places, std::string_view code,
                               std::string_view redirect_uri, Deadline deadline);
  Expected<std::string> userinfo(const Discovery& places, const std::string& access_token,
                                 Deadline deadline);
  // What is inside where tokens come encrypted.
  Expected<std::string> signed_token(std::string token) const;
  // The claims of a token with a good signature; keys are fetched once more where it names one that
  // is not known.
  Expected<Json> claims_of(std::string_view token, jose::Signing signing, Deadline deadline);

  const Registration registration_;
  const ClientSecrets secrets_;
  Clock& clock_;
  const std::chrono::milliseconds patience_;
  Held<Discovery> discovery_;
  Held<jose::KeySet> keys_;
};

}  // namespace isoloir::openid

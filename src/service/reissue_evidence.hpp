// The verifiers of what a reissue rests on. Nobody else can make evidence (src/reissue/engine.hpp).
#pragma once

#include "identity/pivot_identity.hpp"
#include "reissue/engine.hpp"
#include "reissue/token.hpp"
#include "service/reissue.hpp"

namespace isoloir {

struct EvidenceVerifier {
  struct Person {
    std::optional<reissue::SecretAnswer> answer;
    std::optional<reissue::PersonNumber> number;
  };
  // Judges both, whatever the first says; one Argon2id.
  static Person person(State& state, const std::string& voter, std::string_view answer,
                       std::string_view identity);

  // B: the voter with this consular number and this address on file, if there is exactly one. The
  // number as digits, the address as typed.
  struct OnRoll {
    std::string voter;
    std::string email;  // on file
    reissue::ConsularNumber number;
    reissue::AddressOnFile address;
  };
  static std::optional<OnRoll> on_roll(State& state, store::Transaction& transaction,
                                       std::string_view number, std::string_view email);
  // B: whether this identifier, normalised, is the voter's.
  static std::optional<reissue::KnownIdentifier> identifier(State& state,
                                                            store::Transaction& transaction,
                                                            const std::string& voter,
                                                            std::string_view typed);
  // C: the voter with this consular number whose recovery key this is; the caller has seen it
  // proven (recovery_key).
  struct ByPassword {
    std::string voter;
    reissue::ConsularNumber number;
    reissue::KnownPassword password;
  };
  static std::optional<ByPassword> by_password(State& state, store::Transaction& transaction,
                                               std::string_view number, const Point& key);

  // An account: the voter who signs in with this address, as typed.
  struct ByAddress {
    std::string voter;
    std::string email;  // on file
    reissue::AddressOnFile address;
  };
  static std::optional<ByAddress> by_address(State& state, store::Transaction& transaction,
                                             std::string_view email);

  // Whether this is the civil identity of the voter and, as far as the roll tells, of nobody else
  // on it. `another`: it is that of somebody else.
  struct Civil {
    std::optional<reissue::CivilIdentity> identity;
    bool another = false;
  };
  static Civil civil(store::Transaction& transaction, const std::string& voter,
                     const PivotIdentity& vouched);

  // By HMAC: the caller has found the row whose stored one this is. `purpose`: of a link (link,
  // password, account), of a notice's (cancel, account_cancel).
  static std::optional<reissue::LinkToken> link(State& state, reissue::TokenPurpose purpose,
                                                const reissue::Token& token, ByteView stored);
  static std::optional<reissue::AccountOpener> account_opener(State& state,
                                                              const reissue::Token& opener,
                                                              ByteView stored);
  static std::optional<reissue::CancelToken> cancel(State& state, reissue::TokenPurpose purpose,
                                                    const reissue::Token& token, ByteView stored);

  // Every key is proven under the token's hash, for its own purpose and contest.
  static std::optional<reissue::KeyPossession> possession(State& state,
                                                          const ByteArray<32>& token_hash,
                                                          const NewKeys& keys);
};

// HMAC of a token under the key of this server.
inline constexpr std::int64_t token_key_version = 1;
ByteArray<32> token_mac(State& state, reissue::TokenPurpose purpose, const reissue::Token& token);

}  // namespace isoloir

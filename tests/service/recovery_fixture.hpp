// An open election whose voters sign in with identifier and password, and what they do to have one
// of the two again.
#pragma once

#include "election/consular_number.hpp"
#include "service/bureau.hpp"
#include "service/plain_texts.hpp"
#include "service/recovery.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir {

struct RecoveryFixture : VotingFixture {
  explicit RecoveryFixture(std::size_t voters = 3)
      : VotingFixture(voters, identifier_and_password()) {
    policy.password.phone_countries = {"33", "262", "590", "1"};
    clock.set(fixture_opens);
    tick(*state, *log);
    make_service();
  }
  void make_service() {
    service = std::make_unique<Recoveries>(
        *state, policy, identifier_and_password(), SignInPolicy{}, texts,
        [this](std::string_view line) { alerts.emplace_back(line); });
  }

  const std::string& id(std::size_t voter) const { return roll.voters[voter].id; }
  const std::string& identifier(std::size_t voter) const { return identifiers[voter].normalised(); }
  std::string number(std::size_t voter) const { return consular_number(roll.voters[voter]); }
  std::string email(std::size_t voter) const { return roll.voters[voter].email; }

  // B, first half, as somebody at `from` types it; time goes on, so that it is a request of its
  // own.
  void ask(std::string_view typed_number, std::string_view typed_email,
           std::string_view from = "192.0.2.1") {
    clock.advance(minute);
    EXPECT_EQ(service->ask_password(typed_number, typed_email, {std::string(from), "fr"}).size(),
              9u);
    service->work();
  }
  void ask(std::size_t voter) { ask(number(voter), email(voter)); }

  // C: with the password of `codes`, or another.
  void ask_identifier(std::string_view typed_number, const Code& password,
                      std::string_view from = "192.0.2.1") {
    clock.advance(minute);
    const auto session = Sessions(*state, limits).open().session;
    const auto nonce = Sessions(*state, limits).new_nonce(session);
    const auto pair = derive_recovery_key(password, typed_number, state->manifest().election_id);
    const auto statement =
        sign_in_statement(state->fingerprint(), nonce, session.id, state->manifest().origin);
    const auto reference = service->ask_identifier(
        session, typed_number,
        {nonce, pair.key, schnorr_prove(statement, pair.secret.reveal(), random)}, 10 * minute,
        {std::string(from), "fr"});
    if (reference) {
      EXPECT_EQ(reference->size(), 9u);
    } else {
      EXPECT_EQ(reference.error().code, "reissue.delayed");
    }
    service->work();
  }
  void ask_identifier(std::size_t voter) { ask_identifier(number(voter), codes[voter]); }

  std::vector<InboxMessage> inbox() {
    outbox_of(*state).deliver(transport, state->now());
    return read_inbox(*state);
  }
  std::vector<InboxMessage> inbox(std::string_view kind) {
    std::vector<InboxMessage> of_kind;
    for (auto& message : inbox()) {
      if (message.kind == kind) of_kind.push_back(std::move(message));
    }
    return of_kind;
  }
  static std::string value_of(const InboxMessage& message, std::string_view name) {
    const auto at = message.body.find(" " + std::string(name) + "=");
    EXPECT_NE(at, std::string::npos) << message.body;
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 2;
    return message.body.substr(start, message.body.find(' ', start) - start);
  }
  // The newest link's token.
  std::string token() {
    const auto links = inbox("password-link");
    EXPECT_FALSE(links.empty());
    return links.empty()
               ? ""
               : value_of(links[0], "link").substr(value_of(links[0], "link").find('#') + 1);
  }
  std::string token_for(std::size_t voter) {
    ask(voter);
    return token();
  }
  std::string renew(std::string_view with_token, std::string_view typed_identifier) {
    const auto renewed = service->renew(with_token, typed_identifier);
    return renewed ? "renewed" : renewed.error().code;
  }
  // What the newest text message brought.
  Code sent_password() {
    const auto messages = inbox("password");
    EXPECT_FALSE(messages.empty());
    return *Code::parse(messages.empty() ? "0000-0000-0000" : value_of(messages[0], "password"),
                        identifier_and_password().code);
  }
  KeyVerdict::Kind sign_in(std::size_t voter, const Code& password,
                           std::string_view from = "192.0.2.1") {
    const auto session = Sessions(*state, limits).open().session;
    const auto nonce = Sessions(*state, limits).new_nonce(session);
    const auto pair =
        derive_credential(password, identifier(voter), state->manifest().election_id).sign_in_key();
    const auto statement =
        sign_in_statement(state->fingerprint(), nonce, session.id, state->manifest().origin);
    const auto verdict =
        sign_in_by_keys(*state, {}, session,
                        {identifier(voter),
                         {nonce, pair.key, schnorr_prove(statement, pair.secret.reveal(), random)}},
                        from);
    EXPECT_TRUE(verdict) << verdict.error().code;
    return verdict ? verdict->kind : KeyVerdict::Kind::refused;
  }
  void set(std::string_view column, std::size_t voter, std::string_view value) {
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE voter SET " + std::string(column) + " = $2 WHERE id = $1",
                {id(voter), value});
      return {};
    }));
  }

  // Whose deliveries the test decides; what it accepts is in the inbox.
  struct ChosenTransport final : Transport {
    SendOutcome send(const OutgoingMessage& message) override {
      return message.channel == MessageChannel::sms ? sms : mail;
    }
    Delivery mail = Delivery::delivered;
    Delivery sms = Delivery::delivered;
  } transport;
  RecoveryPolicy policy;
  PlainTexts texts;
  std::vector<std::string> alerts;
  std::unique_ptr<Recoveries> service;
};

}  // namespace isoloir

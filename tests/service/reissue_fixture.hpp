// An open election whose voters have answered their challenge question, and what their browsers do
// to replace a code.
#pragma once

#include "crypto/hash.hpp"
#include "service/plain_texts.hpp"
#include "service/reissue.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir {

inline constexpr std::string_view right_answer = "Deux-Chevaux";
// NUMEN, or for the third voter the first digits of the social security number.
inline std::string right_number(std::size_t voter) {
  if (voter == 2) return "1850599123";
  return (voter < 10 ? "0" : "") + std::to_string(voter) + "X1234567ABC";
}
inline std::string personal_email(std::size_t voter) {
  return voter == 0 ? "camille.electeur@example.org"
                    : "personal" + std::to_string(voter) + "@example.org";
}

struct ReissueFixture : VotingFixture {
  explicit ReissueFixture(std::size_t voters = 3) : VotingFixture(voters) {
    policy.phone_countries = {"33", "262", "590"};
    for (std::size_t v = 0; v < roll.voters.size(); ++v) {
      EXPECT_TRUE(create_account(*state, {roll.voters[v].id, "Isoloir-1234-abcd",
                                          "Première voiture ?", std::string(right_answer)}));
      set_number(v, v == 2 ? "nir10" : "numen", right_number(v));
    }
    open_vote();
  }

  // The fixture's roll has no numbers: as the import would write them.
  void set_number(std::size_t voter, const std::string& purpose, std::string_view number) {
    const std::string column = purpose == "numen" ? "numen_mac" : "nir_mac";
    ASSERT_TRUE(state->database().write([&](store::Transaction& t) -> Status {
      t.execute("UPDATE voter SET " + column + " = $2 WHERE id = $1",
                {roll.voters[voter].id, ByteView(state->peppered(purpose, {as_bytes(number)}))});
      return {};
    }));
  }
  void open_vote() {
    clock.set(fixture_opens + hour);
    set_phase(0, "open");
    set_phase(1, "open");
  }

  Reissues reissues() {
    return Reissues(*state, policy, texts,
                    [this](std::string_view line) { alerts.emplace_back(line); });
  }
  ReissueRequest form(std::size_t voter) const {
    return {std::string(right_answer),
            right_number(voter),
            ReissueChannel::email,
            personal_email(voter),
            "192.0.2." + std::to_string(voter + 1),
            "fr",
            false};
  }
  ReissueResult<ReissueSent> ask(std::size_t voter, ReissueRequest request) {
    return reissues().request(portal_session(voter).session, request);
  }
  std::string ask_code(std::size_t voter, const ReissueRequest& request) {
    const auto sent = ask(voter, request);
    return sent ? "sent" : sent.error().code;
  }

  std::vector<InboxMessage> inbox() {
    InboxTransport transport;
    outbox_of(*state).deliver(transport, state->now());
    return read_inbox(*state);
  }
  // The token of the newest message of a kind.
  std::string token_in(std::string_view kind) {
    for (const auto& message : inbox()) {
      if (message.kind != kind) continue;
      const auto start = message.body.find('#') + 1;
      return message.body.substr(start, 43);
    }
    ADD_FAILURE() << "no message " << kind;
    return {};
  }
  // Asked, and the link received.
  std::string link_for(std::size_t voter) {
    clock.advance(1);  // so that the newest message is the last one
    EXPECT_EQ(ask_code(voter, form(voter)), "sent");
    return token_in("reissue-link");
  }
  // The click on a link, in a new browser unless its cookie is given.
  struct OpenedFlow {
    std::string cookie;
    FlowView view;
  };
  ReissueResult<OpenedFlow> open_link(std::string_view token, std::string cookie) {
    return reissues().open(token, cookie).map([&](const FlowView& view) {
      return OpenedFlow{cookie, view};
    });
  }
  ReissueResult<OpenedFlow> open_link(std::string_view token) {
    return open_link(token, reissues().new_opener());
  }
  std::string open_code(std::string_view token, std::string cookie) {
    const auto opened = open_link(token, std::move(cookie));
    return opened ? "opened" : opened.error().code;
  }
  std::string open_code(std::string_view token) {
    return open_code(token, reissues().new_opener());
  }
  std::string cookie_for(std::size_t voter) {
    const auto opened = open_link(link_for(voter));
    EXPECT_TRUE(opened) << opened.error().code;
    return opened->cookie;
  }

  // What the browser makes of a new code for the contests that the flow names.
  NewKeys keys_for(const FlowView& view, const Credential& credential) {
    const auto hash = *hex_decode_array<32>(view.token_hash);
    const auto prove = [&](const KeyPair& key, std::optional<std::uint32_t> contest) {
      return schnorr_prove(possession_statement(state->fingerprint(), hash, contest),
                           key.secret.reveal(), random);
    };
    const auto sign_in = credential.sign_in_key();
    NewKeys keys{sign_in.key, prove(sign_in, std::nullopt), {}};
    for (const auto& place : view.contests) {
      const auto key = credential.ballot_key(place.contest);
      keys.ballot_keys.push_back({place.contest, key.key, prove(key, place.contest)});
    }
    return keys;
  }
  Credential new_credential(std::size_t voter, const Code& code) {
    return derive_credential(code, roll.voters[voter].id, state->manifest().election_id);
  }
  std::string issue_code(std::string_view cookie, const NewKeys& keys) {
    const auto issued = reissues().issue(cookie, keys);
    return issued ? "issued" : issued.error().code;
  }
  // The whole way; the voter's code in `codes` is the new one afterwards.
  void replace_code(std::size_t voter) {
    const auto cookie = cookie_for(voter);
    auto code = Code::generate(random);
    const auto view = reissues().view(cookie);
    ASSERT_TRUE(view);
    ASSERT_EQ(issue_code(cookie, keys_for(*view, new_credential(voter, code))), "issued");
    codes[voter] = std::move(code);
  }
  CodeVerdict::Kind try_code(std::size_t voter, const Credential& credential) {
    const auto verdict = enter(portal_session(voter).session, credential.sign_in_key());
    EXPECT_TRUE(verdict) << verdict.error().code;
    return verdict->kind;
  }

  ReissuePolicy policy;
  PlainTexts texts;
  std::vector<std::string> alerts;
};

}  // namespace isoloir

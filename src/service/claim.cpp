#include "service/claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/unicode.hpp"
#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "service/journal.hpp"
#include "service/reference.hpp"
#include "service/reissue_flow.hpp"
#include "service/sign_in_tries.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view claim_kind = "claim";
constexpr std::array<std::string_view, 3> decision_names = {"granted", "partly", "refused"};
constexpr std::array<std::string_view, 3> decision_texts = {
    "claim.decision_granted", "claim.decision_partly", "claim.decision_refused"};
// References are 40 bits: guessing at them finds nothing, and costs the network its page.
constexpr RateLimit follow_limit{limits::claim_follow_per_minute, limits::claim_follow_per_hour, 0};

bool is_on_roll(HelpTopic topic) {
  return topic != HelpTopic::candidacy;
}

RequestDesk claim_desk(const ClaimsPolicy& policy) {
  using enum HelpTopic;
  return {claim_kind,
          "claim",
          "claim-ack",
          policy.email,
          {not_on_roll, roll_error, other_voter, candidacy},
          true,
          "message.claim_subject",
          "message.claim_text",
          "message.claim_ack_subject",
          "message.claim_ack_body"};
}

Expected<StoredClaim> complete(State& state, StoredHelpRequest request) {
  return state.database().read([&](Transaction& transaction) -> Expected<StoredClaim> {
    const auto& reference = request.row.reference;
    const auto rows = transaction.query(
        "SELECT h.voter, h.decision, h.answered_at, h.answer, m.status FROM help_request h LEFT "
        "JOIN message m ON m.id = h.answer_message WHERE h.reference = $1",
        {reference});
    StoredClaim claim{std::move(request), rows[0].is_null(0) ? "" : rows[0].text(0), {}};
    if (rows[0].is_null(1)) return claim;
    const auto text = unseal_for_request(state, claim.request.row.reference, rows[0].blob(3));
    if (!text) return fail(text.error());
    claim.answer = ClaimAnswer{*claim_decision(rows[0].text(1)), *text, rows[0].integer(2),
                               rows[0].is_null(4) ? "" : rows[0].text(4)};
    return claim;
  });
}

}  // namespace

std::string_view name_of(ClaimDecision decision) {
  return decision_names.at(static_cast<std::size_t>(decision));
}

std::string_view text_of(ClaimDecision decision) {
  return decision_texts.at(static_cast<std::size_t>(decision));
}

std::optional<ClaimDecision> claim_decision(std::string_view name) {
  const auto* found = std::find(decision_names.begin(), decision_names.end(), name);
  if (found == decision_names.end()) return std::nullopt;
  return static_cast<ClaimDecision>(found - decision_names.begin());
}

Claims::Claims(State& state, const Portal& portal, const TextSource& texts)
    : state_(state),
      policy_(*portal.claims),
      requests_(state, portal, texts, claim_desk(*portal.claims)) {}

std::vector<HelpTopic> Claims::topics() const {
  const TimeMs now = state_.now();
  auto topics = claim_desk(policy_).topics;
  std::erase_if(topics, [&](HelpTopic topic) {
    return now >= (is_on_roll(topic) ? policy_.roll_until : policy_.candidacy_until);
  });
  return topics;
}

HelpFaults Claims::judge(const HelpForm& form) const {
  auto faults = requests_.judge(form);
  const auto open = topics();
  const auto topic = help_topic(form.topic);
  if (topic && !faults.by_field.contains("topic") &&
      std::find(open.begin(), open.end(), *topic) == open.end()) {
    faults.by_field["topic"] = "claim.error_late";
  }
  return faults;
}

std::optional<StoredClaim> Claims::find(std::string_view reference, std::string_view email,
                                        std::string_view client_address, TimeMs& wait_until) {
  wait_until = 0;
  const auto key = flows::attempt_key(state_, "claim looked for", network_of(client_address));
  const auto later =
      *state_.database().read([&](Transaction& transaction) -> Expected<std::optional<TimeMs>> {
        const TimeMs now = flows::steady_now(state_, transaction);
        return reissue::retry_at(flows::attempts(transaction, key, now), follow_limit, now);
      });
  if (later) {
    wait_until = *later;
    return std::nullopt;
  }
  const auto said = reissue::judge_email(email, "");
  auto claim = read_claim(state_, reference);
  if (said && claim) {
    const auto written = reissue::judge_email(claim->request.form.email, "");
    if (written && written->key == said->key) return std::move(*claim);
  }
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    flows::add_attempt(state_, transaction, key, flows::steady_now(state_, transaction));
    return {};
  });
  return std::nullopt;
}

std::vector<StoredClaim> Claims::of_voter(const std::string& voter) {
  const auto references =
      *state_.database().read([&](Transaction& transaction) -> Expected<std::vector<std::string>> {
        std::vector<std::string> found;
        for (const auto& row : transaction.query(
                 "SELECT reference FROM help_request WHERE voter = $1 AND kind = $2 ORDER BY at "
                 "DESC, reference",
                 {voter, claim_kind})) {
          found.push_back(row.text(0));
        }
        return found;
      });
  std::vector<StoredClaim> claims;
  for (const auto& reference : references) {
    if (auto claim = read_claim(state_, reference)) claims.push_back(std::move(*claim));
  }
  return claims;
}

Expected<StoredClaim> read_claim(State& state, std::string_view reference) {
  auto request = read_help_request(state, claim_kind, reference);
  if (!request) return fail(request.error());
  return complete(state, std::move(*request));
}

Expected<std::string> claim_reference(State& state, std::string_view said) {
  if (said.empty()) return std::string();
  const auto claim = read_claim(state, said);
  if (claim) return claim->request.row.reference;
  if (claim.error().code != "help.unknown") return fail(claim.error());
  return fail("roll.claim", "no claim has this reference: `isoloir claim` lists them");
}

Status answer_claim(State& state, const ClaimsPolicy& policy, const TextSource& texts,
                    std::string_view said, ClaimDecision decision, std::string_view answer) {
  const auto claim = read_claim(state, said);
  if (!claim) return fail(claim.error());
  const auto text = trimmed_text(answer);
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
  });
  if (text.empty() || !plain || !nfkc_casefold(text) ||
      characters_of(text) > limits::help_text_characters) {
    return fail("claim.text", fmt::format("the answer is a text of 1 to {} characters, in UTF-8",
                                          limits::help_text_characters));
  }
  const auto& row = claim->request.row;
  const auto& form = claim->request.form;
  return state.database().write([&](Transaction& transaction) -> Status {
    const auto rows = transaction.query(
        "SELECT 1 FROM help_request WHERE reference = $1 AND decision IS NULL", {row.reference});
    if (rows.empty()) {
      return fail("claim.answered", "this claim has been answered already: nothing was changed");
    }
    const TimeMs now = flows::steady_now(state, transaction);
    const Json values = {{"reference", row.reference},
                         {"decision", texts.text(text_of(decision), row.language, Json::object())},
                         {"asked_at", row.at},
                         {"text", text}};
    NewMessage message{"",
                       "claim-answer",
                       MessageChannel::email,
                       form.email,
                       texts.text("message.claim_answer_subject", row.language, values),
                       texts.text("message.claim_answer_body", row.language, values),
                       now + limits::message_life_ms,
                       policy.email};
    const auto id = outbox_of(state).queue(transaction, now, message);
    transaction.execute(
        "UPDATE help_request SET decision = $2, answered_at = $3, answer = $4, answer_message = $5 "
        "WHERE reference = $1",
        {row.reference, name_of(decision), now, seal_for_request(state, row.reference, text),
         ByteView(id)});
    journal(transaction, now,
            {{"step", "claim answered"},
             {"reference", row.reference},
             {"decision", name_of(decision)}});
    return {};
  });
}

}  // namespace isoloir

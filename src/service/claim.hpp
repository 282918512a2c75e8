// Claims on the electoral roll and on candidacies ("réclamations"): written by whoever it concerns,
// on the roll or not, until the portal's deadlines; decided by the organiser (isoloir claim,
// isoloir roll), who answers by mail; followed by reference and address. A claim is a request of
// service/help_request of the kind "claim". Thread-safe.
#pragma once

#include "service/help_request.hpp"

namespace isoloir {

enum class ClaimDecision { granted, partly, refused };
std::string_view name_of(ClaimDecision decision);  // "granted", "partly", "refused"
std::string_view text_of(ClaimDecision decision);  // id of its text
std::optional<ClaimDecision> claim_decision(std::string_view name);

struct ClaimAnswer {
  ClaimDecision decision = ClaimDecision::granted;
  std::string text;
  TimeMs at = 0;
  std::string mail;  // status of the mail, as courier/outbox.hpp says
};
struct StoredClaim {
  StoredHelpRequest request;
  std::string voter;  // whose session sent it, or empty
  std::optional<ClaimAnswer> answer;
};

class Claims {
 public:
  // `portal` has [claims]. What is given outlives it.
  Claims(State& state, const Portal& portal, const TextSource& texts);

  // Those whose deadline has not passed.
  std::vector<HelpTopic> topics() const;
  // As HelpRequests::judge; a topic whose deadline has passed meanwhile is told as such.
  HelpFaults judge(const HelpForm& form) const;
  HelpRequests& requests() { return requests_; }  // what judge found good is sent there

  // The claim of this reference, if this address wrote it (any spelling of one mailbox). Nothing
  // too, with `wait_until` set, when this network has named too many that do not exist.
  std::optional<StoredClaim> find(std::string_view reference, std::string_view email,
                                  std::string_view client_address, TimeMs& wait_until);
  // Those sent from a session of this voter, newest first.
  std::vector<StoredClaim> of_voter(const std::string& voter);

 private:
  State& state_;
  const ClaimsPolicy policy_;
  HelpRequests requests_;
};

// Errors: those of read_help_request.
Expected<StoredClaim> read_claim(State& state, std::string_view reference);

// The reference as it is stored, for the journal of what was decided; empty for none. Error:
// roll.claim (there is no such claim).
Expected<std::string> claim_reference(State& state, std::string_view said);

// Stores what was decided and queues the answer to the address of the claim, in one transaction.
// Errors: those of read_claim; claim.answered (it has an answer: nothing is changed); claim.text
// (empty, no UTF-8, with control characters, or longer than limits::help_text_characters).
Status answer_claim(State& state, const ClaimsPolicy& policy, const TextSource& texts,
                    std::string_view reference, ClaimDecision decision, std::string_view text);

}  // namespace isoloir

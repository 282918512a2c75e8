// The count of a frozen election on the server (docs/protocol.md section 10): the tally that the
// holders sign, their shares, the result, the end. What is decrypted, and whether it may be, is
// src/election/count.hpp's; this file reads and writes the state. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "election/count.hpp"
#include "service/bureau.hpp"

namespace isoloir {

// Sums the box, after checking that it is the one of the freeze event and, in private with the link
// key, that ballot -> nonce -> leaf is a bijection onto the leaves that are neither pads nor
// events. Errors: count.not_frozen, count.not_logged (the freeze event waits for the log's next
// round), count.link_key (destroyed), count.box (not the frozen one), count.bijection, those of
// Ballot::decode and make_tally.
// Of so many ballots at once in memory.
Expected<Tally> prepare_count(State& state, std::int64_t ballots_at_once = 4096);

// The `count` event of one bureau for this tally. Gives its number. Errors: those of
// append_signed_event.
Expected<std::int64_t> open_count(State& state, const Tally& tally, std::uint32_t bureau,
                                  const std::vector<const KeyPair*>& signers);

// ---- By files, from holders who verified on machines of their own

// The `count` event of each bureau that has not counted, to be signed: by bureau, its text. Their
// numbers follow one another, so they are appended in the order of the bureaus.
std::map<std::uint32_t, std::string> draft_counts(State& state, const Tally& tally);

// Signed drafts as they come in, each with one signature or several. A draft that comes twice
// counts once.
class Attestations {
 public:
  Attestations(State& state, const Tally& tally);
  // Errors: attestation.form (truncated, or no count event), attestation.bureau (there is none),
  // attestation.tally (of another T), attestation.replayed (this bureau's count is open already),
  // attestation.signature (none, or a wrong one), attestation.signer (no member of this bureau),
  // attestation.draft (not the draft that the others of this bureau have signed).
  Status add(std::string_view text);
  const std::map<std::uint32_t, SignedDocument>& by_bureau() const { return documents_; }

 private:
  State& state_;
  const Tally& tally_;
  std::map<std::uint32_t, SignedDocument> documents_;
};
// ---- Shares and result

// May this bureau's holders make shares: see isoloir::count_opened; only events that the log holds
// count.
Status count_opened(State& state, const Tally& tally, std::uint32_t bureau);

// Takes one document of shares. A document that its member has signed but whose shares are wrong is
// kept, to be published with its reason; the same member may bring another in its place.
//
// Once there is a result none are taken: it names what is left out, so that a document which came
// later would make the export unverifiable, and no further shares can change a vote (all
// qualifying sets agree). The same text again is taken, as nothing.
//
// Errors: those of count_opened; shares.form, shares.member, shares.signature, shares.tally (not
// kept), count.shares_given (this member's good shares are there already), count.has_result,
// count.closed.
struct ImportedShares {
  std::string path;      // in the export
  std::string left_out;  // the reason, or empty
};
Expected<ImportedShares> import_shares(State& state, const Tally& tally, std::string_view text);

// By contest, the options in the order drawn by lot, where a tie needs one.
using Lots = std::map<std::uint32_t, std::vector<std::uint32_t>>;

// Decrypts, attributes the seats, stores tally.json and result.json; gives the latter. Nothing is
// shown to voters before the count is closed. Again, with lots that a tie wanted: the same shares,
// a new result. Errors: those of count_opened for each bureau, of decrypt and make_result,
// count.shares_moved (shares came in meanwhile: count again), count.closed.
Expected<std::string> finish_count(State& state, const Tally& tally, const Lots& lots = {});

// The president's `close-count` event (R211-575). Once every bureau has closed, the link key is to
// be destroyed: tick or pay_duties does it. Errors: count.no_result, those of append_signed_event.
Expected<std::int64_t> close_count(State& state, std::uint32_t bureau, const KeyPair& president);
// What it is drafted from. Error: count.no_result.
Expected<EventDraft> close_count_draft(State& state, std::uint32_t bureau);

}  // namespace isoloir

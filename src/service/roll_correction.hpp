// What a claim (réclamation) may have corrected on the roll of an installed election: a voter's
// names, civility, e-mail address and telephone number (docs/roll.md). None of them is in the
// manifest, so no event says so; the journal does. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "courier/text_source.hpp"
#include "service/state.hpp"

namespace isoloir {

// New values as typed, by column of docs/roll.md: civilite, nom_naissance, nom_usage, prenoms,
// courriel, telephone. An empty one takes what was there away, where the roll allows that.
using RollCells = std::map<std::string, std::string, std::less<>>;

struct CorrectedCell {
  std::string column;
  std::string before;
  std::string after;
};
struct Correction {
  std::string voter;                 // identifier, as the roll has it
  std::string name;                  // before: civility, name in use, given names
  std::vector<CorrectedCell> cells;  // those that change, in the order of the roll's columns
  bool of_address = false;           // e-mail or telephone among them
  int told = 0;                      // mails that tell her so
  bool invited = false;              // to open her account anew
};

// The identifier as the roll has it, case apart. Error: roll.unknown_voter.
Expected<std::string> voter_on_roll(store::Transaction& transaction, std::string_view identifier);

// What would change; nothing is written. Errors: roll.unknown_voter (`voter` is no identifier of
// the roll, case apart), roll.invalid (a value that the roll's reader refuses; names the column),
// roll.email_taken (the address signs another voter in), roll.unchanged, roll.closed (the vote is
// over).
Expected<Correction> plan_correction(State& state, std::string_view voter, const RollCells& cells);

// The same in one transaction, journalled by the names of the columns and `claim`, the reference of
// a claim that was made (service/claim), or empty. With another e-mail address or telephone number,
// the links and codes that she was sent are good for nothing, and mails by `texts` (null where this
// server sends none) say so to the address before and the one after. With another address her
// sessions end too; where voters open their accounts by links (`links`), hers ends as well, because
// whoever reads the address before may have opened it, and the next beat invites her at the one
// after. Errors: those of plan_correction and claim_reference.
Expected<Correction> correct_roll(State& state, std::string_view voter, const RollCells& cells,
                                  std::string_view claim, const TextSource* texts, bool links);

}  // namespace isoloir

// The civil identity that FranceConnect vouches for ("identité pivot": birth name, given names,
// date and place of birth, gender, as the national register has them), and whether it is that of
// somebody on the roll (requirement 59). Pure.
#pragma once

#include <string>
#include <vector>

#include "base/canonical_json.hpp"
#include "base/result.hpp"

namespace isoloir {

struct PivotIdentity {
  std::string family_name;               // at birth
  std::vector<std::string> given_names;  // each whole, so that one may hold spaces or hyphens
  std::string birth_date;                // YYYY-MM-DD; presumed: YYYY-MM-00 or YYYY-00-00
  std::string gender;                    // "female" or "male"
  std::string birth_place;               // COG code of the commune; empty when born abroad
  std::string birth_country;             // COG code; France 99100
};

// From the claims of userinfo. Error: identity.claims (one is missing or malformed; never says what
// it holds).
Expected<PivotIdentity> read_pivot_identity(const Json& claims);

// What the roll says (docs/roll.md); what it leaves out is empty.
struct RollIdentity {
  std::string birth_name;
  std::string given_names;
  std::string birth_date;  // as above
  std::string gender;      // "F", "M" or empty
  std::string birth_place;
  std::string birth_country;
};

// Whether both may be one person. Names are compared without case, accents, hyphens and
// apostrophes, in any Unicode form; of the given names the roll may have the first ones only, each
// whole. Dates must be equal in what both know, the year always. Gender, country and, of who was
// born in France, the commune are compared where the roll has them: an arrondissement is its city,
// a code of Corsica before 1976 any commune there. A roll without date of birth is nobody's.
bool may_be_same_person(const PivotIdentity& identity, const RollIdentity& on_roll);

// Whether the roll says enough of her birth for an identity to be believed: a commune, or a country
// other than France.
bool tells_people_apart(const RollIdentity& on_roll);

}  // namespace isoloir

// Whose country a number is in, for statistics of what is sent and what arrives. Pure.
#pragma once

#include <string_view>

namespace isoloir {

// ISO 3166-1 two letters ("FR"); "US/CA" where the United States, Canada and their free numbers are
// not told apart; "GP" for Saint-Barthélemy and Saint-Martin too; "001" for numbers of no country
// (satellites, international networks); nothing where no calling code is known.
std::string_view dialled_country(std::string_view e164);

}  // namespace isoloir

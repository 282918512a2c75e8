// Whether a text that a person writes holds what looks like an identifier or a password of the
// election: who writes to the help desk must not send them along (reissue requirement 9). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "election/credential.hpp"

namespace isoloir {

// The first piece of `utf8` that may be a credential of these forms, as it stands there; nothing
// when there is none.
//
// Sought are as many characters of the codes' alphabet as a code has, or two codes run together,
// read as generously as Code::parse reads: any case, O for 0, I and L for 1, full-width forms; in
// one word, or in groups parted by spaces, line breaks, hyphens and dashes. At least one letter and
// one digit must be among them as they were typed: one code in a hundred has no digit and passes,
// so that every long word does. In groups, one of them at least must mix letters and digits, and
// where spaces part them, the groups must be those in which codes are shown, or evenly long and
// mostly mixed, or all mixed: so "5-octobre-2022", "mars 2022 avec" and telephone numbers pass.
// Thirteen groups of four and more are a tracker or a fingerprint, which the help desk may be told.
std::optional<std::string> credential_in(std::string_view utf8, const CredentialForms& forms);

}  // namespace isoloir

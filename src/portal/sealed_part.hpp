// Credentials, witnesses, bureaus and contests of a portal's file: most of what goes into the
// draft, and with it into the manifest and its fingerprint. Used by portal.cpp.
#pragma once

#include "portal/portal.hpp"
#include "portal/toml_reader.hpp"

namespace isoloir {

void read_credentials(TomlReader& read, const toml::table& root, Portal& portal);
void read_witnesses(TomlReader& read, const toml::table& root, Portal& portal);
void read_bureaus(TomlReader& read, const toml::table& root, Portal& portal);
void read_contests(TomlReader& read, const toml::table& root, Portal& portal);

}  // namespace isoloir

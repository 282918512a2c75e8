// Policy of [franceconnect] in portal.toml: as which service the portal is registered with
// FranceConnect, or another provider that vouches for civil identities. Nothing in it is secret.
#pragma once

#include <string>
#include <vector>

namespace isoloir {

struct FranceConnectPolicy {
  std::string issuer;  // "https://…/api/v2"
  std::string client_id;
  std::vector<std::string> acr_values;  // levels accepted ("eidas1"); the first is asked for
  std::string id_token_signing;         // "ES256" or "RS256", as registered
  std::string userinfo_signing;
  bool encrypted = false;  // both tokens to a key of this service (FranceConnect+)
  // Identity providers through which somebody may act for the voter (Aidants Connect), by idp_id:
  // who comes through one of them is refused. Empty only where the portal's file says that
  // FranceConnect has closed Aidants Connect for this service.
  std::vector<std::string> refused_providers;
};

}  // namespace isoloir

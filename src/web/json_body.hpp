// What bodies of /api/* hold.
#pragma once

#include "web/visit.hpp"

namespace isoloir::web {

// A page of another session, which may have died since by a new code or another sign-in: to it, its
// session is over.
bool csrf_good(const http::Request& request, const Session& session);

// Empty for what our pages never send: no string, or one with a NUL, which the database refuses.
std::string field(const Json& json, std::string_view name);

// What the browser made of a code: {"key", "nonce", "proof"}, hex.
std::optional<CodeProof> code_proof(const Json& body);

}  // namespace isoloir::web

#pragma once

#include <gtest/gtest.h>

#include "service/claim.hpp"
#include "service/plain_texts.hpp"
#include "service/voting_fixture.hpp"

namespace isoloir {

// A claim that somebody who is on no roll has made: its reference.
inline std::string made_claim(State& state) {
  auto portal = *Portal::parse(fixture_portal, "fixture.toml");
  portal.claims = ClaimsPolicy{"claims@portal.example", state.now() + hour, state.now() + hour};
  const PlainTexts texts;
  Claims claims(state, portal, texts);
  const HelpForm form{"not_on_roll", "Camille V.", "camille@example.org", "", "Il manque.", "0"};
  const auto sent = claims.requests().send({{}, "page", "203.0.113.1", "fr", ""}, form);
  EXPECT_TRUE(sent);
  return sent ? sent->reference : "";
}

}  // namespace isoloir

// FranceConnect in procedure A of the reissue: a voter who is signed in to the portal is sent to
// the provider and comes back with a code; who she is there must be who she is on the roll
// (requirements 56 to 60). What the provider says of her is looked at and forgotten. Blocks for the
// provider's answers: for a lane of its own. Thread-safe.
#pragma once

#include "identity/openid_client.hpp"
#include "portal/franceconnect_policy.hpp"
#include "service/reissue.hpp"

namespace isoloir {

// As the provider's client wants it. The policy has been judged by its reader.
openid::Registration registration_of(const FranceConnectPolicy& policy);

class Identifications {
 public:
  // The addresses that are registered with the provider, under the manifest's origin.
  static constexpr std::string_view return_path = "/franceconnect/retour";
  static constexpr std::string_view signed_out_path = "/franceconnect/fin";

  // `report`: one line for the operator, without anything of a voter, when the provider cannot be
  // used or something looks like an attack. Everything given outlives this.
  Identifications(State& state, openid::Client& client, Reissues& reissues,
                  Reissues::Alert report = {})
      : state_(state), client_(client), reissues_(reissues), report_(std::move(report)) {}

  // In the place of what logout_url wants, where that is too long for a browser to hold: she signs
  // out there herself.
  static constexpr std::string_view logout_by_hand = "by-hand";

  // Where the voter's browser goes. Refusals: identity.unavailable (the provider does not answer),
  // reissue.throttled (at).
  ReissueResult<std::string> begin(const Session& session);

  struct Return {  // what comes back in the address, each absent or once
    std::optional<std::string> state;
    std::optional<std::string> code;
    std::optional<std::string> issuer;
    std::optional<std::string> error;
    std::string client_address;
    std::string language;
  };
  struct Outcome {
    ReissueResult<ReissueOpened> opened;
    std::string logout;  // for logout_url, or logout_by_hand; empty where nobody was identified
  };
  // Once for each `state`, whatever comes of it; the same session that brings it again within a
  // minute gets the same outcome, as an answer may be lost on its way. Nothing where it was brought
  // twice already and the provider has not answered yet: bring it again later. Refusals:
  // identity.stale (no such return is awaited from this session: used, too old, or another's; the
  // one that looks nothing up in the provider, writes nothing and is not held), identity.aborted
  // (she gave up there), identity.unavailable, identity.failed (what came back proves nothing),
  // identity.delegate (somebody acts for her), those of Reissues::open_identified.
  std::optional<Outcome> finish(const Session& session, const Return& returned);

  // Where the browser that holds this is signed out at the provider, and the `state` with which it
  // comes back from there to signed_out_path. Error: openid.network, or identity.logout (it is
  // nothing of ours).
  struct Logout {
    std::string url;
    std::string state;
  };
  Expected<Logout> logout(std::string_view held);

 private:
  Outcome finish_once(const Session& session, const Return& returned);
  bool take(const Session& session, std::string_view state);
  void tell(std::string_view step, const std::string& voter, std::string_view reason);

  State& state_;
  openid::Client& client_;
  Reissues& reissues_;
  const Reissues::Alert report_;
  AnsweredOnce<Outcome> answers_{1};  // one reload; more would take the other voters' threads
};

}  // namespace isoloir

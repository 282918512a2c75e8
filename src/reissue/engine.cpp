#include "reissue/engine.hpp"

#include <algorithm>

namespace isoloir::reissue {
namespace {

using Outcome = tl::expected<FlowState, Refusal>;

tl::unexpected<Refusal> refuse(std::string_view code, TimeMs at = 0) {
  return tl::make_unexpected(Refusal{code, at});
}

// Why nothing but its own next step is possible in a state.
struct Why {
  Refusal operator()(const Started&) const { return {"reissue.not_proven"}; }
  Refusal operator()(const MethodChosen&) const { return {"reissue.not_proven"}; }
  Refusal operator()(const Proven&) const { return {"reissue.not_proven"}; }
  Refusal operator()(const ProviderChosen&) const { return {"reissue.not_proven"}; }
  Refusal operator()(const IdentityProven&) const { return {"reissue.order"}; }
  Refusal operator()(const LinkQueued&) const { return {"reissue.link_not_opened"}; }
  Refusal operator()(const Opened&) const { return {"reissue.order"}; }
  Refusal operator()(const Armed&) const { return {"reissue.order"}; }
  Refusal operator()(const Issued& s) const { return {"reissue.link_used", s.issued_at}; }
  Refusal operator()(const Acknowledged& s) const { return {"reissue.link_used", s.issued_at}; }
  Refusal operator()(const Expired& s) const {
    if (s.issued_at) return {"reissue.link_used", *s.issued_at};
    return {"reissue.link_expired", s.since};
  }
  Refusal operator()(const Superseded& s) const { return {"reissue.link_superseded", s.newer_at}; }
  Refusal operator()(const Cancelled& s) const { return {"reissue.link_cancelled", s.at}; }
  Refusal operator()(const Matched&) const { return {"reissue.order"}; }
  Refusal operator()(const IdentifierProven&) const { return {"reissue.order"}; }
  Refusal operator()(const KeyMatched&) const { return {"reissue.order"}; }
  Refusal operator()(const Sent&) const { return {"reissue.order"}; }
  Refusal operator()(const PasswordChosen&) const { return {"reissue.order"}; }
};

// One overload for each arrow of the table; every other pair is refused by the template. Deadlines
// are exclusive: at expires_at it is over.
class Table {
 public:
  explicit Table(TimeMs now) : now_(now) {}

  template <typename State, typename Event>
  Outcome operator()(const State& state, const Event&) const {
    return tl::make_unexpected(Why()(state));
  }

  Outcome operator()(const Started&, const Match&) const { return Matched{}; }
  Outcome operator()(const Matched&, const QueueLink& e) const {
    return LinkQueued{now_, now_ + e.link_ms};
  }
  Outcome operator()(const Opened& s, const ProveIdentifier&) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return IdentifierProven{s.expires_at};
  }
  Outcome operator()(const IdentifierProven& s, const Issue& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return Issued{now_, now_ + e.repeat_ms};
  }
  Outcome operator()(const Started&, const MatchKey&) const { return KeyMatched{}; }
  Outcome operator()(const KeyMatched&, const SendIdentifier&) const { return Sent{}; }

  Outcome operator()(const Started&, const MatchAddress&) const { return Matched{}; }
  Outcome operator()(const Opened& s, const ChoosePassword&) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return PasswordChosen{s.opened_at, s.expires_at};
  }
  // Another one, before the question is chosen.
  Outcome operator()(const PasswordChosen& s, const ChoosePassword&) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return s;
  }
  Outcome operator()(const PasswordChosen& s, const OpenLink& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    if (!e.same_browser) return refuse("reissue.link_elsewhere", s.opened_at);
    return s;
  }
  Outcome operator()(const PasswordChosen& s, const Issue& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return Issued{now_, now_ + e.repeat_ms};
  }

  Outcome operator()(const Started&, const ChooseQuestion&) const { return MethodChosen{}; }
  Outcome operator()(const MethodChosen&, const Prove& e) const {
    return Proven{now_ + e.proof_ms};
  }
  Outcome operator()(const Proven& s, const QueueLink& e) const {
    if (now_ >= s.until) return refuse("reissue.not_proven");
    return LinkQueued{now_, now_ + e.link_ms};
  }
  Outcome operator()(const Started&, const ChooseProvider&) const { return ProviderChosen{}; }
  Outcome operator()(const ProviderChosen&, const ProveIdentity&) const { return IdentityProven{}; }
  Outcome operator()(const IdentityProven&, const OpenIdentified& e) const {
    return Opened{now_, now_ + e.opened_ms};
  }
  Outcome operator()(const LinkQueued& s, const RelayAccepted& e) const {
    return LinkQueued{s.sent_at, std::max(s.expires_at, e.accepted_at + e.link_ms)};
  }
  Outcome operator()(const LinkQueued& s, const OpenLink& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return Opened{now_, now_ + e.opened_ms};
  }
  Outcome operator()(const Opened& s, const OpenLink& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    if (!e.same_browser) return refuse("reissue.link_elsewhere", s.opened_at);
    return s;
  }
  Outcome operator()(const Opened& s, const Arm&) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return Armed{s.expires_at};
  }
  Outcome operator()(const Armed& s, const Issue& e) const {
    if (now_ >= s.expires_at) return refuse("reissue.link_expired", s.expires_at);
    return Issued{now_, now_ + e.repeat_ms};
  }
  Outcome operator()(const Issued& s, const Repeat& e) const {
    if (now_ >= s.repeat_until || !e.same_keys) return refuse("reissue.link_used", s.issued_at);
    if (e.outdated_at) return refuse("reissue.outdated", *e.outdated_at);
    return s;
  }
  Outcome operator()(const Issued& s, const Acknowledge&) const {
    return Acknowledged{s.issued_at};
  }

  Outcome operator()(const LinkQueued& s, const Expire&) const { return after(s.expires_at, {}); }
  Outcome operator()(const Opened& s, const Expire&) const { return after(s.expires_at, {}); }
  Outcome operator()(const Armed& s, const Expire&) const { return after(s.expires_at, {}); }
  Outcome operator()(const PasswordChosen& s, const Expire&) const {
    return after(s.expires_at, {});
  }
  Outcome operator()(const Issued& s, const Expire&) const {
    return after(s.repeat_until, s.issued_at);
  }

  Outcome operator()(const LinkQueued&, const Supersede&) const { return Superseded{now_}; }
  Outcome operator()(const Opened&, const Supersede&) const { return Superseded{now_}; }
  Outcome operator()(const Armed&, const Supersede&) const { return Superseded{now_}; }
  Outcome operator()(const PasswordChosen&, const Supersede&) const { return Superseded{now_}; }

  Outcome operator()(const LinkQueued&, const Withdraw&) const { return Expired{now_, {}}; }
  Outcome operator()(const Opened&, const Withdraw&) const { return Expired{now_, {}}; }
  Outcome operator()(const Armed&, const Withdraw&) const { return Expired{now_, {}}; }
  Outcome operator()(const PasswordChosen&, const Withdraw&) const { return Expired{now_, {}}; }

  Outcome operator()(const Issued&, const Cancel&) const { return Cancelled{now_}; }
  Outcome operator()(const Acknowledged&, const Cancel&) const { return Cancelled{now_}; }
  Outcome operator()(const Expired& s, const Cancel&) const {
    if (!s.issued_at) return tl::make_unexpected(Why()(s));
    return Cancelled{now_};
  }
  Outcome operator()(const Cancelled& s, const Cancel&) const { return s; }

 private:
  Outcome after(TimeMs deadline, std::optional<TimeMs> issued_at) const {
    if (now_ < deadline) return refuse("reissue.not_yet", deadline);
    return Expired{deadline, issued_at};
  }
  TimeMs now_;
};

}  // namespace

Outcome step(const FlowState& state, const FlowEvent& event, TimeMs now) {
  return std::visit(Table(now), state, event);
}

}  // namespace isoloir::reissue

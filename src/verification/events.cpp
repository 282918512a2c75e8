// V7: the events of the board: form, signers, phases, times, order (docs/protocol.md section 8).
#include <algorithm>

#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

enum class Phase { sealed, open, closed, frozen };

enum class Signers {
  board,
  office,
  registrar_and_office,
  board_or_office,
  members,
  president_and_members
};

struct Rule {
  std::string_view name;
  Signers signers;
  enum class Scope { election, bureau, contest, any } scope;  // any: a bureau or one contest
  Phase first, last;                                          // when it may come
  std::vector<std::string_view> data;                         // ascending
};

const Rule* rule_of(std::string_view name) {
  using Scope = Rule::Scope;
  using enum Signers;
  constexpr auto election = Scope::election;  // contest null, bureau 0
  static const std::vector<Rule> rules = {
      {"open", board, election, Phase::sealed, Phase::sealed, {}},
      {"suspend", office, Scope::contest, Phase::open, Phase::open, {"reason"}},
      {"resume", office, Scope::contest, Phase::open, Phase::closed, {"reason"}},
      {"extend", office, election, Phase::open, Phase::open, {"closes_at"}},
      {"enrol",
       registrar_and_office,
       Scope::contest,
       Phase::sealed,
       Phase::open,
       {"district", "key"}},
      {"strike-off", office, Scope::contest, Phase::sealed, Phase::open, {"district", "key"}},
      {"unseal", office, Scope::any, Phase::sealed, Phase::closed, {"reason"}},
      {"reseal", office, Scope::any, Phase::sealed, Phase::closed, {"reason"}},
      {"close", board_or_office, election, Phase::open, Phase::open, {}},
      {"freeze",
       board,
       election,
       Phase::closed,
       Phase::closed,
       {"ballots", "box_root", "pads", "sign_off_root", "sign_offs"}},
      {"count", members, Scope::bureau, Phase::frozen, Phase::frozen, {"bijection", "tally"}},
      {"close-count",
       president_and_members,
       Scope::bureau,
       Phase::frozen,
       Phase::frozen,
       {"result"}},
  };
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

Status refuse(std::string why) {
  return fail("event.rule", std::move(why));
}

bool is_member(const Bureau& bureau, const Point& key) {
  return std::any_of(bureau.groups.begin(), bureau.groups.end(), [&](const TrusteeGroup& group) {
    return std::any_of(group.members.begin(), group.members.end(),
                       [&](const TrusteeMember& m) { return m.signing_key == key; });
  });
}

bool signed_as(const Manifest& manifest, const Bureau& bureau, const Event& event, Signers rule) {
  auto others = event.signers;
  const auto all = [&](auto condition) {
    return !others.empty() && std::all_of(others.begin(), others.end(), condition);
  };
  const auto office = [&](const Point& key) { return holds_office(bureau, key); };
  const auto member = [&](const Point& key) { return is_member(bureau, key); };
  const bool by_board = others == std::vector<Point>{manifest.board_key};
  switch (rule) {
    case Signers::board:
      return by_board;
    case Signers::office:
      return all(office);
    case Signers::registrar_and_office:
      return std::erase(others, manifest.registrar_key) == 1 && all(office);
    case Signers::board_or_office:
      return by_board || all(office);
    case Signers::members:
      return all(member);
    case Signers::president_and_members:
      return all(member) && std::any_of(others.begin(), others.end(), [&](const Point& key) {
               return holds_office(bureau, key, true);
             });
  }
  ISOLOIR_ASSERT(false);
}

// Whether key and district can be a voter's there is V9's to judge; which T and result, V18's and
// V22's.
bool is_well_formed(const Json& data) {
  const auto is_hex = [&](std::string_view field, std::size_t size) {
    if (!data.contains(field)) return true;
    const auto text = text_field(data, field);
    const auto bytes = text ? hex_decode(*text) : std::nullopt;
    return bytes && bytes->size() == size;
  };
  return is_hex("tally", 64) && is_hex("result", 32) && is_hex("key", 32) &&
         (!data.contains("district") || u32_field(data, "district"));
}

// The event as the document says it, its form judged.
Expected<Event> read_event(const Manifest& manifest, const SignedDocument& document,
                           std::size_t number) {
  const auto malformed = [](std::string why) { return fail("event.form", std::move(why)); };
  const auto& body = document.body();
  const auto name = text_field(body, "event");
  const auto at = integer_field(body, "at");
  const auto bureau = u32_field(body, "bureau");
  const auto contest = u32_field(body, "contest");
  if (!has_exactly(body, {"at", "bureau", "contest", "data", "event", "number", "type"}) || !name ||
      !at || !bureau || *bureau >= manifest.bureaus.size() ||
      (!contest && !body["contest"].is_null())) {
    return malformed("not the fields of an event");
  }
  if (u32_field(body, "number") != number) return malformed("it has another number");
  const auto* rule = rule_of(*name);
  if (!rule) return malformed("an unknown event");
  if (contest &&
      (*contest >= manifest.contests.size() || manifest.contests[*contest].bureau != *bureau)) {
    return malformed("of a contest that is not its bureau's");
  }
  using Scope = Rule::Scope;
  if (rule->scope != Scope::any && contest.has_value() != (rule->scope == Scope::contest)) {
    return malformed("its contest is missing, or there where it has none");
  }
  if (rule->scope == Scope::election && *bureau != 0) return malformed("its bureau is not 0");
  const auto& data = body["data"];
  if (!data.is_object() || data.size() != rule->data.size() ||
      std::any_of(rule->data.begin(), rule->data.end(),
                  [&](std::string_view field) { return !data.contains(field); })) {
    return malformed("not the data of the event " + *name);
  }
  if (data.contains("reason") && text_field(data, "reason").value_or("").empty()) {
    return malformed("it gives no reason");
  }
  if (!is_well_formed(data)) return malformed("not the data of the event " + *name);
  return Event{*name, *at, *bureau, contest, data, document.signers()};
}

std::optional<std::vector<std::uint64_t>> counts(const Json& json, std::size_t size) {
  if (!json.is_array() || json.size() != size) return std::nullopt;
  std::vector<std::uint64_t> result;
  for (const auto& item : json) {
    if (!item.is_number_unsigned()) return std::nullopt;
    result.push_back(item.get<std::uint64_t>());
  }
  return result;
}

Expected<Freeze> read_freeze(const Manifest& manifest, const Json& data) {
  const auto root = text_field(data, "box_root");
  const auto digest = root ? hex_decode_array<32>(*root) : std::nullopt;
  const auto list = text_field(data, "sign_off_root");
  const auto ballots = counts(data["ballots"], manifest.contests.size());
  const auto sign_offs = counts(data["sign_offs"], manifest.contests.size());
  if (!digest || !list || !hex_decode_array<32>(*list) || !ballots || !sign_offs ||
      !data["pads"].is_number_unsigned()) {
    return fail("event.form", "not the data of a freeze");
  }
  return Freeze{*digest, *ballots, data["pads"].get<std::uint64_t>(), *sign_offs};
}

// The life of the election, event by event.
class Life {
 public:
  explicit Life(const Manifest& manifest) : manifest_(manifest), closes_at_(manifest.closes_at) {}

  Status take(const Event& event) {
    const Rule& rule = *rule_of(event.name);
    if (event.at < now_) return refuse("its time is before that of the one before");
    now_ = event.at;
    if (phase_ < rule.first || phase_ > rule.last) {
      return refuse("\"" + event.name + "\" cannot come in this phase");
    }
    if (!signed_as(manifest_, manifest_.bureaus[event.bureau], event, rule.signers)) {
      return refuse("\"" + event.name + "\" is not signed as it must be");
    }
    return apply(event);
  }
  Phase phase() const { return phase_; }

 private:
  Status apply(const Event& event) {
    const auto scope = std::pair(event.bureau, event.contest);
    const auto on = [&](auto& set) { return set.insert(scope).second; };
    const auto off = [&](auto& set) { return set.erase(scope) == 1; };
    const auto alternate = [](bool good) {
      return good ? Status() : refuse("it repeats what is already so");
    };
    if (event.name == "open") {
      if (event.at < manifest_.opens_at) return refuse("the vote opens before its hour");
      phase_ = Phase::open;
    } else if (event.name == "close") {
      const bool by_board = event.signers == std::vector<Point>{manifest_.board_key};
      if (by_board && event.at < closes_at_) return refuse("the vote closes before its hour");
      phase_ = Phase::closed;
    } else if (event.name == "freeze") {
      phase_ = Phase::frozen;
    } else if (event.name == "extend") {
      const auto until = integer_field(event.data, "closes_at");
      if (!until || *until <= closes_at_) return refuse("it extends the vote to no later hour");
      closes_at_ = *until;
    } else if (event.name == "suspend") {
      return alternate(on(suspended_));
    } else if (event.name == "resume") {
      return alternate(off(suspended_));
    } else if (event.name == "unseal") {
      return alternate(on(unsealed_));
    } else if (event.name == "reseal") {
      return alternate(off(unsealed_));
    } else if (event.name == "count") {
      return alternate(counted_.insert(event.bureau).second);
    } else if (event.name == "close-count") {
      if (!counted_.contains(event.bureau)) return refuse("the bureau has not counted");
      if (!result_) result_ = event.data["result"];
      if (event.data["result"] != *result_) return refuse("a bureau before has closed another");
      return alternate(closed_.insert(event.bureau).second);
    }
    return {};
  }

  using Scopes = std::set<std::pair<std::uint32_t, std::optional<std::uint32_t>>>;
  const Manifest& manifest_;
  Phase phase_ = Phase::sealed;
  TimeMs now_ = 0;
  TimeMs closes_at_;
  Scopes suspended_;
  Scopes unsealed_;
  std::set<std::uint32_t> counted_;
  std::set<std::uint32_t> closed_;
  std::optional<Json> result_;  // with which the count is closed
};

Status check_places(State& state, std::size_t freeze) {
  for (std::size_t n = 1; n < state.event_places.size(); ++n) {
    if (state.event_places[n] <= state.event_places[n - 1]) {
      return refuse(export_path::event(n) + " stands in the log before the event before it");
    }
  }
  const auto place = state.event_places[freeze];
  const auto checkpoint = std::find_if(state.checkpoints.begin(), state.checkpoints.end(),
                                       [&](const Checkpoint& c) { return c.size > place; });
  ISOLOIR_ASSERT(checkpoint != state.checkpoints.end());  // V5: the last one holds every leaf
  state.freeze_place = place;
  state.freeze_checkpoint = *checkpoint;
  const auto late = std::find(state.kinds.begin() + static_cast<std::ptrdiff_t>(place),
                              state.kinds.end(), LeafKind::ballot);
  if (late != state.kinds.end()) {
    return refuse("leaf " + std::to_string(late - state.kinds.begin()) +
                  " is a ballot after the freeze");
  }
  return {};
}

}  // namespace

Outcome check_events(State& state) {
  Life life(state.manifest);
  std::optional<std::size_t> freeze;
  for (std::size_t n = 0; n < state.event_places.size(); ++n) {
    const auto path = export_path::event(n);
    const auto named = [&](const Error& error) {
      return fail(error.code, path + ": " + error.message);
    };
    const auto text = state.file(path);
    if (!text) return fail(text.error());
    const auto document = SignedDocument::parse_and_verify(*text, "event", state.fingerprint);
    if (!document) return named(document.error());
    auto event = read_event(state.manifest, *document, n);
    if (!event) return named(event.error());
    if (const auto good = life.take(*event); !good) return named(good.error());
    if (event->name == "freeze") {
      const auto data = read_freeze(state.manifest, event->data);
      if (!data) return named(data.error());
      state.freeze = *data;
      freeze = n;
    }
    state.events.push_back(std::move(*event));
  }
  if (!freeze) return fail("event.rule", "the box was never frozen");
  if (const auto good = check_places(state, *freeze); !good) return fail(good.error());
  return numbered(state.events.size(), "event");
}

}  // namespace isoloir::verification

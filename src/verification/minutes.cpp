// V25: the minutes that bureaus have signed.
#include "election/minutes.hpp"

#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

// What is not as it follows from result and log, by the fields' names.
std::string difference(const Json& given, const Json& expected) {
  for (const char* part : {"contests", "operations"}) {
    if (given.contains(part) && given[part] != expected[part]) return part;
  }
  for (const auto& [name, value] : expected.items()) {
    if (!given.contains(name) || given[name] != value) return name;
  }
  return "a field too many";
}

Status check_minutes_of(const State& state, const MinutesSources& sources, std::uint32_t bureau) {
  const auto path = export_path::minutes(bureau);
  const auto wrong = [&](std::string_view code, const std::string& why) {
    return fail(std::string(code), path + ": " + why);
  };
  const auto text = state.file(path);
  if (!text) return fail(text.error());
  const auto minutes = SignedDocument::parse_and_verify(*text, "minutes", state.fingerprint);
  if (!minutes) return wrong(minutes.error().code, minutes.error().message);
  if (!signed_as_minutes(state.manifest.bureaus[bureau], minutes->signers())) {
    return wrong("minutes.signer",
                 "not signed by members of the bureau alone, a president or secretary among them");
  }
  const auto closed_at = count_closed_at(sources.events, bureau);
  if (!closed_at) return wrong("minutes.early", "the bureau has not closed its count");
  const auto at = integer_field(minutes->body(), "at");
  if (!at || *at < *closed_at) {
    return wrong("minutes.early", "dated before the close of the count");
  }
  const Json expected = minutes_body(sources, bureau, *at);
  if (minutes->body() != expected) {
    return wrong("minutes.figures", "not what follows from the result and the log: " +
                                        difference(minutes->body(), expected));
  }
  return {};
}

}  // namespace

bool holds_no_minutes(const State& state) {
  return !state.index.empty() && state.count_paths("minutes/", "") == 0;
}

Outcome check_minutes(State& state) {
  if (holds_no_minutes(state)) return "the export holds none";
  const auto sources = read_signed_record(state);
  if (!sources) return fail(sources.error());
  std::size_t count = 0;
  for (std::uint32_t b = 0; b < state.manifest.bureaus.size(); ++b) {
    if (!state.index.contains(export_path::minutes(b))) continue;
    const MinutesSources of{state.manifest, sources->result, sources->events, sources->batches};
    if (auto good = check_minutes_of(state, of, b); !good) return fail(good.error());
    ++count;
  }
  return "of " + numbered(count, "bureau");
}

}  // namespace isoloir::verification

// What a president or a secretary signs alone. In earnest by files: drafted here, signed on the
// member's own machine (isoloir trustee sign), posted here; the private file, which holds a share
// of the election's key too, never comes near the server. With the private file at hand for a try.
#include <fmt/format.h>

#include "cli/bureau_desk.hpp"
#include "http/percent.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/freeze.hpp"

namespace isoloir::cli {
namespace {

bool is_officers_event(const std::string& name) {
  return name == "suspend" || name == "resume" || name == "close" || name == "close-count" ||
         name == "strike-off";
}

Status write_drafts(Desk& desk, const std::string& path, const std::vector<EventDraft>& drafts) {
  const auto documents = draft_for_officers(*desk.state, drafts);
  if (!documents) return fail(documents.error());
  std::vector<std::string> files;
  for (const auto& draft : drafts) {
    files.push_back(drafts.size() == 1 ? path : fmt::format("{}-{}", path, *draft.contest));
  }
  if (auto written = write_draft_files(*documents, files); !written) return written;
  const auto minutes = limits::event_age_ms / minute_ms;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const auto& bureau = desk.state->manifest().bureaus[drafts[i].bureau];
    const auto names = names_of(bureau, drafts[i].name == "close-count" ? presidents : officers);
    desk.screen.say(
        fmt::format("Événement écrit dans {}, à rapporter signé dans les {} minutes. Signe, sur sa "
                    "propre machine : {} (isoloir trustee sign {}). Puis ici : isoloir bureau post",
                    files[i], minutes, names, files[i]),
        fmt::format("Event written to {}, to be brought back signed within {} minutes. Signs, on "
                    "a machine of its own: {} (isoloir trustee sign {}). Then here: isoloir bureau "
                    "post",
                    files[i], minutes, names, files[i]));
  }
  if (drafts.size() > 1) {
    desk.screen.say("À rapporter dans cet ordre.", "To be brought back in this order.");
  }
  return {};
}

Status say_posted(Desk& desk, std::int64_t number, const std::string& name) {
  if (auto settled = desk.settle(); !settled) return settled;
  desk.screen.say(fmt::format("Fait : événement n° {}, signé par {}.", number, name),
                  fmt::format("Done: event {}, signed by {}.", number, name));
  return {};
}

Status run_contest_event(Desk& desk, const BureauOptions& options, const char* name) {
  const auto* contest = desk.state->manifest().contest(options.contest);
  if (!contest) return fail("bureau.contest", "there is no such contest");
  if (http::has_control(options.reason)) {
    return fail("bureau.data", "a reason is one line of text");
  }
  Json data = Json::object();
  data["reason"] = options.reason;
  return draft_or_sign(desk, options, {{name, contest->bureau, options.contest, std::move(data)}});
}

// Before an end that cannot be repeated.
Status export_has_place(const BureauOptions& options) {
  return options.export_folder.empty() ? Status()
                                       : isoloir::export_has_place(options.export_folder);
}

Status confirm_end(const Desk& desk, const BureauOptions& options, std::string_view event) {
  if (event == "close") {
    return confirm(desk.screen, options.yes,
                   {"Le vote sera fermé pour tous, sans retour.",
                    "The vote will be closed for everybody, for good."});
  }
  if (event == "close-count") {
    return confirm(desk.screen, options.yes,
                   {"Le dépouillement sera clos et la clé des liens détruite, sans retour.",
                    "The count will be closed and the link key destroyed, for good."});
  }
  if (event == "strike-off") {
    return confirm(desk.screen, options.yes,
                   {"Cette personne ne pourra plus voter dans ce scrutin, à moins d'être inscrite "
                    "à nouveau, avec un autre code.",
                    "This person will not be able to vote in this contest any more, unless "
                    "enrolled anew with another code.",
                    "radier", "strike off"});
  }
  return {};
}

// After a president's event: the duties that it brought, then the export.
Status end_the_count(Desk& desk, const BureauOptions& options) {
  if (auto settled = desk.settle(); !settled) return settled;
  pay_duties(*desk.state);
  if (!desk.state->held_link_key()) {
    desk.screen.say(
        "La clé des liens est détruite. Détruire aussi chaque copie de la clé des "
        "preuves, et le porter au procès-verbal.",
        "The link key is destroyed. Destroy every copy of the receipt key too, and "
        "enter it in the minutes.");
  }
  if (!options.export_folder.empty()) return export_to(desk, options.export_folder);
  return {};
}

}  // namespace

Status write_draft_files(const std::vector<SignedDocument>& drafts,
                         const std::vector<std::string>& files) {
  for (const auto& file : files) {
    if (!std::filesystem::exists(file)) continue;
    return fail("bureau.draft_exists", file + " is there already; nothing was written");
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    write_file(files[i], drafts[i].text(), FileMode::secret);
  }
  return {};
}

Status draft_or_sign(Desk& desk, const BureauOptions& options,
                     const std::vector<EventDraft>& drafts) {
  if (!options.draft.empty()) return write_drafts(desk, options.draft, drafts);
  const auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  std::vector<const Present*> signers;
  for (const auto& draft : drafts) {
    signers.push_back(find_role(*present, draft.bureau, officers));
    if (!signers.back()) {
      return fail("bureau.signer",
                  "one of these must sign: " +
                      names_of(desk.state->manifest().bureaus.at(draft.bureau), officers));
    }
  }
  std::vector<std::int64_t> numbers;
  const auto posted = desk.state->database().write([&](store::Transaction& t) -> Status {
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const auto number =
          append_event(t, *desk.state, drafts[i], {&signers[i]->file.state.signing()});
      if (!number) return fail(number.error());
      numbers.push_back(*number);
    }
    return {};
  });
  if (!posted) return posted;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (auto said = say_posted(desk, numbers[i], signers[i]->place.name); !said) return said;
  }
  say_next(desk, standing_of(*desk.state));
  return {};
}

Status run_suspend(Desk& desk, const BureauOptions& options) {
  return run_contest_event(desk, options, "suspend");
}
Status run_resume(Desk& desk, const BureauOptions& options) {
  return run_contest_event(desk, options, "resume");
}
Status run_close(Desk& desk, const BureauOptions& options) {
  if (options.draft.empty()) {
    if (auto sure = confirm_end(desk, options, "close"); !sure) return sure;
  }
  return draft_or_sign(desk, options, {{"close", 0, {}, Json::object()}});
}

Status run_close_count(Desk& desk, const BureauOptions& options) {
  if (auto free = export_has_place(options); !free) return free;
  const auto standing = standing_of(*desk.state);
  if (!options.draft.empty()) {  // one event a file: of the first bureau that has not closed
    std::uint32_t bureau = 0;
    while (bureau + 1 < standing.closed.size() && standing.closed[bureau]) ++bureau;
    const auto draft = close_count_draft(*desk.state, bureau);
    if (!draft) return fail(draft.error());
    return write_drafts(desk, options.draft, {*draft});
  }
  const auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  if (auto sure = confirm_end(desk, options, "close-count"); !sure) return sure;
  bool signed_one = false;
  for (std::uint32_t b = 0; b < standing.closed.size(); ++b) {
    const auto* president = find_role(*present, b, presidents);
    if (!president || (standing.closed[b] && !all_true(standing.closed))) continue;
    const auto closed = close_count(*desk.state, b, president->file.state.signing());
    if (!closed) return fail(closed.error());
    signed_one = true;
    desk.screen.say("Dépouillement clos par " + president->place.name + ".",
                    "Count closed by " + president->place.name + ".");
  }
  if (!signed_one) return fail("bureau.signer", "a president of the bureau must sign");
  return end_the_count(desk, options);
}

Status run_post(Desk& desk, const BureauOptions& options) {
  if (auto free = export_has_place(options); !free) return free;
  std::string name, signers;
  std::int64_t number = 0;
  auto taken = take_file(options.event, [&](const std::string& text) -> Status {
    const auto document = SignedDocument::parse(text);
    if (!document) return fail("bureau.event", "truncated, or no signed document");
    name = text_field(document->body(), "event").value_or("");
    if (name == "enrol") {
      return fail("bureau.event",
                  "who is enrolled comes beside the event: isoloir roll enrol --post");
    }
    if (!is_officers_event(name)) {
      return fail("bureau.event", "not one of suspend, resume, close, close-count, strike-off");
    }
    if (const auto voter = struck_off_by(*desk.state, *document); !voter.empty()) {
      const auto& contest =
          desk.state->manifest().contests.at(*u32_field(document->body(), "contest"));
      const auto who = voter_profile(*desk.state, voter)->display_name;
      desk.screen.say(fmt::format("{}, {} : {}", voter, who, contest.name.fr),
                      fmt::format("{}, {}: {}", voter, who, contest.name.en));
      std::fflush(stdout);
    }
    if (auto sure = confirm_end(desk, options, name); !sure) return sure;
    const auto posted = post_event(*desk.state, *document, desk.texts());
    if (!posted) return fail(posted.error());
    number = *posted;
    for (const auto& key : document->signers()) {
      const auto member = member_of(desk.state->manifest(), key);
      signers += (signers.empty() ? "" : ", ") + (member ? member->name : std::string("serveur"));
    }
    return {};
  });
  if (!taken) return taken;
  if (auto said = say_posted(desk, number, signers); !said) return said;
  if (name == "close-count") return end_the_count(desk, options);
  say_next(desk, standing_of(*desk.state));
  return {};
}

}  // namespace isoloir::cli

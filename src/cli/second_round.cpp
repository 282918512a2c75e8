// isoloir second-round: from a verified first round to the portal and the roll of the second.
#include "portal/second_round.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/files.hpp"
#include "base/unicode.hpp"
#include "cli/anchors.hpp"
#include "cli/commands.hpp"
#include "cli/folder_in_making.hpp"
#include "cli/server.hpp"
#include "verification/verification.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct SecondRoundOptions : AnchorFiles {
  fs::path portal, exported, roll, to;
  SecondRoundTerms terms;
  std::vector<std::string> stand, withdrawn;
};

struct FirstRound {
  Manifest manifest;
  Json result;
};

// Names are chosen from what anybody can verify, not from what a server says.
Expected<FirstRound> verified_first_round(const SecondRoundOptions& options) {
  const auto anchors = read_anchors(options);
  if (!anchors) return fail(anchors.error());
  const auto reader = ExportReader::of_folder(options.exported);
  if (!reader) return fail(reader.error());
  ProgressLine progress;
  const auto checked = verify_export(*reader, *anchors, std::ref(progress));
  progress.finish();
  if (const auto* failure = checked.first_failure()) {
    return fail("second_round.export",
                fmt::format("{}: refused at V{}, {}: {}", options.exported.string(),
                            failure->number, failure->name, failure->detail));
  }
  const auto manifest_text = reader->read(export_path::manifest);
  const auto result_text = reader->read(export_path::result);
  if (!manifest_text || !result_text) {
    return fail("second_round.export", options.exported.string() + ": this has no result yet");
  }
  auto manifest = Manifest::parse(*manifest_text);
  if (!manifest) return fail(manifest.error());
  if (!checked.anchored) {
    std::fprintf(stderr, "not anchored: %s\n", printable(checked.anchoring).c_str());
  }
  return FirstRound{std::move(*manifest), *parse_json(*result_text)};
}

// "3:ALPHA Anne"
Expected<std::vector<StandingChange>> changes_in(const std::vector<std::string>& typed) {
  std::vector<StandingChange> changes;
  for (const auto& text : typed) {
    StandingChange change;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), change.contest);
    if (error != std::errc() || end == text.data() + text.size() || *end != ':') {
      return fail("second_round.name", "\"" + text + "\" is not like 3:ALPHA Anne");
    }
    change.name = std::string(end + 1, text.data() + text.size());
    changes.push_back(std::move(change));
  }
  return changes;
}

void print_standing(const FirstRound& first, const StandingAgain& standing) {
  for (const auto& contest : first.result.at("contests")) {
    const auto number = contest.at("contest").get<std::size_t>();
    const auto& rules = first.manifest.contests[number];
    const auto& majority = contest.at("majority");
    std::string articles, names;
    for (const auto& article : majority.at("articles")) {
      articles += (articles.empty() ? "" : ", ") + article.get<std::string>();
    }
    for (const auto& name : standing[number]) names += (names.empty() ? "" : ", ") + name;
    if (majority.at("elected").is_null() && names.empty()) continue;  // nobody is registered
    if (names.empty()) {
      names = rules.options[majority.at("elected").get<std::size_t>()].name;
      std::puts(printable(fmt::format("{} {}: élu au premier tour / elected in the first round: {} "
                                      "(Code électoral, {})",
                                      number, rules.name.fr, names, articles))
                    .c_str());
    } else {
      std::puts(printable(fmt::format("{} {}: second tour / second round: {} (Code électoral, {})",
                                      number, rules.name.fr, names, articles))
                    .c_str());
    }
  }
}

Expected<StandingAgain> standing_of(const FirstRound& first, const SecondRoundOptions& options) {
  const auto added = changes_in(options.stand);
  if (!added) return fail(added.error());
  const auto withdrawn = changes_in(options.withdrawn);
  if (!withdrawn) return fail(withdrawn.error());
  return standing_again(first.manifest, first.result, *added, *withdrawn);
}

// What the portal tells its voters stays the same.
Status copy_pages(const fs::path& portal, const FolderInMaking& folder) {
  const auto pages = portal / "pages";
  if (!fs::is_directory(pages)) return {};
  for (const auto& entry : fs::directory_iterator(pages)) {
    const auto content = read_file(entry.path());
    if (!content) return fail(content.error());
    folder.write(fs::path("pages") / entry.path().filename(), *content);
  }
  return {};
}

int run_second_round(const SecondRoundOptions& options) {
  if (fs::exists(options.to)) {
    return report({"second_round.folder", options.to.string() + " is there already", {}});
  }
  const auto first = verified_first_round(options);
  if (!first) return report(first.error());
  const auto standing = standing_of(*first, options);
  if (!standing) return report(standing.error());
  const auto toml = portal_text(options.portal);
  if (!toml) return report(toml.error());
  const auto portal = second_round_portal(*toml, (options.portal / "portal.toml").string(),
                                          *standing, options.terms);
  if (!portal) return report(portal.error());
  FolderInMaking folder(options.to);
  folder.write("portal.toml", *portal);
  if (auto copied = copy_pages(options.portal, folder); !copied) return report(copied.error());
  if (!options.roll.empty()) {
    const auto csv = read_file(options.roll);
    if (!csv) return report(csv.error());
    const auto roll = second_round_roll(*csv, *standing);
    if (!roll) {
      return report({roll.error().code, options.roll.string() + ": " + roll.error().message, {}});
    }
    folder.write("roll.csv", *roll);
  }
  folder.keep();
  print_standing(*first, *standing);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

void add_second_round(Command app) {
  auto options = std::make_shared<SecondRoundOptions>();
  Command command = app.add("second-round", "The second round's portal, from a verified first one");
  command.option("export", options->exported, "Export of the first round").required();
  command.option("portal", options->portal, "Folder of the first round's portal").required();
  command.option("--to", options->to, "New folder for the second round's portal").required();
  command.option("--opens", options->terms.opens, "Local time, as [hours] has it").required();
  command.option("--closes", options->terms.closes, "Local time").required();
  command.option("--title-fr", options->terms.election.fr, "Title of the election").required();
  command.option("--title-en", options->terms.election.en, "The same in English").required();
  command.option("--roll", options->roll, "Roll of the first round, to be renumbered");
  command.option("--stand", options->stand, "3:NAME, among equals for a place in contest 3");
  command.option("--withdrawn", options->withdrawn, "3:NAME, who does not stand again");
  command.option("--fingerprint", options->fingerprint, "from the minutes of the sealing");
  command.option("--checkpoint", options->checkpoint,
                 "file with a checkpoint that the log has signed");
  command.runs([options] { return run_second_round(*options); });
}

}  // namespace isoloir::cli

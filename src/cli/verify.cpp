// isoloir verify: the checks of docs/protocol.md section 11 on an export, for people and scripts.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/unicode.hpp"
#include "cli/anchors.hpp"
#include "cli/commands.hpp"
#include "cli/result_words.hpp"
#include "cli/screen.hpp"
#include "verification/verification.hpp"

namespace isoloir::cli {
namespace {

struct VerifyOptions : AnchorFiles {
  std::string folder;
};

// Names in an export are anybody's: they cannot say what only the first line of an anchored report
// says.
std::string line_of(std::string_view text, bool anchored = false) {
  std::string out = printable(text);
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  constexpr std::string_view verdict = "verified";
  for (auto at = out.begin(); !anchored;) {
    at = std::search(at, out.end(), verdict.begin(), verdict.end(), same);
    if (at == out.end()) break;
    at = std::fill_n(at, verdict.size(), '?');
  }
  return out;
}

std::string first_line(const Report& report) {
  if (const auto* failure = report.first_failure()) {
    return "refused at V" + std::to_string(failure->number) + ", " + failure->name + ": " +
           failure->detail + " (" + failure->code + ")";
  }
  if (!report.counted) {
    return "consistent up to the count, which is not in this export" +
           (report.anchored ? "" : "; not anchored: " + report.anchoring);
  }
  if (!report.anchored) return "consistent, not anchored: " + report.anchoring;
  return "verified";
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "ok";
    case Verdict::failed:
      return "REFUSED";
    case Verdict::not_run:
      return "not run";
  }
  return "";
}

void add_trust(std::vector<std::string>& lines, const Report& report) {
  if (report.guardian && !*report.guardian) {
    std::uint64_t resting = 0;
    for (const auto& contest : report.trust) resting += contest.reissued_that_voted;
    lines.push_back("no guardian: up to " + std::to_string(resting) +
                    " of the ballots rest on the server's honesty");
  }
  for (const auto& contest : report.trust) {
    lines.push_back("contest " + std::to_string(contest.contest) + ": " +
                    std::to_string(contest.reissued_that_voted) +
                    " keys added during the vote have voted; votes that another outcome lacked: " +
                    (contest.margin ? std::to_string(*contest.margin) : "there is no other"));
  }
  if (report.fingerprint && report.witness_threshold == 0) {
    lines.push_back(
        "no witness: that the log showed everybody the same rests on checkpoints "
        "being compared");
  }
}

// In the languages of the election's own names.
void add_result(std::vector<std::string>& lines, const Report& report) {
  if (!report.result) {
    lines.emplace_back("result.json has changed since it was judged: verify again");
    return;
  }
  const auto say = [&](const std::string& french, const std::string& english) {
    lines.push_back(french);
    lines.push_back("    " + english);
  };
  const auto& [manifest, result] = *report.result;
  say("Résultat, " + manifest.title.fr + " :", "Result, " + manifest.title.en + ":");
  const Json contests = Json::parse(result)["contests"];
  for (const auto& counted : contests) {
    say_result(manifest.contests[counted["contest"].get<std::size_t>()], counted, say);
  }
}

std::vector<std::string> lines_of(const Report& report) {
  std::vector<std::string> lines{first_line(report)};
  if (const auto* failure = report.first_failure(); failure && failure->number == 24) {
    lines.emplace_back(
        "a receipt that was given is refused: verify again without receipts to judge the "
        "election alone, and have it examined: if it is authentic, a ballot is missing");
  }
  if (report.fingerprint) lines.push_back("fingerprint " + hex_encode(report.fingerprint->bytes));
  if (report.log) {  // as the minutes print it
    lines.push_back("public log of " + std::to_string(report.log->size) + " entries, root " +
                    in_groups(report.log->root));
  }
  for (const auto& check : report.checks) {
    std::string line = "V" + std::to_string(check.number);
    line.resize(5, ' ');
    line += name_of(check.verdict);
    line.resize(14, ' ');
    lines.push_back(line + check.name + ": " + check.detail);
  }
  if (!report.consistent() || !report.counted) return lines;
  add_result(lines, report);
  const auto checks = lines.size();
  add_trust(lines, report);
  if (lines.size() > checks || !report.anchored) {
    lines.push_back(
        "\"not anchored\", \"no guardian\" and \"no witness\" are no errors: they say what is left "
        "to trust (docs/first-election.md, section 9)");
  }
  return lines;
}

int run_verify(const VerifyOptions& options) {
  const auto complain = [](const Error& error) {
    std::fprintf(stderr, "isoloir verify: %s (%s)\n", line_of(error.message).c_str(),
                 error.code.c_str());
    return 2;
  };
  const auto anchors = read_anchors(options);
  if (!anchors) return complain(anchors.error());
  const auto reader = ExportReader::of_folder(options.folder);
  if (reader &&
      !std::binary_search(reader->paths().begin(), reader->paths().end(), export_path::index)) {
    return complain(
        {"export.folder", options.folder + ": no folder of an export, without index.json", {}});
  }
  if (!reader) return complain(reader.error());
  ProgressLine progress;
  const Report report = verify_export(*reader, *anchors, std::ref(progress));
  progress.finish();
  for (const auto& line : lines_of(report)) {
    if (std::puts(line_of(line, report.anchored).c_str()) < 0) return 1;
  }
  return std::fflush(stdout) == 0 && report.consistent() ? 0 : 1;
}

}  // namespace

void add_verify(Command app) {
  auto options = std::make_shared<VerifyOptions>();
  Command command = app.add("verify", "Verify an election from its export");
  command.option("export", options->folder, "the folder of the export").required();
  command.option("--fingerprint", options->fingerprint, "from the minutes of the sealing");
  command.option("--checkpoint", options->checkpoint,
                 "file with a checkpoint that the log has signed");
  command.option("--receipts", options->receipts, "folder of receipts to look up");
  command.runs([options] { return run_verify(*options); });
}

}  // namespace isoloir::cli

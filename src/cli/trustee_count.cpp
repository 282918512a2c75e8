#include "cli/trustee_count.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/anchors.hpp"
#include "cli/screen.hpp"
#include "cli/tally_words.hpp"
#include "cli/trustee.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;

Expected<std::string> attest_count(const CheckedCount& checked, const fs::path& path,
                                   const fs::path& out, HolderFile& holder, Random& random) {
  const auto bureau = bureau_of(checked.manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  auto document = read_stick_document(path);
  if (!document) return fail(document.error());
  const Json& body = document->body();
  const Json expected = {{"tally", hex_encode(checked.tally.hash)}, {"bijection", true}};
  if (!has_exactly(body, {"at", "bureau", "contest", "data", "event", "number", "type"}) ||
      text_field(body, "type") != "event" || text_field(body, "event") != "count" ||
      u32_field(body, "bureau") != *bureau) {
    return fail("trustee.document", "not the count event of this bureau");
  }
  if (body["data"] != expected) {
    return fail("trustee.tally", "the event is for another tally than the one of this box, T = " +
                                     hex_encode(checked.tally.hash));
  }
  if (auto bound = holder.bind(checked.tally.hash, random); !bound) return fail(bound.error());
  document->sign(holder.state.signing(), checked.manifest.fingerprint(), random);
  auto written = out.empty() ? write_stick_file(path, document->text(), true, random)
                             : write_stick_file(out, document->text(), false, random);
  if (!written) return fail(written.error());
  return both("Le dépouillement est signé pour ce décompte :", "Signed: the count of this tally:") +
         in_lines(checked.tally.hash);
}

Expected<std::string> make_share_file(const CheckedCount& checked, const fs::path& out,
                                      HolderFile& holder, Random& random) {
  const auto bureau = bureau_of(checked.manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  auto opened = count_opened(checked.manifest, checked.tally, *bureau, checked.events);
  if (!opened) return fail(opened.error());
  if (auto bound = holder.bind(checked.tally.hash, random); !bound) return fail(bound.error());
  const auto shares = make_shares(checked.manifest, checked.tally, *bureau, holder.state, random);
  if (!shares) return fail(shares.error());
  std::error_code error;
  fs::create_directories(out, error);  // what is wrong with it, the writing says
  const auto two = [](std::uint32_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  const fs::path path = out / (std::to_string(*bureau) + "-" + two(holder.state.group()) + "-" +
                               two(holder.state.index()) + ".json");
  if (auto written = write_stick_file(path, *shares, false, random); !written) {
    return fail(written.error());
  }
  return both("Parts de déchiffrement écrites dans " + path.string() + ", pour ce seul décompte :",
              "Decryption shares written to " + path.string() + ", for this tally alone:") +
         in_lines(checked.tally.hash);
}

namespace {

struct CountOptions {
  HolderOptions holder;
  std::string document;
  std::string out;
  std::string export_folder;
  AnchorFiles anchors;
  std::string receipts_key;
  std::string tally;  // as read aloud; may be empty
};

Expected<CheckedCount> check_count(const CountOptions& options) {
  const auto anchors = read_anchors(options.anchors);
  if (!anchors) return fail(anchors.error());
  const auto receipt_key = ReceiptKey::read(options.receipts_key);
  if (!receipt_key) return fail(receipt_key.error());
  const auto reader = ExportReader::of_folder(options.export_folder);
  if (!reader) return fail(reader.error());
  ProgressLine progress;
  auto checked = verify_before_count(*reader, *anchors, *receipt_key, std::ref(progress));
  progress.finish();
  return checked;
}

// From the option, or typed after the figures have been seen.
Expected<std::string> tally_as_read(const CountOptions& options) {
  if (!options.tally.empty()) return parse_read_tally(options.tally);
  if (::isatty(STDIN_FILENO) != 1) {
    return fail("trustee.tally_needed",
                "give the T that the president reads aloud: --tally 'XXXX XXXX …'");
  }
  std::fputs("T lu à voix haute / T as read aloud: ", stderr);
  std::string typed;
  std::getline(std::cin, typed);
  return parse_read_tally(typed);
}

// Verification comes first, and needs no code: nothing is ever decrypted that was not verified, or
// that differs from what the others see.
Expected<std::string> run_count(const CountOptions& options, bool attest) {
  SystemRandom random;
  if (!options.tally.empty()) {  // mistyped is told before the hours of a large box
    if (auto form = parse_read_tally(options.tally); !form) return form;
  }
  const auto checked = check_count(options);
  if (!checked) return fail(checked.error());
  say_tally(checked->manifest, checked->tally, checked->events,
            [](const std::string& french, const std::string& english) {
              std::fputs(both(french, english).c_str(), stdout);
            });
  std::fflush(stdout);
  const auto read = tally_as_read(options);
  if (!read) return fail(read.error());
  if (auto same = compare_tally(checked->tally.hash, *read); !same) return fail(same.error());
  auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  return attest ? attest_count(*checked, options.document, options.out, *holder, random)
                : make_share_file(*checked, options.out, *holder, random);
}

}  // namespace

void add_trustee_count(Command trustee) {
  const auto options = std::make_shared<CountOptions>();
  for (const bool attest : {true, false}) {
    Command command = add_trustee_step<CountOptions>(
        trustee, attest ? "attest" : "share",
        attest ? "verify the export, compare T, then sign the count event"
               : "verify, compare T, then make shares",
        options, [attest](const CountOptions& o) { return run_count(o, attest); });
    command.option("export", options->export_folder, "the export's folder").required();
    command
        .option("--fingerprint", options->anchors.fingerprint, "the manifest's, from the minutes")
        .required();
    command
        .option("--checkpoint", options->anchors.checkpoint,
                "file with the log's last checkpoint, from the public board")
        .required();
    command.option("--receipts-key", options->receipts_key, "for the bijection of box and log")
        .required();
    command.option("--tally", options->tally,
                   "T as the president reads it aloud; else it is asked for");
    if (attest) {
      command.option("--event", options->document, "the count event to sign").required();
      command.option("--out", options->out, "the signed one; without it, in place");
    } else {
      command.option("--out", options->out, "folder for the shares").required();
    }
    options->holder.declare(command, true);
  }
}

}  // namespace isoloir::cli

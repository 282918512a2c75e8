// isoloir trustee: the holders' tool. Everything travels as files on sticks; each holder's private
// file is sealed under its activation code.
//
// A ceremony folder holds plan.json and one file for each message (CeremonySlot::file_name). The
// private file is written, under its new state, before anything that depends on it leaves; every
// write is complete or absent, and nothing is replaced but the private file and a document that
// gains a signature.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "election/ceremony.hpp"
#include "election/credential.hpp"
#include "election/verification.hpp"

namespace isoloir::cli {

// ---- Files

// A folder's plan and messages. Errors: trustee.file, ceremony.plan.
struct CeremonyFolder {
  CeremonyPlan plan;
  std::vector<std::string> messages;
};
Expected<CeremonyFolder> read_ceremony_folder(const std::filesystem::path& folder);

// The code in this file (rehearsals, scripts), or, without a name, the one typed on standard input.
// Errors: trustee.file, those of Code::parse.
Expected<Code> ask_code(const std::string& code_file);

// A private file with the code that opens it.
class HolderFile {
 public:
  // Does not write. Errors of open: trustee.file, sealed_file.*, holder.form.
  static Expected<HolderFile> open(std::filesystem::path path, Code code);
  HolderFile(std::filesystem::path path, Code code, HolderState state);

  Status create(Random& random) const;  // a new file; error: trustee.file when one is there
  Status save(Random& random) const;    // in place of the old one

  HolderState state;

 private:
  std::filesystem::path path_;
  Code code_;
};

// ---- Steps; `out` lines are what the holder reads.

// Makes and writes this holder's next message, and again those that the folder has lost. Errors:
// those of read_as_holder and next_message, trustee.file.
Expected<std::string> ceremony_step(const std::filesystem::path& folder, HolderFile& holder,
                                    Random& random);

// Signs the `count` event in `document` when its T is the one of the checked count: into `out`, a
// new file, or, without a name, in place. Errors: trustee.document, trustee.tally (the event is of
// another T), count.holder, trustee.file.
Expected<std::string> attest_count(const CheckedCount& checked,
                                   const std::filesystem::path& document,
                                   const std::filesystem::path& out, const HolderFile& holder,
                                   Random& random);

// Binds the file to T, seals it, then writes <bureau>-<group>-<index>.json into `out`. Errors:
// those of count_opened, holder.second_tally, count.holder, trustee.file.
Expected<std::string> make_share_file(const CheckedCount& checked, const std::filesystem::path& out,
                                      HolderFile& holder, Random& random);

// Signs a seal, or an event other than `count`, for the bureau of this holder. Errors:
// trustee.document (says why), count.holder, trustee.file.
Expected<std::string> sign_document(const Manifest& manifest, const std::filesystem::path& document,
                                    const HolderFile& holder, Random& random);

}  // namespace isoloir::cli

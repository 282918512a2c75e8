// A holder's private file, sealed under its activation code, and the files on the stick beside it.
// Every write is complete or absent. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "election/ceremony.hpp"
#include "election/credential.hpp"

namespace isoloir::cli {

// ---- Files on the stick. Error: trustee.file.

tl::unexpected<Error> stick_error(const std::filesystem::path& path, const std::string& why);
Expected<std::string> read_stick_file(const std::filesystem::path& path);
// Of mode 0600. Without `replace` a file that is there stays, and is an error.
Status write_stick_file(const std::filesystem::path& path, std::string_view text, bool replace,
                        Random& random);
// Error: document.form too.
Expected<SignedDocument> read_stick_document(const std::filesystem::path& path);

// ---- The private file

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
  // Binds it to this tally and saves it so, before anything made for the tally leaves. Errors:
  // holder.second_tally, trustee.file.
  Status bind(const ByteArray<64>& tally, Random& random);

  HolderState state;

 private:
  std::filesystem::path path_;
  Code code_;
};

// The bureau whose member this holder is, with the very keys of its file and the ceremony that it
// agreed to. Error: count.holder.
Expected<std::uint32_t> bureau_of(const Manifest& manifest, const HolderState& state);

}  // namespace isoloir::cli

// A signature beneath a seal or an officer's event, on a machine of its own: the documents are
// shown in words before it is asked for. A holder's (trustee sign), or the registrar's (registrar
// sign). One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/holder_file.hpp"

namespace isoloir::cli {

// What is signed by a file: the seal of an empty box, or one of the events suspend, resume, enrol,
// strike-off, close and close-count. Read once: what was shown is what is signed.
struct Signable {
  SignedDocument document;
  std::string words;  // French and English; no control character but line ends
};
// Errors: trustee.document (says why it is none of these), those of read_stick_document.
Expected<Signable> read_signable(const Manifest& manifest, const std::filesystem::path& path);

// Adds this holder's signature, in place. Errors: trustee.document (an event of another bureau),
// trustee.role (the event is another member's to sign), count.holder, trustee.file.
Expected<std::string> sign_document(const Manifest& manifest, Signable signable,
                                    const std::filesystem::path& path, const HolderFile& holder,
                                    Random& random);

// ---- Several at once

struct SignOptions {
  std::vector<std::string> documents;
  std::string manifest;
  std::string fingerprint;

  void declare(Command command);
};
struct ToSign {
  Manifest manifest;
  std::vector<std::filesystem::path> paths;
  std::vector<Signable> documents;  // one for each path
};
// Errors: trustee.fingerprint (the manifest has another), those of Manifest::parse, read_anchors
// and read_signable.
Expected<ToSign> read_to_sign(const SignOptions& options);
// On the screen.
void show_to_sign(const ToSign& all);
// Adds this signature to each, in place; gives what is said. Error: trustee.file.
Expected<std::string> add_signature(ToSign all, const KeyPair& signer, Random& random);

}  // namespace isoloir::cli

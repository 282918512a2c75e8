// A holder's signature beneath a seal or an officer's event, on a machine of its own: the document
// is shown in words before the code is asked for. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "cli/holder_file.hpp"

namespace isoloir::cli {

// What a holder signs by `trustee sign`: the seal of an empty box, or one of the events suspend,
// resume, close and close-count. Read once: what was shown is what is signed.
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

}  // namespace isoloir::cli

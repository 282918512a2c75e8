// Signed documents and manifests: what is read is written again as the very same bytes.
#include <sodium.h>

#include <cstddef>
#include <cstdint>

#include "election/manifest.hpp"
#include "election/signed_document.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return sodium_init() < 0 ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isoloir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = SignedDocument::parse(text)) {
    ISOLOIR_ASSERT(document->text() == text);
    const auto signers = document->signers();
    ISOLOIR_ASSERT(std::is_sorted(signers.begin(), signers.end()));
    (void)document->signatures_good(Fingerprint{});
    (void)SignedDocument::parse_and_verify(text, "event", Fingerprint{});
  } else {
    ISOLOIR_ASSERT(document.error().code.starts_with("document.") ||
                   document.error().code.starts_with("json."));
  }
  if (const auto manifest = Manifest::parse(text)) {
    ISOLOIR_ASSERT(manifest->text() == text);
    for (const auto& contest : manifest->contests) (void)manifest->bureau_of(contest);
  } else {
    ISOLOIR_ASSERT(manifest.error().code.starts_with("manifest.") ||
                   manifest.error().code.starts_with("json."));
  }
  return 0;
}

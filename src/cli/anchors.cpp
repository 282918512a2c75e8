#include "cli/anchors.hpp"

#include <cctype>
#include <cstdio>
#include <filesystem>

#include "base/files.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

// As people copy it: groups of hex digits in either case.
std::optional<Fingerprint> read_fingerprint(std::string_view typed) {
  std::string hex;
  for (const char c : typed) {
    const auto byte = static_cast<unsigned char>(c);
    if (!std::isspace(byte) && c != '-' && c != ':') {
      hex.push_back(static_cast<char>(std::tolower(byte)));
    }
  }
  const auto bytes = hex_decode_array<32>(hex);
  return bytes ? std::optional(Fingerprint{*bytes}) : std::nullopt;
}

Expected<std::map<std::string, std::string>> read_receipts(const std::string& folder) {
  std::error_code error;
  std::map<std::string, std::string> receipts;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    auto text = read_file(entry->path());
    if (!text) return fail(text.error());
    receipts.emplace(entry->path().filename().string(), std::move(*text));
  }
  if (error) return fail("receipts.folder", folder + ": " + error.message());
  return receipts;
}

}  // namespace

Expected<Anchors> read_anchors(const AnchorFiles& files) {
  Anchors anchors;
  if (!files.fingerprint.empty()) {
    anchors.fingerprint = read_fingerprint(files.fingerprint);
    if (!anchors.fingerprint) {
      return fail("anchor.form", "a fingerprint is 64 hexadecimal digits");
    }
  }
  if (!files.checkpoint.empty()) {
    auto note = read_file(files.checkpoint);
    if (!note) return fail(note.error());
    anchors.checkpoint = std::move(*note);
  }
  if (!files.receipts.empty()) {
    auto receipts = read_receipts(files.receipts);
    if (!receipts) return fail(receipts.error());
    anchors.receipts = std::move(*receipts);
    anchors.receipts_given = true;
  }
  return anchors;
}

void ProgressLine::operator()(int check, std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (now - told_ < std::chrono::milliseconds(terminal_ ? 250 : 5000)) return;
  told_ = now;
  std::fprintf(stderr, "%sV%d: %llu of %llu%s", terminal_ ? "\r\033[K" : "", check,
               static_cast<unsigned long long>(done), static_cast<unsigned long long>(total),
               terminal_ ? "" : "\n");
  open_ = terminal_;
}

void ProgressLine::finish() const {
  if (open_) std::fputs("\r\033[K", stderr);
}

}  // namespace isoloir::cli

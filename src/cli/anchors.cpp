#include "cli/anchors.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "base/files.hpp"
#include "base/unicode.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

// A voter's folder may hold anything; what begins as a receipt is held to be one.
constexpr std::string_view receipt_start = "c2sp.org/tlog-proof@";

Status add_receipt(std::map<std::string, std::string>& receipts, const fs::path& file) {
  auto text = read_file(file);
  if (!text) return fail(text.error());
  const auto name = file.filename().string();
  if (!text->starts_with(receipt_start)) {
    std::fprintf(stderr, "isoloir: %s is not a receipt, passed over\n", printable(name).c_str());
    return {};
  }
  receipts.emplace(name, std::move(*text));
  return {};
}

// A folder of receipts, or one alone.
Expected<std::map<std::string, std::string>> read_receipts(const std::string& path) {
  std::error_code error;
  std::map<std::string, std::string> receipts;
  if (fs::is_regular_file(path, error)) {
    if (auto added = add_receipt(receipts, path); !added) return fail(added.error());
    return receipts;
  }
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    if (auto added = add_receipt(receipts, entry->path()); !added) return fail(added.error());
  }
  if (error) return fail("receipts.folder", path + ": " + error.message());
  if (receipts.empty()) return fail("receipts.none", path + ": no receipt is in this folder");
  return receipts;
}

}  // namespace

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

std::string progress_text(int check, std::uint64_t done, std::uint64_t total,
                          double done_per_second) {
  std::string text = fmt::format("V{}: {} of {}", check, done, total);
  if (done_per_second <= 0) return text;
  constexpr int ballots_check = 10;
  if (check == ballots_check) text += fmt::format(", {:.0f} ballots a second", done_per_second);
  const auto rest = static_cast<double>(total > done ? total - done : 0);
  const auto seconds = static_cast<std::uint64_t>(std::ceil(rest / done_per_second));
  if (seconds >= 3600) {
    return text + fmt::format(", {} h {} min left", seconds / 3600, seconds / 60 % 60);
  }
  if (seconds >= 60) return text + fmt::format(", {} min {} s left", seconds / 60, seconds % 60);
  return text + fmt::format(", {} s left", seconds);
}

void ProgressLine::operator()(int check, std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (check != check_) {
    check_ = check;
    started_ = now;
    started_done_ = done;
  }
  if (now - told_ < std::chrono::milliseconds(terminal_ ? 250 : 5000)) return;
  told_ = now;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - started_done_) / seconds : 0;
  std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\033[K" : "",
               progress_text(check, done, total, rate).c_str(), terminal_ ? "" : "\n");
  open_ = terminal_;
}

void ProgressLine::finish() const {
  if (open_) std::fputs("\r\033[K", stderr);
}

}  // namespace isoloir::cli

#include "cli/holder_file.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "base/limits.hpp"
#include "crypto/sealing.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view holder_title = "trustee";

termios shown{};  // the terminal as it was, while a code is typed

// Ctrl-C leaves the terminal as it was. Both calls may stand in a handler.
void show_and_leave(int signal) {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &shown);
  ::raise(signal);
}

// One line of standard input, not shown when a person types it.
std::string read_line_hidden() {
  const bool person = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &shown) == 0;
  if (person) {
    struct sigaction leave {};
    leave.sa_handler = show_and_leave;
    leave.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &leave, nullptr);
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string line;
  std::getline(std::cin, line);
  if (person) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
    std::fputs("\n", stderr);
  }
  return line;
}

}  // namespace

// ---- Files

tl::unexpected<Error> stick_error(const fs::path& path, const std::string& why) {
  return fail("trustee.file", path.string() + ": " + why);
}

Expected<std::string> read_stick_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return stick_error(path, error.message());
  if (size > limits::trustee_file_bytes) return stick_error(path, "too large");
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file || static_cast<std::size_t>(file.gcount()) != size) {
    return stick_error(path, "cannot be read");
  }
  return text;
}

// Complete under its name or not there: a temporary file of mode 0600, synced, then renamed.
// Sticks carry FAT, which knows no hard links: renameat2 makes the exclusive variant.
Status write_stick_file(const fs::path& path, std::string_view text, bool replace, Random& random) {
  const std::string temporary = path.string() + "." + hex_encode(random.array<8>()) + ".partial";
  const auto failed = [&](int number) {
    ::unlink(temporary.c_str());
    return stick_error(path, number == EEXIST ? "is already there" : std::strerror(number));
  };
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return stick_error(path, std::strerror(errno));
  for (std::size_t written = 0; written < text.size();) {
    const auto count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int number = errno;
      ::close(file);
      return failed(number);
    }
    written += static_cast<std::size_t>(count);
  }
  const bool synced = ::fsync(file) == 0;
  if (::close(file) != 0 || !synced) return failed(errno);
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return failed(errno);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

Expected<SignedDocument> read_stick_document(const fs::path& path) {
  const auto text = read_stick_file(path);
  if (!text) return fail(text.error());
  return SignedDocument::parse(*text);
}

// ---- The private file

Expected<Code> ask_code(const std::string& code_file) {
  Secret<std::string> text{std::string()};
  if (code_file.empty()) {
    std::fputs("Code d'activation / activation code: ", stderr);
    text = Secret<std::string>(read_line_hidden());
  } else {
    auto content = read_stick_file(code_file);
    if (!content) return fail(content.error());
    text = Secret<std::string>(std::move(*content));
  }
  return Code::parse(text.reveal());
}

HolderFile::HolderFile(fs::path path, Code code, HolderState holder)
    : state(std::move(holder)), path_(std::move(path)), code_(std::move(code)) {}

Expected<HolderFile> HolderFile::open(fs::path path, Code code) {
  const auto text = read_stick_file(path);
  if (!text) return fail(text.error());
  const auto content = open_sealed_file(holder_title, code.normalised(), *text);
  if (!content) return fail(content.error());
  auto state = HolderState::decode(content->reveal());
  if (!state) return fail(state.error());
  return HolderFile(std::move(path), std::move(code), std::move(*state));
}

Status HolderFile::create(Random& random) const {
  return write_stick_file(
      path_, seal_file(holder_title, code_.normalised(), state.encode().reveal(), random), false,
      random);
}
Status HolderFile::save(Random& random) const {
  return write_stick_file(
      path_, seal_file(holder_title, code_.normalised(), state.encode().reveal(), random), true,
      random);
}

Status HolderFile::bind(const ByteArray<64>& tally, Random& random) {
  if (auto bound = state.bind_tally(tally); !bound) return bound;
  return save(random);
}

// The bureau whose member this holder is, with the very keys of its file.
Expected<std::uint32_t> bureau_of(const Manifest& manifest, const HolderState& state) {
  for (std::uint32_t b = 0; b < manifest.bureaus.size(); ++b) {
    const auto& groups = manifest.bureaus[b].groups;
    if (manifest.election_id != state.election() || state.group() >= groups.size() ||
        state.index() > groups[state.group()].members.size() || !state.finished()) {
      continue;
    }
    const auto& member = groups[state.group()].members[state.index() - 1];
    const auto agreement = SignedDocument::parse(state.sent()[3]);
    if (member.signing_key == state.signing().key &&
        member.share_key == base_multiply(state.share().reveal()) && agreement &&
        text_field(agreement->body(), "transcript") == hex_encode(manifest.bureaus[b].ceremony)) {
      return b;
    }
  }
  return fail("count.holder",
              "the manifest has no bureau with this holder's keys and the ceremony it agreed to");
}

}  // namespace isoloir::cli

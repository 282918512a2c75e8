#include "cli/witness_state.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t state_file_bytes = 256 * 1024;

}  // namespace

Expected<WitnessState> WitnessState::take(const fs::path& given) {
  // By two names of one file, two witnesses would have two locks.
  std::error_code error;
  const auto path = fs::weakly_canonical(given, error);
  if (error || fs::is_symlink(path)) {
    return fail("witness.state", given.string() + ": this leads to no file");
  }
  const auto lock = path.string() + ".lock";
  const int file = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail("witness.state", lock + ": cannot be written");
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return fail("witness.running", path.string() + ": a witness is running on this file already");
  }
  return WitnessState(path, file);
}

WitnessState::WitnessState(WitnessState&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

WitnessState::~WitnessState() {
  if (file_ >= 0) ::close(file_);
}

Expected<std::optional<WitnessMemory>> WitnessState::read() const {
  if (!fs::exists(path_)) return std::nullopt;
  const auto text = read_file(path_, state_file_bytes);
  if (!text) return fail("witness.state", text.error().message);
  auto memory = WitnessMemory::parse(*text);
  if (!memory) return fail("witness.state", path_.string() + ": " + memory.error().message);
  return std::move(*memory);
}

void WitnessState::write(const WitnessMemory& memory) const {
  write_file_durably(path_, memory.text(), FileMode::secret);
}

void WitnessState::keep_aside(const std::string& heading, const std::string& before,
                              const std::string& shown) const {
  auto kept = read_file(aside(), state_file_bytes);
  if (!kept && kept.error().code != "file.missing") return;  // full
  auto text = kept ? std::move(*kept) : std::string();
  if (text.find(shown.substr(0, shown.rfind("\n\n") + 1)) != std::string::npos) return;
  text += "== " + heading + "\n== seen before\n" + before + "== shown then\n" + shown + "\n";
  if (text.size() <= state_file_bytes) write_file_durably(aside(), text, FileMode::shared);
}

}  // namespace isoloir::cli

// Where a witness keeps what it has seen, on the disk before anything is signed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "board/follower.hpp"

namespace isoloir::cli {

// Held while a witness runs on a state: of two that write one file, either could sign what the
// other has forgotten. Goes with the process.
class WitnessState {
 public:
  // Errors: witness.running, witness.state.
  static Expected<WitnessState> take(const std::filesystem::path& given);
  WitnessState(WitnessState&& other) noexcept;
  WitnessState& operator=(WitnessState&&) = delete;
  ~WitnessState();

  // Nothing before the first. Error: witness.state.
  Expected<std::optional<WitnessMemory>> read() const;
  void write(const WitnessMemory& memory) const;

  // The two checkpoints of a fork.
  std::filesystem::path evidence() const { return path_.string() + ".fork"; }
  // Notes that may turn out to be evidence, each once, one beneath the other.
  std::filesystem::path aside() const { return path_.string() + ".aside"; }
  void keep_aside(const std::string& heading, const std::string& before,
                  const std::string& shown) const;

 private:
  WitnessState(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  std::filesystem::path path_;
  int file_;
};

}  // namespace isoloir::cli

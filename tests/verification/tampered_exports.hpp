// Good and tampered exports of small elections, each with the number of the check of
// docs/protocol.md section 11 that must refuse it first: for our verifier's test, and as folders
// (tests/verification/programs/tampered_exports.cpp) for every verifier written by others.
#pragma once

#include <filesystem>

#include "verification/election_fixture.hpp"
#include "verification/verification.hpp"

namespace isoloir::test {

struct MadeExport {
  Files files;
  std::optional<Fingerprint> fingerprint;
  std::optional<std::string> checkpoint;        // a note
  std::map<std::string, std::string> receipts;  // by file name
  // What is done to the folder once its files are written, where files alone do not say it.
  std::function<void(const std::filesystem::path& folder)> on_disk = {};

  Anchors anchors() const;
  void write(const std::filesystem::path& folder) const;
};

// The elections that cases start from; each is held once. Not thread-safe.
class Workshop {
 public:
  explicit Workshop(std::uint64_t seed) : seed_(seed) {}

  TestElection election(ElectionHooks hooks = {}) const;
  const TestElection& good() const;
  // The same people, keys, log and hour, under another title: only the fingerprint differs.
  const TestElection& retitled() const;
  // Another election held with the same keys of voters and server: another id, other trustees.
  const TestElection& other() const;

 private:
  std::uint64_t seed_;
  mutable std::optional<TestElection> good_, retitled_, other_;
};

struct ExportCase {
  std::string name;          // kebab-case
  std::optional<int> check;  // the first that refuses; nothing for a good export
  bool only = true;          // no other refuses
  std::string what;
  std::function<MadeExport(const Workshop&)> make;

  std::string folder() const { return (check ? "tampered-" : "good-") + name; }
};

const std::vector<ExportCase>& export_cases();

// A good one with so many ballots more, in one box of ballots of so many options (3 at least).
MadeExport large_export(std::size_t ballots, std::size_t options);

}  // namespace isoloir::test

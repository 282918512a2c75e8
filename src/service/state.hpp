// The state of one election on one server: database, keys, manifest, clock and randomness, opened
// from a folder. Every use case takes a State&. Thread-safe once open.
//
//   STATE/isoloir.sqlite    the database
//   STATE.checkpoint        beside the state: what its log has signed last, which no back-up takes
//   back
//   STATE/server.keys       0600: board and checkpoint keys, pepper; outside the database, so that
//   a dump of it opens nothing STATE.link-key          0600, beside the state and never in it: the
//   link key
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "crypto/ed25519.hpp"
#include "election/manifest.hpp"
#include "service/ballot_windows.hpp"
#include "service/link_key.hpp"
#include "store/database.hpp"

namespace isoloir {

// What the manifest says of a server's keys.
struct ServerPublicKeys {
  Point board;
  ByteArray<32> checkpoint{};
};

struct ServerKeys {
  KeyPair board;
  Ed25519KeyPair checkpoint;
  Secret<ByteArray<32>> pepper;  // of passwords, answers, NUMEN, NIR, throttles, CSRF

  static ServerKeys generate(Random& random);
  static Expected<ServerKeys> read(const std::filesystem::path& file);  // error: server_keys.form
  void write(const std::filesystem::path& file) const;
  ServerPublicKeys published() const { return {board.key, checkpoint.key}; }
};

struct StatePaths {
  std::filesystem::path folder;
  std::filesystem::path database() const { return folder / "isoloir.sqlite"; }
  std::filesystem::path keys() const { return folder / "server.keys"; }
  std::filesystem::path link_key() const { return beside(".link-key"); }
  std::filesystem::path checkpoint() const { return beside(".checkpoint"); }
  std::filesystem::path beside(std::string_view suffix) const;
};

class State {
 public:
  // Writes a new state for a sealed election: keys, link key, tables, public files, phases, hours.
  // `files` is the public material by export path and holds manifest.json and seal.json. Errors:
  // state.exists, those of Manifest::parse.
  static Status create(const StatePaths& paths, const ServerKeys& keys,
                       const std::map<std::string, std::string>& files, Random& random);
  // Once the count is closed the link key may be gone. Errors: state.missing, server_keys.form,
  // link_key.missing, link_key.form, store.schema_newer. Throws StoreError.
  static Expected<std::unique_ptr<State>> open(const StatePaths& paths, Clock& clock,
                                               Random& random);

  store::Database& database() { return *database_; }
  const Manifest& manifest() const { return manifest_; }
  const std::string& manifest_text() const { return manifest_text_; }
  const Fingerprint& fingerprint() const { return fingerprint_; }
  const ServerKeys& keys() const { return keys_; }
  // Until the freeze, while it is certain to be there; asserts that it is.
  const LinkKey& link_key() const;
  // Nothing once it is destroyed; in memory as long as somebody holds it.
  std::shared_ptr<const LinkKey> held_link_key() const;
  // Overwrites and removes the escrow file, and forgets. Again is no error.
  void destroy_link_key();
  const StatePaths& paths() const { return paths_; }
  TimeMs now() const { return clock_.now(); }
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }
  BallotWindows& ballot_windows() { return ballot_windows_; }

  // HMAC-SHA-256(pepper, purpose || value): what may be looked up but not read back.
  ByteArray<32> peppered(std::string_view purpose, std::initializer_list<ByteView> value) const;

 private:
  State(StatePaths paths, Clock& clock, Random& random, ServerKeys keys)
      : paths_(std::move(paths)), clock_(clock), random_(random), keys_(std::move(keys)) {}

  StatePaths paths_;
  Clock& clock_;
  Random& random_;
  ServerKeys keys_;
  mutable std::mutex link_key_mutex_;
  std::shared_ptr<const LinkKey> link_key_;
  std::unique_ptr<store::Database> database_;
  std::string manifest_text_;
  Manifest manifest_;
  Fingerprint fingerprint_;
  BallotWindows ballot_windows_{random_};
};

}  // namespace isoloir

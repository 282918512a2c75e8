// How the cases of tampered_exports.hpp are made: by changing files of the good export afterwards,
// where that is enough, or by an election that is dishonest at one point.
#pragma once

#include <memory>

#include "verification/forged_proofs.hpp"
#include "verification/tampered_exports.hpp"

namespace isoloir::test {

using Maker = std::function<MadeExport(const Workshop&)>;

// Files of the good export, changed; under an index that agrees, or under the one that there was.
Maker altered(std::function<void(Files&)> change);
Maker altered_unlisted(std::function<void(Files&)> change);
Maker altered_json(std::string path, std::function<void(Json&)> change);
// The same, by who needs keys and other elections for it.
Maker altered_by(std::function<void(const Workshop&, Files&)> change);
// A document of the good export with another body, signed by these for `context`, or as it was.
std::string resigned(const std::string& text, const std::function<void(Json&)>& change,
                     const Signers& signers, const SigningContext& context);
// The good export with anchors.
Maker anchored(std::function<void(const Workshop&, MadeExport&)> give);

Maker made(std::function<void(const Workshop&, ElectionHooks&)> prepare);
Maker on_setup(std::function<void(TestElection&)> change);
Maker on_box(std::function<void(TestElection&)> change);
Maker on_counted(std::function<void(TestElection&)> change);
// Once the count is closed.
Maker on_closed(std::function<void(TestElection&)> change);
// After each event of this name.
Maker after_event(std::string name, std::function<void(TestElection&)> then);
Maker on_event(std::string name, std::function<void(const Workshop&, Json&, Signers&)> change);

// For a setup: seals the election twice before the seal that stands, and breaks both; the first was
// signed by everybody, the second by the president alone.
void seal_and_break_twice(TestElection& e);

// For a setup: contest 0 under the rule two-round-majority, by 2 to 1 of 4 electors on the roll.
void hold_in_two_rounds(TestElection& e, std::uint32_t round);
// Takes the last event, its round and checkpoint out of the files, as if it had not been yet.
void drop_last_event(Files& files);
// For a setup: these are the keys of a roster, whatever they are.
void set_roster(TestElection& e, std::uint32_t contest, std::uint32_t district,
                const std::vector<Bytes>& keys);
// Once counted: a whole document of shares made with another secret than the holder's, which
// differs from it by `off`, proven for the key that the manifest names.
void forge_document(TestElection& e, std::uint32_t group, std::uint32_t index, const Scalar& off);

class CaseTable {
 public:
  explicit CaseTable(std::vector<ExportCase>& cases) : cases_(cases) {}
  void good(std::string name, std::string what, Maker make) {
    cases_.push_back({std::move(name), {}, false, std::move(what), std::move(make)});
  }
  // Refused by this check alone.
  void bad(int check, std::string name, std::string what, Maker make) {
    cases_.push_back({std::move(name), check, true, std::move(what), std::move(make)});
  }
  // Refused by this check first, and by others.
  void worse(int check, std::string name, std::string what, Maker make) {
    cases_.push_back({std::move(name), check, false, std::move(what), std::move(make)});
  }

 private:
  std::vector<ExportCase>& cases_;
};

void add_good_exports(CaseTable& table);
void add_tampered_sealing(CaseTable& table);  // V0 to V4
void add_tampered_board(CaseTable& table);    // V5 to V9
void add_tampered_box(CaseTable& table);      // V10 to V15
void add_tampered_count(CaseTable& table);    // V16 to V25

// C2SP tlog-cosignature of a witness.
class TestWitness {
 public:
  TestWitness(std::string name, std::uint64_t seed);
  const std::string& vkey() const { return vkey_; }
  // A line under the note; `said` is the time that the signature is about, when it is another.
  void cosign(std::string& note, std::uint64_t time = 1'000'000'123'456,
              std::optional<std::uint64_t> said = {}) const;

 private:
  std::string name_;
  std::shared_ptr<const Ed25519KeyPair> key_;
  Bytes id_;
  std::string vkey_;
};

}  // namespace isoloir::test

// The manifest (docs/protocol.md section 3): what an election is. Its SHA-256 is the fingerprint,
// which never changes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/canonical_json.hpp"
#include "base/clock.hpp"
#include "crypto/merkle.hpp"
#include "crypto/schnorr.hpp"

namespace isoloir {

struct BilingualText {
  std::string en;
  std::string fr;
};

struct CommonListMember {
  std::string name;
  std::uint32_t share = 0;
};

// The blank vote, a list, or, under the rule two-round-majority, one candidate.
struct ContestOption {
  bool blank = false;
  bool candidate = false;
  std::string name;                      // empty for the blank vote
  std::vector<std::string> candidates;   // of a list, in the order of presentation
  std::vector<CommonListMember> common;  // empty unless a common list
  bool sigle = false;                    // a bare union name
  std::string substitute;                // of a candidate; empty where there is none
  std::string birth_date;                // of a candidate, YYYY-MM-DD; empty where not given
};

struct TallyUnit {
  std::string name;
  std::vector<std::uint32_t> districts;
};

struct Contest {
  BilingualText name;
  std::uint32_t bureau = 0;
  std::uint32_t seats = 0;
  std::string rule;
  std::uint32_t round = 0;             // 1 or 2 under two-round-majority, else 0
  std::vector<ContestOption> options;  // in the drawn order
  std::vector<std::string> districts;
  std::vector<TallyUnit> units;
  std::uint32_t unit_minimum = 0;
  std::uint32_t reissue_max = 0;
};

enum class BureauRole { president, secretary, delegate, substitute };
std::string_view name_of(BureauRole role);
std::optional<BureauRole> bureau_role(std::string_view name);

struct TrusteeMember {
  std::string name;
  BureauRole role = BureauRole::delegate;
  Point signing_key;
  Point share_key;  // Y_j
};
struct TrusteeGroup {
  std::string name;
  std::uint32_t threshold = 0;
  Point key;                           // Y_g
  std::vector<TrusteeMember> members;  // member j is members[j - 1]
};
struct Bureau {
  std::string name;
  ByteArray<64> ceremony{};  // transcript of the ceremony
  Point key;                 // Y
  std::vector<TrusteeGroup> groups;
};

struct RosterEntry {
  std::uint32_t contest = 0;
  std::uint32_t district = 0;
  std::uint32_t size = 0;
  Digest root{};
};

struct BoothAsset {
  std::string path;
  Digest sha256{};
};

// A seal of this election that its bureaus broke before the opening (L34), for the one that stands.
struct BrokenSeal {
  Fingerprint fingerprint;
  Digest seal{};  // SHA-256 of seal.json, with the signatures that it had
  TimeMs at = 0;
  std::string reason;
  friend bool operator==(const BrokenSeal&, const BrokenSeal&) = default;
};

struct Manifest {
  ElectionId election_id;
  BilingualText title;
  std::string origin;
  std::string log_origin;
  TimeMs opens_at = 0;
  TimeMs closes_at = 0;
  std::uint32_t grace_seconds = 0;
  std::vector<Contest> contests;
  std::vector<Bureau> bureaus;
  Point board_key;
  ByteArray<32> checkpoint_key{};
  std::optional<Point> guardian_key;
  Point registrar_key;
  std::vector<std::string> witnesses;  // vkeys
  std::uint32_t witness_threshold = 0;
  std::vector<RosterEntry> rosters;  // one for each (contest, district), ascending
  std::vector<BoothAsset> assets;
  bool guardian_required = false;
  std::vector<BrokenSeal> broken_seals;  // oldest first

  // Errors: those of parse_canonical_json, manifest.form (with the place), manifest.version.
  static Expected<Manifest> parse(std::string_view text);
  std::string text() const;  // canonical JSON
  Fingerprint fingerprint() const;

  // Where the portal serves the log: the log's origin without its host, "/log/…".
  std::string log_path() const;

  const Contest* contest(std::uint32_t number) const;
  const Bureau& bureau_of(const Contest& contest) const { return bureaus.at(contest.bureau); }
};

// Contests as the manifest writes them, for what is fixed before it. Error: manifest.form (with the
// place).
Json write_contests(const std::vector<Contest>& contests);
Expected<std::vector<Contest>> read_contests(const Json& array);

// The opening rule (protocol section 10): in every group of the bureau at least its threshold of
// members.
bool fulfils_opening_rule(const Bureau& bureau, const std::vector<Point>& signing_keys);

// The bureaus that have something to count: in a second round some may have no contest left.
std::set<std::uint32_t> counting_bureaus(const Manifest& manifest);

// The merged units of a contest (protocol section 10), given the ballots of each district.
std::vector<TallyUnit> merge_units(const Contest& contest,
                                   const std::map<std::uint32_t, std::uint64_t>& ballots);

// Root of a roster (protocol section 5); keys sorted.
Digest roster_root(const ElectionId& election, std::uint32_t contest, std::uint32_t district,
                   std::span<const Point> sorted_keys);

}  // namespace isoloir

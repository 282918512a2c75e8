#include "service/install.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "crypto/hash.hpp"
#include "service/accounts.hpp"
#include "service/schema.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

// A state that goes away again, unless publish() has put it in its place.
class StateInMaking {
 public:
  StateInMaking(const StatePaths& target, Random& random) : target_(target) {
    fs::path folder = fs::absolute(target.folder).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    folder += "." + hex_encode(random.array<8>()) + ".partial";
    paths_.folder = folder;
  }
  StateInMaking(const StateInMaking&) = delete;
  StateInMaking& operator=(const StateInMaking&) = delete;
  ~StateInMaking() {
    std::error_code ignored;
    fs::remove_all(paths_.folder, ignored);
    fs::remove(paths_.link_key(), ignored);
  }

  const StatePaths& paths() const { return paths_; }
  // The database last: it is what makes a state of the folder.
  void publish() const {
    fs::permissions(target_.folder, fs::perms::owner_all);
    fs::rename(paths_.link_key(), target_.link_key());
    for (const char* part : {"-wal", ""}) {  // a log stays where the last checkpoint failed
      const std::string from = paths_.database().string() + part;
      if (fs::exists(from)) fs::rename(from, target_.database().string() + part);
    }
  }

 private:
  const StatePaths& target_;
  StatePaths paths_;
};

StatePaths aside_of(const StatePaths& paths, std::size_t number) {
  return {paths.beside(fmt::format(".broken-{}", number))};
}

// The election that is there: read without its keys, which may be gone.
struct Standing {
  Fingerprint fingerprint;
  bool opened = false;
};
Standing standing_in(const fs::path& file) {
  const auto database = store::open_sqlite({.path = file});
  return *database->read([](store::Transaction& transaction) -> Expected<Standing> {
    Standing standing;
    const auto manifest =
        transaction.query("SELECT content FROM public_file WHERE path = 'manifest.json'");
    if (!manifest.empty()) standing.fingerprint = {sha256(manifest[0].blob(0))};
    standing.opened =
        !transaction.query("SELECT 1 FROM contest_phase WHERE phase != 'sealed'").empty();
    return standing;
  });
}

// Of the seal that stands, among those that the manifest names as broken; nothing where no election
// is.
Expected<std::optional<std::size_t>> broken_seal_in(const StatePaths& paths,
                                                    const Manifest& manifest) {
  if (!fs::exists(paths.database())) return std::nullopt;
  const auto standing = standing_in(paths.database());
  for (std::size_t n = 0; n < manifest.broken_seals.size(); ++n) {
    if (manifest.broken_seals[n].fingerprint != standing.fingerprint) continue;
    if (fs::exists(aside_of(paths, n).database())) {
      return fail("state.aside", aside_of(paths, n).folder.string() +
                                     ": the election of this broken seal is kept there already");
    }
    if (!standing.opened) return n;
    return fail("state.opened", paths.folder.string() +
                                    ": the vote has opened under the broken seal; what was cast "
                                    "there would be lost");
  }
  return fail("state.exists",
              paths.folder.string() +
                  ": an election is there already, under a seal that this one does not name as "
                  "broken (the folder broken/ of the election says which)");
}

// What is carried over from an earlier seal comes from the state that makes room, or that a run
// which was killed has set aside.
std::optional<fs::path> earlier_database(const StatePaths& paths, const Manifest& manifest) {
  if (fs::exists(paths.database())) return paths.database();
  for (auto n = manifest.broken_seals.size(); n > 0; --n) {
    const auto file = aside_of(paths, n - 1).database();
    if (fs::exists(file) &&
        standing_in(file).fingerprint == manifest.broken_seals[n - 1].fingerprint) {
      return file;
    }
  }
  return std::nullopt;
}

struct FormerCode {
  Point key;
  bool valid = false;
  std::vector<Point> replaced;
};
std::map<std::string, FormerCode> former_codes(store::Database& database) {
  return *database.read([](store::Transaction& t) -> Expected<std::map<std::string, FormerCode>> {
    std::map<std::string, FormerCode> codes;
    for (const auto& row : t.query("SELECT voter, sign_in_key, state FROM voting_code")) {
      codes[row.text(0)] = {*Point::decode(row.blob(1)), row.text(2) == "valid", {}};
    }
    for (const auto& row : t.query("SELECT voter, sign_in_key FROM replaced_code")) {
      codes[row.text(0)].replaced.push_back(*Point::decode(row.blob(1)));
    }
    return codes;
  });
}

// Voters renewed or blocked codes under the former seal, which the registrar cannot know: those are
// replaced with all others, and no code that was given up comes back. Gives the keys to import.
// Errors: import.renewed, import.replaces (each names voters).
Expected<std::vector<VoterKeys>> after_former_codes(std::vector<VoterKeys> keys,
                                                    store::Database& database) {
  const auto former = former_codes(database);
  std::vector<std::string> given_up, unknown;
  for (auto& voter : keys) {
    const auto found = former.find(voter.id);
    if (found == former.end()) continue;
    const auto& [current, valid, replaced] = found->second;
    const auto among = [](const auto& all, const Point& key) {
      return std::find(all.begin(), all.end(), key) != all.end();
    };
    if (voter.sign_in_key == current || among(replaced, voter.sign_in_key)) {
      if (voter.sign_in_key != current || !valid) given_up.push_back(voter.id);
      continue;
    }
    std::vector<Point> known;
    for (const auto& one : voter.replaced) known.push_back(one.sign_in_key);
    std::vector<Point> all = replaced;
    all.push_back(current);
    if (std::none_of(all.begin(), all.end(), [&](const Point& key) { return among(known, key); })) {
      unknown.push_back(voter.id);
      continue;
    }
    const TimeMs at = voter.replaced.back().at;
    for (const auto& key : all) {
      if (!among(known, key)) voter.replaced.push_back({key, at});
    }
  }
  const auto named = [](std::vector<std::string> ids) {
    const auto count = ids.size();
    ids.resize(std::min<std::size_t>(count, 10));
    return fmt::format("{} voters, {}{}", count, fmt::join(ids, ", "), count > 10 ? " …" : "");
  };
  if (!given_up.empty()) {
    return fail("import.renewed",
                "codes that were renewed or blocked under the former seal would "
                "come back: " +
                    named(std::move(given_up)) + "; issue all anew (registrar issue --replaces)");
  }
  if (!unknown.empty()) {
    return fail("import.replaces",
                "codes that do not know those installed before: " + named(std::move(unknown)) +
                    "; issue with --replaces and the import that was installed, and leave out late "
                    "electors, who are enrolled anew");
  }
  return keys;
}

// The link key first: a kill leaves what the next run does again. It has no ballot under it.
void set_aside(const StatePaths& paths, std::size_t number) {
  const auto aside = aside_of(paths, number);
  LinkKey::destroy(paths.link_key());
  fs::create_directories(aside.folder);
  fs::permissions(aside.folder, fs::perms::owner_all);
  if (fs::exists(paths.checkpoint())) fs::rename(paths.checkpoint(), aside.checkpoint());
  for (const char* part : {"-wal", "-shm", ""}) {
    const std::string from = paths.database().string() + part;
    if (fs::exists(from)) fs::rename(from, aside.database().string() + part);
  }
}

Expected<ServerKeys> keys_of(const StatePaths& paths) {
  if (!fs::exists(paths.keys())) {
    return fail("server_keys.missing",
                paths.folder.string() + ": the keys that the draft was made with are not there");
  }
  if (!fs::exists(paths.database()) && fs::exists(paths.link_key())) {
    return fail("state.link_key",
                paths.link_key().string() +
                    ": a link key without its election. Remove it if an installation was cut "
                    "short; keep it if an election is to be restored from a back-up");
  }
  return ServerKeys::read(paths.keys());
}

Status check_server(const Manifest& manifest, const ServerKeys& keys) {
  const auto own = keys.published();
  if (manifest.board_key == own.board && manifest.checkpoint_key == own.checkpoint) return {};
  return fail("server_keys.other",
              "the manifest names the keys of another server, or of another draft");
}

}  // namespace

Status check_assets(const Manifest& manifest, const std::vector<BoothAsset>& assets) {
  const auto lacks = [](const std::vector<BoothAsset>& all, const BoothAsset& one) {
    return std::none_of(all.begin(), all.end(), [&](const BoothAsset& other) {
      return other.path == one.path && other.sha256 == one.sha256;
    });
  };
  for (const auto& [some, others] :
       {std::pair{&manifest.assets, &assets}, {&assets, &manifest.assets}}) {
    for (const auto& one : *some) {
      if (!lacks(*others, one)) continue;
      return fail("assets.other",
                  one.path +
                      " differs between the manifest and this program: it was sealed with "
                      "another version");
    }
  }
  return {};
}

Expected<Sealing> check_installable(const StatePaths& paths, const PublicFiles& files,
                                    const std::vector<BoothAsset>& assets, const Clock& clock) {
  const auto keys = keys_of(paths);
  if (!keys) return fail(keys.error());
  auto sealing = check_sealing(ExportReader::of_files(files));
  if (!sealing) return sealing;
  if (!sealing->complete()) {
    return fail("seal.incomplete", fmt::format("the seal is not signed by: {}",
                                               fmt::join(sealing->unsigned_members, ", ")));
  }
  if (auto room = broken_seal_in(paths, sealing->manifest); !room) return fail(room.error());
  if (auto same = check_server(sealing->manifest, *keys); !same) return fail(same.error());
  if (auto same = check_assets(sealing->manifest, assets); !same) return fail(same.error());
  if (clock.now() >= sealing->manifest.closes_at) {
    return fail("install.hours", "the closing hour of this election is past");
  }
  return sealing;
}

Expected<std::size_t> install_election(const StatePaths& paths, const InstallInput& input,
                                       Clock& clock, Random& random) {
  const auto good = check_installable(paths, input.files, input.assets, clock);
  if (!good) return fail(good.error());
  const auto keys = keys_of(paths);
  if (!keys) return fail(keys.error());
  std::unique_ptr<store::Database> former;
  if (const auto file = earlier_database(paths, good->manifest)) {
    former = store::open_sqlite({.path = *file});
    // An earlier version's: read as this one's.
    if (auto done = store::migrate(*former, schema_migrations()); !done) return fail(done.error());
  }
  const auto codes = former ? after_former_codes(input.keys, *former)
                            : Expected<std::vector<VoterKeys>>(input.keys);
  if (!codes) return fail(codes.error());
  std::size_t accounts = 0;
  const StateInMaking making(paths, random);
  if (auto made = State::create(making.paths(), *keys, input.files, random); !made) {
    return fail(made.error());
  }
  {
    const auto state = State::open(making.paths(), clock, random);
    if (!state) return fail(state.error());
    if (auto imported = import_roll(**state, input.roll, *codes); !imported) {
      return fail(imported.error());
    }
    if (former) accounts = carry_accounts(**state, *former);
  }
  former.reset();
  const auto broken = broken_seal_in(paths, good->manifest);
  if (!broken) return fail(broken.error());
  if (*broken) set_aside(paths, **broken);
  making.publish();
  return accounts;
}

}  // namespace isoloir

#include "service/install.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "service/accounts.hpp"

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

Expected<ServerKeys> keys_of(const StatePaths& paths) {
  if (fs::exists(paths.database())) {
    return fail("state.exists", paths.folder.string() + ": an election is there already");
  }
  if (!fs::exists(paths.keys())) {
    return fail("server_keys.missing",
                paths.folder.string() + ": the keys that the draft was made with are not there");
  }
  if (fs::exists(paths.link_key())) {
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
  if (auto same = check_server(sealing->manifest, *keys); !same) return fail(same.error());
  if (auto same = check_assets(sealing->manifest, assets); !same) return fail(same.error());
  if (clock.now() >= sealing->manifest.closes_at) {
    return fail("install.hours", "the closing hour of this election is past");
  }
  return sealing;
}

Status install_election(const StatePaths& paths, const InstallInput& input, Clock& clock,
                        Random& random) {
  const auto good = check_installable(paths, input.files, input.assets, clock);
  if (!good) return fail(good.error());
  const auto keys = keys_of(paths);
  if (!keys) return fail(keys.error());
  const StateInMaking making(paths, random);
  if (auto made = State::create(making.paths(), *keys, input.files, random); !made) return made;
  {
    const auto state = State::open(making.paths(), clock, random);
    if (!state) return fail(state.error());
    if (auto imported = import_roll(**state, input.roll, input.keys); !imported) return imported;
  }
  making.publish();
  return {};
}

}  // namespace isoloir

#include "service/export.hpp"

#include "base/files.hpp"
#include "base/limits.hpp"
#include "election/export.hpp"
#include "service/bureau.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using store::Transaction;

// A folder that is filled, then takes its name at once.
class Folder {
 public:
  Folder(const fs::path& target, Random& random)
      : target_(fs::absolute(target).lexically_normal()) {
    if (!target_.has_filename()) target_ = target_.parent_path();
    temporary_ = target_;
    temporary_ += "." + hex_encode(random.array<8>()) + ".partial";
    fs::create_directories(temporary_);
  }
  ~Folder() {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void add(const std::string& path, std::string_view content) {
    write(path, content);
    index_[path] = digest_of(content);
  }
  void publish() {
    write(std::string(export_path::index), export_index(index_));
    fs::rename(temporary_, target_);
    temporary_.clear();
  }

 private:
  void write(const std::string& path, std::string_view content) {
    const auto file = temporary_ / path;
    fs::create_directories(file.parent_path());
    write_file(file, content, FileMode::shared);
  }
  fs::path target_;
  fs::path temporary_;
  ExportIndex index_;
};

// A blob column, row after row.
std::string joined(const store::Rows& rows) {
  std::string content;
  for (const auto& row : rows) content += as_text(row.blob(0));
  return content;
}

void add_log(Transaction& transaction, Folder& folder) {
  folder.add(std::string(export_path::leaves),
             joined(transaction.query("SELECT leaf FROM log_leaf ORDER BY position")));
  folder.add(std::string(export_path::pads),
             joined(transaction.query("SELECT pad FROM log_pad ORDER BY position")));
  Json notes = Json::array();
  std::int64_t before = -1;
  for (const auto& row : transaction.query(
           "SELECT c.size, c.note, s.line FROM checkpoint c LEFT JOIN (SELECT size, witness, line "
           "FROM cosignature ORDER BY size DESC, witness LIMIT $1) s ON s.size = c.size "
           "ORDER BY c.size, s.witness",
           {limits::export_cosignatures})) {
    if (row.integer(0) != before) notes.push_back(row.text(1));
    before = row.integer(0);
    if (!row.is_null(2)) notes.back().get_ref<std::string&>() += row.text(2);
  }
  folder.add(std::string(export_path::checkpoints), canonical_json(notes));
}

void add_events(Transaction& transaction, Folder& folder) {
  for (const auto& row : transaction.query("SELECT number, text FROM event ORDER BY number")) {
    folder.add(export_path::event(static_cast<std::size_t>(row.integer(0))), row.text(1));
  }
}

void add_batches(Transaction& transaction, Folder& folder) {
  for (const auto& batch :
       transaction.query("SELECT number, text FROM reissue_batch ORDER BY number")) {
    const auto n = static_cast<std::size_t>(batch.integer(0));
    folder.add(export_path::batch(n), batch.text(1));
    for (const auto& unit : transaction.query(
             "SELECT DISTINCT contest, district, added FROM reissue_key WHERE batch = $1 ORDER BY "
             "contest, district, added",
             {batch.integer(0)})) {
      const auto k = static_cast<std::uint32_t>(unit.integer(0));
      const auto d = static_cast<std::uint32_t>(unit.integer(1));
      folder.add(unit.integer(2) != 0 ? export_path::batch_added(n, k, d)
                                      : export_path::batch_removed(n, k, d),
                 joined(transaction.query("SELECT ballot_key FROM reissue_key WHERE batch = $1 AND "
                                          "contest = $2 AND district = $3 AND added = $4 ORDER BY "
                                          "ballot_key",
                                          {batch.integer(0), k, d, unit.integer(2)})));
    }
  }
}

void add_box(Transaction& transaction, const Manifest& manifest, Folder& folder) {
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    for (std::uint32_t d = 0; d < manifest.contests[k].districts.size(); ++d) {
      folder.add(export_path::box(k, d),
                 joined(transaction.query("SELECT ballot FROM box WHERE contest = $1 AND district "
                                          "= $2 ORDER BY ballot_key",
                                          {k, d})));
    }
  }
}

}  // namespace

bool last_checkpoint_witnessed(const Manifest& manifest, Transaction& transaction) {
  const auto came = transaction.query(
      "SELECT COUNT(*) FROM cosignature WHERE size = (SELECT MAX(size) FROM checkpoint)");
  return came[0].integer(0) >= std::int64_t{manifest.witness_threshold};
}

Status export_has_place(const fs::path& target) {
  if (!fs::exists(target) || (fs::is_directory(target) && fs::is_empty(target))) return {};
  return fail("export.folder", target.string() + ": is there already and not empty");
}

Status write_export(State& state, const fs::path& target) {
  if (auto free = export_has_place(target); !free) return free;
  auto leaves = state.database().write([&](Transaction& transaction) -> Status {
    if (events_named(transaction, "freeze").empty()) {
      return fail("export.not_frozen", "an export exists from the freeze on");
    }
    if (!last_checkpoint_witnessed(state.manifest(), transaction)) {
      return fail("export.witnesses",
                  "the log's last checkpoint has not the cosignatures of " +
                      std::to_string(state.manifest().witness_threshold) +
                      " witnesses yet: the server and they must run, then try again");
    }
    transaction.execute("UPDATE hours SET exported_at = COALESCE(exported_at, $1) WHERE id = 1",
                        {whole_minute(state.now())});
    return {};
  });
  if (!leaves) return leaves;
  return state.database().read([&](Transaction& transaction) -> Status {
    if (!transaction
             .query("SELECT 1 FROM event WHERE logged = 0 UNION ALL SELECT 1 FROM reissue_batch "
                    "WHERE logged = 0")
             .empty()) {
      return fail("export.not_logged", "an event or a batch waits for the log's next round");
    }
    Folder folder(target, state.random());
    for (const auto& row : transaction.query("SELECT path FROM public_file ORDER BY path")) {
      const auto content =
          transaction.query("SELECT content FROM public_file WHERE path = $1", {row.text(0)});
      folder.add(row.text(0), as_text(content[0].blob(0)));
    }
    add_log(transaction, folder);
    add_events(transaction, folder);
    add_batches(transaction, folder);
    add_box(transaction, state.manifest(), folder);
    folder.publish();
    return {};
  });
}

}  // namespace isoloir

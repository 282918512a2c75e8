#include "service/state.hpp"

#include "base/files.hpp"
#include "election/signed_document.hpp"
#include "service/schema.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

Expected<Secret<ByteArray<32>>> secret_field(const Json& json, std::string_view name) {
  const auto hex = text_field(json, name);
  const auto bytes = hex ? hex_decode_array<32>(*hex) : std::nullopt;
  if (!bytes) return fail("server_keys.form", "the file of server keys is damaged");
  return Secret<ByteArray<32>>(*bytes);
}

// The key is allowed to be missing only where the database knows that its destruction was due.
bool link_key_was_due(store::Database& database) {
  return *database.read([](store::Transaction& transaction) -> Expected<bool> {
    return !transaction.query("SELECT 1 FROM duty WHERE name = 'destroy-link-key'").empty();
  });
}

Status put_public_files(store::Transaction& transaction,
                        const std::map<std::string, std::string>& files) {
  for (const auto& [path, content] : files) {
    transaction.execute("INSERT INTO public_file (path, content) VALUES ($1, $2)",
                        {path, as_bytes(content)});
  }
  return {};
}

}  // namespace

ServerKeys ServerKeys::generate(Random& random) {
  return {KeyPair::generate(random), Ed25519KeyPair::generate(random), Secret(random.array<32>())};
}

Expected<ServerKeys> ServerKeys::read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) {
    return fail("server_keys.missing",
                file.string() + ": cannot be read; bring the copy that was made at the draft");
  }
  const Secret<std::string> held(std::move(*text));
  const auto json = parse_json(held.reveal());
  const auto damaged = [&](std::string_view why) {
    return fail("server_keys.form", file.string() + ": " + std::string(why) +
                                        "; bring the copy that was made at the draft");
  };
  if (!json) return damaged("damaged");
  auto board = secret_field(*json, "board");
  auto checkpoint = secret_field(*json, "checkpoint");
  auto pepper = secret_field(*json, "pepper");
  if (!board || !checkpoint || !pepper) return damaged("a server key is missing or damaged");
  const auto scalar = Scalar::decode(board->reveal());
  if (!scalar) return damaged("the board key is no scalar");
  return ServerKeys{KeyPair::of(SecretScalar(*scalar)), Ed25519KeyPair::of(std::move(*checkpoint)),
                    std::move(*pepper)};
}

void ServerKeys::write(const std::filesystem::path& file) const {
  const Secret<std::string> text(
      canonical_json({{"board", hex_encode(board.secret.reveal().encoded())},
                      {"checkpoint", hex_encode(checkpoint.seed.reveal())},
                      {"pepper", hex_encode(pepper.reveal())}}));
  write_file(file, text.reveal(), FileMode::secret);
}

std::filesystem::path StatePaths::beside(std::string_view suffix) const {
  auto path = std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  path += suffix;
  return path;
}

Status State::create(const StatePaths& paths, const ServerKeys& keys,
                     const std::map<std::string, std::string>& files, Random& random) {
  const auto manifest = Manifest::parse(files.at("manifest.json"));
  if (!manifest) return fail(manifest.error());
  if (std::filesystem::exists(paths.database()) || std::filesystem::exists(paths.link_key())) {
    return fail("state.exists", paths.folder.string() + ": an election is there already");
  }
  std::filesystem::create_directories(paths.folder);
  std::filesystem::permissions(paths.folder, std::filesystem::perms::owner_all);
  keys.write(paths.keys());
  LinkKey::generate(random).write(paths.link_key());
  const auto database = store::open_sqlite({.path = paths.database()});
  if (auto done = store::migrate(*database, schema_migrations()); !done) return done;
  return database->write([&](store::Transaction& transaction) -> Status {
    for (std::uint32_t k = 0; k < manifest->contests.size(); ++k) {
      transaction.execute("INSERT INTO contest_phase (contest, phase) VALUES ($1, 'sealed')", {k});
    }
    transaction.execute("INSERT INTO hours (id, opens_at, closes_at) VALUES (1, $1, $2)",
                        {manifest->opens_at, manifest->closes_at});
    return put_public_files(transaction, files);
  });
}

Expected<std::unique_ptr<State>> State::open(const StatePaths& paths, Clock& clock,
                                             Random& random) {
  if (!std::filesystem::exists(paths.database())) {
    return fail("state.missing", paths.folder.string() + ": there is no election here");
  }
  auto keys = ServerKeys::read(paths.keys());
  if (!keys) return fail(keys.error());
  std::unique_ptr<State> state(new State(paths, clock, random, std::move(*keys)));
  state->database_ = store::open_sqlite({.path = paths.database()});
  if (const auto done = store::migrate(*state->database_, schema_migrations()); !done) {
    return fail(done.error());
  }
  auto link_key = LinkKey::read(paths.link_key());
  if (link_key) {
    state->link_key_ = std::make_shared<const LinkKey>(std::move(*link_key));
  } else if (!link_key_was_due(*state->database_)) {
    return fail(link_key.error());
  }
  auto text = state->database_->read([](store::Transaction& transaction) -> Expected<std::string> {
    const auto rows =
        transaction.query("SELECT content FROM public_file WHERE path = 'manifest.json'");
    if (rows.empty()) return fail("state.missing", "the state holds no manifest");
    return std::string(as_text(rows[0].blob(0)));
  });
  if (!text) return fail(text.error());
  auto manifest = Manifest::parse(*text);
  if (!manifest) return fail(manifest.error());
  state->manifest_text_ = std::move(*text);
  state->manifest_ = std::move(*manifest);
  state->fingerprint_ = state->manifest_.fingerprint();
  return state;
}

const LinkKey& State::link_key() const {
  const std::lock_guard lock(link_key_mutex_);
  ISOLOIR_ASSERT(link_key_ != nullptr);
  return *link_key_;
}

std::shared_ptr<const LinkKey> State::held_link_key() const {
  const std::lock_guard lock(link_key_mutex_);
  return link_key_;
}

void State::destroy_link_key() {
  LinkKey::destroy(paths_.link_key());
  const std::lock_guard lock(link_key_mutex_);
  link_key_.reset();
}

ByteArray<32> State::peppered(std::string_view purpose,
                              std::initializer_list<ByteView> value) const {
  return keyed_digest(keys_.pepper.reveal(), purpose, value);
}

}  // namespace isoloir

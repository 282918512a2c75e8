// isoloir witness beside a log that the test plays: how it stops, and what it says of trouble.
#include <csignal>
#include <future>
#include <mutex>

#include "board/test_log.hpp"
#include "functional/server_process.hpp"
#include "http/server.hpp"
#include "verification/election_fixture.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

struct PlayedLog final : http::Handler {
  using Tile = std::function<Expected<std::string>(const std::string&)>;

  http::Lane lane(const http::Request&) override { return http::Lane::light; }
  http::Response busy_page(const http::Request&) override { return http::Response::text("busy"); }
  http::Response error_page(int, const http::Request*) override {
    return http::Response::text("error");
  }
  http::Response handle(const http::Request& request) override {
    const std::lock_guard lock(mutex);
    if (request.path == "/election/manifest.json") return http::Response::text(manifest);
    const auto path = request.path.substr(request.path.find('/', 1) + 1);
    if (path == "checkpoint" && looked) looked();
    if (path == "checkpoint") return http::Response::text(checkpoint);
    if (path == "checkpoint-witnessed") return witnessed;
    if (path == "cosignature") return http::Response::json("{\"status\":\"kept\"}");
    const auto bytes = path.starts_with("tile/") ? tile(path) : fail("test.missing", path);
    return bytes ? http::Response::text(*bytes) : http::Response::text("none", 404);
  }

  std::mutex mutex;
  std::string manifest, checkpoint;
  http::Response witnessed = http::Response::text("none", 404);
  Tile tile;
  std::function<void()> looked{};  // the checkpoint was asked for
};

struct WitnessFollows : ProgramTest {
  void SetUp() override {
    const auto made = program("witness key w.example --lang en --out " + path("key"));
    ASSERT_EQ(made.code, 0) << made.err;
    auto manifest = *Manifest::parse(TestElection().files[std::string(export_path::manifest)]);
    manifest.log_origin = test_origin;
    manifest.checkpoint_key = key_of(5).key;
    manifest.witnesses = {made.out.substr(made.out.find('\n') + 1)};
    manifest.witnesses[0].pop_back();
    manifest.witness_threshold = 1;
    played.manifest = manifest.text();
    played.tile = [this](const std::string& tile) { return log.tile(tile); };
    ASSERT_TRUE(server.start());
  }
  void TearDown() override { server.stop(); }

  std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> all{"witness", url(), "--key", path("key"), "--state", path("seen")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string url() const { return "http://localhost:" + std::to_string(server.port()); }
  Outcome follow(const std::string& more) const {
    std::string all;
    for (const auto& argument : arguments({more})) all += argument + " ";
    return program(all);
  }

  TestLog log{1};
  PlayedLog played;
  http::Server server{{}, played};
};

struct WitnessStops : WitnessFollows {
  // SIGTERM comes while the third tile is waited for, which is never answered or at once.
  Ended stopped(bool answered, const std::vector<std::string>& more) {
    std::promise<void> running, over;
    if (answered) over.set_value();
    std::unique_ptr<ServerProcess> witness;
    std::size_t read = 0;
    played.tile = [&](const std::string& tile) {
      if (++read == 3) {
        running.get_future().wait();
        witness->send(SIGTERM);
        over.get_future().wait();
      }
      return log.tile(tile);
    };
    witness =
        std::make_unique<ServerProcess>(folder_, ServerProcess::Setting{arguments(more), {}, 0});
    running.set_value();
    auto ended = witness->wait();
    if (!answered) over.set_value();
    server.stop();
    EXPECT_EQ(read, 3u);
    EXPECT_EQ(ended.err, "");
    return ended;
  }
};

TEST_F(WitnessStops, InTheMidstOfItsFirstLook) {
  log.round(1500);
  played.checkpoint = log.log->checkpoint_note();
  EXPECT_EQ(stopped(true, {"--first"}).code, 0);
  EXPECT_FALSE(fs::exists(path("seen")));
}

TEST_F(WitnessStops, WhileTheServerDoesNotAnswer) {
  log.round(1500);
  played.checkpoint = log.log->checkpoint_note();
  EXPECT_EQ(stopped(false, {"--first"}).code, 0);
  EXPECT_FALSE(fs::exists(path("seen")));
}

// Neither has it judged what it was shown, so it keeps nothing of it, nor has a single look been
// one.
TEST_F(WitnessStops, WhileItJudgesAnOldCheckpoint) {
  log.round(1);
  const auto old = log.log->checkpoint_note();
  log.round(1500);
  played.checkpoint = log.log->checkpoint_note();
  ASSERT_EQ(follow("--once --first").code, 0);
  const auto seen = contents(path("seen"));
  played.checkpoint = old;
  EXPECT_EQ(stopped(true, {"--once"}).code, 1);
  EXPECT_EQ(contents(path("seen")), seen);
  EXPECT_FALSE(fs::exists(path("seen.aside")));
}

// What could show that this key has signed before cannot be had now: that is no "never".
TEST_F(WitnessFollows, AFirstLookIsPutOffWhileItCannotBeSeenWhatWasWitnessed) {
  log.round(1);
  played.checkpoint = log.log->checkpoint_note();
  played.witnessed = http::Response::text("busy", 503);
  const auto busy = follow("--once --first");
  EXPECT_EQ(busy.code, 1) << busy.out;
  EXPECT_FALSE(fs::exists(path("seen")));
  played.witnessed = http::Response::text("none", 404);
  EXPECT_EQ(follow("--once --first").code, 0);
}

struct WitnessSays : WitnessFollows {
  void SetUp() override {
    WitnessFollows::SetUp();
    log.round(1);
    old = log.log->checkpoint_note();
    log.round(300);
    played.checkpoint = log.log->checkpoint_note();
    ASSERT_EQ(follow("--once --first").code, 0);
    played.checkpoint = old;
  }
  // What stands before the line with the error's code.
  std::string words(const std::string& more, const std::string& code) {
    const auto looked = follow(more);
    EXPECT_EQ(looked.code, 1) << looked.err;
    EXPECT_NE(looked.err.find(" (" + code + ")\n"), std::string::npos) << looked.err;
    return looked.err.substr(0, looked.err.find("\nisoloir witness: "));
  }
  std::string old;
};

TEST_F(WitnessSays, OfAnOldCheckpoint) {
  EXPECT_EQ(words("--once", "follow.stale"),
            "Le serveur, ou un cache devant lui, montre un ancien point de contrôle de ce journal. "
            "Il ne contredit pas ce qui a été vu. Rien n'est signé.");
  EXPECT_EQ(words("--once --lang en", "follow.stale"),
            "The server, or a cache before it, shows an old checkpoint of this log. It does not "
            "contradict what was seen. Nothing is signed.");
  EXPECT_FALSE(fs::exists(path("seen.aside")));
}

TEST_F(WitnessSays, OfFewerEntriesThatCannotBeJudged) {
  played.tile = [](const std::string& tile) -> Expected<std::string> {
    return fail("test.missing", tile);
  };
  EXPECT_EQ(words("--once", "witness.absent"),
            "Le journal montre moins d'entrées que ce témoin n'en a vu, et ce qu'il sert ne permet "
            "pas de dire si c'est une autre histoire. Si cela dure, prévenez le président du "
            "bureau de vote. Le point de contrôle est gardé dans " +
                path("seen.aside") + ". Rien n'est signé.");
  EXPECT_EQ(words("--once --lang en", "witness.absent"),
            "The log shows fewer entries than this witness has seen, and what it serves does not "
            "tell whether that is another history. If it lasts, tell the president of the bureau. "
            "The checkpoint is kept in " +
                path("seen.aside") + ". Nothing is signed.");
  EXPECT_NE(contents(path("seen.aside")).find("== shown then\n" + old), std::string::npos);
}

// Each trouble once, however long it lasts, with when it looks again; and that it is over.
TEST_F(WitnessSays, OnceWhatLastsAndThatItIsOver) {
  std::size_t looks = 0;
  std::promise<void> running;
  std::unique_ptr<ServerProcess> witness;
  played.looked = [&] {
    ++looks;
    if (looks == 3) played.checkpoint = log.log->checkpoint_note();
    if (looks == 4) {
      running.get_future().wait();
      witness->send(SIGTERM);
    }
  };
  witness = std::make_unique<ServerProcess>(
      folder_, ServerProcess::Setting{arguments({"--every", "1"}), {}, 0});
  running.set_value();
  const auto ended = witness->wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_TRUE(ended.out.starts_with("Cosigné : 1040 entrées, racine ")) << ended.out;
  EXPECT_TRUE(ended.out.ends_with("\nLe journal répond à nouveau.\n")) << ended.out;
  EXPECT_TRUE(ended.err.starts_with("Le serveur, ou un cache")) << ended.err;
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 2) << ended.err;
  EXPECT_NE(ended.err.find("Rien n'est signé ; nouvel essai toutes les 1 s.\n"), std::string::npos);
}

}  // namespace
}  // namespace isoloir::test

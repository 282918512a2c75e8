// isoloir witness beside a log that the test plays: how it stops, and what it says of trouble.
#include <csignal>
#include <future>
#include <mutex>

#include "board/test_log.hpp"
#include "election/election_fixture.hpp"
#include "functional/server_process.hpp"
#include "http/server.hpp"

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
    std::vector<std::string> all{"witness", "follow",    url(),     "--key",
                                 path("key"), "--state", path("seen")};
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
    witness = std::make_unique<ServerProcess>(
        folder_, ServerProcess::Setting{arguments(more), {}, 0});
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

}  // namespace
}  // namespace isoloir::test

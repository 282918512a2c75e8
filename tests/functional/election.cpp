#include "functional/election.hpp"
#include "base/places.hpp"

#include <sqlite3.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

constexpr int roll_lines = 13;  // header, nine voters, three who have no account yet
constexpr int receipt_polls = 200;
constexpr auto poll = std::chrono::milliseconds(50);

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("portal.toml has no " + std::string(from));
  text.replace(at, from.size(), to);
}

// The education portal with fewer voters, fewer hours and a round of the log every second.
void copy_portal(const fs::path& to) {
  const fs::path from = test::source_dir() + "/portals/education";
  fs::create_directories(to);
  for (const auto* folder : {"pages", "statements"}) fs::copy(from / folder, to / folder);
  std::string text = contents(from / "portal.toml");
  replace(text, "interval_seconds = 5", "interval_seconds = 1");
  replace(text, "closes = 2022-12-08", "closes = 2022-12-01");
  std::ofstream(to / "portal.toml") << text;
  std::ifstream roll(from / "roll.csv");
  std::ofstream few(to / "roll.csv");
  std::string line;
  for (int i = 0; i < roll_lines && std::getline(roll, line); ++i) few << line << "\n";
}

}  // namespace

Election::Election() {
  state_ = folder_ / "state";
  copy_portal(folder_ / "portal");
  disk_ = std::make_unique<Disk>(folder_ / "disk", state_);
  serve_ = {"demo",          "--port",   std::to_string(kept_.number()), "--state",
            state_.string(), "--portal", (folder_ / "portal").string()};
}

Election::~Election() = default;

void Election::start() {
  ASSERT_FALSE(server_);
  server_ =
      std::make_unique<ServerProcess>(folder_, ServerProcess::Setting{serve_, disk_->page(), 0});
  port_ = server_->listening();
  ASSERT_NE(port_, 0) << server_->err();
  if (cards_.empty()) {
    cards_ = Json::array();
    const auto demo = parse_json(contents(state_ / "demo.json")).value();
    for (const auto& card : demo.at("voters")) {
      if (!card.contains("newcomer")) cards_.push_back(card);
    }
  }
}

Ended Election::stop(int signal) {
  server_->send(signal);
  return died();
}

Ended Election::died() {
  auto ended = server_->wait();
  server_.reset();
  return ended;
}

std::unique_ptr<Voter> Election::voter(std::size_t number) {
  return std::make_unique<Voter>(port_, cards_.at(number), (state_ / "isoloir.sqlite").string());
}

std::vector<std::unique_ptr<Voter>> Election::everybody_inside() {
  std::vector<std::unique_ptr<Voter>> people;
  for (std::size_t i = 0; i < voters(); ++i) {
    people.push_back(voter(i));
    EXPECT_EQ(people.back()->enter().is, "ok") << i;
  }
  return people;
}

Answer Election::receipt(Voter& voter, const std::string& ballot) {
  Answer answer;
  for (int i = 0; i < receipt_polls; ++i) {
    answer = voter.receipt(ballot);
    if (answer.is != "pending") break;
    std::this_thread::sleep_for(poll);
  }
  return answer;
}

Outcome Election::bureau(const std::string& arguments) {
  return program("bureau " + arguments + " --state " + state_.string());
}

std::vector<std::int64_t> Election::finish() {
  const auto closed = bureau("close --practice");
  EXPECT_EQ(closed.code, 0) << closed.out << closed.err;
  return finish_count();
}

std::vector<std::int64_t> Election::finish_count() {
  const auto copy = (folder_ / "export").string();
  const auto good = [](const Outcome& ended) {
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  };
  good(bureau("count --practice --export " + copy));
  if (!fs::exists(copy)) {  // a tie waits for its lot: drawn here in the order of the lists
    good(bureau("export " + copy + "-counted"));
    std::string lots;
    const Json counted = *parse_json(contents(fs::path(copy + "-counted") / "result.json"));
    for (const auto& contest : counted["contests"]) {
      for (const auto& tie : contest["seats"]["ties"]) {
        lots += " --lot " + std::to_string(contest["contest"].get<int>()) + ":";
        for (const auto& option : tie["between"]) {
          lots += (lots.back() == ':' ? "" : ",") + std::to_string(option.get<int>());
        }
      }
    }
    EXPECT_NE(lots, "") << "the count stopped, and not at a tie";
    good(bureau("count --practice --export " + copy + lots));
  }
  good(program("verify " + copy));
  std::vector<std::int64_t> ballots;
  const auto result = parse_json(contents(fs::path(copy) / "result.json"));
  if (!result) return {};
  for (const auto& contest : result->at("contests")) {
    ballots.push_back(contest.at("ballots").get<std::int64_t>());
  }
  return ballots;
}

std::int64_t Election::number(const std::string& sql) {
  sqlite3* handle = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::int64_t value = -1;
  sqlite3_open_v2((state_ / "isoloir.sqlite").c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  sqlite3_busy_timeout(handle, 5'000);
  sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr);
  if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return value;
}

}  // namespace isoloir::test

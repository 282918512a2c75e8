// docs/first-election.md, run as it stands: its commands in one shell, its voters between two of
// them over HTTP.
#include <poll.h>

#include <cstdio>
#include <thread>

#include "base/places.hpp"
#include "cli/rehearse_voter.hpp"
#include "election/csv.hpp"
#include "functional/program.hpp"
#include "service/bureau.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::contents;

constexpr std::string_view vote_mark = "<!-- Here the voters vote. -->";
constexpr const char* waiting = "test: the voters may vote";

// The code blocks, one after the other; the shell waits for a line where the voters vote.
std::string commands_of(const std::string& document) {
  std::string script = "set -eu\n";
  bool inside = false, waits = false;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      EXPECT_TRUE(inside || line == "```sh") << "a block of no shell: " << line;
      inside = !inside;
    } else if (inside) {
      script += line + "\n";
    } else if (line == vote_mark) {
      script += std::string("echo '") + waiting + "'\nread -r _ <go\n";
      waits = true;
    }
  }
  EXPECT_TRUE(waits && !inside);
  return script;
}

std::size_t programs_in(const std::string& script) {
  std::size_t count = 0;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find_first_not_of(' ');
    if (first != std::string::npos && line.compare(first, 8, "isoloir ") == 0) ++count;
  }
  return count;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Everybody votes for the first list, so that no lot must be drawn.
class FirstChoice final : public Random {
 public:
  void fill(std::span<std::uint8_t> target) override {
    if (target.size() == 4) {  // Random::below
      std::fill(target.begin(), target.end(), std::uint8_t{0});
    } else {
      system_.fill(target);
    }
  }

 private:
  SystemRandom system_;
};

class FirstElection : public test::ProgramTest {
 protected:
  // What a voter has in hand: her notice, her line of accounts.csv.
  std::vector<PracticeVoter> voters() {
    const auto roll =
        parse_roll(contents(folder_ / "roll.csv"), std::vector<std::uint32_t>{1, 1, 1});
    EXPECT_TRUE(roll) << roll.error().message;
    const std::string csv = contents(folder_ / "accounts.csv");
    CsvReader lines(csv, ';');
    EXPECT_TRUE(lines.next());
    std::vector<PracticeVoter> people;
    for (const auto& voter : roll->voters) {
      const std::string notice = contents(folder_ / "issued/notices" / (voter.id + ".html"));
      std::string typed;
      for (auto at = notice.find("<p class=\"characters\">"); typed.size() < 17;) {
        at = notice.find("<span>", at) + 6;
        typed += notice.substr(at, notice.find('<', at) - at);
      }
      EXPECT_TRUE(lines.next());
      const auto cell = lines.cells();
      EXPECT_EQ(cell[0], voter.id);
      people.push_back({voter, Code::parse(typed).value(), std::nullopt,
                        NewAccount{cell[0], cell[1], cell[2], cell[3]}});
    }
    return people;
  }

  // Gives the number of receipts, which lie in the folder `receipts` afterwards.
  std::size_t vote(std::uint16_t port) {
    SystemClock clock;
    FirstChoice random;
    const auto state = State::open({folder_ / "state"}, clock, random);
    EXPECT_TRUE(state) << state.error().message;
    while (!phases_of(**state).all("open"))
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the server's first beat
    std::vector<std::unique_ptr<RehearsalVoter>> crowd;
    RehearsalTimes times;
    for (auto& person : voters()) {
      crowd.push_back(std::make_unique<RehearsalVoter>(**state, std::move(person), RehearsalPart{},
                                                       crowd.size() + 1, port));
      const auto arrived = crowd.back()->arrive(times);
      EXPECT_TRUE(arrived) << arrived.error().message;
      const auto entered = crowd.back()->enter(times, random);
      EXPECT_TRUE(entered) << entered.error().message;
      const auto voted = crowd.back()->vote(times, random);
      EXPECT_TRUE(voted) << voted.error().message;
    }
    std::size_t receipts = 0;
    for (auto& voter : crowd) {
      const auto collected = voter->collect(times);
      EXPECT_TRUE(collected) << collected.error().message;
      for (const auto& ballot : voter->ballots()) {
        write("receipts/" + std::to_string(++receipts) + ".txt", ballot.receipt);
      }
    }
    return receipts;
  }
};

TEST_F(FirstElection, TheDocumentLeadsToAVerifiedResult) {
  const KeptPort port;
  EXPECT_EQ(programs_in(commands_of(contents(test::source_dir() + "/docs/first-election.md"))),
            11u);
  write("script", with(commands_of(contents(test::source_dir() + "/docs/first-election.md")),
                       "PORT=8080", "PORT=" + std::to_string(port.number())));
  ASSERT_EQ(::mkfifo(path("go").c_str(), 0600), 0);
  // A shell that ends early takes its server along.
  const std::string command =
      "cd " + folder_.string() + " && ISOLOIR=" + test::source_dir() +
      " PATH=" + test::binary_dir() +
      ":$PATH bash -c 'trap \"kill \\$(jobs -p) 2>/dev/null || true\" EXIT; "
      ". ./script' 2>&1";
  FILE* shell = ::popen(command.c_str(), "r");
  ASSERT_NE(shell, nullptr);
  std::string said;
  std::size_t receipts = 0;
  bool listening = false, ready = false, voted = false;
  char line[4096];
  while (std::fgets(line, sizeof line, shell) != nullptr) {
    said += line;
    listening = listening || std::string_view(line).starts_with("listening ");
    ready = ready || std::string_view(line).starts_with(waiting);
    if (listening && ready && !voted) {
      voted = true;
      receipts = vote(port.number());
      std::ofstream(path("go")) << "voted\n";
    }
  }
  const int status = ::pclose(shell);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said;

  EXPECT_EQ(receipts, 3u + 3 + 2 + 1);
  EXPECT_NE(said.find("\nverified\nfingerprint "), std::string::npos) << said;
  EXPECT_NE(said.find("9 receipts"), std::string::npos) << said;
  EXPECT_NE(said.find("The minutes are signed in the export"), std::string::npos) << said;
  EXPECT_NE(contents(folder_ / "minutes.html").find("Clôture du dépouillement"), std::string::npos);
  EXPECT_NE(said.find("The sealing is complete"), std::string::npos) << said;
  // The notices and the accounts are the only places where a voter's secrets stand.
  const auto code = voters()[0].code.shown().reveal();
  EXPECT_EQ(said.find(code), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "state.link-key")) << "destroyed when the count was closed";
}

}  // namespace
}  // namespace isoloir::cli

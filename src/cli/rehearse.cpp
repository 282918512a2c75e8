// `isoloir rehearse`: an election à blanc. Synthetic voters vote over real HTTP at a server of
// their own, on a temporary state; then the box is closed, counted, exported and verified, and the
// counts are compared with what was cast. Where the rule has two rounds the second follows, for who
// stands again, with new identifiers and passwords. Nothing of a real election is touched.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/rehearse_voter.hpp"
#include "cli/server.hpp"
#include "election/roll.hpp"
#include "portal/second_round.hpp"
#include "service/bureau.hpp"
#include "service/count.hpp"
#include "service/election_log.hpp"
#include "service/export.hpp"
#include "service/freeze.hpp"
#include "service/setup.hpp"
#include "verification/verification.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::uint32_t board_interval_seconds = 1;  // receipts come soon, in many small rounds
constexpr unsigned problems_shown = 10;
// Voters of one wave sign in, then enter, then vote, then collect: well before a session ends,
// however many voters there are.
constexpr std::size_t wave_voters = 500;
// Between the random numbers of one pass and those of another.
constexpr std::uint64_t votes_apart = std::uint64_t{1} << 31;
constexpr auto opening_wait = std::chrono::seconds(30);

struct RehearseOptions {
  fs::path portal;
  std::uint32_t voters = 100;
  double reissue = 0.1;
  fs::path export_folder;
  std::uint64_t seed = 1;
  unsigned threads = 3;
  bool json = false;
};

// ---- The server

// Forked before this process has any thread; it waits for the state, and dies with its parent.
class ServerChild {
 public:
  ServerChild(const Portal& portal, const fs::path& state, std::uint16_t port) {
    int go[2], said[2];
    if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(said, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe for the server");
    }
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("the server cannot be started");
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(go[1]);
      char word = 0;
      const bool start = ::getppid() == parent && ::read(go[0], &word, 1) == 1;
      ::dup2(said[1], STDOUT_FILENO);
      ::_exit(start ? serve(portal, state, port) : 0);
    }
    ::close(go[0]);
    ::close(said[1]);
    go_ = go[1];
    said_ = said[0];
  }
  ServerChild(const ServerChild&) = delete;
  ServerChild& operator=(const ServerChild&) = delete;
  ~ServerChild() {
    stop();
    ::close(said_);
  }

  // Once the state is there. False when the server ends before it listens.
  bool start() {
    char text[64];
    return ::write(go_, "g", 1) == 1 && ::read(said_, text, sizeof text) > 0;
  }
  // VmHWM of proc(5).
  std::int64_t peak_memory_kib() const {
    std::ifstream status(fmt::format("/proc/{}/status", process_));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
    }
    return 0;
  }
  // After its last round. False when it failed.
  bool stop() {
    if (process_ <= 0) return true;
    ::close(go_);
    ::kill(process_, SIGTERM);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  static int serve(const Portal& portal, const fs::path& folder, std::uint16_t port) try {
    block_stop_signals();
    SystemClock clock;
    SystemRandom random;
    const auto lock = StateLock::take(folder);
    if (!lock) return report(lock.error());
    const auto state = State::open({folder}, clock, random);
    if (!state) return report(state.error());
    ServerSettings settings;
    settings.port = port;
    settings.trusted_proxies.push_back(*http::AddressRange::parse("127.0.0.0/8"));
    // Messages need a way out: the inbox, as in a demonstration.
    settings.demo = web::DemoPages{Json::object()};
    return run_server(**state, portal, std::move(settings));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "isoloir rehearse: the server: %s\n", error.what());
    return 1;
  }

  pid_t process_ = 0;
  int go_ = -1;
  int said_ = -1;
};

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "isoloir-rehearsal-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder: " + pattern);
    path = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

// ---- The voters

constexpr std::uint32_t contests_of_a_voter = 3;

// In what each voter votes: as the folder's own roll has it, in its order. Where there is none,
// three contests from the i-th on, or all there are. Errors: those of parse_roll.
using Spread = std::function<std::vector<VoterContest>(std::uint32_t i)>;

Expected<Spread> spread_of(const fs::path& folder, const Portal& portal) {
  const auto districts = districts_per_contest(portal.contests);
  const auto file = folder / "roll.csv";
  if (fs::exists(file)) {
    const auto csv = read_file(file);
    if (!csv) return fail(csv.error());
    auto roll = parse_roll(*csv, districts, roll_address(portal));
    if (!roll) return fail(roll.error().code, file.string() + ":\n" + roll.error().message);
    return [voters = std::move(roll->voters)](std::uint32_t i) {
      return voters[i % voters.size()].contests;
    };
  }
  // A constituency has its own electors.
  const bool one_alone = portal.contests.front().round != 0;
  return [districts, one_alone](std::uint32_t i) {
    const auto contests = static_cast<std::uint32_t>(districts.size());
    std::vector<VoterContest> mine(one_alone ? 1 : std::min(contests_of_a_voter, contests));
    for (std::uint32_t j = 0; j < mine.size(); ++j) {
      const std::uint32_t contest = (i + j) % contests;
      mine[j] = {contest, i % districts[contest]};
    }
    std::sort(mine.begin(), mine.end());
    return mine;
  };
}

// Names that no person bears.
Roll synthetic_roll(const Spread& spread, std::uint32_t voters, Random& random) {
  constexpr const char* first[] = {"Camille", "Dominique", "Claude", "Maxime", "Sacha", "Alix"};
  Roll roll;
  for (std::uint32_t i = 0; i < voters; ++i) {
    Voter voter;
    voter.id = fmt::format("REP{:07}", i + 1);
    voter.title = i % 2 == 0 ? "Mme" : "M.";
    voter.birth_name = fmt::format("RÉPÉTITION-{:07}", i + 1);
    voter.given_names = first[random.below(std::size(first))];
    voter.gender = i % 2 == 0 ? "F" : "M";
    voter.birth_date = fmt::format("{}-01-01", 1960 + random.below(40));
    voter.birth_country = "99100";
    voter.email = fmt::format("rep{:07}@rehearsal.example", i + 1);
    voter.numen = fmt::format("99E{:07}ZZZ", i + 1);
    voter.phone = fmt::format("+33 6 39 98 {:04}", i % 10'000);  // given to nobody
    voter.numic = std::to_string(100'000'000 + i);
    voter.contests = spread(i);
    roll.voters.push_back(std::move(voter));
  }
  return roll;
}

RehearsalPart part_of(std::uint32_t i, double reissue) {
  const auto before = static_cast<std::uint64_t>(i * reissue + 1e-9);
  const auto after = static_cast<std::uint64_t>((i + 1) * reissue + 1e-9);
  return {after > before, i % 7 == 3, i % 7 == 2, i % 5 == 1};
}

struct Crowd {
  std::vector<std::unique_ptr<RehearsalVoter>> voters;
  std::vector<bool> failed;
  RehearsalTimes times;
  unsigned problems = 0;
};

using Pass = Status (*)(RehearsalVoter&, RehearsalTimes&, Random&);

// Every voter of the wave once; who failed before is left out.
void run_pass(Crowd& crowd, std::size_t wave, unsigned threads, std::uint64_t seed, Pass pass) {
  const std::size_t end = std::min(wave + wave_voters, crowd.voters.size());
  std::atomic<std::size_t> next = wave;
  std::mutex mutex;
  const auto work = [&] {
    RehearsalTimes times;
    for (std::size_t i; (i = next++) < end;) {
      {
        const std::lock_guard lock(mutex);
        if (crowd.failed[i]) continue;
      }
      SeededRandom random(seed + i);
      const auto done = pass(*crowd.voters[i], times, random);
      if (done) continue;
      const std::lock_guard lock(mutex);
      crowd.failed[i] = true;
      if (++crowd.problems <= problems_shown) {
        std::fprintf(stderr, "voter %zu: %s\n", i + 1, done.error().message.c_str());
      }
    }
    const std::lock_guard lock(mutex);
    crowd.times.merge(std::move(times));
  };
  std::vector<std::thread> workers;
  for (unsigned t = 0; t < threads; ++t) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();
}

bool await_opening(State& state) {
  const auto end = Steady::now() + opening_wait;
  while (!phases_of(state).all("open")) {
    if (Steady::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// ---- The bureau, as src/cli/bureau.cpp: every step signed by who may, every holder there.

struct Outcome {
  Json result;
  std::string checkpoint;  // that holds the freeze
};

const KeyPair* president_of(const Manifest& manifest, const LocalCeremony& ceremony) {
  for (const auto& holder : ceremony.holders) {
    const auto place = member_of(manifest, holder.signing().key);
    if (place && place->role == BureauRole::president) return &holder.signing();
  }
  return nullptr;
}

Status close_and_freeze(State& state, Log& log, const KeyPair& president) {
  const auto closed = post_event(state, {"close", 0, {}, Json::object()}, {&president});
  if (!closed) return fail(closed.error());
  // At once when all have voted; a voter who failed inside the voting space has the grace period.
  const auto end = Steady::now() + std::chrono::seconds(2 * practice_grace_seconds);
  for (;;) {
    tick(state, log);
    log.append_round(is_voting(state));
    if (phases_of(state).all("frozen")) break;
    if (Steady::now() > end) return fail("rehearsal.freeze", "the box is not frozen in time");
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  log.append_round(false);
  return {};
}

Expected<std::string> count_box(State& state, Log& log, std::vector<LocalCeremony>& ceremonies) {
  const auto tally = prepare_count(state);
  if (!tally) return fail(tally.error());
  for (std::uint32_t b = 0; b < ceremonies.size(); ++b) {
    std::vector<const KeyPair*> keys;
    for (const auto& holder : ceremonies[b].holders) keys.push_back(&holder.signing());
    if (const auto opened = open_count(state, *tally, b, keys); !opened) {
      return fail(opened.error());
    }
  }
  log.append_round(false);
  for (std::uint32_t b = 0; b < ceremonies.size(); ++b) {
    for (auto& holder : ceremonies[b].holders) {
      if (auto bound = holder.bind_tally(tally->hash); !bound) return fail(bound.error());
      const auto shares = make_shares(state.manifest(), *tally, b, holder, state.random());
      if (!shares) return fail(shares.error());
      const auto imported = import_shares(state, *tally, *shares);
      if (!imported) return fail(imported.error());
    }
  }
  auto result = finish_count(state, *tally);
  if (!result) return result;
  // What people would draw in public: here the lists in their order.
  Lots lots;
  const Json figures = *parse_json(*result);
  for (const auto& contest : figures["contests"]) {
    if (!contest.contains("seats")) continue;  // two rounds: no lot
    for (const auto& tie : contest["seats"]["ties"]) {
      auto& drawn = lots[contest["contest"].get<std::uint32_t>()];
      for (const auto& option : tie["between"]) drawn.push_back(option.get<std::uint32_t>());
    }
  }
  return lots.empty() ? result : finish_count(state, *tally, lots);
}

Expected<Outcome> count_election(State& state, std::vector<LocalCeremony>& ceremonies,
                                 const fs::path& folder) {
  Log log = open_log(state);
  std::vector<const KeyPair*> presidents;
  for (const auto& ceremony : ceremonies) {
    presidents.push_back(president_of(state.manifest(), ceremony));
    if (!presidents.back())
      return fail("bureau.signer", "the portal has a bureau without president");
  }
  if (auto frozen = close_and_freeze(state, log, *presidents[0]); !frozen) {
    return fail(frozen.error());
  }
  const auto result = count_box(state, log, ceremonies);
  if (!result) return fail(result.error());
  for (std::uint32_t b = 0; b < ceremonies.size(); ++b) {
    const auto closed = close_count(state, b, *presidents[b]);
    if (!closed) return fail(closed.error());
  }
  log.append_round(false);
  pay_duties(state);
  if (auto written = write_export(state, folder); !written) return fail(written.error());
  return Outcome{*parse_json(*result), log.checkpoint_note()};
}

// ---- Judgement

bool counts_equal(const Manifest& manifest, const Json& result, const Crowd& crowd) {
  std::vector<std::vector<std::uint64_t>> cast, counted;
  for (const auto& contest : manifest.contests) cast.emplace_back(contest.options.size());
  counted = cast;
  for (const auto& voter : crowd.voters) {
    for (const auto& ballot : voter->ballots()) ++cast.at(ballot.contest).at(ballot.choice);
  }
  for (const auto& contest : result.at("contests")) {
    auto& sums = counted.at(contest.at("contest").get<std::size_t>());
    for (const auto& unit : contest.at("units")) {
      const auto& votes = unit.at("votes");
      for (std::size_t i = 0; i < votes.size(); ++i) sums.at(i) += votes[i].get<std::uint64_t>();
    }
  }
  return cast == counted;
}

// Against what was known before the server ran, and every receipt again.
Expected<bool> verify(const Fingerprint& fingerprint, const Outcome& outcome, const Crowd& crowd,
                      const fs::path& folder) {
  Anchors anchors;
  anchors.fingerprint = fingerprint;
  anchors.checkpoint = outcome.checkpoint;
  anchors.receipts_given = true;
  for (const auto& voter : crowd.voters) {
    for (const auto& ballot : voter->ballots()) {
      if (!ballot.receipt.empty())
        anchors.receipts[hex_encode(ballot.tracker.bytes)] = ballot.receipt;
    }
  }
  const auto reader = ExportReader::of_folder(folder);
  if (!reader) return fail(reader.error());
  const auto checked = verify_export(*reader, anchors);
  if (const auto* first = checked.first_failure()) {
    std::fprintf(stderr, "V%d %s: %s %s\n", first->number, first->name.c_str(), first->code.c_str(),
                 first->detail.c_str());
  }
  if (!checked.anchored) std::fprintf(stderr, "not anchored: %s\n", checked.anchoring.c_str());
  return checked.consistent() && checked.counted && checked.anchored;
}

double percentile(const std::vector<double>& sorted, double part) {
  const auto at =
      static_cast<std::size_t>(std::lround(part * static_cast<double>(sorted.size() - 1)));
  return std::round(sorted[at] * 10) / 10;
}

Json steps_of(RehearsalTimes& times) {
  Json steps = Json::object();
  for (auto& [name, ms] : times.ms) {
    std::sort(ms.begin(), ms.end());
    steps[name] = {
        {"count", ms.size()}, {"p50_ms", percentile(ms, 0.50)}, {"p99_ms", percentile(ms, 0.99)}};
  }
  return steps;
}

Json summary_of(Crowd& crowd, double seconds) {
  std::size_t ballots = 0, receipts = 0, reissued = 0, failed = 0;
  for (std::size_t i = 0; i < crowd.voters.size(); ++i) {
    const auto& voter = *crowd.voters[i];
    failed += crowd.failed[i] ? 1 : 0;
    reissued += voter.part().reissue && !crowd.failed[i] ? 1 : 0;
    ballots += voter.ballots().size();
    for (const auto& ballot : voter.ballots()) receipts += ballot.receipt.empty() ? 0 : 1;
  }
  const auto rate = [&](std::size_t n) {
    return std::round(static_cast<double>(n) / seconds * 10) / 10;
  };
  return {{"voters", crowd.voters.size()},
          {"voters_failed", failed},
          {"ballots", ballots},
          {"receipts", receipts},
          {"reissued", reissued},
          {"seconds", std::round(seconds * 10) / 10},
          {"voters_per_second", rate(crowd.voters.size())},
          {"ballots_per_second", rate(ballots)},
          {"steps", steps_of(crowd.times)}};
}

void print_summary(const Json& summary, bool json) {
  if (json) {
    std::puts(summary.dump().c_str());
    return;
  }
  for (const auto& [name, value] : summary.items()) {
    if (name != "steps" && name != "second_round") std::puts((name + ": " + value.dump()).c_str());
  }
  for (const auto& [name, step] : summary.at("steps").items()) {
    std::puts(fmt::format("{:<16} {:>7} times, p50 {:>8} ms, p99 {:>8} ms", name,
                          step.at("count").dump(), step.at("p50_ms").dump(),
                          step.at("p99_ms").dump())
                  .c_str());
  }
  if (!summary.contains("second_round") || summary.at("second_round").is_null()) return;
  std::puts("\nsecond round");
  print_summary(summary.at("second_round"), false);
}

// ---- The whole

void let_vote(Crowd& crowd, const RehearseOptions& options) {
  const std::uint64_t seed = options.seed << 32;
  for (std::size_t wave = 0; wave < crowd.voters.size(); wave += wave_voters) {
    std::fprintf(stderr, "voters: %zu of %zu have voted\n", wave, crowd.voters.size());
    run_pass(crowd, wave, options.threads, seed,
             [](RehearsalVoter& v, RehearsalTimes& t, Random&) { return v.arrive(t); });
    run_pass(crowd, wave, options.threads, seed,
             [](RehearsalVoter& v, RehearsalTimes& t, Random& r) { return v.enter(t, r); });
    run_pass(crowd, wave, options.threads, seed + votes_apart,
             [](RehearsalVoter& v, RehearsalTimes& t, Random& r) { return v.vote(t, r); });
    run_pass(crowd, wave, options.threads, seed,
             [](RehearsalVoter& v, RehearsalTimes& t, Random&) { return v.collect(t); });
  }
}

// What a round needs, and leaves to the next.
struct Round {
  Portal portal;
  Roll roll;
  fs::path state, exported;
  Manifest manifest;
  Json result;
  std::vector<PracticeVoter> credentials;
};

// R176-3-7: nobody enters with what she had in the round before.
bool old_credentials_are_refused(State& state, std::vector<PracticeVoter>& old,
                                 std::uint16_t port) {
  RehearsalTimes times;
  SystemRandom random;
  for (std::size_t i = 0; i < std::min<std::size_t>(old.size(), 3); ++i) {
    RehearsalVoter voter(state, std::move(old[i]), {}, i + 1, port);
    if (voter.arrive(times) && voter.enter(times, random)) return false;
  }
  return true;
}

Expected<Json> rehearse(const RehearseOptions& options, Round& round,
                        std::vector<PracticeVoter> before, std::uint16_t port,
                        ServerChild& server) {
  SystemClock clock;
  SystemRandom random;
  const auto voters = static_cast<std::uint32_t>(round.roll.voters.size());
  std::fprintf(stderr, "preparing %u voters\n", voters);
  auto practice = create_practice({round.state}, round.portal, round.roll, 0,
                                  fmt::format("http://localhost:{}", port), clock, random);
  if (!practice) return fail(practice.error());
  const auto state = State::open({round.state}, clock, random);
  if (!state) return fail(state.error());
  if (!server.start() || !await_opening(**state)) {
    return fail("rehearsal.server", "the server does not start");
  }
  const bool renewed = old_credentials_are_refused(**state, before, port);
  Crowd crowd;
  for (std::uint32_t i = 0; i < voters; ++i) {
    crowd.voters.push_back(std::make_unique<RehearsalVoter>(
        **state, std::move(practice->voters[i]), part_of(i, options.reissue), i + 1, port));
  }
  crowd.failed.resize(voters);
  const auto start = Steady::now();
  let_vote(crowd, options);
  const std::chrono::duration<double> took = Steady::now() - start;
  Json summary = summary_of(crowd, took.count());
  summary["server_peak_kib"] = server.peak_memory_kib();
  if (!server.stop()) return fail("rehearsal.server", "the server did not end well");

  std::fprintf(stderr, "close, count, export, verify\n");
  const auto outcome = count_election(**state, practice->ceremonies, round.exported);
  if (!outcome) return fail(outcome.error());
  const auto verified = verify((*state)->fingerprint(), *outcome, crowd, round.exported);
  if (!verified) return fail(verified.error());
  const bool equal = counts_equal((*state)->manifest(), outcome->result, crowd);
  summary["verified"] = *verified;
  summary["counts_equal"] = equal;
  summary["verdict"] = *verified && equal && renewed && crowd.problems == 0 ? "passed" : "failed";
  if (!before.empty()) summary["old_credentials_refused"] = renewed;
  for (auto& voter : crowd.voters) round.credentials.push_back(voter->take_person());
  round.manifest = (*state)->manifest();
  round.result = outcome->result;
  return summary;
}

// ---- The second round

// What the bureau decides where the article is silent: here all equals stand.
std::vector<StandingChange> all_equals(const Round& first) {
  std::vector<StandingChange> added;
  for (const auto& contest : first.result.at("contests")) {
    const auto number = contest.at("contest").get<std::uint32_t>();
    if (!contest.contains("majority")) continue;
    for (const auto& tie : contest.at("majority").at("undecided")) {
      for (const auto& option : tie.at("between")) {
        const auto& rules = first.manifest.contests.at(number);
        added.push_back({number, rules.options.at(option.get<std::size_t>()).name});
      }
    }
  }
  return added;
}

Roll roll_of_second(const Roll& first, const StandingAgain& standing) {
  const auto numbers = second_round_numbers(standing);
  Roll roll;
  for (auto voter : first.voters) {
    std::erase_if(voter.contests, [&](const auto& one) { return !numbers[one.contest]; });
    for (auto& one : voter.contests) one.contest = *numbers[one.contest];
    if (!voter.contests.empty()) roll.voters.push_back(std::move(voter));
  }
  return roll;
}

bool has_second_round(const Portal& portal) {
  return std::all_of(portal.contests.begin(), portal.contests.end(),
                     [](const Contest& contest) { return contest.round == 1; });
}

// As for the rehearsal of any portal.
void adapt(Portal& portal, const RehearseOptions& options) {
  portal.board_interval_seconds = board_interval_seconds;
  portal.witnesses.clear();  // nobody is there to witness a rehearsal
  portal.witness_threshold = 0;
  // How many codes may be replaced is set for the real roll; here all might be.
  for (auto& contest : portal.contests) {
    contest.reissue_max = std::max(contest.reissue_max, options.voters);
  }
}

// Null when everybody is elected. Errors: those of standing_again and second_round_portal.
Expected<Json> rehearse_second(const RehearseOptions& options, Round& first,
                               const TemporaryFolder& temporary) {
  const auto standing = standing_again(first.manifest, first.result, all_equals(first), {});
  if (!standing) return fail(standing.error());
  if (std::all_of(standing->begin(), standing->end(), [](auto& names) { return names.empty(); })) {
    return Json();
  }
  const auto toml = portal_text(options.portal);
  if (!toml) return fail(toml.error());
  const auto text = second_round_portal(
      *toml, (options.portal / "portal.toml").string(), *standing,
      {first.portal.election, first.portal.opens_local, first.portal.closes_local});
  if (!text) return fail(text.error());
  auto portal = Portal::parse(*text, "second round");
  if (!portal) return fail(portal.error());
  adapt(*portal, options);
  Round second{std::move(*portal),
               roll_of_second(first.roll, *standing),
               temporary.path / "state2",
               temporary.path / "export2",
               {},
               {},
               {}};
  if (!options.export_folder.empty()) second.exported = options.export_folder.string() + "-2";
  const KeptPort port;
  ServerChild server(second.portal, second.state, port.number());
  std::fprintf(stderr, "second round\n");
  return rehearse(options, second, std::move(first.credentials), port.number(), server);
}

int run_rehearse(const RehearseOptions& options) {
  auto portal = read_portal(options.portal);
  if (!portal) return report(portal.error());
  adapt(*portal, options);
  if (!portal->reissue && !portal->recovery && options.reissue > 0) {
    return report({"rehearsal.reissue",
                   "on this portal nobody replaces alone what is lost: use --reissue 0",
                   {}});
  }
  for (const char* round : {"", "-2"}) {
    const fs::path folder = options.export_folder.string() + round;
    std::error_code ignored;
    if (!options.export_folder.empty() && fs::exists(folder) && !fs::is_empty(folder, ignored)) {
      return report({"export.folder", "the folder of the export is not empty", {}});
    }
  }
  const auto spread = spread_of(options.portal, *portal);
  if (!spread) return report(spread.error());
  const TemporaryFolder temporary;
  SeededRandom seeded(options.seed);
  auto roll = synthetic_roll(*spread, options.voters, seeded);
  Round first{std::move(*portal),
              std::move(roll),
              temporary.path / "state",
              options.export_folder.empty() ? temporary.path / "export" : options.export_folder,
              {},
              {},
              {}};
  auto summary = [&] {
    const KeptPort port;
    ServerChild server(first.portal, first.state, port.number());
    return rehearse(options, first, {}, port.number(), server);
  }();
  if (!summary) return report(summary.error(), 1);
  if (has_second_round(first.portal)) {
    auto second = rehearse_second(options, first, temporary);
    if (!second) return report(second.error(), 1);
    if (!second->is_null() && second->at("verdict") != "passed") (*summary)["verdict"] = "failed";
    (*summary)["second_round"] = std::move(*second);
  }
  print_summary(*summary, options.json);
  return std::fflush(stdout) == 0 && summary->at("verdict") == "passed" ? 0 : 1;
}

}  // namespace

void add_rehearse(Command app) {
  auto options = std::make_shared<RehearseOptions>();
  const Command command = app.add("rehearse", "A whole election with synthetic voters");
  command.option("portal", options->portal, "Folder of the portal").required();
  command.option("--voters", options->voters, "How many").between(1u, 9'999'999u);
  command
      .option("--reissue", options->reissue,
              "The part of them that lose their voting code or password")
      .between(0.0, 1.0);
  command.option("--export", options->export_folder, "New folder for the export, to keep it");
  command.option("--seed", options->seed, "Of the roll and the choices");
  command.option("--threads", options->threads, "Voters at a time").between(1u, 64u);
  command.flag("--json", options->json, "The summary as JSON");
  command.runs([options] { return run_rehearse(*options); });
}

}  // namespace isoloir::cli

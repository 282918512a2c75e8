// `isoloir demo`: a whole election on this machine alone, with sample voters and every key at hand.
// It is `serve` plus what a newcomer needs to play every path; nothing else differs.
#include <fmt/format.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/holder_file.hpp"
#include "cli/practice.hpp"
#include "cli/server.hpp"
#include "election/consular_number.hpp"
#include "service/bureau.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t newcomers = 3;  // who activate their account themselves, where they can

struct DemoOptions {
  std::uint16_t port = 8080;
  fs::path state = "demo-state";
  fs::path portal = "portals/education";
  fs::path beside;  // another portal, an election of its own; or empty
  std::string host = "localhost";
  std::string franceconnect{};  // an issuer in place of the portal's
  // Through which identity provider of it somebody may act for a voter: dev/franceconnect's name.
  std::string franceconnect_aidants = "aidants-connect-demonstration";
  fs::path franceconnect_secret{};
  fs::path franceconnect_key{};
};

// The demonstration beside: on the next port, its state named after its portal. By another name of
// this machine, because cookies know hosts, and no ports: one browser can sign in to both.
DemoOptions other_of(const DemoOptions& options) {
  const auto port = static_cast<std::uint16_t>(options.port == 0 ? 0 : options.port + 1);
  const auto folder = fs::absolute(options.beside / "").parent_path();  // with or without a slash
  const auto name = folder.filename().string();
  return {port, options.state.string() + "-" + name, options.beside, {}, "127.0.0.1"};
}

std::string address_of(const DemoOptions& options, std::uint16_t port) {
  return fmt::format("http://{}:{}/demo", options.host, port);
}

// What the page of another demonstration says of this one; nothing where it has no portal.
Json link_to(const DemoOptions& options) {
  const auto portal = read_portal(options.portal);
  if (!portal) return nullptr;  // it says itself what is wrong
  const auto text = read_file(options.state / "demo.json");
  const auto saved = text ? parse_json(*text) : Expected<Json>(fail(text.error()));
  const auto port = saved ? saved->at("port").get<std::uint16_t>() : options.port;
  if (port == 0) return nullptr;  // any free one: not known yet
  return {
      {"fr", portal->election.fr}, {"en", portal->election.en}, {"url", address_of(options, port)}};
}

Json voter_card(const PracticeVoter& person, const Portal& portal) {
  const auto& voter = person.voter;
  std::string contests;
  for (const auto& place : voter.contests) {
    const auto& contest = portal.contests.at(place.contest);
    contests += (contests.empty() ? "" : " ; ") + contest.name.fr;
    if (contest.districts.size() > 1) contests += ", " + contest.districts.at(place.district);
  }
  Json card = {{"name", voter.title + " " +
                            (voter.usage_name.empty() ? voter.birth_name : voter.usage_name) + " " +
                            voter.given_names},
               {"email", voter.email},
               {"code", person.code.shown().reveal()},
               {"contests", contests}};
  if (person.identifier) {
    card["identifier"] = person.identifier->shown;
    card["phone"] = voter.phone;
    card["numic"] = consular_number(voter);
  }
  if (!person.account && !person.identifier) card["newcomer"] = true;
  if (person.account) {
    card["password"] = person.account->password;
    card["numen"] = voter.numen.empty() ? voter.nir10 : voter.numen;
    card["question"] = person.account->question;
    card["answer"] = person.account->answer;
  }
  return card;
}

// Holder files as `isoloir trustee` makes them, and their codes beside: only a demonstration may do
// that.
Status write_holders(const fs::path& folder, const PracticeElection& practice, Random& random) {
  fs::create_directories(folder);
  for (std::size_t b = 0; b < practice.ceremonies.size(); ++b) {
    for (const auto& holder : practice.ceremonies[b].holders) {
      const Code code = Code::generate(random);
      const std::string name = fmt::format("{}-{}-{}", b, holder.group(), holder.index());
      const HolderFile file(folder / (name + ".holder"), code.clone(), holder.clone());
      if (auto made = file.create(random); !made) return made;
      write_file(folder / (name + ".code"), code.shown().reveal() + "\n", FileMode::secret);
    }
  }
  return {};
}

Status create_demo(const DemoOptions& options, const Portal& portal, Clock& clock, Random& random) {
  const auto csv = read_file(options.portal / "roll.csv");
  if (!csv) return fail(csv.error());
  const auto roll = parse_roll(*csv, districts_per_contest(portal.contests), roll_address(portal));
  if (!roll) return fail(roll.error());
  std::fprintf(stderr, "Préparation de l'élection de démonstration… (preparing %zu voters)\n",
               roll->voters.size());
  const auto practice =
      create_practice({options.state}, portal, *roll, portal.account ? newcomers : 0,
                      fmt::format("http://{}:{}", options.host, options.port), clock, random);
  if (!practice) return fail(practice.error());
  Json cards = Json::array();
  for (const auto& person : practice->voters) cards.push_back(voter_card(person, portal));
  if (auto written = write_holders(options.state / "holders", *practice, random); !written) {
    return written;
  }
  // Last: a state without this file was cut short and is made again.
  write_file(options.state / "demo.json",
             canonical_json({{"port", options.port}, {"voters", std::move(cards)}}),
             FileMode::secret);
  return {};
}

constexpr std::string_view making = "demo.making";  // until demo.json takes its place

// A demonstration is made in an empty folder, or where one was cut short: never over anything else.
Status may_make(const StatePaths& paths) {
  const auto others = [&] {
    for (const auto& entry : fs::directory_iterator(paths.folder)) {
      if (entry.path().filename() != "server.lock") return true;
    }
    return fs::exists(paths.link_key()) || fs::exists(paths.checkpoint());
  };
  if (fs::exists(paths.folder / "demo.json") || fs::exists(paths.folder / making) || !others()) {
    return {};
  }
  return fail(
      "demo.occupied",
      paths.folder.string() +
          ": holds something else than a demonstration, nothing was changed; an election is "
          "served by `isoloir serve`, a demonstration wants an empty or new --state");
}

void remove_unfinished(const StatePaths& paths) {
  for (const char* name :
       {"isoloir.sqlite", "isoloir.sqlite-wal", "isoloir.sqlite-shm", "server.keys"}) {
    fs::remove(paths.folder / name);
  }
  fs::remove_all(paths.folder / "holders");
  fs::remove(paths.link_key());
  fs::remove(paths.checkpoint());
}

Json commands(const DemoOptions& options, const State& state) {
  const std::string program = "build/release/isoloir";
  const std::string at = " --state " + options.state.string();
  const std::string checkpoint = (options.state / "checkpoint").string();
  const std::string reason = " --contest 0 --reason \"Essai\" --practice";
  return {
      {"suspend", program + " bureau suspend" + at + reason},
      {"resume", program + " bureau resume" + at + reason},
      {"status", program + " bureau status" + at},
      {"close", program + " bureau close" + at + " --practice"},
      {"count", program + " bureau count" + at + " --practice"},
      {"close_count", program + " bureau close-count" + at + " --practice --export " +
                          (options.state / "export").string()},
      {"checkpoint", "curl --silent --show-error --fail --output " + checkpoint + " " +
                         state.manifest().origin + state.manifest().log_path() + "/checkpoint"},
      {"verify", program + " verify " + (options.state / "export").string() + " --fingerprint " +
                     hex_encode(state.fingerprint().bytes) + " --checkpoint " + checkpoint}};
}

// One voter who votes, one who has lost the code where she can have another, one who has no account
// yet where she can activate it, and the others.
Json landing_page(const Json& voters, bool reissue, Json commands, const Json& other) {
  Json page = {{"commands", std::move(commands)}, {"others", Json::array()}};
  if (!other.is_null()) page["other_demo"] = other;
  for (const auto& voter : voters) {
    if (!page.contains("first")) {
      page["first"] = voter;
    } else if (reissue && !page.contains("second")) {
      page["second"] = voter;
    } else if (voter.contains("newcomer") && !page.contains("newcomer")) {
      page["newcomer"] = voter;
    } else {
      page["others"].push_back(voter);
    }
  }
  return page;
}

// `other`: link_to the demonstration beside this one, or null.
int run_one(DemoOptions options, const Json& other) {
  SystemClock clock;
  SystemRandom random;
  auto portal = read_portal(options.portal);
  if (!portal) return report(portal.error());
  const StatePaths paths{options.state};
  const auto demo_file = options.state / "demo.json";
  fs::create_directories(options.state);
  if (auto good = may_make(paths); !good) return report(good.error());
  const auto lock = StateLock::take(options.state);
  if (!lock) return report(lock.error());
  std::optional<KeptPort> kept;
  if (!fs::exists(demo_file)) {
    // The election is made for one address: a port that is taken is found out first.
    kept.emplace(options.port);
    if (kept->number() == 0) {
      return report({"http.listen",
                     fmt::format("port {} is taken: choose another with --port (make demo "
                                 "PORT=9000); nothing was made",
                                 options.port),
                     {}});
    }
    options.port = kept->number();
    write_file(options.state / making, "", FileMode::secret);
    remove_unfinished(paths);
    if (const auto made = create_demo(options, *portal, clock, random); !made) {
      return report(made.error());
    }
  }
  fs::remove(options.state / making);
  const auto text = read_file(demo_file);
  const auto saved = text ? parse_json(*text) : Expected<Json>(fail(text.error()));
  if (!saved) return report(saved.error());
  const auto port = saved->at("port").get<std::uint16_t>();
  if (options.port != 0 && options.port != port) {
    std::fprintf(stderr,
                 "isoloir: this demonstration was made for port %u and goes on there; for another "
                 "port start with another --state (make demo STATE=…)\n",
                 unsigned{port});
  }
  const auto state = State::open(paths, clock, random);
  if (!state) return report(state.error());
  // Its vote is of today, whatever the portal's file says; so claims are open as long as it is.
  if (portal->claims) {
    const auto closes_at = phases_of(**state).closes_at;
    portal->claims->roll_until = portal->claims->candidacy_until = closes_at;
  }
  ServerSettings settings;
  settings.port = port;
  if (portal->franceconnect && !options.franceconnect.empty()) {
    portal->franceconnect->issuer = options.franceconnect;
    if (!options.franceconnect_aidants.empty()) {
      portal->franceconnect->refused_providers = {options.franceconnect_aidants};
    }
    auto secrets =
        read_franceconnect(*portal, options.franceconnect_secret, options.franceconnect_key);
    if (!secrets) return report(secrets.error());
    settings.franceconnect = std::move(*secrets);
  }
  auto pages = web::InformationPages::read(options.portal, *portal);
  if (!pages) return report(pages.error());
  settings.information = std::move(*pages);
  auto statements = web::Statements::read(options.portal, *portal);
  if (!statements) return report(statements.error());
  settings.statements = std::move(*statements);
  settings.portal_text = *portal_text(options.portal);
  settings.demo = web::DemoPages{landing_page(saved->at("voters"), portal->reissue.has_value(),
                                              commands(options, **state), other)};
  std::printf("isoloir demo: %s\n", address_of(options, port).c_str());
  return run_server(**state, *portal, std::move(settings));
}

// A demonstration in a process of its own, as every election has a server of its own.
class DemoChild {
 public:
  DemoChild(const DemoOptions& options, const Json& other) : process_(::fork()) {
    if (process_ < 0) throw std::runtime_error("a demonstration cannot be started");
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::_exit(run_one(options, other));
  }
  DemoChild(const DemoChild&) = delete;
  DemoChild& operator=(const DemoChild&) = delete;
  ~DemoChild() {
    ::kill(process_, SIGTERM);  // as Ctrl-C has done, where it was pressed
    int status = 0;
    ::waitpid(process_, &status, 0);
  }

 private:
  pid_t process_;
};

int run_demo(const DemoOptions& options) {
  block_stop_signals();
  if (options.beside.empty()) return run_one(options, nullptr);
  if (options.port == 65535) return report({"http.listen", "there is no port after 65535", {}});
  const auto other = other_of(options);
  const DemoChild child(other, link_to(options));  // before this process has any thread
  return run_one(options, link_to(other));
}

}  // namespace

void add_demo(Command app) {
  auto options = std::make_shared<DemoOptions>();
  const Command command = app.add("demo", "A whole election on this machine, to try out");
  command.option("--port", options->port, "Port on loopback; 0 for any free one");
  command.option("--state", options->state, "Folder of the election; made when missing");
  command.option("--portal", options->portal, "Folder of the portal");
  command.option("--beside", options->beside,
                 "Folder of another portal, to try too: on the next port, in STATE-NAME");
  command.option("--franceconnect", options->franceconnect,
                 "Issuer that stands for FranceConnect (dev/franceconnect)");
  command.option("--franceconnect-aidants", options->franceconnect_aidants,
                 "Its idp_id of Aidants Connect, refused; \"\" where it is closed there");
  command.option("--franceconnect-secret", options->franceconnect_secret,
                 "File with the secret that it knows the portal by");
  command.option("--franceconnect-key", options->franceconnect_key,
                 "File with the key to which its tokens are encrypted (JWK)");
  command.runs([options] { return run_demo(*options); });
}

}  // namespace isoloir::cli

// `isoloir demo`: a whole election on this machine alone, with sample voters and every key at hand.
// It is `serve` plus what a newcomer needs to play every path; nothing else differs.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/files.hpp"
#include "cli/commands.hpp"
#include "cli/server.hpp"
#include "cli/trustee.hpp"
#include "service/accounts.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t week_ms = 7LL * 24 * 3600 * 1000;
constexpr std::uint32_t demo_grace_seconds = 60;  // a newcomer does not wait half an hour
constexpr std::string_view demo_question = "Quelle était la marque de votre première voiture ?";
constexpr std::string_view demo_answer = "Deux-Chevaux";

struct DemoOptions {
  std::uint16_t port = 8080;
  fs::path state = "demo-state";
  fs::path portal = "portals/education";
};

// One port for good: the origin is in the manifest, and links and proofs are bound to it.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool good = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(socket);
  return good ? ntohs(address.sin_port) : 0;
}

std::string demo_password(Random& random) {
  return fmt::format("Isoloir-{}-{}", random.below(9000) + 1000, random.below(9000) + 1000);
}

Json voter_card(const Voter& voter, const Portal& portal, const Code& code,
                const NewAccount& account) {
  std::string contests;
  for (const auto& place : voter.contests) {
    contests += (contests.empty() ? "" : " ; ") + portal.contests.at(place.contest).name.fr;
  }
  return {{"name", voter.title + " " +
                       (voter.usage_name.empty() ? voter.birth_name : voter.usage_name) + " " +
                       voter.given_names},
          {"email", voter.email},
          {"password", account.password},
          {"numen", voter.numen.empty() ? voter.nir10 : voter.numen},
          {"question", account.question},
          {"answer", account.answer},
          {"code", code.shown().reveal()},
          {"contests", contests}};
}

// The bureau's keys: the real ceremony, with every holder at this machine.
struct DemoBureaus {
  std::vector<Bureau> bureaus;
  std::vector<CeremonyRecord> records;
  std::vector<LocalCeremony> ceremonies;
};

Expected<DemoBureaus> hold_ceremonies(const Portal& portal, const ElectionDraft& draft,
                                      Random& random) {
  DemoBureaus result;
  for (const auto& bureau : portal.bureaus) {
    const auto plan = plan_ceremony(draft, bureau, random);
    auto ceremony = run_ceremony_locally(plan, random);
    auto record = CeremonyRecord::read(plan, ceremony.messages);
    if (!record) return fail(record.error());
    result.bureaus.push_back(to_manifest_bureau(plan, ceremony.result));
    result.records.push_back(std::move(*record));
    result.ceremonies.push_back(std::move(ceremony));
  }
  return result;
}

// Holder files as `isoloir trustee` makes them, and their codes beside: only a demonstration may do
// that.
Status write_holders(const fs::path& folder, const DemoBureaus& bureaus, Random& random) {
  fs::create_directories(folder);
  for (std::size_t b = 0; b < bureaus.ceremonies.size(); ++b) {
    for (const auto& holder : bureaus.ceremonies[b].holders) {
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
  const StatePaths paths{options.state};
  const auto csv = read_file(options.portal / "roll.csv");
  if (!csv) return fail(csv.error());
  std::fprintf(stderr, "Préparation de l'élection de démonstration… (a few seconds)\n");
  const TimeMs now = clock.now();
  const auto draft = draw_draft(portal, fmt::format("http://localhost:{}", options.port),
                                {now, now + week_ms, demo_grace_seconds}, random);
  const auto districts = districts_per_contest(draft.contests);
  const auto roll = parse_roll(*csv, districts);
  if (!roll) return fail(roll.error());

  const auto issued = issue_codes(*roll, draft.id, random);
  const auto rosters = collect_rosters(issued.keys, draft.id, districts);
  if (!rosters) return fail(rosters.error());
  const KeyPair registrar = KeyPair::generate(random);
  auto roster_doc = roster_document(*rosters, draft.id);
  roster_doc.sign(registrar, draft.id, random);

  const auto bureaus = hold_ceremonies(portal, draft, random);
  if (!bureaus) return fail(bureaus.error());
  const auto server_keys = ServerKeys::generate(random);
  const Manifest manifest = assemble_manifest(
      {draft, bureaus->bureaus, server_keys, registrar.key, *rosters, booth_assets()});
  auto seal = seal_document(manifest, now);
  for (const auto& ceremony : bureaus->ceremonies) {
    for (const auto& holder : ceremony.holders) {
      seal.sign(holder.signing(), manifest.fingerprint(), random);
    }
  }
  const auto files = public_files(manifest, seal, roster_doc, *rosters, bureaus->records);
  if (auto made = State::create(paths, server_keys, files, random); !made) return made;
  const auto state = State::open(paths, clock, random);
  if (!state) return fail(state.error());
  if (auto imported = import_roll(**state, *roll, issued.keys); !imported) return imported;

  Json cards = Json::array();
  for (std::size_t i = 0; i < roll->voters.size(); ++i) {
    const NewAccount account{roll->voters[i].id, demo_password(random), std::string(demo_question),
                             std::string(demo_answer)};
    if (auto made = create_account(**state, account); !made) return made;
    cards.push_back(voter_card(roll->voters[i], portal, issued.codes[i], account));
  }
  if (auto written = write_holders(options.state / "holders", *bureaus, random); !written) {
    return written;
  }
  // Last: a state without this file was cut short and is made again.
  write_file(options.state / "demo.json",
             canonical_json({{"port", options.port}, {"voters", std::move(cards)}}),
             FileMode::secret);
  return {};
}

void remove_unfinished(const StatePaths& paths) {
  for (const char* name :
       {"isoloir.sqlite", "isoloir.sqlite-wal", "isoloir.sqlite-shm", "server.keys"}) {
    fs::remove(paths.folder / name);
  }
  fs::remove_all(paths.folder / "holders");
  fs::remove(paths.link_key());
}

Json commands(const DemoOptions& options, const State& state) {
  const std::string program = "build/release/isoloir";
  const std::string at = " --state " + options.state.string();
  return {{"status", program + " bureau status" + at},
          {"close", program + " bureau close" + at + " --practice"},
          {"count", program + " bureau count" + at + " --practice"},
          {"close_count", program + " bureau close-count" + at + " --practice --export " +
                              (options.state / "export").string()},
          {"verify", program + " verify " + (options.state / "export").string() +
                         " --fingerprint " + hex_encode(state.fingerprint().bytes)}};
}

int run_demo(DemoOptions options) {
  block_stop_signals();
  SystemClock clock;
  SystemRandom random;
  const auto portal = read_portal(options.portal);
  if (!portal) return report(portal.error());
  const StatePaths paths{options.state};
  const auto demo_file = options.state / "demo.json";
  if (!fs::exists(demo_file)) {
    remove_unfinished(paths);
    if (options.port == 0) options.port = free_port();
    if (const auto made = create_demo(options, *portal, clock, random); !made) {
      return report(made.error());
    }
  }
  const auto text = read_file(demo_file);
  const auto saved = text ? parse_json(*text) : Expected<Json>(fail(text.error()));
  if (!saved) return report(saved.error());
  const auto port = saved->at("port").get<std::uint16_t>();
  if (options.port != 0 && options.port != port) {
    std::fprintf(stderr,
                 "isoloir: this demonstration was made for port %u and goes on there; for another "
                 "port start with another --state\n",
                 unsigned{port});
  }
  const auto state = State::open(paths, clock, random);
  if (!state) return report(state.error());
  ServerSettings settings;
  settings.port = port;
  settings.demo =
      web::DemoPages{{{"voters", saved->at("voters")}, {"commands", commands(options, **state)}}};
  std::printf("isoloir demo: http://localhost:%u/demo\n", unsigned{port});
  return run_server(**state, *portal, std::move(settings));
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DemoOptions>();
  auto* command = app.add_subcommand("demo", "A whole election on this machine, to try out");
  command->add_option("--port", options->port, "Port on loopback; 0 for any free one");
  command->add_option("--state", options->state, "Folder of the election; made when missing");
  command->add_option("--portal", options->portal, "Folder of the portal");
  command->callback([options, &exit_code] { exit_code = run_demo(*options); });
}

}  // namespace isoloir::cli

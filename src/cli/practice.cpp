#include "cli/practice.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/server.hpp"
#include "service/setup.hpp"

namespace isoloir::cli {
namespace {

constexpr std::int64_t week_ms = 7LL * 24 * 3600 * 1000;
constexpr std::string_view practice_question = "Quelle était la marque de votre première voiture ?";
constexpr std::string_view practice_answer = "Deux-Chevaux";

std::string practice_password(Random& random) {
  return fmt::format("Isoloir-{}-{}", random.below(9000) + 1000, random.below(9000) + 1000);
}

struct PracticeBureaus {
  std::vector<Bureau> bureaus;
  std::vector<CeremonyRecord> records;
  std::vector<LocalCeremony> ceremonies;
};

Expected<PracticeBureaus> hold_ceremonies(const Portal& portal, const ElectionDraft& draft,
                                          Random& random) {
  PracticeBureaus result;
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

Expected<std::vector<PracticeVoter>> fill_state(const StatePaths& paths, const Roll& roll,
                                                Issued issued, Clock& clock, Random& random) {
  const auto state = State::open(paths, clock, random);
  if (!state) return fail(state.error());
  if (auto imported = import_roll(**state, roll, issued.keys); !imported) {
    return fail(imported.error());
  }
  std::vector<PracticeVoter> voters;
  for (std::size_t i = 0; i < roll.voters.size(); ++i) {
    NewAccount account{roll.voters[i].id, practice_password(random), std::string(practice_question),
                       std::string(practice_answer)};
    if (auto made = create_account(**state, account); !made) return fail(made.error());
    voters.push_back({roll.voters[i], std::move(issued.codes[i]), std::move(account)});
  }
  return voters;
}

}  // namespace

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

Expected<PracticeElection> create_practice(const StatePaths& paths, const Portal& portal,
                                           const Roll& roll, std::uint16_t port, Clock& clock,
                                           Random& random) {
  const TimeMs now = clock.now();
  const auto draft = draw_draft(portal, fmt::format("http://localhost:{}", port),
                                {now, now + week_ms, practice_grace_seconds}, random);
  auto issued = issue_codes(roll, draft.id, random);
  const auto rosters =
      collect_rosters(issued.keys, draft.id, districts_per_contest(draft.contests));
  if (!rosters) return fail(rosters.error());
  const KeyPair registrar = KeyPair::generate(random);
  auto roster_doc = roster_document(*rosters, draft.id);
  roster_doc.sign(registrar, draft.id, random);

  auto bureaus = hold_ceremonies(portal, draft, random);
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
  if (auto made = State::create(paths, server_keys, files, random); !made) {
    return fail(made.error());
  }
  auto voters = fill_state(paths, roll, std::move(issued), clock, random);
  if (!voters) return fail(voters.error());
  return PracticeElection{std::move(*voters), std::move(bureaus->ceremonies)};
}

}  // namespace isoloir::cli

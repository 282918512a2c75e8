#include "cli/practice.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/server.hpp"
#include "service/identifier.hpp"
#include "service/install.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t week_ms = 7LL * 24 * 3600 * 1000;
constexpr std::string_view practice_question = "Quelle était la marque de votre première voiture ?";
constexpr std::string_view practice_answer = "Deux-Chevaux";

std::string practice_password(Random& random) {
  return fmt::format("Isoloir-{}-{}", random.below(9000) + 1000, random.below(9000) + 1000);
}

struct PracticeBureaus {
  std::vector<CeremonyRecord> records;
  std::vector<LocalCeremony> ceremonies;
};

Expected<PracticeBureaus> hold_ceremonies(const ElectionDraft& draft, Random& random) {
  PracticeBureaus result;
  for (const auto& plan : draft.ceremonies) {
    auto ceremony = run_ceremony_locally(plan, random);
    auto record = CeremonyRecord::read(plan, ceremony.messages);
    if (!record) return fail(record.error());
    result.records.push_back(std::move(*record));
    result.ceremonies.push_back(std::move(ceremony));
  }
  return result;
}

Expected<PublicFiles> seal_practice(const ElectionDraft& draft, const PracticeBureaus& bureaus,
                                    const std::vector<VoterKeys>& keys, TimeMs now,
                                    Random& random) {
  const auto rosters = collect_rosters(keys, draft.id, districts_per_contest(draft.contests));
  if (!rosters) return fail(rosters.error());
  auto document = roster_document(*rosters, draft.id);
  document.sign(KeyPair::generate(random), draft.id, random);
  auto files = seal_election(
      {draft, roster_files(document, *rosters), bureaus.records, booth_assets(), now});
  if (!files) return files;
  for (const auto& ceremony : bureaus.ceremonies) {
    for (const auto& holder : ceremony.holders) sign_seal(*files, holder.signing(), random);
  }
  return files;
}

// With accounts, where voters sign in with one.
Expected<std::vector<PracticeVoter>> practice_voters(const StatePaths& paths, const Roll& roll,
                                                     std::size_t without_account, Issued issued,
                                                     Clock& clock, Random& random) {
  const bool identifiers = have_identifiers(issued.keys);
  std::vector<PracticeVoter> voters;
  for (std::size_t i = 0; i < roll.voters.size(); ++i) {
    voters.push_back({roll.voters[i], std::move(issued.codes[i]), std::nullopt, std::nullopt});
    if (!identifiers) continue;
    const auto& typed = issued.keys[i].identifier;
    const bool secret = !issued.identifiers.empty();  // else it is the roll's
    voters[i].identifier = {secret ? issued.identifiers[i].shown().reveal() : roll.voters[i].id,
                            typed};
  }
  if (identifiers) return voters;
  const auto state = State::open(paths, clock, random);
  if (!state) return fail(state.error());
  const auto with = voters.size() - std::min(without_account, voters.size());
  for (std::size_t i = 0; i < with; ++i) {
    auto& person = voters[i];
    person.account = NewAccount{person.voter.id, practice_password(random),
                                std::string(practice_question), std::string(practice_answer)};
    if (auto made = create_account(**state, *person.account); !made) return fail(made.error());
  }
  return voters;
}

}  // namespace

// Bound and not listened on: whoever asks for the same address with SO_REUSEADDR, as the server
// does, gets it; the system gives it to nobody who asks for any port.
KeptPort::KeptPort(std::uint16_t wanted)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(wanted);
  const int reuse = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  socklen_t length = sizeof address;
  if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    number_ = ntohs(address.sin_port);
  }
}

KeptPort::~KeptPort() {
  if (socket_ >= 0) ::close(socket_);
}

Expected<PracticeElection> create_practice(const StatePaths& paths, const Portal& portal,
                                           const Roll& roll, std::size_t without_account,
                                           const std::string& origin, Clock& clock,
                                           Random& random) {
  const TimeMs now = clock.now();
  fs::create_directories(paths.folder);
  const auto server_keys = ServerKeys::generate(random);
  server_keys.write(paths.keys());
  const auto draft = draw_draft(portal, origin, {now, now + week_ms, practice_grace_seconds},
                                server_keys.published(), random);
  if (draft.credentials.roll_number) {
    if (auto good = check_roll_numbers(roll); !good) return fail(good.error());
  }
  auto issued = issue_codes(roll, draft.id, draft.credentials, random);
  auto bureaus = hold_ceremonies(draft, random);
  if (!bureaus) return fail(bureaus.error());
  const auto files = seal_practice(draft, *bureaus, issued.keys, now, random);
  if (!files) return fail(files.error());
  const auto installed =
      install_election(paths, {*files, booth_assets(), roll, issued.keys}, clock, random);
  if (!installed) return fail(installed.error());
  auto voters = practice_voters(paths, roll, without_account, std::move(issued), clock, random);
  if (!voters) return fail(voters.error());
  return PracticeElection{std::move(*voters), std::move(bureaus->ceremonies)};
}

}  // namespace isoloir::cli

#include "service/help_desk.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/unicode.hpp"
#include "reissue/throttle.hpp"
#include "service/confirmation.hpp"
#include "service/reference.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view ellipsis = "…";

struct ToDeskState {
  TimeMs now;
  const flows::Flow& flow;
  DeskReissue operator()(const reissue::LinkQueued& s) const {
    if (now >= s.expires_at) return with("expired", s.expires_at);
    return with("sent", s.sent_at, s.expires_at);
  }
  DeskReissue operator()(const reissue::Opened& s) const {
    if (now >= s.expires_at) return with("expired", s.expires_at);
    return with("opened", s.opened_at, s.expires_at);
  }
  DeskReissue operator()(const reissue::PasswordChosen& s) const {
    if (now >= s.expires_at) return with("expired", s.expires_at);
    return with("opened", s.opened_at, s.expires_at);
  }
  DeskReissue operator()(const reissue::Issued& s) const {
    return with(now < s.repeat_until ? "issued" : "done", s.issued_at);
  }
  DeskReissue operator()(const reissue::Acknowledged& s) const { return with("done", s.issued_at); }
  DeskReissue operator()(const reissue::Expired& s) const {
    return s.issued_at ? with("done", *s.issued_at) : with("expired", s.since);
  }
  DeskReissue operator()(const reissue::Superseded& s) const {
    return with("superseded", s.newer_at);
  }
  DeskReissue operator()(const reissue::Cancelled& s) const { return with("blocked", s.at); }
  template <typename Passing>
  DeskReissue operator()(const Passing&) const {
    ISOLOIR_ASSERT(false);
  }
  DeskReissue with(const char* state, TimeMs at, TimeMs until = 0) const {
    return {flow.reference, state, flow.requested_at, at, until};
  }
};

void read_code(Transaction& transaction, const CodePolicy& codes, VoterDesk& desk) {
  for (const auto& row : transaction.query(
           "SELECT state, changed_at, failures FROM voting_code WHERE voter = $1", {desk.voter})) {
    const auto left = std::max<std::int64_t>(codes.tries - row.integer(2), 0);
    desk.code_tries_left = static_cast<std::uint32_t>(left);
    if (row.text(0) != "valid") desk.code = VoterDesk::Code::invalidated;
    desk.code_since = row.integer(1);
  }
  for (const auto& row : transaction.query(
           "SELECT replaced_at FROM replaced_code WHERE voter = $1 ORDER BY replaced_at",
           {desk.voter})) {
    desk.replaced_at.push_back(row.integer(0));
  }
}

void read_account(State& state, Transaction& transaction, VoterDesk& desk) {
  const auto signs_in = transaction.query(
      "SELECT 1 FROM voter WHERE id = $1 AND email_key IS NOT NULL", {desk.voter});
  if (signs_in.empty()) return;
  DeskAccount account;
  for (const auto& row :
       transaction.query("SELECT blocked_at FROM account WHERE voter = $1", {desk.voter})) {
    account.state = row.is_null(0) ? DeskAccount::State::active : DeskAccount::State::blocked;
    account.blocked_at = row.optional_integer(0).value_or(0);
  }
  for (const auto& flow :
       flows::of_voter(state, transaction, desk.voter, flows::Procedure::account)) {
    account.links.push_back(std::visit(ToDeskState{desk.now, flow}, flow.state));
  }
  desk.account = std::move(account);
}

VoterDesk::Next why_closed(Transaction& transaction, TimeMs now) {
  const auto hours =
      transaction.query("SELECT opens_at, closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
  if (!hours.is_null(2) || now >= hours.integer(1)) return VoterDesk::Next::over;
  return now < hours.integer(0) ? VoterDesk::Next::not_yet : VoterDesk::Next::closed;
}

void read_next(State& state, Transaction& transaction, const ReissuePolicy& policy,
               VoterDesk& desk) {
  using Next = VoterDesk::Next;
  if (const auto shut = flows::closed(state, transaction, policy, desk.voter)) {
    desk.next = shut->code == "reissue.blocked" ? Next::blocked
                : shut->code == "reissue.limit" ? Next::limit
                                                : why_closed(transaction, desk.now);
    return;
  }
  const std::string newest = desk.reissues.empty() ? "" : desk.reissues.front().state;
  desk.next = newest == "sent" ? Next::open_link : newest == "opened" ? Next::finish : Next::ask;
  if (desk.next != Next::ask) desk.next_until = desk.reissues.front().until;
  const auto tries = [&](std::string_view what) {
    return flows::attempts(transaction, flows::attempt_key(state, what, desk.voter), desk.now);
  };
  const auto requested = reissue::retry_at(tries("request"), policy.requests, desk.now);
  const auto wrong = tries("wrong proof");
  const auto proven = reissue::proof_retry_at(wrong, policy.proofs, desk.now);
  desk.proofs_left = reissue::proofs_left(wrong, policy.proofs, desk.now);
  if (const TimeMs at = std::max(requested.value_or(0), proven.value_or(0)); at > desk.now) {
    desk.next_at = reissue::next_full_minute(at);
  } else {
    desk.next_at = desk.now;
  }
}

// What there is of a lost password or identifier, and from when on.
std::pair<VoterDesk::Next, TimeMs> recovery_next(State& state, Transaction& transaction,
                                                 const RecoveryPolicy& policy,
                                                 Recoveries::Recovered what,
                                                 const VoterDesk& desk) {
  using Next = VoterDesk::Next;
  const auto refused = recovery_refused(state, transaction, policy, what, desk.voter);
  if (!refused) return {Next::ask, desk.now};
  static const std::map<std::string_view, Next> nexts = {
      {"reissue.blocked", Next::blocked},    {"reissue.limit", Next::limit},
      {"reissue.apart", Next::apart},        {"reissue.no_phone", Next::no_phone},
      {"recovery.no_email", Next::no_email}, {"recovery.no_number", Next::no_number}};
  const auto found = nexts.find(refused->code);
  if (found == nexts.end()) return {why_closed(transaction, desk.now), 0};
  return {found->second, refused->at > 0 ? reissue::next_full_minute(refused->at) : 0};
}

void read_recovery(State& state, Transaction& transaction, const RecoveryPolicy& policy,
                   VoterDesk& desk) {
  using Recovered = Recoveries::Recovered;
  std::tie(desk.next, desk.next_at) =
      recovery_next(state, transaction, policy, Recovered::password, desk);
  std::tie(desk.identifier_next, desk.identifier_next_at) =
      recovery_next(state, transaction, policy, Recovered::identifier, desk);
  if (desk.next != VoterDesk::Next::ask) return;
  const auto wrong = flows::attempts(
      transaction, flows::attempt_key(state, "wrong identifier", desk.voter), desk.now);
  desk.proofs_left = reissue::proofs_left(wrong, policy.password.proofs, desk.now);
  if (!desk.reissues.empty() && desk.reissues.front().state == "sent") {
    desk.next = VoterDesk::Next::open_link;
    desk.next_until = desk.reissues.front().until;
  }
}

// ---- Who is calling

std::set<std::string> words_of(std::string_view text) {
  std::string plain = casefold_without_accents(text) + " ";
  for (const std::string_view mark : {"\u2019", "\u2018", "\u2010"}) {  // ’ ‘ and the hyphen
    for (auto at = plain.find(mark); at != std::string::npos; at = plain.find(mark)) {
      plain.replace(at, mark.size(), " ");
    }
  }
  std::set<std::string> words;
  std::string word;
  for (const char c : plain) {
    if (std::string_view(" -'.,").find(c) == std::string_view::npos) {
      word.push_back(c);
    } else if (!word.empty()) {
      words.insert(std::exchange(word, {}));
    }
  }
  return words;
}

constexpr std::string_view person_columns =
    "SELECT id, title, birth_name, usage_name, given_names, birth_date FROM voter ";

DeskMatch match_of(const store::Row& row) {
  const std::string& name = row.text(3).empty() ? row.text(2) : row.text(3);
  return {row.text(0), row.text(1) + " " + name + " " + row.text(4), row.text(5).substr(0, 4)};
}

// Page by page, as a roll may be long.
std::vector<DeskMatch> by_name(Transaction& transaction, std::string_view said) {
  std::vector<DeskMatch> found;
  const auto wanted = words_of(said);
  std::string last;
  while (!wanted.empty() && found.size() <= desk_matches) {
    const auto rows = transaction.query(
        std::string(person_columns) + "WHERE id > $1 ORDER BY id LIMIT 1000", {last});
    if (rows.empty()) break;
    last = rows[rows.size() - 1].text(0);
    for (const auto& row : rows) {
      const auto words =
          words_of(row.text(1) + " " + row.text(2) + " " + row.text(3) + " " + row.text(4));
      if (std::includes(words.begin(), words.end(), wanted.begin(), wanted.end()) &&
          found.size() <= desk_matches) {
        found.push_back(match_of(row));
      }
    }
  }
  return found;
}

}  // namespace

std::vector<DeskMatch> find_voters(State& state, std::string_view said) {
  return *state.database().read([&](Transaction& transaction) -> Expected<std::vector<DeskMatch>> {
    std::vector<DeskMatch> found;
    for (const auto& row : transaction.query(
             std::string(person_columns) +
                 "WHERE id = $1 COLLATE NOCASE OR email_key = $2 OR id IN (SELECT voter FROM "
                 "reissue_flow WHERE reference = $3) ORDER BY id",
             {std::string(said), nfkc_casefold(said).value_or(""), read_reference(said)})) {
      found.push_back(match_of(row));
    }
    if (found.empty()) found = by_name(transaction, said);
    return found;
  });
}

Expected<VoterDesk> desk_of(State& state, const DeskPolicy& policy, const CodePolicy& codes,
                            const std::string& voter) {
  auto outbox = outbox_of(state);
  return state.database().read([&](Transaction& transaction) -> Expected<VoterDesk> {
    const auto person = transaction.query(std::string(person_columns) + "WHERE id = $1", {voter});
    if (person.empty()) {
      return fail("desk.unknown_voter", voter + ": there is no such voter on the roll");
    }
    VoterDesk desk;
    desk.voter = voter;
    desk.name = match_of(person[0]).name;
    desk.now = flows::steady_now(state, transaction);
    read_code(transaction, codes, desk);
    for (const auto& flow :
         flows::of_voter(state, transaction, voter, flows::Procedure::credential)) {
      desk.reissues.push_back(std::visit(ToDeskState{desk.now, flow}, flow.state));
      if (desk.reissues.back().state == "blocked") desk.code = VoterDesk::Code::blocked;
    }
    desk.messages = outbox.traces_of(transaction, voter);
    std::erase_if(desk.messages, [](const auto& one) { return one.kind == sign_off_notice; });
    for (auto& message : desk.messages) {
      message.destination = masked(message.destination);
      const auto link = transaction.query(
          "SELECT cookie_mac IS NOT NULL OR issued_at IS NOT NULL FROM reissue_flow WHERE voter = "
          "$1 AND message = $2",
          {voter, ByteView(message.id)});
      if (!link.empty()) message.opened = link[0].integer(0) != 0;
    }
    desk.contacts = contact_traces(transaction, voter);
    desk.with_keys = codes.tries == 0;
    if (!desk.with_keys) read_account(state, transaction, desk);
    if (policy.reissue) read_next(state, transaction, *policy.reissue, desk);
    if (policy.recovery) read_recovery(state, transaction, *policy.recovery, desk);
    return desk;
  });
}

std::string masked(std::string_view destination) {
  const std::string dots(ellipsis);
  const auto at = destination.find('@');
  if (at != std::string_view::npos) {
    const auto domain = destination.substr(at + 1);
    const auto last = domain.rfind('.');
    const auto top = last == std::string_view::npos ? std::string_view() : domain.substr(last);
    return std::string(destination.substr(0, 1)) + dots + "@" + std::string(domain.substr(0, 1)) +
           dots + std::string(top);
  }
  if (destination.size() < 8) return destination.empty() ? "" : dots;
  return std::string(destination.substr(0, 3)) + dots +
         std::string(destination.substr(destination.size() - 2));
}

}  // namespace isoloir

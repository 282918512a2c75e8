#include "service/account_links.hpp"

#include "base/limits.hpp"
#include "base/unicode.hpp"
#include "reissue/throttle.hpp"
#include "service/accounts.hpp"
#include "service/journal.hpp"
#include "service/reference.hpp"
#include "service/reissue_evidence.hpp"
#include "service/reissue_flow.hpp"

namespace isoloir {

// A password, or a question with its answer: the one or the other.
struct AccountChoice {
  std::optional<StretchedSecret> password;
  std::string question;
  std::optional<StretchedSecret> answer;
  std::string_view text;  // that was stretched
};

namespace {

using flows::By;
using flows::Flow;
using flows::Procedure;
using flows::refuse;
using reissue::Token;
using reissue::TokenPurpose;
using store::Transaction;
using Step = AccountView::Step;

constexpr std::int64_t repeat_ms = 10 * minute_ms;
constexpr std::string_view by_assistance = "assistance";  // in place of an address's network

bool has_account(Transaction& transaction, const std::string& voter) {
  return !transaction.query("SELECT 1 FROM account WHERE voter = $1", {voter}).empty();
}
bool is_blocked(Transaction& transaction, const std::string& voter) {
  return !transaction
              .query("SELECT 1 FROM account WHERE voter = $1 AND blocked_at IS NOT NULL", {voter})
              .empty();
}
// The closing hour counts as soon as it strikes.
bool is_closed(State& state, Transaction& transaction) {
  const auto hours =
      transaction.query("SELECT closes_at, grace_ends_at FROM hours WHERE id = 1")[0];
  return !hours.is_null(1) || flows::steady_now(state, transaction) >= hours.integer(0);
}

// What is promised ends with the vote at the latest.
TimeMs by_the_close(Transaction& transaction, TimeMs at) {
  return std::min(at, transaction.query("SELECT closes_at FROM hours WHERE id = 1")[0].integer(0));
}

std::optional<ReissueRefusal> why_shut(State& state, Transaction& transaction,
                                       const std::string& voter) {
  if (is_blocked(transaction, voter)) return flows::refusal("reissue.blocked");
  if (is_closed(state, transaction)) return flows::refusal("reissue.closed");
  return std::nullopt;
}

struct Person {
  std::string name;
  std::string email;
  std::vector<std::string> own;  // that no password is made of alone
};
Person person_of(Transaction& transaction, const std::string& voter) {
  const auto row = transaction.query(
      "SELECT title, birth_name, usage_name, given_names, email FROM voter WHERE id = $1",
      {voter})[0];
  const std::string& name = row.text(2).empty() ? row.text(1) : row.text(2);
  return {row.text(0) + " " + name + " " + row.text(3),
          row.text(4),
          {row.text(1), row.text(2), row.text(3), row.text(4)}};
}

struct ToView {
  AccountView& view;
  void operator()(const reissue::Opened& s) const { view.at = s.expires_at; }
  void operator()(const reissue::PasswordChosen& s) const {
    view.step = Step::question;
    view.at = s.expires_at;
  }
  void operator()(const reissue::Issued& s) const {
    view.step = Step::done;
    view.at = s.issued_at;
  }
  template <typename Other>
  void operator()(const Other&) const {
    ISOLOIR_ASSERT(false);
  }
};
// Of a flow that is open, or just over.
AccountView view_of(Transaction& transaction, const Flow& flow) {
  AccountView view;
  view.reference = flow.reference;
  view.name = person_of(transaction, flow.voter).name;
  std::visit(ToView{view}, flow.state);
  if (view.step != Step::done) view.at = by_the_close(transaction, view.at);
  view.activation =
      view.step == Step::done ? flow.activation : !has_account(transaction, flow.voter);
  return view;
}

struct Mail {
  std::string_view kind;
  std::string_view subject;  // ids of its texts
  std::string_view body;
  TimeMs expires_at = 0;
  bool proven = false;
};
struct Addressee {
  const std::string& voter;
  const std::string& email;
};
// In both languages where hers is not known yet: `language` is empty.
MessageId queue_mail(State& state, const TextSource& texts, Transaction& transaction,
                     const Addressee& to, const Mail& mail, const std::string& language,
                     const Json& values, TimeMs now) {
  const auto first = language.empty() ? "fr" : std::string_view(language);
  auto body = texts.text(mail.body, first, values);
  if (language.empty()) body += "\n\n———\n\n" + texts.text(mail.body, "en", values);
  NewMessage message{to.voter,
                     std::string(mail.kind),
                     MessageChannel::email,
                     to.email,
                     texts.text(mail.subject, first, Json::object()),
                     std::move(body),
                     mail.expires_at};
  message.proven = mail.proven;
  return outbox_of(state).queue(transaction, now, message);
}

// An earlier link of hers dies (requirement 17). One that she has opened goes on until the newer
// one is opened: whoever knows her address can have links sent, and must not take a form from her
// hands.
void supersede_unopened(State& state, Transaction& transaction, const std::string& voter,
                        TimeMs now) {
  for (auto& flow : flows::of_voter(state, transaction, voter, Procedure::account)) {
    if (!std::holds_alternative<reissue::LinkQueued>(flow.state)) continue;
    flow.state = *reissue::step(flow.state, reissue::Supersede{}, now);
    flows::save_state(transaction, flow);
  }
}

void queue_link(State& state, const AccountPolicy& policy, const TextSource& texts,
                Transaction& transaction, const EvidenceVerifier::ByAddress& person,
                const std::string& reference, const std::string& language, TimeMs now) {
  const bool activation = !has_account(transaction, person.voter);
  const auto life_ms = activation ? policy.activation_link_ms : policy.password_link_ms;
  const auto queued = reissue::step(reissue::Started{}, reissue::MatchAddress{person.address}, now)
                          .and_then([&](const auto& matched) {
                            return reissue::step(matched, reissue::QueueLink{life_ms}, now);
                          });
  ISOLOIR_ASSERT(queued.has_value());
  const auto token = Token::generate(state.random());
  const TimeMs until = by_the_close(transaction, std::get<reissue::LinkQueued>(*queued).expires_at);
  const Json values = {{"link", state.manifest().origin + "/account#" + token.text()},
                       {"reference", reference},
                       {"expires_at", until}};
  const Mail mail{
      "account-link",
      activation ? "message.account_activation_subject" : "message.account_password_subject",
      activation ? "message.account_activation_body" : "message.account_password_body", until};
  const auto message = queue_mail(state, texts, transaction, {person.voter, person.email}, mail,
                                  language, values, now);
  supersede_unopened(state, transaction, person.voter, now);
  // Who has asked already is not invited besides.
  transaction.execute("UPDATE voter SET invited_at = $2 WHERE id = $1 AND invited_at IS NULL",
                      {person.voter, now});
  const auto mac = token_mac(state, TokenPurpose::account, token);
  Flow flow;
  flow.id = state.random().bytes(16);
  flow.voter = person.voter;
  flow.reference = reference;
  flow.state = *queued;
  flow.requested_at = now;
  flow.language = language.empty() ? "fr" : language;
  flow.token_mac = Bytes(mac.begin(), mac.end());
  flow.procedure = Procedure::account;
  flows::insert_queued(transaction, flow, ByteView(message), life_ms);
}

// Every session of the voter ends, this browser's too: she signs in with what she chose
// (requirement 54).
void finish(State& state, const TextSource& texts, Transaction& transaction, const Flow& flow,
            const AccountChoice& chosen, TimeMs now) {
  if (chosen.password) {
    transaction.execute(
        "UPDATE account SET password_salt = $2, password_mac = $3 WHERE voter = $1",
        {flow.voter, ByteView(chosen.password->salt), ByteView(chosen.password->mac)});
  } else {
    const auto kept = transaction.query(
        "SELECT password_salt, password_mac FROM reissue_flow WHERE id = $1", {flow.id})[0];
    write_account(transaction, flow.voter, {kept.array<16>(0), kept.array<32>(1)}, chosen.question,
                  *chosen.answer);
  }
  const auto cancel = Token::generate(state.random());
  transaction.execute(
      "UPDATE reissue_flow SET issued_at = $2, cancel_mac = $3, activation = $4 WHERE id = $1",
      {flow.id, now, ByteView(token_mac(state, TokenPurpose::account_cancel, cancel)),
       std::int64_t{flow.activation}});
  flows::supersede_all(state, transaction, flow.voter, Procedure::account, now);
  // And what was asked for in them.
  flows::withdraw_all(state, transaction, flow.voter, Procedure::credential, now);
  transaction.execute("DELETE FROM session WHERE voter = $1", {flow.voter});
  const Mail mail{
      "account-notice",
      flow.activation ? "message.account_activated_subject" : "message.account_changed_subject",
      flow.activation ? "message.account_activated_body" : "message.account_changed_body",
      now + limits::message_life_ms, true};
  const auto email = person_of(transaction, flow.voter).email;
  queue_mail(state, texts, transaction, {flow.voter, email}, mail, flow.language,
             {{"created_at", now},
              {"reference", flow.reference},
              {"link", state.manifest().origin + "/account/block#" + cancel.text()}},
             now);
  flows::note(state, transaction, now,
              flow.activation ? "account activated" : "account password changed", flow.voter,
              {{"reference", flow.reference}});
}

}  // namespace

AccountLinks::Shut AccountLinks::shut() {
  return *state_.database().read([&](Transaction& transaction) -> Expected<Shut> {
    if (is_closed(state_, transaction)) return Shut::closed;
    return state_.now() < policy_.invitations_from ? Shut::before : Shut::no;
  });
}

std::string AccountLinks::ask(std::string_view email, const RecoveryPlace& place) {
  return requests_.take_down({{"procedure", "account"},
                              {"email", email_key(email)},
                              {"address", place.client_address},
                              {"language", place.language}});
}

// ---- The link

std::string AccountLinks::new_opener() {
  return Token::generate(state_.random()).text();
}

ReissueResult<AccountView> AccountLinks::open(std::string_view text, std::string_view opener_text,
                                              std::string_view language) {
  if (!flows::look_up(state_, By::account, text)) return refuse("reissue.link_unknown");
  const auto opener = Token::parse(opener_text);
  if (!opener) return refuse("reissue.opener");
  using Opened = ReissueResult<AccountView>;
  return *state_.database().write([&](Transaction& transaction) -> Expected<Opened> {
    const auto token = *Token::parse(text);
    auto flow = flows::find(state_, transaction, By::account, token);
    const auto evidence =
        flow ? EvidenceVerifier::link(state_, TokenPurpose::account, token, flow->token_mac)
             : std::nullopt;
    if (!evidence) return Opened(refuse("reissue.link_unknown"));
    // Before the link's own state: a block withdrew it.
    if (auto shut = why_shut(state_, transaction, flow->voter)) {
      return Opened(tl::make_unexpected(*shut));
    }
    const TimeMs now = flows::steady_now(state_, transaction);
    const bool same_browser =
        flow->cookie_mac &&
        EvidenceVerifier::account_opener(state_, *opener, *flow->cookie_mac).has_value();
    const auto next = reissue::step(
        flow->state, reissue::OpenLink{*evidence, same_browser, policy_.opened_ms}, now);
    // Blocked once, and that was lifted since: it has served.
    if (std::holds_alternative<reissue::Cancelled>(flow->state)) {
      return Opened(refuse("reissue.link_used", flow->issued_at.value_or(now)));
    }
    if (!next) {
      flows::remember_expiry(transaction, *flow, now);
      return Opened(refuse(next.error()));
    }
    flow->state = *next;
    if (same_browser) return Opened(view_of(transaction, *flow));
    if (flows::find(state_, transaction, By::account_opener, *opener)) {
      return Opened(refuse("reissue.opener"));
    }
    flows::supersede_all(state_, transaction, flow->voter, Procedure::account, now);
    flows::save_state(transaction, *flow);
    const auto mac = token_mac(state_, TokenPurpose::account_opener, *opener);
    transaction.execute("UPDATE reissue_flow SET cookie_mac = $2, language = $3 WHERE id = $1",
                        {flow->id, ByteView(mac), language});
    flows::note(state_, transaction, now, "account link opened", flow->voter,
                {{"reference", flow->reference}});
    return Opened(view_of(transaction, *flow));
  });
}

std::optional<AccountView> AccountLinks::view(std::string_view opener_text) {
  const auto opener = Token::parse(opener_text);
  if (!opener) return std::nullopt;
  using Found = std::optional<AccountView>;
  return *state_.database().read([&](Transaction& transaction) -> Expected<Found> {
    const auto flow = flows::find(state_, transaction, By::account_opener, *opener);
    if (!flow) return Found();
    // What is over, or blocked, is over for every page.
    const TimeMs now = flows::steady_now(state_, transaction);
    const bool done = std::holds_alternative<reissue::Issued>(flow->state);
    const bool open = std::holds_alternative<reissue::Opened>(flow->state) ||
                      std::holds_alternative<reissue::PasswordChosen>(flow->state);
    if (!done && !open) return Found();
    if (reissue::step(flow->state, reissue::Expire{}, now)) return Found();
    if (open && why_shut(state_, transaction, flow->voter)) return Found();
    return Found(view_of(transaction, *flow));
  });
}

// ---- Password and question

ReissueResult<AccountView> AccountLinks::choose_password(std::string_view opener,
                                                         std::string_view reference,
                                                         std::string_view password,
                                                         const RecoveryPlace& place) {
  const auto flow = flows::look_up(state_, By::account_opener, opener);
  if (!flow) return refuse("reissue.link_unknown");
  if (flow->reference != reference) return refuse("account.other_link");
  const auto own =
      *state_.database().read([&](Transaction& transaction) -> Expected<std::vector<std::string>> {
        return person_of(transaction, flow->voter).own;
      });
  if (const auto good = check_account_password(password, own); !good) {
    return refuse(good.error().code);
  }
  AccountChoice chosen;
  chosen.text = password;
  chosen.password = stretch(state_, AccountSecret::password, password);
  return complete(opener, flow->voter, chosen, place);
}

ReissueResult<AccountView> AccountLinks::choose_question(std::string_view opener,
                                                         std::string_view reference,
                                                         const std::string& question,
                                                         std::string_view answer,
                                                         const RecoveryPlace& place) {
  const auto flow = flows::look_up(state_, By::account_opener, opener);
  if (!flow) return refuse("reissue.link_unknown");
  if (flow->reference != reference) return refuse("account.other_link");
  if (const auto good = check_question(question, answer); !good) return refuse(good.error().code);
  AccountChoice chosen;
  chosen.question = question;
  chosen.text = answer;
  chosen.answer = stretch(state_, AccountSecret::answer, answer);
  return complete(opener, flow->voter, chosen, place);
}

ReissueResult<AccountView> AccountLinks::complete(std::string_view opener_text,
                                                  const std::string& voter,
                                                  const AccountChoice& chosen,
                                                  const RecoveryPlace& place) {
  const auto opener = *Token::parse(opener_text);
  using Completed = ReissueResult<AccountView>;
  const auto completed =
      *state_.database().write([&](Transaction& transaction) -> Expected<Completed> {
        return complete_in(transaction, opener, chosen);
      });
  if (completed && completed->step == Step::done) {
    const auto email = *state_.database().read(
        [&](Transaction& t) -> Expected<std::string> { return person_of(t, voter).email; });
    SignInTries(state_, tries_, email_key(email), place.client_address).forgive();
  }
  // The same again, judged outside the writer's thread: Argon2id takes 60 ms.
  if (!completed && completed.error().code == "reissue.link_used") {
    const auto done = view(opener_text);
    if (done && done->step == Step::done && is_what_was_chosen(voter, chosen)) return *done;
  }
  return completed;
}

bool AccountLinks::is_what_was_chosen(const std::string& voter, const AccountChoice& chosen) const {
  struct Stored {
    StretchedSecret password, answer;
    std::string question;
  };
  const auto stored = *state_.database().read([&](Transaction& t) -> Expected<Stored> {
    const auto rows = t.query(
        "SELECT password_salt, password_mac, answer_salt, answer_mac, question FROM account WHERE "
        "voter = $1",
        {voter});
    if (rows.empty()) return Stored();
    const auto& row = rows[0];
    return Stored{
        {row.array<16>(0), row.array<32>(1)}, {row.array<16>(2), row.array<32>(3)}, row.text(4)};
  });
  if (chosen.password) {
    return stretches_to(state_, AccountSecret::password, chosen.text, stored.password);
  }
  return chosen.question == stored.question &&
         stretches_to(state_, AccountSecret::answer, chosen.text, stored.answer);
}

ReissueResult<AccountView> AccountLinks::complete_in(Transaction& transaction, const Token& opener,
                                                     const AccountChoice& chosen) {
  auto flow = flows::find(state_, transaction, By::account_opener, opener);
  const auto evidence = flow && flow->cookie_mac
                            ? EvidenceVerifier::account_opener(state_, opener, *flow->cookie_mac)
                            : std::nullopt;
  if (!evidence) return refuse("reissue.link_unknown");
  if (auto shut = why_shut(state_, transaction, flow->voter)) return tl::make_unexpected(*shut);
  const TimeMs now = flows::steady_now(state_, transaction);
  const bool fresh = !has_account(transaction, flow->voter);
  auto next = tl::expected<reissue::FlowState, reissue::Refusal>(flow->state);
  if (chosen.password) next = reissue::step(*next, reissue::ChoosePassword{*evidence}, now);
  const bool last = !chosen.password || !fresh;
  if (next && last) next = reissue::step(*next, reissue::Issue{repeat_ms}, now);
  if (!next) {
    flows::remember_expiry(transaction, *flow, now);
    return refuse(next.error());
  }
  flow->state = *next;
  if (last) {
    flow->activation = fresh;
    finish(state_, texts_, transaction, *flow, chosen, now);
  } else {
    transaction.execute(
        "UPDATE reissue_flow SET password_salt = $2, password_mac = $3 WHERE id = $1",
        {flow->id, ByteView(chosen.password->salt), ByteView(chosen.password->mac)});
  }
  flows::save_state(transaction, *flow);
  return view_of(transaction, *flow);
}

// ---- At the beat

void AccountLinks::work() {
  const auto failure =
      requests_.each([this](const Bytes& id, const Json& asked) { answer(id, asked); });
  invite();
  if (failure) std::rethrow_exception(failure);
}

void AccountLinks::answer(const Bytes& id, const Json& asked) {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    AskedRequests::remove(transaction, id);
    if (asked.value("procedure", "") == "account") answer_in(transaction, asked);
    return {};
  });
}

void AccountLinks::answer_in(Transaction& transaction, const Json& asked) {
  const auto text = [&](const char* name) { return asked.at(name).get<std::string>(); };
  const TimeMs now = flows::steady_now(state_, transaction);
  const bool assisted = text("address") == by_assistance;
  Json trace = {{"reference", text("reference")},
                {"network", assisted ? "assistance" : journal_network_of(text("address"))}};
  const auto unmatched = [&](std::string_view what) {
    trace["step"] = what;
    journal(transaction, now, trace);
  };
  // Of whoever is named, known or not (requirement 35). The limit of a day is a network's: a
  // stranger's requests must not use up the voter's own (requirement 25).
  if (!assisted) {
    auto of_anybody = policy_.requests, of_network = policy_.requests;
    of_anybody.per_day = 0;
    of_network.per_minute = of_network.per_hour = 0;
    const auto key = flows::attempt_key(state_, "account request", text("email"));
    const auto from = flows::attempt_key(
        state_, "account request from " + network_of(text("address")), text("email"));
    if (reissue::retry_at(flows::attempts(transaction, key, now), of_anybody, now) ||
        reissue::retry_at(flows::attempts(transaction, from, now), of_network, now)) {
      return unmatched("account request too often");
    }
    flows::add_attempt(state_, transaction, key, now);
    flows::add_attempt(state_, transaction, from, now);
  }
  const auto person = EvidenceVerifier::by_address(state_, transaction, text("email"));
  if (!person) return unmatched("account request of nobody");
  if (is_closed(state_, transaction)) return unmatched("account request after the close");
  if (assisted && is_blocked(transaction, person->voter)) {
    transaction.execute("DELETE FROM account WHERE voter = $1", {person->voter});
    transaction.execute(
        "UPDATE reissue_flow SET cancel_mac = NULL WHERE voter = $1 AND procedure = 'account'",
        {person->voter});
  }
  if (is_blocked(transaction, person->voter)) {
    flows::note(state_, transaction, now, "account request refused: blocked", person->voter, trace);
    queue_mail(state_, texts_, transaction, {person->voter, person->email},
               {"account-refused", "message.account_blocked_subject",
                "message.account_blocked_body", now + limits::message_life_ms},
               text("language"), {{"reference", text("reference")}}, now);
    return;
  }
  queue_link(state_, policy_, texts_, transaction, *person, text("reference"), text("language"),
             now);
  flows::note(state_, transaction, now, "account link queued", person->voter, trace);
}

void AccountLinks::invite() {
  if (state_.now() < policy_.invitations_from) return;
  const auto next = *state_.database().read([&](Transaction& transaction) -> Expected<store::Rows> {
    // Where the relay is slower than the beat, who asks for a link must not wait for all of them.
    // What waits for another try is not in the way.
    const auto waiting = transaction.query(
        "SELECT COUNT(*) FROM (SELECT 1 FROM message WHERE channel = 'email' AND proven = 0 AND "
        "status IN ('queued', 'sent') AND next_at <= $2 LIMIT $1)",
        {std::int64_t{limits::invitations_per_beat}, state_.now()});
    if (waiting[0].integer(0) == std::int64_t{limits::invitations_per_beat}) return store::Rows();
    return transaction.query("SELECT id FROM voter WHERE invited_at IS NULL ORDER BY id LIMIT $1",
                             {std::int64_t{limits::invitations_per_beat}});
  });
  if (next.empty()) return;
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    const TimeMs now = flows::steady_now(state_, transaction);
    if (is_closed(state_, transaction)) return {};
    std::int64_t sent = 0;
    for (const auto& row : next) {
      const auto& voter = row.text(0);
      transaction.execute("UPDATE voter SET invited_at = $2 WHERE id = $1", {voter, now});
      // Read here: a correction of the roll may have changed it since.
      const auto address =
          transaction.query("SELECT email_key FROM voter WHERE id = $1", {voter})[0];
      if (address.is_null(0) || has_account(transaction, voter)) continue;
      const auto person = EvidenceVerifier::by_address(state_, transaction, address.text(0));
      ISOLOIR_ASSERT(person.has_value());
      queue_link(state_, policy_, texts_, transaction, *person, new_reference(state_.random()), "",
                 now);
      ++sent;
    }
    if (sent > 0) {
      journal(transaction, now, {{"step", "account invitations queued"}, {"voters", sent}});
    }
    return {};
  });
}

// ---- Blocking, and the assistance

ReissueResult<std::string> block_account(State& state, std::string_view text) {
  if (!flows::look_up(state, By::account_cancel, text)) return refuse("reissue.link_unknown");
  using Blocked = ReissueResult<std::string>;
  return *state.database().write([&](Transaction& transaction) -> Expected<Blocked> {
    const auto token = *Token::parse(text);
    auto flow = flows::find(state, transaction, By::account_cancel, token);
    const auto evidence = flow && flow->cancel_mac
                              ? EvidenceVerifier::cancel(state, TokenPurpose::account_cancel, token,
                                                         *flow->cancel_mac)
                              : std::nullopt;
    if (!evidence) return Blocked(refuse("reissue.link_unknown"));
    if (!has_account(transaction, flow->voter)) return Blocked(refuse("reissue.link_unknown"));
    const TimeMs now = flows::steady_now(state, transaction);
    const auto next = reissue::step(flow->state, reissue::Cancel{*evidence}, now);
    if (!next) return Blocked(refuse(next.error()));
    if (is_blocked(transaction, flow->voter)) return Blocked(flow->reference);
    flow->state = *next;
    flows::save_state(transaction, *flow);
    flows::withdraw_all(state, transaction, flow->voter, Procedure::account, now);
    flows::withdraw_all(state, transaction, flow->voter, Procedure::credential, now);
    transaction.execute("UPDATE account SET blocked_at = $2 WHERE voter = $1", {flow->voter, now});
    transaction.execute("DELETE FROM session WHERE voter = $1", {flow->voter});
    flows::note(state, transaction, now, "account blocked by its owner", flow->voter,
                {{"reference", flow->reference}});
    return Blocked(flow->reference);
  });
}

Status send_account_link(State& state, const std::string& voter) {
  const auto email = state.database().write([&](Transaction& transaction) -> Expected<std::string> {
    const auto rows = transaction.query("SELECT email_key FROM voter WHERE id = $1", {voter});
    if (rows.empty()) return fail("account.unknown_voter", "no such voter on the roll");
    if (rows[0].is_null(0)) return fail("account.no_address", "no address on the roll signs in");
    if (is_closed(state, transaction)) return fail("account.closed", "the vote is closed");
    flows::note(state, transaction, flows::steady_now(state, transaction),
                "account link by the assistance", voter);
    return rows[0].text(0);
  });
  if (!email) return fail(email.error());
  AskedRequests(state).take_down(
      {{"procedure", "account"}, {"email", *email}, {"address", by_assistance}, {"language", ""}});
  return {};
}

}  // namespace isoloir

#include "service/mailing.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/canonical_json.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "election/csv.hpp"
#include "service/schema.hpp"
#include "store/migration.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;
using store::Transaction;

constexpr const char* plan_file = "mailing.json";
constexpr const char* voters_file = "voters.csv";
constexpr const char* database_file = "mailing.sqlite";
constexpr const char* corrections_file = "corrections.sealed";
constexpr std::string_view voters_head = "identifiant_electeur;inutilisable\n";

// The newest message of each voter, and how it stands for her: what was delivered stays so,
// whatever became of another. $1: now.
constexpr std::string_view standings =
    "SELECT m.voter AS voter, m.reason AS reason, m.status_at AS status_at, CASE "
    "WHEN EXISTS (SELECT 1 FROM message AS o WHERE o.voter = m.voter AND o.status = 'delivered') "
    "THEN 'delivered' "
    "WHEN m.status = 'accepted' AND m.reason = 'no_report' THEN 'no_report' "
    "WHEN m.status IN ('queued', 'sent') AND m.expires_at <= $1 THEN 'expired' "
    "WHEN m.status = 'queued' AND m.tries > 0 THEN 'put_off' "
    "WHEN m.status IN ('queued', 'sent') THEN 'to_go' ELSE m.status END AS state "
    "FROM message AS m WHERE m.superseded_at IS NULL";

SymmetricKey part_of(const SymmetricKey& key, std::string_view purpose) {
  return SymmetricKey(keyed_digest(key.reveal(), purpose, {}));
}

std::string kind_of(Handed what) {
  return "first-" + std::string(name_of(what));
}

Json bilingual_json(const BilingualText& text) {
  return {{"en", text.en}, {"fr", text.fr}};
}
BilingualText bilingual_from(const Json& json) {
  return {json.at("en"), json.at("fr")};
}

const std::string* address_of(const MailingLine& line, const MailingCorrections& corrections) {
  const auto found = corrections.find(line.voter);
  if (found != corrections.end()) return &found->second;
  return line.unusable.empty() ? &line.address : nullptr;
}

std::string written(const MailingCorrections& corrections, const MailingFile& file) {
  std::string csv = file.channel == MessageChannel::email ? "identifiant_electeur;courriel\n"
                                                          : "identifiant_electeur;telephone\n";
  for (const auto& [voter, address] : corrections) {
    append_csv_cell(csv, voter, ';');
    csv += ';';
    append_csv_cell(csv, address, ';');
    csv += '\n';
  }
  return csv;
}

}  // namespace

std::string text_with_code(std::string_view text, std::string_view code) {
  constexpr std::string_view place = "{code}";
  std::string out;
  out.reserve(text.size() + 2 * code.size());
  for (std::size_t at = text.find(place); at != text.npos; at = text.find(place)) {
    out.append(text.substr(0, at)).append(code);
    text.remove_prefix(at + place.size());
  }
  return out.append(text);
}

std::string MailingPlan::text() const {
  return canonical_json(
             {{"body", body},
              {"channel", name_of(channel)},
              {"check", hex_encode(check)},
              {"closes_at", closes_at},
              {"election", bilingual_json(election)},
              {"email_sender", policy.email_sender},
              {"example", example},
              {"lines", lines},
              {"per_second", {{"email", policy.per_second.email}, {"sms", policy.per_second.sms}}},
              {"salt", hex_encode(salt)},
              {"sender", bilingual_json(sender)},
              {"sms_sender", policy.sms_sender},
              {"subject", subject},
              {"try_body", try_body},
              {"try_subject", try_subject},
              {"type", "mailing"},
              {"what", name_of(what)}}) +
         "\n";
}

Expected<MailingPlan> MailingPlan::parse(std::string_view text) {
  const auto wrong = [] { return fail("mailing.form", "it is no mailing of this version"); };
  const auto json = parse_json(text);
  if (!json) return wrong();
  try {
    MailingPlan plan;
    const auto what = handed(std::string(json->at("what")));
    const std::string channel = json->at("channel");
    const auto salt = hex_decode_array<16>(std::string(json->at("salt")));
    const auto check = hex_decode_array<32>(std::string(json->at("check")));
    if (json->at("type") != "mailing" || !what || !salt || !check) return wrong();
    if (channel != "email" && channel != "sms") return wrong();
    plan.channel = channel == "email" ? MessageChannel::email : MessageChannel::sms;
    plan.what = *what;
    plan.election = bilingual_from(json->at("election"));
    plan.sender = bilingual_from(json->at("sender"));
    plan.policy = {json->at("email_sender"),
                   json->at("sms_sender"),
                   {json->at("per_second").at("email"), json->at("per_second").at("sms"), 0}};
    plan.closes_at = json->at("closes_at");
    plan.lines = json->at("lines");
    plan.subject = json->at("subject");
    plan.body = json->at("body");
    plan.try_subject = json->at("try_subject");
    plan.try_body = json->at("try_body");
    plan.example = json->at("example");
    plan.salt = *salt;
    plan.check = *check;
    if (plan.body.find("{code}") == std::string::npos) return wrong();
    return plan;
  } catch (const Json::exception&) {
    return wrong();
  }
}

std::map<std::string, std::string> Mailing::prepare(MailingPlan plan, const MailingFile& file,
                                                    Random& random) {
  plan.lines = file.lines.size();
  plan.salt = random.array<16>();
  plan.check = part_of(mailing_key(file, plan.salt), "mailing check").reveal();
  std::string voters(voters_head);
  for (const auto& line : file.lines) voters += line.voter + ";" + line.unusable + "\n";
  return {{plan_file, plan.text()}, {voters_file, std::move(voters)}};
}

Mailing::Mailing(fs::path folder, MailingPlan plan, std::vector<Known> voters, Clock& clock,
                 Random& random)
    : folder_(std::move(folder)),
      plan_(std::move(plan)),
      voters_(std::move(voters)),
      clock_(clock),
      random_(random),
      database_(store::open_sqlite({folder_ / database_file})) {}

Expected<std::unique_ptr<Mailing>> Mailing::open(const fs::path& folder, Clock& clock,
                                                 Random& random) {
  const auto missing = [&] {
    return fail("mailing.missing", folder.string() + ": there is no mailing here");
  };
  const auto text = read_file(folder / plan_file);
  const auto csv = read_file(folder / voters_file);
  if (!text || !csv) return missing();
  auto plan = MailingPlan::parse(*text);
  if (!plan) return fail(plan.error().code, folder.string() + ": " + plan.error().message);
  std::vector<Known> voters;
  CsvReader reader(*csv, ';');
  reader.next();
  while (reader.next() && reader.cells().size() == 2) {
    voters.push_back({reader.cells()[0], reader.cells()[1]});
  }
  if (voters.size() != plan->lines) {
    return fail("mailing.form", folder.string() + ": voters.csv is not as it was prepared");
  }
  std::unique_ptr<Mailing> mailing(
      new Mailing(folder, std::move(*plan), std::move(voters), clock, random));
  if (auto good = store::migrate(*mailing->database_, schema_migrations()); !good) {
    return fail(good.error());
  }
  return mailing;
}

MailingCounts Mailing::counts() {
  const auto now = clock_.now();
  const auto rows = *database_->read([&](Transaction& t) -> Expected<store::Rows> {
    return t.query(
        "SELECT state, COUNT(*) FROM (" + std::string(standings) + ") AS each GROUP BY state",
        {now});
  });
  MailingCounts counts;
  counts.to_go = static_cast<std::int64_t>(plan_.lines);
  const std::pair<std::string_view, std::int64_t MailingCounts::*> states[] = {
      {"put_off", &MailingCounts::put_off},     {"accepted", &MailingCounts::accepted},
      {"delivered", &MailingCounts::delivered}, {"failed", &MailingCounts::failed},
      {"no_report", &MailingCounts::no_report}, {"expired", &MailingCounts::expired}};
  for (const auto& row : rows) {
    for (const auto& [name, count] : states) {
      if (row.text(0) != name) continue;
      counts.*count = row.integer(1);
      counts.to_go -= row.integer(1);
    }
  }
  counts.no_address = *database_->read([&](Transaction& t) -> Expected<std::int64_t> {
    return std::count_if(voters_.begin(), voters_.end(), [&](const Known& known) {
      return !known.unusable.empty() &&
             t.query("SELECT 1 FROM message WHERE voter = $1 LIMIT 1", {known.voter}).empty();
    });
  });
  counts.to_go -= counts.no_address;
  if (now >= plan_.closes_at) counts.expired += std::exchange(counts.to_go, 0);
  return counts;
}

std::vector<UnreachedVoter> Mailing::unreached() {
  const auto now = clock_.now();
  const auto rows = *database_->read([&](Transaction& t) -> Expected<store::Rows> {
    return t.query(
        "SELECT voter, reason, status_at, state FROM (" + std::string(standings) + ") AS each",
        {now});
  });
  std::unordered_map<std::string_view, const store::Row*> known;
  for (const auto& row : rows) known.emplace(row.text(0), &row);
  std::vector<UnreachedVoter> all;
  for (const auto& [voter, unusable] : voters_) {
    const auto found = known.find(voter);
    if (found == known.end()) {
      if (!unusable.empty()) {
        all.push_back({voter, "no_address", unusable, std::nullopt});
      } else if (now >= plan_.closes_at) {
        all.push_back({voter, "expired", "", plan_.closes_at});
      }
      continue;
    }
    const auto& row = *found->second;
    const auto& state = row.text(3);
    if (state == "put_off" || state == "failed" || state == "no_report" || state == "expired") {
      all.push_back({voter, state, row.text(1), row.integer(2)});
    }
  }
  return all;
}

// ---- With the file

Status Mailing::begin(MailingFile file) {
  auto key = mailing_key(file, plan_.salt);
  if (!equal_constant_time(part_of(key, "mailing check").reveal(), plan_.check)) {
    return fail("mailing.other",
                folder_.string() +
                    " was not prepared from this file: other voters or codes, or in "
                    "another order");
  }
  if (file.channel != plan_.channel || file.what != plan_.what) {
    return fail("mailing.other", folder_.string() + " was prepared for other columns");
  }
  for (std::size_t i = 0; i < voters_.size(); ++i) {
    if (!voters_[i].unusable.empty() || file.lines[i].unusable.empty()) continue;
    return fail("mailing.address", voters_[i].voter +
                                       ": the address in the file can no longer be used; correct "
                                       "it, or put the one before back");
  }
  key_ = std::move(key);
  file_ = std::move(file);
  if (const auto sealed = read_file(folder_ / corrections_file)) {
    const auto csv =
        unseal(part_of(key_, "mailing corrections"), as_bytes(*sealed), as_bytes(corrections_file));
    auto read = csv ? parse_mailing_corrections(as_text(*csv), file_)
                    : Expected<MailingCorrections>(fail("mailing.form", ""));
    if (!read) return fail("mailing.form", folder_.string() + ": its corrections are damaged");
    corrections_ = std::move(*read);
  }
  messages().outbox().take_up(clock_.now());
  withdraw();
  return {};
}

MessageStore Mailing::messages() const {
  return MessageStore(*database_, part_of(key_, "mailing messages"),
                      part_of(key_, "mailing reports").reveal(), random_, clock_);
}

void Mailing::queue_line(Outbox& outbox, Transaction& transaction, const MailingLine& line,
                         const std::string& address) {
  outbox.queue(transaction, clock_.now(),
               {line.voter, kind_of(plan_.what), plan_.channel, address, plan_.subject,
                text_with_code(plan_.body, line.code.reveal()), plan_.closes_at});
}

std::size_t Mailing::queue(std::size_t most) {
  auto outbox = messages().outbox();
  std::size_t queued = 0;
  while (queued < most && next_ < file_.lines.size() && clock_.now() < plan_.closes_at) {
    // So many lines at a time, as all writers wait for it.
    const auto end = std::min(file_.lines.size(), next_ + limits::mailing_ahead);
    const auto reached =
        *database_->write([&](Transaction& t) -> Expected<std::pair<std::size_t, std::size_t>> {
          auto at = next_;
          auto count = queued;
          for (; at < end && count < most; ++at) {
            const auto& line = file_.lines[at];
            const auto* address = address_of(line, corrections_);
            if (!address) continue;
            if (!t.query("SELECT 1 FROM message WHERE voter = $1 LIMIT 1", {line.voter}).empty()) {
              continue;
            }
            queue_line(outbox, t, line, *address);
            ++count;
          }
          return std::pair(at, count);
        });
    next_ = reached.first;
    queued = reached.second;
  }
  return queued;
}

// One that takes another's place stays: her line has a message all the same.
void Mailing::withdraw() {
  (void)database_->write([](Transaction& t) -> Status {
    t.execute(
        "DELETE FROM message WHERE status = 'queued' AND tries = 0 AND NOT EXISTS (SELECT 1 FROM "
        "message AS o WHERE o.voter = message.voter AND o.id <> message.id)");
    return {};
  });
  next_ = 0;
}

void Mailing::correct(const MailingCorrections& corrections) {
  for (const auto& [voter, address] : corrections) corrections_[voter] = address;
  const auto sealed =
      seal(part_of(key_, "mailing corrections"), as_bytes(written(corrections_, file_)),
           as_bytes(corrections_file), random_);
  write_file(folder_ / corrections_file, as_text(sealed), FileMode::secret);
}

std::vector<const MailingLine*> Mailing::again(const MailingCorrections& corrections) {
  std::unordered_set<std::string> voters;
  for (auto& each : unreached()) voters.insert(std::move(each.voter));
  std::vector<const MailingLine*> lines;
  for (const auto& line : file_.lines) {
    if (voters.contains(line.voter) && address_of(line, corrections)) lines.push_back(&line);
  }
  return lines;
}

std::size_t Mailing::to_queue_again(const MailingCorrections& corrections) {
  auto all = corrections_;
  for (const auto& [voter, address] : corrections) all[voter] = address;
  return again(all).size();
}

std::size_t Mailing::queue_again() {
  if (clock_.now() >= plan_.closes_at) return 0;
  const auto lines = again(corrections_);
  auto outbox = messages().outbox();
  for (std::size_t from = 0; from < lines.size(); from += limits::mailing_ahead) {
    const auto to = std::min(lines.size(), from + limits::mailing_ahead);
    (void)database_->write([&](Transaction& t) -> Status {
      for (auto at = from; at < to; ++at) {
        const auto& line = *lines[at];
        for (const auto& row :
             t.query("SELECT id FROM message WHERE voter = $1 AND superseded_at IS NULL",
                     {line.voter})) {
          Outbox::supersede(t, row.blob(0), clock_.now());
        }
        queue_line(outbox, t, line, *address_of(line, corrections_));
      }
      return {};
    });
  }
  return lines.size();
}

Mailing::Left Mailing::left(const std::vector<std::string>& reporting) {
  const auto soon = clock_.now() + limits::mailing_patience_ms;
  return *database_->read([&](Transaction& t) -> Expected<Left> {
    Left left;
    const auto waiting = t.query(
        "SELECT COUNT(CASE WHEN tries = 0 THEN 1 END), COUNT(CASE WHEN next_at <= $1 THEN 1 END) "
        "FROM message WHERE status IN ('queued', 'sent')",
        {soon});
    left.untried = waiting[0].integer(0);
    left.soon = waiting[0].integer(1);
    for (const auto& carrier : reporting) {
      left.awaited += t.query(
                           "SELECT COUNT(*) FROM message WHERE status = 'accepted' AND reason = "
                           "'' AND channel = 'sms' AND carrier = $1",
                           {carrier})[0]
                          .integer(0);
    }
    return left;
  });
}

// A text message that may still go elsewhere is kept.
void Mailing::wipe() {
  (void)database_->write([](Transaction& t) -> Status {
    t.execute(
        "UPDATE message SET sealed = NULL WHERE sealed IS NOT NULL AND status NOT IN ('queued', "
        "'sent') AND (channel = 'email' OR status <> 'accepted' OR reason <> '')");
    return {};
  });
}

}  // namespace isoloir

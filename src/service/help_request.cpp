#include "service/help_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.hpp"
#include "crypto/sealing.hpp"
#include "reissue/destination.hpp"
#include "reissue/throttle.hpp"
#include "service/credential_in_text.hpp"
#include "service/journal.hpp"
#include "service/reference.hpp"
#include "service/reissue_flow.hpp"
#include "service/sign_in_tries.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr std::string_view desk_language = "fr";
struct Topic {
  std::string_view name;
  std::string_view text;
};
constexpr std::array topic_table{Topic{"identifier", "help.topic_identifier"},
                                 Topic{"password", "help.topic_password"},
                                 Topic{"code", "help.topic_code"},
                                 Topic{"sign_in", "help.topic_sign_in"},
                                 Topic{"voting", "help.topic_voting"},
                                 Topic{"other", "help.topic_other"},
                                 Topic{"not_on_roll", "claim.topic_not_on_roll"},
                                 Topic{"roll_error", "claim.topic_roll_error"},
                                 Topic{"other_voter", "claim.topic_other_voter"},
                                 Topic{"candidacy", "claim.topic_candidacy"}};
constexpr RateLimit network_limit{limits::help_network_per_minute, limits::help_network_per_hour,
                                  0};
constexpr RateLimit destination_limit{limits::help_destination_per_minute,
                                      limits::help_destination_per_hour,
                                      limits::help_destination_per_day};

SymmetricKey help_sealing_key(State& state) {
  return SymmetricKey(state.peppered("help request key", {}));
}

bool one_line(std::string_view text) {
  return text.find_first_of("\r\n\t") == std::string_view::npos;
}

// A person answers it: any number of the world, with what people write between its digits.
bool is_telephone(std::string_view text) {
  const auto digits =
      std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits >= 4 && digits <= 15 &&
         text.find_first_not_of("+0123456789 .-()/") == std::string_view::npos;
}

Json to_json(const HelpForm& form) {
  return {{"topic", form.topic}, {"name", form.name}, {"email", form.email},
          {"phone", form.phone}, {"text", form.text}, {"contest", form.contest}};
}

// As it is kept and mailed.
HelpForm tidied(const HelpForm& form) {
  return {form.topic,
          trimmed_text(form.name),
          reissue::judge_email(form.email, "")->address,
          trimmed_text(form.phone),
          trimmed_text(form.text),
          form.contest};
}

std::optional<HelpSent> sent_before(Transaction& transaction, const ByteArray<32>& form_mac) {
  const auto rows =
      transaction.query("SELECT reference, acknowledgement FROM help_request WHERE form_mac = $1",
                        {ByteView(form_mac)});
  if (rows.empty()) return std::nullopt;
  return HelpSent{rows[0].text(0), !rows[0].is_null(1)};
}

constexpr std::string_view request_columns =
    "SELECT h.reference, h.at, h.topic, h.language, m.status, m.status_at, a.status, h.sealed FROM "
    "help_request h JOIN message m ON m.id = h.message LEFT JOIN message a ON a.id = "
    "h.acknowledgement ";

HelpRequestRow request_row(const store::Row& row) {
  return {row.text(0),
          row.integer(1),
          row.text(2),
          row.text(3),
          row.text(4),
          row.integer(5),
          row.is_null(6) ? "" : row.text(6)};
}

}  // namespace

std::size_t characters_of(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string trimmed_text(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  std::string result(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
  std::erase(result, '\r');  // browsers send CRLF; a lone CR would overwrite a terminal's line
  return result;
}

std::string_view name_of(HelpTopic topic) {
  return topic_table.at(static_cast<std::size_t>(topic)).name;
}

std::string_view text_of(HelpTopic topic) {
  return topic_table.at(static_cast<std::size_t>(topic)).text;
}

std::optional<HelpTopic> help_topic(std::string_view name) {
  for (std::size_t i = 0; i < topic_table.size(); ++i) {
    if (topic_table[i].name == name) return static_cast<HelpTopic>(i);
  }
  return std::nullopt;
}

std::vector<HelpTopic> help_topics(const CredentialForms& forms) {
  using enum HelpTopic;
  if (forms.identifier) return {identifier, password, sign_in, voting, other};
  if (forms.roll_number) return {code, sign_in, voting, other};
  return {password, code, sign_in, voting, other};
}

const Contest* contest_of(const Manifest& manifest, const HelpForm& form) {
  std::uint32_t number = 0;
  const char* const end = form.contest.data() + form.contest.size();
  const auto [read_to, error] = std::from_chars(form.contest.data(), end, number);
  return error == std::errc() && read_to == end ? manifest.contest(number) : nullptr;
}

RequestDesk help_desk(const Portal& portal) {
  return {"help",
          "help-request",
          "help-ack",
          portal.assistance->email,
          help_topics(portal.credentials),
          false,
          "message.help_request_subject",
          "message.help_request_text",
          "message.help_ack_subject",
          "message.help_ack_body"};
}

HelpFaults HelpRequests::judge(const HelpForm& form) const {
  HelpFaults faults;
  auto& wrong = faults.by_field;
  const auto& topics = desk_.topics;
  const auto topic = help_topic(form.topic);
  if (!topic || std::find(topics.begin(), topics.end(), *topic) == topics.end()) {
    wrong["topic"] = "help.error_topic";
  }
  if (desk_.name_required && trimmed_text(form.name).empty()) {
    wrong["name"] = "help.error_name_missing";
  } else if (!one_line(form.name) || characters_of(form.name) > limits::help_name_characters) {
    wrong["name"] = "help.error_name";
  }
  if (const auto email = reissue::judge_email(form.email, ""); !email) {
    wrong["email"] = email.error().message_id;
  }
  if (const auto phone = trimmed_text(form.phone);
      !phone.empty() &&
      (phone.size() > limits::help_phone_characters || !one_line(phone) || !is_telephone(phone))) {
    wrong["phone"] = "help.error_phone";
  }
  const auto text = trimmed_text(form.text);
  faults.characters = characters_of(text);
  if (text.empty()) {
    wrong["text"] = "help.error_empty";
  } else if (faults.characters > limits::help_text_characters) {
    wrong["text"] = "help.error_long";
  }
  for (const auto& [field, said] : {std::pair{"name", &form.name}, std::pair{"text", &form.text}}) {
    const auto piece = credential_in(*said, portal_.credentials);
    if (!piece) continue;
    wrong[field] = portal_.credentials.identifier ? "help.error_secret" : "help.error_secret_code";
    faults.piece = *piece;
  }
  return faults;
}

ByteArray<32> HelpRequests::form_mac(const HelpSender& sender, const HelpForm& form) const {
  return state_.peppered("help form", {ByteView(sender.session), as_bytes(sender.page),
                                       as_bytes(canonical_json(to_json(form)))});
}

std::optional<HelpSent> HelpRequests::earlier(const HelpSender& sender,
                                              const HelpForm& form) const {
  const auto mac = form_mac(sender, form);
  return *state_.database().read(
      [&](Transaction& transaction) -> Expected<std::optional<HelpSent>> {
        return sent_before(transaction, mac);
      });
}

MessageId HelpRequests::mail_desk(Transaction& transaction, TimeMs now, const HelpSender& sender,
                                  const HelpForm& form, const std::string& reference) {
  const auto none = texts_.text("message.help_not_given", desk_language, Json::object());
  const auto said = [&](const std::string& text) { return text.empty() ? none : text; };
  const auto contest = contest_of(state_.manifest(), form);
  const Json values = {
      {"reference", reference},
      {"topic", texts_.text(text_of(*help_topic(form.topic)), desk_language, Json::object())},
      {"contest", said(contest ? contest->name.fr : "")},
      {"voter", said(sender.voter)},
      {"name", said(form.name)},
      {"email", form.email},
      {"phone", said(form.phone)},
      {"language", texts_.text(sender.language == "en" ? "message.help_language_en"
                                                       : "message.help_language_fr",
                               desk_language, Json::object())},
      {"asked_at", now},
      {"text", form.text}};
  NewMessage message{"",
                     std::string(desk_.message_kind),
                     MessageChannel::email,
                     desk_.email,
                     texts_.text(desk_.subject, desk_language, values),
                     texts_.text(desk_.text, desk_language, values),
                     now + limits::message_life_ms,
                     form.email};
  message.proven = false;
  return outbox_of(state_).queue(transaction, now, message);
}

// Counted for every spelling of one mailbox.
std::optional<MessageId> HelpRequests::acknowledge(Transaction& transaction, TimeMs now,
                                                   const HelpSender& sender, const HelpForm& form,
                                                   const std::string& reference) {
  const auto key =
      flows::attempt_key(state_, "help destination", reissue::judge_email(form.email, "")->key);
  if (reissue::retry_at(flows::attempts(transaction, key, now), destination_limit, now)) {
    return std::nullopt;
  }
  flows::add_attempt(state_, transaction, key, now);
  const Json values = {{"reference", reference},
                       {"follow_url", state_.manifest().origin + "/claim/follow"}};
  NewMessage message{"",
                     std::string(desk_.acknowledgement_kind),
                     MessageChannel::email,
                     form.email,
                     texts_.text(desk_.acknowledgement_subject, sender.language, values),
                     texts_.text(desk_.acknowledgement_body, sender.language, values),
                     now + limits::message_life_ms};
  message.proven = false;
  return outbox_of(state_).queue(transaction, now, message);
}

tl::expected<HelpSent, TimeMs> HelpRequests::send(const HelpSender& sender, const HelpForm& typed) {
  using Verdict = tl::expected<HelpSent, TimeMs>;
  ISOLOIR_ASSERT(judge(typed).by_field.empty());
  const auto mac = form_mac(sender, typed);
  const auto form = tidied(typed);
  return *state_.database().write([&](Transaction& transaction) -> Expected<Verdict> {
    if (const auto before = sent_before(transaction, mac)) return Verdict(*before);
    const TimeMs now = flows::steady_now(state_, transaction);
    const auto network = flows::attempt_key(state_, fmt::format("{} network", desk_.kind),
                                            network_of(sender.client_address));
    if (const auto at =
            reissue::retry_at(flows::attempts(transaction, network, now), network_limit, now)) {
      return Verdict(tl::make_unexpected(*at));
    }
    flows::add_attempt(state_, transaction, network, now);
    const auto reference = new_reference(state_.random());
    const auto message = mail_desk(transaction, now, sender, form, reference);
    const auto acknowledgement = acknowledge(transaction, now, sender, form, reference);
    transaction.execute(
        "INSERT INTO help_request (reference, at, topic, language, sealed, form_mac, message, "
        "acknowledgement, kind, voter) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {reference, now, form.topic, sender.language,
         seal_for_request(state_, reference, canonical_json(to_json(form))), ByteView(mac),
         ByteView(message),
         acknowledgement ? store::Value(ByteView(*acknowledgement)) : store::Value(), desk_.kind,
         sender.voter.empty() ? store::Value() : store::Value(sender.voter)});
    journal(transaction, now,
            {{"step", fmt::format("{} request", desk_.kind)},
             {"reference", reference},
             {"topic", form.topic},
             {"network", journal_network_of(sender.client_address)}});
    return Verdict(HelpSent{reference, acknowledgement.has_value()});
  });
}

void HelpRequests::sweep() {
  (void)state_.database().write([&](Transaction& transaction) -> Status {
    transaction.execute("DELETE FROM attempt WHERE at <= $1", {state_.now() - day_ms});
    return {};
  });
}

std::vector<HelpRequestRow> help_requests(State& state, std::string_view kind) {
  return *state.database().read(
      [&](Transaction& transaction) -> Expected<std::vector<HelpRequestRow>> {
        std::vector<HelpRequestRow> rows;
        for (const auto& row : transaction.query(
                 std::string(request_columns) + "WHERE h.kind = $1 ORDER BY h.at DESC, h.reference",
                 {kind})) {
          rows.push_back(request_row(row));
        }
        return rows;
      });
}

Expected<StoredHelpRequest> read_help_request(State& state, std::string_view kind,
                                              std::string_view reference) {
  return state.database().read([&](Transaction& transaction) -> Expected<StoredHelpRequest> {
    const auto rows =
        transaction.query(std::string(request_columns) + "WHERE h.reference = $1 AND h.kind = $2",
                          {read_reference(reference), kind});
    if (rows.empty()) return fail("help.unknown", "there is no request with this reference");
    const auto text = unseal_for_request(state, rows[0].text(0), rows[0].blob(7));
    if (!text) return fail(text.error());
    const auto form = *parse_json(*text);
    return StoredHelpRequest{
        request_row(rows[0]),
        {form.at("topic"), form.at("name"), form.at("email"), form.at("phone"), form.at("text"),
         form.value("contest", "")}};  // not in the forms of an older version
  });
}

Bytes seal_for_request(State& state, std::string_view reference, std::string_view text) {
  return seal(help_sealing_key(state), as_bytes(text), as_bytes(reference), state.random());
}

Expected<std::string> unseal_for_request(State& state, std::string_view reference,
                                         ByteView sealed) {
  const auto bytes = unseal(help_sealing_key(state), sealed, as_bytes(reference));
  if (!bytes) {
    return fail("help.sealed",
                "this request cannot be opened: server.keys is of another election, or the "
                "database is damaged");
  }
  return std::string(as_text(*bytes));
}

}  // namespace isoloir

#include "portal/portal.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "base/local_time.hpp"
#include "base/mailbox.hpp"
#include "base/service_address.hpp"
#include "portal/sealed_part.hpp"

namespace isoloir {
namespace {

// A mail goes there, and it is shown: one address, nothing that a header could read in two ways.
// Empty where there is none.
std::string read_address(TomlReader& read, const toml::table& table) {
  const auto* node = table.get("email");
  if (!node) return {};
  const auto mailbox = read_mailbox(node->value_or(std::string()));
  if (mailbox) return mailbox->address();
  read.problem(*node, "\"email\" must be one plain e-mail address such as help@example.org");
  return {};
}

// A moment given in local time; 0 for what is none.
TimeMs read_moment(TomlReader& read, const toml::table& table, std::string_view name,
                   const Portal& portal) {
  const auto local = read.local_time(table, name);
  const auto moment = from_local_time(local, portal.time_zone);
  if (moment) return *moment;
  if (!local.empty() && !portal.time_zone.empty() && moment.error().code != "time.zone") {
    read.problem(table, moment.error().message);
  }
  return 0;
}

void read_policy(TomlReader& read, const toml::table& root, Portal& portal) {
  const auto& general = read.table(root, "portal");
  read.known(general, {"title", "election", "time_zone", "time_zone_name"});
  portal.title = read.bilingual(general, "title");
  portal.election = read.bilingual(general, "election");
  portal.time_zone = read.text(general, "time_zone");
  portal.time_zone_name = read.bilingual(general, "time_zone_name");

  if (root.contains("assistance")) {
    const auto& assistance = read.table(root, "assistance");
    read.known(assistance, {"phone", "hours", "email"});
    portal.assistance = {read.text(assistance, "phone"), read.bilingual(assistance, "hours"),
                         read_address(read, assistance)};
  }

  const auto& hours = read.table(root, "hours");
  read.known(hours, {"opens", "closes", "grace_minutes"});
  portal.opens_local = read.local_time(hours, "opens");
  portal.closes_local = read.local_time(hours, "closes");
  portal.grace_minutes = read.number(hours, "grace_minutes", 0, 24 * 60);
  if (portal.opens_local >= portal.closes_local) {
    read.problem(hours, "the vote closes before it opens");
  }
  for (const auto* local : {&portal.opens_local, &portal.closes_local}) {
    const auto time = from_local_time(*local, portal.time_zone);
    if (!time && !local->empty() && !portal.time_zone.empty()) {
      read.problem(time.error().code == "time.zone" ? general : hours, time.error().message);
    }
  }

  const auto& sign_in = read.table(root, "sign_in");
  read.known(sign_in, {"scheme", "captcha_minutes", "failures_per_account", "first_delay_seconds"});
  const auto scheme = read.text(sign_in, "scheme");
  if (scheme == "identifier-password") {
    portal.scheme = SignInScheme::identifier_password;
  } else if (scheme == "number-code") {
    portal.scheme = SignInScheme::number_code;
  } else if (scheme != "email-password") {
    read.problem(sign_in, "scheme is email-password, identifier-password or number-code");
  }
  portal.captcha_minutes = read.number(sign_in, "captcha_minutes", 0, 60);
  if (portal.captcha_minutes == 0 && portal.scheme != SignInScheme::number_code) {
    read.problem(sign_in,
                 "without a captcha (captcha_minutes = 0) machines may guess: only where a code of "
                 "80 bits alone signs in, scheme number-code");
  }
  portal.sign_in_failures = read.number(sign_in, "failures_per_account", 1, 100);
  portal.sign_in_first_delay_seconds = read.number(sign_in, "first_delay_seconds", 1, 3600);

  const auto& session = read.table(root, "session");
  read.known(session, {"idle_minutes", "warning_minutes", "absolute_minutes"});
  portal.session_idle_minutes = read.number(session, "idle_minutes", 5, 24 * 60);
  portal.session_warning_minutes = read.number(session, "warning_minutes", 1, 10);
  portal.session_absolute_minutes = read.number(session, "absolute_minutes", 10, 24 * 60);
  if (portal.session_warning_minutes >= portal.session_idle_minutes ||
      portal.session_idle_minutes > portal.session_absolute_minutes) {
    read.problem(session,
                 "warning_minutes must lie below idle_minutes, and these not above "
                 "absolute_minutes");
  }

  read_credentials(read, root, portal);

  const auto& board = read.table(root, "board");
  read.known(board, {"interval_seconds"});
  portal.board_interval_seconds = read.number(board, "interval_seconds", 1, 60);
  const auto opens = from_local_time(portal.opens_local, portal.time_zone);
  const auto closes = from_local_time(portal.closes_local, portal.time_zone);
  if (opens && closes &&
      (*closes - *opens) / 1000 / std::max<std::int64_t>(portal.board_interval_seconds, 1) >
          limits::checkpoints) {
    read.problem(board, fmt::format("in these hours the log would sign more than {} checkpoints: "
                                    "take a longer interval_seconds",
                                    limits::checkpoints));
  }
}

RateLimit read_rate(TomlReader& read, const toml::table& parent, std::string_view name) {
  const auto& table = read.table(parent, name);
  read.known(table, {"minute", "hour", "day", "voters"});
  const auto part = [&](std::string_view window) {
    return table.contains(window) ? read.number(table, window, 1, 10'000) : 0;
  };
  return {part("minute"), part("hour"), part("day")};
}

std::vector<std::string> read_countries(TomlReader& read, const toml::table& table) {
  std::vector<std::string> countries;
  for (const auto& node : read.array(table, "phone_countries")) {
    const auto code = node.value_or(std::string());
    const bool good = !code.empty() && code.size() <= 3 && code[0] != '0' &&
                      code.find_first_not_of("0123456789") == std::string::npos;
    if (!good) read.problem(node, "a country is its calling code in quotes, such as \"33\"");
    countries.push_back(code);
  }
  return countries;
}

std::vector<ReissueMethod> read_methods(TomlReader& read, const toml::table& table) {
  std::vector<ReissueMethod> methods;
  for (const auto& node : read.array(table, "methods")) {
    const auto name = node.value_or(std::string());
    const auto method =
        name == "franceconnect" ? ReissueMethod::franceconnect : ReissueMethod::question;
    if (name != "question" && name != "franceconnect") {
      read.problem(node, "a method is \"question\" or \"franceconnect\"");
    } else if (std::find(methods.begin(), methods.end(), method) != methods.end()) {
      read.problem(node, "a method is named twice");
    } else {
      methods.push_back(method);
    }
  }
  return methods;
}

std::int64_t read_minutes(TomlReader& read, const toml::table& table, std::string_view name,
                          std::int64_t most) {
  return std::int64_t{read.number(table, name, 1, most)} * minute_ms;
}

void read_terms(TomlReader& read, const toml::table& table, ReissueTerms& terms) {
  terms.per_election = read.number(table, "per_election", 1, 100);
  terms.before_opening = table["before_opening"].value_or(false);
  terms.requests = read_rate(read, table, "requests");
  terms.destination = read_rate(read, table, "destination");
  terms.destination_voters = read.number(read.table(table, "destination"), "voters", 1, 100);
}

ProofLimit read_proofs(TomlReader& read, const toml::table& table) {
  return {read.number(table, "wrong_proofs_per_day", 1, 20),
          std::int64_t{read.number(table, "first_delay_seconds", 1, 3600)} * 1000};
}

ReissuePolicy read_voting_code(TomlReader& read, const toml::table& table) {
  read.known(table, {"methods", "email_link_minutes", "sms_link_minutes", "opened_minutes",
                     "repeat_minutes", "per_election", "before_opening", "requests",
                     "wrong_proofs_per_day", "first_delay_seconds", "network", "destination",
                     "phone_countries"});
  ReissuePolicy policy;
  read_terms(read, table, policy);
  policy.methods = read_methods(read, table);
  policy.email_link_ms = read_minutes(read, table, "email_link_minutes", 24 * 60);
  policy.sms_link_ms = read_minutes(read, table, "sms_link_minutes", 60);
  policy.opened_ms = read_minutes(read, table, "opened_minutes", 120);
  policy.repeat_ms = read_minutes(read, table, "repeat_minutes", 60);
  policy.proofs = read_proofs(read, table);
  policy.network = read_rate(read, table, "network");
  policy.phone_countries = read_countries(read, table);
  return policy;
}

// Both or neither: who can have one again by herself expects the other. What B and C send where is
// not policy but law (L2): the link and the identifier to the e-mail address on file, the password
// to the phone on file, hence the channels by which they came first.
RecoveryPolicy read_recovery(TomlReader& read, const toml::table& reissue, const Portal& portal) {
  RecoveryPolicy policy;
  policy.apart_ms = std::int64_t{read.number(reissue, "apart_hours", 1, 24 * 31)} * hour_ms;
  const auto& password = read.table(reissue, "password");
  read.known(password,
             {"email_link_minutes", "per_election", "before_opening", "requests",
              "wrong_proofs_per_day", "first_delay_seconds", "destination", "phone_countries"});
  read_terms(read, password, policy.password);
  policy.password.email_link_ms = read_minutes(read, password, "email_link_minutes", 24 * 60);
  policy.password.proofs = read_proofs(read, password);
  policy.password.phone_countries = read_countries(read, password);
  const auto& identifier = read.table(reissue, "identifier");
  read.known(identifier, {"per_election", "before_opening", "requests", "destination"});
  read_terms(read, identifier, policy.identifier);
  if (portal.credentials.identifier_by != Handover::email ||
      portal.credentials.code_by != Handover::sms) {
    read.problem(reissue,
                 "a lost password is sent by text message and a lost identifier by e-mail: they "
                 "must have come so first (L4), identifier_by = \"email\", password_by = \"sms\"");
  }
  return policy;
}

std::vector<std::string> read_words(TomlReader& read, const toml::table& table,
                                    std::string_view name) {
  std::vector<std::string> words;
  for (const auto& node : read.array(table, name)) {
    words.push_back(node.value_or(std::string()));
    const bool plain = std::all_of(words.back().begin(), words.back().end(),
                                   [](char c) { return c > ' ' && c < '\x7f' && c != '"'; });
    if (words.back().empty() || !plain) read.problem(node, "this is no word without spaces");
  }
  return words;
}

std::string read_signing(TomlReader& read, const toml::table& table, std::string_view name) {
  auto algorithm = read.text(table, name);
  if (algorithm != "ES256" && algorithm != "RS256") {
    read.problem(table, fmt::format("\"{}\" is ES256 or RS256, nothing else is safe here", name));
  }
  return algorithm;
}

void read_franceconnect(TomlReader& read, const toml::table& root, Portal& portal) {
  const bool wanted =
      portal.reissue && std::count(portal.reissue->methods.begin(), portal.reissue->methods.end(),
                                   ReissueMethod::franceconnect) != 0;
  if (!root.contains("franceconnect")) {
    if (wanted) read.problem(root, "the method \"franceconnect\" needs [franceconnect]");
    return;
  }
  const auto& table = read.table(root, "franceconnect");
  read.known(table, {"issuer", "client_id", "acr_values", "id_token_signing", "userinfo_signing",
                     "encrypted", "refused_providers", "aidants_connect"});
  FranceConnectPolicy policy{read.text(table, "issuer"),
                             read.text(table, "client_id"),
                             read_words(read, table, "acr_values"),
                             read_signing(read, table, "id_token_signing"),
                             read_signing(read, table, "userinfo_signing"),
                             read.flag(table, "encrypted"),
                             {}};
  // Said in so many words, so that nobody forgets who may act for a voter there (requirement 60).
  const bool closed = table.contains("aidants_connect");
  if (closed && read.text(table, "aidants_connect") != "closed") {
    read.problem(table, "\"aidants_connect\" is \"closed\", or not there");
  }
  if (table.contains("refused_providers")) {
    policy.refused_providers = read_words(read, table, "refused_providers");
  } else if (!closed) {
    read.problem(table,
                 "through Aidants Connect somebody may act for a voter: refused_providers = "
                 "[\"its idp_id\"], or aidants_connect = \"closed\" once FranceConnect has closed "
                 "it for this service");
  }
  if (!place_of_service(policy.issuer) || policy.issuer.ends_with('/') ||
      policy.issuer.find('?') != std::string::npos) {
    read.problem(table, "\"issuer\" is an https:// address without a slash at its end");
  }
  if (!wanted) read.problem(table, "no method of [reissue.voting_code] is \"franceconnect\"");
  portal.franceconnect = std::move(policy);
}

void read_reissue(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("reissue")) return;
  const auto& procedures = read.table(root, "reissue");
  if (portal.scheme == SignInScheme::email_password) {
    read.known(procedures, {"voting_code"});
    portal.reissue = read_voting_code(read, read.table(procedures, "voting_code"));
  } else if (portal.scheme == SignInScheme::number_code) {
    read.problem(
        procedures,
        "with the scheme number-code a lost code is the assistance's business: no [reissue]");
  } else {
    read.known(procedures, {"apart_hours", "password", "identifier"});
    portal.recovery = read_recovery(read, procedures, portal);
  }
}

void read_confirmation(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("confirmation")) return;
  const auto& table = read.table(root, "confirmation");
  read.known(table,
             {"by", "digits", "life_minutes", "tries", "resend", "other_channel", "sign_off_mail"});
  if (const auto by = read.text(table, "by"); by != "email" && !by.empty()) {
    read.problem(table, "\"by\" is email; who has no address on file gets a text message");
  }
  ConfirmationPolicy policy;
  policy.digits = read.number(table, "digits", 6, 8);
  policy.life_ms = read.number(table, "life_minutes", 5, 240) * minute_ms;
  policy.tries = read.number(table, "tries", 1, 10);
  const auto& resend = read.table(table, "resend");
  read.known(resend, {"minute", "hour", "day"});
  policy.resend = {read.number(resend, "minute", 1, 10), read.number(resend, "hour", 1, 100),
                   read.number(resend, "day", 1, 1000)};
  if (table.contains("other_channel")) policy.other_channel = read.flag(table, "other_channel");
  policy.sign_off_mail = read.flag(table, "sign_off_mail");
  // Who has a voter's credentials and not her mailbox guesses so often in a day.
  std::uint64_t codes = 1;
  for (std::uint32_t i = 0; i < policy.digits; ++i) codes *= 10;
  if (std::uint64_t{policy.tries} * policy.resend.per_day * 10'000 > codes) {
    read.problem(table,
                 "\"tries\" times resend.day guesses a day are too many for so few digits: at "
                 "most one day in 10 000 may see a right one");
  }
  portal.confirmation = policy;
}

// One instruction for both ways in: a link to the address that signs in.
void read_account(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("account")) return;
  const auto& table = read.table(root, "account");
  if (portal.scheme != SignInScheme::email_password) {
    return read.problem(table, "accounts are of the scheme email-password: no [account]");
  }
  read.known(table, {"invitations_from", "activation_link_days", "password_link_minutes",
                     "opened_minutes", "requests", "question"});
  AccountPolicy policy;
  policy.invitations_from = read_moment(read, table, "invitations_from", portal);
  const auto closes = from_local_time(portal.closes_local, portal.time_zone);
  if (closes && policy.invitations_from >= *closes) {
    read.problem(table, "\"invitations_from\" is not before the vote closes: nobody could vote");
  }
  policy.activation_link_ms =
      std::int64_t{read.number(table, "activation_link_days", 1, 90)} * day_ms;
  policy.password_link_ms = read_minutes(read, table, "password_link_minutes", 24 * 60);
  policy.opened_ms = read_minutes(read, table, "opened_minutes", 120);
  policy.requests = read_rate(read, table, "requests");
  for (const auto& node : read.array(table, "question")) {
    if (const auto* question = node.as_table()) {
      read.known(*question, {"fr", "en"});
      policy.questions.push_back({read.text(*question, "en"), read.text(*question, "fr")});
    }
  }
  portal.account = policy;
}

// Before the opening: what cannot reach a voter is found while there is time to hand it over.
void read_contact_check(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("contact_check")) return;
  const auto& table = read.table(root, "contact_check");
  read.known(table, {"from", "until", "channels"});
  ContactPolicy policy;
  policy.from = read_moment(read, table, "from", portal);
  policy.until = read_moment(read, table, "until", portal);
  if (policy.from >= policy.until) read.problem(table, "\"from\" is not before \"until\"");
  const auto opens = from_local_time(portal.opens_local, portal.time_zone);
  if (opens && policy.until > *opens) {
    read.problem(table,
                 "\"until\" is after the vote opens: who cannot be reached is to be known before");
  }
  for (const auto& node : read.array(table, "channels")) {
    const auto channel = node.value_or(std::string_view());
    bool* const known = channel == "email" ? &policy.email
                        : channel == "sms" ? &policy.sms
                                           : nullptr;
    if (!known || *known) {
      read.problem(node, "\"channels\" are \"email\" and \"sms\", each once");
    } else {
      *known = true;
    }
  }
  portal.contact_check = policy;
}

void read_information(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("information")) return;
  for (const auto& node : read.array(root, "information")) {
    const auto* table = node.as_table();
    if (!table) {
      read.problem(node, "an entry is [[information]] with a label, and a page or a form");
      continue;
    }
    read.known(*table, {"page", "form", "label"});
    Information entry{{}, read.bilingual(*table, "label")};
    if (table->contains("form")) {
      if (table->contains("page") || read.text(*table, "form") != "assistance") {
        read.problem(*table, "an entry is a page, or form = \"assistance\"");
      }
    } else {
      entry.page = read.text(*table, "page");
      const bool plain = std::all_of(entry.page.begin(), entry.page.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      });
      if (!plain || entry.page.size() > 40) {
        read.problem(*table,
                     "\"page\" is a name of small letters, digits and hyphens: pages/NAME.fr.md");
      }
    }
    portal.information.push_back(std::move(entry));
  }
}

void read_roll(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("roll")) return;
  const auto& table = read.table(root, "roll");
  read.known(table, {"online"});
  portal.roll_online = read.flag(table, "online");
}

void read_claims(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("claims")) return;
  const auto& table = read.table(root, "claims");
  read.known(table, {"email", "roll_until", "candidacy_until"});
  if (!table.contains("email")) read.problem(table, "claims are mailed to an address: \"email\"");
  portal.claims =
      ClaimsPolicy{read_address(read, table), read_moment(read, table, "roll_until", portal),
                   read_moment(read, table, "candidacy_until", portal)};
  if (portal.captcha_minutes == 0) {
    read.problem(table, "without a captcha machines could write claims: no [claims]");
  }
}

void read_messages(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!portal.reissue && !portal.recovery && !portal.confirmation && !portal.account &&
      !portal.claims && !portal.contact_check && !root.contains("messages")) {
    return;
  }
  const auto& table = read.table(root, "messages");
  read.known(table, {"email_sender", "sms_sender", "per_second"});
  const auto& rates = read.table(table, "per_second");
  read.known(rates, {"email", "sms", "kept_percent"});
  portal.messages.per_second = {read.number(rates, "email", 1, 10'000),
                                read.number(rates, "sms", 1, 10'000),
                                read.number(rates, "kept_percent", 10, 90)};
  portal.messages.email_sender = read.text(table, "email_sender");
  if (portal.messages.email_sender.find('@') == std::string::npos) {
    read.problem(table, "\"email_sender\" must be an e-mail address");
  }
  auto& sender = portal.messages.sms_sender;
  sender = read.text(table, "sms_sender");
  const bool plain = std::all_of(sender.begin(), sender.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
  if (!plain || sender.size() > 11) {
    read.problem(table, "\"sms_sender\" must be 1 to 11 letters and digits without accents");
  }
}

// An address that is shown as a link. Empty where there is none.
std::string read_link(TomlReader& read, const toml::table& table, std::string_view name) {
  const auto* node = table.get(name);
  if (!node) return {};
  const auto url = node->value_or(std::string());
  if (place_of_service(url)) return url;
  read.problem(*node, fmt::format("\"{}\" must be an address such as https://example.org/", name));
  return {};
}

void read_publication(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("publication")) return;
  const auto& table = read.table(root, "publication");
  read.known(table, {"export", "verifier"});
  portal.export_url = read_link(read, table, "export");
  portal.verifier_url = read_link(read, table, "verifier");
}

void read_texts(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("texts")) return;
  for (const auto& [id, node] : read.table(root, "texts")) {
    const auto* both = node.as_table();
    if (!both) {
      read.problem(node, "a text is { fr = …, en = … } under its message id in quotes");
      continue;
    }
    read.known(*both, {"fr", "en"});
    portal.texts[std::string(id.str())] = {read.text(*both, "en"), read.text(*both, "fr")};
  }
}

}  // namespace

Expected<Portal> Portal::parse(std::string_view text, std::string_view name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    return fail("portal.invalid",
                fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
  TomlReader read(name);
  Portal portal;
  read.known(root, {"portal",      "assistance",    "hours",   "sign_in",       "session",
                    "voting_code", "credentials",   "reissue", "franceconnect", "confirmation",
                    "account",     "contact_check", "roll",    "claims",        "information",
                    "messages",    "board",         "bureau",  "contest",       "texts",
                    "witnesses",   "publication"});
  read_policy(read, root, portal);
  read_witnesses(read, root, portal);
  read_reissue(read, root, portal);
  read_franceconnect(read, root, portal);
  read_confirmation(read, root, portal);
  read_account(read, root, portal);
  read_contact_check(read, root, portal);
  read_roll(read, root, portal);
  read_claims(read, root, portal);
  read_information(read, root, portal);
  read_messages(read, root, portal);
  read_bureaus(read, root, portal);
  read_contests(read, root, portal);
  read_publication(read, root, portal);
  read_texts(read, root, portal);
  if (!read.problems().empty()) return fail("portal.invalid", read.problems());
  return portal;
}

}  // namespace isoloir

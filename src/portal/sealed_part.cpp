#include "portal/sealed_part.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "election/cosignature.hpp"
#include "election/count.hpp"

namespace isoloir {
namespace {

TrusteePlanGroup read_group(TomlReader& read, const toml::table& table) {
  read.known(table, {"name", "threshold", "members"});
  TrusteePlanGroup group{
      read.text(table, "name"), read.number(table, "threshold", 1, limits::trustees_per_group), {}};
  for (const auto& node : read.array(table, "members")) {
    const auto* member = node.as_table();
    if (!member) {
      read.problem(node, "a member is { name = …, role = … }");
      continue;
    }
    read.known(*member, {"name", "role"});
    const auto role = bureau_role(read.text(*member, "role"));
    if (!role) read.problem(node, "role is president, secretary, delegate or substitute");
    group.members.push_back({read.text(*member, "name"), role.value_or(BureauRole::delegate)});
  }
  if (group.threshold > group.members.size()) {
    read.problem(table, "the threshold is above the number of members");
  }
  return group;
}

BureauPlan read_bureau(TomlReader& read, const toml::table& table) {
  read.known(table, {"name", "group"});
  BureauPlan bureau{read.text(table, "name"), {}};
  for (const auto& node : read.array(table, "group")) {
    if (const auto* group = node.as_table()) bureau.groups.push_back(read_group(read, *group));
  }
  return bureau;
}

ContestOption read_list(TomlReader& read, const toml::table& table) {
  read.known(table, {"name", "candidates", "common", "sigle", "statement"});
  ContestOption option;
  option.name = read.text(table, "name");
  option.sigle = table["sigle"].value_or(false);
  if (const auto* candidates = table["candidates"].as_array()) {
    for (const auto& node : *candidates) {
      if (node.is_string())
        option.candidates.push_back(node.as_string()->get());
      else
        read.problem(node, "a candidate is a text");
    }
  }
  if (!option.sigle && option.candidates.empty()) {
    read.problem(table, "a list has candidates, or sigle = true for a bare union name");
  }
  if (const auto* members = table["common"].as_array()) {
    for (const auto& node : *members) {
      const auto* member = node.as_table();
      if (!member) {
        read.problem(node, "a member of a common list is { name = …, share = … }");
        continue;
      }
      read.known(*member, {"name", "share"});
      option.common.push_back({read.text(*member, "name"), read.number(*member, "share", 1, 100)});
    }
  }
  return option;
}

ContestOption read_candidate(TomlReader& read, const toml::table& table) {
  read.known(table, {"name", "substitute", "birth_date", "statement"});
  ContestOption option;
  option.candidate = true;
  option.name = read.text(table, "name");
  if (table.contains("substitute")) option.substitute = read.text(table, "substitute");
  if (table.contains("birth_date")) {
    const auto* date = table["birth_date"].as_date();
    if (!date) read.problem(table, "\"birth_date\" is a date such as 1970-01-31, without quotes");
    const auto day = date ? date->get() : toml::date{};
    option.birth_date = date ? fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day) : "";
  }
  return option;
}

// The name stands in an address and in a header, and is looked for in one folder: nothing in it may
// mean anything there.
std::string read_statement(TomlReader& read, const toml::table& option) {
  const auto* node = option.get("statement");
  if (!node) return {};
  const auto name = node->value_or(std::string());
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good =
      !name.empty() && name.size() <= limits::statement_name_bytes && plain(name[0]) &&
      std::all_of(name.begin(), name.end(),
                  [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; }) &&
      (name.ends_with(".pdf") || name.ends_with(".html"));
  if (good) return name;
  read.problem(
      *node,
      "\"statement\" is the name of a file in the folder statements: small letters without "
      "accents, digits, hyphens, underscores and dots, a letter or digit first, .pdf or "
      ".html at the end");
  return {};
}

// The next contest of the portal.
Contest read_contest(TomlReader& read, const toml::table& table, Portal& portal) {
  read.known(table, {"name", "bureau", "seats", "rule", "round", "reissue_max", "district",
                     "unit_minimum", "list", "candidate"});
  Contest contest;
  contest.name = read.bilingual(table, "name");
  contest.bureau =
      read.number(table, "bureau", 0, static_cast<std::int64_t>(portal.bureaus.size()) - 1);
  contest.rule = read.text(table, "rule");
  const bool majority = contest.rule == two_round_majority_rule;
  contest.seats = majority && !table.contains("seats") ? 1 : read.number(table, "seats", 1, 1000);
  if (majority) contest.round = read.number(table, "round", 1, 2);
  if (!majority && table.contains("round")) read.problem(table, "this rule has no \"round\"");
  contest.reissue_max = read.number(table, "reissue_max", 0, 100'000'000);
  if (table.contains("district")) {
    for (const auto& node : read.array(table, "district")) {
      if (node.is_string())
        contest.districts.push_back(node.as_string()->get());
      else
        read.problem(node, "a district is its name");
    }
    // Below two, a unit could hold one ballot, and its sum would be that ballot.
    contest.unit_minimum = read.number(table, "unit_minimum", 2, 1000);
  } else {
    contest.districts.push_back(contest.name.fr);
  }
  for (std::uint32_t d = 0; d < contest.districts.size(); ++d) {
    contest.units.push_back({contest.districts[d], {d}});
  }
  if (table.contains(majority ? "list" : "candidate")) {
    read.problem(table, majority ? "under this rule stand candidates: [[contest.candidate]]"
                                 : "under this rule stand lists: [[contest.list]]");
  }
  for (const auto& node : read.array(table, majority ? "candidate" : "list")) {
    const auto* option = node.as_table();
    if (!option) continue;
    contest.options.push_back(majority ? read_candidate(read, *option) : read_list(read, *option));
    if (auto file = read_statement(read, *option); !file.empty()) {
      const auto number = static_cast<std::uint32_t>(portal.contests.size());
      portal.statements.emplace(std::pair(number, contest.options.back().name), std::move(file));
    }
  }
  if (contest.options.size() >= limits::options) read.problem(table, "too many options");
  contest.options.emplace_back().blank = true;
  if (const auto good = check_attribution(contest); !good) {
    read.problem(table, good.error().message);
  }
  return contest;
}

std::optional<Handover> read_handover(TomlReader& read, const toml::table& table,
                                      std::string_view name) {
  const auto text = read.text(table, name);
  const auto found = handover(text);
  if ((!found || found == Handover::post) && !text.empty()) {
    read.problem(table, fmt::format("\"{}\" is email or sms", name));
  }
  return found;
}

// The roll's identifier is no secret, so that all rests on the code, and on who can read it.
void read_number_code(TomlReader& read, const toml::table& table, Portal& portal) {
  read.known(table, {"code_characters", "code_by", "proof_minutes"});
  constexpr std::int64_t least = limits::lone_secret_bits_min / 5, most = 24;
  portal.credentials.roll_number = true;
  portal.credentials.code = {read.number(table, "code_characters", least, most), true};
  portal.credentials.code_by = read_handover(read, table, "code_by").value_or(Handover::email);
  portal.code_proof_minutes = read.number(table, "proof_minutes", 1, 60);
  if (portal.captcha_minutes == 0 && portal.assistance && !portal.assistance->email.empty()) {
    read.problem(table,
                 "without a captcha machines could write to the help desk: no \"email\" in "
                 "[assistance], or captcha_minutes above 0");
  }
  if (!portal.assistance) {
    read.problem(table,
                 "a voter whose one mailbox fails must have another way: this scheme needs "
                 "[assistance]");
  }
}

}  // namespace

// Which codes voters carry. What the law or arithmetic forbids is refused with its reason.
void read_credentials(TomlReader& read, const toml::table& root, Portal& portal) {
  if (portal.scheme == SignInScheme::email_password) {
    if (root.contains("credentials")) {
      read.problem(read.table(root, "credentials"),
                   "the scheme email-password has [voting_code], not [credentials]");
    }
    const auto& code = read.table(root, "voting_code");
    read.known(code, {"tries", "proof_minutes"});
    portal.code_tries = read.number(code, "tries", 1, 20);
    portal.code_proof_minutes = read.number(code, "proof_minutes", 1, 60);
    return;
  }
  if (root.contains("voting_code")) {
    read.problem(read.table(root, "voting_code"),
                 "this scheme has [credentials]; [voting_code] is of email-password");
  }
  const auto& table = read.table(root, "credentials");
  if (portal.scheme == SignInScheme::number_code) return read_number_code(read, table, portal);
  read.known(table, {"identifier_characters", "identifier_by", "password_characters",
                     "password_check", "password_by", "proof_minutes"});
  // Five bits each; with less than 60 bits a stolen list of public keys could be searched.
  constexpr std::int64_t least = limits::secret_bits_min / 5, most = 24;
  const auto identifier = read.number(table, "identifier_characters", least, most);
  portal.credentials.identifier = CodeForm{identifier, false};
  portal.credentials.code = {read.number(table, "password_characters", least, most),
                             table["password_check"].value_or(false)};
  portal.code_proof_minutes = read.number(table, "proof_minutes", 1, 60);
  const auto identifier_by = read_handover(read, table, "identifier_by");
  const auto password_by = read_handover(read, table, "password_by");
  portal.credentials.identifier_by = identifier_by.value_or(Handover::email);
  portal.credentials.code_by = password_by.value_or(Handover::sms);
  if (identifier_by && identifier_by == password_by) {
    read.problem(table,
                 "identifier and password must come by different channels (L1; Code électoral, "
                 "R176-3-7): give identifier_by and password_by different values");
  }
}

void read_witnesses(TomlReader& read, const toml::table& root, Portal& portal) {
  if (!root.contains("witnesses")) return;
  const auto& witnesses = read.table(root, "witnesses");
  read.known(witnesses, {"keys", "threshold"});
  const auto& keys = read.array(witnesses, "keys");
  if (keys.size() > limits::witnesses) {
    read.problem(keys, fmt::format("there are at most {} witnesses", limits::witnesses));
  }
  for (const auto& node : keys) {
    portal.witnesses.push_back(node.value_or(std::string()));
    if (const auto good = check_witnesses(portal.witnesses); !good) {
      read.problem(node, good.error().message);
      portal.witnesses.pop_back();
    }
  }
  portal.witness_threshold =
      read.number(witnesses, "threshold", 0, static_cast<std::int64_t>(keys.size()));
}

void read_bureaus(TomlReader& read, const toml::table& root, Portal& portal) {
  for (const auto& node : read.array(root, "bureau")) {
    if (const auto* bureau = node.as_table()) portal.bureaus.push_back(read_bureau(read, *bureau));
  }
}

void read_contests(TomlReader& read, const toml::table& root, Portal& portal) {
  for (const auto& node : read.array(root, "contest")) {
    if (const auto* contest = node.as_table()) {
      portal.contests.push_back(read_contest(read, *contest, portal));
    }
  }
}

}  // namespace isoloir

#include "service/mailing_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "election/csv.hpp"
#include "election/roll.hpp"
#include "reissue/destination.hpp"

namespace isoloir {
namespace {

constexpr std::string_view voter_column = "identifiant_electeur";

struct SecretColumn {
  std::string_view column;
  Handed what;
  std::string_view name;
};
constexpr SecretColumn secret_columns[] = {{"identifiant", Handed::identifier, "identifier"},
                                           {"mot_de_passe", Handed::password, "password"},
                                           {"code_de_vote", Handed::code, "code"}};

std::string_view address_column(MessageChannel channel) {
  return channel == MessageChannel::email ? "courriel" : "telephone";
}

// Rows of a file whose first line names its columns; every problem goes to `problems`.
class Table {
 public:
  Table(std::string_view csv, CsvProblems& problems)
      : reader_(csv, csv_separator(csv)), problems_(problems) {
    check_csv_encoding(csv, problems_);
    if (!problems_.none()) return;
    if (!reader_.next()) problems_.add(1, "", "the file is empty");
    for (const auto& cell : reader_.cells()) columns_.push_back(csv_column_name(csv_trimmed(cell)));
  }

  const std::vector<std::string>& columns() const { return columns_; }
  bool next() {
    while (reader_.next()) {
      const auto cells = reader_.cells();
      if (cells.size() == 1 && cells[0].empty()) continue;
      if (cells.size() == columns_.size()) return true;
      problems_.add(
          reader_.line(), "",
          fmt::format("{} cells, where the first line has {}", cells.size(), columns_.size()));
    }
    if (!reader_.broken().empty()) problems_.add(reader_.line(), "", reader_.broken());
    return false;
  }
  std::size_t line() const { return reader_.line(); }
  std::string& cell(std::string_view column) {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    return reader_.cells()[static_cast<std::size_t>(found - columns_.begin())];
  }

 private:
  CsvReader reader_;
  CsvProblems& problems_;
  std::vector<std::string> columns_;
};

struct Address {
  std::string address;
  std::string unusable;
};
Address judged(std::string_view written, MessageChannel channel) {
  if (csv_trimmed(written).empty()) return {"", "no_address"};
  if (channel == MessageChannel::email) {
    const auto email = reissue::judge_email(written, "");
    return email ? Address{email->address, ""} : Address{"", "bad_address"};
  }
  const auto phone = reissue::judge_phone(written, {});
  return phone ? Address{phone->destination.address, ""} : Address{"", "bad_address"};
}

// What the columns say is sent, and how; nothing where they are others.
std::optional<MailingFile> read_columns(const std::vector<std::string>& columns) {
  const std::set<std::string_view> all(columns.begin(), columns.end());
  if (columns.size() != 3 || all.size() != 3 || !all.contains(voter_column)) return std::nullopt;
  MailingFile file;
  file.channel = all.contains("courriel") ? MessageChannel::email : MessageChannel::sms;
  if (!all.contains(address_column(file.channel))) return std::nullopt;
  for (const auto& one : secret_columns) {
    if (!all.contains(one.column)) continue;
    file.what = one.what;
    return file;
  }
  return std::nullopt;
}

std::string_view column_of(Handed what) {
  return secret_columns[static_cast<std::size_t>(what)].column;
}

// The form of what the file's columns say is sent. Nothing where the portal does not send that, or
// by another channel; then `problems` says so.
std::optional<CodeForm> form_of(const MailingFile& file, const CredentialForms& forms,
                                CsvProblems& problems) {
  const bool identifier = file.what == Handed::identifier;
  const bool has = identifier                      ? forms.identifier.has_value()
                   : file.what == Handed::password ? forms.identifier && !forms.roll_number
                                                   : forms.roll_number;
  if (!has) {
    problems.add(1, column_of(file.what), "this portal's voters do not sign in with it");
    return std::nullopt;
  }
  const auto by = identifier ? forms.identifier_by : forms.code_by;
  if (name_of(by) != name_of(file.channel)) {
    problems.add(
        1, address_column(file.channel),
        fmt::format("this portal sends it by {}, not by {}", name_of(by), name_of(file.channel)));
    return std::nullopt;
  }
  return identifier ? *forms.identifier : forms.code;
}

}  // namespace

std::string_view name_of(Handed what) {
  return secret_columns[static_cast<std::size_t>(what)].name;
}

std::optional<Handed> handed(std::string_view name) {
  for (const auto& one : secret_columns) {
    if (one.name == name) return one.what;
  }
  return std::nullopt;
}

Expected<MailingFile> parse_mailing_file(std::string_view csv, const CredentialForms* forms) {
  CsvProblems problems("mailing.file");
  Table table(csv, problems);
  if (!problems.none()) return problems.error();
  auto read = read_columns(table.columns());
  if (!read) {
    problems.add(1, "",
                 "the columns must be identifiant_electeur, courriel or telephone, and one of "
                 "identifiant, mot_de_passe, code_de_vote, as registrar issue writes them");
    return problems.error();
  }
  MailingFile& file = *read;
  const auto form = forms ? form_of(file, *forms, problems) : std::nullopt;
  if (!problems.none()) return problems.error();
  const auto code_column = column_of(file.what);
  std::unordered_set<std::string> voters;
  while (table.next()) {
    MailingLine line;
    line.voter = csv_trimmed(table.cell(voter_column));
    if (!is_roll_identifier(line.voter)) {
      problems.add(table.line(), voter_column, "it is no identifier of a roll");
    } else if (!voters.insert(ascii_lower(line.voter)).second) {
      problems.add(table.line(), voter_column, "this voter stands on an earlier line already");
    }
    auto& written = table.cell(code_column);
    line.code = Secret<std::string>(std::string(csv_trimmed(written)));
    wipe(written.data(), written.size());
    if (line.code.reveal().empty() || (form && !Code::parse(line.code.reveal(), *form))) {
      problems.add(table.line(), code_column, "it is empty, or not of the portal's form");
    }
    auto address = judged(table.cell(address_column(file.channel)), file.channel);
    line.address = std::move(address.address);
    line.unusable = std::move(address.unusable);
    file.lines.push_back(std::move(line));
  }
  if (problems.none() && file.lines.empty()) problems.add(2, "", "the file names no voter");
  if (!problems.none()) return problems.error();
  return std::move(file);
}

Expected<MailingCorrections> parse_mailing_corrections(std::string_view csv,
                                                       const MailingFile& file) {
  CsvProblems problems("mailing.corrections");
  Table table(csv, problems);
  if (!problems.none()) return problems.error();
  const auto column = address_column(file.channel);
  const std::set<std::string_view> named(table.columns().begin(), table.columns().end());
  if (table.columns().size() != 2 || named != std::set<std::string_view>{voter_column, column}) {
    problems.add(1, "", fmt::format("the columns must be {} and {}", voter_column, column));
    return problems.error();
  }
  std::unordered_set<std::string_view> voters;
  for (const auto& line : file.lines) voters.insert(line.voter);
  MailingCorrections corrections;
  while (table.next()) {
    const std::string voter(csv_trimmed(table.cell(voter_column)));
    const auto address = judged(table.cell(column), file.channel);
    if (!voters.contains(voter)) {
      problems.add(table.line(), voter_column, "the mailing has no such voter");
    } else if (!address.unusable.empty()) {
      problems.add(table.line(), column, "it is empty, or nothing can be sent there");
    } else if (!corrections.emplace(voter, address.address).second) {
      problems.add(table.line(), voter_column, "this voter stands on an earlier line already");
    }
  }
  if (!problems.none()) return problems.error();
  return corrections;
}

SymmetricKey mailing_key(const MailingFile& file, const ByteArray<16>& salt) {
  Secret<ByteArray<32>> chain(sha256(as_bytes("isoloir mailing")));
  for (const auto& line : file.lines) {
    Bytes lengths;
    append_u32(lengths, static_cast<std::uint32_t>(line.voter.size()));
    append_u32(lengths, static_cast<std::uint32_t>(line.code.reveal().size()));
    chain = Secret<ByteArray<32>>(
        hmac_sha256(chain.reveal(), {lengths, as_bytes(line.voter), as_bytes(line.code.reveal())}));
  }
  return argon2id(chain.reveal(), salt, argon2_code);
}

}  // namespace isoloir

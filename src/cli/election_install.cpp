// isoloir election install and accounts: what is done on the server.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.hpp"
#include "base/files.hpp"
#include "cli/election.hpp"
#include "cli/screen.hpp"
#include "cli/server.hpp"
#include "cli/typed_code.hpp"
#include "election/csv.hpp"
#include "service/accounts.hpp"
#include "service/identifier.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> in_file(const fs::path& file, const Error& error) {
  return fail(error.code, file.string() + ": " + error.message);
}

// ---- Accounts from a file

constexpr std::array<std::string_view, 4> columns{"identifiant", "mot_de_passe", "question",
                                                  "reponse"};
constexpr std::array<std::string NewAccount::*, 4> fields{
    &NewAccount::voter, &NewAccount::password, &NewAccount::question, &NewAccount::answer};

// Beside them a file may say to whom a line belongs, as the one that is made here does.
constexpr std::string_view address_column = "courriel";

struct Register {
  std::vector<std::string> voters;  // of the roll, by identifier
  std::map<std::string, std::string> addresses;
  std::set<std::string> with_account;
};

Register read_register(State& state) {
  return *state.database().read([](store::Transaction& t) -> Expected<Register> {
    Register result;
    for (const auto& row : t.query("SELECT id, email FROM voter ORDER BY id")) {
      result.voters.push_back(row.text(0));
      result.addresses[row.text(0)] = row.text(1);
    }
    for (const auto& row : t.query("SELECT voter FROM account")) {
      result.with_account.insert(row.text(0));
    }
    return result;
  });
}

struct Header {
  std::array<std::size_t, 4> place{};  // where each of `columns` stands
  std::size_t cells = 0;
};

Header read_header(CsvReader& reader, CsvProblems& problems) {
  Header header;
  if (!reader.next()) {
    problems.add(1, "", reader.broken().empty() ? "the file is empty" : reader.broken());
    return header;
  }
  std::vector<std::string> names;
  for (const auto& cell : reader.cells()) names.push_back(csv_column_name(csv_trimmed(cell)));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), columns[i]);
    if (found == names.end()) problems.add(1, columns[i], "is missing from the header");
    header.place[i] = static_cast<std::size_t>(found - names.begin());
  }
  header.cells = names.size();
  const auto address = std::count(names.begin(), names.end(), address_column);
  if (problems.none() && names.size() != columns.size() + static_cast<std::size_t>(address)) {
    problems.add(
        1, "",
        "the columns are identifiant, mot_de_passe, question, reponse, and courriel or not; "
        "no others");
  }
  return header;
}

std::string_view column_of(std::string_view account_error) {
  if (account_error.starts_with("account.question")) return "question";
  return account_error.starts_with("account.answer") ? "reponse" : "mot_de_passe";
}

Expected<std::vector<NewAccount>> parse_accounts(std::string_view csv, const Register& people) {
  CsvProblems problems("account.file");
  check_csv_encoding(csv, problems);
  if (!problems.none()) return problems.error();
  CsvReader reader(csv, csv_separator(csv));
  const auto header = read_header(reader, problems);
  if (!problems.none()) return problems.error();
  std::vector<NewAccount> accounts;
  std::map<std::string, std::size_t> seen;
  while (reader.next()) {
    const auto cells = reader.cells();
    if (cells.size() == 1 && csv_trimmed(cells[0]).empty()) continue;  // a blank line
    if (cells.size() != header.cells) {
      problems.add(reader.line(), "",
                   fmt::format("{} cells, but the header has {}", cells.size(), header.cells));
      continue;
    }
    NewAccount& account = accounts.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      account.*fields[i] = csv_trimmed(cells[header.place[i]]);
    }
    if (!std::binary_search(people.voters.begin(), people.voters.end(), account.voter)) {
      problems.add(reader.line(), "identifiant", "is not on the roll");
    }
    if (const auto [first, added] = seen.try_emplace(account.voter, reader.line()); !added) {
      problems.add(reader.line(), "identifiant",
                   fmt::format("is the same as on line {}", first->second));
    }
    if (const auto good = check_account(account); !good) {
      problems.add(reader.line(), column_of(good.error().code), good.error().message);
    }
  }
  if (!reader.broken().empty()) problems.add(reader.line(), "", reader.broken());
  if (problems.none() && accounts.empty()) problems.add(1, "", "the file holds no account");
  if (!problems.none()) return problems.error();
  return accounts;
}

// ---- Accounts made here

constexpr std::string_view generated_question =
    "Quelle réponse figure à côté de votre mot de passe ?";

std::vector<NewAccount> generate_accounts(const Register& people, Random& random) {
  const auto word = [&] { return Code::generate(random).normalised(); };
  std::vector<NewAccount> accounts;
  for (const auto& voter : people.voters) {
    if (people.with_account.contains(voter)) continue;
    // 60 bits and 40 bits; "Is-" and "-0" give the classes of characters that every password needs.
    const std::string secret = word(), answer = word();
    accounts.push_back({voter, "Is-" + ascii_lower(secret.substr(0, 12)) + "-0",
                        std::string(generated_question),
                        answer.substr(0, 4) + "-" + answer.substr(4, 4)});
  }
  return accounts;
}

std::string write_accounts(const std::vector<NewAccount>& accounts, const Register& people) {
  std::string csv = fmt::format("{};{}\n", fmt::join(columns, ";"), address_column);
  for (const auto& account : accounts) {
    for (const auto field : fields) {
      append_csv_cell(csv, account.*field, ';');
      csv += ';';
    }
    append_csv_cell(csv, people.addresses.at(account.voter), ';');
    csv += '\n';
  }
  return csv;
}

// All of them or none: whoever is cut short starts again, and no file holds passwords that are
// none.
Status make_accounts(State& state, const std::vector<NewAccount>& accounts) {
  return create_accounts(state, accounts, [&](std::size_t done) {
    if (done % 1000 == 0) fmt::print(stderr, "{} of {} accounts\n", done, accounts.size());
  });
}

fs::path partial_of(const fs::path& file) {
  return fs::path(file) += ".partial";
}

// What a run that was killed left: the passwords of accounts that were made, and the file takes its
// name; or of none, and it is removed.
bool take_up_partial(const fs::path& file, const Register& people) {
  const auto partial = partial_of(file);
  const auto csv = fs::exists(partial) ? read_file(partial) : Expected<std::string>("");
  const auto accounts =
      csv ? parse_accounts(*csv, people) : Expected<std::vector<NewAccount>>(fail(csv.error()));
  if (accounts && people.with_account.contains(accounts->front().voter)) {
    fs::rename(partial, file);
    return true;
  }
  fs::remove(partial);
  return false;
}

Status accounts_have_place(const fs::path& file) {
  if (!fs::exists(fs::symlink_status(file))) return {};
  return fail("election.out", file.string() + " exists already; nothing was changed");
}

// The file takes its name when the accounts are there.
Status generate_into(State& state, const Register& people, const fs::path& file,
                     const std::vector<NewAccount>& accounts) {
  const auto partial = partial_of(file);
  write_file(partial, write_accounts(accounts, people), FileMode::secret);
  if (auto made = make_accounts(state, accounts); !made) {
    fs::remove(partial);
    return made;
  }
  fs::rename(partial, file);
  return {};
}

}  // namespace

Expected<std::string> run_install(const InstallOptions& options) {
  SystemClock clock;
  SystemRandom random;
  const StatePaths paths{options.state};
  if (!options.accounts.empty()) {
    if (auto free = accounts_have_place(options.accounts); !free) return fail(free.error());
  }
  std::optional<StateLock> lock;  // of the state that may have to make room
  if (fs::exists(paths.database())) {
    auto taken = StateLock::take(paths.folder);
    if (!taken) return fail(taken.error());
    lock.emplace(std::move(*taken));
  }
  const auto files = read_sealed_files(options.folder);
  if (!files) return fail(files.error());
  const auto sealing = check_installable(paths, *files, booth_assets(), clock);
  if (!sealing) return fail(sealing.error());
  const auto& manifest = sealing->manifest;
  const auto districts = districts_per_contest(manifest.contests);
  const auto csv = read_file(options.roll);
  if (!csv) return fail(csv.error());
  const auto keys = read_import(options.import, manifest.election_id, districts);
  if (!keys) return fail(keys.error());
  const bool by_identifier = have_identifiers(*keys);
  if (by_identifier && !options.accounts.empty()) {
    return fail("account.use", "voters sign in with an identifier here: they have no accounts");
  }
  const auto roll =
      parse_roll(*csv, districts, by_identifier ? RollAddress::optional : RollAddress::signs_in);
  if (!roll) return in_file(options.roll, roll.error());
  const auto installed =
      install_election(paths, {*files, booth_assets(), *roll, *keys}, clock, random);
  if (!installed) return fail(installed.error());
  std::string said = both(fmt::format("Élection installée dans {} : {} électeurs.",
                                      options.state.string(), roll->voters.size()),
                          fmt::format("Election installed in {}: {} voters.",
                                      options.state.string(), roll->voters.size())) +
                     both("Empreinte :", "Fingerprint:") + "    " +
                     in_groups(sealing->fingerprint) + "\n" +
                     both("Clé des liens, hors de toute sauvegarde : " + paths.link_key().string(),
                          "Link key, kept out of every back-up: " + paths.link_key().string()) +
                     both("Détruisez maintenant " + options.import.string() +
                              " ici ; qui a fait les codes garde le sien sous clé jusqu'à "
                              "l'ouverture, puis le détruit.",
                          "Now destroy " + options.import.string() +
                              " here; the registrar keeps hers under lock until the opening, then "
                              "destroys it.");
  if (lock) {
    said +=
        both(fmt::format("L'élection du sceau rompu est gardée à côté, sans sa clé des liens, dont "
                         "la copie sous séquestre est à remplacer. Comptes repris : {}.",
                         *installed),
             fmt::format("The election of the broken seal is kept beside, without its link key, "
                         "whose escrow is to be replaced. Accounts carried over: {}.",
                         *installed));
  }
  if (by_identifier) return said + both("Suite : serve.", "Next: serve.");
  if (options.accounts.empty()) {
    return said + both("Suite : les comptes (election accounts), puis serve.",
                       "Next: the accounts (election accounts), then serve.");
  }
  const auto accounts = run_accounts({options.state, {}, options.accounts});
  if (!accounts) {
    std::fputs(said.c_str(), stdout);
    return fail(accounts.error().code, "the election is installed, but " +
                                           accounts.error().message +
                                           "; make the accounts with `election accounts`");
  }
  return said + *accounts + both("Suite : serve.", "Next: serve.");
}

Expected<std::string> run_accounts(const AccountOptions& options) {
  if (options.from.empty() == options.generate.empty()) {
    return fail("account.use", "name a file after --from or after --generate");
  }
  SystemClock clock;
  SystemRandom random;
  const auto state = State::open({options.state}, clock, random);
  if (!state) return fail(state.error());
  const Register people = read_register(**state);
  std::vector<NewAccount> accounts;
  if (options.generate.empty()) {
    const auto csv = read_file(options.from);
    if (!csv) return fail(csv.error());
    auto parsed = parse_accounts(*csv, people);
    if (!parsed) return in_file(options.from, parsed.error());
    accounts = std::move(*parsed);
  } else {
    if (auto free = accounts_have_place(options.generate); !free) return fail(free.error());
    if (take_up_partial(options.generate, people)) {
      return both("Les comptes étaient faits ; voici leur fichier.",
                  "The accounts had been made; here is their file.");
    }
    accounts = generate_accounts(people, random);
    if (accounts.empty()) {
      return both("Tous les électeurs ont déjà un compte : aucun fichier n'est écrit.",
                  "Every voter has an account already: no file is written.");
    }
  }
  const auto made = options.generate.empty()
                        ? make_accounts(**state, accounts)
                        : generate_into(**state, people, options.generate, accounts);
  if (!made) return fail(made.error());
  std::set<std::string> all = people.with_account;
  for (const auto& account : accounts) all.insert(account.voter);
  return both(fmt::format("Comptes écrits : {} ; électeurs qui en ont un : {} sur {}.",
                          accounts.size(), all.size(), people.voters.size()),
              fmt::format("Accounts written: {}; voters with one: {} of {}.", accounts.size(),
                          all.size(), people.voters.size()));
}

}  // namespace isoloir::cli

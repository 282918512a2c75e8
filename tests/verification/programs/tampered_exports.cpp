// Writes good and tampered exports for whoever writes a verifier: tampered_exports OUTDIR, with
// --seed N others of the same kinds, with --of-each-check N the good ones and so many tampered ones
// of each check, with --case NAME... those alone; or one good export with many ballots: --large
// BALLOTS OPTIONS. Of each case OUTDIR/<good|tampered>-<name>/ holds export/, case.json and the
// anchors that it names: {"name", "check": number or null, "only": no other check refuses it,
// "what", "anchors": {"fingerprint": hex, "checkpoint": file, "receipts": folder}, each only where
// it is given}.
#include "verification/tampered_exports.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

namespace isoloir {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << content;
  if (!out.flush()) throw std::runtime_error(file.string() + " cannot be written");
}

void write_case(const fs::path& folder, const test::ExportCase& one, const test::MadeExport& made) {
  made.write(folder / "export");
  Json anchors = Json::object();
  if (made.fingerprint) anchors["fingerprint"] = hex_encode(made.fingerprint->bytes);
  if (made.checkpoint) {
    anchors["checkpoint"] = "checkpoint";
    write(folder / "checkpoint", *made.checkpoint);
  }
  for (const auto& [name, text] : made.receipts) {
    anchors["receipts"] = "receipts";
    write(folder / "receipts" / name, text);
  }
  write(folder / "case.json", canonical_json({{"name", one.name},
                                              {"check", one.check ? Json(*one.check) : Json()},
                                              {"only", one.only},
                                              {"what", one.what},
                                              {"anchors", std::move(anchors)}}));
}

using Wanted = std::function<bool(const test::ExportCase&)>;

int run(const fs::path& folder, std::uint64_t seed, const Wanted& wanted) {
  const test::Workshop workshop(seed);
  std::size_t made = 0;
  for (const auto& one : test::export_cases()) {
    if (!wanted(one)) continue;
    write_case(folder / one.folder(), one, one.make(workshop));
    ++made;
  }
  std::printf("%zu of %zu exports\n", made, test::export_cases().size());
  return made == 0 ? 1 : 0;
}

// All the good ones, and so many tampered ones of each check.
Wanted of_each_check(std::size_t number) {
  return [number, made = std::map<int, std::size_t>()](const test::ExportCase& one) mutable {
    return !one.check || ++made[*one.check] <= number;
  };
}

Wanted named(std::set<std::string> names) {
  return
      [names = std::move(names)](const test::ExportCase& one) { return names.contains(one.name); };
}

}  // namespace
}  // namespace isoloir

int main(int count, char** arguments) {
  const std::string_view option = count > 2 ? arguments[2] : "";
  const bool large = option == "--large" && count == 5;
  const bool known = count == 2 || large || (option == "--case" && count > 3) ||
                     ((option == "--seed" || option == "--of-each-check") && count == 4);
  if (!known) {
    std::fprintf(stderr,
                 "usage: tampered_exports OUTDIR [--seed N | --of-each-check N | --case NAME... | "
                 "--large BALLOTS OPTIONS]\n");
    return 2;
  }
  const std::string folder = arguments[1];
  if (isoloir::fs::exists(folder) && !isoloir::fs::is_empty(folder)) {
    std::fprintf(stderr, "tampered_exports: %s is not empty\n", folder.c_str());
    return 2;
  }
  if (large) {
    isoloir::test::large_export(std::stoull(arguments[3]), std::stoull(arguments[4])).write(folder);
    return 0;
  }
  const auto all = [](const auto&) { return true; };
  constexpr std::uint64_t usual_seed = 2026;
  if (option == "--seed") return isoloir::run(folder, std::stoull(arguments[3]), all);
  if (option == "--of-each-check") {
    return isoloir::run(folder, usual_seed, isoloir::of_each_check(std::stoull(arguments[3])));
  }
  if (option == "--case") {
    return isoloir::run(folder, usual_seed, isoloir::named({arguments + 3, arguments + count}));
  }
  return isoloir::run(folder, usual_seed, all);
}

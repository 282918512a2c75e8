// Writes good and tampered exports for whoever writes a verifier: tampered_exports OUTDIR [--seed
// N], all the good ones and some tampered ones: tampered_exports OUTDIR --of-each-check N, or one
// good export with many ballots: tampered_exports OUTDIR --large BALLOTS OPTIONS. Of each case
// OUTDIR/<good|tampered>-<name>/ holds export/, case.json and the anchors that it names:
// {"name", "check": number or null, "only": no other check refuses it, "what", "anchors":
// {"fingerprint": hex, "checkpoint": file, "receipts": folder}, each only where it is given}.
#include "verification/tampered_exports.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

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

int run(const fs::path& folder, std::uint64_t seed, std::size_t of_each_check) {
  const test::Workshop workshop(seed);
  std::map<int, std::size_t> made;
  std::size_t all = 0;
  for (const auto& one : test::export_cases()) {
    if (one.check && ++made[*one.check] > of_each_check) continue;
    write_case(folder / one.folder(), one, one.make(workshop));
    ++all;
  }
  std::printf("%zu of %zu exports\n", all, test::export_cases().size());
  return 0;
}

}  // namespace
}  // namespace isoloir

int main(int count, char** arguments) {
  const bool seeded = count == 4 && std::string_view(arguments[2]) == "--seed";
  const bool some = count == 4 && std::string_view(arguments[2]) == "--of-each-check";
  const bool large = count == 5 && std::string_view(arguments[2]) == "--large";
  if (count != 2 && !seeded && !some && !large) {
    std::fprintf(stderr,
                 "usage: tampered_exports OUTDIR [--seed N | --of-each-check N | --large BALLOTS "
                 "OPTIONS]\n");
    return 2;
  }
  if (isoloir::fs::exists(arguments[1]) && !isoloir::fs::is_empty(arguments[1])) {
    std::fprintf(stderr, "tampered_exports: %s is not empty\n", arguments[1]);
    return 2;
  }
  if (large) {
    isoloir::test::large_export(std::stoull(arguments[3]), std::stoull(arguments[4]))
        .write(arguments[1]);
    return 0;
  }
  return isoloir::run(arguments[1], seeded ? std::stoull(arguments[3]) : 2026,
                      some ? std::stoull(arguments[3]) : std::size_t(-1));
}

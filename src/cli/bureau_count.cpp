// The count by the bureau: either with the holders' private files at hand (the practice of one
// machine), or by files alone that holders made on machines of their own.
#include <fmt/format.h>

#include <cstdio>

#include "base/files.hpp"
#include "cli/bureau_desk.hpp"
#include "cli/result_words.hpp"
#include "cli/screen.hpp"
#include "cli/tally_words.hpp"
#include "crypto/hash.hpp"
#include "service/count.hpp"
#include "service/export.hpp"
#include "service/freeze.hpp"
#include "verification/verification.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;

Status await_freeze(Desk& desk) {
  const auto phases = phases_of(*desk.state);
  const auto due = [&] {
    const auto standing = standing_of(*desk.state);
    return phases.grace_ends_at &&
           (standing.inside == 0 || desk.state->now() >= *phases.grace_ends_at);
  };
  if (desk.ask(frozen_and_logged) || (due() && desk.wait_for(frozen_and_logged))) return {};
  say_next(desk, standing_of(*desk.state));
  return fail("count.not_frozen", "the box is not sealed yet");
}
namespace {

std::string last_checkpoint(State& state) {
  return *state.database().read([](store::Transaction& t) -> Expected<std::string> {
    return t.query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").at(0).text(0);
  });
}

void say_what_is_opened(Desk& desk, const Tally& tally) {
  const auto events = *desk.state->database().read(
      [](store::Transaction& t) -> Expected<std::vector<SignedDocument>> {
        return read_events(t);
      });
  say_tally(desk.state->manifest(), tally, events,
            [&](const std::string& french, const std::string& english) {
              desk.screen.say(french, english);
            });
}

// Nothing is ever decrypted that was not verified: all proofs of all ballots and the bijection,
// from an export.
Status verify_before_the_count(Desk& desk, const Tally& tally) {
  desk.screen.say("Vérification de l'urne…", "Verifying the box…");
  std::fflush(stdout);
  const fs::path folder =
      desk.state->paths().folder / ("check-" + hex_encode(desk.random.array<8>()));
  struct Remove {
    const fs::path& folder;
    ~Remove() {
      std::error_code ignored;
      fs::remove_all(folder, ignored);
    }
  } remove{folder};
  if (auto cosigned = desk.await_witnesses(); !cosigned) return cosigned;
  if (auto written = write_export(*desk.state, folder); !written) return written;
  const auto reader = ExportReader::of_folder(folder);
  if (!reader) return fail(reader.error());
  const auto link_key = desk.state->held_link_key();
  if (!link_key) return fail("count.link_key", "the link key has been destroyed");
  Anchors anchors;
  anchors.fingerprint = desk.state->fingerprint();
  anchors.checkpoint = last_checkpoint(*desk.state);
  const auto checked = verify_before_count(*reader, anchors, link_key->receipt_key());
  if (!checked) return fail("bureau.verification", checked.error().message);
  ISOLOIR_ASSERT(checked->tally.hash == tally.hash);
  return {};
}

Status open_counts(Desk& desk, const Tally& tally, const std::vector<Present>& present) {
  const auto& bureaus = desk.state->manifest().bureaus;
  for (std::uint32_t b = 0; b < bureaus.size(); ++b) {
    if (standing_of(*desk.state).counted[b]) continue;
    std::vector<const KeyPair*> keys;
    for (const auto& one : present) {
      if (one.place.bureau == b) keys.push_back(&one.file.state.signing());
    }
    if (keys.empty()) continue;
    if (const auto posted = open_count(*desk.state, tally, b, keys); !posted) {
      say_opening_rule(desk.screen, bureaus[b]);
      return fail(posted.error());
    }
  }
  return desk.settle();
}

// The private file has been bound to this tally, and written so.
Status give_shares(Desk& desk, const Tally& tally, const Present& one) {
  const auto& holder = one.file.state;
  const auto b = one.place.bureau;
  if (!standing_of(*desk.state).counted[b]) return {};
  if (auto opened = count_opened(*desk.state, tally, b); !opened) return opened;
  const auto path = export_path::shares(b, one.place.group, one.place.index);
  const bool given = desk.ask([&](store::Transaction& t) {
    return !t.query("SELECT 1 FROM public_file WHERE path = $1", {path}).empty();
  });
  if (given) return {};
  const auto shares = make_shares(desk.state->manifest(), tally, b, holder, desk.random);
  if (!shares) return fail(shares.error());
  const auto imported = import_shares(*desk.state, tally, *shares);
  if (!imported) return fail(imported.error());
  desk.screen.say("Parts de déchiffrement de " + one.place.name + ".",
                  "Decryption shares of " + one.place.name + ".");
  return {};
}

// "K:OPTION,OPTION…"
Expected<Lots> parse_lots(const std::vector<std::string>& texts) {
  Lots lots;
  for (const auto& text : texts) {
    std::vector<std::uint32_t> numbers;
    std::uint64_t number = 0;
    bool digits = false;
    for (const char c : text + ",") {
      if (c >= '0' && c <= '9' && number < 1'000'000) {
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
        digits = true;
      } else if (digits && c == (numbers.empty() ? ':' : ',')) {
        numbers.push_back(static_cast<std::uint32_t>(number));
        number = 0;
        digits = false;
      } else {
        return fail("bureau.lots", "a lot is written CONTEST:OPTION,OPTION");
      }
    }
    lots[numbers.front()].assign(numbers.begin() + 1, numbers.end());
  }
  return lots;
}

void say_results(const Screen& screen, const Manifest& manifest, const Json& result) {
  const auto say = [&](const auto& french, const auto& english) { screen.say(french, english); };
  for (const auto& counted : result["contests"]) {
    const auto k = counted["contest"].get<std::size_t>();
    say_result(manifest.contests.at(k), counted, say);
    if (!counted.contains("seats") || counted["seats"]["ties"].empty()) continue;
    screen.say(fmt::format("  Tirage au sort, puis count --lot {}:…", k),
               fmt::format("  Draw lots, then count --lot {}:…", k));
  }
}

Status import_attestations(Desk& desk, const Tally& tally, const std::vector<std::string>& paths) {
  Attestations attestations(*desk.state, tally);
  for (const auto& path : paths) {
    auto taken = take_file(path, [&](const std::string& text) { return attestations.add(text); });
    if (!taken) return taken;
  }
  for (const auto& [bureau, document] : attestations.by_bureau()) {
    const auto opened = post_event(*desk.state, document);
    if (!opened) {
      say_opening_rule(desk.screen, desk.state->manifest().bureaus[bureau]);
      return fail(opened.error());
    }
    const auto signers = std::to_string(document.signers().size());
    desk.screen.say("Dépouillement ouvert par " + signers + " membres.",
                    "Count opened by " + signers + " members.");
  }
  return desk.settle();
}

Status import_share_files(Desk& desk, const Tally& tally, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    auto taken = take_file(path, [&](const std::string& text) -> Status {
      const auto imported = import_shares(*desk.state, tally, text);
      if (!imported) return fail(imported.error());
      if (!imported->left_out.empty()) return fail(imported->left_out, "kept, left out as wrong");
      desk.screen.say("Parts de déchiffrement reçues : " + imported->path,
                      "Decryption shares received: " + imported->path);
      return {};
    });
    if (!taken) return taken;
  }
  return {};
}

Status count_by_holders(Desk& desk, const Tally& tally, const BureauOptions& options) {
  auto present = who_is_present(desk, options);
  if (!present) return fail(present.error());
  if (auto good = verify_before_the_count(desk, tally); !good) return good;
  for (auto& one : *present) {
    if (auto bound = one.file.bind(tally.hash, desk.random); !bound) return bound;
  }
  if (auto opened = open_counts(desk, tally, *present); !opened) return opened;
  for (const auto& one : *present) {
    if (auto given = give_shares(desk, tally, one); !given) return given;
  }
  return {};
}

// Holders' machines have verified; what they send is judged as it comes in.
Status count_by_files(Desk& desk, const Tally& tally, const BureauOptions& options) {
  if (auto opened = import_attestations(desk, tally, options.attestations); !opened) return opened;
  return import_share_files(desk, tally, options.shares);
}

bool lies_in(const fs::path& file, const fs::path& folder) {
  auto base = fs::weakly_canonical(fs::absolute(folder));
  if (!base.has_filename()) base = base.parent_path();  // typed with a slash at its end
  const auto within = fs::weakly_canonical(fs::absolute(file)).lexically_relative(base);
  return !within.empty() && *within.begin() != "..";
}

}  // namespace

Status run_prepare_count(Desk& desk, const BureauOptions& options) {
  if (lies_in(options.receipts_key, options.export_folder)) {
    return fail("bureau.receipts_key", options.receipts_key + " is inside the folder " +
                                           options.export_folder +
                                           ", whose export others than the holders may see");
  }
  if (auto frozen = await_freeze(desk); !frozen) return frozen;
  if (standing_of(*desk.state).has_result) {
    return fail("count.has_result", "there is a result already: nothing is left to prepare");
  }
  if (auto settled = desk.settle(); !settled) return settled;
  const auto link_key = desk.state->held_link_key();
  const auto tally = prepare_count(*desk.state);
  if (!tally || !link_key) return fail(tally.error());
  const fs::path folder = options.export_folder;
  if (auto cosigned = desk.await_witnesses(); !cosigned) return cosigned;
  if (auto written = write_export(*desk.state, folder / "export"); !written) return written;
  const auto drafts = draft_counts(*desk.state, *tally);
  for (const auto& [bureau, text] : drafts) {
    write_file(folder / fmt::format("count-{}.json", bureau), text, FileMode::shared);
  }
  link_key->receipt_key().write(options.receipts_key);
  say_what_is_opened(desk, *tally);
  desk.screen.say(fmt::format("Export avant dépouillement : {}/export. Clé des preuves, pour les "
                              "détenteurs seuls, à détruire à la clôture : {}",
                              folder.string(), options.receipts_key),
                  fmt::format("Export before the count: {}/export. Receipt key, for the holders "
                              "alone, to be destroyed at the close: {}",
                              folder.string(), options.receipts_key));
  if (drafts.empty()) {
    desk.screen.say(
        "Chaque détenteur fait ses parts : isoloir trustee share ; puis ici : count --shares "
        "FICHIER.",
        "Each holder makes its shares: isoloir trustee share; then here: count --shares FILE.");
  } else {
    desk.screen.say(
        "Chaque détenteur vérifie et signe sur sa machine : isoloir trustee attest ; puis ici : "
        "count --attestation FICHIER, une fois par signataire.",
        "Each holder verifies and signs on a machine of its own: isoloir trustee attest; then "
        "here: count --attestation FILE, once for each who signed.");
  }
  return {};
}

Status run_count(Desk& desk, const BureauOptions& options) {
  const auto lots = parse_lots(options.lots);
  if (!lots) return fail(lots.error());
  const bool by_files = !options.attestations.empty() || !options.shares.empty();
  const bool by_holders = options.practice || !options.holders.empty();
  if (by_files && by_holders) {
    return fail("bureau.holders", "either holders' private files or what they made, not both");
  }
  if (auto frozen = await_freeze(desk); !frozen) return frozen;
  const bool to_the_end = !options.export_folder.empty();
  if (to_the_end && !by_holders) {
    return fail("bureau.holders", "--export closes the count too: give the holders' private files");
  }
  if (to_the_end) {
    if (auto free = export_has_place(options.export_folder); !free) return free;
  }
  const auto before = standing_of(*desk.state);
  if (!by_files && !by_holders && !before.has_result) {
    say_next(desk, before);
    return fail("bureau.holders",
                "no attestation, no shares and no holder's private file is given");
  }
  const auto tally = prepare_count(*desk.state);
  if (!tally) return fail(tally.error());
  if (!before.has_result) say_what_is_opened(desk, *tally);
  if (by_holders) {
    if (auto done = count_by_holders(desk, *tally, options); !done) return done;
  } else if (auto done = count_by_files(desk, *tally, options); !done) {
    return done;
  }
  const auto result = finish_count(*desk.state, *tally, *lots);
  if (!result) {
    const auto& code = result.error().code;
    const bool more_to_come = code == "count.threshold" || code == "count.not_opened";
    if (more_to_come) say_next(desk, standing_of(*desk.state));
    if (!more_to_come || !by_files) return fail(result.error());
    return {};
  }
  say_results(desk.screen, desk.state->manifest(), *parse_json(*result));
  const auto digest = in_groups(sha256(as_bytes(*result)));
  desk.screen.say("SHA-256 du résultat : " + digest, "SHA-256 of the result: " + digest);
  if (to_the_end && !standing_of(*desk.state).tied) return run_close_count(desk, options);
  say_next(desk, standing_of(*desk.state));
  return {};
}

Status export_to(Desk& desk, const std::string& folder) {
  if (auto settled = desk.settle(); !settled) return settled;
  if (auto cosigned = desk.await_witnesses(); !cosigned) return cosigned;
  if (auto written = write_export(*desk.state, folder); !written) return written;
  const auto fingerprint = hex_encode(desk.state->fingerprint().bytes);
  desk.screen.say("Export écrit dans " + folder +
                      ". Pour vérifier, avec le point de contrôle du procès-verbal :",
                  "Export written to " + folder + ". To verify it, with the minutes' checkpoint:");
  std::puts(
      ("  isoloir verify " + folder + " --fingerprint " + fingerprint + " --checkpoint CHECKPOINT")
          .c_str());
  return {};
}

Status run_export(Desk& desk, const BureauOptions& options) {
  return export_to(desk, options.export_folder);
}
}  // namespace isoloir::cli

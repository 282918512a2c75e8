// isoloir witness: a key, and following the log of an election from anywhere.
#include <cstdio>
#include <memory>

#include "base/files.hpp"
#include "base/unicode.hpp"
#include "cli/anchors.hpp"
#include "cli/bureau_desk.hpp"
#include "cli/commands.hpp"
#include "cli/witness_watch.hpp"
#include "http/fetch.hpp"

namespace isoloir::cli {
namespace {

constexpr std::size_t key_file_bytes = 4096;

struct WitnessOptions : WatchOptions {
  std::string name;  // of a new key
  std::filesystem::path out;
  std::filesystem::path key;
  std::filesystem::path state;
  bool first = false;
};

// A state that is missing by mistake must not pass for a witness that has signed nothing yet.
Status check_state(const WitnessOptions& options, const std::optional<WitnessMemory>& memory,
                   const Witness& witness) {
  const auto state = options.state.string();
  if (!memory && !options.first) {
    return fail("witness.no_state", state +
                                        ": there is no state here; for a witness that has never "
                                        "followed this log before, say --first");
  }
  if (memory && options.first) {
    return fail("witness.not_first", state + ": there is a state here; go on without --first");
  }
  if (memory && memory->witness != witness.vkey()) {
    return fail("witness.other_key",
                state + ": this is the state of another key, " + printable(memory->witness));
  }
  return {};
}

int run_witness(const WitnessOptions& options) {
  block_stop_signals();
  const Screen screen(options.language == "en");
  const auto refuse = [&](const Error& error) {
    say_refusal(screen, "witness", error);
    return exit_bad_use;
  };
  if (options.url.empty() || options.key.empty() || options.state.empty()) {
    return refuse({"witness.use", "an address, --key and --state are needed", {}});
  }
  if (!is_fetchable(options.url)) {
    return refuse({"fetch.address", options.url + ": this is no https:// address", {}});
  }
  WatchOptions watched = options;
  if (!options.fingerprint.empty()) {
    const auto fingerprint = read_fingerprint(options.fingerprint);
    if (!fingerprint) {
      return refuse(
          {"anchor.form", "a fingerprint is 64 hexadecimal digits, in groups or not", {}});
    }
    watched.fingerprint = hex_encode(fingerprint->bytes);
  }
  auto text = read_file(options.key, key_file_bytes);
  if (!text) return refuse({"witness.key", text.error().message, {}});
  auto key = WitnessKey::parse(*text);
  wipe(text->data(), text->size());
  if (!key) {
    return refuse({"witness.key", options.key.string() + ": this is no key of a witness", {}});
  }
  auto file = WitnessState::take(options.state);
  if (!file) return refuse(file.error());
  auto memory = file->read();
  if (!memory) return refuse(memory.error());
  if (const auto fits = check_state(options, *memory, key->witness); !fits) {
    return refuse(fits.error());
  }
  return watch_log(watched, std::move(*key), std::move(*file), std::move(*memory));
}

int run_witness_key(const WitnessOptions& options) {
  const Screen screen(options.language == "en");
  SystemRandom random;
  const auto refuse = [&](const std::string& why) {
    say_refusal(screen, "witness key", {"witness.key", why, {}});
    return exit_bad_use;
  };
  const auto key = WitnessKey::of(options.name, Ed25519KeyPair::generate(random));
  if (!key) return refuse("a witness's name is printable ASCII without spaces and '+'");
  if (const auto written = write_stick_file(options.out, key->text().reveal(), false, random);
      !written) {
    return refuse(written.error().message);
  }
  screen.say("Clé du témoin, pour [witnesses] keys du portal.toml :",
             "Key of the witness, for [witnesses] keys of portal.toml:");
  std::puts(key->witness.vkey().c_str());
  return std::fflush(stdout) == 0 ? exit_stopped : exit_trouble;
}

}  // namespace

void add_witness(Command app) {
  const auto options = std::make_shared<WitnessOptions>();
  const Command witness =
      app.add("witness", "Follow an election's log from anywhere, and cosign what only grows");
  const auto say_language = [options](const Command& command) {
    command.option("--lang", options->language, "fr or en").one_of({"fr", "en"});
  };
  const Command key =
      witness.add("key", "Make a witness's key; its public half goes into the draft");
  key.option("name", options->name, "of the witness, like witness.example.org/2026").required();
  key.option("--out", options->out, "new file for the private key").required();
  say_language(key);
  key.runs([options] { return run_witness_key(*options); });

  witness.option("url", options->url, "address of the portal, https://…");
  witness.option("--key", options->key, "the witness's private key");
  witness.option("--state", options->state,
                 "where it keeps what it has seen; one file for one log");
  witness.option("--manifest", options->fingerprint, "fingerprint from the minutes of the sealing");
  witness.option("--every", options->every, "seconds between two looks").between(1u, 3600u);
  witness.flag("--first", options->first,
               "this key has never followed this log: begin a new state file");
  witness.flag("--once", options->once, "look once, then end");
  say_language(witness);
  witness.runs([options] { return run_witness(*options); });
}

}  // namespace isoloir::cli

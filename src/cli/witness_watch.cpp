#include "cli/witness_watch.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "base/files.hpp"
#include "cli/bureau_desk.hpp"
#include "cli/witness_source.hpp"

namespace isoloir::cli {
namespace {

// SIGINT and SIGTERM, which are blocked: they come when they are asked for, and stay.
class StopSignal {
 public:
  bool came() { return came_within(0); }
  bool came_within(std::int64_t ms) {
    if (came_) return true;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    came_ = sigtimedwait(&set, nullptr, &time) > 0;
    return came_;
  }

 private:
  bool came_ = false;
};

// One witness of one election. One thread.
class Watch {
 public:
  Watch(const WatchOptions& options, WitnessKey key, WitnessState file,
        std::optional<WitnessMemory> memory)
      : options_(options),
        screen_(options.language == "en"),
        source_(options.url, [this] { return stop_.came(); }),
        key_(std::move(key)),
        file_(std::move(file)),
        memory_(std::move(memory)) {}

  int run() {
    if (memory_ && memory_->fork) return alarm();
    for (;;) {
      const auto done = round();
      if (memory_ && memory_->fork) return alarm();
      if (!done && is_final(done.error().code)) {
        say_refusal(screen_, "witness", done.error());
        return exit_bad_use;
      }
      if (!done && done.error().code == "fetch.abandoned") {
        return options_.once ? exit_trouble : exit_stopped;
      }
      say_trouble(done);
      std::fflush(stdout);
      if (options_.once) return done ? exit_stopped : exit_trouble;
      if (stop_.came_within(ms_to_next_look(clock_.now(), options_.every))) return exit_stopped;
    }
  }

 private:
  static bool is_final(std::string_view code) {
    return code == "witness.other_election" || code == "witness.cosigned_before" ||
           code == "fetch.address" || code == "manifest.form" || code == "manifest.version";
  }

  Status round() {
    unjudged_ = unsent_ = false;
    if (log_path_.empty()) {
      if (auto known = learn_election(); !known) return known;
    }
    const auto note = source_.get(log_path_ + "/checkpoint", limits::witness_checkpoint_bytes);
    if (!note) return fail(note.error());
    if (!stale_.empty() && *note == stale_) return told_stale_;
    if (auto fresh = check_never_cosigned(*note); !fresh) return fresh;
    const auto before = memory_->note;
    const auto followed = follow(*memory_, *note, clock_.now(), [this](const std::string& path) {
      return source_.get(log_path_ + "/" + path, limits::witness_tile_bytes);
    });
    // What is cosigned is on the disk first: after a power cut the log is asked to go on from it.
    if (memory_->fork || memory_->note != before) file_.write(*memory_);
    if (!followed) {
      keep_in_mind(*note, followed);
      return followed;
    }
    return cosign_newest(*note);
  }
  // Without memory, and yet it has signed: a lost state, and it could sign another history now.
  Status check_never_cosigned(const std::string& newest) {
    if (!memory_->note.empty()) return {};
    const auto witnessed =
        source_.get(log_path_ + "/checkpoint-witnessed", limits::witness_checkpoint_bytes);
    if (!witnessed && witnessed.error().code != "witness.absent") return fail(witnessed.error());
    for (const auto& note : {newest, witnessed ? *witnessed : std::string()}) {
      if (!open_checkpoint(note, memory_->origin, memory_->log_key)) continue;
      if (cosignatures_of(note, {key_.witness})[0].empty()) continue;
      return fail("witness.cosigned_before",
                  "this key has already cosigned this log: bring its state file");
    }
    return {};
  }
  // Of a checkpoint that shows fewer entries than were seen. One known as old is not judged from
  // all the tiles again every ten seconds; one that cannot be judged may be evidence.
  void keep_in_mind(const std::string& note, const Status& followed) {
    if (memory_->fork || followed.error().code == "fetch.abandoned") return;
    if (followed.error().code == "follow.stale") {
      stale_ = note;
      told_stale_ = followed;
      return;
    }
    const auto shown = open_checkpoint(note, memory_->origin, memory_->log_key);
    if (!shown || shown->size >= memory_->tree.size()) return;
    file_.keep_aside(
        moment(clock_.now(), web::Language::english) + by_clock + ", " + followed.error().code,
        memory_->note, note);
    unjudged_ = true;
  }

  // The manifest says whose log this is and who may cosign it.
  Status learn_election() {
    const auto text = source_.get("/election/manifest.json", limits::witness_manifest_bytes);
    if (!text) return fail(text.error());
    const auto manifest = Manifest::parse(*text);
    if (!manifest) return fail(manifest.error());
    if (auto trusted = check_anchors(*manifest); !trusted) return trusted;
    if (!memory_) {
      WitnessMemory fresh;
      fresh.fingerprint = manifest->fingerprint();
      fresh.origin = manifest->log_origin;
      fresh.log_key = manifest->checkpoint_key;
      fresh.witness = key_.witness.vkey();
      memory_ = std::move(fresh);
      if (options_.fingerprint.empty()) say_first_use();
    }
    const auto named = parse_witnesses(manifest->witnesses);
    named_ = std::any_of(named.begin(), named.end(),
                         [&](const Witness& w) { return w.vkey() == key_.witness.vkey(); });
    if (!named_) {
      screen_.say(
          "Cette élection ne nomme pas votre clé : le journal est suivi, rien n'est envoyé.",
          "This election does not name your key: its log is followed, nothing is sent.");
    }
    log_path_ = manifest->log_path();
    return {};
  }

  Status check_anchors(const Manifest& manifest) const {
    const auto fingerprint = manifest.fingerprint();
    if (!options_.fingerprint.empty() && options_.fingerprint != hex_encode(fingerprint.bytes)) {
      return fail("witness.other_election", "the election served there has the fingerprint " +
                                                hex_encode(fingerprint.bytes) +
                                                ", not the one given");
    }
    if (memory_ &&
        (memory_->fingerprint.bytes != fingerprint.bytes ||
         memory_->origin != manifest.log_origin || memory_->log_key != manifest.checkpoint_key)) {
      return fail("witness.other_election",
                  "another election is served there than the one that this file has followed");
    }
    return {};
  }

  Status cosign_newest(const std::string& note) {
    const auto body = note.substr(0, note.rfind("\n\n") + 1);
    if (!named_) {
      if (body != seen_) say_newest("Vu", "Seen");
      seen_ = body;
      return {};
    }
    if (!cosignatures_of(note, {key_.witness})[0].empty()) return {};
    const auto seconds = static_cast<std::uint64_t>(wall_clock_seconds());
    const auto sent =
        source_.post(log_path_ + "/cosignature", body + "\n" + cosign(body, key_, seconds));
    if (!sent) {
      unsent_ = true;
      return sent;
    }
    say_newest("Cosigné", "Cosigned");
    return {};
  }
  void say_newest(const char* french, const char* english) const {
    const auto size = memory_->tree.size();
    const auto root = in_groups(memory_->tree.root());  // as minutes and count say it
    screen_.say(fmt::format("{} : {} entrées, racine {}", french, size, root),
                fmt::format("{}: {} entries, root {}", english, size, root));
  }
  // Its own and nobody else's: what it says of the time is a witness's word.
  std::int64_t wall_clock_seconds() const { return clock_.now() / 1000; }

  // A server out of reach is no fork: told once, and asked again.
  void say_trouble(const Status& done) {
    const std::string now = done        ? ""
                            : unjudged_ ? std::string(unjudged)
                            : unsent_   ? std::string(unsent)
                                        : done.error().code;
    if (now == trouble_) return;
    if (done) {
      screen_.say("Le journal répond à nouveau.", "The log answers again.");
    } else {
      std::fflush(stdout);
      std::fprintf(stderr, "%s\nisoloir witness: %s (%s)\n", words_for_trouble(now).c_str(),
                   done.error().message.c_str(), done.error().code.c_str());
    }
    trouble_ = now;
  }
  std::string words_for_trouble(const std::string& trouble) const {
    if (trouble == unsent) {
      return screen_.pick(
          "Le journal a été suivi et un point de contrôle signé, mais le serveur n'a pas dit qu'il "
          "garde cette signature.",
          "The log was followed and a checkpoint signed, but the server did not say that it keeps "
          "this signature.");
    }
    auto again = screen_.pick(" Rien n'est signé", " Nothing is signed");
    again += options_.once
                 ? "."
                 : screen_.pick(fmt::format(" ; nouvel essai toutes les {} s.", options_.every),
                                fmt::format("; trying again every {} s.", options_.every));
    if (trouble == "follow.stale") {
      return screen_.pick(
                 "Le serveur, ou un cache devant lui, montre un ancien point de contrôle de ce "
                 "journal. Il ne contredit pas ce qui a été vu.",
                 "The server, or a cache before it, shows an old checkpoint of this log. It does "
                 "not contradict what was seen.") +
             again;
    }
    if (trouble == unjudged) {
      return screen_.pick(
                 "Le journal montre moins d'entrées que ce témoin n'en a vu, et ce qu'il sert ne "
                 "permet pas de dire si c'est une autre histoire. Si cela dure, prévenez le "
                 "président du bureau de vote. Le point de contrôle est gardé dans ",
                 "The log shows fewer entries than this witness has seen, and what it serves does "
                 "not tell whether that is another history. If it lasts, tell the president of the "
                 "bureau. The checkpoint is kept in ") +
             file_.aside().string() + "." + again;
    }
    return screen_.pick("Le journal n'a pas pu être suivi.", "The log could not be followed.") +
           again;
  }

  void say_first_use() const {
    const auto fingerprint = in_groups(memory_->fingerprint);
    screen_.say(
        "ATTENTION : aucune empreinte n'a été donnée. Ce serveur a été cru sur parole. Comparez "
        "cette empreinte avec celle du procès-verbal de scellement : " +
            fingerprint,
        "WARNING: no fingerprint was given. This server was believed on its word. Compare this "
        "fingerprint with that of the minutes of the sealing: " +
            fingerprint);
  }

  int alarm() {
    const auto path = file_.evidence();
    const auto& fork = *memory_->fork;
    const std::string what = both(
        "ALERTE : ce journal montre deux histoires. Sa clé a signé deux points de contrôle dont "
        "l'un "
        "contredit l'autre : " +
            memory_->origin,
        "ALARM: this log shows two histories. Its key has signed two checkpoints of which one "
        "contradicts the other: " +
            memory_->origin);
    if (!std::filesystem::exists(path)) {
      write_file_durably(
          path,
          what + "\n" + fork.reason + ", " + moment(fork.seen_at, web::Language::english) +
              by_clock + "\n\n== seen first\n" + memory_->note + "\n== shown then\n" + fork.shown,
          FileMode::shared);
    }
    std::fflush(stdout);
    std::fprintf(
        stderr, "%s\n%s (%s)\n", what.c_str(),
        screen_
            .pick("Ce témoin ne cosignera plus jamais ce journal. Prévenez tout de suite le "
                  "président du bureau de vote et les autres témoins, avant tout dépouillement ; "
                  "donnez-leur ce fichier : ",
                  "This witness will never cosign this log again. Tell the president of the bureau "
                  "and the other witnesses at once, before anything is counted; give them this "
                  "file: ")
            .append(path.string())
            .c_str(),
        fork.reason.c_str());
    return exit_fork;
  }

  const WatchOptions& options_;
  const Screen screen_;
  const SystemClock clock_;
  StopSignal stop_;
  WitnessSource source_;
  const WitnessKey key_;
  const WitnessState file_;
  std::optional<WitnessMemory> memory_;
  std::string log_path_;  // empty until the manifest was read
  bool named_ = false;
  // What is kept as evidence is read by others, and no checkpoint says when it was signed.
  static constexpr auto by_clock = " by this witness's clock";
  static constexpr std::string_view unjudged = "fewer entries, and no telling why";
  static constexpr std::string_view unsent = "signed, and no telling whether it was kept";
  bool unjudged_ = false;  // what this round was shown
  bool unsent_ = false;    // what this round has signed
  std::string stale_;      // a checkpoint that was found old
  Status told_stale_;
  std::string seen_;     // the checkpoint that was told last, where nothing is sent
  std::string trouble_;  // what was said last
};

}  // namespace

std::int64_t ms_to_next_look(TimeMs now, std::uint32_t every) {
  const std::int64_t beat = std::int64_t{every} * 1000;
  return beat - now % beat;
}

int watch_log(const WatchOptions& options, WitnessKey key, WitnessState state,
              std::optional<WitnessMemory> memory) {
  return Watch(options, std::move(key), std::move(state), std::move(memory)).run();
}

}  // namespace isoloir::cli

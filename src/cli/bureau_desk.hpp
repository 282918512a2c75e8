// What the commands of `isoloir bureau` share: the state at hand, who is present, where the
// election stands. One thread.
#pragma once

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/command_line.hpp"
#include "cli/holder_file.hpp"
#include "cli/screen.hpp"
#include "cli/server.hpp"
#include "service/bureau.hpp"
#include "service/election_log.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {

struct BureauOptions {
  std::string state;
  std::string language = "fr";
  std::vector<std::string> holders;  // FILE or FILE:CODEFILE
  std::string code_file;
  bool practice = false;
  std::uint32_t contest = 0;
  std::string reason;
  std::vector<std::string> lots;
  std::vector<std::string> attestations;
  std::vector<std::string> shares;
  std::string export_folder;
  std::string receipts_key;
  std::string draft;  // where an event to be signed is written, instead of a holder's signature
  std::string event;  // a signed one that is brought back
  bool yes = false;   // what cannot be undone is not asked again
};

// What people read: the language they asked for, French by default.
class Screen {
 public:
  explicit Screen(bool english) : english_(english) {}
  void say(const std::string& french, const std::string& english) const {
    std::puts((english_ ? english : french).c_str());
  }
  std::string moment(TimeMs at) const {
    return cli::moment(at, english_ ? web::Language::english : web::Language::french);
  }
  std::string pick(std::string french, std::string english) const {
    return english_ ? std::move(english) : std::move(french);
  }

 private:
  bool english_;
};

// Declares the private files at hand; `options` outlives the command line.
void add_holders(const Command& command, BureauOptions& options);

// ---- The state at hand

// The words of the portal, where the server that was last started on this state sends messages.
struct Words {
  Portal portal;
  web::Renderer renderer;
  web::MessageTexts texts;
  explicit Words(Portal of)
      : portal(std::move(of)),
        renderer(web::asset, overrides_of(portal)),
        texts(renderer, portal) {}
};

// The one who sequences the log is the server where one runs, else this program.
struct Desk {
  Screen screen;
  SystemClock clock;
  SystemRandom random;
  std::optional<StateLock> lock;
  std::unique_ptr<State> state;
  std::unique_ptr<Log> log;  // without a server
  std::unique_ptr<Words> words;

  explicit Desk(bool english) : screen(english) {}

  // Error: state.missing, those of State::open.
  Status open(const std::filesystem::path& folder);
  // Null where no message leaves, or the portal's file beside the state cannot be read: no event of
  // the bureau waits for the words of a mail.
  const TextSource* texts();
  void beat() {
    tick(*state, *log);
    log->append_round(is_voting(*state));
  }
  template <typename Query>
  bool ask(Query query) {
    return *state->database().read(
        [&](store::Transaction& t) -> Expected<bool> { return query(t); });
  }
  // Until the condition holds: at once without a server, else within a few of its rounds.
  template <typename Query>
  bool wait_for(Query condition, int most_ms = limits::bureau_server_wait_ms) {
    if (log) {
      beat();
      return ask(condition);
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(most_ms);
    while (!ask(condition)) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(limits::bureau_poll_ms));
    }
    return true;
  }
  Status settle() {
    const bool logged = wait_for([](store::Transaction& t) {
      return t.query("SELECT 1 FROM event WHERE logged = 0").empty();
    });
    if (logged) return {};
    return fail("bureau.server", "the server has not taken the event into the log");
  }
  // Before an export: the log's last checkpoint is cosigned. Without a server no witness can come.
  // Error: export.witnesses.
  Status await_witnesses();
};

bool frozen_and_logged(store::Transaction& transaction);

// Gives the file's text to `take`, with the file's name in whatever is wrong with it. Errors:
// bureau.file, those of `take`.
template <typename Take>
Status take_file(const std::string& path, Take take) {
  const auto text = read_file(path);
  if (!text) return fail("bureau.file", text.error().message);
  if (auto taken = take(*text); !taken) {
    return fail(taken.error().code, path + ": " + taken.error().message);
  }
  return {};
}

// ---- Members

struct Present {
  HolderFile file;
  MemberPlace place;
};
// In practice: the holders that `isoloir demo` keeps beside the state, codes included. Errors:
// bureau.holders (nobody), count.holder, those of ask_code and HolderFile::open.
Expected<std::vector<Present>> who_is_present(const Desk& desk, const BureauOptions& options);

using Roles = std::initializer_list<BureauRole>;
inline constexpr Roles officers = {BureauRole::president, BureauRole::secretary};
inline constexpr Roles presidents = {BureauRole::president};
const Present* find_role(const std::vector<Present>& present, std::uint32_t bureau, Roles roles);
std::string names_of(const Bureau& bureau, Roles roles);

// ---- Where the election stands

struct Standing {
  VotePhases phases;
  std::vector<std::int64_t> sign_offs;
  std::int64_t voters = 0;    // on the roll
  std::int64_t accounts = 0;  // voters who can sign in: by an account, or an identifier
  std::int64_t inside = 0;
  bool frozen = false;
  bool has_result = false;
  bool tied = false;          // the result waits for a lot
  std::vector<bool> counted;  // by bureau
  std::vector<bool> closed;
  std::vector<std::string> shares;
};
Standing standing_of(State& state);
bool all_true(const std::vector<bool>& values);
// The opening rule in words: who must be there.
void say_opening_rule(const Screen& screen, const Bureau& bureau);
// Who must act now, and what is missing.
void say_next(Desk& desk, const Standing& standing);
// Before what cannot be undone: a person at a terminal types a word, unless `yes`. Error:
// bureau.unconfirmed.
struct Question {
  std::string french, english;  // what will be done
  const char* french_word = "fermer";
  const char* english_word = "close";
};
Status confirm(const Screen& screen, bool yes, const Question& question);

// What went wrong, on stderr: in French where somebody at this desk can do something about it, then
// for the operator, by the name of the `command`.
void say_refusal(const Screen& screen, const char* command, const Error& error);

// ---- An officer's events (bureau_events.cpp)

// Each into its file, all or none. Error: bureau.draft_exists.
Status write_draft_files(const std::vector<SignedDocument>& drafts,
                         const std::vector<std::string>& files);

// Writes the drafts for officers to sign elsewhere, or with a private file at hand signs and posts
// them, all or none. Several drafts are of one name, each of another contest: the file of contest k
// is --draft with "-k" behind. Errors: bureau.draft_exists, bureau.holders, bureau.signer, those of
// draft_for_officers and append_signed_event.
Status draft_or_sign(Desk& desk, const BureauOptions& options,
                     const std::vector<EventDraft>& drafts);
Status run_suspend(Desk& desk, const BureauOptions& options);
Status run_resume(Desk& desk, const BureauOptions& options);
Status run_close(Desk& desk, const BureauOptions& options);
Status run_close_count(Desk& desk, const BureauOptions& options);
// A draft that was signed elsewhere. Errors: bureau.file, bureau.event (no event that an officer
// signs), those of append_signed_event.
Status run_post(Desk& desk, const BureauOptions& options);

// ---- Steps of the count (bureau_count.cpp)

// Error: count.not_frozen.
Status await_freeze(Desk& desk);
Status run_prepare_count(Desk& desk, const BureauOptions& options);
Status run_count(Desk& desk, const BureauOptions& options);
// Settles what the log owes, then writes the export into the folder.
Status export_to(Desk& desk, const std::string& folder);
Status run_export(Desk& desk, const BureauOptions& options);

}  // namespace isoloir::cli

// The first delivery of identifiers, passwords or voting codes, on the machine of who sends them
// and nowhere else (docs/adr/0013). Its folder has no code and no address that can be read without
// the file it was prepared from:
//
//   DIR/mailing.json        what is sent, in which words, until when
//   DIR/voters.csv          whom to, and why some cannot be reached
//   DIR/mailing.sqlite      a message of each voter who has been sent one: its row is the mark that
//                           her line is done with; the outbox's, sealed under mailing_key
//   DIR/corrections.sealed  addresses that stand in place of the file's, under the same key
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "courier/message_store.hpp"
#include "election/manifest.hpp"
#include "portal/reissue_policy.hpp"
#include "service/mailing_file.hpp"
#include "store/database.hpp"

namespace isoloir {

struct MailingPlan {
  MessageChannel channel = MessageChannel::email;
  Handed what = Handed::identifier;
  BilingualText election;  // its title
  BilingualText sender;    // name in From
  MessagePolicy policy;
  TimeMs closes_at = 0;   // of no use from then on
  std::size_t lines = 0;  // of the file
  // With {code} wherever it stands.
  std::string subject;
  std::string body;
  std::string try_subject;  // of a try, which no voter gets
  std::string try_body;
  std::string example;  // a code that is visibly none
  ByteArray<16> salt{};
  ByteArray<32> check{};  // of the file

  std::string text() const;                                   // JSON
  static Expected<MailingPlan> parse(std::string_view text);  // error: mailing.form
};

// A text of the plan with a code wherever one stands.
std::string text_with_code(std::string_view text, std::string_view code);

// What has become of the lines; together they are all of them.
struct MailingCounts {
  std::int64_t to_go = 0;    // not handed over yet
  std::int64_t put_off = 0;  // a carrier has asked to try again later
  std::int64_t accepted = 0, delivered = 0;
  std::int64_t failed = 0, no_report = 0;
  std::int64_t expired = 0;     // not handed over before the close
  std::int64_t no_address = 0;  // none that can be used

  std::int64_t unreached() const { return put_off + failed + no_report + expired + no_address; }
};

struct UnreachedVoter {
  std::string voter;
  std::string state;   // "put_off", "failed", "no_report", "expired", "no_address"
  std::string reason;  // name_of(Reason), or "no_address", "bad_address"
  std::optional<TimeMs> since;
};

// One thread, beside any that work on its messages.
class Mailing {
 public:
  // The files of a new mailing by name: its plan, whose salt and check are made here, and its
  // voters.
  static std::map<std::string, std::string> prepare(MailingPlan plan, const MailingFile& file,
                                                    Random& random);
  // Errors: mailing.missing, mailing.form. Throws StoreError.
  static Expected<std::unique_ptr<Mailing>> open(const std::filesystem::path& folder, Clock& clock,
                                                 Random& random);

  const MailingPlan& plan() const { return plan_; }
  MailingCounts counts();
  std::vector<UnreachedVoter> unreached();  // in the order of the file

  // ---- With the file. One process at a time.

  // What a run before has left behind is taken up. Error: mailing.other, it was not prepared from
  // this file.
  Status begin(MailingFile file);
  MessageStore messages() const;
  const MailingFile& file() const { return file_; }

  // Queues lines that have no message yet, in the order of the file, at most so many. Gives how
  // many; fewer: there are no more.
  std::size_t queue(std::size_t most);
  // Withdraws what nobody has been handed yet, so that its line is as before.
  void withdraw();

  // Stand in place of the file's addresses from now on. Throws std::filesystem::filesystem_error.
  void correct(const MailingCorrections& corrections);
  // Queues once more all who were not reached and have an address, corrected or the file's: what
  // was put off for them leaves no more. Where no worker is at work. Gives how many.
  std::size_t queue_again();
  std::size_t to_queue_again(const MailingCorrections& corrections);  // how many that would be

  struct Left {
    std::int64_t untried = 0;  // queued, and in no carrier's hands yet
    std::int64_t soon = 0;     // to hand over within limits::mailing_patience_ms, again or at last
    std::int64_t awaited = 0;  // text messages of which one of `reporting` will tell
  };
  Left left(const std::vector<std::string>& reporting);
  // Wipes what has come to its end, sealed as it is.
  void wipe();

 private:
  struct Known {
    std::string voter;
    std::string unusable;
  };
  Mailing(std::filesystem::path folder, MailingPlan plan, std::vector<Known> voters, Clock& clock,
          Random& random);
  void queue_line(Outbox& outbox, store::Transaction& transaction, const MailingLine& line,
                  const std::string& address);
  std::vector<const MailingLine*> again(const MailingCorrections& corrections);

  const std::filesystem::path folder_;
  const MailingPlan plan_;
  const std::vector<Known> voters_;
  Clock& clock_;
  Random& random_;
  std::unique_ptr<store::Database> database_;
  MailingFile file_;
  SymmetricKey key_;  // once begun
  MailingCorrections corrections_;
  std::size_t next_ = 0;  // the first line that may have no message yet
};

}  // namespace isoloir

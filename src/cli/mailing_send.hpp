// A mailing's sending: until all is done, or it is paused; the same again goes on.
// docs/operations.md says what its exit status means.
#pragma once

#include <filesystem>
#include <string>

#include "cli/bureau_desk.hpp"
#include "service/mailing.hpp"

namespace isoloir::cli {

struct MailingOptions {
  std::filesystem::path folder;
  std::filesystem::path file;
  std::filesystem::path channels;
  std::filesystem::path corrections;
  std::string language = "fr";
  std::uint32_t most = 0;        // lines of this run; 0: all
  std::uint32_t per_second = 0;  // at most, where the portal allows more; 0: as the portal says
  bool again = false;            // to who was not reached, and to nobody else
  bool stay = false;             // until it is stopped
  bool yes = false;
};

// The file, which nobody but its owner may be able to read. Errors: file.missing, file.read,
// mailing.readable, those of parse_mailing_file.
Expected<MailingFile> read_mailing_file(const std::filesystem::path& path,
                                        const CredentialForms* forms);

// With a carrier for the channel. Errors: those of read_channels, mailing.no_carrier.
Expected<Channels> read_mailing_channels(const std::filesystem::path& path, MessageChannel channel);

void say_counts(const Screen& screen, const MailingPlan& plan, const MailingCounts& counts);

// Gives the exit code. Errors (exit code 2): those of the above, of Mailing and of MessagesOut,
// mailing.running, mailing.closed, bureau.unconfirmed.
Expected<int> send_mailing(const MailingOptions& options);

}  // namespace isoloir::cli

// The Maildir that bounces land in: our own relay writes it, we read it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.hpp"

namespace isoloir {

struct MaildirVisit {
  std::size_t handled = 0;  // and removed
  std::size_t kept = 0;     // not understood: in cur/, marked as seen, for a person to look at
  std::size_t skipped = 0;  // no file, unreadable, or too large: left where they are
};

// Gives `handle` the first limits::bounce_bytes of each mail in new/ and of each unseen one in
// cur/, at most limits::bounce_visit of them: the rest waits for the next visit. True from
// `handle`: the mail is removed; false: it is kept. It runs before the file is touched, so a mail
// may be given twice (a crash, a power cut) but is never lost. What it throws passes through, and
// its mail stays. One reader at a time. Errors: maildir.missing, there is no such Maildir or it
// cannot be listed; maildir.change, files can be read there but not removed.
Expected<MaildirVisit> visit_maildir(const std::filesystem::path& folder,
                                     const std::function<bool(std::string_view)>& handle);

}  // namespace isoloir

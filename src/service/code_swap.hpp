// A voter's keys give way to new ones, in the caller's transaction; used by
// src/service/reissue*.cpp, recovery*.cpp and enrolment.cpp alone.
#pragma once

#include "service/reissue_flow.hpp"

namespace isoloir::flows {

struct PublicKeys {
  Point sign_in_key;
  std::vector<std::pair<std::uint32_t, Point>> ballot_keys;  // ascending by contest
};

// Somebody's, now or before, to vote or to sign in.
bool ever_used(State& state, store::Transaction& transaction, const Point& key);
// Exactly the contests not yet voted in, and keys that nobody ever had.
bool keys_fit(State& state, store::Transaction& transaction,
              const std::vector<FlowContest>& contests, const PublicKeys& keys);
// As many as the manifest allows without the bureau's signature under the batch (check V8).
bool within_maximum(State& state, store::Transaction& transaction,
                    const std::vector<FlowContest>& contests);
void swap_code(State& state, store::Transaction& transaction, const std::string& voter,
               const std::vector<FlowContest>& contests, const PublicKeys& keys, TimeMs now);

struct NoticeWords {
  std::string_view subject;
  std::string_view body;
};
// To the address on file, with the link that blocks what was made (requirement 47).
void send_notice(State& state, const TextSource& texts, store::Transaction& transaction,
                 const Flow& flow, const reissue::Token& cancel, const NoticeWords& words,
                 TimeMs now);

}  // namespace isoloir::flows

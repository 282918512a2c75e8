// A synthetic voter of a rehearsal, who does over HTTP what a browser does. What a person would
// see or receive (a captcha's picture, a message) is read from the server's database.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/practice.hpp"
#include "election/ballot.hpp"
#include "http/client.hpp"

namespace isoloir::cli {

// What each voter does besides voting.
struct RehearsalPart {
  bool reissue = false;         // has lost the voting code
  bool wrong_password = false;  // once
  bool wrong_code = false;      // once
  bool retry = false;           // sends the ballot again, then another one
};

struct RehearsalTimes {
  std::map<std::string, std::vector<double>> ms;  // by step
  void merge(RehearsalTimes&& other);
};

struct CastBallot {
  std::uint32_t contest = 0;
  std::size_t choice = 0;
  Tracker tracker;
  std::string receipt;  // once collected
};

// One thread at a time. Errors of its steps: rehearsal.answer (the server did not answer as it
// must), those of http::Client.
class RehearsalVoter {
 public:
  // `state` is that of the server, opened by this process; both outlive the voter. `number` gives
  // the address from which the voter comes.
  RehearsalVoter(State& state, PracticeVoter person, RehearsalPart part, std::size_t number,
                 std::uint16_t port);

  // In this order, each once. Between them the server's round goes by, so nobody waits for it.
  Status arrive(RehearsalTimes& times);  // signs in; asks for a new code, or a new password
  // Renews what is lost, enters the voting space; asks for the codes that validate, where there are
  // any.
  Status enter(RehearsalTimes& times, Random& random);
  Status vote(RehearsalTimes& times, Random& random);  // in every contest
  Status collect(RehearsalTimes& times);               // receipts, judged

  // For another round, once all is done.
  PracticeVoter take_person() { return std::move(person_); }

  const RehearsalPart& part() const { return part_; }
  const std::vector<CastBallot>& ballots() const { return ballots_; }

 private:
  using Answer = Expected<http::ClientResponse>;
  struct CodePage {
    std::string csrf, nonce, binding, captcha;
  };

  Answer send(http::Client& client, RehearsalTimes& times, const std::string& step,
              std::string_view method, const std::string& target, http::Headers headers = {},
              const std::string& body = {});
  Answer send_form(RehearsalTimes& times, const std::string& step, const std::string& target,
                   const http::Form& form);
  Expected<Json> send_json(http::Client& client, RehearsalTimes& times, const std::string& step,
                           const std::string& target, const Json& body, http::Headers headers);
  Expected<std::string> solve_captcha(RehearsalTimes& times, const std::string& id);
  Expected<std::string> solve_captcha(http::Client& client, RehearsalTimes& times,
                                      const std::string& id);
  Expected<http::ClientResponse> try_password(RehearsalTimes& times, const std::string& page,
                                              const std::string& password);
  Status sign_in(RehearsalTimes& times);
  Status ask_for_code(RehearsalTimes& times);
  Status ask_for_password(RehearsalTimes& times);
  Status renew_password(RehearsalTimes& times);
  // What follows `mark` in her message of this kind, up to white space.
  Expected<std::string> from_message(std::string_view kind, const std::string& mark);
  Status renew_code(RehearsalTimes& times, Random& random);
  Json new_keys(const Json& opened, const Credential& credential, Random& random) const;
  Status open_space(RehearsalTimes& times, Random& random);
  Expected<Json> try_code(RehearsalTimes& times, CodePage& page, const Code& code, Random& random);
  Status cast_all(RehearsalTimes& times, Random& random);
  Bytes ballot_for(std::uint32_t contest, std::uint32_t district, std::size_t choice,
                   Random& random) const;
  Status ask_confirmations(RehearsalTimes& times);
  Expected<std::string> confirmation_from_message(std::uint32_t contest);
  Expected<Json> post_ballot(RehearsalTimes& times, ByteView ballot,
                             const std::string& confirmation);
  Status send_again(RehearsalTimes& times, ByteView ballot, std::uint32_t district,
                    const CastBallot& cast, const std::string& confirmation, Random& random);
  std::string personal_address() const { return person_.voter.id + "@personal.example"; }

  State& state_;
  PracticeVoter person_;
  const RehearsalPart part_;
  const std::string address_;
  const std::uint16_t port_;
  http::Client client_;
  std::string csrf_;
  bool confirms_ = false;  // a code validates each vote
  std::optional<Credential> credential_;
  std::vector<CastBallot> ballots_;
};

// The value of an attribute that follows `before` in a page; empty when it is not there.
std::string value_after(std::string_view page, std::string_view before);

}  // namespace isoloir::cli

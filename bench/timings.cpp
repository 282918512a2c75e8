// Whether the time of an answer tells who is on the roll (requirement 33): the open forms, over a
// listener on loopback, 1 000 requests about voters and 1 000 about nobody, with 1 000 more about
// other voters to show what chance does. The three samples are asked in one random order, so that
// drift hits all alike. A report, never a verdict: the exit status says only whether every answer
// was the expected one.
//
// Each request comes from a browser of its own and names somebody who is not throttled: that is
// what somebody meets who goes through a list. What is timed is the POST, from its first byte sent
// to the last received, on a connection that is open.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <random>
#include <thread>

#include "bench/ks_distance.hpp"
#include "service/identifier.hpp"
#include "web/account_site.hpp"
#include "web/recovery_site.hpp"

namespace isoloir::web {
namespace {

constexpr std::size_t samples = 3;
constexpr std::size_t known_a = 0, unknown = 2;  // and known B between them
constexpr std::string_view sample_names[samples] = {"known A", "known B", "unknown"};
constexpr double alpha = 0.05;
constexpr std::int64_t second = 1000;

struct Person {
  std::string number, email, identifier;
};

void require(bool good, std::string_view what) {
  if (!good) throw std::runtime_error(std::string(what));
}

double microseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

void print(std::string_view name, std::vector<double> (&times)[samples]) {
  const auto size = times[known_a].size();
  fmt::print("{}\n", name);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    auto& all = times[sample];
    std::sort(all.begin(), all.end());
    fmt::print("  {}: n {}, median {:.0f} µs, p99 {:.0f} µs\n", sample_names[sample], size,
               all[size / 2], all[size * 99 / 100]);
  }
  const auto critical = bench::ks_critical_value(size, size, alpha);
  const auto distance = bench::ks_distance(times[known_a], times[unknown]);
  fmt::print(
      "  Kolmogorov-Smirnov distance: known A - unknown {:.4f}, known A - known B {:.4f}; "
      "5 % critical value {:.4f}\n  {}\n\n",
      distance, bench::ks_distance(times[known_a], times[known_a + 1]), critical,
      distance > critical
          ? "More than nineteen in twenty such measurements show by chance: these times "
            "may tell voters from nobody."
          : "These times do not tell voters from nobody.");
  std::fflush(stdout);
}

// Each is asked once, `people` holding three samples of one size.
template <typename Site, typename People>
void report(Site& site, const People& people, std::mt19937_64& order, std::string_view name,
            double (Site::*measure)(const typename People::value_type&)) {
  std::vector<std::size_t> turns(people.size());
  std::iota(turns.begin(), turns.end(), 0);
  std::shuffle(turns.begin(), turns.end(), order);
  const auto size = people.size() / samples;
  std::vector<double> times[samples];
  for (const auto turn : turns) {
    site.clock.advance(20 * second);
    times[turn / size].push_back((site.*measure)(people[turn]));
  }
  site.beat();  // what was asked is nobody's concern any more
  print(name, times);
}

struct Timings : RecoverySite {
  Timings(std::size_t requests, std::uint64_t seed) : RecoverySite(2 * requests), order(seed) {
    std::vector<std::size_t> voters(2 * requests);
    std::iota(voters.begin(), voters.end(), 0);
    std::shuffle(voters.begin(), voters.end(), order);
    for (const auto voter : voters)
      people.push_back({number(voter), email(voter), identifier(voter)});
    for (std::size_t i = 0; i < requests; ++i) people.push_back(like(people[i]));
    for (std::size_t i = 0; i < people.size(); ++i) require_on_roll(people[i], i < voters.size());
  }
  void TestBody() override {}

  // Nobody, of the same form and length.
  Person like(Person voter) {
    voter.number.front() = '2';
    voter.email.front() = 'F';
    voter.identifier = Code::generate(random, *identifier_and_password().identifier).normalised();
    return voter;
  }
  void require_on_roll(const Person& person, bool on_roll) {
    (void)state->database().read([&](store::Transaction& t) -> Status {
      require(voters_of_consular_number(*state, t, person.number).empty() != on_roll, "the roll");
      require(voter_of_identifier(*state, t, person.identifier).has_value() == on_roll, "the roll");
      return {};
    });
  }

  // What the server's beat does about what was asked.
  void beat() {
    while (count_rows("recovery_request") > 0) beat_service.work();
    outbox_of(*state).deliver(transport, state->now());
  }

  double password(const Person& who) {
    http::Client client{"127.0.0.1", server->port()};
    const http::Form fields{form(get(client, "/password-renewal").body, who.number, who.email)};
    Expected<http::ClientResponse> answer = fail("unasked", "");
    const auto time =
        microseconds([&] { answer = client.post_form("/password-renewal", fields, {}); });
    require(answer && answer->status == 303, "the request for a password is taken down");
    return time;
  }
  // Somebody asks, and then for a page, at the moment at which the beat answers the request.
  double page_at_the_beat(const Person& who) {
    (void)service->ask_password(who.number, who.email, {"127.0.0.1", "fr"});
    http::Client client{"127.0.0.1", server->port()};
    (void)get(client, "/password-renewal");  // the connection is open
    client.cookies().clear();                // and the next page has a session to write down
    std::atomic<bool> begun = false;
    std::thread at_the_beat([&] {
      begun = true;
      beat_service.work();
    });
    while (!begun) std::this_thread::yield();
    int status = 0;
    const auto time = microseconds([&] { status = get(client, "/password-renewal").status; });
    at_the_beat.join();
    require(status == 200, "the page is there");
    return time;
  }
  // The API of a page that proves keys; gives the answer's status.
  double prove(const std::string& page_path, const std::string& api_path, const std::string& field,
               const std::string& value, std::string_view expected) {
    http::Client client{"127.0.0.1", server->port()};
    const auto page = get(client, page_path).body;
    const auto data = [&](const char* name) { return SiteFixture::data(page, name); };
    const auto nonce = *hex_decode_array<32>(data("nonce"));
    const auto statement =
        sign_in_statement(state->fingerprint(), nonce,
                          *hex_decode_array<32>(data("session-binding")), state->manifest().origin);
    const auto pair = KeyPair::generate(random);  // of a password that is nobody's
    const auto captcha = SiteFixture::hidden(page, "captcha_id");
    const auto body = canonical_json(
        {{field, value},
         {"captchaId", captcha},
         {"captcha", digits(captcha)},
         {"nonce", hex_encode(nonce)},
         {"key", hex_encode(pair.key.encoded())},
         {"proof", hex_encode(schnorr_prove(statement, pair.secret.reveal(), random).encoded())}});
    const http::Headers headers = {{"Content-Type", "application/json"},
                                   {"X-Requested-With", "isoloir"},
                                   {"X-CSRF-Token", data("csrf")}};
    Expected<http::ClientResponse> answer = fail("unasked", "");
    const auto time =
        microseconds([&] { answer = client.request("POST", api_path, headers, body); });
    require(answer && answer->status == 200, api_path);
    require(Json::parse(answer->body)["status"] == expected, answer->body);
    return time;
  }
  double identifier_with_wrong_password(const Person& who) {
    return prove("/identifier-recovery", "/api/identifier-recovery", "number", who.number,
                 "requested");
  }
  double sign_in_wrongly(const Person& who) {
    return prove("/", "/api/sign-in", "identifier", who.identifier, "refused");
  }

  std::mt19937_64 order;
  std::vector<Person> people;  // known A, known B, unknown
  Recoveries beat_service{*state, policy, identifier_and_password(), SignInPolicy{}, message_texts};
};

// Whoever asks for a link for an account.
struct AccountTimings : AccountHttp {
  explicit AccountTimings(std::size_t requests) : AccountHttp(2 * requests) {
    for (const auto& voter : roll.voters) people.push_back(voter.email);
    for (std::size_t i = 0; i < requests; ++i) {
      people.push_back("F" + roll.voters[i].email.substr(1));  // of the same form and length
    }
  }
  void TestBody() override {}
  void beat() {
    while (count_rows("recovery_request") > 0) accounts.work();
    InboxTransport transport;
    outbox_of(*state).deliver(transport, state->now());
  }
  double link(const std::string& email) {
    http::Client client{"127.0.0.1", server->port()};
    const auto page = client.get("/account-link", {})->body;
    const auto id = SiteFixture::hidden(page, "captcha_id");
    const http::Form fields{{{"csrf", SiteFixture::hidden(page, "csrf")},
                             {"email", email},
                             {"captcha_id", id},
                             {"captcha", digits(id)}}};
    Expected<http::ClientResponse> answer = fail("unasked", "");
    const auto time = microseconds([&] { answer = client.post_form("/account-link", fields, {}); });
    require(answer && answer->status == 303, "the request for a link is taken down");
    return time;
  }

  std::vector<std::string> people;  // known A, known B, unknown
};

int run(std::size_t requests, std::uint64_t seed) {
  fmt::print("{} requests a sample, seed {}; state in {}\n\n", requests, seed,
             std::filesystem::temp_directory_path().string());
  Timings timings(requests, seed);
  const auto of_keys = [&](std::string_view name, double (Timings::*measure)(const Person&)) {
    report(timings, timings.people, timings.order, name, measure);
  };
  of_keys("Request for a new password, POST /password-renewal", &Timings::password);
  require(timings.count_rows("reissue_flow") == static_cast<std::int64_t>(2 * requests),
          "each voter was sent a link, nobody else");
  of_keys("The same again, the first requests answered by the beat in between", &Timings::password);
  of_keys("Request for an identifier with a wrong password, POST /api/identifier-recovery",
          &Timings::identifier_with_wrong_password);
  of_keys("Sign-in with a wrong password, POST /api/sign-in", &Timings::sign_in_wrongly);
  of_keys("A page, GET /password-renewal, at the beat that answers the request for a password",
          &Timings::page_at_the_beat);
  AccountTimings accounts(requests);
  const auto of_accounts = [&](std::string_view name) {
    report(accounts, accounts.people, timings.order, name, &AccountTimings::link);
  };
  of_accounts("Request for a link for an account, POST /account-link");
  require(accounts.count_rows("reissue_flow") == static_cast<std::int64_t>(2 * requests),
          "each voter was sent a link, nobody else");
  of_accounts("The same again, the first requests answered by the beat in between");
  return 0;
}

}  // namespace
}  // namespace isoloir::web

// bench_timings [REQUESTS [SEED]]
int main(int argc, char** argv) {
  testing::GTEST_FLAG(throw_on_failure) = true;  // of the fixture
  testing::InitGoogleTest(&argc, argv);
  try {
    const std::size_t requests = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 33;
    isoloir::web::require(requests > 0, "bench_timings [REQUESTS [SEED]]");
    return isoloir::web::run(requests, seed);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

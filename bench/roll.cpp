// What the electoral roll's pages cost at its size: a contest of 100 000 voters, over a listener on
// loopback, eight browsers at once. A report, never a verdict; each figure stands beside that of
// "Mes scrutins", a page of the same session that reads no roll, asked in the same run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "service/electoral_roll.hpp"
#include "web/site_fixture.hpp"

namespace isoloir::web {
namespace {

constexpr std::size_t browsers = 8;

struct RollSite : SiteFixture {
  explicit RollSite(std::size_t voters) {
    portal.roll_online = true;
    const auto added = state->database().write([&](store::Transaction& t) -> Status {
      // Names of two syllables out of twenty each, so that a search finds a part of them.
      t.execute(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1), s(k, x) "
          "AS (VALUES (0,'BA'),(1,'CO'),(2,'DI'),(3,'FU'),(4,'GÉ'),(5,'LO'),(6,'MA'),(7,'NI'),(8,"
          "'PÈ'),(9,'RU'),(10,'SA'),(11,'TO'),(12,'VI'),(13,'ZÉ'),(14,'BRO'),(15,'CLA'),(16,'DRI'),"
          "(17,'FLU'),(18,'GRÉ'),(19,'PLA')) INSERT INTO voter (id, title, birth_name, usage_name, "
          "given_names, gender, birth_date, birth_place, birth_country, email, phone) SELECT 'V' "
          "|| "
          "i, 'Mme', a.x || b.x || c.x || 'T', '', d.x || e.x, '', '', '', '', 'v' || i || "
          "'@portal.example', '' FROM n JOIN s a ON a.k = i % 20 JOIN s b ON b.k = i / 20 % 20 "
          "JOIN "
          "s c ON c.k = i / 400 % 20 JOIN s d ON d.k = i / 8000 % 20 JOIN s e ON e.k = i * 7 % 20",
          {static_cast<std::int64_t>(voters)});
      t.execute(
          "INSERT INTO voter_contest (voter, contest, district) SELECT id, 0, 0 FROM voter WHERE "
          "id "
          "LIKE 'V%'",
          {});
      t.execute("DELETE FROM roll_entry", {});
      return {};
    });
    if (!added) throw std::runtime_error(added.error().message);
    const auto start = std::chrono::steady_clock::now();
    prepare_electoral_roll(*state);
    fmt::print("keys of {} names made in {:.1f} s\n\n", voters, seconds_since(start));
  }
  void TestBody() override {}

  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  // Milliseconds of each answer, sorted.
  std::vector<double> ask(const std::string& target, std::size_t requests) {
    std::vector<std::vector<double>> times(browsers);
    std::vector<std::thread> threads;
    for (auto& own : times) {
      threads.emplace_back([&] {
        http::Client client{"127.0.0.1", server->port()};
        client.cookies()["__Host-session"] = session;
        for (std::size_t i = 0; i < requests; ++i) {
          const auto start = std::chrono::steady_clock::now();
          const auto answer = client.get(target, {});
          if (!answer || answer->status != 200) throw std::runtime_error(target);
          own.push_back(1000 * seconds_since(start));
        }
      });
    }
    for (auto& thread : threads) thread.join();
    std::vector<double> all;
    for (const auto& own : times) all.insert(all.end(), own.begin(), own.end());
    std::sort(all.begin(), all.end());
    return all;
  }

  std::string session = Sessions(*state, limits).open(roll.voters[0].id).token.text();
};

int run(std::size_t voters, std::size_t requests) {
  RollSite site(voters);
  const auto base = site.ask("/my-contests", requests);
  const auto report = [&](std::string_view name, const std::vector<double>& times) {
    const auto median = times[times.size() / 2];
    fmt::print("{:44} n {}, median {:7.1f} ms, p99 {:7.1f} ms, {:5.1f} × \"Mes scrutins\"\n", name,
               times.size(), median, times[times.size() * 99 / 100],
               median / base[base.size() / 2]);
    std::fflush(stdout);
  };
  report("Mes scrutins", base);
  const auto pages = std::to_string(voters / roll_page_size);
  for (const auto& [name, query] :
       {std::pair{"first page", std::string("?contest=0")},
        std::pair{"page in the middle", "?contest=0&page=" + std::to_string(voters / 100)},
        std::pair{"last page", "?contest=0&page=" + pages},
        std::pair{"search, a rare name", std::string("?contest=0&name=brocolamat+dri")},
        std::pair{"search, a frequent syllable", std::string("?contest=0&name=ma")},
        std::pair{"search, six words, none there", std::string("?contest=0&name=q+w+x+y+k+j")}}) {
    report(name, site.ask("/electoral-roll" + query, requests));
  }
  return 0;
}

}  // namespace
}  // namespace isoloir::web

// bench_roll [VOTERS [REQUESTS of each browser]]
int main(int argc, char** argv) {
  testing::GTEST_FLAG(throw_on_failure) = true;  // of the fixture
  testing::InitGoogleTest(&argc, argv);
  try {
    return isoloir::web::run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000,
                             argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

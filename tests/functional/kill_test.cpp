// The server is killed in mid-vote, at every operation on its disk and at any answer under load:
// receipt and vote are both there, or neither; who sends the same bytes again has one vote.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "functional/election.hpp"
#include "http/raw_socket.hpp"

namespace isoloir::test {
namespace {

using Kill = Election;

TEST_F(Kill, AtEveryOperationOfTheDisk) {
  start();
  const auto people = everybody_inside();
  std::vector<std::pair<Voter*, Voter::Place>> votes;
  for (const auto& one : people) {
    for (const auto& place : one->places()) votes.emplace_back(one.get(), place);
  }
  std::vector<std::int64_t> cast(3);
  std::size_t killed_in_vote = 0, lost_but_kept = 0;
  std::vector<std::pair<Voter*, std::string>> ballots;
  int at = 1;
  for (const auto& [person, place] : votes) {
    auto& one = *person;
    const auto ballot = one.ballot(place, ballots.size());
    // Two die with their commit on the disk and no answer sent: no count of operations is sure to
    // fall there, and a first sync may be that of a round of the board.
    if (lost_but_kept < 2 && ballots.size() < 6) {
      (*disk_)->kill_after_sync = 1;
    } else {
      (*disk_)->kill_at = at++;
    }
    const auto first = one.cast(ballot);
    // The vote, or the board's next round at the latest, has met its operation.
    EXPECT_EQ(died().signal, SIGKILL);
    killed_in_vote += first.is == "lost" ? 1 : 0;
    start();
    const auto votes_before = number("SELECT COUNT(*) FROM sign_off");
    const bool kept = votes_before == static_cast<std::int64_t>(ballots.size()) + 1;
    EXPECT_TRUE(kept || first.is != "recorded") << "acknowledged, and gone";
    lost_but_kept += first.is == "lost" && kept ? 1 : 0;
    EXPECT_EQ(number("SELECT COUNT(*) FROM ballot"), votes_before);
    const auto known = one.receipt(ballot).is;
    EXPECT_EQ(known, kept ? (known == "ready" ? "ready" : "pending") : "unknown");
    const auto again = one.cast(ballot);
    ASSERT_EQ(again.is, "recorded") << again.page;
    EXPECT_EQ(again.body.at("tracker"), Voter::tracker(ballot));
    EXPECT_EQ(number("SELECT COUNT(*) FROM sign_off"),
              static_cast<std::int64_t>(ballots.size()) + 1);
    ballots.emplace_back(person, ballot);
    ++cast[place.contest];
  }
  EXPECT_GT(killed_in_vote, 8u);
  EXPECT_GE(lost_but_kept, 2u) << "some kills must fall between the commit and its answer";
  EXPECT_GT(votes.size() - killed_in_vote, 0u) << "some kills must fall into the board's rounds";
  for (const auto& [person, ballot] : ballots) {
    EXPECT_EQ(receipt(*person, ballot).is, "ready");
  }
  EXPECT_EQ(stop(SIGTERM).code, 0);
  EXPECT_EQ(finish(), cast);
}

// Four voters at a time; the server dies at the k-th answer that any of them gets.
TEST_F(Kill, UnderLoad) {
  start();
  const auto people = everybody_inside();
  struct Vote {
    std::size_t thread;
    Voter* voter;
    std::uint32_t contest;
    std::string ballot;
    bool acknowledged = false;
  };
  std::vector<Vote> votes;
  for (std::size_t i = 0; i < people.size(); ++i) {
    auto& one = *people[i];
    for (const auto& place : one.places()) {
      votes.push_back({i % 4, &one, place.contest, one.ballot(place, votes.size())});
    }
  }
  const auto rush = [&](int answers) {
    std::atomic<int> left = answers;
    const auto work = [&](std::size_t thread) {
      for (auto& vote : votes) {
        if (vote.thread != thread || vote.acknowledged) continue;
        const auto answer = vote.voter->cast(vote.ballot);
        if (answer.is == "lost") return;
        EXPECT_EQ(answer.is, "recorded") << answer.page;
        vote.acknowledged = answer.is == "recorded";
        if (--left == 0) server().send(SIGKILL);
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < 4; ++thread) threads.emplace_back(work, thread);
    for (auto& thread : threads) thread.join();
    return left <= 0;
  };
  int kills = 0;
  for (const int answers : {1, 2, 3, 4, 5, 7}) {
    if (!rush(answers)) break;
    ++kills;
    EXPECT_EQ(died().signal, SIGKILL);
    start();
    const auto acknowledged = std::count_if(votes.begin(), votes.end(),
                                            [](const Vote& vote) { return vote.acknowledged; });
    const auto kept = number("SELECT COUNT(*) FROM sign_off");
    EXPECT_GE(kept, acknowledged);
    EXPECT_LE(kept, acknowledged + 4) << "at most one unanswered vote a thread";
    EXPECT_EQ(number("SELECT COUNT(*) FROM ballot"), kept);
    for (const auto& vote : votes) {
      if (!vote.acknowledged) continue;
      EXPECT_NE(vote.voter->receipt(vote.ballot).is, "unknown");
    }
  }
  EXPECT_GE(kills, 4);
  rush(-1);
  std::vector<std::int64_t> cast(3);
  for (const auto& vote : votes) {
    EXPECT_TRUE(vote.acknowledged);
    EXPECT_EQ(receipt(*vote.voter, vote.ballot).is, "ready");
    ++cast[vote.contest];
  }
  EXPECT_EQ(stop(SIGTERM).code, 0);
  EXPECT_EQ(finish(), cast);
}

// Votes of which the server has seen the head are answered; their receipts are there before it
// ends.
TEST_F(Kill, SigtermLosesNothingThatHasBegun) {
  start();
  const auto people = everybody_inside();
  std::vector<std::string> ballots;
  std::vector<std::unique_ptr<http::test::RawSocket>> sockets;
  std::vector<std::string> bodies;
  for (const auto& one : people) {
    ballots.push_back(one->ballot(one->places().front(), 1));
    bodies.push_back(canonical_json({{"ballot", ballots.back()}}));
    std::string cookies;
    for (const auto& [name, value] : one->client().cookies()) cookies += name + "=" + value + "; ";
    cookies.resize(cookies.size() - 2);
    sockets.push_back(std::make_unique<http::test::RawSocket>(port()));
    sockets.back()->send("POST /api/ballot HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookies +
                         "\r\nX-CSRF-Token: " + one->csrf() + "\r\nContent-Length: " +
                         std::to_string(bodies.back().size()) + "\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_EQ(sockets.back()->read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  }
  http::test::RawSocket idle(port());
  idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  idle.read_until("}");
  server().send(SIGTERM);
  EXPECT_EQ(idle.read_to_end(), "") << "it is stopping now";
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i]->send(bodies[i]);
    const auto answer = sockets[i]->read_to_end().value_or("still open");
    EXPECT_NE(answer.find("HTTP/1.1 200 "), std::string::npos) << answer;
    EXPECT_NE(answer.find("\"status\":\"recorded\""), std::string::npos) << answer;
  }
  EXPECT_EQ(died().code, 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM sign_off"), static_cast<std::int64_t>(people.size()));
  EXPECT_EQ(number("SELECT COUNT(*) FROM pending_leaf"), 0) << "the last round was made";
  start();
  for (std::size_t i = 0; i < people.size(); ++i) {
    EXPECT_EQ(people[i]->receipt(ballots[i]).is, "ready");
  }
}

}  // namespace
}  // namespace isoloir::test

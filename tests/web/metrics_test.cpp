// What Prometheus is told at the operator's listener, read as strictly as its text format is
// written.
#include "web/metrics.hpp"

#include <charconv>
#include <regex>
#include <set>

#include "web/operator_fixture.hpp"

namespace isoloir::web {
namespace {

using testing::HasSubstr;

using MetricsTest = OperatorSiteTest;

using Series = std::map<std::string, double>;  // name and labels as they stand

// The text format 0.0.4, no looser: every family has one HELP and one TYPE before its samples, all
// of which stand together; no series twice; a counter's name ends in _total.
Series parse_metrics(const std::string& text) {
  Series all;
  std::set<std::string> families;
  std::string help, type, family;
  const std::regex comment("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  const std::regex sample(
      "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\""
      "(?:,[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\")*\\})? ([^ ]+)");
  EXPECT_TRUE(text.ends_with("\n"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, comment)) {
      if (found[1] == "HELP") {
        EXPECT_TRUE(families.insert(found[2]).second) << "apart: " << line;
        family = found[2];
        type.clear();
        continue;
      }
      EXPECT_EQ(found[2], family) << line;
      type = found[3];
      EXPECT_TRUE(type == "counter" || type == "gauge") << line;
      EXPECT_EQ(type == "counter", family.ends_with("_total")) << line;
      continue;
    }
    if (!std::regex_match(line, found, sample)) {
      ADD_FAILURE() << "not of the format: " << line;
      continue;
    }
    EXPECT_EQ(found[1], family) << line;
    EXPECT_FALSE(type.empty()) << line;
    const auto value = found[3].str();
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    EXPECT_TRUE(error == std::errc() && end == value.data() + value.size()) << line;
    EXPECT_TRUE(all.emplace(found[1].str() + found[2].str(), number).second) << line;
  }
  return all;
}

TEST_F(MetricsTest, MetricsSayTheSame) {
  argentina();
  carriers["relay-1"]->answer = Delivery::unreachable;
  queue(21, "@univ.example");
  leave();
  clock.advance(7000);
  routing->judge(outbox_of(*state).carriages(clock.now() - 30 * minute_ms));
  auto& lane = (*voters)[static_cast<std::size_t>(http::Lane::database)];
  lane.taken = 12;
  lane.answered = 9;
  lane.refused = 2;

  const auto answer = get("/metrics");
  EXPECT_THAT(*http::find_header(answer.headers, "Content-Type"),
              HasSubstr("text/plain; version=0.0.4"));
  auto all = parse_metrics(answer.body);
  const auto outcome = [](const std::string& family, const std::string& which) {
    return family + "{carrier=\"route-a\",channel=\"sms\",country=\"AR\",outcome=\"" + which +
           "\"}";
  };
  const std::map<std::string, double> expected{
      {outcome("isoloir_message_outcomes_total", "accepted"), 40},
      {outcome("isoloir_message_outcomes_total", "delivered"), 4},
      {outcome("isoloir_message_outcomes_total", "refused"), 0},
      {outcome("isoloir_messages_undelivered", "failed"), 32},
      {outcome("isoloir_messages_undelivered", "unreported"), 0},
      {"isoloir_messages_queued{channel=\"email\"}", 21},
      {"isoloir_messages_oldest_due_age_seconds{channel=\"email\"}", 7},
      {"isoloir_messages_awaiting_report{channel=\"sms\"}", 4},
      {"isoloir_carrier_up{carrier=\"relay-1\",channel=\"email\"}", 0},
      {"isoloir_carrier_up{carrier=\"route-a\",channel=\"sms\"}", 1},
      {"isoloir_route_set_aside{carrier=\"route-a\",country=\"AR\"}", 1},
      {"isoloir_database_queued_writes", 0},
      {"isoloir_database_trouble{kind=\"full\"}", 0},
      {"isoloir_http_requests_total{lane=\"database\"}", 12},
      {"isoloir_http_requests_in_progress{lane=\"database\"}", 3},
      {"isoloir_http_requests_refused_total{lane=\"database\"}", 2},
      {"isoloir_http_requests_total{lane=\"light\"}", 0}};
  for (const auto& [series, value] : expected) {
    ASSERT_TRUE(all.contains(series)) << series << "\n" << answer.body;
    EXPECT_EQ(all[series], value) << series;
  }
  EXPECT_GT(all["process_resident_memory_bytes"], 1 << 20);
  EXPECT_GT(all["process_virtual_memory_bytes"], all["process_resident_memory_bytes"]);
  EXPECT_GT(all["process_cpu_seconds_total"], 0);
  EXPECT_GT(all["process_open_fds"], 2);
  EXPECT_GT(all["process_max_fds"], all["process_open_fds"]);
  const auto real_now = static_cast<double>(SystemClock().now()) / 1000;
  EXPECT_NEAR(all["process_start_time_seconds"], real_now, 3600);
  EXPECT_LE(all["process_start_time_seconds"], real_now + 1);
}

TEST_F(MetricsTest, WitnessesOfTheLogAreTold) {
  EXPECT_FALSE(parse_metrics(get("/metrics").body).contains("isoloir_log_unwitnessed_checkpoints"));
  const auto now = clock.now();
  log_standing = {2,
                  64,
                  16,
                  now - 9'000,
                  3,
                  now - 7'000,
                  {{"a.example", now - 8'000, 0}, {"b.example", {}, 4, now - 70'000}}};
  const auto all = parse_metrics(get("/metrics").body);
  const std::map<std::string, double> expected{
      {"isoloir_log_entries", 64},
      {"isoloir_log_witnessed_entries", 16},
      {"isoloir_log_witnessed_age_seconds", 9},
      {"isoloir_log_unwitnessed_checkpoints", 3},
      {"isoloir_log_unwitnessed_age_seconds", 7},
      {"isoloir_log_witness_checkpoints_behind{witness=\"a.example\"}", 0},
      {"isoloir_log_witness_checkpoints_behind{witness=\"b.example\"}", 4},
      {"isoloir_log_witness_behind_age_seconds{witness=\"a.example\"}", 0},
      {"isoloir_log_witness_behind_age_seconds{witness=\"b.example\"}", 70},
      {"isoloir_log_witness_age_seconds{witness=\"a.example\"}", 8}};
  for (const auto& [series, value] : expected) {
    ASSERT_TRUE(all.contains(series)) << series;
    EXPECT_EQ(all.at(series), value) << series;
  }
  EXPECT_FALSE(all.contains("isoloir_log_witness_age_seconds{witness=\"b.example\"}"));

  // Where no receipt waits for them, they are watched all the same.
  log_standing.threshold = 0;
  EXPECT_EQ(parse_metrics(get("/metrics").body)
                .at("isoloir_log_witness_behind_age_seconds{witness=\"b.example\"}"),
            70);
}

// Nothing that is called a counter goes down, whatever is heard later.
TEST_F(MetricsTest, CountersOnlyRise) {
  queue(30, "+54911");
  leave();
  const auto accepted_at = clock.now();
  say("route-a", 10, DeliveryReport::State::failed);
  clock.advance(4 * minute_ms);
  outbox_of(*state).follow_up({"route-a"}, accepted_at, clock.now(),
                              [](const OutgoingMessage&) { return false; });
  const auto before = parse_metrics(get("/metrics").body);
  say("route-a", 5, DeliveryReport::State::delivered);
  clock.advance(8 * day_ms);
  const auto after = parse_metrics(get("/metrics").body);
  for (const auto& [series, value] : before) {
    if (series.find("_total") == std::string::npos) continue;
    ASSERT_TRUE(after.contains(series)) << series;
    EXPECT_GE(after.at(series), value) << series;
  }
  const std::string unreported =
      "isoloir_messages_undelivered{carrier=\"route-a\",channel=\"sms\",country=\"AR\",outcome="
      "\"unreported\"}";
  EXPECT_EQ(before.at(unreported), 20);
  EXPECT_EQ(after.at(unreported), 15);
}

TEST_F(MetricsTest, ANameOfACarrierIsEscapedInMetrics) {
  rename_relay("a \"quoted\" \\ <relay>");
  EXPECT_TRUE(parse_metrics(get("/metrics").body)
                  .contains("isoloir_carrier_up{carrier=\"a \\\"quoted\\\" \\\\ "
                            "<relay>\",channel=\"email\"}"));
}

}  // namespace
}  // namespace isoloir::web

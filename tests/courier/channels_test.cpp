#include "courier/channels.hpp"

#include <gmock/gmock.h>

#include "base/files.hpp"
#include "base/places.hpp"
#include "base/temporary_folder.hpp"

namespace isoloir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view whole_file = R"toml(
[mail]
bounces = "bounces@vote.example.org"
maildir = "returned"
workers = 4

[[mail.relay]]
name = "relay-1"
host = "smtp.example.org"
port = 587
security = "starttls"
user = "isoloir"
password_file = "relay.password"

[[mail.relay]]
name = "relay-2"
host = "127.0.0.1"
port = 25
security = "none"

[sms]
workers = 2
report_minutes = 3
floor_percent = 60

[[sms.route]]
name = "france"
url = "http://127.0.0.1:13013/cgi-bin/sendsms"
user = "isoloir"
password_file = "kannel.password"
smsc = "A"
codes = ["33", "262"]
reports = true

[[sms.route]]
name = "world"
url = "http://127.0.0.1:13013/cgi-bin/sendsms"
user = "isoloir"
password_file = "kannel.password"
reports = false

[operator]
address = "127.0.0.1"
port = 8082
token_file = "operator.token"
)toml";

struct ChannelsTest : testing::Test {
  ChannelsTest() {
    write_file(folder / "relay.password", "for the relay\n", FileMode::secret);
    write_file(folder / "kannel.password", "for-Kannel\n", FileMode::secret);
    write_file(folder / "operator.token", "a token of more than twenty characters\n",
               FileMode::secret);
  }
  Expected<Channels> read(std::string_view text) {
    write_file(folder / "channels.toml", std::string(text), FileMode::shared);
    return read_channels(folder / "channels.toml");
  }
  std::string problem(std::string_view from, std::string_view to) {
    std::string text(whole_file);
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto channels = read(text);
    EXPECT_FALSE(channels) << to;
    return channels ? "" : channels.error().message;
  }
  TemporaryFolder temporary;
  std::filesystem::path folder = temporary.file("");
};

TEST_F(ChannelsTest, AWholeFile) {
  auto channels = read(whole_file);
  ASSERT_TRUE(channels) << channels.error().message;
  ASSERT_EQ(channels->relays.size(), 2u);
  EXPECT_EQ(channels->relays[0].server.password.reveal(), "for the relay");
  EXPECT_EQ(channels->relays[1].server.security, SmtpSecurity::none);
  EXPECT_EQ(channels->maildir, folder / "returned");
  ASSERT_EQ(channels->routes.size(), 2u);
  EXPECT_THAT(channels->routes[0].codes, ElementsAre("33", "262"));
  EXPECT_EQ(channels->routes[0].kannel.report_url, "http://127.0.0.1:8082/reports/sms");
  EXPECT_EQ(channels->routes[1].kannel.report_url, "") << "it gives no reports";
  EXPECT_EQ(channels->report_wait_ms, 180'000);
  EXPECT_EQ(channels->operator_token.reveal(), "a token of more than twenty characters");
  ManualClock clock(0);
  const MessagePolicy policy{"elections@example.org", "Elections", {}};
  const auto routing =
      make_routing(*channels, policy, {"Vote", "Vote"}, {}, clock, [](std::string_view) {});
  ASSERT_TRUE(routing) << routing.error().message;
  std::vector<std::string> names;
  for (const auto& each : (*routing)->standings()) names.push_back(each.name);
  EXPECT_THAT(names, ElementsAre("relay-1", "relay-2", "france", "world"));
  EXPECT_THAT((*routing)->reporting_routes(), ElementsAre("france"));
}

TEST_F(ChannelsTest, TheShippedExampleIsRead) {
  write_file(folder / "relay-1.password", "for the relay\n", FileMode::secret);
  const auto text = read_file(test::source_dir() + "/docs/channels.toml.example");
  ASSERT_TRUE(text);
  const auto channels = read(*text);
  ASSERT_TRUE(channels) << channels.error().message;
  EXPECT_EQ(channels->relays.size(), 2u);
  EXPECT_EQ(channels->routes.size(), 2u);
}

TEST_F(ChannelsTest, MailAlone) {
  const auto channels = read(std::string(whole_file.substr(0, whole_file.find("[sms]"))) +
                             std::string(whole_file.substr(whole_file.find("[operator]"))));
  ASSERT_TRUE(channels) << channels.error().message;
  EXPECT_TRUE(channels->routes.empty());
}

TEST_F(ChannelsTest, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(problem("port = 587", "port = 0"), HasSubstr("channels.toml:10:"));
  EXPECT_THAT(problem("\"starttls\"", "\"plain\""), HasSubstr("\"security\" must be"));
  EXPECT_THAT(problem("workers = 4", "workers = 4\nworker = 3"), HasSubstr("\"worker\""));
  EXPECT_THAT(problem("\"relay.password\"", "\"nowhere\""), HasSubstr("nowhere"));
  EXPECT_THAT(problem("maildir = \"returned\"\n", ""), HasSubstr("stand together"));
  EXPECT_THAT(problem("name = \"world\"", "name = \"relay-1\""), HasSubstr("a name of its own"));
  EXPECT_THAT(problem("\"262\"", "\"+262\""), HasSubstr("calling code"));
  EXPECT_THAT(problem("[mail]", "[mail"), HasSubstr("channels.toml:2:"));
  EXPECT_THAT(problem("port = 8082\n", ""), HasSubstr("\"port\" is missing"));
  write_file(folder / "operator.token", "short\n", FileMode::secret);
  EXPECT_THAT(problem("[sms]", "[sms]"), HasSubstr("20 to 200"));
}

}  // namespace
}  // namespace isoloir

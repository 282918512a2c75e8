// The Maildir of bounces, alone and as a real relay fills it.
#include "courier/maildir.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/temporary_folder.hpp"
#include "courier/bounce.hpp"
#include "courier/peer.hpp"

namespace isoloir {
namespace {

namespace fs = std::filesystem;

struct MaildirTest : testing::Test {
  MaildirTest() {
    for (const char* part : {"new", "cur", "tmp"}) fs::create_directories(mail / part);
  }
  void put(const std::string& name, std::string_view text) const {
    std::ofstream(mail / name, std::ios::binary) << text;
  }
  std::vector<std::string> names(const std::string& part) const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(mail / part)) {
      all.push_back(entry.path().filename());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  const TemporaryFolder own;
  const fs::path folder = own.path(), mail = folder / "mail";
};

using Names = std::vector<std::string>;

TEST_F(MaildirTest, WhatIsHandledGoesWhatIsNotIsKeptForAPerson) {
  put("new/2.b.mx", "second");
  put("new/1.a.mx", "first, not understood");
  put("cur/3.c.mx:2,T", "moved by a reader, not understood");
  put("cur/0.seen.mx:2,FS", "looked at");
  put("new/.hidden", "not delivered yet");
  Names given;
  const auto handle = [&](std::string_view text) {
    given.emplace_back(text);
    return text == "second";
  };
  const auto visit = visit_maildir(mail, handle);
  ASSERT_TRUE(visit);
  EXPECT_EQ(given, (Names{"first, not understood", "second", "moved by a reader, not understood"}));
  EXPECT_EQ(visit->handled, 1U);
  EXPECT_EQ(visit->kept, 2U);
  EXPECT_EQ(names("new"), Names{".hidden"});
  EXPECT_EQ(names("cur"), (Names{"0.seen.mx:2,FS", "1.a.mx:2,S", "3.c.mx:2,ST"}));
  EXPECT_EQ(*read_file(mail / "cur/1.a.mx:2,S"), "first, not understood");
  ASSERT_TRUE(visit_maildir(mail, handle));
  EXPECT_EQ(given.size(), 3U);
}

TEST_F(MaildirTest, AMailThatCouldNotBeHandledStaysWhereItIs) {
  put("new/1.a.mx", "mail");
  EXPECT_THROW((void)visit_maildir(mail,
                                   [](std::string_view) -> bool {
                                     throw std::runtime_error("the database is locked");
                                   }),
               std::runtime_error);
  EXPECT_EQ(names("new"), Names{"1.a.mx"});
}

TEST_F(MaildirTest, NoMailIsLostToAnotherOfItsName) {
  put("new/1.a.mx", "new");
  put("cur/1.a.mx:2,S", "old");
  ASSERT_TRUE(visit_maildir(mail, [](std::string_view) { return false; }));
  EXPECT_EQ(*read_file(mail / "new/1.a.mx"), "new");
  EXPECT_EQ(*read_file(mail / "cur/1.a.mx:2,S"), "old");
}

TEST_F(MaildirTest, WhatIsNoMailIsSkippedAndOnlyTheBeginningIsRead) {
  put("new/1.huge", "");
  fs::resize_file(mail / "new/1.huge", limits::bounce_file_bytes + 1);
  ASSERT_EQ(::mkfifo((mail / "new/2.pipe").c_str(), 0600), 0);
  fs::create_symlink("/etc/passwd", mail / "new/3.link");
  fs::create_directory(mail / "new/4.folder");
  put("new/5.long", std::string(limits::bounce_bytes + 100, 'x'));
  std::size_t bytes = 0;
  const auto visit = visit_maildir(mail, [&](std::string_view text) {
    bytes += text.size();
    return true;
  });
  ASSERT_TRUE(visit);
  EXPECT_EQ(visit->skipped, 4U);
  EXPECT_EQ(visit->handled, 1U);
  EXPECT_EQ(bytes, limits::bounce_bytes);
  EXPECT_EQ(names("new"), (Names{"1.huge", "2.pipe", "3.link", "4.folder"}));
}

TEST_F(MaildirTest, AFloodWaitsForTheNextVisitInItsOrder) {
  for (std::size_t k = 0; k < limits::bounce_visit + 3; ++k) {
    const auto name = std::to_string(10'000 + (k * 7919) % 9001);
    put("new/" + name, name);
  }
  Names given;
  const auto all = [&](std::string_view text) {
    given.emplace_back(text);
    return true;
  };
  EXPECT_EQ(visit_maildir(mail, all)->handled, limits::bounce_visit);
  EXPECT_EQ(visit_maildir(mail, all)->handled, 3U);
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
}

TEST_F(MaildirTest, AFolderThatIsNoMaildirIsSaidToBeNone) {
  const auto visit = visit_maildir(folder / "nowhere", [](std::string_view) { return true; });
  ASSERT_FALSE(visit);
  EXPECT_EQ(visit.error().code, "maildir.missing");
}

// A client of SMTP that says one command after the other.
class SmtpDialogue {
 public:
  explicit SmtpDialogue(std::uint16_t port) : file_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval wait{20, 0};
    ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(file_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(answer(), '2');
    EXPECT_EQ(say("EHLO localhost"), '2');
  }
  ~SmtpDialogue() { ::close(file_); }
  SmtpDialogue(const SmtpDialogue&) = delete;
  SmtpDialogue& operator=(const SmtpDialogue&) = delete;

  void send(const std::string& mail_from, const std::string& rcpt_to, const std::string& text) {
    EXPECT_EQ(say("MAIL FROM:" + mail_from), '2') << mail_from;
    EXPECT_EQ(say("RCPT TO:" + rcpt_to), '2') << rcpt_to;
    EXPECT_EQ(say("DATA"), '3');
    EXPECT_EQ(say(text + "\r\n."), '2');
  }

 private:
  char say(const std::string& line) {
    const auto whole = line + "\r\n";
    EXPECT_EQ(::send(file_, whole.data(), whole.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(whole.size()));
    return answer();
  }
  // The first digit of the answer's last line; 0: none came.
  char answer() {
    for (std::string line;;) {
      char c = 0;
      if (::recv(file_, &c, 1, 0) != 1) return 0;
      line += c;
      if (c != '\n') continue;
      if (line.size() > 3 && line[3] != '-') return line[0];
      line.clear();
    }
  }
  int file_;
};

// An exim that is both the portal's relay and, on a second port, the recipients' server, which
// refuses them. What stands between percent signs is filled in.
constexpr std::string_view relay_configuration = R"(
primary_hostname = mx.example.org
qualify_domain = example.org
spool_directory = %FOLDER%/spool
log_file_path = %FOLDER%/log/%slog
pid_file_path = %FOLDER%/spool/pid
local_interfaces = <; [127.0.0.1]:%RELAY% ; [127.0.0.1]:%FAR%
tls_advertise_hosts =
dsn_advertise_hosts = *
host_lookup =
rfc1413_hosts =
keep_environment =
acl_smtp_rcpt = recipient
acl_smtp_data = content
begin acl
recipient:
  deny condition = ${if eq{$received_port}{%FAR%}}
       local_parts = unknown
       message = 550 5.1.1 no such mailbox
  deny condition = ${if eq{$received_port}{%FAR%}}
       local_parts = full
       message = 552 5.2.2 over quota
  accept
content:
  deny condition = ${if eq{$received_port}{%FAR%}}
       message = 554 5.7.1 refused by policy
  accept
begin routers
bounces:
  driver = accept
  domains = vote.example.org
  local_parts = bounces
  local_part_suffix = +*
  transport = bounces
home:
  driver = redirect
  domains = home.example
  data = bounces+to-be-kept@vote.example.org
far:
  driver = manualroute
  domains = far.example
  route_list = * 127.0.0.1::%FAR%
  self = send
  transport = far
begin transports
bounces:
  driver = appendfile
  directory = %FOLDER%/mail
  maildir_format
  create_directory = false
  user = Debian-exim
  group = Debian-exim
  return_path_add
  delivery_date_add
  envelope_to_add
far:
  driver = smtp
  hosts_try_chunking =
)";

struct RelayedBounces : MaildirTest {
  // Exim gives up root's rights for a configuration that is not its own, and writes as its user.
  RelayedBounces() {
    for (const char* part : {"spool", "log"}) fs::create_directories(folder / part);
    ::chmod(folder.c_str(), 0755);
    for (const char* part : {"spool", "log", "mail", "mail/new", "mail/cur", "mail/tmp"}) {
      ::chmod((folder / part).c_str(), 0777);
    }
    std::string text(relay_configuration);
    fill(text, "%FOLDER%", folder.string());
    fill(text, "%RELAY%", std::to_string(port));
    fill(text, "%FAR%", std::to_string(far_port));
    // Exim reads no configuration that others may write.
    write_file(folder / "exim.conf", text, FileMode::shared);
  }
  static void fill(std::string& text, const std::string& name, const std::string& value) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), value);
    }
  }
  // Waits until so many mails have arrived.
  bool arrive(std::size_t count) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (names("new").size() < count) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  std::uint16_t port = test::unused_port();
  std::uint16_t far_port = test::unused_port();
};

TEST_F(RelayedBounces, WhatARealRelaySendsBackIsUnderstood) {
  if (::geteuid() != 0) GTEST_SKIP() << "exim starts its daemon for root alone";
  test::Peer relay({"/usr/sbin/exim4", "-C", folder / "exim.conf", "-bdf"}, folder / "exim.log");
  ASSERT_TRUE(relay.listens(port)) << *read_file(folder / "exim.log");
  struct Sent {
    std::string recipient, options;
    BounceAction action;
    Reason reason;
  };
  const std::vector<Sent> sent = {
      {"<unknown@far.example>", "", BounceAction::failed, Reason::unknown_recipient},
      {"<full@far.example>", " NOTIFY=FAILURE", BounceAction::failed, Reason::full},
      {"<other@far.example>", " NOTIFY=FAILURE,DELAY", BounceAction::failed, Reason::blocked},
      {"<alix@home.example>", " NOTIFY=SUCCESS", BounceAction::delivered, Reason::none}};
  const auto id_of = [](std::size_t k) { return std::string(31, 'a') + std::to_string(k); };
  SmtpDialogue dialogue(port);
  for (std::size_t k = 0; k < sent.size(); ++k) {
    const auto options = sent[k].options.empty() ? "" : " RET=HDRS ENVID=" + id_of(k);
    dialogue.send("<bounces+" + id_of(k) + "@vote.example.org>" + options,
                  sent[k].recipient + sent[k].options,
                  "From: elections@example.org\r\nMessage-ID: <" + id_of(k) +
                      "@vote.example.org>\r\nSubject: Votre code\r\n\r\nBonjour");
  }
  dialogue.send("<alix@home.example>", "<bounces+" + id_of(0) + "@vote.example.org>",
                "From: alix@home.example\r\nSubject: Re: Votre code\r\n\r\nMerci");
  // Each its bounce, and two that are none: the mail that was delivered, and her answer.
  ASSERT_TRUE(arrive(sent.size() + 2)) << *read_file(folder / "exim.log");

  std::map<std::string, Bounce> bounces;
  const auto visit = visit_maildir(mail, [&](std::string_view text) {
    const auto bounce = parse_bounce(text, "bounces@vote.example.org");
    if (bounce) bounces.emplace(bounce->message, *bounce);
    return bounce.has_value();
  });
  ASSERT_TRUE(visit);
  EXPECT_EQ(visit->handled, sent.size());
  EXPECT_EQ(visit->kept, 2U);
  EXPECT_EQ(visit->skipped, 0U);
  for (std::size_t k = 0; k < sent.size(); ++k) {
    ASSERT_TRUE(bounces.contains(id_of(k))) << sent[k].recipient;
    EXPECT_EQ(bounces[id_of(k)].action, sent[k].action) << sent[k].recipient;
    EXPECT_EQ(bounces[id_of(k)].reason, sent[k].reason) << sent[k].recipient;
  }
  EXPECT_TRUE(names("new").empty());
}

}  // namespace
}  // namespace isoloir

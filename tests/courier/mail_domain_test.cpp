// SPF, DKIM and DMARC: judged as texts, and asked for at a real resolver on loopback.
#include "courier/mail_domain.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "base/temporary_folder.hpp"
#include "courier/peer.hpp"

namespace isoloir {
namespace {

using enum MailFact;

// Made by `openssl genrsa`; nobody has the private halves.
const std::string rsa_512 =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALDQppDYJqKYMBtXooV2jo9WKHiWp3X8u0c0JDoKMETo/fWOFE7V"
    "uJvL0Hyaa3y35SWMHzUN1Yzr1TCfzRdRhdECAwEAAQ==";
const std::string rsa_1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgg1dfXwlY4OTVyqLeJBjwJDD+gAXrGWJV8eEeEf4bIrOW"
    "KkQw9Mboeame3rldULGJTPNQb8KFxzS7J3rUK3HpAfVPTLdSjhQqfjwZ/pMahPBLJz4Vrxl0F99trVaijF9R"
    "GRSh3es+tSCJIANnkT/3aR8nxJMOMSuCGv7kHsyRzQIDAQAB";
const std::string rsa_2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvrnxa98nyW/NbkCf6zcxFvQmLQMEI8h6/jgYHW8Z"
    "IQfVIngvh4+a9oo+UZNEwEqUZLDkPP/fiVRCzyTPApY8WjROT0FkbockUFFNtF7ZmAp/wXJ/4NZAIEeJksHo"
    "bl6+F0weA2jyG5Pw8HFdCz+QmsKi5g1j4FMsL1HYgTyKT7wIMzxLehslimwTqmX8E9bqL+Fjf8kuSRvoq0xi"
    "9Lb2U2Gb1g0AXObAwjeWV0qkbYExg9Cf0BJxRLcla+OXtjkIGQ/sn/XdQCKgHlf5bPpbUWmTKUhwt4xf8Rgl"
    "tswweE38Ud1tYSFCpOoiK1539eV5LQiIzSmhsiZkBygUpiF9EQIDAQAB";
// The same key as RSAPublicKey.
const std::string rsa_2048_bare =
    "MIIBCgKCAQEAvrnxa98nyW/NbkCf6zcxFvQmLQMEI8h6/jgYHW8ZIQfVIngvh4+a9oo+UZNEwEqUZLDkPP/f"
    "iVRCzyTPApY8WjROT0FkbockUFFNtF7ZmAp/wXJ/4NZAIEeJksHobl6+F0weA2jyG5Pw8HFdCz+QmsKi5g1j"
    "4FMsL1HYgTyKT7wIMzxLehslimwTqmX8E9bqL+Fjf8kuSRvoq0xi9Lb2U2Gb1g0AXObAwjeWV0qkbYExg9Cf"
    "0BJxRLcla+OXtjkIGQ/sn/XdQCKgHlf5bPpbUWmTKUhwt4xf8RgltswweE38Ud1tYSFCpOoiK1539eV5LQiI"
    "zSmhsiZkBygUpiF9EQIDAQAB";

MailFact spf_fact(const std::string& record) {
  const auto notes = judge_spf("example.org", {record});
  EXPECT_EQ(notes.size(), 1U);
  return notes[0].fact;
}

TEST(MailDomain, SpfSaysWhoMaySend) {
  const std::map<std::string, MailFact> meanings = {
      {"v=spf1 ip4:192.0.2.1 -all", spf_good},
      {"V=SPF1 INCLUDE:_spf.example.net  -ALL", spf_good},
      {"v=spf1 a mx:example.net/24 ip6:2001:db8::/32 -all", spf_good},
      {"v=spf1 redirect=_spf.example.net", spf_good},
      {"v=spf1 mx ~all", spf_soft},
      {"v=spf1 mx ?all", spf_open},
      {"v=spf1 mx", spf_open},
      {"v=spf1 mx all", spf_everybody},
      {"v=spf1 +all", spf_everybody},
      {"v=spf1 -all", spf_nobody},
      {"v=spf1 ~ip4:192.0.2.1 -all", spf_nobody},
      {"v=spf1", spf_nobody},
      {"v=spf1 exp=why.example.org -all", spf_nobody},
      {"v=spf1 mx -all +all", spf_good},  // what follows the first "all" is not read
      {"v=spf1 ipv4:192.0.2.1 -all", spf_malformed},
      {"v=spf1 include -all", spf_malformed},
      {"v=spf1 include: -all", spf_malformed},
      {"v=spf1 a a a a a a a a a a ip4:192.0.2.1 -all", spf_good},
      {"v=spf1 a a a a a a a a a a mx -all", spf_lookups},
      {"v=spf10 mx -all", spf_missing},
      {"google-site-verification=abc", spf_missing}};
  for (const auto& [record, fact] : meanings) EXPECT_EQ(spf_fact(record), fact) << record;
  EXPECT_EQ(judge_spf("example.org", {"v=spf1 mx -all", "other", "v=spf1 a -all"})[0].fact,
            spf_several);
  EXPECT_EQ(judge_spf("example.org", {"v=spf1 ipv4:192.0.2.1"})[0].detail, "ipv4:192.0.2.1");
}

TEST(MailDomain, DmarcSaysWhatHappensToTheOthers) {
  const auto fact = [](const std::vector<std::string>& texts, bool of_parent = false) {
    return judge_dmarc("_dmarc.example.org", texts, of_parent)[0].fact;
  };
  EXPECT_EQ(fact({"v=DMARC1; p=reject"}), dmarc_good);
  EXPECT_EQ(fact({"v = DMARC1;p = Quarantine ; rua=mailto:a@example.org"}), dmarc_good);
  EXPECT_EQ(fact({"v=DMARC1; p=none"}), dmarc_watching);
  EXPECT_EQ(fact({"v=DMARC1; p=no; rua=mailto:a@example.org"}), dmarc_watching);
  EXPECT_EQ(fact({"v=DMARC1; p=no"}), dmarc_malformed);
  EXPECT_EQ(fact({"v=DMARC1"}), dmarc_malformed);
  EXPECT_EQ(fact({"p=reject; v=DMARC1"}), dmarc_missing);
  EXPECT_EQ(fact({"v=spf1 -all", "v=DMARC1; p=reject"}), dmarc_good);
  EXPECT_EQ(fact({"v=DMARC1; p=none", "v=DMARC1; p=reject"}), dmarc_several);
  EXPECT_EQ(fact({"v=DMARC1; p=reject; sp=none"}), dmarc_good);
  EXPECT_EQ(fact({"v=DMARC1; p=reject; sp=none"}, true), dmarc_watching);
  EXPECT_EQ(fact({"v=DMARC1; p=reject"}, true), dmarc_good);
}

TEST(MailDomain, DkimKeysAreReadAsKeys) {
  const auto note = [](const std::string& record) {
    return judge_dkim("s._domainkey.example.org", {record})[0];
  };
  EXPECT_EQ(note("v=DKIM1; k=rsa; p=" + rsa_2048).fact, dkim_good);
  EXPECT_EQ(note("v=DKIM1; k=rsa; p=" + rsa_2048).detail, "2048");
  EXPECT_EQ(note("p=" + rsa_2048_bare).fact, dkim_good);
  EXPECT_EQ(note("p=" + rsa_2048.substr(0, 100) + " \t" + rsa_2048.substr(100)).fact, dkim_good);
  EXPECT_EQ(note("p=" + rsa_1024).fact, dkim_weak);
  EXPECT_EQ(note("p=" + rsa_512).fact, dkim_short);
  EXPECT_EQ(note("p=" + rsa_512).detail, "512");
  EXPECT_EQ(note("v=DKIM1; p=").fact, dkim_revoked);
  EXPECT_EQ(note("v=DKIM1").fact, dkim_malformed);
  EXPECT_EQ(note("v=DKIM2; p=" + rsa_2048).fact, dkim_malformed);
  EXPECT_EQ(note("p=" + rsa_2048 + "; v=DKIM1").fact, dkim_malformed);
  EXPECT_EQ(note("p=" + rsa_2048.substr(0, 200)).fact, dkim_malformed);
  EXPECT_EQ(note("k=dsa; p=" + rsa_2048).fact, dkim_malformed);
  EXPECT_EQ(note("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").fact, dkim_ed25519);
  EXPECT_EQ(note("k=ed25519; p=" + rsa_2048).fact, dkim_malformed);
  const auto testing = judge_dkim("s._domainkey.example.org", {"t=s:y; p=" + rsa_2048});
  ASSERT_EQ(testing.size(), 2U);
  EXPECT_EQ(testing[1].fact, dkim_testing);
  EXPECT_EQ(judge_dkim("s", {})[0].fact, dkim_missing);
  EXPECT_EQ(judge_dkim("s", {"p=", "p=" + rsa_2048})[0].fact, dkim_several);
}

TEST(MailDomain, SelectorsAreNames) {
  for (const char* good : {"s1", "mail_2022", "a.b-c"}) EXPECT_TRUE(is_selector(good)) << good;
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a;b", "é"}) {
    EXPECT_FALSE(is_selector(bad)) << bad;
  }
  EXPECT_FALSE(is_selector(std::string(64, 'a')));
}

TEST(MailDomain, ResolversAreAddresses) {
  EXPECT_EQ(DnsServer::parse("192.0.2.1")->port, 53);
  EXPECT_EQ(DnsServer::parse("192.0.2.1:5353")->port, 5353);
  for (const char* bad : {"", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
                          "192.0.2.1:53x", "192.0.2", "::1"}) {
    EXPECT_FALSE(DnsServer::parse(bad)) << bad;
  }
}

struct FixedLookup final : TextLookup {
  TextAnswer texts(const std::string& name) override {
    asked.push_back(name);
    const auto found = answers.find(name);
    return found == answers.end() ? TextAnswer{} : found->second;
  }
  std::map<std::string, TextAnswer> answers;
  std::vector<std::string> asked;
};

std::vector<MailFact> facts_of(const std::vector<MailNote>& notes) {
  std::vector<MailFact> facts;
  for (const auto& note : notes) facts.push_back(note.fact);
  return facts;
}

TEST(MailDomain, DmarcOfAParentCountsAndTopLevelsAreNotAsked) {
  FixedLookup lookup;
  lookup.answers["_dmarc.gouv.example"] = {TextResult::found, {"v=DMARC1; p=reject; sp=none"}};
  EXPECT_EQ(facts_of(examine_mail_domain("vote.education.gouv.example",
                                         "vote.education.gouv.example", {}, lookup)),
            (std::vector{spf_missing, dkim_unnamed, dmarc_watching}));
  EXPECT_EQ(lookup.asked, (std::vector<std::string>{
                              "vote.education.gouv.example", "_dmarc.vote.education.gouv.example",
                              "_dmarc.education.gouv.example", "_dmarc.gouv.example"}));
  lookup.answers.clear();
  lookup.asked.clear();
  const auto notes = examine_mail_domain("education.example", "education.example", {"s1"}, lookup);
  EXPECT_EQ(facts_of(notes), (std::vector{spf_missing, dkim_missing, dmarc_missing}));
  EXPECT_EQ(lookup.asked.back(), "_dmarc.education.example");
}

TEST(MailDomain, NothingMoreIsAskedWhereNobodyAnswers) {
  FixedLookup lookup;
  lookup.answers["example.org"] = {TextResult::silent, {}};
  EXPECT_EQ(facts_of(examine_mail_domain("example.org", "example.org", {"s1", "s2"}, lookup)),
            std::vector{dns_silent});
  EXPECT_EQ(lookup.asked.size(), 1U);
  lookup.answers["example.org"] = {TextResult::failed, {}};
  EXPECT_EQ(facts_of(examine_mail_domain("example.org", "example.org", {"s1"}, lookup)),
            (std::vector{dns_failed, dkim_missing, dmarc_missing}));
}

// dnsmasq as the resolver: records of its command line, nothing asked elsewhere.
struct RealResolver : testing::Test {
  std::vector<std::string> command(const std::vector<std::string>& records) const {
    std::vector<std::string> words = {"/usr/sbin/dnsmasq",
                                      "--keep-in-foreground",
                                      "--conf-file=/dev/null",
                                      "--no-resolv",
                                      "--no-hosts",
                                      "--listen-address=127.0.0.1",
                                      "--bind-interfaces",
                                      "--log-facility=-",
                                      "--pid-file=",
                                      "--port=" + std::to_string(port)};
    words.insert(words.end(), records.begin(), records.end());
    return words;
  }
  DnsServer server() const { return {"127.0.0.1", port}; }

  TemporaryFolder folder;
  std::uint16_t port = test::unused_port();
};

// --txt-record takes a text's strings of 255 bytes at most apart by commas.
std::string in_strings(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 200) {
    out += (at == 0 ? "" : ",") + text.substr(at, 200);
  }
  return out;
}

TEST_F(RealResolver, GivesRecordsWhole) {
  std::string long_list = "v=spf1";
  for (int k = 1; k < 100; ++k) long_list += " ip4:192.0.2." + std::to_string(k);
  long_list += " -all";
  ASSERT_GT(long_list.size(), 1200U);  // longer than a datagram holds
  test::Peer resolver(
      command({"--local=/example.org/", "--local=/example.net/",
               "--txt-record=example.org," + in_strings(long_list),
               "--txt-record=s1._domainkey.example.net," + in_strings("v=DKIM1; p=" + rsa_2048),
               "--cname=s1._domainkey.example.org,s1._domainkey.example.net",
               "--txt-record=_dmarc.example.org,v=DMARC1; p=reject",
               "--txt-record=two.example.org,v=spf1 -all", "--txt-record=two.example.org,other",
               "--host-record=host.example.org,192.0.2.1"}),
      folder / "dnsmasq.log");
  ASSERT_TRUE(resolver.listens(port));
  DnsTextLookup lookup(server());
  const auto whole = lookup.texts("example.org");
  ASSERT_EQ(whole.result, TextResult::found);
  EXPECT_EQ(whole.texts, std::vector{long_list});
  EXPECT_EQ(lookup.texts("two.example.org").texts.size(), 2U);
  EXPECT_EQ(lookup.texts("nobody.example.org").result, TextResult::nothing);
  EXPECT_EQ(lookup.texts("host.example.org").result, TextResult::nothing);
  EXPECT_EQ(lookup.texts("not..a.name").result, TextResult::nothing);
  // It knows nobody to ask about other names, and refuses.
  EXPECT_EQ(lookup.texts("elsewhere.example").result, TextResult::failed);
  EXPECT_EQ(facts_of(examine_mail_domain("example.org", "example.org", {"s1"}, lookup)),
            (std::vector{spf_good, dkim_good, dmarc_good}));
}

// Answers every question with a code and nothing else, or not at all.
class StubbornResolver {
 public:
  explicit StubbornResolver(std::optional<unsigned char> code)
      : file_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(file_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(file_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, code] { answer(code); });
  }
  ~StubbornResolver() {
    ::shutdown(file_, SHUT_RDWR);  // wakes the thread
    thread_.join();
    ::close(file_);
  }
  StubbornResolver(const StubbornResolver&) = delete;
  StubbornResolver& operator=(const StubbornResolver&) = delete;

  std::uint16_t port = 0;
  std::atomic<int> questions = 0;

 private:
  void answer(std::optional<unsigned char> code) {
    unsigned char message[512];
    sockaddr_in from{};
    for (;;) {
      socklen_t size = sizeof from;
      const auto got =
          ::recvfrom(file_, message, sizeof message, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 4) return;
      ++questions;
      if (!code) continue;
      message[2] |= 0x80;  // an answer
      message[3] = *code;
      ::sendto(file_, message, static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }
  int file_;
  std::thread thread_;
};

TEST(StubbornDns, IsSaidToBeSo) {
  StubbornResolver broken(2);  // SERVFAIL
  DnsTextLookup lookup(DnsServer{"127.0.0.1", broken.port});
  EXPECT_EQ(lookup.texts("example.org").result, TextResult::failed);
  StubbornResolver without(3);  // NXDOMAIN
  EXPECT_EQ(DnsTextLookup(DnsServer{"127.0.0.1", without.port}).texts("example.org").result,
            TextResult::nothing);
}

TEST(StubbornDns, SilenceEnds) {
  StubbornResolver silent(std::nullopt);
  DnsTextLookup lookup(DnsServer{"127.0.0.1", silent.port}, 1);
  EXPECT_EQ(lookup.texts("example.org").result, TextResult::silent);
  EXPECT_EQ(silent.questions, limits::mail_dns_tries);
  // Where nobody listens.
  DnsTextLookup nobody(DnsServer{"127.0.0.1", test::unused_port()}, 1);
  EXPECT_EQ(nobody.texts("example.org").result, TextResult::silent);
}

}  // namespace
}  // namespace isoloir

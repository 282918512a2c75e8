#include "courier/sms_report.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

const std::string id = "0123456789abcdef0123456789abcdef";

SymmetricKey key(std::uint8_t first = 7) {
  return SymmetricKey(ByteArray<32>{first});
}

// As Kannel calls it: its escapes replaced.
std::string called(std::string_view type, std::string_view answer, std::string_view data) {
  auto query = sms_report_query(key(), "route-1", id);
  query.replace(query.find("%d"), 2, type);
  query.replace(query.find("%k"), 2, answer);
  query.replace(query.find("%D"), 2, data);
  return query;
}

std::string error_of(std::string_view query) {
  const auto report = parse_sms_report(query, key());
  return report ? "a report" : report.error().code;
}

std::pair<SmsState, Reason> read(std::string_view type, std::string_view answer = "",
                                 std::string_view data = "") {
  const auto report = parse_sms_report(called(type, answer, data), key());
  EXPECT_TRUE(report) << type;
  EXPECT_EQ(report->message_id, id);
  EXPECT_EQ(report->route, "route-1");
  return {report->state, report->reason};
}

// What Kannel 1.4.5 has been seen to send.
constexpr auto unknown_subscriber =
    "%3Forig_msg%3Fdlr_mask%3D31%26%3Fsmpp%3Fdlr_err%3D%2503%2500%2501%26";
constexpr auto absent_subscriber =
    "%3Forig_msg%3Fdlr_mask%3D31%26%3Fsmpp%3Fdlr_err%3D%2503%2500%251B%26";

using Read = std::pair<SmsState, Reason>;

TEST(SmsReport, EveryKind) {
  EXPECT_EQ(read("8", "ACK%2F", "%3Fsmpp_resp%3F%3Forig_msg%3Fdlr_mask%3D31%26"),
            Read(SmsState::accepted, Reason::none));
  EXPECT_EQ(read("1", "id%3Acentre-5"), Read(SmsState::delivered, Reason::none));
  EXPECT_EQ(read("2", "id%3Acentre-6", unknown_subscriber),
            Read(SmsState::undelivered, Reason::unknown_recipient));
  EXPECT_EQ(read("2", "id%3Acentre-6"), Read(SmsState::undelivered, Reason::other));
  EXPECT_EQ(read("34", "id%3Acentre-1"), Read(SmsState::undelivered, Reason::no_answer));
  EXPECT_EQ(read("34", "id%3Acentre-1", unknown_subscriber),
            Read(SmsState::undelivered, Reason::unknown_recipient));
  EXPECT_EQ(read("66", "id%3Acentre-1"), Read(SmsState::undelivered, Reason::other));
  EXPECT_EQ(read("4", "id%3Acentre-4", absent_subscriber),
            Read(SmsState::buffered, Reason::no_answer));
  EXPECT_EQ(read("16", "NACK%2F0x0000000b%2FInvalid"),
            Read(SmsState::rejected, Reason::unknown_recipient));
  EXPECT_EQ(read("16", "NACK%2F0x0000000a%2FInvalid"), Read(SmsState::rejected, Reason::blocked));
  EXPECT_EQ(read("16", "NACK%2FRetries"), Read(SmsState::rejected, Reason::other));
}

TEST(SmsReport, WhatOperatorsAddNeverLosesTheState) {
  for (const auto* answer : {"NACK%2F0x", "NACK%2F0xzz00000b", "NACK%2F0x0b", "%00%FF", "%C3"}) {
    EXPECT_EQ(read("16", answer).first, SmsState::rejected) << answer;
  }
  for (const auto* data :
       {"%3Fsmpp%3F", "%3Fsmpp%3Fdlr_err%3D", "%3Fsmpp%3Fdlr_err%3D%2503%2500%26",
        "%3Fsmpp%3Fdlr_err%3D%25", "%3Fsmpp%3Fdlr_err%3D%2501%2500%2501%26", "%26%26%3F%3D",
        "%3Fother%3Fdlr_err%3D%2503%2500%2501%26"}) {
    EXPECT_EQ(read("2", "id%3A1", data), Read(SmsState::undelivered, Reason::other)) << data;
  }
}

TEST(SmsReport, OnlyOfOurMessagesAndRoutes) {
  const auto good = called("1", "", "");
  EXPECT_EQ(error_of(good), "a report");
  EXPECT_EQ(parse_sms_report(good, key(8)).error().code, "sms_report.tag");
  for (const auto* part : {"id=", "route=", "tag="}) {
    auto changed = good;
    auto& letter = changed[changed.find(part) + std::string_view(part).size()];
    letter = letter == '0' ? '1' : '0';
    EXPECT_EQ(error_of(changed), "sms_report.tag") << part;
  }
}

TEST(SmsReport, NothingElse) {
  const auto good = called("1", "", "");
  for (const auto* type : {"", "0", "3", "31", "64", "01", "1 ", "-1", "%31", "4294967297"}) {
    EXPECT_EQ(error_of(called(type, "", "")), "sms_report.form") << type;
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_NE(error_of(good.substr(0, i)), "a report") << i;
  }
  for (const auto& query :
       {good + "&", good + "&more=1", "&" + good, good + "&" + good, "tag=x&" + good,
        called("1", "%", ""), called("1", "", "%zz"), called("1", "a\nb", "")}) {
    EXPECT_EQ(error_of(query), "sms_report.form") << query;
  }
}

TEST(SmsReport, TheAddressHoldsNoEscapeOfKannelsButOurs) {
  auto query = sms_report_query(key(), "route-1", id);
  EXPECT_TRUE(query.ends_with("&type=%d&answer=%k&data=%D"));
  EXPECT_EQ(query.find('%'), query.find("%d"));
}

}  // namespace
}  // namespace isoloir

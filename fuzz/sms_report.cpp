// What calls the address for reports: nothing is one but of a message and a route that we have
// tagged, whatever the rest says. The input is a query, or lies over a good one at a place that it
// chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "courier/sms_report.hpp"

namespace {

using namespace isoloir;

constexpr std::string_view id = "0123456789abcdef0123456789abcdef";
constexpr std::string_view route = "route-1";

const SymmetricKey& key() {
  static const SymmetricKey own(ByteArray<32>{7});
  return own;
}

void judge(std::string_view query) {
  static const auto tagged =
      sms_report_query(key(), route, id).substr(0, sms_report_query(key(), route, id).find("%d"));
  const auto report = parse_sms_report(query, key());
  if (!report) {
    ISOLOIR_ASSERT(report.error().code == "sms_report.form" ||
                   report.error().code == "sms_report.tag");
    return;
  }
  ISOLOIR_ASSERT(query.starts_with(tagged));
  ISOLOIR_ASSERT(report->message_id == id && report->route == route);
  const auto rest = query.substr(tagged.size());
  const auto type = rest.substr(0, rest.find('&'));
  ISOLOIR_ASSERT((report->state == SmsState::delivered) == (type == "1"));
  ISOLOIR_ASSERT((report->state == SmsState::accepted) == (type == "8"));
  ISOLOIR_ASSERT((report->state == SmsState::rejected) == (type == "16"));
  ISOLOIR_ASSERT((report->state == SmsState::buffered) == (type == "4"));
  const bool good_news =
      report->state == SmsState::delivered || report->state == SmsState::accepted;
  ISOLOIR_ASSERT((report->reason == Reason::none) == good_news);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto start = sms_report_query(key(), route, id);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge(text);
  judge(start.substr(0, start.find("%d")) + std::string(text));
  if (size < 1) return 0;
  auto over = start.substr(0, start.find("%d")) + "2&answer=&data=%3Fsmpp%3Fdlr_err%3D%2503%2500";
  const auto at = data[0] % over.size();
  judge(over.replace(at, std::min(text.size() - 1, over.size() - at), text.substr(1)));
  return 0;
}

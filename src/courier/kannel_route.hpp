// One route for text messages: Kannel (1.4.5), whose smsbox takes them by HTTP and whose bearerbox
// hands them to an operator by SMPP; what becomes of them it tells by calls (sms_report.hpp). Its
// configuration is part of this interface: docs/kannel.conf.example.
//
// Messages go by POST, with everything in headers and the text as body: a URL, which Kannel and
// proxies write into logs, would hold number, text and password.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "courier/transport.hpp"
#include "crypto/sealing.hpp"

namespace isoloir {

struct KannelSettings {
  std::string name;  // 1 to 32 letters, digits, - and _
  std::string url;   // of sendsms: https://, or http:// of this machine
  std::string user;
  Secret<std::string> password;
  std::string smsc;        // the operator's smsc-id; empty: sendsms-user's default-smsc
  std::string sender;      // 1 to 11 letters and digits (requirement 45)
  std::string report_url;  // what Kannel calls with reports, without query; empty: none are asked
  SymmetricKey report_key;
  int connect_timeout_ms = limits::sms_connect_timeout_ms;
  int answer_timeout_ms = limits::sms_answer_timeout_ms;
};

class KannelRoute final : public Carrier {
 public:
  // Error: kannel.settings, whose message names the setting.
  static Expected<std::unique_ptr<KannelRoute>> make(KannelSettings settings);

  std::string_view name() const override { return settings_.name; }
  // accepted: Kannel has it, sent to the operator or waiting for him. refused: no number, or no
  // text that fits one message of the GSM alphabet (nothing is asked of Kannel then), or Kannel
  // refuses its form. later: Kannel has no operator for this number, or it is not known whether
  // Kannel has the message. unreachable: Kannel is down, or does not let us in.
  SendOutcome carry(const OutgoingMessage& message) override;

 private:
  explicit KannelRoute(KannelSettings settings) : settings_(std::move(settings)) {}

  const KannelSettings settings_;
};

}  // namespace isoloir

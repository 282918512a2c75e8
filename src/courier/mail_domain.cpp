#include "courier/mail_domain.hpp"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <stdexcept>

#include "base/ascii.hpp"
#include "base/bytes.hpp"

namespace isoloir {
namespace {

constexpr std::size_t dns_message_bytes = 65'535;
constexpr std::size_t dns_question_bytes = 512;

std::string_view trim_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    if (const auto part = trim_spaces(text.substr(0, end)); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// name=value; of DKIM and DMARC. Names are told apart by case, blanks mean nothing.
struct TagList {
  std::vector<std::pair<std::string_view, std::string_view>> tags;

  explicit TagList(std::string_view text) {
    for (const auto part : split_at(text, ';')) {
      const auto equals = std::min(part.find('='), part.size());
      tags.emplace_back(trim_spaces(part.substr(0, equals)),
                        trim_spaces(part.substr(std::min(equals + 1, part.size()))));
    }
  }
  std::optional<std::string_view> find(std::string_view name) const {
    const auto found =
        std::find_if(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == name; });
    return found == tags.end() ? std::nullopt : std::optional(found->second);
  }
};

// --- SPF ----------------------------------------------------------------------------------------

struct SpfTerm {
  char qualifier = '+';
  std::string name;  // lower case
  bool modifier = false;
  bool valued = false;

  explicit SpfTerm(std::string_view text) {
    const auto end = std::min(text.find_first_of(":/="), text.size());
    modifier = end < text.size() && text[end] == '=';
    valued = end + 1 < text.size();
    const bool qualified = !modifier && std::string_view("+-~?").find(text[0]) != text.npos;
    if (qualified) qualifier = text[0];
    name = ascii_lower(text.substr(qualified ? 1 : 0, end - (qualified ? 1 : 0)));
  }
  bool is_one_of(std::initializer_list<std::string_view> names) const {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  bool well_formed() const {
    if (modifier) return !name.empty();
    if (is_one_of({"include", "exists", "ip4", "ip6"})) return valued;
    return is_one_of({"all", "a", "mx", "ptr"});
  }
  bool asks() const {
    return modifier ? name == "redirect" : is_one_of({"include", "a", "mx", "ptr", "exists"});
  }
};

MailFact fact_of_spf(const std::optional<char>& all, bool lists, bool redirects) {
  if (all == '+') return MailFact::spf_everybody;
  if (!lists && (all || !redirects)) return MailFact::spf_nobody;
  if (!all && redirects) return MailFact::spf_good;
  if (!all || all == '?') return MailFact::spf_open;
  return all == '~' ? MailFact::spf_soft : MailFact::spf_good;
}

MailNote judge_spf_record(const std::string& name, std::string_view record) {
  std::optional<char> all;
  bool lists = false, redirects = false;
  int lookups = 0;
  const auto terms = split_at(record, ' ');
  for (auto text = terms.begin() + 1; text != terms.end(); ++text) {  // the first is v=spf1
    const SpfTerm term(*text);
    if (!term.well_formed()) return {MailFact::spf_malformed, name, std::string(*text)};
    if (term.asks()) ++lookups;
    if (term.modifier) {
      redirects = redirects || term.name == "redirect";
    } else if (term.name == "all") {
      if (!all) all = term.qualifier;
    } else {
      lists = lists || term.qualifier == '+';
    }
  }
  if (lookups > limits::spf_lookups) {
    return {MailFact::spf_lookups, name, std::to_string(lookups)};
  }
  return {fact_of_spf(all, lists, redirects), name, std::string(record)};
}

// --- DKIM ---------------------------------------------------------------------------------------

// The bits of an RSA key, nothing for what is none. Some publish the bare key in place of the
// SubjectPublicKeyInfo (RFC 6376 erratum 3017).
std::optional<int> rsa_bits(const Bytes& der) {
  const auto* at = der.data();
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) {
    at = der.data();
    key = d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size()));
  }
  if (key == nullptr) return std::nullopt;
  const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  const int bits = EVP_PKEY_get_bits(key);
  EVP_PKEY_free(key);
  return rsa ? std::optional(bits) : std::nullopt;
}

std::optional<Bytes> key_bytes(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) {
    return std::string_view(" \t\r\n").find(c) == std::string_view::npos;
  });
  return base64_decode(digits);
}

MailNote judge_dkim_key(const std::string& name, std::string_view record, const TagList& tags) {
  const auto version = tags.find("v");
  if (version && (*version != "DKIM1" || tags.tags[0].first != "v")) {
    return {MailFact::dkim_malformed, name, std::string(record)};
  }
  const auto key = tags.find("p");
  if (!key) return {MailFact::dkim_malformed, name, std::string(record)};
  if (key->empty()) return {MailFact::dkim_revoked, name, {}};
  const auto type = ascii_lower(tags.find("k").value_or("rsa"));
  const auto bytes = key_bytes(*key);
  if (bytes && type == "ed25519" && bytes->size() == 32) return {MailFact::dkim_ed25519, name, {}};
  const auto bits = bytes && type == "rsa" ? rsa_bits(*bytes) : std::nullopt;
  if (!bits) return {MailFact::dkim_malformed, name, std::string(record)};
  const auto fact = *bits < limits::dkim_rsa_bits_min    ? MailFact::dkim_short
                    : *bits < limits::dkim_rsa_bits_good ? MailFact::dkim_weak
                                                         : MailFact::dkim_good;
  return {fact, name, std::to_string(*bits)};
}

// --- DMARC --------------------------------------------------------------------------------------

std::vector<std::string> dmarc_records(const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(records), [](const auto& text) {
    const TagList list(text);
    return !list.tags.empty() &&
           list.tags[0] == std::pair<std::string_view, std::string_view>("v", "DMARC1");
  });
  return records;
}

}  // namespace

// --- asking -------------------------------------------------------------------------------------

std::optional<DnsServer> DnsServer::parse(std::string_view text) {
  DnsServer server;
  const auto colon = std::min(text.find(':'), text.size());
  server.address = text.substr(0, colon);
  in_addr address{};
  if (::inet_pton(AF_INET, server.address.c_str(), &address) != 1) return std::nullopt;
  if (colon == text.size()) return server;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, server.port);
  if (error != std::errc{} || stop != end || server.port == 0) return std::nullopt;
  return server;
}

struct DnsTextLookup::State {
  struct __res_state resolver {};
  std::array<unsigned char, dns_question_bytes> question{};
  std::array<unsigned char, dns_message_bytes> answer{};
};

DnsTextLookup::DnsTextLookup(const std::optional<DnsServer>& server, int wait_s)
    : state_(std::make_unique<State>()) {
  auto& resolver = state_->resolver;
  if (::res_ninit(&resolver) != 0) throw std::runtime_error("no resolver can be set up");
  resolver.retrans = wait_s;
  resolver.retry = limits::mail_dns_tries;
  if (!server) return;
  resolver.nscount = 1;
  resolver.nsaddr_list[0] = {};
  resolver.nsaddr_list[0].sin_family = AF_INET;
  resolver.nsaddr_list[0].sin_port = htons(server->port);
  ::inet_pton(AF_INET, server->address.c_str(), &resolver.nsaddr_list[0].sin_addr);
}

DnsTextLookup::~DnsTextLookup() {
  ::res_nclose(&state_->resolver);
}

namespace {

// A record's strings, each behind its length.
std::string joined_strings(const unsigned char* data, std::size_t size) {
  std::string text;
  while (size > 0) {
    const std::size_t length = std::min<std::size_t>(*data, size - 1);
    text.append(reinterpret_cast<const char*>(data) + 1, length);
    data += 1 + length;
    size -= 1 + length;
  }
  return text;
}

TextAnswer read_text_answer(const unsigned char* message, int size) {
  ns_msg parsed;
  if (::ns_initparse(message, size, &parsed) != 0) return {TextResult::failed, {}};
  const auto code = ns_msg_getflag(parsed, ns_f_rcode);
  if (code == ns_r_nxdomain) return {TextResult::nothing, {}};
  if (code != ns_r_noerror) return {TextResult::failed, {}};
  TextAnswer answer;
  // The records of an alias stand behind it, under the name that it leads to.
  for (int k = 0; k < ns_msg_count(parsed, ns_s_an); ++k) {
    ns_rr record;
    if (::ns_parserr(&parsed, ns_s_an, k, &record) != 0) return {TextResult::failed, {}};
    if (ns_rr_type(record) != ns_t_txt || answer.texts.size() >= limits::mail_dns_records) continue;
    answer.texts.push_back(joined_strings(ns_rr_rdata(record), ns_rr_rdlen(record)));
  }
  answer.result = answer.texts.empty() ? TextResult::nothing : TextResult::found;
  return answer;
}

}  // namespace

TextAnswer DnsTextLookup::texts(const std::string& name) {
  auto& [resolver, question, answer] = *state_;
  const int asked = ::res_nmkquery(&resolver, ns_o_query, name.c_str(), ns_c_in, ns_t_txt, nullptr,
                                   0, nullptr, question.data(), static_cast<int>(question.size()));
  if (asked < 0) return {TextResult::nothing, {}};  // no name at all
  answer.fill(0);
  const int size = ::res_nsend(&resolver, question.data(), asked, answer.data(),
                               static_cast<int>(answer.size()));
  if (size > 0) return read_text_answer(answer.data(), size);
  // glibc calls an answer that it does not like (SERVFAIL, REFUSED) a time-out; it lies in the
  // buffer all the same: the question's number, and the bit that says answer.
  const bool answered =
      answer[0] == question[0] && answer[1] == question[1] && (answer[2] & 0x80) != 0;
  return {answered ? TextResult::failed : TextResult::silent, {}};
}

// --- judging ------------------------------------------------------------------------------------

bool is_problem(MailFact fact) {
  switch (fact) {
    case MailFact::spf_open:
    case MailFact::spf_soft:
    case MailFact::spf_good:
    case MailFact::dmarc_watching:
    case MailFact::dmarc_good:
    case MailFact::dkim_unnamed:
    case MailFact::dkim_weak:
    case MailFact::dkim_ed25519:
    case MailFact::dkim_testing:
    case MailFact::dkim_good:
      return false;
    default:
      return true;
  }
}

std::vector<MailNote> judge_spf(const std::string& name, const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(records), [](const auto& text) {
    const auto lower = ascii_lower(std::string_view(text).substr(0, 7));
    return lower == "v=spf1" || lower == "v=spf1 ";
  });
  if (records.empty()) return {{MailFact::spf_missing, name, {}}};
  if (records.size() > 1) return {{MailFact::spf_several, name, std::to_string(records.size())}};
  return {judge_spf_record(name, records[0])};
}

std::vector<MailNote> judge_dmarc(const std::string& name, const std::vector<std::string>& texts,
                                  bool of_parent) {
  const auto records = dmarc_records(texts);
  if (records.empty()) return {{MailFact::dmarc_missing, name, {}}};
  if (records.size() > 1) return {{MailFact::dmarc_several, name, std::to_string(records.size())}};
  const TagList tags(records[0]);
  auto policy = tags.find("p");
  if (of_parent && tags.find("sp")) policy = tags.find("sp");
  // Without a policy that can be read, one with an address for reports only watches (RFC 7489
  // section 6.6.3).
  const auto word = ascii_lower(policy.value_or(""));
  if (word == "quarantine" || word == "reject") return {{MailFact::dmarc_good, name, word}};
  if (word == "none" || tags.find("rua")) return {{MailFact::dmarc_watching, name, {}}};
  return {{MailFact::dmarc_malformed, name, records[0]}};
}

std::vector<MailNote> judge_dkim(const std::string& name, const std::vector<std::string>& texts) {
  if (texts.empty()) return {{MailFact::dkim_missing, name, {}}};
  if (texts.size() > 1) return {{MailFact::dkim_several, name, std::to_string(texts.size())}};
  const TagList tags(texts[0]);
  std::vector<MailNote> notes = {judge_dkim_key(name, texts[0], tags)};
  const auto modes = split_at(tags.find("t").value_or(""), ':');
  if (std::find(modes.begin(), modes.end(), "y") != modes.end()) {
    notes.push_back({MailFact::dkim_testing, name, {}});
  }
  return notes;
}

bool is_selector(std::string_view text) {
  constexpr std::size_t label_most = 63;  // RFC 1035 section 2.3.4
  const auto labels = split_at(text, '.');
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const char low = ascii_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  return plain && !labels.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(labels.begin(), labels.end(),
                     [&](auto label) { return label.size() <= label_most; });
}

namespace {

// The notes on one name: of its records, or why there are none to judge.
template <typename Judge>
std::vector<MailNote> ask_and_judge(TextLookup& lookup, const std::string& name, Judge judge) {
  const auto answer = lookup.texts(name);
  if (answer.result == TextResult::failed) return {{MailFact::dns_failed, name, {}}};
  if (answer.result == TextResult::silent) return {{MailFact::dns_silent, name, {}}};
  return judge(name, answer.texts);
}

std::vector<MailNote> examine_dmarc(const std::string& domain, TextLookup& lookup) {
  const auto at = [&](const std::string& name, bool of_parent) {
    return ask_and_judge(lookup, "_dmarc." + name, [&](const auto& asked, const auto& texts) {
      return judge_dmarc(asked, texts, of_parent);
    });
  };
  auto own = at(domain, false);
  std::string parent = domain;
  for (std::size_t k = 0; k < limits::dmarc_parents; ++k) {
    parent = parent.substr(std::min(parent.find('.') + 1, parent.size()));
    if (own[0].fact != MailFact::dmarc_missing || parent.find('.') == std::string::npos) break;
    auto above = at(parent, true);
    if (above[0].fact != MailFact::dmarc_missing) return above;
  }
  return own;
}

}  // namespace

std::vector<MailNote> examine_mail_domain(const std::string& domain,
                                          const std::string& envelope_domain,
                                          const std::vector<std::string>& selectors,
                                          TextLookup& lookup) {
  std::vector<MailNote> notes;
  // False: nobody answers, and nobody would answer the next question.
  const auto add = [&](const std::vector<MailNote>& more) {
    notes.insert(notes.end(), more.begin(), more.end());
    return more[0].fact != MailFact::dns_silent;
  };
  if (!add(ask_and_judge(lookup, envelope_domain, judge_spf))) return notes;
  for (const auto& selector : selectors) {
    auto name = selector;
    name.append("._domainkey.").append(domain);
    if (!add(ask_and_judge(lookup, name, judge_dkim))) return notes;
  }
  if (selectors.empty()) notes.push_back({MailFact::dkim_unnamed, domain, {}});
  add(examine_dmarc(domain, lookup));
  return notes;
}

}  // namespace isoloir

// The page that checks a kept receipt: one file with style, script and both languages in it, so
// that it works when it is saved and opened elsewhere. Its policy names script and style by their
// hashes.
#include <fmt/format.h>

#include "crypto/hash.hpp"
#include "web/assets.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

constexpr std::string_view section_begin = "<!--language-->";
constexpr std::string_view section_end = "<!--/language-->";

// The marks of the view. No value can hold one: what is printed there is escaped.
void put(std::string& page, std::string_view mark, std::string_view content) {
  const auto at = page.find(mark);
  ISOLOIR_ASSERT(at != std::string::npos);
  page.replace(at, mark.size(), content);
}

std::string_view section(std::string_view page) {
  const auto begin = page.find(section_begin) + section_begin.size();
  return page.substr(begin, page.find(section_end) - begin);
}

std::string_view embedded(std::string_view name) {
  const auto content = asset(name);
  ISOLOIR_ASSERT(content.has_value());
  return *content;
}

std::string hash_source(std::string_view content) {
  return fmt::format("'sha256-{}'", base64_encode(sha256(as_bytes(content))));
}

}  // namespace

http::Response Site::receipt_check(Visit& visit) {
  const auto& manifest = state_.manifest();
  const std::string fingerprint = hex_encode(state_.fingerprint().bytes);
  Json data = {{"origin", manifest.origin},
               {"tracker_url", manifest.origin + "/tracker"},
               {"result_url", manifest.origin + "/result"},
               {"log_url", manifest.origin + manifest.log_path()},
               {"log_origin", manifest.log_origin},
               {"log_key", hex_encode(manifest.checkpoint_key)},
               {"witnesses", fmt::format("{}", fmt::join(manifest.witnesses, " "))},
               {"witness_threshold", std::to_string(manifest.witness_threshold)},
               {"fingerprint", {{"groups", groups_of_four(fingerprint)}}},
               {"fingerprint_hex", fingerprint}};
  if (portal_.assistance) data["assistance_phone"] = portal_.assistance->phone;
  const auto in = [&](Language language) {
    data["portal_title"] = language == Language::french ? portal_.election.fr : portal_.election.en;
    return renderer_.page("receipt_check", data, language);
  };
  const bool french = visit.language == Language::french;
  std::string page = in(visit.language);
  const std::string other = in(french ? Language::english : Language::french);
  const auto style = embedded("web/receipt_check.css");
  const auto script = embedded("web/receipt_check.js");
  // Where it was saved, the meta element's is the only one; the log is all that it may ask.
  const std::string policy = fmt::format(
      "default-src 'none'; script-src {}; style-src {}; connect-src {}; base-uri 'none'; "
      "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      hash_source(script), hash_source(style), manifest.origin);
  put(page, "<!--head-->",
      fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<style>{}</style>",
                  policy, style));
  put(page, "<!--other-language-->",
      fmt::format("<template data-other-language>{}</template>", section(other)));
  put(page, "<!--script-->", fmt::format("<script>{}</script>", script));
  auto response = http::Response::html(std::move(page));
  response.set_header("Content-Security-Policy", policy + "; frame-ancestors 'none'");
  return response;
}

}  // namespace isoloir::web

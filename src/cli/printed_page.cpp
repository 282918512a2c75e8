#include "cli/printed_page.hpp"

#include <fmt/format.h>

#include "base/html.hpp"
#include "cli/screen.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

constexpr std::string_view style = R"(@page { size: A4; margin: 14mm 14mm 18mm;
  @bottom-center { content: "Page " counter(page) " / " counter(pages);
    font: 9pt Arial, "Liberation Sans", sans-serif } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 182mm; padding: 6mm; color: #000; background: #fff;
  font: 10pt/1.4 Arial, "Liberation Sans", sans-serif; overflow-wrap: anywhere }
h1 { font-size: 18pt; line-height: 1.2; margin: 0 0 2mm }
h2 { font-size: 13pt; margin: 6mm 0 1mm; break-after: avoid }
h3 { font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid }
p, ol, table { margin: 0 0 2mm }
ol { padding-left: 7mm }
[lang=en] { color: #333; font-size: 9pt }
code { font: 10pt/1.5 "DejaVu Sans Mono", "Liberation Mono", Consolas, monospace }
.fingerprint { border: 2px solid #000; padding: 3mm; margin: 0 0 3mm; break-inside: avoid }
.fingerprint code { font-size: 12pt; font-weight: bold }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; padding: 1mm 0 }
th, td { border: 1px solid #555; padding: 1mm 2mm; text-align: left; vertical-align: top }
tr { break-inside: avoid }
.number { text-align: right; white-space: nowrap }
.signature { table-layout: fixed }
.signature td { height: 13mm }
.signature th small { font-weight: normal; font-size: 9pt }
.signature col:nth-child(3):not(:last-child) { width: 15% }
.figures { break-inside: avoid }
.when { width: 32% }
.list { width: 60% }
.lines { border: 1px solid #555; height: 30mm; break-inside: avoid }
@media print { body { max-width: none; padding: 0 } }
@media (max-width: 600px) { th, td { padding: 1mm } })";

}  // namespace

std::string printed_head(std::string_view title, std::string_view style_sheet) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{}</title>
<style>
{}
</style>
</head>
<body>
)",
                     html_escaped(title), style_sheet);
}

std::string page_head(const Manifest& manifest, std::string_view french, std::string_view english) {
  return printed_head(fmt::format("{} – {}", french, manifest.title.fr), style) +
         fmt::format(R"(<header>
<h1>{}</h1>
<p><b>{}</b><br><span lang="en">{}</span></p>
</header>
<main>
)",
                     two(french, english), html_escaped(manifest.title.fr),
                     html_escaped(manifest.title.en));
}

std::string two(std::string_view french, std::string_view english) {
  return fmt::format("{} <span lang=\"en\">– {}</span>", html_escaped(french),
                     html_escaped(english));
}
std::string heading(int level, std::string_view french, std::string_view english) {
  return fmt::format("<h{0}>{1}</h{0}>\n", level, two(french, english));
}
std::string role_name(BureauRole role) {
  const auto [french, english] = role_words(role);
  return two(french, english);
}
std::string code_of(ByteView bytes) {
  return "<code>" + in_groups(bytes) + "</code>";
}
std::string number_of(std::uint64_t value) {
  return web::format_number(static_cast<std::int64_t>(value), web::Language::french);
}

}  // namespace isoloir::cli

#include "cli/notice.hpp"

#include <fmt/format.h>
#include <qrencode.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "base/html.hpp"
#include "cli/printed_page.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

// Dark modules as one path, with the quiet zone of four modules that ISO/IEC 18004 asks for.
std::string qr_svg(const std::string& text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> qr(
      QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), QRcode_free);
  if (!qr) throw std::runtime_error("the QR code cannot be made");
  constexpr int quiet = 4;
  std::string path;
  for (int y = 0; y < qr->width; ++y) {
    for (int x = 0; x < qr->width; ++x) {
      if ((qr->data[y * qr->width + x] & 1) != 0) {
        path += fmt::format("M{} {}h1v1h-1z", x + quiet, y + quiet);
      }
    }
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {0}\" role=\"img\" shape-rendering=\"crispEdges\" "
      "aria-label=\"QR code du code de vote – QR code of the voting code\">"
      "<path d=\"M0 0h{0}v{0}H0z\" fill=\"#fff\"/><path d=\"{1}\"/></svg>",
      qr->width + 2 * quiet, path);
}

constexpr std::string_view notice_style = R"(@page { size: A4; margin: 10mm }
* { box-sizing: border-box }
body { margin: 0; color: #000; background: #fff; font: 9.5pt/1.3 Arial, "Liberation Sans", sans-serif }
article { max-width: 180mm; margin: 0 auto; padding: 8mm; overflow-wrap: anywhere }
article + article { break-before: page }
h1 { font-size: 18pt; line-height: 1.2; margin: 0 0 2mm }
h2 { font-size: 12pt; margin: 3mm 0 1mm }
p, ol, ul { margin: 0 0 1.5mm }
ol, ul { padding-left: 6mm }
[lang=en] { color: #333; font-size: 8.5pt }
.code { border: 2px solid #000; padding: 2mm 3mm; margin: 2mm 0; display: flex; flex-wrap: wrap;
  gap: 2mm; align-items: center; justify-content: space-between; break-inside: avoid }
.replaces { border: 2px solid #000; padding: 1mm 3mm; margin: 1mm 0 }
.replaces ~ .code svg { width: 24mm; height: 24mm }
.code svg { width: 34mm; height: 34mm }
.characters { margin: 0; font: bold 23pt/1.3 "DejaVu Sans Mono", "Liberation Mono", Consolas,
  monospace; white-space: nowrap }
.characters span + span { margin-left: .5em }
table { border-collapse: collapse; font-size: 8.5pt }
th { text-align: left; font-family: "DejaVu Sans Mono", "Liberation Mono", Consolas, monospace;
  font-size: 11pt }
th, td { padding: 0 4mm 0 0; vertical-align: baseline }
section { display: grid; grid-template-columns: 11fr 9fr; gap: 8mm }
@media print { article { max-width: none; padding: 0 } }
@media (max-width: 600px) { section { display: block }
  .characters { font-size: 15pt; white-space: normal } })";

std::string full_name(const Voter& voter) {
  std::string name = voter.title.empty() ? "" : voter.title + " ";
  name += voter.given_names + " ";
  return name + (voter.usage_name.empty() ? voter.birth_name : voter.usage_name);
}

std::string contest_list(const ElectionDraft& election, const Voter& voter) {
  std::string out;
  for (const auto& [number, district] : voter.contests) {
    const auto& contest = election.contests.at(number);
    out += fmt::format("<li>{} <span lang=\"en\">– {}</span>", html_escaped(contest.name.fr),
                       html_escaped(contest.name.en));
    if (contest.districts.size() > 1) out += " : " + html_escaped(contest.districts.at(district));
    out += "</li>\n";
  }
  return out;
}

std::string in_place_of(TimeMs at) {
  return fmt::format(
      R"(<p class="replaces"><b>ANNULE ET REMPLACE</b> toute notice établie avant le {} (heure de Paris), même
reçue après celle-ci&nbsp;: elle ne porte pas ce cadre, ou une date plus ancienne. L'ancien code n'ouvre plus l'espace de vote.<br>
<span lang="en"><b>CANCELS AND REPLACES</b> every notice made before {} (Paris time), even if it reaches you later: it has no such
frame, or an older date. The former code no longer opens the voting space.</span></p>
)",
      web::format_time(at, web::Language::french), web::format_time(at, web::Language::english));
}

// The groups in large type and their reading, beside the QR code.
std::string code_block(const Code& code) {
  std::string characters, reading;
  for (const auto& group : code.groups()) {
    characters += fmt::format("<span>{}</span>", group);
    reading += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td lang=\"en\">{}</td></tr>\n",
                           group, read_aloud(group, true), read_aloud(group, false));
  }
  return fmt::format(R"(<div class="code">
<div><h2>Votre code de vote <span lang="en">– Your voting code</span></h2>
<p class="characters">{}</p></div>
{}
<table><caption hidden>Lecture du code, groupe par groupe</caption>
{}</table>
</div>
)",
                     characters, qr_svg(code.shown().reveal()), reading);
}

// French and English side by side, naming fields and buttons as the screens do (locale/*.po). {0}
// is the portal's address, {1} and {2} how to reach the assistance.
constexpr std::string_view guidance = R"(<section><div>
<h2>Comment lire le code</h2>
<p>Seulement des chiffres et des lettres majuscules. Il n'y a jamais de lettre O, I, L ni U&nbsp;:
<b>0</b> est toujours le chiffre zéro, <b>1</b> toujours le chiffre un. Majuscules ou minuscules,
avec ou sans espaces ou tirets&nbsp;: tout est accepté. Le dernier caractère contrôle les
autres&nbsp;: une faute de frappe est signalée et ne compte pas comme un essai.</p>
<h2>Pour voter</h2>
<ol>
<li>Allez sur <b>{0}</b> et connectez-vous avec «&nbsp;Adresse électronique professionnelle&nbsp;»
et «&nbsp;Mot de passe du compte électeur&nbsp;» (ce n'est pas le code ci-dessus).</li>
<li>Sous «&nbsp;Je Vote&nbsp;», cliquez sur «&nbsp;Consulter les scrutins, les candidatures et
voter&nbsp;», puis saisissez votre code de vote.</li>
<li>Pour chaque scrutin, choisissez, vérifiez, validez, puis gardez votre preuve de vote&nbsp;:
«&nbsp;Télécharger ma preuve de vote&nbsp;» ou «&nbsp;Imprimer&nbsp;».</li>
</ol>
<h2>À quoi sert le code QR</h2>
<p>Il contient votre code de vote et rien d'autre&nbsp;: lu par un téléphone, il évite de le taper.
Copiez ce qui s'affiche et collez-le dans «&nbsp;Code de vote&nbsp;». Il n'ouvre aucun site.</p>
<h2>Gardez ce code secret</h2>
<p>Il est personnel, et le code QR aussi. Ne le donnez, ne l'envoyez ni ne le photographiez pour personne&nbsp;: ni
l'administration, ni l'assistance, ni votre organisation syndicale ne vous le demanderont jamais.
Code perdu ou invalidé&nbsp;: la page du code de vote dit comment en avoir un autre.</p>
{1}</div><div lang="en">
<h2>How to read the code</h2>
<p>Digits and capital letters only. There is never a letter O, I, L or U: <b>0</b> is always the
digit zero, <b>1</b> always the digit one. Capitals or not, spaces and hyphens or not: all are
accepted. The last character checks the others: a typing mistake is pointed out and does not count as
an attempt.</p>
<h2>To vote</h2>
<ol>
<li>Go to <b>{0}</b> and sign in with “Professional e-mail address” and “Password of the voter account”
(it is not the code above).</li>
<li>Under “I vote” click “See the contests and the candidates, and vote”, then enter your voting
code.</li>
<li>For each contest choose, check, confirm, then keep your receipt: “Download my receipt” or
“Print”.</li>
</ol>
<h2>What the QR code is for</h2>
<p>It holds your voting code and nothing else: read by a phone, it saves typing. Copy what is shown
and paste it into “Voting code”. It opens no site.</p>
<h2>Keep this code secret</h2>
<p>It is personal, and so is the QR code. Never give, send or photograph it for anybody: neither the administration, nor
the help desk, nor your union will ever ask for it. Code lost or invalidated: the page that asks for
it tells how to have another.</p>
{2}</div></section>
)";

}  // namespace

std::string read_aloud(std::string_view text, bool french) {
  constexpr std::array<std::string_view, 10> digits_fr{"zéro", "un",  "deux", "trois", "quatre",
                                                       "cinq", "six", "sept", "huit",  "neuf"};
  constexpr std::array<std::string_view, 10> digits_en{"zero", "one", "two",   "three", "four",
                                                       "five", "six", "seven", "eight", "nine"};
  // The international spelling alphabet (ICAO Annex 10).
  constexpr std::array<std::string_view, 26> letters{
      "Alfa",    "Bravo", "Charlie", "Delta",  "Echo",     "Foxtrot", "Golf",   "Hotel",  "India",
      "Juliett", "Kilo",  "Lima",    "Mike",   "November", "Oscar",   "Papa",   "Quebec", "Romeo",
      "Sierra",  "Tango", "Uniform", "Victor", "Whiskey",  "X-ray",   "Yankee", "Zulu"};
  std::string out;
  for (const char c : text) {
    if (!out.empty()) out += ", ";
    if (c >= '0' && c <= '9') {
      out += (french ? digits_fr : digits_en).at(static_cast<std::size_t>(c - '0'));
    } else {
      out += letters.at(static_cast<std::size_t>(c - 'A'));
    }
  }
  return out;
}

std::string notice_head(const ElectionDraft& election) {
  return printed_head("Notice de vote – " + election.title.fr, notice_style);
}

Secret<std::string> notice_page(const ElectionDraft& election, const Voter& voter, const Code& code,
                                std::span<const ReplacedKey> replaced) {
  using web::Language;
  Secret<std::string> page(fmt::format(
      R"(<article>
<header>
<h1>Notice de vote <span lang="en">– Voting notice</span></h1>
<p><b>{}</b><br><span lang="en">{}</span></p>
<p>{}<br>Dossier <span lang="en">– File</span>&nbsp;: {}</p>
</header>
{}<p>Ouvert du {} au {} (heure de Paris)<br>
<span lang="en">Open from {} to {} (Paris time)</span></p>
<h2>Vos scrutins <span lang="en">– Your contests</span></h2>
<ul>
{}</ul>
)",
      html_escaped(election.title.fr), html_escaped(election.title.en),
      html_escaped(full_name(voter)), html_escaped(voter.id),
      replaced.empty() ? "" : in_place_of(replaced.back().at),
      web::format_time(election.hours.opens_at, Language::french),
      web::format_time(election.hours.closes_at, Language::french),
      web::format_time(election.hours.opens_at, Language::english),
      web::format_time(election.hours.closes_at, Language::english),
      contest_list(election, voter)));
  page.reveal() += code_block(code);
  std::string help_fr, help_en;
  if (const auto& help = election.assistance) {
    help_fr = fmt::format("<p>Besoin d'aide&nbsp;? <b>{}</b> ({})</p>\n", html_escaped(help->phone),
                          html_escaped(help->hours.fr));
    help_en = fmt::format("<p>Need help? <b>{}</b> ({})</p>\n", html_escaped(help->phone),
                          html_escaped(help->hours.en));
  }
  page.reveal() += fmt::format(guidance, html_escaped(election.origin), help_fr, help_en);
  page.reveal() += "</article>\n";
  return page;
}

std::string notice_foot() {
  return "</body>\n</html>\n";
}

}  // namespace isoloir::cli

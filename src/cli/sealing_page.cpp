#include "cli/sealing_page.hpp"

#include <fmt/format.h>

#include "base/html.hpp"
#include "cli/printed_page.hpp"
#include "cli/screen.hpp"
#include "crypto/hash.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

using web::Language;

std::string what_is_sealed(const Sealing& sealing) {
  const auto& manifest = sealing.manifest;
  const auto time = [](TimeMs at, Language language) { return web::format_time(at, language); };
  std::string out = heading(2, "Ce qui est scellé", "What is sealed");
  out += fmt::format("<div class=\"fingerprint\"><p>{}</p>\n<p>{}</p></div>\n",
                     two("Empreinte du scrutin, la même sur chaque page du portail",
                         "Fingerprint of the election, the same on every page of the portal"),
                     "<code>" + in_groups(sealing.fingerprint) + "</code>");
  out += fmt::format(
      "<p>Scellé le {} (heure de Paris)<br><span lang=\"en\">Sealed on {} (Paris "
      "time)</span></p>\n",
      time(sealing.sealed_at, Language::french), time(sealing.sealed_at, Language::english));
  out += fmt::format(
      "<p>Vote ouvert du {} au {} (heure de Paris), puis {} min pour qui est déjà dans l'espace de "
      "vote<br><span lang=\"en\">Vote open from {} to {} (Paris time), then {} min for who is in "
      "the voting space already</span></p>\n",
      time(manifest.opens_at, Language::french), time(manifest.closes_at, Language::french),
      manifest.grace_seconds / 60, time(manifest.opens_at, Language::english),
      time(manifest.closes_at, Language::english), manifest.grace_seconds / 60);
  out += fmt::format("<p>{} : {}</p>\n", two("Adresse du portail", "Address of the portal"),
                     html_escaped(manifest.origin));
  for (const auto& seal : manifest.broken_seals) {
    out += fmt::format("<p><b>{} {}</b><br><span lang=\"en\">{} {}</span><br>{} : {}<br>{}</p>\n",
                       "Remplace un sceau rompu le", time(seal.at, Language::french),
                       "Replaces a seal broken on", time(seal.at, Language::english),
                       two("Motif", "Reason"), html_escaped(seal.reason),
                       code_of(seal.fingerprint.bytes));
  }
  if (!manifest.broken_seals.empty()) {
    out += "<p>" +
           (sealing.same_codes ? two("Codes de vote : les mêmes que sous le sceau rompu",
                                     "Voting codes: the same as under the broken seal")
                               : two("Codes de vote : autres que sous le sceau rompu",
                                     "Voting codes: others than under the broken seal")) +
           "</p>\n";
  }
  // check_seal has read these zeros in the seal that every member signs.
  out += "<table>\n<caption>" +
         two("État au scellement, signé par chaque membre",
             "State at the sealing, signed by every member") +
         "</caption>\n";
  for (const auto& [french, english] :
       {std::pair{"Bulletins dans l'urne et au compteur", "Ballots in the box and on the counter"},
        {"Émargements", "Sign-offs"}}) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">0</td></tr>\n",
                       two(french, english));
  }
  return out + "</table>\n";
}

std::string options_of(const Contest& contest) {
  std::string out = "<ol>\n";
  for (const auto& option : contest.options) {
    if (option.blank) {
      out += "<li>" + two("Vote blanc", "Blank vote") + "</li>\n";
      continue;
    }
    out += "<li><b>" + html_escaped(option.name) + "</b>";
    std::string names;
    if (!option.substitute.empty()) {
      out += "<br>" + two("Remplaçant", "Substitute") + " : " + html_escaped(option.substitute);
    }
    for (const auto& one : option.candidates) names += (names.empty() ? "" : " ; ") + one;
    for (const auto& [name, share] : option.common) {
      out += fmt::format(", {} ({})", html_escaped(name), share);
    }
    if (!names.empty()) out += "<br>" + html_escaped(names);
    out += "</li>\n";
  }
  return out + "</ol>\n";
}

std::string roll_of(const Manifest& manifest, std::uint32_t k) {
  const auto& contest = manifest.contests[k];
  std::string rows;
  std::uint64_t total = 0;
  for (const auto& roster : manifest.rosters) {
    if (roster.contest != k) continue;
    total += roster.size;
    if (contest.districts.size() > 1) {
      rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td></tr>\n",
                          html_escaped(contest.districts[roster.district]), number_of(roster.size));
    }
  }
  return fmt::format(
      "<table>\n<caption>{}</caption>\n{}<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td>"
      "</tr>\n</table>\n",
      two("Électeurs inscrits", "Registered voters"), rows, "Total", number_of(total));
}

std::string contests_of(const Manifest& manifest) {
  std::string out = heading(2, "Scrutins et candidatures, dans l'ordre tiré au sort",
                            "Contests and candidacies, in the order drawn by lot");
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    const auto& contest = manifest.contests[k];
    out += fmt::format("<section>\n<h3>{}. {}</h3>\n", k, two(contest.name.fr, contest.name.en));
    out += fmt::format("<p>{} : {}</p>\n", two("Sièges", "Seats"), contest.seats);
    out += options_of(contest) + roll_of(manifest, k) + "</section>\n";
  }
  return out;
}

std::string bureau_of(const Bureau& bureau) {
  std::string out = fmt::format("<section>\n<h3>{}</h3>\n", html_escaped(bureau.name));
  out += fmt::format("<p>{}<br>{}</p>\n",
                     two("Empreinte de la cérémonie des clés, lue à voix haute et comparée",
                         "Fingerprint of the key ceremony, read aloud and compared"),
                     code_of(bureau.ceremony));
  out +=
      fmt::format("<p>{}<br>{}</p>\n", two("Clé publique du scrutin", "Public key of the election"),
                  code_of(bureau.key.encoded()));
  for (const auto& group : bureau.groups) {
    out += fmt::format(
        "<table class=\"signature\">\n<caption>{} : {}</caption>\n"
        "<colgroup><col><col><col><col></colgroup>\n<thead><tr><th scope=\"col\">{}</th><th "
        "scope=\"col\">{}</th><th scope=\"col\">{}</th>"
        "<th scope=\"col\">{}</th></tr></thead>\n",
        html_escaped(group.name),
        two(fmt::format("au moins {} {} sur {} pour ouvrir l'urne", group.threshold,
                        group.threshold == 1 ? "clé" : "clés", group.members.size()),
            fmt::format("at least {} {} of {} to open the box", group.threshold,
                        group.threshold == 1 ? "key" : "keys", group.members.size())),
        two("Membre", "Member"), two("Sceau électronique", "Electronic seal"), two("Heure", "Time"),
        two("Signature", "Signature"));
    for (const auto& member : group.members) {
      out += fmt::format(
          "<tr><th "
          "scope=\"row\">{}<br><small>{}</small></th><td>{}<br>{}</td><td></td><td></td></tr>\n",
          html_escaped(member.name), role_name(member.role), two("signé", "signed"),
          code_of(ByteView(member.signing_key.encoded()).first(8)));
    }
    out += "</table>\n";
  }
  return out + "</section>\n";
}

std::string keys_of(const Manifest& manifest, std::string_view seal) {
  std::string out = heading(2, "Clés et programmes", "Keys and programs");
  const auto line = [&](std::string_view french, std::string_view english, ByteView bytes) {
    out += fmt::format("<p>{}<br>{}</p>\n", two(french, english), code_of(bytes));
  };
  line("Clé qui a signé les listes de clés électorales (fabrication des codes)",
       "Key that signed the lists of voting keys (registrar)", manifest.registrar_key.encoded());
  line("Clé du tableau public", "Key of the public board", manifest.board_key.encoded());
  line("Clé du registre public", "Key of the public log", manifest.checkpoint_key);
  for (const auto& asset : manifest.assets) {
    line("Programme du poste de vote, " + asset.path, "Program of the voting booth, " + asset.path,
         asset.sha256);
  }
  line("Empreinte SHA-256 du fichier seal.json, qui porte les signatures",
       "SHA-256 of the file seal.json, which bears the signatures", sha256(as_bytes(seal)));
  return out;
}

}  // namespace

std::string sealing_page(const Sealing& sealing, std::string_view seal) {
  ISOLOIR_ASSERT(sealing.complete());
  const auto& manifest = sealing.manifest;
  std::string page = page_head(manifest, "Procès-verbal de scellement", "Minutes of the sealing") +
                     what_is_sealed(sealing) + contests_of(manifest);
  page += heading(2, "Bureaux de vote et signatures", "Bureaus and signatures");
  for (const auto& bureau : manifest.bureaus) page += bureau_of(bureau);
  page += keys_of(manifest, seal);
  page += heading(2, "Tests de ce jour et observations", "Tests of this day and observations");
  page += "<div class=\"lines\"></div>\n";
  return page.append(page_end);
}

}  // namespace isoloir::cli

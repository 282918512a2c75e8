#include "cli/minutes_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/html.hpp"
#include "cli/printed_page.hpp"
#include "cli/screen.hpp"
#include "crypto/hash.hpp"
#include "election/minutes.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

using web::Language;

std::string time_in_french(TimeMs at) {
  return web::format_time(at, Language::french);
}
std::string time_in_english(TimeMs at) {
  return web::format_time(at, Language::english);
}

// ---- What was verified

std::string what_is_attested(const CheckedResult& checked, std::uint32_t bureau,
                             const Json& minutes) {
  const auto& manifest = checked.manifest;
  const auto at = minutes["at"].get<TimeMs>();
  std::string out = heading(2, "Ce qui est attesté", "What is attested");
  out += fmt::format("<p><b>{}</b></p>\n", html_escaped(manifest.bureaus[bureau].name));
  out += fmt::format("<div class=\"fingerprint\"><p>{}</p>\n<p><code>{}</code></p></div>\n",
                     two("Empreinte de l'élection, celle du procès-verbal de scellement",
                         "Fingerprint of the election, that of the minutes of the sealing"),
                     in_groups(manifest.fingerprint()));
  out += fmt::format(
      "<p>Établi le {} (heure de Paris)<br><span lang=\"en\">Drawn up on {} (Paris "
      "time)</span></p>\n",
      time_in_french(at), time_in_english(at));
  out += "<p>" +
         two("L'export de l'élection a été vérifié en entier avant la signature, avec l'empreinte "
             "et un point de contrôle du registre public venus d'ailleurs : toutes les "
             "vérifications ont réussi. Chaque chiffre ci-dessous en découle.",
             "The whole export of the election was verified before the signature, with the "
             "fingerprint and a checkpoint of the public log from elsewhere: every check has "
             "passed. Each figure below follows from it.") +
         "</p>\n";
  const auto line = [&](std::string_view french, std::string_view english, ByteView bytes) {
    out += fmt::format("<p>{}<br>{}</p>\n", two(french, english), code_of(bytes));
  };
  line("Décompte T, à comparer à voix haute", "Tally T, to be compared aloud",
       *hex_decode_array<64>(minutes["tally"].get<std::string>()));
  line("Empreinte SHA-256 du résultat (result.json)", "SHA-256 of the result (result.json)",
       sha256(as_bytes(checked.result)));
  const auto entries = number_of(checked.checkpoint.size);
  line(fmt::format("Registre public de cet export, {} entrées, racine", entries),
       fmt::format("Public log of this export, {} entries, root", entries),
       checked.checkpoint.root);
  return out;
}

// ---- Operations

std::pair<std::string, std::string> event_in_words(const Manifest& manifest, const Json& event) {
  const auto name = event["event"].get<std::string>();
  const auto k = u32_field(event, "contest");
  const auto of = [&](const char* french, const char* english) {
    if (!k) return std::pair<std::string, std::string>(french, english);
    const auto& contest = manifest.contests[*k].name;
    return std::pair(fmt::format("{} : {}. {}", french, *k, contest.fr),
                     fmt::format("{}: {}. {}", english, *k, contest.en));
  };
  if (name == "open") return of("Ouverture du vote", "Opening of the vote");
  if (name == "suspend") return of("Suspension du scrutin", "Suspension of the contest");
  if (name == "resume") return of("Reprise du scrutin", "Resumption of the contest");
  if (name == "unseal") return of("Rupture du scellement", "Breaking of the seal");
  if (name == "reseal") return of("Nouveau scellement", "Sealing anew");
  if (name == "close") return of("Fermeture du vote", "Close of the vote");
  if (name == "freeze") {
    return of("Scellement de l'urne, de la liste d'émargement et du compteur",
              "Sealing of the box, of the list of sign-offs and of the counter");
  }
  if (name == "count") return of("Ouverture de l'urne", "Opening of the box");
  if (name == "close-count") return of("Clôture du dépouillement", "Close of the count");
  const auto until = event["data"]["closes_at"].get<TimeMs>();
  return {"Prolongation du vote jusqu'au " + time_in_french(until),
          "Extension of the vote until " + time_in_english(until)};
}

std::string signers_in_words(const Manifest& manifest, const SignedDocument& event) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + name; };
  if (event.signed_by(manifest.board_key)) add("serveur (server)");
  for (const auto& bureau : manifest.bureaus) {
    for (const auto& group : bureau.groups) {
      for (const auto& member : group.members) {
        if (event.signed_by(member.signing_key)) add(member.name);
      }
    }
  }
  return html_escaped(names);
}

// One by one, but for enrolments and strike-offs, whose numbers stand with each contest.
std::string operations(const CheckedResult& checked, std::uint32_t bureau) {
  const auto& manifest = checked.manifest;
  std::string out = heading(2, "Opérations", "Operations");
  for (const auto& seal : manifest.broken_seals) {
    out += fmt::format("<p>{}<br>{} : {}</p>\n",
                       two("Sceau rompu avant l'ouverture, le " + time_in_french(seal.at),
                           "Seal broken before the opening, on " + time_in_english(seal.at)),
                       two("Motif", "Reason"), html_escaped(seal.reason));
  }
  out += fmt::format(
      "<table>\n<thead><tr><th scope=\"col\" class=\"when\">{}</th><th scope=\"col\">{}</th>"
      "<th scope=\"col\">{}</th></tr></thead>\n",
      two("Heure de Paris", "Paris time"), two("Opération", "Operation"),
      two("Signée par", "Signed by"));
  for (const auto& event : checked.events) {
    const auto& body = event.body();
    if (!concerns(body, bureau) || body["event"] == "enrol" || body["event"] == "strike-off") {
      continue;
    }
    const auto [french, english] = event_in_words(manifest, body);
    const auto reason = text_field(body["data"], "reason");
    out +=
        fmt::format("<tr><td>{}<br><span lang=\"en\">{}</span></td><td>{}{}</td><td>{}</td></tr>\n",
                    time_in_french(body["at"].get<TimeMs>()),
                    time_in_english(body["at"].get<TimeMs>()), two(french, english),
                    reason ? "<br>" + two("Motif", "Reason") + " : " + html_escaped(*reason) : "",
                    signers_in_words(manifest, event));
  }
  return out + "</table>\n";
}

// ---- Figures

std::string share_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  const auto hundredths = (part * 10000 + whole / 2) / whole;
  return fmt::format(" ({},{:02} %)", hundredths / 100, hundredths % 100);
}

std::string figures_of(const Json& figures) {
  std::string out = "<table class=\"figures\">\n";
  const auto row = [&](const char* french, const char* english, const char* field,
                       const char* of = nullptr) {
    const auto value = figures[field].get<std::uint64_t>();
    out += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">{}{}</td></tr>\n",
                       two(french, english), number_of(value),
                       of ? share_of(value, figures[of].get<std::uint64_t>()) : "");
  };
  row("Électeurs inscrits à la fermeture", "Registered voters at the close", "registered");
  row("Inscriptions après le scellement", "Enrolments after the sealing", "enrolments");
  row("Radiations après le scellement", "Strike-offs after the sealing", "strike_offs");
  row("Clés remplacées par les lots publiés", "Keys replaced by published batches", "reissues");
  row("Émargements", "Sign-offs", "sign_offs", "registered");
  row("Bulletins dans l'urne", "Ballots in the box", "ballots");
  row("Votes blancs", "Blank votes", "blank");
  row("Suffrages exprimés", "Valid votes", "valid");
  return out + "</table>\n";
}

std::string members_of(const Json& list) {
  std::string out;
  for (const auto& member : list["members"]) {
    out += fmt::format("{}{} : {}", out.empty() ? "<br>" : " ; ",
                       html_escaped(member["name"].get<std::string>()),
                       number_of(member["votes"].get<std::uint64_t>()));
    if (const auto rest = member["rest"].get<std::string>(); !rest.starts_with("0/")) {
      out += " + " + rest;
    }
  }
  return out;
}

std::string lists_of(const Contest& contest, const Json& counted, const Json& figures) {
  std::string out = fmt::format(
      "<table class=\"figures\">\n<thead><tr><th scope=\"col\" class=\"list\">{}</th><th "
      "scope=\"col\">{}</th>"
      "<th scope=\"col\">{}</th></tr></thead>\n",
      two("Liste", "List"), two("Voix", "Votes"), two("Sièges", "Seats"));
  for (const auto& list : counted["seats"]["lists"]) {
    const auto option = list["option"].get<std::size_t>();
    const auto votes = list["votes"].get<std::uint64_t>();
    out += fmt::format(
        "<tr><th scope=\"row\">{}{}</th><td class=\"number\">{}{}</td><td "
        "class=\"number\">{}</td></tr>\n",
        html_escaped(contest.options[option].name), members_of(list), number_of(votes),
        share_of(votes, figures["valid"].get<std::uint64_t>()),
        number_of(list["seats"].get<std::uint64_t>()));
  }
  out += "</table>\n";
  out += fmt::format("<p>{} : {} ; {} : {}</p>\n", two("Sièges à pourvoir", "Seats to fill"),
                     contest.seats, two("sièges non pourvus", "seats left unfilled"),
                     counted["seats"]["unfilled"].get<std::uint64_t>());
  for (const auto& lot : counted["seats"]["lots"]) {
    out += fmt::format("<p>{} : {}</p>\n", two("Tirage au sort, gagné par", "Lot drawn, won by"),
                       html_escaped(contest.options[lot.get<std::size_t>()].name));
  }
  return out;
}

std::string candidates_of(const Contest& contest, const Json& counted, const Json& figures) {
  const auto& majority = counted["majority"];
  std::string out = fmt::format(
      "<table class=\"figures\">\n<thead><tr><th scope=\"col\" class=\"list\">{}</th><th "
      "scope=\"col\">{}</th>"
      "<th scope=\"col\">{}</th></tr></thead>\n",
      two("Candidat", "Candidate"), two("Voix", "Votes"), two("Résultat", "Outcome"));
  const auto& second = majority["second_round"];
  for (std::size_t i = 0; i < contest.options.size(); ++i) {
    if (contest.options[i].blank) continue;
    const auto votes = figures["votes"][i].get<std::uint64_t>();
    const bool stands = std::find(second.begin(), second.end(), Json(i)) != second.end();
    out +=
        fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">{}{}</td><td>{}</td></tr>\n",
                    html_escaped(contest.options[i].name), number_of(votes),
                    share_of(votes, figures["valid"].get<std::uint64_t>()),
                    majority["elected"] == i ? two("élu(e)", "elected")
                    : stands ? two("peut se présenter au second tour", "may stand in round two")
                             : "");
  }
  out += "</table>\n";
  if (!majority["undecided"].empty()) {
    out += "<p>" +
           two("Une égalité est constatée, que la règle appliquée ne départage pas.",
               "There is a tie that the rule applied does not break.") +
           "</p>\n";
  }
  return out;
}

std::string results(const CheckedResult& checked, const Json& minutes) {
  std::string out = heading(2, "Résultats", "Results");
  const Json result = Json::parse(checked.result);
  for (const auto& figures : minutes["contests"]) {
    const auto k = figures["contest"].get<std::uint32_t>();
    const auto& contest = checked.manifest.contests[k];
    const auto& counted = result["contests"][k];
    out += fmt::format("<section>\n<h3>{}. {}</h3>\n", k, two(contest.name.fr, contest.name.en));
    out += figures_of(figures);
    out += counted.contains("majority") ? candidates_of(contest, counted, figures)
                                        : lists_of(contest, counted, figures);
    out += "</section>\n";
  }
  return out;
}

// ---- Signatures

std::string signatures(const Bureau& bureau, const SignedDocument& minutes) {
  std::string out = heading(2, "Signatures des membres du bureau", "Signatures of the bureau");
  for (const auto& group : bureau.groups) {
    out += fmt::format(
        "<table class=\"signature\">\n<caption>{}</caption>\n"
        "<colgroup><col><col><col></colgroup>\n<thead><tr><th scope=\"col\">{}</th>"
        "<th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\n",
        html_escaped(group.name), two("Membre", "Member"),
        two("Signature électronique", "Electronic signature"),
        two("Signature manuscrite", "Signature by hand"));
    for (const auto& member : group.members) {
      const auto key = code_of(ByteView(member.signing_key.encoded()).first(8));
      out += fmt::format(
          "<tr><th scope=\"row\">{}<br><small>{}</small></th><td>{}</td><td></td></tr>\n",
          html_escaped(member.name), role_name(member.role),
          minutes.signed_by(member.signing_key) ? two("signé", "signed") + "<br>" + key : "–");
    }
    out += "</table>\n";
  }
  return out;
}

}  // namespace

std::string minutes_page(const CheckedResult& checked, std::uint32_t bureau,
                         const SignedDocument& minutes) {
  std::string page = page_head(checked.manifest, "Procès-verbal des opérations et des résultats",
                               "Minutes of operations and results");
  page += what_is_attested(checked, bureau, minutes.body());
  page += operations(checked, bureau);
  page += results(checked, minutes.body());
  page += heading(2, "Observations et réclamations", "Observations and complaints");
  page += "<div class=\"lines\"></div>\n";
  page += signatures(checked.manifest.bureaus[bureau], minutes);
  return page.append(page_end);
}

}  // namespace isoloir::cli

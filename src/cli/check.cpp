// isoloir check PORTAL_DIR: what is wrong with a portal's files, by line; else what they say, so
// that an organiser reads before the draft what voters will live with. Nothing is written.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/files.hpp"
#include "cli/check_mail.hpp"
#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/server.hpp"
#include "election/consular_number.hpp"
#include "election/registrar.hpp"
#include "election/roll.hpp"
#include "reissue/destination.hpp"
#include "service/identification.hpp"
#include "service/setup.hpp"
#include "web/locale.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

struct PortalCheck {
  fs::path portal;
  fs::path roll;
  fs::path channels;
  bool live = false;
  MailCheck mail;
};

std::string of_bureau(const BureauPlan& bureau) {
  std::string french = "Bureau « " + bureau.name + " », pour ouvrir l'urne :";
  std::string english = "Bureau \"" + bureau.name + "\", to open the box:";
  for (std::size_t g = 0; g < bureau.groups.size(); ++g) {
    const auto& group = bureau.groups[g];
    const auto members = group.members.size();
    french +=
        fmt::format("{} {} sur {} ({})", g == 0 ? "" : " et", group.threshold, members, group.name);
    english +=
        fmt::format("{} {} of {} ({})", g == 0 ? "" : " and", group.threshold, members, group.name);
  }
  return both(french, english);
}

std::string of_contest(const Contest& contest, std::size_t number) {
  const auto standing = contest.options.size() - 1;  // without the blank vote
  std::string french = fmt::format(
      "Scrutin {}, {} : sièges {}, {} {}, nouveaux codes {} au plus", number, contest.name.fr,
      contest.seats, contest.round == 0 ? "listes" : "candidats", standing, contest.reissue_max);
  std::string english = fmt::format(
      "Contest {}, {}: seats {}, {} {}, new codes {} at most", number, contest.name.en,
      contest.seats, contest.round == 0 ? "lists" : "candidates", standing, contest.reissue_max);
  if (contest.districts.size() > 1) {
    french += fmt::format(", circonscriptions {}, réunies sous {} bulletins",
                          contest.districts.size(), contest.unit_minimum);
    english += fmt::format(", districts {}, put together below {} ballots",
                           contest.districts.size(), contest.unit_minimum);
  }
  return both(french, english);
}

std::string of_credentials(const CredentialForms& forms) {
  if (!forms.identifier && !forms.roll_number) return {};
  const auto one = [](const CodeForm& form, Handover by) {
    return fmt::format("{} ({} bits, {})", form.length(), form.bits(), name_of(by));
  };
  const auto password = one(forms.code, forms.code_by);
  if (forms.roll_number) {
    return both(
        fmt::format("Identifiant de la liste électorale, code de vote de {} caractères.", password),
        fmt::format("Identifier of the roll, voting code of {} characters.", password));
  }
  const auto identifier = one(*forms.identifier, forms.identifier_by);
  return both(
      fmt::format("Identifiant de {} caractères, mot de passe de {}.", identifier, password),
      fmt::format("Identifier of {} characters, password of {}.", identifier, password));
}

std::string of_recovery(const RecoveryPolicy& policy) {
  const auto link = policy.password.email_link_ms / minute_ms, apart = policy.apart_ms / hour_ms;
  return both(
      fmt::format("Mot de passe perdu : lien par courriel, valable {} min, puis SMS, {} fois au "
                  "plus ; identifiant perdu : par courriel, {} fois au plus ; jamais les deux en "
                  "{} h.",
                  link, policy.password.per_election, policy.identifier.per_election, apart),
      fmt::format("A lost password: link by e-mail, valid {} min, then a text message, {} times at "
                  "most; a lost identifier: by e-mail, {} times at most; never both within {} h.",
                  link, policy.password.per_election, policy.identifier.per_election, apart));
}

std::string of_reissue(const Portal& portal) {
  if (portal.recovery) return of_recovery(*portal.recovery);
  if (!portal.reissue && portal.credentials.identifier) {
    return both("Identifiant ou mot de passe perdu : par l'assistance seule.",
                "A lost identifier or password: by the assistance alone.");
  }
  if (!portal.reissue) {
    return both("Code de vote perdu : par l'assistance seule.",
                "A lost voting code: by the assistance alone.");
  }
  const auto& policy = *portal.reissue;
  const auto mail = policy.email_link_ms / minute_ms, sms = policy.sms_link_ms / minute_ms;
  return both(
      fmt::format("Code de vote perdu : {} nouveau(x) code(s) au plus par électeur ; lien valable "
                  "{} min par courriel, {} min par SMS.",
                  policy.per_election, mail, sms),
      fmt::format("A lost voting code: {} new one(s) at most for each voter; link valid {} min by "
                  "e-mail, {} min by SMS.",
                  policy.per_election, mail, sms));
}

// Whether somebody may act for a voter there is said either way (requirement 60).
std::string of_franceconnect(const FranceConnectPolicy& policy) {
  const auto levels = fmt::format("{}", fmt::join(policy.acr_values, ", "));
  std::string said = both(fmt::format("FranceConnect : {}, service {}, niveau {}.", policy.issuer,
                                      policy.client_id, levels),
                          fmt::format("FranceConnect: {}, service {}, level {}.", policy.issuer,
                                      policy.client_id, levels));
  if (policy.refused_providers.empty()) {
    said += both(
        "  Aidants Connect n'est pas refusé ici : ce fichier dit que FranceConnect l'a fermé "
        "pour ce service.",
        "  Aidants Connect is not refused here: this file says that FranceConnect has closed it "
        "for this service.");
  } else {
    const auto refused = fmt::format("{}", fmt::join(policy.refused_providers, ", "));
    said += both("  Fournisseurs d'identité refusés : " + refused + ".",
                 "  Identity providers refused: " + refused + ".");
  }
  return said;
}

// What the provider says of itself now, against what is registered.
Expected<std::string> compare_with_provider(const FranceConnectPolicy& policy, Clock& clock) {
  const auto registration = registration_of(policy);
  openid::Client client(registration, {}, clock);
  const auto description = client.fetch_discovery();
  if (!description) return fail(description.error().code, description.error().message);
  const auto found = openid::differences(*description, registration);
  if (found.empty()) {
    return both("  Son annonce en ligne correspond à ce fichier.",
                "  What it announces online is what this file says.");
  }
  return fail("franceconnect.differs",
              fmt::format("{} announces other things than portal.toml says:\n  {}", policy.issuer,
                          fmt::join(found, "\n  ")));
}

std::string of_claims(const ClaimsPolicy& policy) {
  using web::format_time, web::Language;
  return both(fmt::format("Réclamations : par courriel à {} ; liste jusqu'au {}, candidatures "
                          "jusqu'au {}.",
                          policy.email, format_time(policy.roll_until, Language::french),
                          format_time(policy.candidacy_until, Language::french)),
              fmt::format("Claims: by e-mail to {}; on the roll until {}, on candidacies until {}.",
                          policy.email, format_time(policy.roll_until, Language::english),
                          format_time(policy.candidacy_until, Language::english)));
}

std::string of_contact_check(const ContactPolicy& policy) {
  using web::format_time, web::Language;
  const auto by = std::string(policy.email ? "e-mail" : "") +
                  (policy.email && policy.sms ? ", " : "") + (policy.sms ? "SMS" : "");
  return both(fmt::format("Vérification avant le vote : par {}, du {} au {}.", by,
                          format_time(policy.from, Language::french),
                          format_time(policy.until, Language::french)),
              fmt::format("Check before the vote: by {}, from {} until {}.", by,
                          format_time(policy.from, Language::english),
                          format_time(policy.until, Language::english)));
}

std::string of_account(const AccountPolicy& policy) {
  const auto days = policy.activation_link_ms / day_ms;
  const auto minutes = policy.password_link_ms / minute_ms;
  const auto at = [&](web::Language language) {
    return web::format_time(policy.invitations_from, language);
  };
  return both(
      fmt::format("Comptes : chacun active le sien par un lien, envoyé à partir du {}, valable {} "
                  "jours ; mot de passe oublié : lien valable {} min ; {} questions défi, ou la "
                  "sienne.",
                  at(web::Language::french), days, minutes, policy.questions.size()),
      fmt::format("Accounts: each voter activates hers by a link, sent from {} on, valid {} days; "
                  "forgotten password: link valid {} min; {} challenge questions, or her own.",
                  at(web::Language::english), days, minutes, policy.questions.size()));
}

std::string of_confirmation(const ConfirmationPolicy& policy) {
  const auto life = policy.life_ms / minute_ms;
  const bool told = policy.sign_off_mail;
  return both(fmt::format("Chaque vote est validé par un code de {} chiffres, par courriel (SMS à "
                          "défaut), valable {} min, {} essais{}.",
                          policy.digits, life, policy.tries,
                          told ? " ; l'émargement est confirmé par le même canal" : ""),
              fmt::format("Each vote is validated by a code of {} digits, by e-mail (or else by "
                          "text message), valid {} min, {} tries{}.",
                          policy.digits, life, policy.tries,
                          told ? "; the sign-off is confirmed by the same channel" : ""));
}

std::string of_hours(const DraftHours& hours, TimeMs now) {
  std::string said = vote_hours(hours.opens_at, hours.closes_at);
  if (hours.closes_at <= now) {
    said += both("Ces heures sont passées : election draft les refusera.",
                 "These hours are past: election draft will refuse them.");
  }
  return said;
}

std::string describe(const Portal& portal, TimeMs now) {
  std::string said = both(portal.title.fr + ", " + portal.election.fr,
                          portal.title.en + ", " + portal.election.en);
  said += of_hours(*hours_of(portal), now);  // Portal::parse has refused hours that are none
  for (const auto& bureau : portal.bureaus) said += of_bureau(bureau);
  for (std::size_t k = 0; k < portal.contests.size(); ++k) {
    said += of_contest(portal.contests[k], k);
  }
  said += of_credentials(portal.credentials);
  said += of_reissue(portal);
  if (portal.franceconnect) said += of_franceconnect(*portal.franceconnect);
  if (portal.account) said += of_account(*portal.account);
  if (portal.contact_check) said += of_contact_check(*portal.contact_check);
  if (portal.claims) said += of_claims(*portal.claims);
  if (portal.confirmation) said += of_confirmation(*portal.confirmation);
  if (portal.assistance && !portal.assistance->email.empty()) {
    said += both("Formulaire « AIDE ? » : écrit à " + portal.assistance->email + ".",
                 "Form \"AIDE ?\": writes to " + portal.assistance->email + ".");
  }
  if (!portal.assistance) {
    said += both("Pas d'assistance : election draft le refusera.",
                 "No assistance: election draft will refuse it.");
  }
  return said;
}

std::string describe(const Roll& roll, const Portal& portal) {
  std::vector<std::size_t> electors(portal.contests.size());
  for (const auto& voter : roll.voters) {
    for (const auto& one : voter.contests) ++electors[one.contest];
  }
  std::string counts;
  for (std::size_t k = 0; k < electors.size(); ++k) {
    counts += fmt::format("{}{}: {}", k == 0 ? "" : ", ", k, electors[k]);
  }
  std::string said =
      both(fmt::format("Électeurs : {} ; par scrutin {}", roll.voters.size(), counts),
           fmt::format("Voters: {}; by contest {}", roll.voters.size(), counts));
  const auto lacking = [&](std::string Voter::*field) {
    return std::count_if(roll.voters.begin(), roll.voters.end(),
                         [&](const Voter& voter) { return (voter.*field).empty(); });
  };
  const auto& forms = portal.credentials;
  const auto address = forms.code_by == Handover::email ? &Voter::email : &Voter::phone;
  if (forms.roll_number && lacking(address) > 0) {
    said += both(
        "Sans adresse où envoyer leur code : voir unreached.csv de registrar issue ; il doit "
        "leur être remis.",
        "Some without an address for their code: see unreached.csv of registrar issue; it "
        "must be handed over.");
  }
  if (forms.identifier && lacking(&Voter::email) + lacking(&Voter::phone) > 0) {
    said += both(fmt::format("Sans courriel : {} ; sans téléphone : {}. Ce qui ne peut leur être "
                             "envoyé doit leur être remis (unreached.csv de registrar issue).",
                             lacking(&Voter::email), lacking(&Voter::phone)),
                 fmt::format("Without e-mail: {}; without telephone: {}. What cannot be sent to "
                             "them must be handed over (unreached.csv of registrar issue).",
                             lacking(&Voter::email), lacking(&Voter::phone)));
  }
  const auto unreachable =
      std::count_if(roll.voters.begin(), roll.voters.end(), [](const Voter& voter) {
        return voter.email.empty() && !reissue::judge_phone(voter.phone, {});
      });
  if (portal.confirmation && unreachable > 0) {
    said += both(fmt::format("Sans courriel ni téléphone : {}. Aucun code de confirmation ne peut "
                             "leur parvenir : ces électeurs ne pourront pas voter en ligne.",
                             unreachable),
                 fmt::format("Without e-mail and telephone: {}. No confirmation code can reach "
                             "them: these voters cannot vote online.",
                             unreachable));
  }
  const auto numberless =
      std::count_if(roll.voters.begin(), roll.voters.end(),
                    [](const auto& voter) { return consular_number(voter).empty(); });
  if (portal.recovery && numberless > 0) {
    said += both(fmt::format("Sans NUMIC ni NUMEL : {}. À qui perd son identifiant ou son mot de "
                             "passe, l'assistance seule peut aider.",
                             numberless),
                 fmt::format("Without NUMIC or NUMEL: {}. Who loses identifier or password can be "
                             "helped by the assistance alone.",
                             numberless));
  }
  const auto without = std::count_if(roll.voters.begin(), roll.voters.end(), [](const auto& voter) {
    return voter.numen.empty() && voter.nir10.empty();
  });
  if (without > 0 && portal.reissue) {
    said += both(fmt::format("Sans NUMEN ni numéro de sécurité sociale : {}. À qui perd son code, "
                             "l'assistance seule peut aider.",
                             without),
                 fmt::format("Without NUMEN or social security number: {}. Who loses the code can "
                             "be helped by the assistance alone.",
                             without));
  }
  return said;
}

// What others say that the election leans on: the provider, and DNS of the mails. Each is asked
// even when the other has failed, so that the operator learns all of it at once.
Expected<std::string> check_live(const Portal& portal, const MailCheck& mail, Clock& clock) {
  std::string said, wrong, code;
  const auto add = [&](const Expected<std::string>& one) {
    if (one) {
      said += *one;
    } else {
      if (code.empty()) code = one.error().code;
      wrong += (wrong.empty() ? "" : "\n") + one.error().message;
    }
  };
  if (portal.franceconnect) add(compare_with_provider(*portal.franceconnect, clock));
  if (!portal.messages.email_sender.empty()) add(check_mail(portal.messages.email_sender, mail));
  if (code.empty()) return said;
  return fail(code, wrong);
}

// A portal's own roll is looked at unless another is named.
Expected<std::string> check(const PortalCheck& options) {
  SystemClock clock;
  const auto portal = read_portal(options.portal);
  if (!portal) return fail(portal.error());
  if (auto good = check_texts(*portal); !good) return fail(good.error());
  if (auto good = web::InformationPages::read(options.portal, *portal); !good) {
    return fail(good.error());
  }
  if (auto good = web::Statements::read(options.portal, *portal); !good) {
    return fail(good.error());
  }
  std::string said = describe(*portal, clock.now());
  auto mail = options.mail;
  if (!options.channels.empty()) {
    const auto channels = read_channels(options.channels);
    if (!channels) return fail(channels.error());
    mail.bounces = channels->bounces;
  }
  if (options.live) {
    const auto found = check_live(*portal, mail, clock);
    if (!found) return fail(found.error());
    said += *found;
  }
  const fs::path file = options.roll.empty() ? options.portal / "roll.csv" : options.roll;
  if (options.roll.empty() && !fs::exists(file)) {
    return said + both("Il n'y a pas de liste électorale dans ce dossier (--roll FICHIER).",
                       "There is no roll in this folder (--roll FILE).");
  }
  const auto csv = read_file(file);
  if (!csv) return fail(csv.error());
  const auto roll =
      parse_roll(*csv, districts_per_contest(portal->contests), roll_address(*portal));
  if (!roll) return fail(roll.error().code, file.string() + ":\n" + roll.error().message);
  if (portal->credentials.roll_number) {
    if (auto good = check_roll_numbers(*roll); !good) return fail(good.error());
  }
  return said + describe(*roll, *portal);
}

int run_check(const PortalCheck& options) {
  const auto said = check(options);
  if (!said) {
    std::fprintf(stderr, "%s\nisoloir check: (%s)\n", said.error().message.c_str(),
                 said.error().code.c_str());
    return 2;
  }
  return std::fputs(said->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}

}  // namespace

void add_check(Command app) {
  const auto options = std::make_shared<PortalCheck>();
  const Command command = app.add("check", "What a portal's files say, and what is wrong in them");
  command.option("portal", options->portal, "Folder of the portal").required();
  command.option("--roll", options->roll, "The roll; without it, roll.csv of the portal");
  command.option("--channels", options->channels,
                 "The file that says how messages leave: whether it can be read, and, with --live, "
                 "to which domain mails are returned");
  command.flag("--live", options->live,
               "ask FranceConnect, too, whether it announces what the portal's file says, and DNS "
               "whether mails of [messages] email_sender will arrive");
  command.option("--dkim-selector", options->mail.selectors,
                 "with --live: a DKIM selector that the mail relay signs with; may be repeated");
  command.option("--resolver", options->mail.resolver,
                 "with --live: the DNS resolver to ask, ADDRESS:PORT (IPv4); without it, that of "
                 "the system");
  command.runs([options] { return run_check(*options); });
}

}  // namespace isoloir::cli

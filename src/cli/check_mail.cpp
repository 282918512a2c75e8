#include "cli/check_mail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/mailbox.hpp"
#include "base/unicode.hpp"
#include "cli/screen.hpp"

namespace isoloir::cli {
namespace {

struct MailWords {
  const char* french;
  const char* english;
};

// {0}: the name that was asked, {1}: what was found there.
MailWords words_of_dns(MailFact fact) {
  if (fact == MailFact::dns_failed) {
    return {
        "{0} : le résolveur DNS répond par une erreur ; les destinataires n'en sauront pas plus "
        "et ajourneront les courriels. Voyez les serveurs du domaine, ou DNSSEC.",
        "{0}: the DNS resolver answers with an error; receivers will learn no more and put "
        "mails off. Look at the domain's servers, or DNSSEC."};
  }
  return {
      "{0} : aucun résolveur DNS ne répond ; rien n'a pu être vérifié. Voyez "
      "/etc/resolv.conf, ou --resolver.",
      "{0}: no DNS resolver answers; nothing could be checked. Look at /etc/resolv.conf, or "
      "--resolver."};
}

MailWords words_of_spf_trouble(MailFact fact) {
  switch (fact) {
    case MailFact::spf_missing:
      return {
          "SPF de {0} : aucun enregistrement. Des destinataires refuseront les courriels : "
          "publiez en TXT « v=spf1 … -all » avec les adresses de votre relais.",
          "SPF of {0}: no record. Some receivers will refuse the mails: publish a TXT record "
          "\"v=spf1 ... -all\" with your relay's addresses."};
    case MailFact::spf_several:
      return {
          "SPF de {0} : {1} enregistrements, ce qui les annule tous : réunissez-les en un seul.",
          "SPF of {0}: {1} records, which makes all of them void: join them into one."};
    case MailFact::spf_malformed:
      return {
          "SPF de {0} : « {1} » n'est pas un terme de SPF ; les destinataires rejettent "
          "l'enregistrement entier : corrigez-le.",
          "SPF of {0}: \"{1}\" is no term of SPF; receivers reject the whole record: correct "
          "it."};
    case MailFact::spf_lookups:
      return {
          "SPF de {0} : {1} recherches DNS, 10 sont permises ; au-delà l'enregistrement ne "
          "compte plus : remplacez des include, a ou mx par des adresses.",
          "SPF of {0}: {1} DNS lookups, 10 are allowed; beyond, the record is void: put "
          "addresses in place of some include, a or mx."};
    case MailFact::spf_everybody:
      return {
          "SPF de {0} : « {1} » permet à n'importe qui d'écrire en votre nom : terminez par "
          "-all.",
          "SPF of {0}: \"{1}\" lets anybody write in your name: end it with -all."};
    default:
      return {
          "SPF de {0} : « {1} » n'autorise aucun serveur ; vos courriels seront refusés : "
          "ajoutez les adresses de votre relais.",
          "SPF of {0}: \"{1}\" lists no server; your mails will be refused: add your relay's "
          "addresses."};
  }
}

MailWords words_of_spf(MailFact fact) {
  switch (fact) {
    case MailFact::spf_open:
      return {
          "SPF de {0} : « {1} » ne dit rien des autres serveurs et protège peu : terminez par "
          "-all quand tous les vôtres y sont.",
          "SPF of {0}: \"{1}\" says nothing of other servers and protects little: end it with "
          "-all once all of yours are listed."};
    case MailFact::spf_soft:
      return {
          "SPF de {0} : « {1} ». Ce qui vient d'ailleurs n'est que suspect (~all) : passez à "
          "-all quand tous vos serveurs y sont. Vérifiez que votre relais y est.",
          "SPF of {0}: \"{1}\". What comes from elsewhere is but suspect (~all): change to "
          "-all once all your servers are listed. See that your relay is among them."};
    case MailFact::spf_good:
      return {"SPF de {0} : « {1} ». Vérifiez que votre relais y est.",
              "SPF of {0}: \"{1}\". See that your relay is among them."};
    default:
      return words_of_spf_trouble(fact);
  }
}

MailWords words_of_dmarc(MailFact fact) {
  switch (fact) {
    case MailFact::dmarc_missing:
      return {
          "DMARC, {0} : aucun enregistrement. Les grandes messageries l'exigent de qui envoie "
          "beaucoup : publiez au moins « v=DMARC1; p=none; rua=mailto:… ».",
          "DMARC, {0}: no record. Large providers demand one of who sends much: publish at "
          "least \"v=DMARC1; p=none; rua=mailto:...\"."};
    case MailFact::dmarc_several:
      return {"DMARC, {0} : {1} enregistrements, ce qui les annule tous : gardez-en un seul.",
              "DMARC, {0}: {1} records, which makes all of them void: keep one."};
    case MailFact::dmarc_watching:
      return {
          "DMARC, {0} : p=none, la politique observe seulement ; n'importe qui peut encore "
          "imiter votre adresse. Passez à quarantine puis reject quand SPF et DKIM sont en "
          "ordre.",
          "DMARC, {0}: p=none, the policy only watches; anybody can still imitate your "
          "address. Change to quarantine, then reject, once SPF and DKIM are in order."};
    case MailFact::dmarc_good:
      return {
          "DMARC, {0} : {1}. Un courriel sans signature DKIM de ce domaine ni SPF aligné ne "
          "sera pas remis : envoyez-vous un essai avant l'ouverture.",
          "DMARC, {0}: {1}. A mail with neither this domain's DKIM signature nor an aligned "
          "SPF will not be delivered: send yourself one before the opening."};
    default:
      return {
          "DMARC, {0} : « {1} » ne dit pas de politique : écrivez p=none, quarantine ou reject.",
          "DMARC, {0}: \"{1}\" tells no policy: write p=none, quarantine or reject."};
  }
}

MailWords words_of_dkim_trouble(MailFact fact) {
  switch (fact) {
    case MailFact::dkim_missing:
      return {
          "DKIM, {0} : aucune clé. Ce que votre relais signe avec elle ne peut être vérifié : "
          "publiez-la, ou corrigez le nom du sélecteur.",
          "DKIM, {0}: no key. What your relay signs with it cannot be verified: publish it, "
          "or correct the selector's name."};
    case MailFact::dkim_several:
      return {
          "DKIM, {0} : {1} enregistrements ; lequel compte n'est pas défini : gardez-en un seul.",
          "DKIM, {0}: {1} records; which one counts is not defined: keep one."};
    case MailFact::dkim_revoked:
      return {
          "DKIM, {0} : clé révoquée (p= vide). Les signatures faites avec elle sont nulles : "
          "faites signer par une autre.",
          "DKIM, {0}: the key is revoked (empty p=). Signatures made with it are void: have "
          "another one sign."};
    case MailFact::dkim_short:
      return {
          "DKIM, {0} : clé RSA de {1} bits, que les destinataires ignorent (1024 au moins) : "
          "remplacez-la par une de 2048.",
          "DKIM, {0}: an RSA key of {1} bits, which receivers ignore (1024 at least): replace "
          "it by one of 2048."};
    default:
      return {
          "DKIM, {0} : « {1} » n'est pas une clé lisible ; les signatures seront nulles : "
          "recopiez l'enregistrement que donne votre relais.",
          "DKIM, {0}: \"{1}\" is no key that can be read; signatures will be void: copy the "
          "record that your relay gives."};
  }
}

MailWords words_of_dkim(MailFact fact) {
  switch (fact) {
    case MailFact::dkim_unnamed:
      return {
          "DKIM de {0} : pas vérifié. Nommez les sélecteurs de votre relais : --dkim-selector "
          "NOM ; sans signature, de grandes messageries refusent.",
          "DKIM of {0}: not checked. Name your relay's selectors: --dkim-selector NAME; without "
          "signatures, large providers refuse."};
    case MailFact::dkim_weak:
      return {"DKIM, {0} : clé RSA de {1} bits, acceptée ; préférez 2048.",
              "DKIM, {0}: an RSA key of {1} bits, accepted; prefer 2048."};
    case MailFact::dkim_ed25519:
      return {"DKIM, {0} : clé Ed25519, que peu de destinataires vérifient : signez aussi par RSA.",
              "DKIM, {0}: an Ed25519 key, which few receivers verify: sign by RSA as well."};
    case MailFact::dkim_testing:
      return {
          "DKIM, {0} : en essai (t=y) ; des destinataires ne tiennent pas compte des "
          "signatures : retirez-le avant l'ouverture.",
          "DKIM, {0}: in test (t=y); some receivers pay no heed to signatures: take it away "
          "before the opening."};
    case MailFact::dkim_good:
      return {"DKIM, {0} : clé RSA de {1} bits.", "DKIM, {0}: an RSA key of {1} bits."};
    default:
      return words_of_dkim_trouble(fact);
  }
}

MailWords words_of(MailFact fact) {
  if (fact <= MailFact::dns_silent) return words_of_dns(fact);
  if (fact <= MailFact::spf_good) return words_of_spf(fact);
  return fact <= MailFact::dmarc_good ? words_of_dmarc(fact) : words_of_dkim(fact);
}

// What is wrong begins with a mark, so that it is found among the rest.
std::string in_words(const MailNote& note) {
  const auto words = words_of(note.fact);
  const auto name = printable(note.name), detail = printable(note.detail);
  const std::string mark = is_problem(note.fact) ? "  ! " : "  ";
  return both(mark + fmt::format(fmt::runtime(words.french), name, detail),
              mark + fmt::format(fmt::runtime(words.english), name, detail));
}

}  // namespace

Expected<std::string> check_mail(const std::string& email_sender, const MailCheck& options) {
  std::optional<DnsServer> server;
  if (options.resolver) {
    server = DnsServer::parse(*options.resolver);
    if (!server) {
      return fail("check.resolver", "--resolver takes an IPv4 address, and a port: 192.0.2.1:53");
    }
  }
  for (const auto& selector : options.selectors) {
    if (!is_selector(selector)) {
      return fail("check.selector", "--dkim-selector " + printable(selector) +
                                        ": a selector is a part of a name in DNS");
    }
  }
  const auto sender = read_mailbox(email_sender);
  if (!sender) return fail("mail.domain", "[messages] email_sender is no address");
  DnsTextLookup lookup(server);
  const auto envelope = read_mailbox(options.bounces);
  const auto notes = examine_mail_domain(
      sender->domain, envelope ? envelope->domain : sender->domain, options.selectors, lookup);
  std::string said = both("Courriels de " + sender->address() + ", vus par DNS :",
                          "Mails from " + sender->address() + ", as DNS shows them:");
  for (const auto& note : notes) said += in_words(note);
  const bool good = std::none_of(notes.begin(), notes.end(),
                                 [](const auto& note) { return is_problem(note.fact); });
  if (good) return said;
  return fail("mail.domain", said);
}

}  // namespace isoloir::cli

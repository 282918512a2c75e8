#include "cli/trustee_sign.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "base/limits.hpp"
#include "cli/anchors.hpp"
#include "cli/screen.hpp"
#include "cli/trustee.hpp"
#include "http/percent.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;
using web::Language;

namespace {

tl::unexpected<Error> document_error(std::string why) {
  return fail("trustee.document", std::move(why));
}

std::string moment_in_words(const char* french, const char* english, TimeMs at) {
  return both(fmt::format("{} {}", french, moment(at, Language::french)),
              fmt::format("{} {}", english, moment(at, Language::english)));
}

std::string fingerprint_in_words(const Manifest& manifest) {
  return both("Empreinte de l'élection :", "Fingerprint of the election:") + "    " +
         in_groups(manifest.fingerprint()) + "\n";
}

Expected<std::string> seal_in_words(const Manifest& manifest, const Json& body) {
  const auto at = integer_field(body, "sealed_at");
  if (!has_exactly(body, {"ballots", "fingerprint", "sealed_at", "sign_offs", "type"}) || !at ||
      text_field(body, "fingerprint") != hex_encode(manifest.fingerprint().bytes) ||
      body["ballots"] != 0 || body["sign_offs"] != 0) {
    return document_error("not the seal of an empty box of this manifest");
  }
  return both("Sceau de l'élection : urne vide, aucun émargement.",
              "Seal of the election: the box is empty, no sign-off.") +
         moment_in_words("Le", "On", *at) + fingerprint_in_words(manifest);
}

// suspend and resume: which contest, and why.
Expected<std::string> contest_event_in_words(const Manifest& manifest, const Json& body) {
  const auto number = u32_field(body, "contest");
  const auto* contest = number ? manifest.contest(*number) : nullptr;
  if (!contest || u32_field(body, "bureau") != contest->bureau) {
    return document_error("this bureau has no such contest");
  }
  const auto reason = text_field(body["data"], "reason");
  if (!has_exactly(body["data"], {"reason"}) || !reason || reason->empty() ||
      reason->size() > limits::event_reason_bytes || http::has_control(*reason)) {
    return document_error("it has no reason, or one that cannot be shown");
  }
  const bool suspend = body["event"] == "suspend";
  return both(fmt::format("{} le scrutin {} : {}", suspend ? "Suspendre" : "Reprendre", *number,
                          contest->name.fr),
              fmt::format("{} contest {}: {}", suspend ? "Suspend" : "Resume", *number,
                          contest->name.en)) +
         both("Motif : " + *reason, "Reason: " + *reason);
}

Expected<std::string> strike_off_in_words(const Manifest& manifest, const Json& body) {
  const auto number = u32_field(body, "contest");
  const auto* contest = number ? manifest.contest(*number) : nullptr;
  if (!contest || u32_field(body, "bureau") != contest->bureau) {
    return document_error("this bureau has no such contest");
  }
  const auto district = u32_field(body["data"], "district");
  const auto key = point_field(body["data"], "key");
  if (!has_exactly(body["data"], {"district", "key"}) || !key || !district ||
      *district >= contest->districts.size()) {
    return document_error("it names no district and key of its contest");
  }
  const auto where = contest->districts.size() > 1 ? ", " + contest->districts[*district] : "";
  return both(fmt::format("Radier une personne de la liste du scrutin {} : {}{}", *number,
                          contest->name.fr, where),
              fmt::format("Strike a person off the roll of contest {}: {}{}", *number,
                          contest->name.en, where)) +
         both(
             "Elle n'y votera plus. Sa clé publique, à comparer avec celle que le serveur a "
             "montrée à côté de son nom :",
             "She will vote no more in it. Her public key, to be compared with the one that the "
             "server has shown beside her name:") +
         in_lines(key->encoded());
}

Expected<std::string> election_event_in_words(const Json& body) {
  const Json& data = body["data"];
  if (!body["contest"].is_null()) return document_error("this event concerns no single contest");
  if (body["event"] == "close") {
    if (!has_exactly(data, {}) || body["bureau"] != 0) {
      return document_error("not the close of the vote");
    }
    return both("Fermer le vote maintenant, pour tous les scrutins.",
                "Close the vote now, in all contests.");
  }
  const auto result = hex_decode_array<32>(text_field(data, "result").value_or(""));
  if (!has_exactly(data, {"result"}) || !result) return document_error("it names no result");
  return both(
             "Clore le dépouillement : le résultat ne changera plus, la clé des liens sera "
             "détruite. SHA-256 du résultat, à comparer :",
             "Close the count: the result will not change any more, the link key will be "
             "destroyed. SHA-256 of the result, to be compared:") +
         in_lines(*result);
}

Expected<std::string> event_in_words(const Manifest& manifest, const Json& body) {
  const auto name = text_field(body, "event").value_or("");
  const auto at = integer_field(body, "at");
  const auto number = integer_field(body, "number");
  const auto bureau = u32_field(body, "bureau");
  if (!has_exactly(body, {"at", "bureau", "contest", "data", "event", "number", "type"}) || !at ||
      !number || !bureau || *bureau >= manifest.bureaus.size() || !body["data"].is_object()) {
    return document_error("not an event of this election");
  }
  if (name == "count") {
    return document_error("the count is signed by `attest`, which verifies first");
  }
  const bool of_a_contest = name == "suspend" || name == "resume";
  const bool off = name == "strike-off";
  if (!of_a_contest && !off && name != "close" && name != "close-count") {
    return document_error("no member signs this event by a file");
  }
  auto words = of_a_contest ? contest_event_in_words(manifest, body)
               : off        ? strike_off_in_words(manifest, body)
                            : election_event_in_words(body);
  if (!words) return words;
  return *words +
         both("Bureau : " + manifest.bureaus[*bureau].name,
              "Bureau: " + manifest.bureaus[*bureau].name) +
         moment_in_words(fmt::format("Événement n° {}, préparé le", *number).c_str(),
                         fmt::format("Event {}, prepared on", *number).c_str(), *at) +
         fingerprint_in_words(manifest);
}

}  // namespace

Expected<Signable> read_signable(const Manifest& manifest, const fs::path& path) {
  auto document = read_stick_document(path);
  if (!document) return fail(document.error());
  const auto type = text_field(document->body(), "type").value_or("");
  if (type != "seal" && type != "event") return document_error("neither a seal nor an event");
  const auto words = type == "seal" ? seal_in_words(manifest, document->body())
                                    : event_in_words(manifest, document->body());
  if (!words) return fail(words.error());
  return Signable{std::move(*document), *words};
}

Expected<std::string> sign_document(const Manifest& manifest, Signable signable,
                                    const fs::path& path, const HolderFile& holder,
                                    Random& random) {
  const auto bureau = bureau_of(manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  const Json& body = signable.document.body();
  if (body["type"] == "event") {
    if (u32_field(body, "bureau") != *bureau) return document_error("an event of another bureau");
    const auto& members = manifest.bureaus[*bureau].groups[holder.state.group()].members;
    const auto role = members[holder.state.index() - 1].role;
    const bool president = role == BureauRole::president;
    if (!president && (role != BureauRole::secretary || body["event"] == "close-count")) {
      return fail("trustee.role", body["event"] == "close-count"
                                      ? "a president signs this"
                                      : "a president or a secretary signs this");
    }
  }
  signable.document.sign(holder.state.signing(), manifest.fingerprint(), random);
  auto written = write_stick_file(path, signable.document.text(), true, random);
  if (!written) return fail(written.error());
  return both("Signé.", "Signed.");
}

namespace {

struct EventSignOptions {
  std::string document;
  std::string manifest;
  std::string fingerprint;
  HolderOptions holder;
};

Expected<std::string> run_sign(const EventSignOptions& options) {
  SystemRandom random;
  const auto text = read_stick_file(options.manifest);
  if (!text) return fail(text.error());
  const auto manifest = Manifest::parse(*text);
  if (!manifest) return fail(manifest.error());
  const auto anchors = read_anchors({options.fingerprint, {}, {}});
  if (!anchors) return fail(anchors.error());
  if (anchors->fingerprint != manifest->fingerprint()) {
    return fail("trustee.fingerprint",
                "the manifest's fingerprint is " + in_groups(manifest->fingerprint()));
  }
  auto signable = read_signable(*manifest, options.document);
  if (!signable) return fail(signable.error());
  std::fputs(
      (both("Ce que vous allez signer :", "What you are about to sign:") + signable->words).c_str(),
      stdout);
  std::fflush(stdout);
  const auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  return sign_document(*manifest, std::move(*signable), options.document, *holder, random);
}

}  // namespace

void add_trustee_sign(Command trustee) {
  const auto options = std::make_shared<EventSignOptions>();
  const Command sign = add_trustee_step<EventSignOptions>(
      trustee, "sign", "see a seal or an officer's event in words, then sign it", options,
      run_sign);
  sign.option("document", options->document, "gains this holder's signature").required();
  sign.option("--manifest", options->manifest, "the manifest").required();
  sign.option("--fingerprint", options->fingerprint, "the one that was read out").required();
  options->holder.declare(sign, true);
}

}  // namespace isoloir::cli

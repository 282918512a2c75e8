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

// enrol and strike-off: whose key, in which contest.
Expected<std::string> roll_event_in_words(const Manifest& manifest, const Json& body) {
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
  const bool enrol = body["event"] == "enrol";
  return both(fmt::format("{} la liste du scrutin {} : {}{}",
                          enrol ? "Inscrire une personne sur" : "Radier une personne de", *number,
                          contest->name.fr, where),
              fmt::format("{} the roll of contest {}: {}{}",
                          enrol ? "Enrol a person on" : "Strike a person off", *number,
                          contest->name.en, where)) +
         both(fmt::format("{} Sa clé publique, à comparer avec celle que le serveur a montrée à "
                          "côté de son nom :",
                          enrol ? "Elle pourra y voter." : "Elle n'y votera plus."),
              fmt::format(
                  "{} Her public key, to be compared with the one that the server has "
                  "shown beside her name:",
                  enrol ? "She will be able to vote in it." : "She will vote no more in it.")) +
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
  const bool of_the_roll = name == "strike-off" || name == "enrol";
  if (!of_a_contest && !of_the_roll && name != "close" && name != "close-count") {
    return document_error("no member signs this event by a file");
  }
  auto words = of_a_contest  ? contest_event_in_words(manifest, body)
               : of_the_roll ? roll_event_in_words(manifest, body)
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

namespace {

// Whether this holder may sign it. Errors: trustee.document, trustee.role.
Status may_sign(const Manifest& manifest, const Json& body, const HolderFile& holder) {
  const auto bureau = bureau_of(manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  if (body["type"] != "event") return {};
  if (u32_field(body, "bureau") != *bureau) return document_error("an event of another bureau");
  const auto& members = manifest.bureaus[*bureau].groups[holder.state.group()].members;
  const auto role = members[holder.state.index() - 1].role;
  const bool president = role == BureauRole::president;
  if (president || (role == BureauRole::secretary && body["event"] != "close-count")) return {};
  return fail("trustee.role", body["event"] == "close-count"
                                  ? "a president signs this"
                                  : "a president or a secretary signs this");
}

// By a holder, all or none.
Expected<std::string> sign_all(ToSign all, const HolderFile& holder, Random& random) {
  for (std::size_t i = 0; i < all.documents.size(); ++i) {
    auto may = may_sign(all.manifest, all.documents[i].document.body(), holder);
    if (!may) return fail(may.error().code, all.paths[i].string() + ": " + may.error().message);
  }
  return add_signature(std::move(all), holder.state.signing(), random);
}

}  // namespace

Expected<std::string> sign_document(const Manifest& manifest, Signable signable,
                                    const fs::path& path, const HolderFile& holder,
                                    Random& random) {
  ToSign one{manifest, {path}, {}};
  one.documents.push_back(std::move(signable));
  return sign_all(std::move(one), holder, random);
}

// ---- Several at once

void SignOptions::declare(Command command) {
  command.option("documents", documents, "each gains the signature").required();
  command.option("--manifest", manifest, "the manifest").required();
  command.option("--fingerprint", fingerprint, "the one that was read out").required();
}

Expected<ToSign> read_to_sign(const SignOptions& options) {
  const auto text = read_stick_file(options.manifest);
  if (!text) return fail(text.error());
  auto manifest = Manifest::parse(*text);
  if (!manifest) return fail(manifest.error());
  const auto anchors = read_anchors({options.fingerprint, {}, {}});
  if (!anchors) return fail(anchors.error());
  if (anchors->fingerprint != manifest->fingerprint()) {
    return fail("trustee.fingerprint",
                "the manifest's fingerprint is " + in_groups(manifest->fingerprint()));
  }
  ToSign all{std::move(*manifest), {}, {}};
  for (const auto& path : options.documents) {
    auto signable = read_signable(all.manifest, path);
    if (!signable) return fail(signable.error().code, path + ": " + signable.error().message);
    all.paths.emplace_back(path);
    all.documents.push_back(std::move(*signable));
  }
  return all;
}

void show_to_sign(const ToSign& all) {
  std::fputs(both("Ce que vous allez signer :", "What you are about to sign:").c_str(), stdout);
  for (const auto& one : all.documents) {
    std::fputs(((&one == all.documents.data() ? "" : "\n") + one.words).c_str(), stdout);
  }
  std::fflush(stdout);
}

Expected<std::string> add_signature(ToSign all, const KeyPair& signer, Random& random) {
  for (std::size_t i = 0; i < all.documents.size(); ++i) {
    auto& document = all.documents[i].document;
    document.sign(signer, all.manifest.fingerprint(), random);
    auto written = write_stick_file(all.paths[i], document.text(), true, random);
    if (!written) return fail(written.error());
  }
  return both("Signé.", "Signed.");
}

namespace {

struct HolderSignOptions : SignOptions {
  HolderOptions holder;
};

Expected<std::string> run_sign(const HolderSignOptions& options) {
  SystemRandom random;
  auto all = read_to_sign(options);
  if (!all) return fail(all.error());
  show_to_sign(*all);
  const auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  return sign_all(std::move(*all), *holder, random);
}

}  // namespace

void add_trustee_sign(Command trustee) {
  const auto options = std::make_shared<HolderSignOptions>();
  const Command sign = add_trustee_step<HolderSignOptions>(
      trustee, "sign", "see a seal or officers' events in words, then sign them", options,
      run_sign);
  options->declare(sign);
  options->holder.declare(sign, true);
}

}  // namespace isoloir::cli

#include "cli/trustee.hpp"

#include <cstdio>
#include <map>

#include "cli/commands.hpp"

namespace isoloir::cli {
namespace {

// What a holder can cause or must react to; the English line beneath says more.
std::string in_french(const std::string& code) {
  static const std::map<std::string, std::string> texts = {
      {"ceremony.replayed",
       "Une clé USB d'une autre cérémonie, sans doute : ses messages ne vont pas avec celle-ci."},
      {"code.check", "Le code est mal saisi."},
      {"code.form", "Le code n'a pas la bonne forme."},
      {"bureau.unconfirmed", "Le mot n'a pas été tapé : rien n'est signé."},
      {"count.anchors", "L'empreinte ou le point de contrôle du journal public ne convient pas."},
      {"count.bijection",
       "L'urne et le journal public ne se correspondent pas avec cette clé des preuves : ne signez "
       "pas. Voyez d'abord si la clé est bien celle que ce prepare-count a écrite ; si c'est elle, "
       "l'urne n'est pas la bonne."},
      {"count.holder",
       "Ce fichier privé n'est pas celui d'un membre de ce bureau : sans doute celui d'une autre "
       "élection, ou d'une cérémonie recommencée depuis."},
      {"count.not_opened", "Le dépouillement n'est pas encore ouvert par le bureau."},
      {"count.verification", "La vérification de l'urne a échoué : ne signez pas."},
      {"holder.second_tally", "Ce fichier privé est lié à un autre décompte : rien n'est fait."},
      {"minutes.anchors", "L'empreinte ou le point de contrôle du journal public ne convient pas."},
      {"minutes.bureau", "Ce n'est pas le bureau de ce fichier privé : rien n'est signé."},
      {"minutes.changed",
       "Quelqu'un a signé entre-temps : donnez la commande à nouveau. Rien n'est signé."},
      {"minutes.clock",
       "L'horloge de cette machine est en retard sur la clôture du dépouillement : mettez-la à "
       "l'heure. Rien n'est signé."},
      {"minutes.count", "Le dépouillement n'est pas encore clos par ce bureau : rien n'est signé."},
      {"minutes.future",
       "Ce procès-verbal est daté d'après l'horloge de cette machine : mettez-la à l'heure ; si "
       "elle "
       "l'est, ne signez pas. Rien n'est signé."},
      {"minutes.page",
       "La page ne peut pas être écrite à cet endroit : choisissez-en un autre, hors de l'export. "
       "Rien n'est signé."},
      {"minutes.unprinted",
       "Le procès-verbal est signé, mais la page n'a pas pu être écrite : donnez la commande à "
       "nouveau."},
      {"minutes.verification", "La vérification de l'export a échoué : ne signez pas."},
      {"export.folder", "Ce dossier n'est pas un export."},
      {"registrar.event",
       "Cet événement n'est pas l'inscription de quelqu'un dont cet import a le code : rien n'est "
       "signé."},
      {"registrar.key", "Cette clé n'est pas celle que nomme le manifeste : rien n'est signé."},
      {"sealed_file.form",
       "Ce fichier n'est pas un fichier privé que ce code ouvre : sans doute un autre que celui "
       "qu'il fallait."},
      {"sealed_file.code_or_content", "Code faux, ou fichier endommagé."},
      {"trustee.document", "Ce document ne se signe pas ainsi : rien n'est signé."},
      {"trustee.file", "Un fichier ne peut pas être lu ou écrit."},
      {"trustee.fingerprint", "L'empreinte n'est pas celle de ce manifeste : rien n'est signé."},
      {"trustee.role", "Ce membre n'a pas pouvoir de signer cette étape : rien n'est signé."},
      {"trustee.tally", "L'événement porte sur un autre décompte que celui de cette urne."},
      {"trustee.tally_form", "Le décompte lu à voix haute est mal saisi."},
      {"trustee.tally_needed", "Il manque le décompte lu à voix haute (--tally)."},
      {"trustee.tally_read",
       "Le décompte de cette urne n'est pas celui qui a été lu à voix haute : rien n'est fait. "
       "Dites-le aux autres membres : on ne vous montre pas la même urne."},
  };
  const auto found = texts.find(code);
  return found == texts.end() ? std::string() : found->second + "\n";
}

}  // namespace

void HolderOptions::declare(Command command, bool required) {
  const Option holder = command.option("--holder", file, "the holder's private file");
  if (required) holder.required();
  command.option("--code-file", code_file,
                 "read (join: write) the activation code here, for rehearsals");
}

Expected<HolderFile> HolderOptions::open() const {
  auto code = ask_code(code_file);
  if (!code) return fail(code.error());
  return HolderFile::open(file, std::move(*code));
}

int report_step(const Expected<std::string>& result, const char* command) {
  if (!result) {
    std::fflush(stdout);
    std::fprintf(stderr, "%sisoloir %s: %s (%s)\n", in_french(result.error().code).c_str(), command,
                 result.error().message.c_str(), result.error().code.c_str());
    return 1;
  }
  return std::fputs(result->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}

void add_trustee(Command app) {
  const Command trustee =
      app.add("trustee", "A key holder's steps, by files: key ceremony, signatures, decryption");
  add_trustee_ceremony(trustee);
  add_trustee_sign(trustee);
  add_trustee_count(trustee);
}

}  // namespace isoloir::cli

#include "cli/trustee.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <regex>

#include "base/limits.hpp"
#include "cli/anchors.hpp"
#include "cli/commands.hpp"
#include "crypto/sealing.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view holder_title = "trustee";
constexpr const char* plan_file = "plan.json";

// ---- Files

tl::unexpected<Error> file_error(const fs::path& path, const std::string& why) {
  return fail("trustee.file", path.string() + ": " + why);
}

Expected<std::string> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return file_error(path, error.message());
  if (size > limits::trustee_file_bytes) return file_error(path, "too large");
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file || static_cast<std::size_t>(file.gcount()) != size) {
    return file_error(path, "cannot be read");
  }
  return text;
}

// Complete under its name or not there: a temporary file of mode 0600, synced, then renamed.
// Sticks carry FAT, which knows no hard links: renameat2 makes the exclusive variant.
Status write_file(const fs::path& path, std::string_view text, bool replace, Random& random) {
  const std::string temporary = path.string() + "." + hex_encode(random.array<8>()) + ".partial";
  const auto failed = [&](int number) {
    ::unlink(temporary.c_str());
    return file_error(path, number == EEXIST ? "is already there" : std::strerror(number));
  };
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return file_error(path, std::strerror(errno));
  for (std::size_t written = 0; written < text.size();) {
    const auto count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int number = errno;
      ::close(file);
      return failed(number);
    }
    written += static_cast<std::size_t>(count);
  }
  const bool synced = ::fsync(file) == 0;
  if (::close(file) != 0 || !synced) return failed(errno);
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return failed(errno);
  }
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

// A message that is already there, byte for byte, is written.
Status write_message(const fs::path& path, const std::string& text, Random& random) {
  std::error_code error;
  if (fs::exists(path, error)) {
    const auto present = read_file(path);
    if (present && *present == text) return {};
  }
  return write_file(path, text, false, random);
}

// ---- Screen: French first, English beside.

std::string both(const std::string& french, const std::string& english) {
  return french + "\n    " + english + "\n";
}

std::string grouped(ByteView bytes) {
  std::string out;
  const std::string hex = hex_encode(bytes);
  for (std::size_t i = 0; i < hex.size(); i += 8) {
    out += (i % 32 == 0 ? "\n    " : " ") + hex.substr(i, 8);
  }
  return out + "\n";
}

std::string waiting_for(const CeremonyRecord& record) {
  std::string names;
  for (const auto& slot : record.missing()) {
    names += (names.empty() ? "" : ", ") + record.describe(slot);
  }
  const std::string round = std::to_string(record.round());
  return both("Tour " + round + ". On attend : " + names + ".",
              "Round " + round + ". Still missing: " + names + ".");
}

std::string progress(const CeremonyRecord& record) {
  std::string out;
  if (record.complete(2)) {
    out += both(
        "Empreinte de la cérémonie, à lire à voix haute, à comparer et à porter au "
        "procès-verbal :",
        "Fingerprint of the ceremony: read it aloud, compare it, enter it in the minutes:");
    out += grouped(record.transcript());
  }
  if (record.round() < ceremony_rounds) return out + waiting_for(record);
  out += both("La cérémonie est terminée. Clé de l'élection :",
              "The ceremony is complete. Election key:");
  return out + grouped(record.keys().key.encoded());
}

// ---- Codes

// One line of standard input, not shown when a person types it.
std::string read_line_hidden() {
  termios shown{};
  const bool person = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &shown) == 0;
  if (person) {
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string line;
  std::getline(std::cin, line);
  if (person) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    std::fputs("\n", stderr);
  }
  return line;
}

}  // namespace

Expected<Code> ask_code(const std::string& code_file) {
  Secret<std::string> text{std::string()};
  if (code_file.empty()) {
    std::fputs("Code d'activation / activation code: ", stderr);
    text = Secret<std::string>(read_line_hidden());
  } else {
    auto content = read_file(code_file);
    if (!content) return fail(content.error());
    text = Secret<std::string>(std::move(*content));
  }
  return Code::parse(text.reveal());
}

namespace {

// Shows a new code once and has it typed back, so that nobody seals a file under a code that was
// noted wrongly. With a code file, writes it there.
Status hand_over(const Code& code, const std::string& code_file, Random& random) {
  const auto shown = code.shown();
  if (!code_file.empty()) return write_file(code_file, shown.reveal() + "\n", false, random);
  std::printf("%s\n    %s\n\n",
              both("Votre code d'activation, montré une seule fois. Notez-le, gardez-le à part du "
                   "fichier :",
                   "Your activation code, shown only once. Note it, keep it apart from the file:")
                  .c_str(),
              shown.reveal().c_str());
  std::fflush(stdout);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto typed = ask_code("");
    if (typed && typed->normalised() == code.normalised()) return {};
    std::fputs(both("Ce n'est pas le code.", "That is not the code.").c_str(), stderr);
  }
  return fail("trustee.code", "the code was not typed back: no file was made");
}

// ---- Manifest

// The bureau whose member this holder is, with the very keys of its file.
Expected<std::uint32_t> bureau_of(const Manifest& manifest, const HolderState& state) {
  for (std::uint32_t b = 0; b < manifest.bureaus.size(); ++b) {
    const auto& groups = manifest.bureaus[b].groups;
    if (manifest.election_id != state.election() || state.group() >= groups.size() ||
        state.index() > groups[state.group()].members.size() || !state.finished()) {
      continue;
    }
    const auto& member = groups[state.group()].members[state.index() - 1];
    const auto agreement = SignedDocument::parse(state.sent()[3]);
    if (member.signing_key == state.signing().key &&
        member.share_key == base_multiply(state.share().reveal()) && agreement &&
        text_field(agreement->body(), "transcript") == hex_encode(manifest.bureaus[b].ceremony)) {
      return b;
    }
  }
  return fail("count.holder",
              "the manifest has no bureau with this holder's keys and the ceremony it agreed to");
}

Expected<SignedDocument> read_document(const fs::path& path) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  return SignedDocument::parse(*text);
}

Status add_signature(SignedDocument document, const Manifest& manifest, const fs::path& path,
                     const HolderFile& holder, Random& random) {
  document.sign(holder.state.signing(), manifest.fingerprint(), random);
  return write_file(path, document.text(), true, random);
}

tl::unexpected<Error> document_error(std::string why) {
  return fail("trustee.document", std::move(why));
}

}  // namespace

Expected<CeremonyFolder> read_ceremony_folder(const fs::path& folder) {
  const auto plan_text = read_file(folder / plan_file);
  if (!plan_text) return fail(plan_text.error());
  auto plan = CeremonyPlan::parse(*plan_text);
  if (!plan) return fail(plan.error());
  CeremonyFolder result{std::move(*plan), {}};
  static const std::regex message_name("[0-4]-[0-9]{2}-[0-9]{2}\\.json");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!std::regex_match(entry.path().filename().string(), message_name)) continue;
    auto text = read_file(entry.path());
    if (!text) return fail(text.error());
    result.messages.push_back(std::move(*text));
  }
  if (error) return file_error(folder, error.message());
  return result;
}

HolderFile::HolderFile(fs::path path, Code code, HolderState holder)
    : state(std::move(holder)), path_(std::move(path)), code_(std::move(code)) {}

Expected<HolderFile> HolderFile::open(fs::path path, Code code) {
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  const auto content = open_sealed_file(holder_title, code.normalised(), *text);
  if (!content) return fail(content.error());
  auto state = HolderState::decode(content->reveal());
  if (!state) return fail(state.error());
  return HolderFile(std::move(path), std::move(code), std::move(*state));
}

Status HolderFile::create(Random& random) const {
  return write_file(path_,
                    seal_file(holder_title, code_.normalised(), state.encode().reveal(), random),
                    false, random);
}
Status HolderFile::save(Random& random) const {
  return write_file(path_,
                    seal_file(holder_title, code_.normalised(), state.encode().reveal(), random),
                    true, random);
}

// ---- Steps

Expected<std::string> ceremony_step(const fs::path& folder, HolderFile& holder, Random& random) {
  const auto files = read_ceremony_folder(folder);
  if (!files) return fail(files.error());
  auto record = read_as_holder(files->plan, files->messages, holder.state);
  if (!record) return fail(record.error());
  const auto message = next_message(*record, holder.state, random);
  if (!message) return fail(message.error());
  const std::string round = std::to_string(holder.state.sent().size() - 1);
  std::string out = both("Rien à faire pour l'instant.", "Nothing to do for now.");
  if (*message) {
    if (auto saved = holder.save(random); !saved) return fail(saved.error());
    const auto added = record->add(**message);
    ISOLOIR_ASSERT(added.has_value());
    out =
        both("Fait : message du tour " + round + ".", "Done: the message of round " + round + ".");
  }
  for (std::uint32_t r = 0; r < holder.state.sent().size(); ++r) {
    const CeremonySlot slot{r, holder.state.group(), holder.state.index()};
    auto written = write_message(folder / slot.file_name(), holder.state.sent()[r], random);
    if (!written) return fail(written.error());
  }
  return out + progress(*record);
}

Expected<std::string> attest_count(const CheckedCount& checked, const fs::path& path,
                                   const fs::path& out, const HolderFile& holder, Random& random) {
  const auto bureau = bureau_of(checked.manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  auto document = read_document(path);
  if (!document) return fail(document.error());
  const Json& body = document->body();
  const Json expected = {{"tally", hex_encode(checked.tally.hash)}, {"bijection", true}};
  if (!has_exactly(body, {"at", "bureau", "contest", "data", "event", "number", "type"}) ||
      text_field(body, "type") != "event" || text_field(body, "event") != "count" ||
      u32_field(body, "bureau") != *bureau) {
    return document_error("not the count event of this bureau");
  }
  if (body["data"] != expected) {
    return fail("trustee.tally", "the event is for another tally than the one of this box, T = " +
                                     hex_encode(checked.tally.hash));
  }
  document->sign(holder.state.signing(), checked.manifest.fingerprint(), random);
  auto written = out.empty() ? write_file(path, document->text(), true, random)
                             : write_file(out, document->text(), false, random);
  if (!written) return fail(written.error());
  return both("Le dépouillement est signé pour ce décompte :", "Signed: the count of this tally:") +
         grouped(checked.tally.hash);
}

Expected<std::string> make_share_file(const CheckedCount& checked, const fs::path& out,
                                      HolderFile& holder, Random& random) {
  const auto bureau = bureau_of(checked.manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  auto opened = count_opened(checked.manifest, checked.tally, *bureau, checked.events);
  if (!opened) return fail(opened.error());
  if (auto bound = holder.state.bind_tally(checked.tally.hash); !bound) return fail(bound.error());
  if (auto saved = holder.save(random); !saved) return fail(saved.error());
  const auto shares = make_shares(checked.manifest, checked.tally, *bureau, holder.state, random);
  if (!shares) return fail(shares.error());
  const auto two = [](std::uint32_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  const fs::path path = out / (std::to_string(*bureau) + "-" + two(holder.state.group()) + "-" +
                               two(holder.state.index()) + ".json");
  if (auto written = write_file(path, *shares, false, random); !written) {
    return fail(written.error());
  }
  return both("Parts de déchiffrement écrites dans " + path.string() + ", pour ce seul décompte :",
              "Decryption shares written to " + path.string() + ", for this tally alone:") +
         grouped(checked.tally.hash);
}

Expected<std::string> sign_document(const Manifest& manifest, const fs::path& path,
                                    const HolderFile& holder, Random& random) {
  const auto bureau = bureau_of(manifest, holder.state);
  if (!bureau) return fail(bureau.error());
  auto document = read_document(path);
  if (!document) return fail(document.error());
  const Json& body = document->body();
  const auto fingerprint = hex_encode(manifest.fingerprint().bytes);
  const auto type = text_field(body, "type").value_or("");
  if (type == "seal") {
    if (!has_exactly(body, {"ballots", "fingerprint", "sealed_at", "sign_offs", "type"}) ||
        text_field(body, "fingerprint") != fingerprint || body["ballots"] != 0 ||
        body["sign_offs"] != 0) {
      return document_error("not the seal of an empty box of this manifest");
    }
  } else if (type == "event") {
    if (text_field(body, "event") == "count") {
      return document_error("the count is signed by `attest`, which verifies first");
    }
    if (u32_field(body, "bureau") != *bureau) return document_error("an event of another bureau");
  } else {
    return document_error("neither a seal nor an event");
  }
  const std::string shown = body.dump(2);
  auto added = add_signature(std::move(*document), manifest, path, holder, random);
  if (!added) return fail(added.error());
  return both("Signé :", "Signed:") + shown + "\n" +
         both("Empreinte du manifeste :", "Fingerprint of the manifest:") + "    " + fingerprint +
         "\n";
}

// ---- The subcommand

namespace {

// "Délégués; 2; delegate=Ada Lovelace; substitute=Blaise Pascal"
Expected<CeremonyPlan::Group> parse_group(const std::string& text) {
  const auto bad = [&] {
    return fail("trustee.group",
                "write a group as \"name; threshold; role=name; role=name\", not \"" + text +
                    "\" (roles: president, secretary, delegate, substitute)");
  };
  std::vector<std::string> parts;
  std::string::size_type start = 0;
  while (start <= text.size()) {
    const auto end = std::min(text.find(';', start), text.size());
    const auto first = text.find_first_not_of(' ', start);
    const auto last = text.find_last_not_of(' ', end - 1);
    if (end == start || first >= end || last < first) return bad();
    parts.push_back(text.substr(first, last - first + 1));
    start = end + 1;
  }
  if (parts.size() < 3 || parts[1].empty() || parts[1].size() > 2 ||
      parts[1].find_first_not_of("0123456789") != std::string::npos) {
    return bad();
  }
  CeremonyPlan::Group group{parts[0], static_cast<std::uint32_t>(std::stoul(parts[1])), {}};
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const auto equals = parts[i].find('=');
    const auto role = bureau_role(parts[i].substr(0, equals));
    if (equals == std::string::npos || !role || equals + 1 == parts[i].size()) return bad();
    group.members.push_back({parts[i].substr(equals + 1), *role});
  }
  return group;
}

struct Options {
  std::string folder;
  std::string election;
  std::string bureau;
  std::vector<std::string> groups;
  std::uint32_t group = 0;
  std::uint32_t member = 0;
  std::string holder;
  std::string code_file;
  std::string document;
  std::string manifest;
  std::string out;
  std::string export_folder;
  AnchorFiles anchors;
  std::string receipts_key;
};

Expected<std::string> run_plan(const Options& options) {
  SystemRandom random;
  CeremonyPlan plan{{random.array<16>()}, random.array<16>(), options.bureau, {}};
  if (!options.election.empty()) {
    const auto id = hex_decode_array<16>(options.election);
    if (!id) return fail("trustee.election", "the election id is 32 hex digits");
    plan.election.bytes = *id;
  }
  for (const auto& text : options.groups) {
    auto group = parse_group(text);
    if (!group) return fail(group.error());
    plan.groups.push_back(std::move(*group));
  }
  if (auto checked = CeremonyPlan::parse(plan.text()); !checked) return fail(checked.error());
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) return file_error(options.folder, error.message());
  auto written = write_file(fs::path(options.folder) / plan_file, plan.text(), false, random);
  if (!written) return fail(written.error());
  return both("Cérémonie " + hex_encode(plan.ceremony) + " de l'élection " +
                  hex_encode(plan.election.bytes) + " prête.",
              "Ceremony " + hex_encode(plan.ceremony) + " of election " +
                  hex_encode(plan.election.bytes) + " is ready.") +
         waiting_for(CeremonyRecord(plan));
}

Expected<std::string> run_join(const Options& options) {
  SystemRandom random;
  const auto files = read_ceremony_folder(options.folder);
  if (!files) return fail(files.error());
  if (options.group >= files->plan.groups.size() || options.member < 1 ||
      options.member > files->plan.groups[options.group].members.size()) {
    return fail("ceremony.slot", "the plan has no such group or member");
  }
  std::error_code error;
  if (fs::exists(options.holder, error)) return file_error(options.holder, "is already there");
  const auto record = CeremonyRecord::read(files->plan, files->messages);
  if (!record) return fail(record.error());
  const CeremonySlot slot{0, options.group, options.member};
  if (record->messages().count(slot) != 0) {
    return fail("ceremony.equivocation", record->describe(slot) + " has already joined");
  }
  Code code = Code::generate(random);
  if (auto given = hand_over(code, options.code_file, random); !given) return fail(given.error());
  HolderFile holder(options.holder, std::move(code),
                    HolderState::create(files->plan, options.group, options.member, random));
  if (auto made = holder.create(random); !made) return fail(made.error());
  return ceremony_step(options.folder, holder, random);
}

Expected<HolderFile> open_holder(const Options& options) {
  auto code = ask_code(options.code_file);
  if (!code) return fail(code.error());
  return HolderFile::open(options.holder, std::move(*code));
}

Expected<std::string> run_step(const Options& options) {
  SystemRandom random;
  auto holder = open_holder(options);
  if (!holder) return fail(holder.error());
  return ceremony_step(options.folder, *holder, random);
}

Expected<std::string> run_complain(const Options& options) {
  SystemRandom random;
  auto holder = open_holder(options);
  if (!holder) return fail(holder.error());
  const auto files = read_ceremony_folder(options.folder);
  if (!files) return fail(files.error());
  const auto record = read_as_holder(files->plan, files->messages, holder->state);
  if (!record) return fail(record.error());
  const auto complaint = complain(*record, holder->state);
  if (!complaint) return fail(complaint.error());
  if (auto saved = holder->save(random); !saved) return fail(saved.error());
  const CeremonySlot slot{2, holder->state.group(), holder->state.index()};
  const fs::path path = fs::path(options.folder) / ("complaint-" + slot.file_name().substr(2));
  if (auto written = write_message(path, *complaint, random); !written) {
    return fail(written.error());
  }
  return both("Réclamation écrite dans " + path.string() + ". La cérémonie est à refaire.",
              "Complaint written to " + path.string() + ". The ceremony starts again.");
}

Expected<std::string> run_judge(const Options& options) {
  const auto files = read_ceremony_folder(options.folder);
  if (!files) return fail(files.error());
  const auto record = CeremonyRecord::read(files->plan, files->messages);
  if (!record) return fail(record.error());
  const auto complaint = read_file(options.document);
  if (!complaint) return fail(complaint.error());
  const auto liars = judge_complaint(*record, *complaint);
  if (!liars) return fail(liars.error());
  if (liars->empty()) {
    return both("Toutes les parts sont bonnes : la réclamation est fausse.",
                "Every share is good: the complaint is false.");
  }
  std::string names;
  for (const auto& slot : *liars) names += (names.empty() ? "" : ", ") + record->describe(slot);
  return both("Parts fausses envoyées par : " + names + ".",
              "Wrong shares sent by: " + names + ".");
}

std::string describe(const HolderState& state) {
  const std::string place = std::to_string(state.group()) + ", " + std::to_string(state.index());
  const std::string rounds = std::to_string(state.sent().size());
  std::string out =
      both("Groupe et membre : " + place + " ; messages faits : " + rounds + " sur 5.",
           "Group and member: " + place + "; messages made: " + rounds + " of 5.");
  if (state.abandoned()) {
    out += both("Ce détenteur a réclamé : cérémonie abandonnée.",
                "This holder has complained: the ceremony is abandoned.");
  }
  out += both("Clé de signature :", "Signing key:") + grouped(state.signing().key.encoded());
  if (state.bound_tally()) {
    out += both("Parts faites pour ce seul décompte :", "Shares made for this tally alone:") +
           grouped(*state.bound_tally());
  }
  return out;
}

Expected<std::string> run_inspect(const Options& options) {
  std::string out;
  if (!options.folder.empty()) {
    const auto files = read_ceremony_folder(options.folder);
    if (!files) return fail(files.error());
    const auto record = CeremonyRecord::read(files->plan, files->messages);
    if (!record) return fail(record.error());
    out += progress(*record);
  }
  if (!options.holder.empty()) {
    const auto holder = open_holder(options);
    if (!holder) return fail(holder.error());
    out += describe(holder->state);
  }
  if (out.empty()) return fail("trustee.use", "name a folder, a private file or both");
  return out;
}

Expected<std::string> run_sign(const Options& options) {
  SystemRandom random;
  const auto text = read_file(options.manifest);
  if (!text) return fail(text.error());
  const auto manifest = Manifest::parse(*text);
  if (!manifest) return fail(manifest.error());
  if (options.anchors.fingerprint != hex_encode(manifest->fingerprint().bytes)) {
    return fail("trustee.fingerprint",
                "the manifest's fingerprint is " + hex_encode(manifest->fingerprint().bytes));
  }
  const auto holder = open_holder(options);
  if (!holder) return fail(holder.error());
  return sign_document(*manifest, options.document, *holder, random);
}

Expected<CheckedCount> check_count(const Options& options) {
  const auto anchors = read_anchors(options.anchors);
  if (!anchors) return fail(anchors.error());
  const auto receipt_key = ReceiptKey::read(options.receipts_key);
  if (!receipt_key) return fail(receipt_key.error());
  const auto reader = ExportReader::of_folder(options.export_folder);
  if (!reader) return fail(reader.error());
  ProgressLine progress;
  auto checked = verify_before_count(*reader, *anchors, *receipt_key, std::ref(progress));
  progress.finish();
  return checked;
}

// Verification comes first, and needs no code: nothing is ever decrypted that was not verified.
Expected<std::string> run_count(const Options& options, bool attest) {
  SystemRandom random;
  const auto checked = check_count(options);
  if (!checked) return fail(checked.error());
  auto holder = open_holder(options);
  if (!holder) return fail(holder.error());
  return attest ? attest_count(*checked, options.document, options.out, *holder, random)
                : make_share_file(*checked, options.out, *holder, random);
}

int report(const Expected<std::string>& result) {
  if (!result) {
    std::fprintf(stderr, "isoloir trustee: %s (%s)\n", result.error().message.c_str(),
                 result.error().code.c_str());
    return 1;
  }
  return std::fputs(result->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}

using Run = std::function<Expected<std::string>(const Options&)>;

// A subcommand of `trustee` that reads the shared options.
CLI::App* add(CLI::App& parent, const char* name, const char* what,
              const std::shared_ptr<Options>& options, int& exit_code, Run run) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->callback([options, &exit_code, run] { exit_code = report(run(*options)); });
  return command;
}

void add_holder(CLI::App* command, Options& options, bool required) {
  auto* holder = command->add_option("--holder", options.holder, "the holder's private file");
  if (required) holder->required();
  command->add_option("--code-file", options.code_file,
                      "read (join: write) the activation code here, for rehearsals");
}

void add_folder(CLI::App* command, Options& options) {
  command->add_option("folder", options.folder, "the ceremony's folder, on the stick")->required();
}

void add_count(CLI::App& trustee, const std::shared_ptr<Options>& options, int& exit_code) {
  for (const bool attest : {true, false}) {
    CLI::App* command =
        add(trustee, attest ? "attest" : "share",
            attest ? "verify the export, then sign the count event" : "verify, then make shares",
            options, exit_code, [attest](const Options& o) { return run_count(o, attest); });
    command->add_option("export", options->export_folder, "the export's folder")->required();
    command
        ->add_option("--fingerprint", options->anchors.fingerprint,
                     "the manifest's, from the minutes")
        ->required();
    command
        ->add_option("--checkpoint", options->anchors.checkpoint,
                     "file with the log's last checkpoint, from the public board")
        ->required();
    command->add_option("--receipts-key", options->receipts_key, "for the bijection of box and log")
        ->required();
    if (attest) {
      command->add_option("--event", options->document, "the count event to sign")->required();
      command->add_option("--out", options->out, "the signed one; without it, in place");
    } else {
      command->add_option("--out", options->out, "folder for the shares")->required();
    }
    add_holder(command, *options, true);
  }
}

}  // namespace

void add_trustee(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* trustee = app.add_subcommand(
      "trustee", "A key holder's steps, by files: key ceremony, signatures, decryption");
  trustee->require_subcommand(1);

  CLI::App* plan = add(*trustee, "plan", "plan a ceremony", options, exit_code, run_plan);
  add_folder(plan, *options);
  plan->add_option("--election", options->election, "election id; without it a new one is made");
  plan->add_option("--bureau", options->bureau, "name of the bureau")->required();
  plan->add_option("--group", options->groups,
                   "\"name; threshold; role=name; role=name\", once for each group")
      ->required()
      ->allow_extra_args(false);

  CLI::App* join =
      add(*trustee, "join", "make a private file and take part", options, exit_code, run_join);
  add_folder(join, *options);
  join->add_option("--group", options->group, "number of the group, from 0")->required();
  join->add_option("--member", options->member, "number of the member, from 1")->required();
  add_holder(join, *options, true);

  CLI::App* step =
      add(*trustee, "step", "make this holder's next message", options, exit_code, run_step);
  add_folder(step, *options);
  add_holder(step, *options, true);

  CLI::App* complaint = add(*trustee, "complain", "prove that a wrong share was received", options,
                            exit_code, run_complain);
  add_folder(complaint, *options);
  add_holder(complaint, *options, true);

  CLI::App* judge =
      add(*trustee, "judge", "who lied, by a complaint", options, exit_code, run_judge);
  add_folder(judge, *options);
  judge->add_option("complaint", options->document, "the complaint's file")->required();

  CLI::App* inspect = add(*trustee, "inspect", "where a ceremony or a private file stands", options,
                          exit_code, run_inspect);
  inspect->add_option("folder", options->folder, "the ceremony's folder");
  add_holder(inspect, *options, false);

  CLI::App* sign = add(*trustee, "sign", "sign a seal or an event", options, exit_code, run_sign);
  sign->add_option("document", options->document, "gains this holder's signature")->required();
  sign->add_option("--manifest", options->manifest, "the manifest")->required();
  sign->add_option("--fingerprint", options->anchors.fingerprint, "the one that was read out")
      ->required();
  add_holder(sign, *options, true);

  add_count(*trustee, options, exit_code);
}

}  // namespace isoloir::cli

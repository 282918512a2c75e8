#include "cli/trustee_ceremony.hpp"

#include <cstdio>
#include <memory>
#include <optional>

#include "cli/screen.hpp"
#include "cli/trustee.hpp"

namespace isoloir::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* plan_file = "plan.json";

// As CeremonySlot::file_name gives them, of rounds 0 to 4.
bool is_message_name(const std::string& name) {
  const auto digit = [&](std::size_t i) { return name[i] >= '0' && name[i] <= '9'; };
  return name.size() == 12 && name[0] >= '0' && name[0] <= '4' && name[1] == '-' && digit(2) &&
         digit(3) && name[4] == '-' && digit(5) && digit(6) && name.ends_with(".json");
}

// A message that is already there, byte for byte, is written.
Status write_message(const fs::path& path, const std::string& text, Random& random) {
  std::error_code error;
  if (fs::exists(path, error)) {
    const auto present = read_stick_file(path);
    if (present && *present == text) return {};
  }
  return write_stick_file(path, text, false, random);
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
    out += in_lines(record.transcript());
  }
  if (record.round() < ceremony_rounds) return out + waiting_for(record);
  out += both("La cérémonie est terminée. Clé de l'élection :",
              "The ceremony is complete. Election key:");
  return out + in_lines(record.keys().key.encoded());
}

// Who took the wrong place costs everybody a new ceremony.
std::string whose_place(const CeremonyPlan& plan, const CeremonySlot& slot) {
  const auto& group = plan.groups[slot.group];
  const auto& member = group.members[slot.index - 1];
  const auto [french, english] = role_words(member.role);
  return both("Vous prenez la place de " + member.name + ", " + french + " (" + group.name +
                  "), au bureau « " + plan.bureau_name + " ». Sinon, Ctrl-C.",
              "You take the place of " + member.name + ", " + english + " (" + group.name +
                  "), bureau \"" + plan.bureau_name + "\". If that is not you, Ctrl-C.");
}

// Shows a new code once and has it typed back, so that nobody seals a file under a code that was
// noted wrongly. With a code file, writes it there.
Status hand_over(const Code& code, const std::string& code_file, Random& random) {
  const auto shown = code.shown();
  if (!code_file.empty()) return write_stick_file(code_file, shown.reveal() + "\n", false, random);
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

}  // namespace

Expected<CeremonyFolder> read_ceremony_folder(const fs::path& folder) {
  const auto plan_text = read_stick_file(folder / plan_file);
  if (!plan_text) return fail(plan_text.error());
  auto plan = CeremonyPlan::parse(*plan_text);
  if (!plan) return fail(plan.error());
  CeremonyFolder result{std::move(*plan), {}};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!is_message_name(entry.path().filename().string())) continue;
    auto text = read_stick_file(entry.path());
    if (!text) return fail(text.error());
    result.messages.push_back(std::move(*text));
  }
  if (error) return stick_error(folder, error.message());
  return result;
}

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

struct CeremonyOptions {
  std::string folder;
  std::string election;
  std::string bureau;
  std::vector<std::string> groups;
  std::string place;  // GROUP-MEMBER, as in 0-1
  HolderOptions holder;
  std::string complaint;
};

Expected<std::string> run_plan(const CeremonyOptions& options) {
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
  if (error) return stick_error(options.folder, error.message());
  auto written = write_stick_file(fs::path(options.folder) / plan_file, plan.text(), false, random);
  if (!written) return fail(written.error());
  return both("Cérémonie " + hex_encode(plan.ceremony) + " de l'élection " +
                  hex_encode(plan.election.bytes) + " prête.",
              "Ceremony " + hex_encode(plan.ceremony) + " of election " +
                  hex_encode(plan.election.bytes) + " is ready.") +
         waiting_for(CeremonyRecord(plan));
}

// "0-1": group from 0, member from 1. Error: ceremony.slot.
Expected<CeremonySlot> parse_place(const CeremonyPlan& plan, const std::string& text) {
  const auto dash = text.find('-');
  const auto number = [](const std::string& digits) -> std::optional<std::uint32_t> {
    const bool good = !digits.empty() && digits.size() <= 2 &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
    return good ? std::optional(static_cast<std::uint32_t>(std::stoul(digits))) : std::nullopt;
  };
  const auto group = number(text.substr(0, dash));
  const auto member = dash == std::string::npos ? std::nullopt : number(text.substr(dash + 1));
  if (!group || !member) {
    return fail("ceremony.slot", "a place is written GROUP-MEMBER, for example 0-1, not \"" + text +
                                     "\": the group from 0, the member from 1");
  }
  if (*group >= plan.groups.size() || *member < 1 || *member > plan.groups[*group].members.size()) {
    return fail("ceremony.slot", "the plan has no place " + text);
  }
  return CeremonySlot{0, *group, *member};
}

Expected<std::string> take_part(const CeremonyOptions& options, const CeremonyFolder& files,
                                const CeremonySlot& slot) {
  SystemRandom random;
  const auto record = CeremonyRecord::read(files.plan, files.messages);
  if (!record) return fail(record.error());
  if (record->messages().count(slot) != 0) {
    return fail("ceremony.equivocation",
                record->describe(slot) + " takes part already, with " + "another private file");
  }
  std::fputs(whose_place(files.plan, slot).c_str(), stdout);
  Code code = Code::generate(random);
  if (auto given = hand_over(code, options.holder.code_file, random); !given)
    return fail(given.error());
  HolderFile holder(options.holder.file, std::move(code),
                    HolderState::create(files.plan, slot.group, slot.index, random));
  if (auto made = holder.create(random); !made) return fail(made.error());
  return ceremony_step(options.folder, holder, random);
}

// The first time, with a place, makes the private file.
Expected<std::string> run_step(const CeremonyOptions& options) {
  const auto files = read_ceremony_folder(options.folder);
  if (!files) return fail(files.error());
  std::optional<CeremonySlot> place;
  if (!options.place.empty()) {
    const auto parsed = parse_place(files->plan, options.place);
    if (!parsed) return fail(parsed.error());
    place = *parsed;
  }
  std::error_code error;
  if (!fs::exists(options.holder.file, error)) {
    if (place) return take_part(options, *files, *place);
    return stick_error(options.holder.file,
                       "is not there; to take part for the first time, give --place");
  }
  auto holder = options.holder.open();
  if (!holder) return fail(holder.error());
  if (place && (holder->state.group() != place->group || holder->state.index() != place->index)) {
    return fail("ceremony.slot", options.holder.file + " is the private file of place " +
                                     std::to_string(holder->state.group()) + "-" +
                                     std::to_string(holder->state.index()) + ", not of " +
                                     options.place);
  }
  SystemRandom random;
  return ceremony_step(options.folder, *holder, random);
}

Expected<std::string> run_complain(const CeremonyOptions& options) {
  SystemRandom random;
  auto holder = options.holder.open();
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

Expected<std::string> run_judge(const CeremonyOptions& options) {
  const auto files = read_ceremony_folder(options.folder);
  if (!files) return fail(files.error());
  const auto record = CeremonyRecord::read(files->plan, files->messages);
  if (!record) return fail(record.error());
  const auto complaint = read_stick_file(options.complaint);
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
  out += both("Clé de signature :", "Signing key:") + in_lines(state.signing().key.encoded());
  if (state.bound_tally()) {
    out += both("Lié à ce seul décompte :", "Bound to this tally alone:") +
           in_lines(*state.bound_tally());
  }
  return out;
}

Expected<std::string> run_inspect(const CeremonyOptions& options) {
  std::string out;
  if (!options.folder.empty()) {
    const auto files = read_ceremony_folder(options.folder);
    if (!files) return fail(files.error());
    const auto record = CeremonyRecord::read(files->plan, files->messages);
    if (!record) return fail(record.error());
    out += progress(*record);
  }
  if (!options.holder.file.empty()) {
    const auto holder = options.holder.open();
    if (!holder) return fail(holder.error());
    out += describe(holder->state);
  }
  if (out.empty()) return fail("trustee.use", "name a folder, a private file or both");
  return out;
}

void add_folder(Command command, CeremonyOptions& options) {
  command.option("folder", options.folder, "the ceremony's folder, on the stick").required();
}

}  // namespace

void add_trustee_ceremony(Command trustee) {
  const auto options = std::make_shared<CeremonyOptions>();
  const auto add = [&](const char* name, const char* what,
                       Expected<std::string> (*run)(const CeremonyOptions&)) {
    return add_trustee_step<CeremonyOptions>(trustee, name, what, options, run);
  };
  const Command plan = add("plan", "plan a ceremony", run_plan);
  add_folder(plan, *options);
  plan.option("--election", options->election, "election id; without it a new one is made");
  plan.option("--bureau", options->bureau, "name of the bureau").required();
  plan.option("--group", options->groups,
              "\"name; threshold; role=name; role=name\", once for each group")
      .required();

  const Command step = add("step", "take part, then make this holder's next message", run_step);
  add_folder(step, *options);
  step.option("--place", options->place,
              "the first time: GROUP-MEMBER, as in 0-1 (group from 0, member from 1)");
  options->holder.declare(step, true);

  const Command complaint = add("complain", "prove that a wrong share was received", run_complain);
  add_folder(complaint, *options);
  options->holder.declare(complaint, true);

  const Command judge = add("judge", "who lied, by a complaint", run_judge);
  add_folder(judge, *options);
  judge.option("complaint", options->complaint, "the complaint's file").required();

  const Command inspect = add("inspect", "where a ceremony or a private file stands", run_inspect);
  inspect.option("folder", options->folder, "the ceremony's folder");
  options->holder.declare(inspect, false);
}

}  // namespace isoloir::cli

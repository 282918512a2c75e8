// The holders' tool: the ceremony by files as an operator runs it, then the steps of the count
// (a count from an export is in count_cli_test). Each opening or sealing of a private file costs
// Argon2id at its full 256 MiB, so a bureau of two serves all tests.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/trustee_ceremony.hpp"
#include "cli/trustee_count.hpp"
#include "cli/trustee_sign.hpp"
#include "crypto/sealing.hpp"
#include "functional/program.hpp"

namespace isoloir::cli {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::Outcome;

class TrusteeCommand : public test::ProgramTest {
 protected:
  Outcome run(const std::string& arguments, const std::string& input = "") const {
    return program("trustee " + arguments, input);
  }
  void plan(const std::string& stick, const std::string& group) const {
    const auto planned = run("plan " + path(stick) + " --election " + std::string(32, '7') +
                             " --bureau 'Bureau national' --group '" + group + "'");
    ASSERT_EQ(planned.code, 0) << planned.err;
  }
  std::string holder(int member) const {
    const std::string number = std::to_string(member);
    return " --holder " + path("holder-" + number) + " --code-file " + path("code-" + number);
  }
  bool no_partial_file() const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.path().extension() == ".partial") return false;
    }
    return true;
  }

  SystemRandom random;
};

TEST_F(TrusteeCommand, PlansStrictlyAndOnce) {
  const std::string groups =
      " --group 'Présidence; 1; president=Ada; secretary=Blaise Pascal'"
      " --group 'Délégués;2;delegate=Chloé;delegate=David;substitute=Émile'";
  const auto planned = run("plan " + path("stick") + " --bureau 'Bureau national'" + groups);
  ASSERT_EQ(planned.code, 0) << planned.err;
  EXPECT_NE(planned.out.find("Délégués 3 (Émile)"), std::string::npos) << planned.out;
  const auto read = CeremonyPlan::parse(contents(folder_ / "stick/plan.json"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->groups[0].members[1].name, "Blaise Pascal");
  EXPECT_EQ(read->groups[1].threshold, 2u);
  const auto again = run("plan " + path("stick") + " --bureau B" + groups);
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.err.find("is already there"), std::string::npos);
  for (const std::string bad : {"", "A", "A;1", "A;;president=X", "A;x;president=X", "A;1;X",
                                "A;1;king=X", "A;1;president=", "A;1;president=X;",
                                "A;0;president=X", "A;2;president=X", "A;-1;president=X"}) {
    const auto refused = run("plan " + path("other") + " --bureau B --group '" + bad + "'");
    EXPECT_EQ(refused.code, bad.empty() ? refused.code : 1) << bad;
    EXPECT_NE(refused.code, 0) << bad;
    EXPECT_FALSE(fs::exists(folder_ / "other/plan.json")) << bad;
  }
  EXPECT_EQ(run("plan " + path("other") + " --bureau B --election 12" + groups).code, 1);
  EXPECT_EQ(run("").code, 2);
  EXPECT_EQ(run("step " + path("stick")).code, 2);
}

TEST_F(TrusteeCommand, TheCodeIsShownOnceAndTypedBack) {
  plan("stick", "G;1;president=Ada");
  const std::string first = "step " + path("stick") + " --place 0-1 --holder " + path("h");
  const auto wrong = run(first, "0000-0000-0000-00000\n\n\n");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_FALSE(fs::exists(folder_ / "h"));
  EXPECT_FALSE(fs::exists(folder_ / "stick/0-00-01.json"));
  const auto place = wrong.out.find("You take the place of Ada, president (G)");
  EXPECT_NE(place, std::string::npos) << wrong.out;
  EXPECT_LT(place, wrong.out.find("activation code"));
  for (const char* given : {"0-2", "1-1", "0-0", "0", "-1", "0-1-1", "a-b", "0-4294967297"}) {
    const auto refused = run("step " + path("stick") + " --place=" + given + holder(1));
    EXPECT_NE(refused.err.find("ceremony.slot"), std::string::npos) << given << refused.err;
    EXPECT_FALSE(fs::exists(folder_ / "holder-1"));
  }
  const auto placeless = run("step " + path("stick") + holder(1));
  EXPECT_NE(placeless.err.find("give --place"), std::string::npos) << placeless.err;
}

// The whole ceremony of two, and on the way: the stick forgets a message, a wrong code, a wrong
// file, a second private file for one place, a framed holder.
TEST_F(TrusteeCommand, ACeremonyByFiles) {
  plan("stick", "Bureau;2;president=Ada;secretary=Blaise");
  const std::string stick = path("stick");
  const auto joined = run("step " + stick + " --place 0-1" + holder(1));
  ASSERT_EQ(joined.code, 0) << joined.err;
  EXPECT_NE(joined.out.find("Still missing: Bureau 2 (Blaise)"), std::string::npos) << joined.out;
  struct stat status {};
  ASSERT_EQ(::stat(path("holder-1").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(contents(folder_ / "holder-1").find("ISOLOIR-SEALED-2\ntrustee\n"), 0u);
  EXPECT_EQ(run("step " + stick + " --place 0-1" + holder(9)).code, 1);
  const auto not_hers = run("step " + stick + " --place 0-2" + holder(1));
  EXPECT_NE(not_hers.err.find("of place 0-1, not of 0-2"), std::string::npos) << not_hers.err;
  ASSERT_EQ(run("step " + stick + " --place 0-2" + holder(2)).code, 0);

  // The code of another, a code that was mistyped, a file that is no private file.
  const auto other =
      run("step " + stick + " --holder " + path("holder-1"), contents(folder_ / "code-2"));
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.err.find("sealed_file.code_or_content"), std::string::npos) << other.err;
  EXPECT_NE(run("step " + stick + " --holder " + path("holder-1"), "0000\n").err.find("code.form"),
            std::string::npos);
  const auto mixed_up =
      run("step " + stick + " --holder " + path("code-1") + " --code-file " + path("code-1"));
  EXPECT_NE(mixed_up.err.find("sealed_file.form"), std::string::npos);
  EXPECT_NE(mixed_up.err.find("n'est pas un fichier privé que ce code ouvre"), std::string::npos)
      << mixed_up.err;

  // The stick loses the hello: it is written again, byte for byte.
  const std::string hello = contents(folder_ / "stick/0-00-01.json");
  fs::remove(folder_ / "stick/0-00-01.json");
  const auto typed = run("step " + stick + " --holder " + path("holder-1"),
                         contents(folder_ / "code-1"));  // as a person types it
  ASSERT_EQ(typed.code, 0) << typed.err;
  EXPECT_NE(typed.out.find("round 1"), std::string::npos);
  EXPECT_EQ(contents(folder_ / "stick/0-00-01.json"), hello);

  // Somebody puts another's bytes in the place of this holder's message.
  const std::string hash = contents(folder_ / "stick/1-00-01.json");
  auto forged = SignedDocument::parse(hash);
  ASSERT_TRUE(forged);
  SignedDocument resigned(forged->body());
  resigned.sign(KeyPair::generate(random), ElectionId{}, random);
  write("stick/1-00-01.json", resigned.text());
  const auto framed = run("step " + stick + holder(1));
  EXPECT_EQ(framed.code, 1);
  EXPECT_NE(framed.err.find("holder.framed"), std::string::npos) << framed.err;
  write("stick/1-00-01.json", hash);

  for (int round = 1; round < 5; ++round) {
    for (const int member : {2, 1}) {
      if (round == 1 && member == 1) continue;
      const auto step = run("step " + stick + holder(member));
      ASSERT_EQ(step.code, 0) << step.err;
    }
  }
  const auto seen = run("inspect " + stick);
  EXPECT_EQ(seen.code, 0) << seen.err;
  EXPECT_NE(seen.out.find("The ceremony is complete"), std::string::npos) << seen.out;
  const auto files = read_ceremony_folder(stick);
  ASSERT_TRUE(files);
  EXPECT_TRUE(finish(files->plan, files->messages));
  EXPECT_TRUE(no_partial_file());
  const auto complained = run("complain " + stick + holder(1));
  EXPECT_NE(complained.err.find("ceremony.no_complaint"), std::string::npos);
}

// ---- Sealing and count, in this process, with a bureau made locally.

class TrusteeCount : public TrusteeCommand {
 protected:
  TrusteeCount() {
    plan_ = {{random.array<16>()}, random.array<16>(), "Bureau", {}};
    plan_.groups.push_back(
        {"P", 2, {{"Ada", BureauRole::president}, {"Blaise", BureauRole::secretary}}});
    local_ = run_ceremony_locally(plan_, random);
    manifest_.election_id = plan_.election;
    Contest contest;
    contest.rule = "proportional-highest-average";
    contest.seats = 1;
    contest.options.resize(2);
    contest.options[1].blank = true;
    contest.districts = {"All"};
    contest.units = {{"All", {0}}};
    manifest_.contests = {contest};
    manifest_.bureaus = {to_manifest_bureau(plan_, local_.result)};
    fs::create_directory(folder_ / "shares");
    write("event", count_event(checked(1)).text());
  }

  SignedDocument count_event(const CheckedCount& of) const {
    return SignedDocument(
        Json{{"type", "event"},
             {"number", 4},
             {"event", "count"},
             {"at", 1},
             {"bureau", 0},
             {"contest", nullptr},
             {"data", {{"tally", hex_encode(of.tally.hash)}, {"bijection", true}}}});
  }
  // A checked count of so many ballots, with its event signed by all.
  CheckedCount checked(std::uint64_t ballots) {
    Aggregate sum(2);
    for (std::uint64_t i = 0; i < ballots; ++i) {
      const Scalar r = Scalar::from_u64(i + 5);
      const Point blind = r * manifest_.bureaus[0].key;
      sum.add(std::vector<Ciphertext>{{base_multiply(r), blind + Point::generator()},
                                      {base_multiply(r + r), blind + blind}});
    }
    CheckedCount result{manifest_, *make_tally(manifest_, {}, {{{0, 0}, sum}}), {}};
    SignedDocument event = count_event(result);
    for (const auto& h : local_.holders) {
      event.sign(h.signing(), manifest_.fingerprint(), random);
    }
    result.events.push_back(event);
    return result;
  }
  HolderFile file(std::size_t h) {
    return HolderFile(folder_ / ("file-" + std::to_string(h)), Code::generate(random),
                      local_.holders[h].clone());
  }

  CeremonyPlan plan_;
  LocalCeremony local_;
  Manifest manifest_;
};

// The output fails after the tally was recorded: the shares of that tally can be made again, those
// of a second one never, whatever has reached the disk.
TEST_F(TrusteeCount, RecordsTheTallyBeforeAnyShareLeaves) {
  Code code = Code::generate(random);
  HolderFile holder(folder_ / "h", code.clone(), local_.holders[0].clone());
  ASSERT_TRUE(holder.create(random));
  EXPECT_FALSE(holder.create(random));  // nothing is overwritten
  const auto crashed = make_share_file(checked(3), folder_ / "h", holder, random);  // no folder
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().code, "trustee.file");

  auto reopened = HolderFile::open(folder_ / "h", std::move(code));
  ASSERT_TRUE(reopened) << reopened.error().code;
  const auto second = make_share_file(checked(2), folder_ / "shares", *reopened, random);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "holder.second_tally");
  EXPECT_TRUE(fs::is_empty(folder_ / "shares"));
  const auto first = checked(3);
  const auto made = make_share_file(first, folder_ / "shares", *reopened, random);
  ASSERT_TRUE(made) << made.error().message;
  const auto text = contents(folder_ / "shares/0-00-01.json");
  EXPECT_TRUE(judge_shares(manifest_, first.tally, text));
  const auto again = make_share_file(first, folder_ / "shares", *reopened, random);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "trustee.file");
  EXPECT_EQ(contents(folder_ / "shares/0-00-01.json"), text);
  EXPECT_TRUE(no_partial_file());
}

TEST_F(TrusteeCount, NoShareBeforeTheCountEventNorForAnotherManifest) {
  auto holder = file(0);
  auto unopened = checked(1);
  unopened.events.clear();
  EXPECT_EQ(make_share_file(unopened, folder_ / "shares", holder, random).error().code,
            "count.not_opened");
  EXPECT_FALSE(holder.state.bound_tally());
  auto foreign = checked(1);
  foreign.manifest.bureaus[0].ceremony[0] ^= 1;
  EXPECT_EQ(make_share_file(foreign, folder_ / "shares", holder, random).error().code,
            "count.holder");
  EXPECT_FALSE(holder.state.bound_tally());
  EXPECT_TRUE(fs::is_empty(folder_ / "shares"));
}

TEST_F(TrusteeCount, AttestsTheTallyThatItHasChecked) {
  const auto count = checked(1);
  HolderFile first = file(0);
  HolderFile second = file(1);
  ASSERT_TRUE(attest_count(count, folder_ / "event", "", first, random));
  ASSERT_TRUE(attest_count(count, folder_ / "event", "", second, random));
  const auto event = SignedDocument::parse(contents(folder_ / "event"));
  ASSERT_TRUE(event);
  EXPECT_TRUE(count_opened(manifest_, count.tally, 0, {*event}));
  const auto before = contents(folder_ / "event");
  EXPECT_EQ(attest_count(checked(2), folder_ / "event", "", first, random).error().code,
            "trustee.tally");
  EXPECT_EQ(contents(folder_ / "event"), before);
}

// The file is bound before the signature leaves: where that has nowhere to go, and where the file
// cannot be saved.
TEST_F(TrusteeCount, AnAttestationBindsThePrivateFile) {
  Code code = Code::generate(random);
  HolderFile holder(folder_ / "h", code.clone(), local_.holders[0].clone());
  ASSERT_TRUE(holder.create(random));
  const auto count = checked(3);
  write("of-three", count_event(count).text());
  EXPECT_EQ(attest_count(count, folder_ / "of-three", folder_ / "missing/signed", holder, random)
                .error()
                .code,
            "trustee.file");
  auto reopened = HolderFile::open(folder_ / "h", code.clone());
  ASSERT_TRUE(reopened) << reopened.error().code;
  EXPECT_EQ(reopened->state.bound_tally(), count.tally.hash);
  const auto other = checked(2);
  write("of-two", count_event(other).text());
  EXPECT_EQ(
      attest_count(other, folder_ / "of-two", folder_ / "signed", *reopened, random).error().code,
      "holder.second_tally");
  EXPECT_FALSE(fs::exists(folder_ / "signed"));

  HolderFile lost(folder_ / "gone/h", code.clone(), local_.holders[1].clone());
  EXPECT_EQ(
      attest_count(count, folder_ / "of-three", folder_ / "signed", lost, random).error().code,
      "trustee.file");
  EXPECT_FALSE(fs::exists(folder_ / "signed"));
}

TEST_F(TrusteeCount, SignsSealsAndOfficersEventsAlone) {
  const auto sign = [&](const Json& body, std::size_t member = 1) -> std::string {
    write("document", SignedDocument(body).text());
    auto signable = read_signable(manifest_, folder_ / "document");
    if (!signable) return signable.error().code;
    const auto result =
        sign_document(manifest_, *signable, folder_ / "document", file(member), random);
    if (!result) return result.error().code;
    const auto signed_one = SignedDocument::parse(contents(folder_ / "document"));
    return signed_one && signed_one->signatures_good(manifest_.fingerprint()) &&
                   signed_one->signed_by(local_.holders[member].signing().key)
               ? "good"
               : "unsigned";
  };
  const auto with = [](Json body, const char* field, Json value) {
    body[field] = std::move(value);
    return body;
  };
  const Json seal = {{"type", "seal"},
                     {"fingerprint", hex_encode(manifest_.fingerprint().bytes)},
                     {"ballots", 0},
                     {"sign_offs", 0},
                     {"sealed_at", 1}};
  EXPECT_EQ(sign(seal), "good");
  EXPECT_EQ(sign(with(seal, "ballots", 1)), "trustee.document");
  EXPECT_EQ(sign(with(seal, "sealed_at", "now")), "trustee.document");
  EXPECT_EQ(sign(with(seal, "fingerprint", std::string(64, '0'))), "trustee.document");
  const Json count = count_event(checked(1)).body();
  EXPECT_EQ(sign(count), "trustee.document");
  EXPECT_EQ(sign({{"type", "roster"}}), "trustee.document");

  Json suspend = with(count, "event", "suspend");
  suspend["contest"] = 0;
  suspend["data"] = {{"reason", "incident"}};
  EXPECT_EQ(sign(suspend), "good");
  EXPECT_EQ(sign(with(suspend, "event", "resume")), "good");
  EXPECT_EQ(sign(with(suspend, "bureau", 1)), "trustee.document");
  EXPECT_EQ(sign(with(suspend, "contest", 1)), "trustee.document");
  EXPECT_EQ(sign(with(suspend, "contest", nullptr)), "trustee.document");
  EXPECT_EQ(sign(with(suspend, "data", Json::object())), "trustee.document");
  EXPECT_EQ(sign(with(suspend, "data", {{"reason", "a\x1b[2Jb"}})), "trustee.document");
  EXPECT_EQ(sign(with(suspend, "more", 1)), "trustee.document");
  for (const char* other : {"open", "freeze", "extend", "unseal", "strike-off"}) {
    EXPECT_EQ(sign(with(suspend, "event", other)), "trustee.document") << other;
  }
  Json close = with(count, "event", "close");
  EXPECT_EQ(sign(close), "trustee.document");  // with the data of a count
  close["data"] = Json::object();
  EXPECT_EQ(sign(close), "good");
  EXPECT_EQ(sign(with(close, "contest", 0)), "trustee.document");
  Json close_count = with(close, "event", "close-count");
  EXPECT_EQ(sign(close_count), "trustee.document");
  close_count["data"] = {{"result", std::string(64, '5')}};
  EXPECT_EQ(sign(close_count, 0), "good");
  EXPECT_EQ(sign(close_count), "trustee.role");  // the secretary
}

TEST_F(TrusteeCount, SaysInWordsWhatIsSigned) {
  manifest_.contests[0].name = {.en = "Committee", .fr = "Comité"};
  Json body = count_event(checked(1)).body();
  body["event"] = "suspend";
  body["contest"] = 0;
  body["data"] = {{"reason", "Panne de réseau"}};
  body["at"] = 1'669'878'000'000;
  write("document", SignedDocument(body).text());
  const auto words = read_signable(manifest_, folder_ / "document").value().words;
  for (const char* part :
       {"Suspendre le scrutin 0 : Comité", "Suspend contest 0: Committee",
        "Motif : Panne de réseau", "jeudi 1 décembre 2022 à 08h00 (heure de Paris)",
        "Event 4, prepared on Thursday"}) {
    EXPECT_NE(words.find(part), std::string::npos) << part << "\n" << words;
  }
}

}  // namespace
}  // namespace isoloir::cli

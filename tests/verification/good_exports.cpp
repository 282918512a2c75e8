// What every verifier must accept: elections that are odd, and not wrong.
#include "verification/export_makers.hpp"

namespace isoloir::test {
namespace {

void add_turnouts(CaseTable& table) {
  table.good("the-election", "The election that most cases start from, without anchors.",
             anchored([](const Workshop&, MadeExport&) {}));
  table.good("anchored", "The same with the fingerprint and the last checkpoint.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               made.fingerprint = workshop.good().fingerprint();
               made.checkpoint = workshop.good().notes.back();
             }));
  table.good("anchored-before-the-freeze",
             "The checkpoint given is the first: consistent, though it says nothing of the box.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               made.fingerprint = workshop.good().fingerprint();
               made.checkpoint = workshop.good().notes.front();
             }));
  table.good("with-receipts", "A receipt of each ballot of contest 1, under the last checkpoint.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               const auto& e = workshop.good();
               for (const auto& [key, bytes] : e.box.at({1, 0})) {
                 made.receipts[hex_encode(key.encoded()).substr(0, 8)] = e.receipt(bytes);
               }
             }));
  table.good("of-this-machine", "A demonstration's origin: 127.0.0.1 and a port.",
             on_setup([](TestElection& e) { e.manifest.origin = "http://127.0.0.1:8081"; }));
  table.good("nobody-voted", "No voter in any roster, no ballot, no reissue.",
             made([](const Workshop&, ElectionHooks& hooks) { hooks.nobody = true; }));
  table.good("everybody-abstained", "Rosters, an enrolment, a reissue, and not one ballot.",
             on_box([](TestElection& e) { e.box.clear(); }));
  table.good("an-empty-contest", "Ballots in contest 0 alone: contest 1's only unit is empty.",
             on_box([](TestElection& e) {
               e.box.erase({1, 0});
             }));
  table.good("every-vote-is-blank", "All ballots are for the blank vote: no seat is filled.",
             on_box([](TestElection& e) {
               e.box.clear();
               e.cast(0, 0, 2, e.voters[0][0]);
               e.cast(0, 1, 2, e.voters[3][0]);
               e.cast(1, 0, 0, e.voters[0][1]);
             }));
}

void add_bureaus(CaseTable& table) {
  table.good("two-bureaus", "Contest 1 has a bureau of its own.",
             made([](const Workshop&, ElectionHooks& hooks) { hooks.two_bureaus = true; }));
  table.good("a-bureau-without-a-contest",
             "It has a key, and nothing to count: nothing is missed of it.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.two_bureaus = true;
               hooks.setup = [](TestElection& e) { e.manifest.contests[1].bureau = 0; };
             }));
}

// A checkpoint that the log signed in the midst of its last round and that its list does not have.
std::string unlisted_checkpoint(const TestElection& e, std::size_t size) {
  return sign_checkpoint(
      {e.manifest.log_origin, size, merkle_root(std::span(e.leaves).first(size))},
      e.checkpoint_key);
}

void add_unlisted_checkpoints(CaseTable& table) {
  table.good("anchored-by-an-unlisted-checkpoint",
             "The checkpoint given is of this log, and none of checkpoints.json.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               const auto& e = workshop.good();
               made.fingerprint = e.fingerprint();
               made.checkpoint = unlisted_checkpoint(e, e.leaves.size() - 3);
             }));
  const auto as_copied = [](std::function<std::string(std::string)> copy) {
    return anchored([=](const Workshop& workshop, MadeExport& made) {
      made.fingerprint = workshop.good().fingerprint();
      made.checkpoint = copy(workshop.good().notes.back());
    });
  };
  table.good("checkpoint-without-its-last-newline", "The checkpoint given lacks its last newline.",
             as_copied([](std::string note) {
               note.pop_back();
               return note;
             }));
  table.good("checkpoint-with-a-byte-order-mark",
             "The checkpoint given begins with a byte order mark.",
             as_copied([](const std::string& note) { return "\uFEFF" + note; }));
  table.good("checkpoint-of-another-editor", "The lines of the checkpoint given end in CR LF.",
             as_copied([](const std::string& note) {
               std::string copy;
               for (const char c : note)
                 copy += c == '\n' ? std::string("\r\n") : std::string(1, c);
               return copy + "\r\n";
             }));
  table.good("an-unlisted-checkpoint-of-nothing", "The checkpoint given is of the empty log.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               made.checkpoint = unlisted_checkpoint(workshop.good(), 0);
             }));
  table.good("receipt-under-an-unlisted-checkpoint",
             "A receipt under a checkpoint of this log that checkpoints.json does not have.",
             anchored([](const Workshop& workshop, MadeExport& made) {
               const auto& e = workshop.good();
               auto receipt = *Receipt::parse(e.receipt(e.box.at({0, 1}).begin()->second));
               const auto tree = std::span(e.leaves).first(e.leaves.size() - 3);
               receipt.proof = inclusion_proof(tree, receipt.index);
               receipt.checkpoint_note = unlisted_checkpoint(e, tree.size());
               made.receipts["mine"] = receipt.text();
             }));
}

void add_minutes(CaseTable& table) {
  table.good("minutes", "The president has signed the minutes.", on_closed([](TestElection& e) {
               e.files[export_path::minutes(0)] = e.minutes(0, {&e.president()});
             }));
  table.good("minutes-signed-by-three", "Secretary, president and a delegate have signed them.",
             on_closed([](TestElection& e) {
               e.files[export_path::minutes(0)] =
                   e.minutes(0, {&e.secretary(), &e.president(), &e.delegate(1)});
             }));
  table.good("minutes-of-a-majority", "Contest 0 under the rule two-round-majority, with minutes.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.setup = [](TestElection& e) { hold_in_two_rounds(e, 1); };
               hooks.closed = [](TestElection& e) {
                 e.files[export_path::minutes(0)] = e.minutes(0, {&e.president()});
               };
             }));
  const auto of_two = [](bool both) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.two_bureaus = true;
      hooks.closed = [=](TestElection& e) {
        e.files[export_path::minutes(1)] = e.minutes(1, {&e.president(1)});
        if (both) e.files[export_path::minutes(0)] = e.minutes(0, {&e.secretary()});
      };
    });
  };
  table.good("minutes-of-two-bureaus", "Each bureau has signed minutes of its own.", of_two(true));
  table.good("minutes-of-one-of-two-bureaus", "One of two bureaus has signed minutes.",
             of_two(false));
}

void add_rules(CaseTable& table) {
  table.good("a-common-list", "Alpha is a common list of two, whose shares are weights 2 and 1.",
             on_setup([](TestElection& e) {
               e.manifest.contests[0].options[0].common = {{"North", 2}, {"South", 1}};
             }));
  table.good("a-common-list-without-shares", "All shares 0: its members share equally.",
             on_setup([](TestElection& e) {
               e.manifest.contests[0].options[0].common = {{"North", 0}, {"South", 0}};
             }));
  table.good("a-bare-union-name", "Beta stands as a union name alone, and so without candidates.",
             on_setup([](TestElection& e) {
               auto& option = e.manifest.contests[0].options[1];
               option.sigle = true;
               option.candidates.clear();
             }));
  table.good("only-the-blank-vote", "Contest 1 has one option; all its seats are unfilled.",
             on_setup([](TestElection& e) { e.manifest.contests[1].options.resize(1); }));
  table.good("two-rounds", "Contest 0 under the rule two-round-majority, first round.",
             on_setup([](TestElection& e) { hold_in_two_rounds(e, 1); }));
  table.good("second-round", "The same rule in its second round.",
             on_setup([](TestElection& e) { hold_in_two_rounds(e, 2); }));
  table.good("merged-units",
             "Units of 2, 1 and 0 ballots under a minimum of 2: the second joins the third, and "
             "both the first.",
             on_setup([](TestElection& e) { e.manifest.contests[0].unit_minimum = 2; }));
  table.good("a-tie-that-waits", "One vote each for one seat: the count is not closed.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.setup = [](TestElection& e) { e.manifest.contests[0].seats = 1; };
               hooks.box = [](TestElection& e) { e.box[{0, 0}].erase(e.voters[1][0].key); };
               hooks.unclosed = true;
             }));
  table.good("count-not-closed", "No president has closed the count yet.",
             made([](const Workshop&, ElectionHooks& hooks) { hooks.unclosed = true; }));
  table.good("a-lot-drawn", "The same tie, a lot for Beta, and a president's signature.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.setup = [](TestElection& e) { e.manifest.contests[0].seats = 1; };
               hooks.box = [](TestElection& e) { e.box[{0, 0}].erase(e.voters[1][0].key); };
               hooks.counted = [](TestElection& e) { e.lots = {1}; };
             }));
}

void add_boards(CaseTable& table) {
  table.good("witnesses-and-threshold",
             "Three witnesses, of whom two sign each checkpoint: as many as are wanted.",
             made([](const Workshop&, ElectionHooks& hooks) {
               const std::vector<TestWitness> witnesses{
                   {"witness.example/a", 1}, {"witness.example/b", 2}, {"witness.example/c", 3}};
               hooks.setup = [=](TestElection& e) {
                 for (const auto& one : witnesses) e.manifest.witnesses.push_back(one.vkey());
                 e.manifest.witness_threshold = 2;
               };
               hooks.note = [witnesses](std::string& note) {
                 witnesses[0].cosign(note);
                 witnesses[2].cosign(note);
               };
             }));
  table.good("signatures-of-strangers", "Each checkpoint bears a line of a key nobody knows.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.note = [stranger = TestWitness("stranger.example", 9)](std::string& note) {
                 stranger.cosign(note);
               };
             }));
  table.good("an-extra-checkpoint", "The log signed its tree in the midst of a round, too.",
             altered_by([](const Workshop& workshop, Files& files) {
               const auto& e = workshop.good();
               Json notes = Json::parse(files["log/checkpoints.json"]);
               MerkleAccumulator tree;
               for (std::size_t i = 0; i < 20; ++i) tree.append(e.leaves[i]);
               notes.insert(
                   notes.begin() + 1,
                   sign_checkpoint({e.manifest.log_origin, 20, tree.root()}, e.checkpoint_key));
               files["log/checkpoints.json"] = canonical_json(notes);
             }));
  table.good("a-late-checkpoint", "After the end the log went on with a round of pads.",
             after_event("close-count", [](TestElection& e) { e.append_round({}, {}); }));
}

void add_events_good(CaseTable& table) {
  table.good("two-events-in-one-round", "The opening and a suspension stand in one round.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.after = [](TestElection& e, const std::string& name) {
                 e.hold = name == "open";
               };
             }));
  table.good("closed-early", "A secretary closes the vote before its hour.",
             made([](const Workshop& workshop, ElectionHooks& hooks) {
               hooks.setup = [](TestElection& e) { e.manifest.closes_at = 2'000'000; };
               hooks.event = [&workshop](Json& body, Signers& signers) {
                 if (body["event"] != "close") return;
                 body["at"] = 1'900'000;
                 signers = {&workshop.good().secretary()};
               };
             }));
  table.good("enrolled-by-the-secretary", "The registrar and the secretary enrol.",
             on_event("enrol", [](const Workshop& workshop, Json&, Signers& signers) {
               signers = {&workshop.good().registrar, &workshop.good().secretary()};
             }));
  table.good("extended", "The vote is extended, and closed at the later hour.",
             made([](const Workshop&, ElectionHooks& hooks) {
               hooks.after = [](TestElection& e, const std::string& name) {
                 if (name != "enrol") return;
                 e.emit({"extend", nullptr, {{"closes_at", 1'200'000}}, {&e.president()}});
               };
               hooks.event = [](Json& body, Signers&) {
                 if (body["event"] == "close") body["at"] = 1'200'000;
               };
             }));
  table.good("reissue-above-the-maximum-signed",
             "Above reissue_max a secretary has signed the batch.",
             made([](const Workshop& workshop, ElectionHooks& hooks) {
               hooks.setup = [](TestElection& e) { e.manifest.contests[1].reissue_max = 0; };
               hooks.batch = [&workshop](Json&, Signers& signers) {
                 signers.push_back(&workshop.good().secretary());
               };
             }));
  table.good("a-guardian", "A guardian is named and has signed the batch.",
             made([](const Workshop& workshop, ElectionHooks& hooks) {
               const KeyPair* guardian = &workshop.good().reissued;
               hooks.setup = [=](TestElection& e) { e.manifest.guardian_key = guardian->key; };
               hooks.batch = [=](Json&, Signers& signers) { signers.push_back(guardian); };
             }));
  table.good("broken-seals", "Two seals were broken before the one that stands.",
             on_setup([](TestElection& e) { seal_and_break_twice(e); }));
}

// Two ballots of unit 0 whose randomness cancels, so that alpha of each of its options is the
// identity.
void cancel_randomness(TestElection& e) {
  std::vector<Scalar> first;
  for (int v = 0; v < 2; ++v) {
    const auto& key = e.voters[static_cast<std::size_t>(v)][0];
    e.box[{0, 0}][key.key] = forge_ballot(e, 0, 0, 0, key, [&](ForgedBallot& ballot) {
      for (std::size_t i = 0; i < 3; ++i) {
        if (v == 0) first.push_back(ballot.options[i].r);
        if (v == 1) ballot.options[i].r = Scalar() - first[i];
      }
    });
  }
}

// The president's document with several faults, left out for the one that counts.
Maker left_out_over_identities(std::string reason, std::function<void(Json&)> spoil) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    hooks.box = cancel_randomness;
    hooks.counted = [=](TestElection& e) {
      auto& text = e.files[export_path::shares(0, 0, 1)];
      text = resigned(
          text, [&](Json& body) { spoil(body["shares"]); }, {&e.president()}, e.fingerprint());
      e.shares_left_out = {reason};
    };
  });
}

void add_shares_good(CaseTable& table) {
  table.good("left-out-for-a-set-before-an-identity",
             "D of the first share must be the identity and is not, and the fourth is misnamed.",
             left_out_over_identities("shares.set", [](Json& shares) {
               shares[0]["D"] = shares[3]["D"];
               shares[3]["option"] = 2;
             }));
  table.good("left-out-for-an-identity-before-a-proof",
             "The first share's proof is wrong; D of the second must be the identity and is not.",
             left_out_over_identities("shares.identity", [](Json& shares) {
               shares[0]["z"] = shares[3]["z"];
               shares[1]["D"] = shares[3]["D"];
             }));
  table.good("a-left-out-share",
             "The president's document has a wrong proof; it is published and left out.",
             on_counted([](TestElection& e) {
               forge_share(e, 0, 1, [](ForgedShare& share) { share.off_a = Point::generator(); });
               e.shares_left_out = {"shares.proof"};
             }));
  table.good("a-left-out-document", "The president's document lacks a share; it is left out.",
             on_counted([](TestElection& e) {
               auto& text = e.files[export_path::shares(0, 0, 1)];
               text = resigned(
                   text, [](Json& body) { body["shares"].erase(0); }, {&e.president()},
                   e.fingerprint());
               e.shares_left_out = {"shares.set"};
             }));
  table.good("just-enough-shares", "The shares of the secretary and of two delegates, no others.",
             on_counted([](TestElection& e) {
               e.files.erase(export_path::shares(0, 0, 1));
               e.files.erase(export_path::shares(0, 1, 2));
             }));
}

// Protocol section 1: zero is an ordinary scalar, and computed values are never refused. z1 of a
// branch that is true, z of the sum proof and s of a signature cannot be made zero by choice: their
// challenge is a hash of what would have to be chosen by it.
void add_edges(CaseTable& table) {
  const auto with = [](std::function<void(ForgedBallot&)> change) {
    return on_box([=](TestElection& e) {
      e.box[{0, 1}][e.voters[3][0].key] = forge_ballot(e, 0, 1, 1, e.voters[3][0], change);
    });
  };
  table.good("zero-challenges", "A ballot with e0 = 0 in its chosen option and e1 = 0 in others.",
             with([](ForgedBallot& ballot) {
               for (auto& option : ballot.options) option.e = Scalar();
             }));
  table.good("zero-responses", "A ballot with z0 = 0 in its chosen option and z1 = 0 in others.",
             with([](ForgedBallot& ballot) {
               for (auto& option : ballot.options) option.z = Scalar();
             }));
  table.good("randomness-sums-to-zero", "The sum of a ballot's alphas is the identity.",
             with([](ForgedBallot& ballot) {
               ballot.options[2].r = Scalar() - ballot.options[0].r - ballot.options[1].r;
             }));
  table.good("aggregate-is-the-identity",
             "Two ballots whose randomness cancels: alpha of the unit is the identity, beta an "
             "encoding of the votes.",
             on_box(cancel_randomness));
}

}  // namespace

void add_good_exports(CaseTable& table) {
  add_turnouts(table);
  add_unlisted_checkpoints(table);
  add_bureaus(table);
  add_minutes(table);
  add_rules(table);
  add_boards(table);
  add_events_good(table);
  add_shares_good(table);
  add_edges(table);
}

}  // namespace isoloir::test

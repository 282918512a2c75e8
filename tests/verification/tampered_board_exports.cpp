// V5 to V9: the log, its leaves, events, reissues, enrolments and strike-offs.
#include "verification/export_makers.hpp"

namespace isoloir::test {
namespace {

Maker on_notes(std::function<void(const TestElection&, Json&)> change) {
  return altered_by([=](const Workshop& workshop, Files& f) {
    Json notes = Json::parse(f["log/checkpoints.json"]);
    change(workshop.good(), notes);
    f["log/checkpoints.json"] = canonical_json(notes);
  });
}

// l more in the scalar half of the log's signature.
std::string with_large_scalar(const std::string& note) {
  const auto at = note.rfind(' ') + 1;
  Bytes signature = *base64_decode(note.substr(at, note.size() - at - 1));
  const auto s = not_reduced(*Scalar::decode(ByteView(signature).last(32)));
  std::copy(s.begin(), s.end(), signature.end() - 32);
  return note.substr(0, at) + base64_encode(signature) + "\n";
}

void add_checkpoints(CaseTable& table) {
  table.bad(5, "forked-checkpoint", "The third checkpoint is signed over another root.",
            on_notes([](const TestElection& e, Json& notes) {
              notes[2] = sign_checkpoint({e.manifest.log_origin, 48, Digest{7}}, e.checkpoint_key);
            }));
  table.bad(5, "checkpoints-swapped", "Two checkpoints have changed places.",
            on_notes([](const TestElection&, Json& notes) { std::swap(notes[0], notes[1]); }));
  table.bad(5, "last-checkpoint-missing", "There are leaves after the last checkpoint.",
            on_notes([](const TestElection&, Json& notes) { notes.erase(notes.size() - 1); }));
  table.bad(5, "checkpoint-twice", "The last checkpoint stands there twice.",
            on_notes([](const TestElection&, Json& notes) {
              const Json last = notes.back();
              notes.push_back(last);
            }));
  table.bad(5, "no-checkpoint", "There is no checkpoint.",
            on_notes([](const TestElection&, Json& notes) { notes = Json::array(); }));
  table.bad(5, "empty-log", "There is no leaf, no pad and no checkpoint.", altered([](Files& f) {
              f["log/leaves.bin"].clear();
              f["log/pads.bin"].clear();
              f["log/checkpoints.json"] = canonical_json(Json::array());
            }));
  table.bad(5, "checkpoint-of-nothing", "The first checkpoint is of a tree without leaves.",
            on_notes([](const TestElection& e, Json& notes) {
              notes.insert(notes.begin(),
                           Json(sign_checkpoint({e.manifest.log_origin, 0, merkle_root({})},
                                                e.checkpoint_key)));
            }));
  table.bad(5, "leaf-exchanged", "One leaf of the log is another hash.",
            altered([](Files& f) { f["log/leaves.bin"][100] ^= 1; }));
  table.bad(
      5, "leaves-cut-off", "The last round's leaves are gone, its checkpoint is not.",
      altered([](Files& f) { f["log/leaves.bin"].resize(f["log/leaves.bin"].size() - 16 * 32); }));
  table.bad(5, "wrong-checkpoint-signature", "One checkpoint bears the signature of another.",
            on_notes([](const TestElection&, Json& notes) {
              const auto first = notes[0].get<std::string>();
              const auto second = notes[1].get<std::string>();
              notes[1] = second.substr(0, second.find("\n\n")) + first.substr(first.find("\n\n"));
            }));
  table.bad(5, "checkpoint-of-another-key", "One checkpoint is signed by a key of its own.",
            on_notes([](const TestElection& e, Json& notes) {
              MerkleAccumulator tree;
              for (std::size_t i = 0; i < 16; ++i) tree.append(e.leaves[i]);
              SeededRandom random(5);
              notes[0] = sign_checkpoint({e.manifest.log_origin, 16, tree.root()},
                                         Ed25519KeyPair::generate(random));
            }));
  table.bad(5, "checkpoint-of-another-origin", "One checkpoint names another log.",
            on_notes([](const TestElection& e, Json& notes) {
              MerkleAccumulator tree;
              for (std::size_t i = 0; i < 16; ++i) tree.append(e.leaves[i]);
              notes[0] = sign_checkpoint({"vote.example/other", 16, tree.root()}, e.checkpoint_key);
            }));
  table.bad(5, "signature-scalar-not-reduced", "The log's signature has s + l for s.",
            on_notes([](const TestElection&, Json& notes) {
              notes[0] = with_large_scalar(notes[0].get<std::string>());
            }));
  table.bad(5, "half-a-leaf", "leaves.bin is no whole number of hashes.",
            altered([](Files& f) { f["log/leaves.bin"] += "x"; }));
}

// Lines beneath the log's own in each checkpoint.
Maker with_lines(std::string lines) {
  return on_notes([=](const TestElection&, Json& notes) {
    for (auto& note : notes) note = note.get<std::string>() + lines;
  });
}
std::string line_of(const std::string& name) {
  return "\u2014 " + name + " AAAAAAAA\n";
}
std::string many_lines(std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) lines += line_of("stranger.example");
  return lines;
}

void add_lines_of_strangers(CaseTable& table) {
  table.good("a-line-of-a-stranger", "Each checkpoint has a line of nobody that is named.",
             with_lines(line_of("étranger\uFEFF.example")));
  table.good("as-many-lines-as-may-be", "Each checkpoint has 64 lines.",
             with_lines(many_lines(63)));
  table.bad(5, "lines-too-many", "Each checkpoint has 65 lines.", with_lines(many_lines(64)));
  table.bad(5, "line-of-a-name-with-plus", "A stranger's name has a + in it.",
            with_lines(line_of("stranger+1")));
  table.bad(5, "line-of-a-name-with-a-space", "A stranger's name has a space of Unicode in it.",
            with_lines(line_of("stranger\u00A0one")));
  table.bad(5, "line-of-a-name-with-a-next-line", "A stranger's name has U+0085 in it.",
            with_lines(line_of("stranger\u0085one")));
  table.bad(5, "line-with-a-control-character", "A stranger's name has 0x7f in it.",
            with_lines(line_of("stranger\x7f")));
}

Maker witnessed(
    std::function<void(std::size_t, const std::vector<TestWitness>&, std::string&)> sign) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    const std::vector<TestWitness> witnesses{{"witness.example/a", 1}, {"witness.example/b", 2}};
    hooks.setup = [=](TestElection& e) {
      for (const auto& one : witnesses) e.manifest.witnesses.push_back(one.vkey());
      e.manifest.witness_threshold = 2;
    };
    auto count = std::make_shared<std::size_t>(0);
    hooks.note = [=](std::string& note) { sign((*count)++, witnesses, note); };
  });
}

void add_witnesses(CaseTable& table) {
  using Witnesses = std::vector<TestWitness>;
  table.bad(5, "no-cosignatures", "Two witnesses are wanted, none has signed.",
            witnessed([](std::size_t, const Witnesses&, std::string&) {}));
  table.good("a-witness-was-away", "One of two has not signed the third checkpoint.",
             witnessed([](std::size_t n, const Witnesses& all, std::string& note) {
               all[0].cosign(note);
               if (n != 2) all[1].cosign(note);
             }));
  table.good("a-spoiled-cosignature-besides", "A witness has a wrong line beside a good one.",
             witnessed([](std::size_t n, const Witnesses& all, std::string& note) {
               all[0].cosign(note);
               all[1].cosign(note);
               if (n == 2) all[1].cosign(note, 1'000'000'123'456, 1'000'000'123'457);
             }));
  table.bad(5, "one-cosignature-missing", "One of two has gone after the second checkpoint.",
            witnessed([](std::size_t n, const Witnesses& all, std::string& note) {
              all[0].cosign(note);
              if (n < 2) all[1].cosign(note);
            }));
  table.bad(5, "one-witness-twice", "One of two witnesses has signed twice.",
            witnessed([](std::size_t, const Witnesses& all, std::string& note) {
              all[0].cosign(note);
              all[0].cosign(note, 1'000'000'123'457);
            }));
  table.bad(5, "cosignature-of-another-time", "A cosignature is about another time than it says.",
            witnessed([](std::size_t, const Witnesses& all, std::string& note) {
              all[0].cosign(note);
              all[1].cosign(note, 1'000'000'123'456, 1'000'000'123'457);
            }));
  table.bad(5, "cosignature-of-a-stranger", "The second cosignature is nobody's that is named.",
            witnessed([](std::size_t, const Witnesses& all, std::string& note) {
              all[0].cosign(note);
              TestWitness("witness.example/b", 7).cosign(note);
            }));
}

void add_leaves(CaseTable& table) {
  table.bad(6, "pad-unopened", "The last pad is not in pads.bin.",
            altered([](Files& f) { f["log/pads.bin"].resize(f["log/pads.bin"].size() - 32); }));
  table.bad(6, "pads-out-of-order", "The first pad stands last.", altered([](Files& f) {
              auto& pads = f["log/pads.bin"];
              pads = pads.substr(32) + pads.substr(0, 32);
            }));
  table.bad(6, "pad-too-many", "A pad that is nowhere in the log.",
            altered([](Files& f) { f["log/pads.bin"] += std::string(32, 'p'); }));
  table.bad(6, "half-a-pad", "pads.bin is no whole number of pads.",
            altered([](Files& f) { f["log/pads.bin"] += "x"; }));
  table.bad(6, "dropped-ballot",
            "A ballot that the log accepted is neither in the box nor in any figure.",
            after_event("close", [](TestElection& e) {
              e.box[{0, 0}].erase(e.voters[0][0].key);
            }));
  table.bad(6, "added-ballot", "A good ballot of a voter who abstained, that the log never had.",
            after_event("close", [](TestElection& e) { e.cast(0, 1, 0, e.voters[2][0]); }));
  table.bad(6, "event-twice-in-the-log", "The opening is in the log a second time.",
            after_event("close", [](TestElection& e) {
              e.append_round({document_entry(entry_event, e.files[export_path::event(0)])}, {});
            }));
  table.bad(6, "event-not-in-the-log", "An event was made and shown, and never logged.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.after = [](TestElection& e, const std::string& name) {
                if (name == "suspend") e.waiting.clear();
                e.hold = name == "open";
              };
            }));
  table.bad(6, "batch-not-in-the-log", "The reissue batch was never logged.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.after = [](TestElection& e, const std::string& name) {
                e.hold = name == "strike-off";
              };
              hooks.box = [](TestElection& e) {
                e.waiting.clear();
                e.hold = false;
              };
            }));
  table.bad(6, "log-of-another-election", "Log and checkpoints of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              for (const auto* path : {"log/leaves.bin", "log/pads.bin", "log/checkpoints.json"}) {
                f[path] = workshop.retitled().files.at(path);
              }
            }));
}

// An event or the batch as the log gets it.
Maker forged_document(std::string name, std::function<void(const Workshop&, std::string&)> change) {
  return made([=](const Workshop& workshop, ElectionHooks& hooks) {
    hooks.logged = [=, &workshop](const std::string& which, std::string& text) {
      if (which == name) change(workshop, text);
    };
  });
}

void add_event_forms(CaseTable& table) {
  const auto field = [](std::string event, std::string name, Json value) {
    return on_event(event, [=](const Workshop&, Json& body, Signers&) { body[name] = value; });
  };
  table.bad(7, "event-of-another-number", "The suspension bears the number 7.",
            field("suspend", "number", 7));
  table.bad(7, "unknown-event", "An event that section 8 does not know.",
            field("suspend", "event", "pause"));
  table.bad(7, "event-field-more", "An event with a field more.", field("suspend", "remark", ""));
  table.bad(7, "event-dated-back", "The resumption is dated before the suspension.",
            field("resume", "at", 1'001'999));
  table.bad(7, "opened-before-its-hour", "The board opens a moment before opens_at.",
            field("open", "at", 1'000'499));
  table.bad(7, "closed-before-its-hour", "The board closes, dated a moment before closes_at.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.setup = [](TestElection& e) { e.manifest.closes_at = 1'100'000; };
              hooks.event = [](Json& body, Signers&) {
                if (body["event"] == "close") body["at"] = 1'099'999;
              };
            }));
  table.bad(7, "closed-before-the-extension", "Extended, and closed at the hour that was.",
            after_event("enrol", [](TestElection& e) {
              e.emit({"extend", nullptr, {{"closes_at", 1'200'000}}, {&e.president()}});
            }));
  table.bad(7, "extended-to-an-earlier-hour", "An extension to an earlier hour.",
            after_event("enrol", [](TestElection& e) {
              e.emit({"extend", nullptr, {{"closes_at", 1'004'999}}, {&e.president()}});
            }));
  table.bad(7, "suspended-twice", "A suspension of what is suspended.",
            field("resume", "event", "suspend"));
  table.bad(7, "resumed-without-a-suspension", "A resumption where nothing is suspended.",
            field("resume", "contest", 1));
  table.bad(7, "suspended-without-a-reason", "The reason is empty.",
            field("suspend", "data", {{"reason", ""}}));
  table.bad(
      7, "freeze-without-pads", "The freeze does not say how many pads there are.",
      on_event("freeze", [](const Workshop&, Json& b, Signers&) { b["data"].erase("pads"); }));
  table.bad(7, "count-of-half-a-tally", "The T that the holders signed is 32 bytes long.",
            field("count", "data", {{"bijection", true}, {"tally", std::string(64, '0')}}));
  table.bad(7, "count-closed-with-no-hash", "The result that the president signed is no hash.",
            field("close-count", "data", {{"result", std::string(64, 'g')}}));
  table.bad(7, "enrolled-a-number", "The key enrolled is a number.",
            field("enrol", "data", {{"district", 1}, {"key", 1}}));
  table.bad(7, "struck-off-in-no-district", "The district of the strike-off is below 0.",
            field("strike-off", "data", {{"district", -1}, {"key", std::string(64, '0')}}));
  table.bad(7, "closed-with-two-results", "The second bureau has closed another result.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.two_bureaus = true;
              hooks.event = [](Json& body, Signers&) {
                if (body["event"] == "close-count" && body["bureau"] == 1) {
                  body["data"]["result"] = std::string(64, '0');
                }
              };
            }));
  table.bad(7, "extended-after-the-close", "An extension after the close.",
            after_event("close", [](TestElection& e) {
              e.emit({"extend", nullptr, {{"closes_at", 2'000'000}}, {&e.president()}});
            }));
  table.bad(7, "enrolled-after-the-close", "An enrolment after the close.",
            after_event("close", [](TestElection& e) {
              e.emit({"enrol",
                      0,
                      {{"district", 2}, {"key", hex_encode(e.board.key.encoded())}},
                      {&e.registrar, &e.president()}});
            }));
  table.bad(7, "struck-off-after-the-close", "A strike-off after the close.",
            after_event("close", [](TestElection& e) {
              e.emit({"strike-off",
                      0,
                      {{"district", 1}, {"key", hex_encode(e.voters[2][0].key.encoded())}},
                      {&e.president()}});
            }));
  table.bad(7, "never-frozen", "The vote is closed, and no freeze, count or close of it is there.",
            altered([](Files& f) {
              for (int n = 0; n < 3; ++n) drop_last_event(f);
            }));
}

void add_event_signers(CaseTable& table) {
  const auto by = [](std::string event, std::function<Signers(const TestElection&)> signers) {
    return on_event(event, [=](const Workshop& workshop, Json&, Signers& those) {
      those = signers(workshop.good());
    });
  };
  using E = const TestElection&;
  table.bad(7, "suspended-by-a-delegate", "A delegate alone suspends.",
            by("suspend", [](E e) { return Signers{&e.delegate(0)}; }));
  table.bad(7, "opened-by-the-president", "The president opens in the board's place.",
            by("open", [](E e) { return Signers{&e.president()}; }));
  table.bad(7, "frozen-by-two", "The president has signed the freeze besides the board.",
            by("freeze", [](E e) {
              return Signers{&e.board, &e.president()};
            }));
  table.bad(7, "enrolled-by-the-president-alone", "The registrar has not signed.",
            by("enrol", [](E e) { return Signers{&e.president()}; }));
  table.bad(7, "enrolled-by-the-registrar-alone", "No officer has signed.",
            by("enrol", [](E e) { return Signers{&e.registrar}; }));
  table.bad(7, "enrolled-by-one-who-is-both",
            "The registrar's key is the president's: one has signed.",
            on_setup([](TestElection& e) {
              e.registrar = KeyPair::of(e.president().secret.clone());
              e.manifest.registrar_key = e.registrar.key;
            }));
  table.bad(7, "enrolled-with-a-delegate", "A delegate has signed in an officer's place.",
            by("enrol", [](E e) {
              return Signers{&e.registrar, &e.delegate(0)};
            }));
  table.bad(7, "enrolled-by-the-board", "The board has signed in the registrar's place.",
            by("enrol", [](E e) {
              return Signers{&e.board, &e.president()};
            }));
  table.bad(7, "struck-off-by-a-delegate", "A delegate strikes off.",
            by("strike-off", [](E e) { return Signers{&e.delegate(0)}; }));
  table.bad(7, "struck-off-by-the-board", "The board strikes off.",
            by("strike-off", [](E e) { return Signers{&e.board}; }));
  table.bad(7, "count-closed-by-the-secretary", "The secretary closes the count.",
            by("close-count", [](E e) { return Signers{&e.secretary()}; }));
  table.bad(7, "unsigned-event", "An event without any signature.",
            by("suspend", [](E) { return Signers{}; }));
  table.bad(7, "forged-event-signature", "The log holds an event under a signature of other bytes.",
            forged_document("suspend", [](const Workshop& workshop, std::string& text) {
              Json document = Json::parse(text);
              const Json other = Json::parse(workshop.retitled().files.at(export_path::event(1)));
              document["signatures"] = other["signatures"];
              text = canonical_json(document);
            }));
  table.bad(7, "event-signed-as-a-draft", "The board signed the opening in the role of drafts.",
            forged_document("open", [](const Workshop& workshop, std::string& text) {
              const auto& e = workshop.good();
              text = resigned(
                  text, [](Json&) {}, {&e.board}, e.manifest.election_id);
            }));
  table.bad(7, "log-and-events-of-another-election",
            "Log, events and reissue of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              for (const auto& [path, text] : workshop.retitled().files) {
                if (path.starts_with("log/") || path.starts_with("events/") ||
                    path.starts_with("reissue/")) {
                  f[path] = text;
                }
              }
            }));
}

void add_event_places(CaseTable& table) {
  table.bad(7, "events-swapped-in-the-log", "In one round a later event stands first.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.after = [](TestElection& e, const std::string& name) {
                if (name == "open") e.hold = true;
                if (name != "resume") return;
                std::swap(e.waiting[0], e.waiting[1]);
                e.append_waiting();
                e.hold = false;
              };
            }));
  table.bad(7, "ballot-after-the-freeze", "The log accepts a ballot after the freeze.",
            after_event("freeze", [](TestElection& e) {
              const auto ballot = e.ballot(0, 1, 0, e.voters[2][0]);
              e.append_round({}, {leaf_hash(ballot_entry(e.receipt_key, tracker_of(ballot)))});
              e.files[export_path::box(0, 1)] += as_text(ballot);
            }));
}

Maker on_batch(std::function<void(const TestElection&, Json&, Signers&)> change) {
  return made([=](const Workshop& workshop, ElectionHooks& hooks) {
    hooks.batch = [=, &workshop](Json& body, Signers& signers) {
      change(workshop.good(), body, signers);
    };
  });
}

void add_batches(CaseTable& table) {
  using E = const TestElection&;
  table.bad(8, "reissue-signed-by-the-president", "The president signed in the board's place.",
            on_batch([](E e, Json&, Signers& s) { s = {&e.president()}; }));
  table.bad(8, "reissue-signed-by-a-stranger", "A delegate signed besides the board.",
            on_batch([](E e, Json&, Signers& s) { s.push_back(&e.delegate(0)); }));
  table.bad(8, "reissue-size", "A batch says two keys where its lists have one.",
            on_batch([](E, Json& body, Signers&) { body["units"][0]["size"] = 2; }));
  table.bad(8, "reissue-of-nothing", "A unit of size 0 in a batch.",
            on_batch([](E, Json& body, Signers&) {
              Json unit = body["units"][0];
              unit["contest"] = 0;
              unit["size"] = 0;
              body["units"].insert(body["units"].begin(), unit);
            }));
  table.bad(8, "reissue-root", "The root of the added keys is that of the removed ones.",
            on_batch([](E, Json& body, Signers&) {
              body["units"][0]["added_root"] = body["units"][0]["removed_root"];
            }));
  table.bad(8, "reissue-number", "The first batch bears the number 1.",
            on_batch([](E, Json& body, Signers&) { body["number"] = 1; }));
  table.bad(8, "reissue-before-1970", "The batch is dated before the count of time begins.",
            on_batch([](E, Json& body, Signers&) { body["at"] = -1; }));
  table.bad(8, "reissue-above-the-maximum", "More than reissue_max, and no officer has signed.",
            on_setup([](TestElection& e) { e.manifest.contests[1].reissue_max = 0; }));
  table.bad(8, "reissue-without-the-guardian", "A guardian is named and has not signed.",
            made([](const Workshop& workshop, ElectionHooks& hooks) {
              const auto key = workshop.good().voters[2][0].key + Point::generator();
              hooks.setup = [=](TestElection& e) { e.manifest.guardian_key = key; };
            }));
  table.bad(
      8, "reissue-of-a-key-in-use", "The key added is another voter's of the same roster.",
      on_setup([](TestElection& e) { e.reissued = KeyPair::of(e.voters[0][1].secret.clone()); }));
  table.bad(
      8, "reissue-of-a-key-of-another-contest", "The key added is of another contest's roster.",
      on_setup([](TestElection& e) { e.reissued = KeyPair::of(e.voters[0][0].secret.clone()); }));
  table.bad(8, "reissue-out-of-nothing", "The key removed was never in force.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.batch = [](Json& body, Signers&) {
                std::swap(body["units"][0]["removed_root"], body["units"][0]["added_root"]);
              };
              hooks.files = [](Files& f) {
                std::swap(f[export_path::batch_removed(0, 1, 0)],
                          f[export_path::batch_added(0, 1, 0)]);
              };
            }));
}

// A second batch, of keys that have no ballot.
Maker second_batch(std::function<void(TestElection&)> publish) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    hooks.setup = [](TestElection& e) { e.manifest.contests[0].reissue_max = 3; };
    hooks.box = publish;
  });
}
Point new_key(TestElection& e) {
  return KeyPair::generate(e.random).key;
}
BatchUnit of_the_abstainer(TestElection& e) {
  return {0, 1, {e.voters[2][0].key}, {new_key(e)}};
}
std::vector<Point> ascending(std::vector<Point> keys) {
  std::sort(keys.begin(), keys.end());
  return keys;
}

void add_second_batches(CaseTable& table) {
  table.good(
      "two-batches-of-one-moment", "The second batch has the hour of the first.",
      second_batch([](TestElection& e) { e.publish_batch({of_the_abstainer(e)}, 1, e.now); }));
  table.bad(
      8, "reissue-dated-back", "The second batch is dated a moment before the first.",
      second_batch([](TestElection& e) { e.publish_batch({of_the_abstainer(e)}, 1, e.now - 1); }));
  table.bad(8, "reissue-without-units", "The second batch brings nothing to anybody.",
            second_batch([](TestElection& e) { e.publish_batch({}, 0, e.now); }));
  table.bad(8, "reissue-of-nobody", "One key, and no person.", second_batch([](TestElection& e) {
              e.publish_batch({of_the_abstainer(e)}, 0, e.now);
            }));
  table.bad(
      8, "reissue-of-more-persons-than-keys", "One key, and two persons.",
      second_batch([](TestElection& e) { e.publish_batch({of_the_abstainer(e)}, 2, e.now); }));
  const auto in_two_contests = [](std::uint32_t persons) {
    return second_batch([=](TestElection& e) {
      e.box[{1, 0}].erase(e.voters[0][1].key);
      e.publish_batch({of_the_abstainer(e), {1, 0, {e.voters[0][1].key}, {new_key(e)}}}, persons,
                      e.now, [&](Json&, Signers& signers) { signers.push_back(&e.president()); });
    });
  };
  table.good("a-person-of-two-contests", "Two keys, in two contests, of one person.",
             in_two_contests(1));
  table.good("persons-of-a-contest-each", "Two keys, in two contests, of two persons.",
             in_two_contests(2));
  table.bad(8, "a-person-with-two-keys", "Two keys in one contest, and one person.",
            second_batch([](TestElection& e) {
              e.box.erase({0, 0});
              e.publish_batch({{0, 0, ascending({e.voters[0][0].key, e.voters[1][0].key}),
                                ascending({new_key(e), new_key(e)})}},
                              1, e.now);
            }));
}

void add_batches_of_two_bureaus(CaseTable& table) {
  const auto signed_by = [](std::size_t bureau) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.two_bureaus = true;
      hooks.box = [=](TestElection& e) {
        e.publish_batch({of_the_abstainer(e)}, 1, e.now,
                        [&](Json&, Signers& signers) { signers.push_back(&e.secretary(bureau)); });
      };
    });
  };
  table.good("reissue-signed-by-its-bureau", "A secretary signed, though there are few reissues.",
             signed_by(0));
  table.bad(8, "reissue-signed-by-another-bureau",
            "A secretary of the bureau signed that has none of its contests.", signed_by(1));
}

// Takes a key of contest 1 out of its roster, for an event to enrol it.
void out_of_roster(TestElection& e, const Point& key) {
  auto keys = e.rosters[{1, 0}];
  std::erase(keys, key);
  std::vector<Bytes> encoded;
  for (const auto& one : keys) encoded.emplace_back(one.encoded().begin(), one.encoded().end());
  set_roster(e, 1, 0, encoded);
}
void enrol(TestElection& e, const Point& key) {
  ++e.enrolled_besides;
  e.emit({"enrol",
          1,
          {{"district", 0}, {"key", hex_encode(key.encoded())}},
          {&e.registrar, &e.president()}});
}

void add_batches_of_the_enrolled(CaseTable& table) {
  const auto in_one_round = [](bool enrolment_first) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.setup = [](TestElection& e) { out_of_roster(e, e.voters[1][1].key); };
      hooks.after = [](TestElection& e, const std::string& name) {
        if (name != "strike-off") return;
        e.hold = true;  // until both wait
        enrol(e, e.voters[1][1].key);
      };
      hooks.box = [=](TestElection& e) {
        if (!enrolment_first) std::swap(e.waiting.at(0), e.waiting.at(1));
        e.hold = false;
        e.append_waiting();
      };
    });
  };
  table.good("reissue-after-the-enrolment", "The batch removes a key enrolled in the same round.",
             in_one_round(true));
  table.bad(8, "reissue-before-the-enrolment", "The batch stands before the enrolment.",
            in_one_round(false));
}

void add_batch_lists(CaseTable& table) {
  table.bad(8, "reissued-key-exchanged", "The file of the added keys holds another key.",
            altered_by([](const Workshop& workshop, Files& f) {
              f[export_path::batch_added(0, 1, 0)] = as_text(workshop.good().board.key.encoded());
            }));
  table.bad(8, "reissued-key-is-the-identity", "The added key is the identity, root and all.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.setup = [](TestElection& e) { e.reissued.key = Point(); };
              hooks.box = [](TestElection& e) { e.box[{1, 0}].erase(Point()); };
            }));
  table.bad(8, "list-of-removed-keys-empty", "The file of the removed keys is empty.",
            altered([](Files& f) { f[export_path::batch_removed(0, 1, 0)].clear(); }));
  table.bad(8, "list-of-removed-keys-twice", "The removed key stands there twice.",
            altered([](Files& f) {
              auto& list = f[export_path::batch_removed(0, 1, 0)];
              list += list;
            }));
  table.bad(8, "list-of-no-batch", "A list of keys that no batch speaks of.",
            altered([](Files& f) { f[export_path::batch_added(0, 0, 2)]; }));
  table.bad(8, "forged-reissue-signature", "The board's signature is that of another body.",
            forged_document("batch", [](const Workshop& workshop, std::string& text) {
              Json batch = Json::parse(text);
              const auto& other = workshop.retitled().files.at(export_path::batch(0));
              batch["signatures"] = Json::parse(other)["signatures"];
              text = canonical_json(batch);
            }));
  table.bad(8, "reissue-after-the-freeze", "The batch stands in the log after the freeze.",
            made([](const Workshop&, ElectionHooks& hooks) {
              auto batch = std::make_shared<Bytes>();
              hooks.after = [=](TestElection& e, const std::string& name) {
                if (name == "strike-off") e.hold = true;
                if (name == "close") {
                  *batch = e.waiting[0];
                  e.waiting.erase(e.waiting.begin());
                  e.append_waiting();
                  e.hold = false;
                }
                if (name == "freeze") e.append_round({*batch}, {});
              };
            }));
}

Maker roll_event(std::string event, std::function<Json(const TestElection&)> data) {
  return on_event(event, [=](const Workshop& workshop, Json& body, Signers&) {
    body["data"] = data(workshop.good());
  });
}

void add_roll(CaseTable& table) {
  using E = const TestElection&;
  const auto entry = [](std::uint32_t district, const Point& key) {
    return Json{{"district", district}, {"key", hex_encode(key.encoded())}};
  };
  table.bad(9, "struck-off-twice", "One key, two events.",
            made([=](const Workshop&, ElectionHooks& hooks) {
              auto done = std::make_shared<bool>(false);
              hooks.after = [=](TestElection& e, const std::string& name) {
                if (name != "strike-off" || std::exchange(*done, true)) return;
                e.emit({"strike-off", 1, entry(0, e.voters[2][1].key), {&e.president()}});
              };
            }));
  table.bad(9, "enrolled-twice", "One key, two events.",
            after_event("strike-off", [=](TestElection& e) {
              e.emit({"enrol", 0, entry(1, e.voters[3][0].key), {&e.registrar, &e.president()}});
            }));
  const auto enrolled_late = [](bool in_order) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.setup = [](TestElection& e) { out_of_roster(e, e.voters[2][1].key); };
      hooks.after = [=](TestElection& e, const std::string& name) {
        if (name == (in_order ? "resume" : "strike-off")) enrol(e, e.voters[2][1].key);
      };
    });
  };
  table.good("struck-off-after-the-enrolment", "The key struck off was enrolled before.",
             enrolled_late(true));
  table.bad(9, "struck-off-before-the-enrolment", "The enrolment of the key stands after it.",
            enrolled_late(false));
  table.bad(9, "struck-off-after-her-reissue", "The key struck off is one that a batch removed.",
            made([=](const Workshop&, ElectionHooks& hooks) {
              hooks.box = [=](TestElection& e) {
                e.emit({"strike-off", 1, entry(0, e.voters[1][1].key), {&e.president()}});
              };
            }));
  table.bad(8, "struck-off-and-reissued", "The key was struck off, and a batch removes it.",
            after_event("enrol", [=](TestElection& e) {
              e.emit({"strike-off", 1, entry(0, e.voters[1][1].key), {&e.president()}});
            }));
  table.bad(9, "struck-off-rounds-before-her-batch",
            "The key struck off is added by a batch of a later round.",
            after_event("enrol", [=](TestElection& e) {
              e.emit({"strike-off", 1, entry(0, e.reissued.key), {&e.president()}});
            }));
  table.bad(9, "struck-off-rounds-before-two-batches",
            "The key struck off is added by a batch of a later round, and removed by another.",
            made([=](const Workshop&, ElectionHooks& hooks) {
              hooks.setup = [](TestElection& e) { e.manifest.contests[1].reissue_max = 2; };
              hooks.after = [=](TestElection& e, const std::string& name) {
                if (name != "enrol") return;
                e.emit({"strike-off", 1, entry(0, e.reissued.key), {&e.president()}});
              };
              hooks.box = [](TestElection& e) {
                e.box[{1, 0}].erase(e.reissued.key);
                e.publish_batch({{1, 0, {e.reissued.key}, {new_key(e)}}}, 1, e.now);
              };
            }));
  table.bad(9, "struck-off-an-unknown-district-and-reissued",
            "A district that the contest does not have, and a batch removes the key.",
            after_event("enrol", [=](TestElection& e) {
              e.emit({"strike-off", 1, entry(9, e.voters[1][1].key), {&e.president()}});
            }));
  table.bad(9, "enrolled-after-her-reissue", "The key enrolled is one that a batch added before.",
            on_box([](TestElection& e) { enrol(e, e.reissued.key); }));
  table.bad(9, "enrolled-in-an-unknown-district-and-reissued",
            "A district that the contest does not have, and a batch adds the key.",
            on_event("enrol", [=](const Workshop& workshop, Json& body, Signers&) {
              body["data"] = entry(9, workshop.good().reissued.key);
            }));
  table.worse(14, "struck-off-and-voted", "The key struck off has a ballot in the box.",
              after_event("enrol", [=](TestElection& e) {
                e.emit({"strike-off", 1, entry(0, e.voters[0][1].key), {&e.president()}});
              }));
  table.bad(9, "struck-off-a-stranger", "The key struck off is in no roster.",
            roll_event("strike-off", [=](E e) { return entry(0, e.board.key); }));
  table.bad(9, "struck-off-another-contest", "The key struck off is of another contest.",
            roll_event("strike-off", [=](E e) { return entry(0, e.voters[2][0].key); }));
  table.bad(9, "struck-off-an-unknown-district", "A district that the contest does not have.",
            roll_event("strike-off", [=](E e) { return entry(9, e.voters[2][1].key); }));
  table.bad(9, "enrolled-a-voter-again", "The key enrolled is one of a roster.",
            roll_event("enrol", [=](E e) { return entry(1, e.voters[2][0].key); }));
  table.bad(9, "enrolled-the-identity", "The key enrolled is the identity.",
            roll_event("enrol", [=](E) { return entry(1, Point()); }));
}

}  // namespace

void add_tampered_board(CaseTable& table) {
  add_checkpoints(table);
  add_lines_of_strangers(table);
  add_witnesses(table);
  add_leaves(table);
  add_event_forms(table);
  add_event_signers(table);
  add_event_places(table);
  add_batches(table);
  add_batches_of_the_enrolled(table);
  add_second_batches(table);
  add_batches_of_two_bureaus(table);
  add_batch_lists(table);
  add_roll(table);
}

}  // namespace isoloir::test

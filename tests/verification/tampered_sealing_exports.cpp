// V0 to V4: anchors, files, the manifest under its seal, the ceremony, the rosters.
#include <sys/stat.h>

#include "verification/export_makers.hpp"
#include "verification/forged_ceremony.hpp"

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

void add_anchors(CaseTable& table) {
  table.bad(0, "other-fingerprint", "The fingerprint given differs in one bit.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              made.fingerprint = workshop.good().fingerprint();
              made.fingerprint->bytes[0] ^= 1;
            }));
  table.bad(0, "wholly-another-election",
            "An export that is good in itself, of an election with another title.",
            [](const Workshop& workshop) {
              return MadeExport{workshop.retitled().files, workshop.good().fingerprint(), {}, {}};
            });
  table.bad(0, "forked-log",
            "The checkpoint given is signed by the log, of as many leaves and another root.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              const auto& e = workshop.good();
              made.checkpoint = sign_checkpoint({e.manifest.log_origin, e.log.size(), Digest{1}},
                                                e.checkpoint_key);
            }));
  table.bad(0, "truncated-log",
            "The last round, with the close of the count, is gone from log, checkpoints and "
            "events: good in itself, and not the log of the checkpoint given.",
            [](const Workshop& workshop) {
              MadeExport made{workshop.good().files, {}, workshop.good().notes.back(), {}};
              drop_last_event(made.files);
              return made;
            });
  table.bad(0, "checkpoint-beyond-the-log", "The checkpoint given is of a leaf more.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              const auto& e = workshop.good();
              MerkleAccumulator longer = e.log;
              longer.append(Digest{1});
              made.checkpoint = sign_checkpoint(
                  {e.manifest.log_origin, longer.size(), longer.root()}, e.checkpoint_key);
            }));
  table.bad(0, "checkpoint-of-a-stranger", "The checkpoint given is signed by another key.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              const auto& e = workshop.good();
              SeededRandom random(1);
              made.checkpoint = sign_checkpoint({e.manifest.log_origin, e.log.size(), e.log.root()},
                                                Ed25519KeyPair::generate(random));
            }));
  table.bad(0, "checkpoint-that-is-none", "The checkpoint given is no signed note.",
            anchored([](const Workshop&, MadeExport& made) { made.checkpoint = "nothing\n"; }));
  const auto with_end = [](std::string end) {
    return anchored([=](const Workshop& workshop, MadeExport& made) {
      made.checkpoint = workshop.good().notes.back() + end;
    });
  };
  table.bad(0, "checkpoint-that-is-not-utf-8",
            "The checkpoint given has a line of a stranger whose name is in Latin-1.",
            with_end("\u2014 \xe9tranger.example AAAAAAAA\n"));
  table.bad(0, "checkpoint-with-a-no-break-space", "The checkpoint given ends in U+00A0.",
            with_end("\u00A0"));
}

// What V0 would have to compare is not good itself: V0 is not run.
void add_anchors_of_what_is_not_good(CaseTable& table) {
  table.bad(5, "leaf-exchanged-under-an-honest-checkpoint",
            "One leaf of the log is another hash; the checkpoint given is that of the true log.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              made.fingerprint = workshop.good().fingerprint();
              made.checkpoint = workshop.good().notes.back();
              made.files["log/leaves.bin"][100] ^= 1;
              made.files["index.json"] = TestElection::index_of(made.files);
            }));
  table.bad(1, "file-exchanged-under-another-fingerprint",
            "A box is not the one of the index, and the fingerprint given is another election's.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              made.fingerprint = workshop.retitled().fingerprint();
              made.files["box/0-1.bin"][0] ^= 1;
            }));
}

void add_files(CaseTable& table) {
  table.bad(1, "missing-file", "The index names a file that is not there.",
            altered_unlisted([](Files& f) { f.erase("box/0-1.bin"); }));
  table.bad(1, "extra-file", "A file that the index does not name.",
            altered_unlisted([](Files& f) { f["notes.txt"] = "hello"; }));
  table.bad(1, "listed-stranger", "A file that is no file of an export, and is in the index.",
            altered([](Files& f) { f["box/0-3.bin"]; }));
  table.bad(1, "minutes-of-no-bureau", "Minutes of a bureau that the manifest does not have.",
            on_closed([](TestElection& e) {
              e.files[export_path::minutes(1)] = e.minutes(0, {&e.president()});
            }));
  table.bad(1, "file-left-out", "The box of an empty district is neither there nor in the index.",
            altered([](Files& f) { f.erase("box/0-2.bin"); }));
  table.bad(1, "wrong-size", "The index states another size, and the right hash.",
            altered_unlisted([](Files& f) {
              Json index = Json::parse(f["index.json"]);
              auto& size = index["files"][0]["size"];
              size = size.get<std::uint64_t>() + 1;
              f["index.json"] = canonical_json(index);
            }));
  table.bad(1, "wrong-hash", "One bit of a checkpoint's file; the index is the one that was.",
            altered_unlisted([](Files& f) { f["log/leaves.bin"][5] ^= 1; }));
  table.bad(1, "index-out-of-order", "Two files of the index have changed places.",
            altered_unlisted([](Files& f) {
              Json index = Json::parse(f["index.json"]);
              std::swap(index["files"][0], index["files"][1]);
              f["index.json"] = canonical_json(index);
            }));
  table.bad(1, "index-names-itself", "The index has an entry for itself.",
            altered_unlisted([](Files& f) {
              Json index = Json::parse(f["index.json"]);
              for (std::size_t i = 0; i < index["files"].size(); ++i) {
                if (index["files"][i]["path"] < "index.json") continue;
                Json own = index["files"][i];
                own["path"] = "index.json";
                index["files"].insert(index["files"].begin() + static_cast<std::ptrdiff_t>(i), own);
                break;
              }
              f["index.json"] = canonical_json(index);
            }));
}

void add_layout(CaseTable& table) {
  const auto without = [](std::string path) { return altered([=](Files& f) { f.erase(path); }); };
  const auto with = [](std::string path, std::string as) {
    return altered([=](Files& f) { f[path] = f.at(as); });
  };
  table.bad(1, "manifest-left-out", "The manifest is neither there nor in the index.",
            without("manifest.json"));
  table.bad(1, "ceremony-message-left-out", "A message is neither there nor in the index.",
            without("ceremony/0/1-01-02.json"));
  table.bad(1, "ceremony-of-no-bureau", "A message of a bureau that the manifest does not have.",
            with("ceremony/1/0-00-01.json", "ceremony/0/0-00-01.json"));
  table.bad(1, "shares-of-no-member", "Shares under the place of a member that there is not.",
            with("shares/0-0-3.json", "shares/0-0-1.json"));
  table.bad(1, "event-left-out", "An event is neither there nor in the index.",
            without("events/000001.json"));
  table.bad(1, "event-of-another-form", "An event's number has seven digits.",
            with("events/0000009.json", "events/000001.json"));
  table.bad(1, "broken-seal-of-none", "A broken seal that the manifest does not name.",
            with("broken/0/seal.json", "seal.json"));
}

// The folder's file goes out of it, and `then` puts something else in its place.
Maker replaced(std::string path,
               std::function<void(const fs::path& place, const fs::path& file)> then) {
  return anchored([=](const Workshop&, MadeExport& made) {
    made.on_disk = [=](const fs::path& folder) {
      const auto file = fs::path("..") / "elsewhere";
      fs::rename(folder / path, folder / file);
      then(folder / path, fs::relative(folder / file, (folder / path).parent_path()));
    };
  });
}

void add_no_regular_files(CaseTable& table) {
  const auto link = [](const fs::path& place, const fs::path& file) {
    fs::create_symlink(file, place);
  };
  const auto pipe = [](const fs::path& place, const fs::path&) {
    if (::mkfifo(place.c_str(), 0600) != 0) throw std::runtime_error("no pipe can be made");
  };
  table.bad(1, "linked-file", "A box is a symbolic link to the file that it was.",
            replaced("box/0-1.bin", link));
  table.bad(1, "linked-manifest", "The manifest is a symbolic link to itself elsewhere.",
            replaced("manifest.json", link));
  table.bad(1, "linked-index", "The index is a symbolic link to itself elsewhere.",
            replaced("index.json", link));
  table.bad(1, "linked-folder", "The folder of boxes is a symbolic link to itself elsewhere.",
            replaced("box", link));
  table.bad(1, "a-pipe", "An event is a pipe.", replaced("events/000001.json", pipe));
  table.bad(1, "an-unlisted-link", "A symbolic link to nothing stands beside the files.",
            anchored([](const Workshop&, MadeExport& made) {
              made.on_disk = [](const fs::path& folder) {
                fs::create_symlink("nowhere", folder / "log" / "more.bin");
              };
            }));
}

void add_json(CaseTable& table) {
  const auto text = [](std::string path, std::string from, std::string to) {
    return altered([=](Files& f) {
      auto& content = f[path];
      const auto at = content.find(from);
      ISOLOIR_ASSERT(at != std::string::npos);
      content.replace(at, from.size(), to);
    });
  };
  table.bad(1, "json-with-a-space", "result.json has a space after its first brace.",
            text("result.json", "{", "{ "));
  table.bad(1, "json-keys-out-of-order", "A key of the index stands after one that it precedes.",
            altered([](Files& f) {
              auto& result = f["result.json"];
              result = "{\"zzz\":1," + result.substr(1);
            }));
  table.bad(1, "json-key-twice", "A key of result.json stands there twice, with one value.",
            text("result.json", "\"ballots\":3,", "\"ballots\":3,\"ballots\":3,"));
  table.bad(1, "json-number-with-a-point", "3.0 where 3 stood.",
            text("result.json", "\"ballots\":3,", "\"ballots\":3.0,"));
  table.bad(1, "json-needless-escape", "A letter of the manifest is written as an escape.",
            text("manifest.json", "\"Gamma\"", "\"\\u0047amma\""));
  table.bad(1, "json-long-escape", "An accented letter is written as an escape.",
            text("manifest.json", "Bêta", "B\\u00eata"));
  table.bad(1, "json-integer-too-large", "The number 2^53.",
            text("result.json", "\"ballots\":3,", "\"ballots\":9007199254740992,"));
  table.bad(1, "json-lone-surrogate", "Half of a surrogate pair in the result.",
            text("result.json", "\"format\":\"", "\"format\":\"\\ud800"));
  table.bad(1, "json-too-deep", "Arrays within arrays, 40 deep.",
            text("result.json", "\"left_out\":[]",
                 "\"left_out\":" + std::string(40, '[') + std::string(40, ']')));
  table.bad(1, "json-byte-order-mark", "The manifest begins with a byte order mark.",
            text("manifest.json", "{\"assets\"", "\xef\xbb\xbf{\"assets\""));
}

void add_manifests(CaseTable& table) {
  const auto with = [](std::function<void(Json&)> change) {
    return altered_by([=](const Workshop& workshop, Files& f) {
      Json manifest = Json::parse(f["manifest.json"]);
      change(manifest);
      f["manifest.json"] = canonical_json(manifest);
      const Fingerprint fingerprint{sha256(as_bytes(f["manifest.json"]))};
      Signers all;
      for (const auto& holder : workshop.good().ceremony.holders) all.push_back(&holder.signing());
      f["seal.json"] = resigned(
          f["seal.json"], [&](Json& body) { body["fingerprint"] = hex_encode(fingerprint.bytes); },
          all, fingerprint);
    });
  };
  table.bad(2, "altered-manifest", "Another number of seats, under the seal that there was.",
            altered_json("manifest.json", [](Json& m) { m["contests"][0]["seats"] = 4; }));
  table.bad(2, "manifest-with-a-field-more", "Sealed, with a field that no manifest has.",
            with([](Json& m) { m["remark"] = "none"; }));
  table.bad(2, "manifest-of-another-version", "Sealed, of a protocol that does not exist.",
            with([](Json& m) { m["protocol"] = "isoloir/2"; }));
  table.bad(2, "manifest-without-a-blank-vote", "Sealed; contest 0 lacks the blank vote.",
            with([](Json& m) { m["contests"][0]["options"].erase(2); }));
  table.bad(2, "district-in-two-units", "Sealed; district 0 is in two units of contest 0.",
            with([](Json& m) { m["contests"][0]["units"][1]["districts"].push_back(0); }));
  table.bad(2, "unknown-rule", "Sealed, with a rule that section 10 does not know.",
            with([](Json& m) { m["contests"][0]["rule"] = "first-past-the-post"; }));
  table.bad(2, "empty-broken-seals", "Sealed; broken_seals is there and empty.",
            with([](Json& m) { m["broken_seals"] = Json::array(); }));
  table.bad(2, "board-key-is-the-identity", "Sealed; the board's key is 32 zero bytes.",
            with([](Json& m) { m["keys"]["board"] = std::string(64, '0'); }));
  table.bad(2, "share-key-is-the-identity", "Sealed; one Y_j is the identity.", with([](Json& m) {
              m["bureaus"][0]["groups"][1]["members"][0]["share_key"] = std::string(64, '0');
            }));
  table.bad(2, "registrar-key-is-not-canonical",
            "Sealed; the key's top bit, which is none, is set.", with([](Json& m) {
              auto key = m["keys"]["registrar"].get<std::string>();
              key[62] = "89abcdef"[key[62] - '0'];
              m["keys"]["registrar"] = key;
            }));
  table.bad(2, "origin-that-is-none", "Sealed; the origin is a host.",
            with([](Json& m) { m["origin"] = "vote.example"; }));
  table.bad(2, "log-origin-with-a-plus", "Sealed; the log's name could be no key's.",
            with([](Json& m) { m["log_origin"] = "vote.example/log+1"; }));
  table.bad(2, "log-origin-with-a-next-line", "Sealed; the log's name has U+0085 in it.",
            with([](Json& m) { m["log_origin"] = "vote.example/\u0085log"; }));
  table.bad(2, "opening-in-1970", "Sealed; the vote opens at the first moment of 1970.",
            with([](Json& m) { m["opens_at"] = 0; }));
  table.bad(2, "unit-minimum-above-four-bytes", "Sealed; a unit wants 2^32 ballots.",
            with([](Json& m) { m["contests"][0]["unit_minimum"] = 1LL << 32; }));
  table.bad(2, "more-seats-than-may-be", "Sealed; contest 0 has 1001 seats.",
            with([](Json& m) { m["contests"][0]["seats"] = 1001; }));
  table.bad(2, "assets-out-of-order", "Sealed; two assets have changed places.", with([](Json& m) {
              for (const auto* path : {"b.js", "a.js"}) {
                m["assets"].push_back({{"path", path}, {"sha256", std::string(64, '0')}});
              }
            }));
  table.bad(2, "contest-without-a-district", "Sealed; nobody could vote in contest 1.",
            with([](Json& m) {
              m["contests"][1]["districts"] = m["contests"][1]["units"] = Json::array();
              m["roster"].erase(3);
            }));
  table.bad(2, "list-without-a-name", "Sealed; a list has no name.",
            with([](Json& m) { m["contests"][0]["options"][0]["name"] = ""; }));
  table.bad(2, "two-lists-of-one-name", "Sealed; lists 0 and 1 have one name.", with([](Json& m) {
              m["contests"][0]["options"][1]["name"] = m["contests"][0]["options"][0]["name"];
            }));
  table.bad(2, "two-members-of-one-name", "Sealed; a common list has one member twice.",
            with([](Json& m) {
              const Json member = {{"name", "Alpha"}, {"share", 1}};
              m["contests"][0]["options"][0]["common"] = {member, member};
            }));
  table.bad(2, "round-without-candidates", "Sealed; under two rounds only the blank vote stands.",
            with([](Json& m) {
              auto& contest = m["contests"][1];
              contest["rule"] = two_round_majority_rule;
              contest["round"] = contest["seats"] = 1;
              contest["options"].erase(1);
            }));
  table.bad(
      2, "substitute-without-a-name", "Sealed; a substitute's name is empty.", with([](Json& m) {
        auto& contest = m["contests"][1];
        contest["rule"] = two_round_majority_rule;
        contest["round"] = contest["seats"] = 1;
        contest["options"][1] = {
            {"kind", "candidate"}, {"name", "Gamma"}, {"substitute", ""}, {"birth_date", nullptr}};
      }));
  table.bad(2, "witness-that-is-no-key", "Sealed; a witness is no verifier key.",
            with([](Json& m) { m["keys"]["witnesses"] = {"nobody"}; }));
  table.bad(2, "roster-of-a-district-missing", "Sealed; the manifest has no roster of (1, 0).",
            with([](Json& m) { m["roster"].erase(3); }));
}

Maker on_seal(std::function<void(const Workshop&, Json&, Signers&)> change) {
  return altered_by([=](const Workshop& workshop, Files& f) {
    const auto& e = workshop.good();
    Signers signers;
    for (const auto& holder : e.ceremony.holders) signers.push_back(&holder.signing());
    Json body = Json::parse(f["seal.json"])["body"];
    change(workshop, body, signers);
    f["seal.json"] = resigned(
        f["seal.json"], [&](Json& b) { b = body; }, signers, e.fingerprint());
  });
}

void add_seals(CaseTable& table) {
  table.bad(2, "seal-without-a-member", "One delegate has not signed the seal.",
            on_seal([](const Workshop&, Json&, Signers& signers) { signers.pop_back(); }));
  table.bad(2, "seal-with-a-stranger", "The board has signed the seal too.",
            on_seal([](const Workshop& workshop, Json&, Signers& signers) {
              signers.push_back(&workshop.good().board);
            }));
  table.bad(2, "seal-over-a-ballot", "Everybody signed that one ballot was in the box.",
            on_seal([](const Workshop&, Json& body, Signers&) { body["ballots"] = 1; }));
  table.bad(2, "sealed-before-1970", "Everybody signed an hour before the count of time begins.",
            on_seal([](const Workshop&, Json& body, Signers&) { body["sealed_at"] = -1; }));
  table.bad(2, "seal-of-another-election", "The seal of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["seal.json"] = workshop.retitled().files.at("seal.json");
            }));
  table.bad(2, "forged-seal-signature", "One signature of the seal is another member's bytes.",
            altered_json("seal.json", [](Json& seal) {
              seal["signatures"][0]["signature"] = seal["signatures"][1]["signature"];
            }));
  table.bad(2, "seal-signed-as-a-draft", "Everybody signed, in the role of draft documents.",
            altered_by([](const Workshop& workshop, Files& f) {
              Signers all;
              const auto& e = workshop.good();
              for (const auto& holder : e.ceremony.holders) all.push_back(&holder.signing());
              f["seal.json"] = resigned(
                  f["seal.json"], [](Json&) {}, all, e.manifest.election_id);
            }));
  table.bad(2, "seal-signatures-out-of-order", "Good signatures, not sorted by key.",
            altered_json("seal.json", [](Json& seal) {
              std::swap(seal["signatures"][0], seal["signatures"][1]);
            }));
}

void add_broken_seals(CaseTable& table) {
  const auto with = [](std::function<void(TestElection&)> change) {
    return on_setup([=](TestElection& e) {
      seal_and_break_twice(e);
      change(e);
    });
  };
  table.bad(2, "broken-seals-swapped", "The newer one is named first.", with([](TestElection& e) {
              std::swap(e.manifest.broken_seals[0], e.manifest.broken_seals[1]);
            }));
  table.bad(2, "broken-seal-after-the-opening", "The last seal was broken at the opening hour.",
            with([](TestElection& e) { e.manifest.broken_seals[1].at = e.manifest.opens_at; }));
  table.bad(2, "broken-seal-before-its-sealing", "The last seal was broken before it was made.",
            with([](TestElection& e) { e.manifest.broken_seals[1].at = 1; }));
  table.bad(2, "broken-seal-with-one-log", "The seal that stands has the log of a broken one.",
            with([](TestElection& e) { e.manifest.log_origin = "vote.example/log"; }));
  table.bad(2, "broken-seal-of-another-draft",
            "The election has more seats than when it was "
            "sealed first.",
            with([](TestElection& e) { e.manifest.contests[0].seats += 1; }));
  table.bad(2, "broken-seal-without-a-reason", "The last seal was broken for no reason.",
            with([](TestElection& e) { e.manifest.broken_seals[1].reason.clear(); }));
  table.bad(2, "broken-seal-another-reason", "The second seal named another reason for the first.",
            with([](TestElection& e) { e.manifest.broken_seals[0].reason = "another"; }));
}

// In an election without voters, so that nothing but the ceremony is wrong.
Maker on_ceremony(std::function<void(ForgedCeremony&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    hooks.nobody = true;
    hooks.setup = [=](TestElection& e) { hold_again(e, change); };
  });
}
Maker on_ceremony_body(CeremonySlot where, std::function<void(Json&)> change) {
  return on_ceremony([=](ForgedCeremony& forged) {
    forged.body = [=](const CeremonySlot& slot, Json& body) {
      if (slot == where) change(body);
    };
  });
}
Maker on_bureau(std::function<void(Bureau&)> change) {
  return made([=](const Workshop&, ElectionHooks& hooks) {
    hooks.nobody = true;
    hooks.setup = [=](TestElection& e) { change(e.manifest.bureaus[0]); };
  });
}

void add_ceremony_proofs(CaseTable& table) {
  table.good("a-ceremony-held-again", "As the cases of V3 are made, with nothing wrong.",
             on_ceremony({}));
  table.bad(3, "forged-coefficient-proof", "The proof of a constant term is another one's.",
            on_ceremony_body({2, 1, 2}, [](Json& b) { b["proofs"][0] = b["proofs"][1]; }));
  table.bad(3, "rogue-key", "The last delegate chose C_0 so that Y_g is of a key that she knows.",
            on_ceremony([](ForgedCeremony& forged) {
              auto& group = forged.groups[1];
              group[2].commitments[0] =
                  group[2].commitments[0] - group[0].commitments[0] - group[1].commitments[0];
              group[2].coefficients[0] =
                  group[2].coefficients[0] - group[0].coefficients[0] - group[1].coefficients[0];
              forged.body = [](const CeremonySlot& slot, Json& body) {
                if (slot == CeremonySlot{2, 1, 3}) body["proofs"][0] = std::string(128, '1');
              };
            }));
  table.bad(3, "other-commitments-announced", "The hash of round 1 is of other commitments.",
            on_ceremony_body({1, 0, 1}, [](Json& b) { b["hash"] = std::string(128, '0'); }));
  table.bad(3, "a-coefficient-too-many", "A delegate's polynomial is of degree t, all proven.",
            on_ceremony([](ForgedCeremony& forged) {
              auto& member = forged.groups[1][0];
              member.coefficients.push_back(Scalar::from_u64(5));
              member.commitments.push_back(base_multiply(member.coefficients.back()));
            }));
  table.bad(3, "a-coefficient-too-few", "A delegate's polynomial is a constant, proven.",
            on_ceremony([](ForgedCeremony& forged) {
              forged.groups[1][0].coefficients.pop_back();
              forged.groups[1][0].commitments.pop_back();
            }));
  table.bad(3, "commitment-is-the-identity", "A delegate's second coefficient is zero, proven.",
            on_ceremony([](ForgedCeremony& forged) {
              forged.groups[1][0].coefficients[1] = Scalar();
              forged.groups[1][0].commitments[1] = Point();
            }));
  table.bad(
      3, "forged-share-possession", "The proof of a share is another holder's.",
      on_ceremony_body({4, 1, 2}, [](Json& b) { b["proof"] = std::string(126, '0') + "00"; }));
  table.bad(3, "another-share-key", "A holder names, and proves, a key that is not hers.",
            on_ceremony([](ForgedCeremony& forged) {
              forged.body = [](const CeremonySlot& slot, Json& body) {
                if (slot != CeremonySlot{4, 1, 2}) return;
                body["share_key"] = hex_encode(base_multiply(Scalar::from_u64(7)).encoded());
              };
            }));
}

void add_ceremony_messages(CaseTable& table) {
  table.bad(3, "another-transcript-agreed", "One delegate agrees to another transcript.",
            on_ceremony_body({3, 1, 1}, [](Json& b) { b["transcript"] = std::string(128, '0'); }));
  table.bad(3, "one-key-for-both", "A delegate's encryption key is her signing key.",
            on_ceremony_body({0, 1, 1}, [](Json& b) { b["encryption_key"] = b["signing_key"]; }));
  table.bad(3, "another-name", "A message gives another name than the bureau.",
            on_ceremony_body({0, 1, 1}, [](Json& b) { b["name"] = "Zoe"; }));
  table.bad(3, "another-attempt", "One message is of another attempt of the ceremony.",
            on_ceremony_body({1, 1, 1}, [](Json& b) { b["ceremony"] = std::string(32, '0'); }));
  table.bad(3, "ceremony-field-more", "A message has a field that its round does not have.",
            on_ceremony_body({1, 1, 1}, [](Json& b) { b["remark"] = ""; }));
  table.bad(3, "forged-ceremony-signature", "The signature of a message is of other bytes.",
            on_ceremony([](ForgedCeremony& forged) {
              forged.text = [](const CeremonySlot& slot, std::string& text) {
                if (slot != CeremonySlot{1, 1, 2}) return;
                Json message = Json::parse(text);
                auto signature = message["signatures"][0]["signature"].get<std::string>();
                signature[70] = signature[70] == '0' ? '1' : '0';
                message["signatures"][0]["signature"] = signature;
                text = canonical_json(message);
              };
            }));
  table.bad(3, "ceremony-messages-swapped", "Two delegates' agreements lie under the other's name.",
            altered([](Files& f) {
              std::swap(f["ceremony/0/3-01-01.json"], f["ceremony/0/3-01-02.json"]);
            }));
  table.bad(3, "ceremony-of-another-election", "Trustees of another election, and their keys.",
            made([](const Workshop& workshop, ElectionHooks& hooks) {
              hooks.setup = [&workshop](TestElection& e) {
                const auto& other = workshop.other();
                e.ceremony.holders.clear();
                for (const auto& one : other.ceremony.holders) {
                  e.ceremony.holders.push_back(one.clone());
                }
                e.manifest.bureaus = other.manifest.bureaus;
                for (const auto& [path, text] : other.files) {
                  if (path.starts_with("ceremony/")) e.files[path] = text;
                }
              };
            }));
}

void add_ceremony_keys(CaseTable& table) {
  table.bad(3, "another-ceremony-transcript", "The manifest's transcript differs in one bit.",
            on_bureau([](Bureau& bureau) { bureau.ceremony[0] ^= 1; }));
  table.bad(3, "another-election-key", "The manifest's Y is not the sum of the groups' keys.",
            on_bureau([](Bureau& bureau) { bureau.key = bureau.key + Point::generator(); }));
  table.bad(3, "another-group-key", "The manifest's Y_g is not the one of the ceremony.",
            on_bureau([](Bureau& bureau) {
              bureau.groups[1].key = bureau.groups[1].key + Point::generator();
            }));
  table.bad(3, "another-member-key", "The manifest's Y_j is not the one of the ceremony.",
            on_bureau([](Bureau& bureau) {
              auto& key = bureau.groups[1].members[1].share_key;
              key = key + Point::generator();
            }));
  table.bad(3, "one-signing-key-for-two", "The manifest names one delegate's key for another too.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.nobody = true;
              hooks.setup = [](TestElection& e) {
                auto& members = e.manifest.bureaus[0].groups[1].members;
                members[2].signing_key = members[1].signing_key;
              };
              hooks.seal = [](Json&, Signers& signers) { signers.pop_back(); };
              hooks.counted = [](TestElection& e) { e.files.erase(export_path::shares(0, 1, 3)); };
            }));
  table.bad(3, "threshold-that-the-ceremony-did-not-make", "The manifest lets one delegate open.",
            on_bureau([](Bureau& bureau) { bureau.groups[1].threshold = 1; }));
  table.worse(3, "shares-for-another-key",
              "The manifest names another Y_j, and its holder's shares are proven for that key: "
              "each proof is good, and the qualifying sets differ.",
              made([](const Workshop&, ElectionHooks& hooks) {
                hooks.setup = [](TestElection& e) {
                  auto& key = e.manifest.bureaus[0].groups[1].members[2].share_key;
                  key = key + Point::generator();
                };
                hooks.counted = [](TestElection& e) {
                  forge_document(e, 1, 3, Scalar::from_u64(1));
                };
              }));
}

Maker on_roster(std::uint32_t contest, std::uint32_t district,
                std::function<void(TestElection&, std::vector<Bytes>&)> change) {
  return on_setup([=](TestElection& e) {
    auto& file = e.files[export_path::roster(contest, district)];
    std::vector<Bytes> keys;
    for (std::size_t i = 0; i < file.size(); i += 32) {
      const auto key = as_bytes(file).subspan(i, 32);
      keys.emplace_back(key.begin(), key.end());
    }
    change(e, keys);
    set_roster(e, contest, district, keys);
  });
}

void add_rosters(CaseTable& table) {
  table.bad(4, "altered-roster", "A key more in the file of a roster.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["roster/0-2.bin"] += as_text(workshop.good().board.key.encoded());
            }));
  table.bad(4, "key-exchanged-in-a-roster", "A voter's key is replaced by a stranger's.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["roster/0-1.bin"] = as_text(workshop.good().board.key.encoded());
            }));
  table.bad(
      4, "roster-root-of-another-district",
      "The root that manifest and registrar state is made with another district's leaves.",
      on_setup([](TestElection& e) {
        e.manifest.rosters[1].root = roster_root(e.manifest.election_id, 0, 2, e.rosters[{0, 1}]);
      }));
  table.bad(4, "roster-size", "Manifest and registrar state a voter more than the file has.",
            on_setup([](TestElection& e) { e.manifest.rosters[1].size = 2; }));
  table.bad(4, "key-in-two-districts", "One key in two rosters of a contest.",
            on_roster(0, 2, [](TestElection& e, std::vector<Bytes>& keys) {
              const auto key = e.voters[0][0].key.encoded();
              keys.emplace_back(key.begin(), key.end());
            }));
  table.bad(4, "key-in-two-contests", "One key in the rosters of two contests.",
            on_roster(0, 2, [](TestElection& e, std::vector<Bytes>& keys) {
              const auto key = e.voters[2][1].key.encoded();
              keys.emplace_back(key.begin(), key.end());
            }));
  table.bad(
      4, "identity-in-a-roster", "A roster holds the identity.",
      on_roster(0, 2, [](TestElection&, std::vector<Bytes>& keys) { keys.emplace_back(32); }));
  table.bad(4, "key-that-is-not-canonical", "A roster holds 32 bytes 0xff.",
            on_roster(0, 2, [](TestElection&, std::vector<Bytes>& keys) {
              keys.emplace_back(32, std::uint8_t{0xff});
            }));
  table.bad(4, "one-key-in-two-encodings",
            "A roster holds another one's key with its unused top bit set.",
            on_roster(0, 2, [](TestElection& e, std::vector<Bytes>& keys) {
              const auto key = e.voters[0][0].key.encoded();
              keys.emplace_back(key.begin(), key.end())[31] |= 0x80;
            }));
  table.bad(4, "roster-out-of-order", "The keys of a roster are not sorted.",
            on_roster(0, 0, [](TestElection&, std::vector<Bytes>& keys) {
              std::swap(keys[0], keys[1]);
            }));
}

void add_roster_documents(CaseTable& table) {
  const auto signed_by = [](std::function<void(const Workshop&, Json&)> change,
                            std::function<Signers(const TestElection&)> signers,
                            std::function<SigningContext(const TestElection&)> context) {
    return altered_by([=](const Workshop& workshop, Files& f) {
      const auto& e = workshop.good();
      f["roster.json"] = resigned(
          f["roster.json"], [&](Json& body) { change(workshop, body); }, signers(e), context(e));
    });
  };
  const auto nothing = [](const Workshop&, Json&) {};
  const auto registrar = [](const TestElection& e) { return Signers{&e.registrar}; };
  const auto draft = [](const TestElection& e) { return SigningContext(e.manifest.election_id); };
  table.bad(4, "roster-signed-by-the-board", "The board has signed in the registrar's place.",
            signed_by(
                nothing, [](const TestElection& e) { return Signers{&e.board}; }, draft));
  table.bad(4, "roster-signed-by-two", "The board has signed besides the registrar.",
            signed_by(
                nothing,
                [](const TestElection& e) {
                  return Signers{&e.board, &e.registrar};
                },
                draft));
  table.bad(4, "roster-signed-as-sealed", "The registrar signed in the role of sealed documents.",
            signed_by(nothing, registrar,
                      [](const TestElection& e) { return SigningContext(e.fingerprint()); }));
  table.bad(4, "registrar-signed-other-rosters", "The registrar signed another size.",
            signed_by([](const Workshop&, Json& body) { body["rosters"][0]["size"] = 3; },
                      registrar, draft));
  table.bad(4, "roster-of-another-election", "The registrar's document of another election.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["roster.json"] = workshop.other().files.at("roster.json");
            }));
  table.bad(4, "forged-roster-signature", "The registrar's signature is of other bytes.",
            altered_by([](const Workshop& workshop, Files& f) {
              Json roster = Json::parse(f["roster.json"]);
              const Json other = Json::parse(workshop.other().files.at("roster.json"));
              roster["signatures"] = other["signatures"];
              f["roster.json"] = canonical_json(roster);
            }));
}

}  // namespace

void add_tampered_sealing(CaseTable& table) {
  add_anchors(table);
  add_anchors_of_what_is_not_good(table);
  add_files(table);
  add_layout(table);
  add_no_regular_files(table);
  add_json(table);
  add_manifests(table);
  add_seals(table);
  add_broken_seals(table);
  add_ceremony_proofs(table);
  add_ceremony_messages(table);
  add_ceremony_keys(table);
  add_rosters(table);
  add_roster_documents(table);
}

}  // namespace isoloir::test

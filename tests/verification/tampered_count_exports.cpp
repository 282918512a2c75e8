// V16 to V25: the bijection's signers, aggregates, the tally, shares, decryption, the result,
// sign-offs, receipts, minutes.
#include "verification/export_makers.hpp"

namespace isoloir::test {
namespace {

void add_bijections(CaseTable& table) {
  table.bad(16, "bijection-denied", "The holders signed that the box does not fit the log.",
            on_event("count", [](const Workshop&, Json& body, Signers&) {
              body["data"]["bijection"] = false;
            }));
  table.bad(16, "bijection-by-the-president-alone", "Nobody of the delegates has signed.",
            on_event("count", [](const Workshop& workshop, Json&, Signers& signers) {
              signers = {&workshop.good().president()};
            }));
  table.bad(
      16, "bijection-by-one-delegate", "One delegate of the two that are needed.",
      on_event("count", [](const Workshop&, Json&, Signers& signers) { signers.pop_back(); }));
}

void add_aggregates(CaseTable& table) {
  const auto units = [](std::function<void(Json&)> change) {
    return altered_json("tally.json", [=](Json& tally) { change(tally["units"]); });
  };
  table.bad(17, "altered-alpha", "The alpha of an aggregate is another option's.",
            units([](Json& u) { u[0]["alpha"][0] = u[0]["alpha"][1]; }));
  table.bad(17, "altered-beta", "The beta of an aggregate is another option's.",
            units([](Json& u) { u[0]["beta"][2] = u[0]["beta"][1]; }));
  table.bad(17, "empty-unit-with-sums", "The aggregate of a unit without ballots is no identity.",
            units([](Json& u) { u[2]["alpha"][0] = u[0]["alpha"][0]; }));
  table.bad(17, "unit-with-more-ballots", "A unit states a ballot more.",
            units([](Json& u) { u[1]["ballots"] = 2; }));
  table.bad(17, "unit-of-another-district", "A unit states another district.",
            units([](Json& u) { u[1]["districts"] = {2}; }));
  table.bad(17, "unit-missing", "The last unit is not there.", units([](Json& u) { u.erase(3); }));
  table.bad(17, "units-exchanged", "Two units have changed places.",
            units([](Json& u) { std::swap(u[0], u[1]); }));
  table.bad(17, "units-not-merged",
            "A minimum of 2 ballots, and units counted as if there was none.",
            made([](const Workshop& workshop, ElectionHooks& hooks) {
              hooks.setup = [](TestElection& e) { e.manifest.contests[0].unit_minimum = 2; };
              hooks.files = [&workshop](Files& f) {
                Json tally = Json::parse(f["tally.json"]);
                tally["units"] = Json::parse(workshop.good().files.at("tally.json"))["units"];
                f["tally.json"] = canonical_json(tally);
              };
            }));
  table.bad(17, "tally-of-another-election", "tally.json of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["tally.json"] = workshop.retitled().files.at("tally.json");
            }));
}

void add_tallies(CaseTable& table) {
  const std::string zeros(128, '0');
  table.bad(18, "altered-tally-hash", "tally.json bears another T.",
            altered_json("tally.json", [=](Json& tally) { tally["tally"] = zeros; }));
  table.bad(18, "tally-hash-that-is-none", "tally.json bears an empty T.",
            altered_json("tally.json", [](Json& tally) { tally["tally"] = ""; }));
  table.bad(18, "count-of-another-tally", "The holders signed another T.",
            on_event("count", [=](const Workshop&, Json& body, Signers&) {
              body["data"]["tally"] = zeros;
            }));
  table.bad(
      18, "another-tally-of-a-bureau-without-a-contest",
      "A bureau that has nothing to count has signed another T.",
      made([=](const Workshop&, ElectionHooks& hooks) {
        hooks.two_bureaus = true;
        hooks.setup = [](TestElection& e) { e.manifest.contests[1].bureau = 0; };
        hooks.after = [=](TestElection& e, const std::string& name) {
          if (name != "freeze") return;
          e.emit({"count", nullptr, {{"bijection", true}, {"tally", zeros}}, e.opening(1), 1});
        };
      }));
  table.bad(7, "two-counts", "Two count events, one of them of another T.",
            after_event("freeze", [=](TestElection& e) {
              e.emit({"count", nullptr, {{"bijection", true}, {"tally", zeros}}, e.opening()});
            }));
  table.bad(16, "no-count-event", "Tally, shares and result, and nobody has signed the count.",
            altered([](Files& f) {
              drop_last_event(f);
              drop_last_event(f);
            }));
}

void add_share_documents(CaseTable& table) {
  const auto president = [](std::function<void(Json&)> change, std::string published) {
    return on_counted([=](TestElection& e) {
      auto& text = e.files[export_path::shares(0, 0, 1)];
      text = resigned(text, change, {&e.president()}, e.fingerprint());
      if (!published.empty()) e.shares_left_out = {published};
    });
  };
  const auto spoil = [](Json& body) { body["shares"][0]["z"] = body["shares"][1]["z"]; };
  // The president's and a delegate's documents have a wrong proof.
  const auto left_out = [](std::function<void(Json&)> change) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.counted = [](TestElection& e) {
        for (const std::uint32_t group : {0, 1}) {
          forge_share(e, group, 1, [](ForgedShare& share) { share.off_a = Point::generator(); });
        }
      };
      hooks.files = [=](Files& f) {
        Json result = Json::parse(f["result.json"]);
        for (const auto group : {0, 1}) {
          result["left_out"].push_back(
              {{"bureau", 0}, {"group", group}, {"index", 1}, {"reason", "shares.proof"}});
        }
        change(result["left_out"]);
        f["result.json"] = canonical_json(result);
      };
    });
  };
  table.bad(19, "wrong-share-not-left-out", "A wrong proof, of which the result does not speak.",
            president(spoil, ""));
  table.bad(19, "left-out-for-another-reason", "A wrong proof, left out as an incomplete set.",
            president(spoil, "shares.set"));
  table.bad(19, "good-share-left-out", "A good document that the result leaves out.",
            president([](Json&) {}, "shares.proof"));
  table.bad(19, "absent-share-left-out", "The result leaves out a document that is not there.",
            on_counted([](TestElection& e) {
              e.files.erase(export_path::shares(0, 0, 1));
              e.shares_left_out = {"shares.proof"};
            }));
  table.bad(19, "left-out-with-a-field-more", "A wrong proof, left out with a remark.",
            left_out([](Json& list) { list[0]["remark"] = ""; }));
  table.bad(19, "left-out-in-another-order", "Two documents left out, the later one first.",
            left_out([](Json& list) { std::swap(list[0], list[1]); }));
  table.bad(19, "result-that-is-a-list", "An empty list stands in the result's place.",
            altered([](Files& f) { f["result.json"] = "[]"; }));
  table.bad(19, "share-missing-and-another-no-point",
            "The document lacks a share, and D of another is no point: it is none of shares.",
            president(
                [](Json& body) {
                  body["shares"][0]["D"] = std::string(64, 'f');
                  body["shares"].erase(1);
                },
                "shares.set"));
  table.bad(19, "shares-of-another-tally", "The document names another T, and is left out for it.",
            president([](Json& body) { body["tally"] = std::string(128, '0'); }, "shares.tally"));
  table.bad(19, "share-scalar-not-reduced", "z + l for z of a share, signed.",
            president(
                [](Json& body) {
                  auto& z = body["shares"][0]["z"];
                  const auto bytes = *hex_decode_array<32>(z.get<std::string>());
                  z = hex_encode(not_reduced(*Scalar::decode(bytes)));
                },
                ""));
  table.bad(19, "share-that-is-no-point", "D of a share is 32 bytes 0xff, signed.",
            president([](Json& body) { body["shares"][0]["D"] = std::string(64, 'f'); }, ""));
  table.bad(19, "shares-under-another-name", "A delegate's document under another delegate's name.",
            on_counted([](TestElection& e) {
              e.files[export_path::shares(0, 1, 2)] = e.files[export_path::shares(0, 1, 1)];
            }));
  table.bad(19, "forged-shares-signature", "The document's signature is another document's.",
            altered([](Files& f) {
              Json mine = Json::parse(f[export_path::shares(0, 0, 1)]);
              const Json other = Json::parse(f[export_path::shares(0, 0, 2)]);
              mine["signatures"][0]["signature"] = other["signatures"][0]["signature"];
              f[export_path::shares(0, 0, 1)] = canonical_json(mine);
            }));
  table.bad(19, "shares-signed-by-two", "The secretary has signed the president's document too.",
            on_counted([](TestElection& e) {
              auto& text = e.files[export_path::shares(0, 0, 1)];
              text = resigned(
                  text, [](Json&) {}, {&e.president(), &e.secretary()}, e.fingerprint());
            }));
  table.bad(19, "shares-of-another-election", "A document of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              const auto path = export_path::shares(0, 1, 3);
              f[path] = workshop.retitled().files.at(path);
            }));
}

void add_share_proofs(CaseTable& table) {
  const Point off = Point::generator();
  const Point back = Point() - off;
  const auto forged_by = [](std::function<void(ForgedShare&)> change) {
    return on_counted([=](TestElection& e) { forge_share(e, 0, 1, change); });
  };
  table.bad(19, "forged-partial", "D is off by D, and proven with the right secret.",
            forged_by([=](ForgedShare& share) { share.off_partial = off; }));
  table.bad(
      19, "share-of-another-secret", "Each share is made and proven with another secret.",
      forged_by([](ForgedShare& share) { share.secret = share.secret + Scalar::from_u64(1); }));
  table.bad(19, "share-off-by-opposite-amounts", "A + D and B - D of one share.",
            forged_by([=](ForgedShare& share) {
              share.off_a = off;
              share.off_b = back;
            }));
  table.bad(19, "share-without-b", "B alone is off.",
            forged_by([=](ForgedShare& share) { share.off_b = off; }));
  table.bad(19, "share-with-nonce-zero", "A is the identity; the proof is good otherwise.",
            forged_by([](ForgedShare& share) { share.nonce = Scalar(); }));
  table.bad(19, "shares-off-by-opposite-amounts", "A of a share + D, of the next one - D.",
            on_counted([=](TestElection& e) {
              forge_share(
                  e, 0, 1, [=](ForgedShare& share) { share.off_a = off; }, 0);
              forge_share(
                  e, 0, 1, [=](ForgedShare& share) { share.off_a = back; }, 1);
            }));
  table.bad(19, "documents-off-by-opposite-amounts", "B of two delegates' shares + D and - D.",
            on_counted([=](TestElection& e) {
              forge_share(e, 1, 1, [=](ForgedShare& share) { share.off_b = off; });
              forge_share(e, 1, 2, [=](ForgedShare& share) { share.off_b = back; });
            }));
}

void add_decryptions(CaseTable& table) {
  table.bad(20, "too-few-shares", "One delegate's shares where two are needed.",
            on_counted([](TestElection& e) {
              e.files.erase(export_path::shares(0, 1, 1));
              e.files.erase(export_path::shares(0, 1, 2));
            }));
  table.bad(20, "no-shares-of-a-group", "Of the first group there are no shares.",
            on_counted([](TestElection& e) {
              e.files.erase(export_path::shares(0, 0, 1));
              e.files.erase(export_path::shares(0, 0, 2));
            }));
  table.bad(20, "too-few-good-shares",
            "The president's document is left out, and the secretary has none.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.counted = [](TestElection& e) {
                forge_share(e, 0, 1, [](ForgedShare& share) { share.off_a = Point::generator(); });
                e.shares_left_out = {"shares.proof"};
              };
              hooks.files = [](Files& f) { f.erase(export_path::shares(0, 0, 2)); };
            }));
  table.bad(21, "altered-votes", "tally.json has other votes than the shares give, of one sum.",
            altered_json("tally.json", [](Json& tally) {
              tally["units"][0]["votes"] = {1, 1, 0};
            }));
  table.bad(21, "votes-below-zero", "tally.json has -1 votes for a list.",
            altered_json("tally.json", [](Json& tally) {
              tally["units"][0]["votes"] = {-1, 3, 0};
            }));
  table.bad(21, "votes-that-are-none", "tally.json has null for the votes of a unit.",
            altered_json("tally.json", [](Json& tally) { tally["units"][0]["votes"] = nullptr; }));
}

Maker on_result(std::function<void(Json&)> change) {
  return altered_json("result.json", std::move(change));
}

void add_results(CaseTable& table) {
  table.bad(22, "altered-seats", "A list has a seat more.",
            on_result([](Json& r) { r["contests"][0]["seats"]["lists"][0]["seats"] = 3; }));
  table.bad(22, "altered-votes-of-the-result", "A vote moves from one list to the other.",
            on_result([](Json& r) {
              r["contests"][0]["votes"] = {1, 2, 0};
            }));
  table.bad(22, "altered-registered", "Another number of registered voters.",
            on_result([](Json& r) { r["contests"][0]["registered"] = 9; }));
  table.bad(22, "altered-blank", "A blank vote is counted as valid.", on_result([](Json& r) {
              r["contests"][1]["blank"] = 0;
              r["contests"][1]["valid"] = 2;
            }));
  table.bad(22, "altered-unit-of-the-result", "A unit has another name.",
            on_result([](Json& r) { r["contests"][0]["units"][0]["name"] = "U9"; }));
  table.bad(22, "altered-quota", "The quota is reduced.",
            on_result([](Json& r) { r["contests"][0]["seats"]["quota"] = "1/1"; }));
  table.bad(22, "lot-without-a-tie", "A lot is drawn where no list ties.",
            on_result([](Json& r) { r["contests"][0]["seats"]["lots"] = {0}; }));
  table.bad(22, "result-without-contests", "A number stands where the contests were.",
            on_result([](Json& r) { r["contests"] = 1; }));
  const auto majority = [](std::function<void(Json&)> change) {
    return made([=](const Workshop&, ElectionHooks& hooks) {
      hooks.setup = [](TestElection& e) { hold_in_two_rounds(e, 1); };
      hooks.files = [=](Files& f) {
        Json result = Json::parse(f["result.json"]);
        change(result["contests"][0]);
        f["result.json"] = canonical_json(result);
      };
    });
  };
  table.bad(22, "altered-majority", "Another candidate is elected.",
            majority([](Json& contest) { contest["majority"]["elected"] = 1; }));
  table.bad(22, "majority-missing", "The contest has no outcome.",
            majority([](Json& contest) { contest.erase("majority"); }));
  table.bad(22, "result-field-more", "The result has a field that none has.",
            on_result([](Json& r) { r["remark"] = 1; }));
  table.bad(22, "result-of-another-election", "result.json of the election with another title.",
            altered_by([](const Workshop& workshop, Files& f) {
              f["result.json"] = workshop.retitled().files.at("result.json");
            }));
  table.bad(22, "another-result-signed", "The president closed the count with another result.",
            on_event("close-count", [](const Workshop&, Json& body, Signers&) {
              body["data"]["result"] = std::string(64, '0');
            }));
  const auto tied = [](ElectionHooks& hooks) {
    hooks.setup = [](TestElection& e) { e.manifest.contests[0].seats = 1; };
    hooks.box = [](TestElection& e) { e.box[{0, 0}].erase(e.voters[1][0].key); };
  };
  table.bad(22, "closed-over-a-tie", "A tie waits for its lot, and the count is closed.",
            made([=](const Workshop&, ElectionHooks& hooks) { tied(hooks); }));
  table.bad(22, "unsigned-lot", "A lot is drawn that no president has signed.",
            made([=](const Workshop&, ElectionHooks& hooks) {
              tied(hooks);
              hooks.counted = [](TestElection& e) { e.lots = {1}; };
              hooks.unclosed = true;
            }));
}

void add_sign_offs(CaseTable& table) {
  const auto sign_offs = [](Json counts) {
    return on_event("freeze", [=](const Workshop&, Json& body, Signers&) {
      body["data"]["sign_offs"] = counts;
    });
  };
  table.bad(23, "sign-off-more", "A sign-off more than ballots in contest 0.", sign_offs({4, 2}));
  table.bad(23, "sign-off-less", "A ballot that nobody signed off, in contest 1.",
            sign_offs({3, 1}));
}

Maker with_receipt(std::function<std::string(const TestElection&, const Receipt&)> change) {
  return anchored([=](const Workshop& workshop, MadeExport& made) {
    const auto& e = workshop.good();
    const auto good = e.receipt(e.box.at({0, 1}).begin()->second);
    made.receipts["changed"] = change(e, *Receipt::parse(good));
    made.receipts["good"] = good;
  });
}

void add_receipts(CaseTable& table) {
  table.bad(24, "receipt-of-another-tree", "Signed by the log: as many leaves, another last one.",
            with_receipt([](const TestElection& e, const Receipt& good) {
              auto leaves = e.leaves;
              leaves.back()[0] ^= 1;
              Receipt split = good;
              split.proof = inclusion_proof(leaves, split.index);
              split.checkpoint_note = sign_checkpoint(
                  {e.manifest.log_origin, leaves.size(), merkle_root(leaves)}, e.checkpoint_key);
              return split.text();
            }));
  table.bad(24, "receipt-beyond-the-log", "Signed by the log, which has a leaf less.",
            with_receipt([](const TestElection& e, const Receipt& good) {
              auto leaves = e.leaves;
              leaves.push_back(Digest{1});
              Receipt later = good;
              later.proof = inclusion_proof(leaves, later.index);
              later.checkpoint_note = sign_checkpoint(
                  {e.manifest.log_origin, leaves.size(), merkle_root(leaves)}, e.checkpoint_key);
              return later.text();
            }));
  table.bad(24, "receipt-of-another-key", "The receipt's checkpoint is signed by another key.",
            with_receipt([](const TestElection& e, const Receipt& good) {
              SeededRandom random(4);
              Receipt other = good;
              other.checkpoint_note =
                  sign_checkpoint({e.manifest.log_origin, e.log.size(), e.log.root()},
                                  Ed25519KeyPair::generate(random));
              return other.text();
            }));
  table.bad(24, "receipt-that-is-not-utf-8", "A line of a stranger whose name is in Latin-1.",
            with_receipt([](const TestElection&, const Receipt& good) {
              return good.text() + "\u2014 \xe9tranger.example AAAAAAAA\n";
            }));
  table.bad(24, "receipt-with-a-wrong-proof", "One hash of the proof is another.",
            with_receipt([](const TestElection&, const Receipt& good) {
              Receipt other = good;
              other.proof[0][0] ^= 1;
              return other.text();
            }));
  table.bad(24, "receipt-at-another-place", "The proof is of the leaf beside.",
            with_receipt([](const TestElection&, const Receipt& good) {
              Receipt other = good;
              other.index ^= 1;
              return other.text();
            }));
  table.bad(24, "receipt-of-a-pad", "A good proof of an entry of type 2.",
            with_receipt([](const TestElection& e, const Receipt& good) {
              Receipt other = good;
              other.entry =
                  pad_entry(*to_array<32>(as_bytes(e.files.at("log/pads.bin")).first(32)));
              const auto leaf = leaf_hash(other.entry);
              other.index = static_cast<std::uint64_t>(
                  std::find(e.leaves.begin(), e.leaves.end(), leaf) - e.leaves.begin());
              other.proof = inclusion_proof(e.leaves, other.index);
              return other.text();
            }));
  table.bad(
      24, "receipt-that-is-none", "A file that is no receipt.",
      with_receipt([](const TestElection&, const Receipt&) { return std::string("none\n"); }));
}

void add_receipts_of_others(CaseTable& table) {
  table.bad(24, "receipt-of-another-election", "A receipt of the election with another title.",
            anchored([](const Workshop& workshop, MadeExport& made) {
              const auto& e = workshop.retitled();
              made.receipts["other"] = e.receipt(e.box.at({0, 1}).begin()->second);
            }));
  table.bad(24, "swapped-ballot",
            "The log accepted a ballot and gave a receipt; the box has another by the same key. "
            "Nothing but the receipt shows it.",
            [](const Workshop& workshop) {
              auto receipt = std::make_shared<std::string>();
              ElectionHooks hooks;
              hooks.after = [=](TestElection& e, const std::string& name) {
                if (name != "close") return;
                *receipt = e.receipt(e.box[{0, 1}].begin()->second);
                e.cast(0, 1, 0, e.voters[3][0]);
              };
              auto files = workshop.election(std::move(hooks)).files;
              return MadeExport{std::move(files), {}, {}, {{"mine", *receipt}}};
            });
  table.bad(24, "receipt-without-cosignatures",
            "The log's signature alone, where a witness's is "
            "wanted.",
            [](const Workshop& workshop) {
              const TestWitness witness("witness.example/a", 1);
              ElectionHooks hooks;
              hooks.setup = [=](TestElection& e) {
                e.manifest.witnesses = {witness.vkey()};
                e.manifest.witness_threshold = 1;
              };
              hooks.note = [=](std::string& note) { witness.cosign(note); };
              const auto e = workshop.election(std::move(hooks));
              Receipt receipt = *Receipt::parse(e.receipt(e.box.at({0, 1}).begin()->second));
              auto& note = receipt.checkpoint_note;
              note.resize(note.rfind("\u2014 "));
              return MadeExport{e.files, {}, {}, {{"mine", receipt.text()}}};
            });
}

Maker minutes_of(std::function<std::string(const Workshop&, TestElection&)> make,
                 bool two_bureaus = false) {
  return made([=](const Workshop& workshop, ElectionHooks& hooks) {
    hooks.two_bureaus = two_bureaus;
    hooks.closed = [=, &workshop](TestElection& e) {
      e.files[export_path::minutes(0)] = make(workshop, e);
    };
  });
}

void add_minutes_figures(CaseTable& table) {
  const auto changed = [](std::function<void(Json&)> change) {
    return minutes_of(
        [=](const Workshop&, TestElection& e) { return e.minutes(0, {&e.president()}, change); });
  };
  const auto in_contest = [=](std::string name, Json value) {
    return changed([=](Json& body) { body["contests"][0][name] = value; });
  };
  const auto in_operations = [=](std::string name, Json value) {
    return changed([=](Json& body) { body["operations"][name] = value; });
  };
  table.bad(25, "minutes-with-another-figure", "A voter more is registered in the minutes.",
            in_contest("registered", 5));
  table.bad(25, "minutes-with-other-votes", "A vote moves from one list to the other.",
            in_contest("votes", {1, 2, 0}));
  table.bad(25, "minutes-with-another-seat", "A seat moves from one list to the other.",
            in_contest("seats", {1, 2}));
  table.bad(25, "minutes-without-the-enrolment", "The minutes say nothing of an enrolment.",
            in_contest("enrolments", 0));
  table.bad(25, "minutes-of-fewer-reissues", "The reissue is none in the minutes.",
            changed([](Json& body) { body["contests"][1]["reissues"] = 0; }));
  table.bad(25, "minutes-without-the-suspension", "The minutes say nothing of the suspension.",
            in_operations("suspensions", 0));
  table.bad(25, "minutes-of-another-opening", "The vote opened a moment earlier in the minutes.",
            in_operations("opened_at", 1'000'999));
  table.bad(25, "minutes-of-another-result", "The minutes name another result.",
            changed([](Json& body) { body["result"] = std::string(64, '0'); }));
  table.bad(25, "minutes-of-another-tally", "The minutes name another T.",
            changed([](Json& body) { body["tally"] = std::string(128, '0'); }));
  table.bad(25, "minutes-field-more", "The minutes have a field that none have.",
            changed([](Json& body) { body["remark"] = ""; }));
  table.bad(25, "minutes-without-a-contest", "Contest 1 is not in the minutes.",
            changed([](Json& body) { body["contests"].erase(1); }));
  table.bad(25, "minutes-with-a-contest-twice", "Contest 1 is in the minutes twice.",
            changed([](Json& body) { body["contests"].push_back(Json(body["contests"][1])); }));
  table.bad(25, "minutes-before-the-close", "Dated a moment before the close of the count.",
            changed([](Json& body) { body["at"] = body["at"].get<TimeMs>() - 1; }));
  table.bad(25, "minutes-of-another-bureau", "The minutes of bureau 0 say bureau 1.",
            changed([](Json& body) { body["bureau"] = 1; }));
}

void add_minutes_signers(CaseTable& table) {
  table.bad(25, "minutes-signed-by-a-delegate", "No president and no secretary has signed.",
            minutes_of([](const Workshop&, TestElection& e) {
              return e.minutes(0, {&e.delegate(0), &e.delegate(1)});
            }));
  table.bad(25, "minutes-signed-by-the-board", "The board has signed beside the president.",
            minutes_of([](const Workshop&, TestElection& e) {
              return e.minutes(0, {&e.president(), &e.board});
            }));
  table.bad(25, "unsigned-minutes", "Nobody has signed.",
            minutes_of([](const Workshop&, TestElection& e) { return e.minutes(0, {}); }));
  table.bad(25, "minutes-signed-by-another-bureau", "The president of the other bureau signed.",
            minutes_of(
                [](const Workshop&, TestElection& e) {
                  return e.minutes(0, {&e.president(), &e.president(1)});
                },
                true));
  table.bad(25, "minutes-with-a-foreign-contest", "A contest of the other bureau is in them.",
            minutes_of(
                [](const Workshop&, TestElection& e) {
                  const Json other =
                      Json::parse(e.minutes(1, {&e.president(1)}))["body"]["contests"][0];
                  return e.minutes(0, {&e.president()},
                                   [&](Json& body) { body["contests"].push_back(other); });
                },
                true));
  table.bad(
      25, "minutes-under-another-bureau", "The other bureau's minutes under this one's name.",
      minutes_of([](const Workshop&, TestElection& e) { return e.minutes(1, {&e.president(1)}); },
                 true));
  table.bad(25, "forged-minutes-signature", "The signature is that of another body.",
            minutes_of([](const Workshop&, TestElection& e) {
              Json forged = Json::parse(e.minutes(0, {&e.president()}));
              forged["signatures"] = Json::parse(e.minutes(0, {&e.president()}, [](Json& body) {
                body["at"] = body["at"].get<TimeMs>() + 1;
              }))["signatures"];
              return canonical_json(forged);
            }));
  table.bad(25, "minutes-of-another-election", "Signed for the election with another title.",
            minutes_of([](const Workshop& workshop, TestElection& e) {
              return resigned(
                  e.minutes(0, {&e.president()}), [](Json&) {}, {&e.president()},
                  workshop.retitled().fingerprint());
            }));
  table.bad(25, "minutes-before-the-count-is-closed", "No president has closed the count.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.unclosed = true;
              hooks.closed = [](TestElection& e) {
                e.files[export_path::minutes(0)] = e.minutes(0, {&e.president()});
              };
            }));
}

}  // namespace

void add_tampered_count(CaseTable& table) {
  add_bijections(table);
  add_aggregates(table);
  add_tallies(table);
  add_share_documents(table);
  add_share_proofs(table);
  add_decryptions(table);
  add_results(table);
  add_sign_offs(table);
  add_receipts(table);
  add_receipts_of_others(table);
  add_minutes_figures(table);
  add_minutes_signers(table);
}

}  // namespace isoloir::test

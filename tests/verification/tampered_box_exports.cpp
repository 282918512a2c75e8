// V10 to V15: ballots, their proofs, their keys, the box as the freeze says it.
#include "verification/export_makers.hpp"

namespace isoloir::test {
namespace {

// The one ballot of contest 0, district 1, in place of voter 3's.
Maker on_ballot(std::function<Bytes(TestElection&, const KeyPair&)> other) {
  return on_box([=](TestElection& e) {
    const auto& key = e.voters[3][0];
    e.box[{0, 1}][key.key] = other(e, key);
  });
}
Maker forged(std::function<void(ForgedBallot&)> change) {
  return on_ballot(
      [=](TestElection& e, const KeyPair& key) { return forge_ballot(e, 0, 1, 1, key, change); });
}
Maker on_bytes(std::function<void(Bytes&)> change) {
  return forged([=](ForgedBallot& ballot) { ballot.encoded = change; });
}

constexpr std::size_t key_at = 44;
constexpr std::size_t option_at = 76;  // alpha, beta, A0, B0, A1, B1, e0, z0, z1
constexpr std::size_t sum_at = option_at + 3 * 288;
constexpr std::size_t signature_at = sum_at + 96;

// Scalars become what they are plus l; points get the top bit that a field element does not have.
void unreduce(Bytes& bytes, std::size_t at) {
  const auto wide = not_reduced(*Scalar::decode(ByteView(bytes).subspan(at, 32)));
  std::copy(wide.begin(), wide.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

void add_places(CaseTable& table) {
  table.bad(10, "ballot-of-another-district", "A ballot of district 0 in the box of district 1.",
            on_ballot([](TestElection& e, const KeyPair& key) { return e.ballot(0, 0, 1, key); }));
  table.bad(10, "ballot-of-another-contest",
            "A ballot of contest 1, with as many options, in a box of contest 0.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.setup = [](TestElection& e) {
                auto option = e.manifest.contests[1].options[1];
                option.name = "Delta";
                e.manifest.contests[1].options.push_back(option);
              };
              hooks.box = [](TestElection& e) {
                const auto& key = e.voters[3][0];
                e.box[{0, 1}][key.key] = e.ballot(1, 0, 1, key);
              };
            }));
  table.bad(10, "ballot-of-another-election", "A ballot of the election with another title.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              return forge_ballot(e, 0, 1, 1, key,
                                  [](ForgedBallot& ballot) { ballot.fingerprint.bytes[0] ^= 1; });
            }));
  table.bad(10, "box-of-the-first-round",
            "The ballots of round 1 are in the box of round 2, by the same keys.",
            made([](const Workshop& workshop, ElectionHooks& hooks) {
              hooks.box = [&workshop](TestElection& e) { e.box = workshop.other().box; };
            }));
  table.bad(10, "ballot-moved", "A ballot of district 0 moved to the box of district 2.",
            on_box([](TestElection& e) {
              auto& from = e.box[{0, 0}];
              e.box[{0, 2}].insert(from.extract(from.begin()));
            }));
  table.bad(10, "ballots-out-of-order", "Two ballots of a box have changed places.",
            on_box([](TestElection& e) {
              auto& box = e.box[{0, 0}];
              std::swap(box.begin()->second, box.rbegin()->second);
            }));
  table.bad(10, "box-with-a-rest", "A byte after the last ballot of a box.",
            altered([](Files& f) { f["box/0-1.bin"] += "x"; }));
  table.bad(10, "ballot-of-another-version", "The ballot begins with ISB2.",
            on_bytes([](Bytes& bytes) { bytes[3] = '2'; }));
}

void add_encodings(CaseTable& table) {
  const auto ones = [](std::size_t at) {
    return on_bytes([=](Bytes& bytes) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 32, std::uint8_t{0xff});
    });
  };
  const auto top_bit = [](std::size_t at) {
    return on_bytes([=](Bytes& bytes) { bytes[at + 31] |= 0x80; });
  };
  const auto more = [](std::size_t at) {
    return on_bytes([=](Bytes& bytes) { unreduce(bytes, at); });
  };
  table.bad(10, "alpha-that-is-no-point", "alpha is 32 bytes 0xff.", ones(option_at));
  table.bad(10, "key-that-is-no-point", "The ballot's key is 32 bytes 0xff.", ones(key_at));
  table.bad(10, "beta-with-the-top-bit", "beta has its unused top bit set, and is hashed so.",
            forged([](ForgedBallot& ballot) { ballot.options[0].top_bit = true; }));
  table.bad(10, "alpha-with-the-top-bit", "alpha has its unused top bit set.", top_bit(option_at));
  table.bad(10, "a0-with-the-top-bit", "A0 has its unused top bit set.", top_bit(option_at + 64));
  table.bad(10, "negative-alpha", "alpha is encoded as the negative field element.",
            on_bytes([](Bytes& bytes) {
              unsigned borrow = 0;  // p - alpha, p = 2^255 - 19
              for (std::size_t i = 0; i < 32; ++i) {
                const unsigned p = i == 0 ? 0xed : i == 31 ? 0x7f : 0xff;
                const unsigned difference = p + 256 - bytes[option_at + i] - borrow;
                bytes[option_at + i] = static_cast<std::uint8_t>(difference);
                borrow = difference < 256;
              }
            }));
  table.bad(10, "e0-not-reduced", "e0 + l for e0.", more(option_at + 192));
  table.bad(10, "z0-not-reduced", "z0 + l for z0.", more(option_at + 224));
  table.bad(10, "z1-not-reduced", "z1 + l for z1.", more(option_at + 256));
  table.bad(10, "sum-z-not-reduced", "z + l for z of the sum proof.", more(sum_at + 64));
  table.bad(10, "s-not-reduced", "s + l for s of the signature.",
            on_ballot([=](TestElection& e, const KeyPair& key) {
              auto bytes = e.ballot(0, 1, 1, key);
              unreduce(bytes, signature_at + 32);
              return bytes;
            }));
  table.bad(10, "alpha-is-the-identity", "r = 0 for the chosen option; every proof is good.",
            forged([](ForgedBallot& ballot) { ballot.options[1].r = Scalar(); }));
  table.bad(10, "beta-is-the-identity",
            "beta is the identity: who knows the election's secret chose r = -1/y.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              const Scalar minus = Scalar() - secret_of(e).inverse();
              return forge_ballot(e, 0, 1, 1, key,
                                  [=](ForgedBallot& ballot) { ballot.options[1].r = minus; });
            }));
  table.bad(10, "a1-is-the-identity", "The nonce of an option proof is 0; every proof is good.",
            forged([](ForgedBallot& ballot) { ballot.options[1].w = Scalar(); }));
  table.bad(10, "r-is-the-identity", "The signature's nonce is 0; it is good otherwise.",
            forged([](ForgedBallot& ballot) { ballot.signature_nonce = Scalar(); }));
}

const Scalar& unit_scalar() {
  static const Scalar one = Scalar::from_u64(1);
  return one;
}

void add_ballot_signatures(CaseTable& table) {
  table.bad(11, "forged-signature-s", "s of the signature is one more.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              auto ballot = *Ballot::decode(e.ballot(0, 1, 1, key), 3);
              ballot.signature.response = ballot.signature.response + unit_scalar();
              return ballot.encode();
            }));
  table.bad(11, "signed-by-another-voter", "Everything is proven for her key, another one signed.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              auto bytes = e.ballot(0, 1, 1, key);
              sign_ballot(bytes, e.fingerprint(), e.voters[2][0], e.random);
              return bytes;
            }));
  table.bad(11, "signed-in-another-election", "The signature is made under another fingerprint.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              auto bytes = e.ballot(0, 1, 1, key);
              sign_ballot(bytes, Fingerprint{}, key, e.random);
              return bytes;
            }));
  table.bad(11, "changed-after-signing",
            "A good ballot under the signature of another one by its voter.",
            on_ballot([](TestElection& e, const KeyPair& key) {
              auto other = e.ballot(0, 1, 1, key);
              const auto bytes = e.ballot(0, 1, 1, key);
              std::copy(bytes.end() - 64, bytes.end(), other.end() - 64);
              return other;
            }));
  table.bad(11, "signatures-off-by-opposite-amounts",
            "R of two ballots is off by D and by -D: the sum of both equations is good.",
            on_box([](TestElection& e) {
              Point off = Point::generator();
              for (int v = 0; v < 2; ++v) {
                const auto& key = e.voters[static_cast<std::size_t>(v)][0];
                e.box[{0, 0}][key.key] =
                    forge_ballot(e, 0, 0, 0, key, [&](ForgedBallot& b) { b.off_signature = off; });
                off = Point() - off;
              }
            }));
}

void add_option_proofs(CaseTable& table) {
  const auto proof = [](std::size_t option, std::function<void(OptionProof&)> change) {
    return forged([=](ForgedBallot& b) {
      b.proven = [=](Ballot& ballot) { change(ballot.proofs[option]); };
    });
  };
  table.bad(12, "forged-branch-0", "z0 of an option proof is one more, signed.",
            proof(0, [](OptionProof& p) { p.z0 = p.z0 + unit_scalar(); }));
  table.bad(12, "forged-branch-1", "z1 of an option proof is one more, signed.",
            proof(2, [](OptionProof& p) { p.z1 = p.z1 + unit_scalar(); }));
  table.bad(12, "forged-challenge", "e0 of an option proof is one more, signed.",
            proof(1, [](OptionProof& p) { p.e0 = p.e0 + unit_scalar(); }));
  table.bad(12, "a0-exchanged", "A0 of one option is another's.",
            proof(1, [](OptionProof& p) { p.a0 = p.a1; }));
  table.bad(12, "proofs-of-two-options-exchanged", "Good proofs, each of the other option.",
            forged([](ForgedBallot& b) {
              b.proven = [](Ballot& ballot) { std::swap(ballot.proofs[0], ballot.proofs[2]); };
            }));
  table.worse(12, "two-votes-in-one-option", "An option holds 2: the sums show it too.",
              forged([](ForgedBallot& b) {
                b.proven = [](Ballot& ballot) {
                  auto& beta = ballot.options[1].beta;
                  beta = beta + Point::generator();
                };
              }));
  table.worse(12, "copied-ballot", "Another voter's choice and proofs, under one's own signature.",
              on_box([](TestElection& e) {
                auto& box = e.box[{0, 0}];
                auto copy = box.at(e.voters[0][0].key);
                const auto key = e.voters[1][0].key.encoded();
                std::copy(key.begin(), key.end(), copy.begin() + key_at);
                sign_ballot(copy, e.fingerprint(), e.voters[1][0], e.random);
                box[e.voters[1][0].key] = copy;
              }));
  table.worse(12, "ballot-relabelled",
              "A ballot of district 0, its header changed and signed again.",
              on_ballot([](TestElection& e, const KeyPair& key) {
                auto bytes = e.ballot(0, 0, 1, key);
                bytes[43] = 1;
                sign_ballot(bytes, e.fingerprint(), key, e.random);
                return bytes;
              }));
}

// Errors that cancel where a batch gives two equations one coefficient.
void add_cancelling_option_proofs(CaseTable& table) {
  static const Point off = Point::generator();
  static const Point back = Point() - off;
  table.bad(12, "a0-and-b0-off-by-opposite-amounts", "A0 + D and B0 - D.",
            forged([](ForgedBallot& b) {
              b.options[0].off_a0 = off;
              b.options[0].off_b0 = back;
            }));
  table.bad(12, "a1-and-b1-off-by-opposite-amounts", "A1 + D and B1 - D, of the chosen option.",
            forged([](ForgedBallot& b) {
              b.options[1].off_a1 = off;
              b.options[1].off_b1 = back;
            }));
  table.bad(12, "branches-off-by-opposite-amounts", "A0 + D and A1 - D.",
            forged([](ForgedBallot& b) {
              b.options[2].off_a0 = off;
              b.options[2].off_a1 = back;
            }));
  table.bad(12, "options-off-by-opposite-amounts", "A0 of one option + D, of another - D.",
            forged([](ForgedBallot& b) {
              b.options[0].off_a0 = off;
              b.options[2].off_a0 = back;
            }));
  table.bad(12, "off-under-rising-coefficients",
            "A0 + D, B0 - 2D, A1 + D: cancels under coefficients 1, 2, 3 and n, n + 1, n + 2.",
            forged([](ForgedBallot& b) {
              b.options[1].off_a0 = off;
              b.options[1].off_b0 = back + back;
              b.options[1].off_a1 = off;
            }));
  table.bad(12, "ballots-off-by-opposite-amounts", "A0 of a ballot + D, of the next - D.",
            on_box([](TestElection& e) {
              for (std::size_t v = 0; v < 2; ++v) {
                const auto& key = e.voters[v][0];
                e.box[{0, 0}][key.key] = forge_ballot(e, 0, 0, 0, key, [&](ForgedBallot& b) {
                  b.options[1].off_a0 = v == 0 ? off : back;
                });
              }
            }));
  table.bad(12, "files-off-by-opposite-amounts", "The two ballots are of two districts.",
            on_box([](TestElection& e) {
              for (const std::size_t v : {0u, 3u}) {
                const auto& key = e.voters[v][0];
                const std::uint32_t d = v == 0 ? 0 : 1;
                e.box[{0, d}][key.key] = forge_ballot(e, 0, d, 1, key, [&](ForgedBallot& b) {
                  b.options[2].off_b1 = v == 0 ? off : back;
                });
              }
            }));
  table.bad(12, "one-equation-off", "A1 + D alone, of the last option.",
            forged([](ForgedBallot& b) { b.options[2].off_a1 = off; }));
  table.worse(12, "option-and-sum-off-by-opposite-amounts",
              "A0 of an option + D, A of the sum - D.", forged([](ForgedBallot& b) {
                b.options[2].off_a0 = off;
                b.off_sum_a = back;
              }));
}

void add_sum_proofs(CaseTable& table) {
  static const Point off = Point::generator();
  static const Point back = Point() - off;
  table.bad(13, "forged-sum-proof", "z of the sum proof is one more, signed.",
            forged([](ForgedBallot& b) {
              b.proven = [](Ballot& ballot) {
                ballot.sum_proof.z = ballot.sum_proof.z + unit_scalar();
              };
            }));
  table.worse(13, "two-options-chosen", "Each option is proven to hold 0 or 1, and two hold 1.",
              forged([](ForgedBallot& b) { b.options[0].one = true; }));
  table.worse(13, "no-option-chosen", "Each option is proven to hold 0.",
              forged([](ForgedBallot& b) { b.options[1].one = false; }));
  table.bad(13, "sum-proof-off-by-opposite-amounts", "A + D and B - D.",
            forged([](ForgedBallot& b) {
              b.off_sum_a = off;
              b.off_sum_b = back;
            }));
  table.bad(13, "sum-proofs-of-two-ballots-off", "A of a ballot + D, of the next - D.",
            on_box([](TestElection& e) {
              for (std::size_t v = 0; v < 2; ++v) {
                const auto& key = e.voters[v][0];
                e.box[{0, 0}][key.key] = forge_ballot(
                    e, 0, 0, 0, key, [&](ForgedBallot& b) { b.off_sum_a = v == 0 ? off : back; });
              }
            }));
  table.bad(13, "sum-proof-without-b", "B alone is off.",
            forged([](ForgedBallot& b) { b.off_sum_b = off; }));
}

void add_keys(CaseTable& table) {
  const auto by = [](std::function<const KeyPair&(TestElection&)> key) {
    return on_box([=](TestElection& e) {
      e.box[{1, 0}].erase(e.reissued.key);
      e.cast(1, 0, 1, key(e));
    });
  };
  table.bad(14, "ballot-by-a-reissued-key", "By the key that a batch removed.",
            by([](TestElection& e) -> const KeyPair& { return e.voters[1][1]; }));
  table.bad(14, "ballot-by-a-key-struck-off", "By a key that was struck off.",
            by([](TestElection& e) -> const KeyPair& { return e.voters[2][1]; }));
  table.bad(14, "ballot-by-a-stranger", "By a key of no roster.",
            by([](TestElection& e) -> const KeyPair& { return e.board; }));
  table.bad(14, "ballot-by-a-voter-of-another-contest", "By a key of another contest's roster.",
            by([](TestElection& e) -> const KeyPair& { return e.voters[2][0]; }));
  table.bad(14, "ballot-by-a-voter-of-another-district", "A voter of district 0 in district 2.",
            on_box([](TestElection& e) {
              e.box[{0, 0}].erase(e.voters[0][0].key);
              e.cast(0, 2, 0, e.voters[0][0]);
            }));
  const auto twice = [](bool same) {
    return on_box([=](TestElection& e) {
      const KeyPair& key = e.voters[0][0];
      e.second_ballots[{0, 0}][key.key] = same ? e.box[{0, 0}].at(key.key) : e.ballot(0, 0, 0, key);
      if (same) e.append_round({}, {leaf_hash(e.random.bytes(65))});
    });
  };
  table.bad(14, "duplicated-ballot", "A ballot is in the box twice; the log has a leaf for each.",
            twice(true));
  table.bad(14, "second-ballot-of-a-voter", "Two ballots by one key; the log has both.",
            twice(false));
  table.bad(14, "equal-alphas", "Two options have one randomness; every proof is good.",
            forged([](ForgedBallot& b) { b.options[2].r = b.options[0].r; }));
}

void add_freezes(CaseTable& table) {
  const auto freeze = [](std::string field, Json value) {
    return on_event("freeze",
                    [=](const Workshop&, Json& body, Signers&) { body["data"][field] = value; });
  };
  table.bad(15, "another-box-root", "The board froze another root, and the tally is made of it.",
            freeze("box_root", std::string(64, '1')));
  table.bad(15, "another-ballot-count", "The freeze says one ballot more in contest 0.",
            freeze("ballots", {4, 2}));
  table.bad(15, "counts-of-contests-exchanged", "The freeze has the counts in the other order.",
            freeze("ballots", {2, 3}));
  table.bad(15, "another-pad-count", "The freeze says fewer pads than there are before it.",
            freeze("pads", 1));
  table.bad(15, "swapped-ballot-after-the-freeze",
            "A ballot of the box is exchanged for another good one of its voter.",
            made([](const Workshop&, ElectionHooks& hooks) {
              hooks.after = [](TestElection& e, const std::string& name) {
                if (name != "freeze") return;
                e.cast(0, 1, 0, e.voters[3][0]);
                e.files[export_path::box(0, 1)] = as_text(e.box[{0, 1}].begin()->second);
              };
            }));
}

}  // namespace

void add_tampered_box(CaseTable& table) {
  add_places(table);
  add_encodings(table);
  add_ballot_signatures(table);
  add_option_proofs(table);
  add_cancelling_option_proofs(table);
  add_sum_proofs(table);
  add_keys(table);
  add_freezes(table);
}

}  // namespace isoloir::test

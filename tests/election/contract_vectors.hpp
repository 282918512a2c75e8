// Vectors by which another implementation of docs/protocol.md compares itself, section by section:
// made here from a seed, kept in tests/data/, judged entry by entry by contract_vectors_test.cpp.
// `ISOLOIR_UPDATE_VECTORS=1 election_test --gtest_filter=ContractVectors.*` writes them anew.
//
// Bytes are lower-case hex; documents and messages are texts, byte for byte.
//
// ceremony_vectors.json (section 9)
//   plan          text of the plan: groups, thresholds, members
//   members       by group and index, what each drew and ended with: signing and encryption secret,
//                 coefficients, share x_j
//   messages      {file name: text} of a good ceremony; names are <round>-<group>-<index>.json
//   result        transcript, key Y, groups: key Y_g, share_keys Y_j
//   cases         [{what, with {name: text}, without [name], refused}]: the good ceremony with
//                 these messages in place of its own; `refused` is our code, null when accepted
//   complaints    [{what, with, complaint, liars [[group, index]...] or refused}]: the messages of
//                 rounds 0 to 2 and a complaint
// count_vectors.json (section 10)
//   manifest      text
//   anchors       log_size, log_root, box_root
//   districts     [{contest, district, ballots, sums [[alpha, beta]...]}]
//   tally         T
//   tally_json, result_json  tally.json and result.json as texts, of all good shares; `registered`
//                 voters, as many sign-offs as ballots, no lots
//   shares        [{what, document, refused}]
//   counts        [{what, documents [index into shares...], votes [unit][option] or refused}]
// log_vectors.json (section 8)
//   link_key, receipt_key
//   entries       [{kind, content, entry, leaf}]: content is a tracker, 32 bytes of a pad, a text
//   roots         by size, of the first `size` leaves
//   inclusions    [{what, index, size, proof, accept}]
//   checkpoint    seed, key, origin; notes [{what, note, size and root, or refused}]
#pragma once

#include "base/canonical_json.hpp"

namespace isoloir::test {

Json ceremony_vectors();
Json count_vectors();
Json log_vectors();

}  // namespace isoloir::test

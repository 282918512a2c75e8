// Cosignatures of witnesses: C2SP tlog-cosignature, Ed25519, version 1 (docs/protocol.md section
// 8). A witness says by one that the checkpoint agrees with every other that it has cosigned. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/ed25519.hpp"

namespace isoloir {

// The public half, as the manifest names it: `<name>+<key id, 8 hex>+<base64 of 4 ‖ key>`.
struct Witness {
  std::string name;
  ByteArray<4> id{};
  ByteArray<32> key{};

  // Nothing for a name that signed-note does not allow (empty, white space, '+').
  static std::optional<Witness> of(std::string_view name, const ByteArray<32>& key);
  static std::optional<Witness> parse(std::string_view vkey);
  std::string vkey() const;
};

// Those that parse, each key once, in their order.
std::vector<Witness> parse_witnesses(const std::vector<std::string>& vkeys);
// Whether an election may be drafted with these: a threshold counts persons, so nobody is among
// them twice. Errors: witness.vkey (this is none), witness.twice (one name, or one key).
Status check_witnesses(const std::vector<std::string>& vkeys);

// A witness's private key, one line as signed-note's tools write them:
// `PRIVATE+KEY+<name>+<key id>+<base64 of 4 ‖ seed>`.
struct WitnessKey {
  Witness witness;
  Ed25519KeyPair pair;

  static std::optional<WitnessKey> of(std::string_view name, Ed25519KeyPair pair);
  static std::optional<WitnessKey> parse(std::string_view line);
  Secret<std::string> text() const;
};

// The signature line of a note, with its newline. `body`: the signed text of a checkpoint.
std::string cosign(std::string_view body, const WitnessKey& key, std::uint64_t seconds);

// The signature lines of a note that are good cosignatures, the first of each witness, by its place
// in `witnesses`; of the rest, empty texts.
std::vector<std::string> cosignatures_of(std::string_view note,
                                         const std::vector<Witness>& witnesses);
std::size_t count_cosignatures(std::string_view note, const std::vector<Witness>& witnesses);

// Of what anybody sends, the lines of witnesses that have none in `held` yet, and of the rest empty
// texts. Of each the first line that names it is judged, up to one that is not good. Errors:
// cosignature.signature (that one), cosignature.stranger (no line names a witness).
Expected<std::vector<std::string>> new_cosignatures(std::string_view note,
                                                    const std::vector<Witness>& witnesses,
                                                    const std::vector<std::string>& held);

}  // namespace isoloir

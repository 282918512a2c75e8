// Cosignatures of witnesses: C2SP tlog-cosignature, version 1 of the Ed25519 kind.
#include <algorithm>

#include "crypto/ed25519.hpp"
#include "crypto/hash.hpp"
#include "verification/state.hpp"

namespace isoloir::verification {
namespace {

constexpr std::uint8_t kind_cosignature = 4;
constexpr std::string_view signature_start = "\xe2\x80\x94 ";  // em dash, space
constexpr std::size_t signature_bytes = 4 + 8 + 64;            // key id, time, signature

bool cosigned(std::string_view body, ByteView signature, const Witness& witness) {
  if (signature.size() != signature_bytes ||
      !std::equal(witness.id.begin(), witness.id.end(), signature.begin())) {
    return false;
  }
  const auto high = std::uint64_t{read_u32(signature.subspan(4, 4))};
  const std::uint64_t time = high << 32 | read_u32(signature.subspan(8, 4));
  const std::string message =
      "cosignature/v1\ntime " + std::to_string(time) + "\n" + std::string(body);
  return ed25519_verify(witness.key, as_bytes(message), signature.subspan(12));
}

}  // namespace

std::optional<Witness> Witness::parse(std::string_view vkey) {
  const auto first = vkey.find('+');
  const auto second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos || first == 0) return std::nullopt;
  Witness witness;
  witness.name = vkey.substr(0, first);
  const auto id = hex_decode_array<4>(vkey.substr(first + 1, second - first - 1));
  const auto key = base64_decode(vkey.substr(second + 1));
  if (!id || !key || key->size() != 33 || (*key)[0] != kind_cosignature) return std::nullopt;
  const ByteArray<1> newline{'\n'};
  const auto digest = sha256({as_bytes(witness.name), newline, *key});
  if (!std::equal(id->begin(), id->end(), digest.begin())) return std::nullopt;
  witness.id = *id;
  witness.key = *to_array<32>(ByteView(*key).subspan(1));
  return witness;
}

std::vector<Witness> witnesses_of(const Manifest& manifest) {
  std::vector<Witness> result;
  for (const auto& vkey : manifest.witnesses) {
    auto witness = Witness::parse(vkey);
    if (witness && std::none_of(result.begin(), result.end(),
                                [&](const Witness& w) { return w.key == witness->key; })) {
      result.push_back(std::move(*witness));
    }
  }
  return result;
}

std::size_t count_cosignatures(std::string_view note, const std::vector<Witness>& witnesses) {
  const auto split = note.rfind("\n\n");
  if (split == std::string_view::npos) return 0;
  const auto body = note.substr(0, split + 1);
  std::set<std::string> found;
  for (auto lines = note.substr(split + 2); !lines.empty();) {
    auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    if (!line.starts_with(signature_start)) continue;
    line.remove_prefix(signature_start.size());
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto signature = base64_decode(line.substr(space + 1));
    if (!signature) continue;
    for (const auto& witness : witnesses) {
      if (witness.name == line.substr(0, space) && cosigned(body, *signature, witness)) {
        found.insert(hex_encode(witness.key));
      }
    }
  }
  return found.size();
}

}  // namespace isoloir::verification

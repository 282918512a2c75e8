#include "election/cosignature.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace isoloir {
namespace {

constexpr std::uint8_t kind_cosignature = 4;
constexpr std::string_view line_start = "\xe2\x80\x94 ";  // em dash, space
constexpr std::string_view private_start = "PRIVATE+KEY+";
constexpr std::size_t signature_bytes = 4 + 8 + 64;  // key id, time, signature

std::string message_of(std::string_view body, std::uint64_t seconds) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(body);
}

bool is_good(std::string_view body, ByteView signature, const Witness& witness) {
  if (signature.size() != signature_bytes) return false;
  const auto high = std::uint64_t{read_u32(signature.subspan(4, 4))};
  const std::uint64_t seconds = high << 32 | read_u32(signature.subspan(8, 4));
  return ed25519_verify(witness.key, as_bytes(message_of(body, seconds)), signature.subspan(12));
}

// Gives `each`, until it returns false, every line that names a witness: the witness's place, the
// line with its newline, and whether the signature is good, judged when called.
template <typename Each>
void for_lines(std::string_view note, const std::vector<Witness>& witnesses, Each each) {
  const auto split = note.rfind("\n\n");
  if (split == std::string_view::npos) return;
  const auto body = note.substr(0, split + 1);
  for (auto lines = note.substr(split + 2); !lines.empty();) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const auto space = line.find(' ', line_start.size());
    if (!line.starts_with(line_start) || space == std::string_view::npos) continue;
    const auto name = line.substr(line_start.size(), space - line_start.size());
    const auto signature = base64_decode(line.substr(space + 1));
    if (!signature || signature->size() < 4) continue;
    for (std::size_t i = 0; i < witnesses.size(); ++i) {
      const auto& id = witnesses[i].id;
      if (witnesses[i].name != name || !std::equal(id.begin(), id.end(), signature->begin())) {
        continue;
      }
      const auto good = [&] { return is_good(body, *signature, witnesses[i]); };
      if (!each(i, std::string(line) + "\n", good)) return;
    }
  }
}

// White space of Unicode beyond ASCII would begin with a byte above: names here are ASCII.
bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

struct Parts {
  std::string_view name, id, base64;
};
std::optional<Parts> split_key(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Parts{text.substr(0, first), text.substr(first + 1, second - first - 1),
               text.substr(second + 1)};
}

Bytes typed(ByteView key) {
  Bytes bytes{kind_cosignature};
  append(bytes, key);
  return bytes;
}

}  // namespace

std::optional<Witness> Witness::of(std::string_view name, const ByteArray<32>& key) {
  if (!is_name(name)) return std::nullopt;
  const ByteArray<1> newline{'\n'};
  const auto digest = sha256({as_bytes(name), newline, typed(key)});
  return Witness{std::string(name), {digest[0], digest[1], digest[2], digest[3]}, key};
}

std::optional<Witness> Witness::parse(std::string_view vkey) {
  const auto parts = split_key(vkey);
  const auto bytes = parts ? base64_decode(parts->base64) : std::nullopt;
  if (!bytes || bytes->size() != 33 || bytes->front() != kind_cosignature) return std::nullopt;
  auto witness = of(parts->name, *to_array<32>(ByteView(*bytes).subspan(1)));
  if (!witness || parts->id != hex_encode(witness->id)) return std::nullopt;
  return witness;
}

std::string Witness::vkey() const {
  return name + "+" + hex_encode(id) + "+" + base64_encode(typed(key));
}

std::vector<Witness> parse_witnesses(const std::vector<std::string>& vkeys) {
  std::vector<Witness> result;
  for (const auto& vkey : vkeys) {
    auto witness = Witness::parse(vkey);
    if (witness && std::none_of(result.begin(), result.end(),
                                [&](const Witness& w) { return w.key == witness->key; })) {
      result.push_back(std::move(*witness));
    }
  }
  return result;
}

Status check_witnesses(const std::vector<std::string>& vkeys) {
  std::vector<Witness> known;
  for (const auto& vkey : vkeys) {
    auto witness = Witness::parse(vkey);
    if (!witness) {
      return fail("witness.vkey",
                  "this is no witness's key: write what isoloir witness key has said, "
                  "name+8 digits+base64");
    }
    for (const auto& other : known) {
      if (other.name != witness->name && other.key != witness->key) continue;
      return fail(
          "witness.twice",
          (other.key == witness->key ? other.name + " and " + witness->name + " have one key"
                                     : "two witnesses are named " + witness->name) +
              ": one person counts once, so each has a name and a key of her own");
    }
    known.push_back(std::move(*witness));
  }
  return {};
}

std::optional<WitnessKey> WitnessKey::of(std::string_view name, Ed25519KeyPair pair) {
  auto witness = Witness::of(name, pair.key);
  if (!witness) return std::nullopt;
  return WitnessKey{std::move(*witness), std::move(pair)};
}

std::optional<WitnessKey> WitnessKey::parse(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (!line.starts_with(private_start)) return std::nullopt;
  const auto parts = split_key(line.substr(private_start.size()));
  auto bytes = parts ? base64_decode(parts->base64) : std::nullopt;
  if (!bytes || bytes->size() != 33 || bytes->front() != kind_cosignature) return std::nullopt;
  Secret<ByteArray<32>> seed(*to_array<32>(ByteView(*bytes).subspan(1)));
  wipe(bytes->data(), bytes->size());
  auto key = of(parts->name, Ed25519KeyPair::of(std::move(seed)));
  if (!key || parts->id != hex_encode(key->witness.id)) return std::nullopt;
  return key;
}

Secret<std::string> WitnessKey::text() const {
  Bytes bytes = typed(pair.seed.reveal());
  Secret<std::string> text(std::string(private_start) + witness.name + "+" +
                           hex_encode(witness.id) + "+" + base64_encode(bytes) + "\n");
  wipe(bytes.data(), bytes.size());
  return text;
}

std::string cosign(std::string_view body, const WitnessKey& key, std::uint64_t seconds) {
  Bytes signature(key.witness.id.begin(), key.witness.id.end());
  append_u64(signature, seconds);
  append(signature, ed25519_sign(key.pair, as_bytes(message_of(body, seconds))));
  return std::string(line_start) + key.witness.name + " " + base64_encode(signature) + "\n";
}

std::vector<std::string> cosignatures_of(std::string_view note,
                                         const std::vector<Witness>& witnesses) {
  std::vector<std::string> found(witnesses.size());
  for_lines(note, witnesses, [&](std::size_t i, const std::string& line, const auto& is_good) {
    if (found[i].empty() && is_good()) found[i] = line;
    return true;
  });
  return found;
}

std::size_t count_cosignatures(std::string_view note, const std::vector<Witness>& witnesses) {
  const auto found = cosignatures_of(note, witnesses);
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [](const auto& line) { return !line.empty(); }));
}

Expected<std::vector<std::string>> new_cosignatures(std::string_view note,
                                                    const std::vector<Witness>& witnesses,
                                                    const std::vector<std::string>& held) {
  std::vector<std::string> found(witnesses.size());
  bool named = false, wrong = false;
  for_lines(note, witnesses, [&](std::size_t i, const std::string& line, const auto& is_good) {
    named = true;
    if (!held[i].empty() || !found[i].empty()) return true;
    wrong = !is_good();
    if (!wrong) found[i] = line;
    return !wrong;
  });
  if (wrong) return fail("cosignature.signature", "a cosignature that names a witness is wrong");
  if (!named) {
    return fail("cosignature.stranger", "none of the signatures is of a witness of this election");
  }
  return found;
}

}  // namespace isoloir

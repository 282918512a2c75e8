#include "election/checkpoint.hpp"

#include <algorithm>
#include <charconv>

#include "base/unicode.hpp"
#include "crypto/hash.hpp"

namespace isoloir {
namespace {

constexpr std::string_view signature_start = "\xe2\x80\x94 ";  // em dash, space
constexpr std::string_view proof_magic = "c2sp.org/tlog-proof@v1\n";
constexpr std::uint8_t note_ed25519 = 1;
constexpr std::size_t note_signatures_max = 64;

ByteArray<4> key_id(std::string_view name, const ByteArray<32>& key) {
  const ByteArray<2> middle{'\n', note_ed25519};
  const auto digest = sha256({as_bytes(name), middle, key});
  return {digest[0], digest[1], digest[2], digest[3]};
}

// Takes the text up to the next newline, which is consumed.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() ||
      (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  return value;
}

std::optional<Digest> parse_digest(std::string_view base64) {
  const auto bytes = base64_decode(base64);
  return bytes ? to_array<32>(*bytes) : std::nullopt;
}

std::optional<Checkpoint> parse_body(std::string_view body) {
  const auto origin = take_line(body);
  const auto size = take_line(body);
  const auto root = take_line(body);
  if (!root || origin->empty() || !body.empty()) return std::nullopt;
  const auto parsed_size = parse_decimal(*size);
  const auto parsed_root = parse_digest(*root);
  if (!parsed_size || !parsed_root) return std::nullopt;
  return Checkpoint{std::string(*origin), *parsed_size, *parsed_root};
}

}  // namespace

bool is_key_name(std::string_view name) {
  // White space of Unicode, in UTF-8.
  static constexpr std::string_view spaces[] = {" ",
                                                "\xc2\x85",
                                                "\xc2\xa0",
                                                "\xe1\x9a\x80",
                                                "\xe2\x80\x80",
                                                "\xe2\x80\x81",
                                                "\xe2\x80\x82",
                                                "\xe2\x80\x83",
                                                "\xe2\x80\x84",
                                                "\xe2\x80\x85",
                                                "\xe2\x80\x86",
                                                "\xe2\x80\x87",
                                                "\xe2\x80\x88",
                                                "\xe2\x80\x89",
                                                "\xe2\x80\x8a",
                                                "\xe2\x80\xa8",
                                                "\xe2\x80\xa9",
                                                "\xe2\x80\xaf",
                                                "\xe2\x81\x9f",
                                                "\xe3\x80\x80"};
  return !name.empty() && name.find('+') == std::string_view::npos &&
         std::none_of(std::begin(spaces), std::end(spaces), [&](std::string_view space) {
           return name.find(space) != std::string_view::npos;
         });
}

std::string Checkpoint::body() const {
  return origin + "\n" + std::to_string(size) + "\n" + base64_encode(root) + "\n";
}

std::string log_vkey(std::string_view origin, const ByteArray<32>& log_key) {
  Bytes typed{note_ed25519};
  append(typed, log_key);
  return std::string(origin) + "+" + hex_encode(key_id(origin, log_key)) + "+" +
         base64_encode(typed);
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const Ed25519KeyPair& key) {
  const std::string body = checkpoint.body();
  Bytes signature;
  append(signature, key_id(checkpoint.origin, key.key));
  append(signature, ed25519_sign(key, as_bytes(body)));
  return body + "\n" + std::string(signature_start) + checkpoint.origin + " " +
         base64_encode(signature) + "\n";
}

Expected<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin,
                                     const ByteArray<32>& log_key) {
  const auto malformed = [] { return fail("checkpoint.form", "not a signed checkpoint"); };
  const auto control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  };
  if (!valid_utf8(note) || std::any_of(note.begin(), note.end(), control)) return malformed();
  const auto split = note.rfind("\n\n");
  if (split == std::string_view::npos) return malformed();
  const auto body = note.substr(0, split + 1);
  const auto checkpoint = parse_body(body);
  if (!checkpoint) return malformed();
  if (checkpoint->origin != origin) {
    return fail("checkpoint.origin", "the checkpoint is of another log");
  }
  auto lines = note.substr(split + 2);
  bool signed_by_log = false;
  std::size_t count = 0;
  while (!lines.empty()) {
    auto line = take_line(lines);
    if (!line || !line->starts_with(signature_start) || ++count > note_signatures_max) {
      return malformed();
    }
    line->remove_prefix(signature_start.size());
    const auto space = line->find(' ');
    if (space == std::string_view::npos || !is_key_name(line->substr(0, space))) return malformed();
    const auto bytes = base64_decode(line->substr(space + 1));
    if (!bytes || bytes->size() < 5) return malformed();
    const auto id = key_id(origin, log_key);
    if (line->substr(0, space) != origin || !std::equal(id.begin(), id.end(), bytes->begin())) {
      continue;
    }
    if (!ed25519_verify(log_key, as_bytes(body), ByteView(*bytes).subspan(4))) {
      return fail("checkpoint.signature", "the log's signature is wrong");
    }
    signed_by_log = true;
  }
  if (!signed_by_log) return fail("checkpoint.signature", "not signed by the log");
  return *checkpoint;
}

Bytes ballot_entry(const ReceiptKey& receipt_key, const Tracker& tracker) {
  Bytes entry{entry_ballot};
  append(entry, receipt_key.nonce(tracker.bytes));
  append(entry, tracker.bytes);
  return entry;
}
Bytes pad_entry(const ByteArray<32>& pad) {
  Bytes entry{entry_pad};
  append(entry, pad);
  return entry;
}
Bytes document_entry(std::uint8_t kind, std::string_view canonical_text) {
  Bytes entry{kind};
  append(entry, as_bytes(canonical_text));
  return entry;
}

std::string Receipt::text() const {
  std::string text(proof_magic);
  text += "extra " + base64_encode(entry) + "\nindex " + std::to_string(index) + "\n";
  for (const auto& digest : proof) text += base64_encode(digest) + "\n";
  return text + "\n" + checkpoint_note;
}

Expected<Receipt> Receipt::parse(std::string_view text) {
  const auto malformed = [] { return fail("receipt.form", "not a receipt of this system"); };
  if (!text.starts_with(proof_magic)) return malformed();
  text.remove_prefix(proof_magic.size());
  const auto extra = take_line(text);
  const auto index = take_line(text);
  if (!index || !extra->starts_with("extra ") || !index->starts_with("index ")) return malformed();
  const auto entry = base64_decode(extra->substr(6));
  const auto number = parse_decimal(index->substr(6));
  if (!entry || !number) return malformed();
  Receipt receipt{*entry, *number, {}, {}};
  for (;;) {
    const auto line = take_line(text);
    if (!line || receipt.proof.size() > 64) return malformed();
    if (line->empty()) break;
    const auto digest = parse_digest(*line);
    if (!digest) return malformed();
    receipt.proof.push_back(*digest);
  }
  receipt.checkpoint_note = std::string(text);
  return receipt;
}

Expected<Tracker> check_receipt(const Receipt& receipt, std::string_view origin,
                                const ByteArray<32>& log_key) {
  const auto checkpoint = open_checkpoint(receipt.checkpoint_note, origin, log_key);
  if (!checkpoint) return fail(checkpoint.error());
  if (receipt.entry.size() != 65 || receipt.entry[0] != entry_ballot) {
    return fail("receipt.entry", "the entry is not that of a ballot");
  }
  if (!verify_inclusion(leaf_hash(receipt.entry), receipt.index, checkpoint->size, receipt.proof,
                        checkpoint->root)) {
    return fail("receipt.inclusion", "the proof does not lead to the checkpoint");
  }
  return Tracker{*to_array<32>(ByteView(receipt.entry).last(32))};
}

}  // namespace isoloir

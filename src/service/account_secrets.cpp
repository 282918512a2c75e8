#include "service/account_secrets.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/unicode.hpp"
#include "crypto/hash.hpp"
#include "identity/common_passwords.hpp"

namespace isoloir {
namespace {

constexpr std::size_t password_characters = 12;  // Unicode's
constexpr std::size_t answer_characters = 3;     // folded
constexpr std::size_t own_letters = 3;           // of a name that counts, and of what is not one

ByteArray<32> mac_of(State& state, AccountSecret kind, std::string_view secret,
                     const ByteArray<16>& salt) {
  const bool password = kind == AccountSecret::password;
  const auto form = password ? nfc(secret) : fold_answer(secret);
  const auto key = argon2id(as_bytes(form), salt, argon2_password);
  return state.peppered(password ? "password" : "answer", {key.reveal()});
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool has_all_classes(std::string_view password) {
  bool upper = false, lower = false, digit = false, special = false;
  for (const char c : password) {
    const auto byte = static_cast<unsigned char>(c);
    upper = upper || (c >= 'A' && c <= 'Z');
    lower = lower || (c >= 'a' && c <= 'z');
    digit = digit || (c >= '0' && c <= '9');
    special = special || byte >= 0x80 || (byte > 0x20 && byte < 0x7f && !std::isalnum(byte));
  }
  return upper && lower && digit && special;
}

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : casefold_without_accents(text)) {
    if ((c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80) letters.push_back(c);
  }
  return letters;
}

// Names of two words, and addresses before the @, count by their parts.
std::vector<std::string> words_of(const std::vector<std::string>& own) {
  std::vector<std::string> words;
  for (const auto& text : own) {
    std::string word;
    for (const char c : text.substr(0, text.find('@')) + " ") {
      const bool between = c == ' ' || c == '-' || c == '.' || c == '_' || c == '\'';
      if (!between) word.push_back(c);
      if (!between || word.empty()) continue;
      if (auto letters = letters_of(word); letters.size() >= own_letters) {
        words.push_back(std::move(letters));
      }
      word.clear();
    }
  }
  std::sort(words.begin(), words.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return words;
}

bool is_made_of(std::string_view password, const std::vector<std::string>& own) {
  std::string left = letters_of(password);
  bool named = false;
  for (const auto& word : words_of(own)) {
    for (auto at = left.find(word); at != std::string::npos; at = left.find(word)) {
      left.erase(at, word.size());
      named = true;
    }
  }
  return named && left.size() < own_letters;
}

Status refuse(std::string code, std::string message) {
  auto id = code;
  return fail(std::move(code), std::move(message), std::move(id));
}

}  // namespace

StretchedSecret stretch(State& state, AccountSecret kind, std::string_view secret) {
  StretchedSecret stretched{state.random().array<16>(), {}};
  stretched.mac = mac_of(state, kind, secret, stretched.salt);
  return stretched;
}

bool stretches_to(State& state, AccountSecret kind, std::string_view secret,
                  const StretchedSecret& stored) {
  return equal_constant_time(mac_of(state, kind, secret, stored.salt), stored.mac);
}

Status check_account_password(std::string_view password, const std::vector<std::string>& own) {
  if (characters(password) < password_characters) {
    return refuse("account.password_short", "a password needs 12 characters");
  }
  if (password.size() > limits::account_password_bytes) {
    return refuse("account.password_long", "a password has 256 bytes at most");
  }
  if (!has_all_classes(password)) {
    return refuse("account.password_classes",
                  "a password needs upper and lower case, a digit and a special character");
  }
  if (is_common_password(password)) {
    return refuse("account.password_common", "the password is among those that are tried first");
  }
  if (is_made_of(password, own)) {
    return refuse("account.password_own", "the password is made of the voter's own name");
  }
  return {};
}

std::string fold_answer(std::string_view answer) {
  // Typographic apostrophes; hyphens, dashes and the minus sign.
  constexpr std::string_view marks[] = {"\u2018", "\u2019", "\u2010", "\u2011", "\u2012",
                                        "\u2013", "\u2014", "\u2015", "\u2212"};
  const std::string folded = nfkc_casefold(answer).value_or("");
  std::string result;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const std::string_view rest = std::string_view(folded).substr(i);
    if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\'' || rest[0] == '-') continue;
    const auto starts = [&](std::string_view mark) { return rest.starts_with(mark); };
    if (std::any_of(std::begin(marks), std::end(marks), starts)) {
      i += 2;  // three bytes each
      continue;
    }
    result.push_back(rest[0]);
  }
  return result;
}

Status check_question(std::string_view question, std::string_view answer) {
  const auto folded_question = fold_answer(question);
  const auto folded_answer = fold_answer(answer);
  if (folded_question.empty()) return refuse("account.question_empty", "there is no question");
  if (characters(question) > limits::account_question_characters) {
    return refuse("account.question_long", "a question has 200 characters at most");
  }
  if (characters(folded_answer) < answer_characters) {
    return refuse("account.answer_short", "an answer needs three letters or digits");
  }
  if (answer.size() > limits::reissue_field_bytes) {
    return refuse("account.answer_long", "an answer has 1024 bytes at most");
  }
  if (folded_question.find(folded_answer) != std::string::npos) {
    return refuse("account.answer_in_question", "the question says its answer");
  }
  return {};
}

void write_account(store::Transaction& transaction, const std::string& voter,
                   const StretchedSecret& password, const std::string& question,
                   const StretchedSecret& answer) {
  transaction.execute(
      "INSERT INTO account (voter, password_salt, password_mac, question, answer_salt, "
      "answer_mac) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (voter) DO UPDATE SET "
      "password_salt = excluded.password_salt, password_mac = excluded.password_mac, question "
      "= excluded.question, answer_salt = excluded.answer_salt, answer_mac = "
      "excluded.answer_mac",
      {voter, ByteView(password.salt), ByteView(password.mac), question, ByteView(answer.salt),
       ByteView(answer.mac)});
}

}  // namespace isoloir

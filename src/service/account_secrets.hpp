// What a voter chooses for her account: what a password and an answer must be, and how both are
// kept, as Argon2id under a salt and a pepper (reissue requirement 31). Thread-safe.
#pragma once

#include "service/state.hpp"

namespace isoloir {

struct StretchedSecret {
  ByteArray<16> salt{};
  ByteArray<32> mac{};
};
enum class AccountSecret { password, answer };

// 60 ms. A password is compared in Unicode's form NFC, an answer as fold_answer makes it.
StretchedSecret stretch(State& state, AccountSecret kind, std::string_view secret);
// Takes as long whatever it says.
bool stretches_to(State& state, AccountSecret kind, std::string_view secret,
                  const StretchedSecret& stored);

// `own`: the voter's names and address, which her password must not be made of alone. Errors, each
// with a text to show under the same id: account.password_short, account.password_long,
// account.password_classes (upper and lower case, a digit and a special character),
// account.password_common (src/identity/common_passwords), account.password_own.
Status check_account_password(std::string_view password, const std::vector<std::string>& own);

// Folding before a secret answer is compared: NFKC, case, spaces and apostrophes, as reissue
// requirement 30 says, and hyphens.
std::string fold_answer(std::string_view answer);

// Errors, likewise: account.question_empty, account.question_long, account.answer_short,
// account.answer_long, account.answer_in_question (an own question that says its answer).
Status check_question(std::string_view question, std::string_view answer);

// In the caller's transaction; in place of what is there.
void write_account(store::Transaction& transaction, const std::string& voter,
                   const StretchedSecret& password, const std::string& question,
                   const StretchedSecret& answer);

}  // namespace isoloir

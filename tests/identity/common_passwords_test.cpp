#include "identity/common_passwords.hpp"

#include <gtest/gtest.h>

namespace isoloir {
namespace {

TEST(CommonPasswords, TheListHoldsWhatPeopleUseMost) {
  for (const char* word : {"password", "motdepasse", "azertyuiop", "123456", "soleil", "qwerty"}) {
    EXPECT_TRUE(is_listed_password(word)) << word;
  }
  for (const char* word : {"", "a", "girafe-tuba", "password\n", "zzzzzzzzzzzzzzzzzzzzz"}) {
    EXPECT_FALSE(is_listed_password(word)) << word;
  }
}

TEST(CommonPasswords, DressedUpTheyAreTheSame) {
  for (const char* password : {"Motdepasse2022!", "M0tdep@sse2022!", "2022-Motdepasse",
                               "MOTDEPASSE", "P@ssw0rd!", "Azertyuiop123!", "@zertyuiop2022!",
                               "!!Soleil2026!!", "Bonjour-2022-2026", "$oleil-2022-22"}) {
    EXPECT_TRUE(is_common_password(password)) << password;
  }
}

TEST(CommonPasswords, OthersAreNot) {
  for (const char* password :
       {"Girafe-Tuba-19-Neige", "Soleil-Girafe-2022", "Isoloir-1234-5678", "xK9#mQ2$vL7@",
        "4829-7163-Kq7!", "Éléphant-Rose-3", "", "\xff\xfe", "Is-7k3mq9xw2dbn-0"}) {
    EXPECT_FALSE(is_common_password(password)) << password;
  }
}

}  // namespace
}  // namespace isoloir

#include "reissue/destination.hpp"

#include <algorithm>
#include <array>

#include "base/domain.hpp"
#include "base/mailbox.hpp"

namespace isoloir::reissue {
namespace {

tl::unexpected<Error> refuse_destination(std::string_view message_id) {
  return fail("reissue.destination", "the destination is refused", message_id);
}

// White space at the ends comes from pasting; a line break is never harmless.
std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The last two labels: mail.ac-lyon.fr, webmail.ac-lyon.fr and ac-lyon.fr are one house. Where a
// registry sells below two labels (asso.fr, co.uk) it takes two houses for one; the voter is then
// asked for another address or a phone, which is the lesser harm.
std::string_view house_of(std::string_view domain) {
  const auto last = domain.rfind('.');
  const auto before = last == std::string_view::npos ? last : domain.rfind('.', last - 1);
  return before == std::string_view::npos ? domain : domain.substr(before + 1);
}

// Mobiles by calling code: the first digits after it, and how many digits follow the code.
struct MobilePlan {
  std::string_view country;
  std::string_view start;
  std::size_t digits;
};
constexpr std::array mobile_plans{
    MobilePlan{"33", "6", 9},      MobilePlan{"33", "7", 9},      MobilePlan{"262", "692", 9},
    MobilePlan{"262", "693", 9},   MobilePlan{"262", "7092", 9},  MobilePlan{"262", "639", 9},
    MobilePlan{"262", "70935", 9}, MobilePlan{"262", "70936", 9}, MobilePlan{"262", "70937", 9},
    MobilePlan{"590", "690", 9},   MobilePlan{"590", "691", 9},   MobilePlan{"590", "7090", 9},
    MobilePlan{"594", "694", 9},   MobilePlan{"594", "70930", 9}, MobilePlan{"594", "70931", 9},
    MobilePlan{"594", "70932", 9}, MobilePlan{"594", "70933", 9}, MobilePlan{"596", "696", 9},
    MobilePlan{"596", "697", 9},   MobilePlan{"596", "7091", 9},  MobilePlan{"508", "7084", 9},
    MobilePlan{"508", "7085", 9},  MobilePlan{"508", "", 6},      MobilePlan{"687", "5", 6},
    MobilePlan{"687", "7", 6},     MobilePlan{"687", "8", 6},     MobilePlan{"687", "9", 6},
    MobilePlan{"689", "87", 8},    MobilePlan{"689", "88", 8},    MobilePlan{"689", "89", 8}};

// Nine digits after the national 0, or after +33. Overseas ones have their own calling code, and
// nobody on the mainland has them: of 06 and 07, blocks 0639, 0690 to 0694, 0696, 0697, 07084,
// 07085 and 0709 are overseas alone in the national plan (Arcep; as libphonenumber has it). Who
// writes +33 before one has put it in the place of her 0, and is reached under the code she meant.
std::string french_number(std::string_view nine) {
  for (const auto& plan : mobile_plans) {
    if (plan.country != "33" && plan.digits == 9 && nine.starts_with(plan.start)) {
      return std::string(plan.country) + std::string(nine);
    }
  }
  return "33" + std::string(nine);
}

// Digits of the international form without +, or nothing.
std::optional<std::string> international(std::string_view typed) {
  std::string digits;
  bool plus = false;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    const char c = typed[i];
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else if (c == '+' && digits.empty() && !plus) {
      plus = true;
    } else if (plus && typed.substr(i).starts_with("(0)")) {  // +33 (0)6 ...
      i += 2;
    } else if (std::string_view(" .-()/").find(c) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  if (!plus && digits.starts_with("00")) {
    digits.erase(0, 2);
    plus = true;
  }
  if (!plus) {
    if (digits.size() != 10 || digits[0] != '0') return std::nullopt;
    return french_number(std::string_view(digits).substr(1));
  }
  if (digits.starts_with("33") && digits.size() == 11) {
    return french_number(std::string_view(digits).substr(2));
  }
  if (digits.size() < 8 || digits.size() > 15 || digits[0] == '0') return std::nullopt;
  return digits;
}

bool is_mobile(std::string_view digits, std::string_view country) {
  bool planned = false;
  for (const auto& plan : mobile_plans) {
    if (plan.country != country) continue;
    planned = true;
    const auto rest = digits.substr(country.size());
    if (rest.size() == plan.digits && rest.starts_with(plan.start)) return true;
  }
  return !planned;
}

}  // namespace

Expected<Destination> judge_email(std::string_view typed, std::string_view professional) {
  const auto personal = read_mailbox(trimmed(typed));
  if (!personal) return refuse_destination("reissue.email_form");
  if (mixes_scripts(personal->domain)) return refuse_destination("reissue.email_script");
  const auto own = read_mailbox(trimmed(professional));
  if (own && own->local_key() == personal->local_key() &&
      house_of(own->domain) == house_of(personal->domain)) {
    return refuse_destination("reissue.email_professional");
  }
  return Destination{personal->address(), personal->local_key() + "@" + personal->domain};
}

Expected<Phone> judge_phone(std::string_view typed, const std::vector<std::string>& countries) {
  const auto digits = typed.size() <= 40 ? international(trimmed(typed)) : std::nullopt;
  if (!digits) return refuse_destination("reissue.phone_form");
  for (const auto& country : countries) {
    if (!digits->starts_with(country)) continue;
    if (!is_mobile(*digits, country)) return refuse_destination("reissue.phone_form");
    return Phone{{"+" + *digits, "+" + *digits}, true};
  }
  return Phone{{"+" + *digits, "+" + *digits}, false};
}

}  // namespace isoloir::reissue

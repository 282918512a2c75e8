#include "cli/mailing_words.hpp"

#include "cli/server.hpp"
#include "web/assets.hpp"
#include "web/message_texts.hpp"

namespace isoloir::cli {
namespace {

// Text ids, by Handed.
struct HandedTexts {
  const char* subject;
  const char* body;
  const char* sms;
  const char* sms_both;
};
constexpr HandedTexts handed_texts[] = {
    {"mailing.identifier_subject", "mailing.identifier_body", "mailing.identifier_sms",
     "mailing.identifier_sms_both"},
    {"mailing.password_subject", "mailing.password_body", "mailing.password_sms",
     "mailing.password_sms_both"},
    {"mailing.code_subject", "mailing.code_body", "mailing.code_sms", "mailing.code_sms_both"}};

constexpr const char* code_place = "{code}";

const char* by_id(Handover by) {
  switch (by) {
    case Handover::email:
      return "mailing.by_email";
    case Handover::sms:
      return "mailing.by_sms";
    case Handover::post:
      break;
  }
  return "mailing.by_post";
}

class MailingWords {
 public:
  MailingWords(const Portal& portal, const MailingElection& election, Handed what)
      : portal_(portal), election_(election), ids_(handed_texts[static_cast<std::size_t>(what)]) {
    other_ =
        what == Handed::identifier ? portal.credentials.code_by : portal.credentials.identifier_by;
  }

  std::string subject() const {
    return texts_.text(ids_.subject, "fr", {}) + " / " + texts_.text(ids_.subject, "en", {});
  }
  std::string try_subject() const {
    return texts_.text("mailing.try_subject", "fr", {{"subject", subject()}});
  }
  // French above, English below a line.
  std::string mail(bool a_try) const {
    return mail_in(web::Language::french, a_try) + "\n\n" + std::string(40, '-') + "\n\n" +
           mail_in(web::Language::english, a_try);
  }
  // The first of several that fits one text message with such a code; nothing where none does.
  std::string sms(const std::string& example, bool a_try) const {
    const Json values{{"code", example}, {"origin", election_.origin}};
    const Json marked{{"code", code_place}, {"origin", election_.origin}};
    const auto wrapped = [&](std::string text) {
      if (election_.replaces) {
        text = texts_.text("mailing.replaces_sms", "fr", {{"text", std::move(text)}});
      }
      return a_try ? texts_.text("mailing.try_sms", "fr", {{"text", std::move(text)}}) : text;
    };
    for (const auto* id : {ids_.sms_both, ids_.sms}) {
      if (fits_one_sms(wrapped(texts_.text(id, "fr", values)))) {
        return wrapped(texts_.text(id, "fr", marked));
      }
    }
    return a_try ? sms(example, false) : "";
  }

 private:
  std::string mail_in(web::Language language, bool a_try) const {
    const std::string in(web::language_code(language));
    const auto of = [&](const BilingualText& text) {
      return language == web::Language::french ? text.fr : text.en;
    };
    const auto moment_of = [&](TimeMs at) {
      return web::format_time(at, language, portal_.time_zone);
    };
    const auto* lost = portal_.recovery ? "mailing.lost_online" : "mailing.lost";
    auto text = texts_.text(ids_.body, in,
                            {{"election", of(election_.title)},
                             {"code", code_place},
                             {"origin", election_.origin},
                             {"opens", moment_of(election_.opens_at)},
                             {"closes", moment_of(election_.closes_at)},
                             {"zone", of(portal_.time_zone_name)},
                             {"other", texts_.text(by_id(other_), in, {})},
                             {"lost", texts_.text(lost, in, {})}});
    if (election_.replaces) text = texts_.text("mailing.replaces_note", in, {}) + "\n\n" + text;
    return a_try ? texts_.text("mailing.try_note", in, {}) + "\n\n" + text : text;
  }

  const Portal& portal_;
  const MailingElection& election_;
  const HandedTexts& ids_;
  Handover other_ = Handover::post;  // how the other of the two comes
  web::Renderer renderer_{web::asset, overrides_of(portal_)};
  web::MessageTexts texts_{renderer_, portal_};
};

// As the voter would type it, and visibly nobody's.
std::string example_of(const CodeForm& form) {
  std::string example;
  for (std::uint32_t i = 0; i < form.length(); ++i) example += i > 0 && i % 4 == 0 ? "-X" : "X";
  return example;
}

}  // namespace

Expected<MailingPlan> plan_mailing(const Portal& portal, const MailingElection& election,
                                   const MailingFile& file) {
  if (portal.messages.email_sender.empty()) {
    return fail("mailing.sender",
                "portal.toml has no [messages]: it names the sender that voters see, and how many "
                "messages leave a second");
  }
  const MailingWords words(portal, election, file.what);
  const auto& forms = portal.credentials;
  MailingPlan plan;
  plan.channel = file.channel;
  plan.what = file.what;
  plan.election = election.title;
  plan.sender = portal.title;
  plan.policy = portal.messages;
  plan.closes_at = election.closes_at;
  plan.example = example_of(file.what == Handed::identifier ? *forms.identifier : forms.code);
  if (file.channel == MessageChannel::email) {
    plan.subject = words.subject();
    plan.body = words.mail(false);
    plan.try_subject = words.try_subject();
    plan.try_body = words.mail(true);
  } else {
    plan.body = words.sms(plan.example, false);
    plan.try_body = words.sms(plan.example, true);
    if (plan.body.empty()) {
      return fail("mailing.too_long",
                  "the text with its code and the portal's address is not a single text message: "
                  "give a shorter one in [texts] of portal.toml, mailing." +
                      std::string(name_of(file.what)) + "_sms");
    }
  }
  return plan;
}

}  // namespace isoloir::cli

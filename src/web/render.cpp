#include "web/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <mutex>
#include <stdexcept>

namespace isoloir::web {
namespace {

namespace mustache = kainjow::mustache;

constexpr int include_depth_max = 4;
// Where the document goes: no UTF-8, which all texts and values are.
constexpr std::string_view document_mark = "\xff\xfe";

std::string escaped(std::string_view text) {
  return mustache::html_escape(std::string(text));
}

// The text with each "{name}" given to value() and all that stands between to literal().
template <typename Literal, typename Value>
std::string filled(std::string_view text, const Literal& literal, const Value& value) {
  std::string result;
  for (const auto& name : placeholders(text)) {
    const auto at = text.find("{" + name + "}");
    result += literal(text.substr(0, at));
    result += value(name);
    text.remove_prefix(at + name.size() + 2);
  }
  return result + literal(text);
}

// A catalogue text as a piece of template: escaped, its values as tags; any other brace cannot open
// one.
std::string as_template(std::string_view text) {
  const auto literal = [](std::string_view part) {
    std::string result = escaped(part);
    for (auto at = result.find('{'); at != std::string::npos; at = result.find('{', at)) {
      result.replace(at, 1, "&#123;");
    }
    return result;
  };
  return filled(text, literal, [](const std::string& name) { return "{{" + name + "}}"; });
}

// A plural text becomes one section for each form; convert() says which holds, under the name
// form_key().
std::string form_key(std::string_view counter, std::size_t form) {
  return fmt::format("{}~{}", counter, form);
}

class ViewCompiler {
 public:
  ViewCompiler(const AssetLoader& loader, const Catalogue& catalogue, std::string_view view)
      : loader_(loader), catalogue_(catalogue), view_(view) {}

  // The view as plain mustache that its parser takes.
  std::string compile() const {
    const bool whole = source(view_).starts_with("<!DOCTYPE html>");
    std::string compiled = expand(source(whole ? view_ : "layout"), 0);
    check_sections(compiled);
    return compiled;
  }

 private:
  std::runtime_error wrong(std::string_view reason) const {
    return std::runtime_error(fmt::format("view {}: {}", view_, reason));
  }

  void check_sections(std::string_view compiled) const {
    std::vector<std::string_view> open;
    for (auto at = compiled.find("{{"); at != std::string_view::npos; at = compiled.find("{{")) {
      const auto tag = compiled.substr(at + 2, compiled.find("}}", at) - at - 2);
      compiled.remove_prefix(at + 2 + tag.size());
      if (tag.starts_with('#') || tag.starts_with('^')) open.push_back(tag.substr(1));
      if (!tag.starts_with('/')) continue;
      if (open.empty() || open.back() != tag.substr(1)) throw wrong(fmt::format("{{{{{}}}}}", tag));
      open.pop_back();
    }
    if (!open.empty()) throw wrong(fmt::format("the section {} is not closed", open.back()));
  }

  std::string_view source(std::string_view name) const {
    const auto found = loader_(fmt::format("views/{}.mustache", name));
    if (!found) throw wrong(fmt::format("there is no views/{}.mustache", name));
    return *found;
  }

  // Our own tags replaced, mustache's left as they are.
  std::string expand(std::string_view input, int depth) const {
    if (depth > include_depth_max) throw wrong("views that take in each other");
    std::string result;
    for (;;) {
      const auto open = input.find("{{");
      result += input.substr(0, open);
      if (open == std::string_view::npos) return result;
      const auto close = input.find("}}", open);
      if (close == std::string_view::npos) throw wrong("a tag without an end");
      const auto tag = input.substr(open + 2, close - open - 2);
      input.remove_prefix(close + 2);
      if (tag.starts_with('!') && input.starts_with('\n')) input.remove_prefix(1);
      result += replacement(tag, depth);
    }
  }

  std::string replacement(std::string_view tag, int depth) const {
    if (tag.starts_with('!')) return {};
    if (tag == "document") return std::string(document_mark);
    if (tag.starts_with('{') || tag.starts_with('&') || tag.starts_with('=')) {
      throw wrong(fmt::format("the tag {{{{{}}}}} would print without escaping", tag));
    }
    if (const auto name = argument(tag, ">")) {
      return expand(source(*name == "view" ? view_ : *name), depth + 1);
    }
    if (const auto id = argument(tag, "t:")) return text_tag(*id);
    if (const auto id = argument(tag, "booth:")) return booth_tag(*id);
    return fmt::format("{{{{{}}}}}", tag);
  }

  static std::optional<std::string_view> argument(std::string_view tag, std::string_view kind) {
    if (!tag.starts_with(kind)) return std::nullopt;
    tag.remove_prefix(std::min(tag.find_first_not_of(' ', kind.size()), tag.size()));
    return tag.substr(0, tag.find_last_not_of(' ') + 1);
  }

  const Text& text(std::string_view id) const {
    const Text* found = catalogue_.find(id);
    if (found == nullptr) throw wrong(fmt::format("there is no text \"{}\"", id));
    return *found;
  }

  std::string text_tag(std::string_view id) const {
    const Text& found =
        text(id.starts_with('.') ? fmt::format("{}{}", view_, id) : std::string(id));
    if (found.counter.empty()) return as_template(found.forms.front());
    std::string result;
    for (std::size_t form = 0; form < found.forms.size(); ++form) {
      const std::string key = form_key(found.counter, form);
      result += fmt::format("{{{{#{0}}}}}{1}{{{{/{0}}}}}", key, as_template(found.forms[form]));
    }
    return result;
  }

  std::string booth_tag(std::string_view id) const {
    const Text& found = text(id);
    std::string result;
    for (std::size_t form = 0; form < found.forms.size(); ++form) {
      const std::string_view plural = found.counter.empty() ? ""
                                      : form == 0           ? " data-plural=\"one\""
                                                            : " data-plural=\"other\"";
      result += fmt::format("<template data-text=\"{}\"{}>{}</template>", id, plural,
                            escaped(found.forms[form]));
    }
    return result;
  }

  const AssetLoader& loader_;
  const Catalogue& catalogue_;
  std::string_view view_;
};

mustache::data convert(const Json& value, const Catalogue& catalogue, Language language);

void convert_integer(mustache::data& object, const std::string& name, std::int64_t number,
                     const Catalogue& catalogue, Language language) {
  if (name.ends_with("_at")) {
    object.set(name, format_time(number, language));
    object.set(name + "_ms", std::to_string(number));
    return;
  }
  object.set(name, format_number(number, language));
  object.set(form_key(name, catalogue.plural_form(number)), true);
}

mustache::data convert(const Json& value, const Catalogue& catalogue, Language language) {
  if (value.is_object()) {
    mustache::data object;
    for (const auto& [name, member] : value.items()) {
      if (member.is_number_integer()) {
        convert_integer(object, name, member.get<std::int64_t>(), catalogue, language);
      } else {
        object.set(name, convert(member, catalogue, language));
      }
    }
    return object;
  }
  if (value.is_array()) {
    mustache::data list(mustache::data::type::list);
    for (const auto& item : value) list.push_back(convert(item, catalogue, language));
    return list;
  }
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
    return mustache::data(value.get<std::string>());
  }
  if (value.is_number_integer()) return {format_number(value.get<std::int64_t>(), language)};
  if (value.is_number_float()) return {format_decimal(value.get<double>(), language)};
  return mustache::data(value.is_boolean() && value.get<bool>());
}

Catalogue load_catalogue(const AssetLoader& loader, Language language,
                         const TextOverrides& overrides) {
  const std::string name = fmt::format("locale/{}.mo", language_code(language));
  const auto mo = loader(name);
  if (!mo) throw std::runtime_error("there is no " + name);
  auto catalogue = Catalogue::parse(*mo);
  if (!catalogue) throw std::runtime_error(name + ": " + catalogue.error().message);
  if (const auto own = overrides.find(language); own != overrides.end()) {
    for (const auto& [id, text] : own->second) {
      if (const auto status = catalogue->override_text(id, text); !status) {
        throw std::runtime_error(status.error().message);
      }
    }
  }
  return std::move(*catalogue);
}

}  // namespace

struct Renderer::Tables {
  // Mustache's parser takes milliseconds a view, and most programs show few of them: it reads a
  // view when the first page of it is asked for.
  class CompiledView {
   public:
    explicit CompiledView(std::string source) : source_(std::move(source)) {}

    std::string render(const mustache::data& data) const {
      std::call_once(once_, [this] {
        parsed_.emplace(source_);
        ISOLOIR_ASSERT(parsed_->is_valid());  // check_sections() has found nothing
      });
      return parsed_->render(data);
    }

   private:
    std::string source_;
    mutable std::once_flag once_;
    // mustache::render is not const, yet writes only when a lambda, partial or delimiter tag fails,
    // and compiled views have none of them: threads may share it.
    mutable std::optional<mustache::mustache> parsed_;
  };

  struct OneLanguage {
    Catalogue catalogue;
    std::map<std::string, CompiledView, std::less<>> views;
  };
  std::map<Language, OneLanguage> languages;
};

Renderer::Renderer(const AssetLoader& loader, const TextOverrides& overrides) {
  auto tables = std::make_unique<Tables>();
  for (const auto language : languages) {
    Tables::OneLanguage& one = tables->languages[language];
    one.catalogue = load_catalogue(loader, language, overrides);
    for (const auto& view : view_names()) {
      one.views.try_emplace(view, ViewCompiler(loader, one.catalogue, view).compile());
    }
  }
  tables_ = std::move(tables);
}

Renderer::~Renderer() = default;
Renderer::Renderer(Renderer&&) noexcept = default;
Renderer& Renderer::operator=(Renderer&&) noexcept = default;

std::string Renderer::page(std::string_view view, const Json& data, Language language,
                           const SafeHtml& document) const {
  const auto& one = tables_->languages.at(language);
  const auto found = one.views.find(view);
  ISOLOIR_ASSERT(found != one.views.end());
  mustache::data converted = convert(data, one.catalogue, language);
  converted.set("lang", std::string(language_code(language)));
  for (const auto each : languages) {
    converted.set(fmt::format("lang_{}", language_code(each)), each == language);
  }
  auto html = found->second.render(converted);
  if (const auto at = html.find(document_mark); at != std::string::npos) {
    html.replace(at, document_mark.size(), document.text());
  }
  return html;
}

std::string Renderer::text(std::string_view id, Language language, const Json& data) const {
  const auto& one = tables_->languages.at(language);
  const Text* found = one.catalogue.find(id);
  ISOLOIR_ASSERT(found != nullptr);
  const std::size_t form =
      found->counter.empty()
          ? 0
          : one.catalogue.plural_form(data.at(found->counter).get<std::int64_t>());
  const mustache::data values = convert(data, one.catalogue, language);
  return filled(
      found->forms[form], [](std::string_view part) { return std::string(part); },
      [&values](const std::string& name) {
        const mustache::data* value = values.get(name);
        ISOLOIR_ASSERT(value != nullptr && value->is_string());
        return value->string_value();
      });
}

const std::vector<std::string>& view_names() {
  static const std::vector<std::string> names{"sign_in",
                                              "identity_refused",
                                              "identity_returned",
                                              "identity_signed_out",
                                              "claim",
                                              "claim_sent",
                                              "claim_follow",
                                              "claim_status",
                                              "home",
                                              "voting_space",
                                              "tracker",
                                              "receipt_check",
                                              "closed",
                                              "suspended",
                                              "not_yet_open",
                                              "not_found",
                                              "busy",
                                              "server_error",
                                              "signed_out",
                                              "bad_request",
                                              "result",
                                              "demo",
                                              "inbox",
                                              "link",
                                              "reissue_choice",
                                              "reissue_question",
                                              "reissue_sent",
                                              "reissue_refused",
                                              "reissue_cancel",
                                              "result_later",
                                              "code_blocked",
                                              "help",
                                              "help_sent",
                                              "password_renewal",
                                              "password_requested",
                                              "password_link",
                                              "identifier_recovery",
                                              "both_lost",
                                              "recovery_shut",
                                              "account_link",
                                              "account_requested",
                                              "account",
                                              "account_password",
                                              "account_question",
                                              "account_done",
                                              "account_block",
                                              "account_shut",
                                              "information",
                                              "my_contests",
                                              "electoral_roll",
                                              "my_account",
                                              "contact",
                                              "delivery"};
  return names;
}

}  // namespace isoloir::web

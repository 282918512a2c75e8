// Pages: mustache views (views/*.mustache) filled with a handler's data, in the language asked for.
//
// A view is compiled once per language, within the layout unless it begins as a whole page
// ("<!DOCTYPE html>"): `{{> name}}` takes in views/name.mustache and `{{> view}}`,
// in the layout, the page itself; `{{t: id}}` becomes the catalogue's text, `{{t: .name}}` the text
// "<view>.name"; `{{booth: id}}` becomes <template data-text="id"> for the browser's code, its
// values left in braces, plural forms marked data-plural="one" or "other". Everything printed is
// HTML-escaped, texts and values alike; a view that asks otherwise is refused. `{{document}}` is
// the one place where HTML stands as it is: that of a MarkdownPage, which can do nothing.
//
// Data, as each view documents them in its head comment: an integer is a quantity and is printed by
// the language's rules; an integer whose name ends in "_at" is a TimeMs and is printed as date and
// time in Paris, and its plain digits are there under the same name + "_ms". What must be printed
// as it stands (identifier, part of an address) is a string. Empty string, null, false and the
// empty list are false to a section.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/canonical_json.hpp"
#include "web/locale.hpp"
#include "web/markdown.hpp"

namespace isoloir::web {

// Content of an embedded file by its name in the tree ("views/home.mustache", "locale/fr.mo");
// nothing when there is none.
using AssetLoader = std::function<std::optional<std::string_view>(std::string_view name)>;

// A portal's own wording, by language and text id.
using TextOverrides = std::map<Language, std::map<std::string, std::string>>;

// Thread-safe: immutable once made, but that a view is parsed when its first page is asked for.
class Renderer {
 public:
  // Compiles every view of view_names() in every language. Throws std::runtime_error, naming view
  // and id, when a view or text is missing or wrong: that is a build or configuration error, found
  // when the program starts.
  explicit Renderer(const AssetLoader& loader, const TextOverrides& overrides = {});
  ~Renderer();
  Renderer(Renderer&&) noexcept;
  Renderer& operator=(Renderer&&) noexcept;

  // The whole HTML page. Asserts that the view exists.
  std::string page(std::string_view view, const Json& data, Language language,
                   const SafeHtml& document = {}) const;

  // A text outside a page (Error::message_id, the subject of a message), not HTML-escaped; values
  // and counter are taken from data. Asserts that the id exists.
  std::string text(std::string_view id, Language language, const Json& data = Json::object()) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

// The pages there are, without the layout.
const std::vector<std::string>& view_names();

}  // namespace isoloir::web

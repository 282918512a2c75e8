// Files and public data: the embedded assets, captchas, the manifest, the receipt log.
#include <charconv>

#include "base/limits.hpp"
#include "identity/captcha.hpp"
#include "service/sign_in_tries.hpp"
#include "web/assets.hpp"
#include "web/visit.hpp"

namespace isoloir::web {
namespace {

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

http::Response file(std::string body, std::string_view type) {
  http::Response response;
  response.body = std::move(body);
  response.set_header("Content-Type", std::string(type));
  return response;
}

// What anybody may check from anywhere: a page of another site, or of a disk, reads it too. Such a
// page sends no cookie with it, as "*" admits none, and the answer is the same for everybody.
http::Response public_file(std::string body, std::string_view type) {
  return file(std::move(body), type)
      .set_header("Access-Control-Allow-Origin", "*")
      .set_header("Cross-Origin-Resource-Policy", "cross-origin");
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      (text.size() > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  return value;
}

// tlog-tiles: "x001/x234/067" is 1234067.
std::optional<std::uint64_t> tile_index(std::string_view text) {
  std::uint64_t index = 0;
  for (;;) {
    const bool more = text.starts_with('x');
    if (more) text.remove_prefix(1);
    if (text.size() < 3 || index > 1'000'000'000) return std::nullopt;
    for (const char c : text.substr(0, 3)) {
      if (c < '0' || c > '9') return std::nullopt;
      index = index * 10 + static_cast<std::uint64_t>(c - '0');
    }
    text.remove_prefix(3);
    if (!more) return text.empty() ? std::optional(index) : std::nullopt;
    if (!text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

std::optional<http::Response> embedded_file(std::string_view name) {
  for (const std::string_view folder : {"web/", "static/"}) {
    if (const auto content = asset(std::string(folder) + std::string(name))) {
      auto response = file(std::string(*content), content_type(name));
      // Short, because a running page and its script must be of one build.
      response.set_header("Cache-Control", "public, max-age=300");
      return response;
    }
  }
  return std::nullopt;
}

http::Response Site::asset_file(Visit& visit) {
  auto found = embedded_file(std::string_view(visit.request.path).substr(8));
  return found ? std::move(*found) : error_page(404, &visit.request);
}

http::Response Site::captcha_file(Visit& visit) {
  std::string_view id = std::string_view(visit.request.path).substr(9);
  const bool image = id.ends_with(".png");
  if ((!image && !id.ends_with(".wav")) || !visit.session) return error_page(404, &visit.request);
  id.remove_suffix(4);
  const auto digits = captchas_.digits(*visit.session, id);
  if (!digits) return error_page(404, &visit.request);
  const auto language =
      visit.language == Language::french ? CaptchaLanguage::french : CaptchaLanguage::english;
  const Bytes content = image ? captcha_png(*digits, state_.random())
                              : captcha_wav(*digits, language, state_.random());
  return file(std::string(as_text(content)), image ? "image/png" : "audio/wav");
}

http::Response Site::manifest_file(Visit&) {
  return public_file(state_.manifest_text(), "application/json");
}

http::Response Site::log_file(Visit& visit) {
  std::string_view path = visit.request.path;
  const std::string log = state_.manifest().log_path() + "/";
  if (!path.starts_with(log)) return error_page(404, &visit.request);
  path.remove_prefix(log.size());
  if (path == "checkpoint") {
    auto note = log_.checkpoint_note();
    if (!note.empty()) return public_file(std::move(note), "text/plain; charset=utf-8");
  }
  if (path == "checkpoint-witnessed") {
    auto note = log_.witnessed_note();
    if (!note.empty()) return public_file(std::move(note), "text/plain; charset=utf-8");
  }
  if (path.starts_with("tile/")) {
    path.remove_prefix(5);
    const auto slash = path.find('/');
    const auto level = decimal(path.substr(0, slash));
    std::string_view rest = slash == std::string_view::npos ? "" : path.substr(slash + 1);
    std::uint64_t width = 256;
    if (const auto partial = rest.find(".p/"); partial != std::string_view::npos) {
      width = decimal(rest.substr(partial + 3)).value_or(0);
      rest = rest.substr(0, partial);
      if (width > 255) width = 0;  // a full tile has no such suffix
    }
    const auto index = tile_index(rest);
    if (level && index) {
      if (const auto tile = log_.tile(*level, *index, width)) {
        return public_file(std::string(as_text(*tile)), "application/octet-stream")
            .set_header("Cache-Control", "public, max-age=86400, immutable");
      }
    }
  }
  return error_page(404, &visit.request);
}

// From a witness, which the signature itself shows: no session, no cookie.
http::Response Site::cosignature_post(Visit& visit) {
  const auto& request = visit.request;
  if (request.path != state_.manifest().log_path() + "/cosignature") {
    return error_page(404, &request);
  }
  const auto refused = [](std::string_view code, int status) {
    return http::Response::json(canonical_json({{"code", code}, {"status", "refused"}}), status);
  };
  const Status taken = request.body.size() > limits::witness_checkpoint_bytes
                           ? fail("cosignature.form", "longer than any signed checkpoint")
                           : log_.take_cosignatures(request.body);
  if (taken) return http::Response::json("{\"status\":\"kept\"}");
  // Late by no fault of its own, a witness comes again with a newer one.
  return refused(taken.error().code, taken.error().code == "cosignature.checkpoint" ? 409 : 400);
}

// What the portal's organiser has written, for everybody: the way in stands there too.
http::Response Site::information(Visit& visit) {
  const auto name = std::string_view(visit.request.path).substr(information_path.size());
  if (const auto* picture = information_.picture(name)) {
    return file(*picture, "image/png").set_header("Cache-Control", "public, max-age=300");
  }
  const auto* found = information_.page(name, visit.language);
  if (!found) return error_page(404, &visit.request);
  Json data = information_menu(visit);
  data["name"] = found->title;
  return page(visit, "information", std::move(data), 200, found->html);
}

// As views/information_menu.mustache wants it. The form to the assistance where there is one.
Json Site::information_menu(const Visit& visit) const {
  Json entries = Json::array();
  for (const auto& item : portal_.information) {
    const bool form = item.page.empty();
    if (form && (!portal_.assistance || portal_.assistance->email.empty())) continue;
    const auto url = form ? "/help" : std::string(information_path) + item.page;
    entries.push_back(
        {{"label", visit.language == Language::french ? item.label.fr : item.label.en},
         {"url", url},
         {"here", url == visit.request.path}});
  }
  return {{"with_information", !entries.empty()}, {"information", entries}};
}

// For load balancers and monitors: 503 while votes cannot be written, with the reason. From memory,
// so that it is answered when everything else waits.
http::Response Site::health(Visit&) {
  const auto& database = state_.database();
  const auto trouble = database.trouble();
  auto response =
      http::Response::json(canonical_json({{"status", trouble ? store::name_of(*trouble) : "ok"},
                                           {"queued_writes", database.queued_writes()}}),
                           trouble ? 503 : 200);
  if (trouble) response.set_header("Retry-After", std::to_string(limits::retry_after_seconds));
  return response;
}

http::Response Site::demo_landing(Visit& visit) {
  Json data = demo_->landing;
  if (auto other = data.find("other_demo"); other != data.end()) {
    (*other)["title"] = (*other)[language_code(visit.language)];
  }
  return page(visit, "demo", std::move(data));
}

}  // namespace isoloir::web

#include "cli/witness_source.hpp"

#include <fmt/format.h>

#include "base/unicode.hpp"

namespace isoloir::cli {

WitnessSource::WitnessSource(std::string url, std::function<bool()> abandoned)
    : url_(std::move(url)), abandoned_(std::move(abandoned)) {
  while (url_.ends_with('/')) url_.pop_back();
}

Expected<std::string> WitnessSource::get(const std::string& path, std::size_t bytes_most) {
  FetchRequest request{url_ + path, "*/*"};
  request.headers.push_back({"Cache-Control", Secret<std::string>("no-cache")});
  return exchange(std::move(request), bytes_most);
}

Status WitnessSource::post(const std::string& path, const std::string& text) {
  FetchRequest request{url_ + path, "application/json"};
  request.body_type = "text/plain";
  request.body = Secret<std::string>(text);
  const auto answer = exchange(std::move(request), limits::witness_checkpoint_bytes);
  if (!answer) return fail(answer.error());
  return {};
}

Expected<std::string> WitnessSource::exchange(FetchRequest request, std::size_t bytes_most) {
  request.abandoned = abandoned_;
  request.answer_bytes = bytes_most;
  request.connect_timeout_ms = limits::witness_connect_timeout_ms;
  request.answer_timeout_ms = limits::witness_answer_timeout_ms;
  auto answer = fetcher_.fetch(request);
  if (!answer) return fail(answer.error());
  if (answer->status == 200) return std::move(answer->body);
  auto said = printable(std::string_view(answer->body).substr(0, 200));
  if (answer->content_type != "application/json") said.clear();
  return fail(answer->status == 404 ? "witness.absent" : "witness.answer",
              fmt::format("{}: status {} {}", request.url, answer->status, said));
}

}  // namespace isoloir::cli

#include "http/fetch.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "base/service_address.hpp"
namespace isoloir {
namespace {

// A handle with the options of one exchange.
struct Handle {
  explicit Handle(CURL* reused) : curl(reused) {}
  ~Handle() {
    for (auto* line = headers; line; line = line->next) {
      wipe(line->data, std::strlen(line->data));  // tokens and passwords among them
    }
    curl_easy_reset(curl);  // forgets them
    curl_slist_free_all(headers);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  template <typename Value>
  void set(CURLoption option, Value value) {
    if (curl_easy_setopt(curl, option, value) != CURLE_OK) {
      throw std::runtime_error("this libcurl lacks an option");
    }
  }
  void header(const std::string& line) {
    auto* longer = curl_slist_append(headers, line.c_str());
    if (!longer) throw std::runtime_error("libcurl has no memory");
    headers = longer;
  }

  CURL* const curl;
  curl_slist* headers = nullptr;
};

CURL* new_handle() {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw std::runtime_error("libcurl does not start");
  auto* curl = curl_easy_init();
  if (!curl) throw std::runtime_error("libcurl has no memory");
  return curl;
}

struct Received {
  std::size_t bytes_most = 0;
  std::string body;
  bool too_large = false;
};

std::size_t receive(char* data, std::size_t, std::size_t size, void* target) {
  auto& received = *static_cast<Received*>(target);
  received.too_large = received.body.size() + size > received.bytes_most;
  if (received.too_large) return 0;  // ends the exchange
  received.body.append(data, size);
  return size;
}

int ask_whether_abandoned(void* request, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const FetchRequest*>(request)->abandoned() ? 1 : 0;  // 1 ends the exchange
}

std::string host_of(std::string_view url) {
  const auto from = url.find("://") + 3;
  return std::string(url.substr(from, url.find_first_of("/?", from) - from));
}

bool one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void set_headers(Handle& handle, const FetchRequest& request) {
  handle.header("Accept: " + request.accept);
  if (!request.bearer.reveal().empty()) {
    Secret<std::string> line("Authorization: Bearer " + request.bearer.reveal());
    handle.header(line.reveal());
  }
  for (const auto& [name, value] : request.headers) {
    Secret<std::string> line(name + ": " + value.reveal());
    handle.header(line.reveal());
  }
}

// What is posted, if anything; libcurl does not copy it.
void set_body(Handle& handle, const FetchRequest& request) {
  const bool raw = !request.body_type.empty();
  const auto& body = raw ? request.body.reveal() : request.form.reveal();
  if (body.empty() && !raw) return;
  handle.set(CURLOPT_POSTFIELDS, body.c_str());
  handle.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  handle.header("Expect:");
  if (raw) handle.header("Content-Type: " + request.body_type);
}

tl::unexpected<Error> failed(CURL* curl, CURLcode why, const std::string& host) {
  long sent = 0;  // bytes of requests
  curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
  return fail(sent == 0 ? "fetch.unreached" : "fetch.network",
              host + ": " + curl_easy_strerror(why));
}

std::string content_type_of(CURL* curl) {
  const char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  std::string_view text = type ? type : "";
  text = text.substr(0, text.find_first_of("; "));
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

bool is_fetchable(std::string_view url) {
  return place_of_service(url).has_value();
}

Fetcher::Fetcher() : curl_(new_handle()) {}
Fetcher::~Fetcher() {
  curl_easy_cleanup(curl_);
}

Expected<FetchAnswer> fetch(const FetchRequest& request) {
  return Fetcher().fetch(request);
}

Expected<FetchAnswer> Fetcher::fetch(const FetchRequest& request) {
  const auto place = place_of_service(request.url);
  if (!place) return fail("fetch.address", "this is no https:// address");
  const bool here = place == ServicePlace::this_machine;
  for (const auto& [name, value] : request.headers) {
    if (!one_line(name) || !one_line(value.reveal())) {
      return fail("fetch.header", "a header for " + host_of(request.url) + " is not one line");
    }
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(request.deadline - Deadline::clock::now());
  const auto wait_ms =
      static_cast<long>(std::min<std::int64_t>(left.count(), request.answer_timeout_ms));
  if (wait_ms <= 0) {
    return fail("fetch.network", host_of(request.url) + ": no time is left to ask it");
  }
  const auto abandoned = [&] {
    return fail("fetch.abandoned", host_of(request.url) + ": the answer is no longer wanted");
  };
  if (request.abandoned && request.abandoned()) return abandoned();
  Handle handle(curl_);
  Received received{request.answer_bytes, {}, false};
  handle.set(CURLOPT_URL, request.url.c_str());
  handle.set(CURLOPT_PROTOCOLS_STR, here ? "http" : "https");
  handle.set(CURLOPT_FOLLOWLOCATION, 0L);
  handle.set(CURLOPT_NOSIGNAL, 1L);
  handle.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
  handle.set(CURLOPT_TIMEOUT_MS, wait_ms);  // that to connect is part of it
  handle.set(CURLOPT_WRITEFUNCTION, &receive);
  handle.set(CURLOPT_WRITEDATA, static_cast<void*>(&received));
  if (here) handle.set(CURLOPT_NOPROXY, "*");
  if (request.abandoned) {
    handle.set(CURLOPT_NOPROGRESS, 0L);
    handle.set(CURLOPT_XFERINFOFUNCTION, &ask_whether_abandoned);
    handle.set(CURLOPT_XFERINFODATA, const_cast<FetchRequest*>(&request));
    handle.set(CURLOPT_QUICK_EXIT, 1L);  // not even a name server that is silent is waited for
  }
  set_headers(handle, request);
  set_body(handle, request);
  handle.set(CURLOPT_HTTPHEADER, handle.headers);
  const auto done = curl_easy_perform(handle.curl);
  if (received.too_large) {
    return fail("fetch.too_large", host_of(request.url) + " answers with more than is ever needed");
  }
  if (done == CURLE_ABORTED_BY_CALLBACK) return abandoned();
  if (done != CURLE_OK) return failed(handle.curl, done, host_of(request.url));
  FetchAnswer answer;
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &answer.status);
  answer.content_type = content_type_of(handle.curl);
  answer.body = std::move(received.body);
  return answer;
}

}  // namespace isoloir

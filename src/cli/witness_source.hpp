// The election's server, as a witness asks it: a stranger with an address.
#pragma once

#include <functional>
#include <string>

#include "http/fetch.hpp"

namespace isoloir::cli {

class WitnessSource {
 public:
  // `abandoned`: as of FetchRequest.
  WitnessSource(std::string url, std::function<bool()> abandoned);

  // Errors: those of fetch, witness.absent (404), witness.answer.
  Expected<std::string> get(const std::string& path, std::size_t bytes_most);
  Status post(const std::string& path, const std::string& text);

 private:
  Expected<std::string> exchange(FetchRequest request, std::size_t bytes_most);
  Fetcher fetcher_;  // a first look asks for thousands of tiles
  std::string url_;
  std::function<bool()> abandoned_;
};

}  // namespace isoloir::cli

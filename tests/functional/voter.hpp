// A voter at the door of the running program: over HTTP alone, but for the captcha's picture, whose
// digits are read from the database by a connection that is closed at once. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "election/ballot.hpp"
#include "election/credential.hpp"
#include "election/manifest.hpp"
#include "http/client.hpp"

namespace isoloir::test {

// What one request came to: "recorded", "already_voted" … as the interface says; "busy" for a 503
// with Retry-After; "lost" when no whole answer came; "status N" for any other.
struct Answer {
  std::string is;
  Json body = Json::object();
  std::string page;
  int status = 0;
};

class Voter {
 public:
  // card: of demo.json.
  Voter(std::uint16_t port, Json card, std::string database);

  Answer sign_in();  // "signed in"
  Answer enter();    // opens the voting space with the code: "ok"; signs in first
  struct Place {
    std::uint32_t contest, district;
  };
  const std::vector<Place>& places() const { return places_; }  // after enter()
  // base64, ready to be posted as often as one likes.
  std::string ballot(const Place& place, std::size_t choice);
  static std::string tracker(const std::string& ballot);  // hex
  Answer cast(const std::string& ballot);
  Answer receipt(const std::string& ballot);  // "pending", "unknown", "ready"
  Answer leave();

  Answer get(const std::string& target);
  Answer post(const std::string& target, const Json& body);
  http::Client& client() { return client_; }
  const std::string& csrf() const { return csrf_; }

 private:
  Answer told(const Expected<http::ClientResponse>& response) const;
  std::string captcha_digits(const std::string& id) const;

  std::uint16_t port_;
  Json card_;
  std::string database_;
  http::Client client_;
  std::string csrf_;
  Manifest manifest_;
  std::optional<Credential> credential_;
  std::vector<Place> places_;
};

// The value of an attribute that follows `before` in a page; empty when it is not there.
std::string after(std::string_view page, std::string_view before);

}  // namespace isoloir::test

// One request on its way through the site.
#pragma once

#include "web/site.hpp"

namespace isoloir::web {

inline constexpr std::string_view session_cookie = "session";
inline constexpr std::string_view next_session_cookie = "session-next";
// The opener of a reissue: the flow is this browser's.
inline constexpr std::string_view reissue_cookie = "reissue";

struct Site::Visit {
  const http::Request& request;
  Language language = Language::french;
  bool language_chosen = false;      // by ?lang=, to be remembered
  std::optional<Session> session;    // live
  std::optional<std::string> token;  // a new session's, to be set as cookie
  bool next_taken = false;           // it is the one that goes on after a reissue

  const std::string& voter() const { return *session->voter; }
  bool signed_in() const { return session && session->voter; }
};

// A file of /assets/, by its name there; nothing where there is none.
std::optional<http::Response> embedded_file(std::string_view name);

// An open session for a page with a form, made when there is none.
void ensure_session(Site::Visit& visit, Sessions& sessions);

// A page that was opened in a tab of its own from the voting space, which is open in another.
bool beside_a_vote(const Site::Visit& visit);

// The body of an answer of /api/*.
http::Response json_answer(const Json& json);

// "a1b2 c3d4 …": how a fingerprint is shown, so that it can be read aloud.
Json groups_of_four(std::string_view hex);

// Whether a script of our pages sent it: no form of another site can.
bool from_our_page(const http::Request& request);

// Why a voter cannot cast: {"status": already_voted, suspended, closed, or refused with its code}.
Json ballot_refused(const Error& error);

// 401 of /api/*: the browser says that the session is over, and asks no more.
http::Response session_over();

// Where who is not signed in is sent: to a page that says so if a session has ended meanwhile.
std::string sign_in_path(const Site::Visit& visit);

// What became of the message that carries a link, in words for who asked for it: "text" (empty
// where there is nothing to say yet) and "failed" (it will not come).
enum class Carried { link, confirmation_code };
Json message_fate(const Renderer& renderer, Carried carried,
                  const std::optional<MessageTrace>& message, TimeMs now, Language language);

// Where a sign-in may lead besides home: pages that messages and links name, of a closed list.
std::string_view way_on(std::string_view path);

// A contest's part of views/result.mustache; `figures`: of result.json.
Json result_of_contest(const Contest& contest, const Json& figures, Language language);

// result.json, once it may be shown.
struct PublishedResult {
  std::string text;
  TimeMs closed_at = 0;
};
std::optional<PublishedResult> published_result(State& state);

}  // namespace isoloir::web

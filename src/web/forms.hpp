// What pages with forms share: the fields that a form may have, and an answer by GET.
//
// What a form is answered is shown by GET, so that neither a reload nor a change of language sends
// it again. On the way it stays in the asking browser, as a cookie sealed for its session: the
// server keeps nothing of what was typed (reissue requirement 46).
#pragma once

#include <initializer_list>

#include "web/visit.hpp"

namespace isoloir::web {

// Repeated fields are refused by the form's reader; this refuses "email[]" and all that the page
// does not send (reissue requirement 37).
bool has_only(const http::Form& form, std::initializer_list<std::string_view> names);

// Enough to tell an address from what is none. Looser than read_mailbox: the roll may hold one with
// % or !, and whose it is is not for the page.
bool looks_like_address(std::string_view text);

// The fields of views/request_fields.mustache, those of a claim apart.
HelpForm read_help_form(const http::Form& form);

// How often one may ask, as views/recovery_rates.mustache says it.
void add_rates(Json& data, const RateLimit& requests);

// 303 to `path`, with what to say there.
http::Response tell(State& state, const Session& session, std::string path, std::string_view cookie,
                    const Json& told);
// What was told to this session's browser, or an empty object.
Json told(State& state, const Site::Visit& visit, std::string_view cookie);

}  // namespace isoloir::web

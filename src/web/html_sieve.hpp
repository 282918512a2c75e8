// HTML of a candidate, which may say and do nothing but show itself: known elements and attributes,
// links within the document, pictures that it holds itself. The sieve refuses early, for who wrote
// it; what protects who reads it is the policy under which it is served (Site::statement). Pure,
// thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace isoloir::web {

// What is not allowed, "line 7: …", the first twenty; empty for what may be served. It asks for a
// strict spelling, so that it sees the tags that a browser sees: values in quotes, no comments,
// "&lt;" for "<".
std::vector<std::string> html_faults(std::string_view html);

}  // namespace isoloir::web

// Expected<T>: what a voter, an operator or a peer can cause is returned, never thrown. Exceptions
// are for infrastructure (disk, memory) and are caught at the request boundary.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace isoloir {

// code: stable, dotted, lower case ("ballot.option_proof"); it is what tests, other programs and
// the journal see. message: for the operator, in English, without secrets. message_id: the text
// shown to a voter (locale catalogue); empty where a voter never sees it.
struct Error {
  std::string code;
  std::string message;
  std::string message_id;
};

template <typename T>
using Expected = tl::expected<T, Error>;

using Status = tl::expected<void, Error>;

inline tl::unexpected<Error> fail(std::string_view code, std::string message,
                                  std::string_view message_id = {}) {
  return tl::make_unexpected(Error{std::string(code), std::move(message), std::string(message_id)});
}

inline tl::unexpected<Error> fail(Error error) {
  return tl::make_unexpected(std::move(error));
}

// An invariant of our own; stays on in release and never judges input.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace isoloir

#define ISOLOIR_ASSERT(expression) \
  ((expression) ? void(0) : ::isoloir::assertion_failed(#expression, __FILE__, __LINE__))

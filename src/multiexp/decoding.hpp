// Decoding ristretto255 strictly (RFC 9496 section 4.3.1), for the portable engine.
#pragma once

#include "multiexp/engine.hpp"

namespace isoloir::multiexp {

// As Engine::decode.
std::size_t decode_points(std::span<const std::uint8_t* const> encodings, AffinePoint* points,
                          Identity identity);

}  // namespace isoloir::multiexp

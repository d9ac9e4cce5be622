#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nowthen {

enum class Escape : std::uint8_t {
  taken,
  cut,   ///< the text ends within it
  bad,   ///< there is no such escape
  half,  ///< one half of a pair of surrogates
};
/// Takes an escape of a JSON string (RFC 8259 7) from the front of `text`, which begins behind the
/// reverse solidus, and appends what it stands for. A pair of surrogates is one escape.
Escape take_escape(std::string_view& text, std::string& out);

/// Appends a character as an escape of its number: \u001f.
void append_escape(std::string& out, unsigned char character);

}  // namespace nowthen

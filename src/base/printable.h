#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nowthen {

enum class LineBreaks : std::uint8_t { escaped, kept };

/// The text with everything escaped that a terminal would obey instead of show: control
/// characters, marks that turn the direction of writing, bytes that are not UTF-8.
std::string printable(std::string_view text, LineBreaks breaks = LineBreaks::escaped);

}  // namespace nowthen

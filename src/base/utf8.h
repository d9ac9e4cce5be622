#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nowthen {

/// The length of the character that starts at `at` (RFC 3629: no overlong forms, no surrogates, at
/// most U+10FFFF); 0 if there is none. Precondition: at < text.size().
std::size_t utf8_length(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);
/// The text, in which each byte that is no part of a character is U+FFFD.
std::string as_utf8(std::string_view text);
/// Precondition: UTF-8.
std::size_t count_characters(std::string_view text);
/// Precondition: a Unicode scalar value.
void append_utf8(std::string& out, char32_t code);

}  // namespace nowthen

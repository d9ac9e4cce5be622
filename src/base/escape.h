#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// The first byte from `at` on that is not written as it is in a JSON string: a quotation mark, a
/// reverse solidus, a control character or DEL; with `ascii` it also stops at what is not ASCII.
/// Eight bytes at a time.
inline std::size_t plain_until(std::string_view text, std::size_t at, bool ascii) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  const auto zero_in = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes; };
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t found =
        (((word - 0x20 * kOnes) & ~word) | zero_in(word ^ ('"' * kOnes)) |
         zero_in(word ^ ('\\' * kOnes)) | zero_in(word ^ (0x7f * kOnes)) | (ascii ? word : 0)) &
        kHigh;
    // A borrow may spoil the bytes above the first that is found, never that one.
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f || (ascii && c > 0x7f)) break;
  }
  return at;
}

/// Appends a character as an escape of its number: \u001f.
void append_escape(std::string& out, unsigned char character);

}  // namespace nowthen

#pragma once

#include <cstring>
#include <string_view>

namespace nowthen {

/// Where `part` begins in `text`, from `at` on; npos if nowhere. In time that grows with both, not
/// with their product as that of `std::string_view::find`. Precondition: at <= text.size().
inline std::size_t find_text(std::string_view text, std::string_view part, std::size_t at = 0) {
  if (part.empty()) return at;
  const void* found = ::memmem(text.data() + at, text.size() - at, part.data(), part.size());
  if (found == nullptr) return text.npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace nowthen

#pragma once

#include <cstdint>
#include <string_view>

namespace nowthen {

/// CRC-32C (Castagnoli) as in RFC 3720 B.4. `seed` is the checksum of what comes before `data`, so
/// that pieces can be checked one after the other. Uses the processor's instruction where it has
/// one. Thread-safe.
std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0);

/// The same from a table: what runs where the instruction is missing.
std::uint32_t crc32c_software(std::string_view data, std::uint32_t seed = 0);

}  // namespace nowthen

#include "base/checksum.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace nowthen {
namespace {

// Reflected polynomial of CRC-32C, RFC 3720 12.1.
constexpr std::uint32_t kPolynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_hardware(std::string_view data,
                                                                std::uint32_t seed) {
  const char* at = data.data();
  std::size_t left = data.size();
  std::uint64_t crc = ~seed;
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto crc32 = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at) {
    crc32 = __builtin_ia32_crc32qi(crc32, static_cast<unsigned char>(*at));
  }
  return ~crc32;
}
bool has_instruction() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}
#endif

}  // namespace

std::uint32_t crc32c_software(std::string_view data, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  for (const char byte : data) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return ~crc;
}

std::uint32_t crc32c(std::string_view data, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool hardware = has_instruction();
  if (hardware) return crc32c_hardware(data, seed);
#endif
  return crc32c_software(data, seed);
}

}  // namespace nowthen

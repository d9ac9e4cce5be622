#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nowthen {

/// Appends numbers and strings to `out`, which must outlive it. The bytes are described in
/// docs/formats/rows.md. Not thread-safe; never fails.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void be16(std::uint16_t value) { big_endian(value); }
  void be32(std::uint32_t value) { big_endian(value); }
  void be64(std::uint64_t value) { big_endian(value); }

  /// 7 bits a byte, the lowest first; the high bit says that more follow. 1 to 10 bytes.
  void varint(std::uint64_t value) {
    char buffer[10];
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) buffer[size++] = static_cast<char>(value | 0x80);
    buffer[size++] = static_cast<char>(value);
    out_.append(buffer, size);
  }
  /// Signed, small magnitudes short: 0, -1, 1, -2 become 0, 1, 2, 3.
  void zigzag(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    varint((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
  }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// Length as varint, then the bytes.
  void bytes(std::string_view bytes) {
    varint(bytes.size());
    out_.append(bytes);
  }

 private:
  template <std::unsigned_integral T>
  void big_endian(T value) {
    char buffer[sizeof(T)];
    for (std::size_t i = sizeof(T); i-- > 0;) {
      buffer[i] = static_cast<char>(value & 0xff);
      value = static_cast<T>(value >> 8);
    }
    out_.append(buffer, sizeof(T));
  }

  std::string& out_;
};

/// Takes apart what Writer wrote. Never reads outside of `data`: the first value that does not fit
/// sets `failed()`, after which every value is 0 or empty. Views point into `data`.
class Reader {
 public:
  explicit Reader(std::string_view data) : rest_(data) {}

  bool failed() const { return failed_; }
  /// Everything was read and nothing failed.
  bool finished() const { return !failed_ && rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  /// For values that are read well but make no sense.
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  std::uint8_t u8() { return big_endian<std::uint8_t>(); }
  std::uint16_t be16() { return big_endian<std::uint16_t>(); }
  std::uint32_t be32() { return big_endian<std::uint32_t>(); }
  std::uint64_t be64() { return big_endian<std::uint64_t>(); }

  /// The shortest form only: one value has one encoding.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift != 0) break;
        return value;
      }
    }
    fail();
    return 0;
  }
  std::uint32_t varint32() {
    const std::uint64_t value = varint();
    if (value <= 0xffffffffu) return static_cast<std::uint32_t>(value);
    fail();
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t bits = varint();
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }
  std::string_view raw(std::uint64_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view bytes() { return raw(varint()); }
  /// A number of items of at least one byte each: fails rather than let a caller reserve for more
  /// items than there are bytes.
  std::size_t count() {
    const std::uint64_t value = varint();
    if (value <= rest_.size()) return static_cast<std::size_t>(value);
    fail();
    return 0;
  }

 private:
  template <std::unsigned_integral T>
  T big_endian() {
    T value = 0;
    for (const char byte : raw(sizeof(T))) {
      value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) |
                             static_cast<std::uint8_t>(byte));
    }
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace nowthen

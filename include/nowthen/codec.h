#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nowthen/bytes.h>
#include <nowthen/failure.h>
#include <nowthen/json.h>
#include <nowthen/result.h>

namespace nowthen {

/// How values of T are stored and sent. The general form is JSON: bool, numbers, std::string,
/// optional, vector, map of std::string, array, pair, tuple, durations ("300ms"), times (RFC 3339),
/// enums, InvocationId, and every struct with a NOWTHEN_JSON line. Specialise it for another form.
///
/// `encode` throws `CodecFailed` for a value that cannot be stored. `decode` answers `codec_failed`
/// naming the field; no bytes at all are read as `null`. Both run on any thread, without side
/// effects.
template <class T>
struct Codec {
  static std::string encode(const T& value) {
    std::string out;
    JsonWriter writer(out);
    json::write(writer, value);
    return out;
  }
  static Result<T> decode(std::string_view bytes) {
    JsonReader reader(bytes.empty() ? std::string_view("null") : bytes);
    T value{};
    json::read(reader, value);
    reader.finish();
    if (!reader.ok()) return reader.error();
    return Result<T>(std::move(value));
  }
};

/// The bytes themselves.
template <>
struct Codec<Bytes> {
  static std::string encode(const Bytes& value) { return value.str(); }
  static Result<Bytes> decode(std::string_view bytes) { return Bytes(std::string(bytes)); }
};

/// The bytes themselves; none at all is no value.
template <>
struct Codec<std::optional<Bytes>> {
  static std::string encode(const std::optional<Bytes>& value) {
    return value ? value->str() : std::string();
  }
  static Result<std::optional<Bytes>> decode(std::string_view bytes) {
    if (bytes.empty()) return std::optional<Bytes>();
    return std::optional<Bytes>(Bytes(std::string(bytes)));
  }
};

namespace sdk {
/// `codec_failed` when the value cannot be stored.
template <class T>
Result<std::string> to_bytes(const T& value) {
  try {
    return Codec<T>::encode(value);
  } catch (const CodecFailed& failed) {
    return failed.error();
  }
}
}  // namespace sdk

}  // namespace nowthen

#include "store/row.h"

#include "base/checksum.h"
#include "store/keys.h"

namespace nowthen::store {

void seal(std::string_view key, std::string& value) {
  Writer(value).be32(crc32c(value, crc32c(key)));
}

Result<std::string_view> unseal(std::string_view key, std::string_view value) {
  if (value.size() < kRowFrameBytes) {
    return Error{ErrorCode::corruption,
                 describe_key(key) + ": " + std::to_string(value.size()) + " bytes are too few"};
  }
  const std::string_view checked = value.substr(0, value.size() - 4);
  if (Reader(value.substr(checked.size())).be32() != crc32c(checked, crc32c(key))) {
    return Error{ErrorCode::corruption, describe_key(key) + ": the checksum does not match"};
  }
  const auto version = static_cast<std::uint8_t>(checked.front());
  if (version > kRowVersion) {
    return Error{ErrorCode::newer_version, describe_key(key) + ": row version " +
                                               std::to_string(version) + ", this program knows " +
                                               std::to_string(kRowVersion)};
  }
  if (version == 0) return malformed(key);
  return checked.substr(1);
}

Error malformed(std::string_view key) {
  return {ErrorCode::corruption,
          describe_key(key) + ": the bytes are not what the row should hold"};
}

}  // namespace nowthen::store

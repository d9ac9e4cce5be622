#include <array>

#include <nowthen/id.h>

namespace nowthen {
namespace {

// Crockford base32 leaves out i, l, o and u. The digits ascend in ASCII too, which is why the text
// sorts as the bytes do.
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTextSize = 26;  // 26 digits of 5 bits hold 130 bits; the first holds 3
constexpr std::uint8_t kNoDigit = 0xff;
constexpr std::uint8_t kFirstDigitMax = 7;

constexpr std::array<std::uint8_t, 256> kDigitValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

std::string to_string(InvocationId id) {
  std::string text(kTextSize, '0');
  for (std::size_t i = kTextSize; i-- > 0;) {
    text[i] = kDigits[id.low & 31];
    id.low = (id.low >> 5) | (id.high << 59);
    id.high >>= 5;
  }
  return text;
}

Result<InvocationId> parse_invocation_id(std::string_view text) {
  if (text.size() != kTextSize) {
    return Error{ErrorCode::invalid_argument,
                 "an invocation id has 26 characters; this one has " + std::to_string(text.size())};
  }
  InvocationId id;
  for (std::size_t i = 0; i < kTextSize; ++i) {
    const std::uint8_t digit = kDigitValues[static_cast<unsigned char>(text[i])];
    if (digit == kNoDigit || (i == 0 && digit > kFirstDigitMax)) {
      return Error{ErrorCode::invalid_argument,
                   "an invocation id is written in 0-9 and a-z without i, l, o, u, the first "
                   "character in 0-7; character " +
                       std::to_string(i + 1) + " is not"};
    }
    id.high = (id.high << 5) | (id.low >> 59);
    id.low = (id.low << 5) | digit;
  }
  return id;
}

}  // namespace nowthen

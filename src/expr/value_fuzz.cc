// Goal: text is read alike in pieces and as a whole; what is written is read as the same value.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "expr/order.h"
#include "expr/read.h"
#include "expr/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nowthen::expr;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read_json(text);
  // In two pieces.
  const std::size_t cut = text.empty() ? 0 : data[0] % text.size();
  Reader reader;
  std::string held(text.substr(0, cut));
  std::string_view rest = held;
  Value value;
  auto got = reader.next(rest, false, value);
  const bool early = got && *got == Reader::Got::value;
  if (got && *got == Reader::Got::part) {
    held += text.substr(cut);
    rest = held;
    got = reader.next(rest, true, value);
  } else if (got && *got == Reader::Got::nothing) {
    held = std::string(text.substr(cut));
    rest = held;
    got = reader.next(rest, true, value);
  }
  if (whole && !early && (!got || *got != Reader::Got::value)) std::abort();
  if (!whole) return 0;
  if (!early && compare(*whole, value) != std::strong_ordering::equal) std::abort();
  std::string written;
  write_json(written, *whole);
  const auto back = read_json(written);
  if (!back || compare(*whole, *back) != std::strong_ordering::equal) std::abort();
  std::string again;
  write_json(again, *back);
  if (written != again) std::abort();
  return 0;
}

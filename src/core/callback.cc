#include "core/callback.h"

#include "base/wire.h"

namespace nowthen::core {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string reserved_name_rule(std::string_view name) {
  return "operation '" + std::string(name) + "': names that begin with '" +
         std::string(kReservedPrefix) +
         "' are of operations that the engine alone declares and calls";
}

Bytes callback_input(const Invocation& ended) {
  Bytes input;
  input.reserve(64 + ended.callback.size() + ended.operation.size() + ended.outcome.data.size());
  Writer out(input);
  out.u8(kVersion);
  out.bytes(ended.callback);
  out.be64(ended.id.high);
  out.be64(ended.id.low);
  out.bytes(ended.operation);
  out.u8(static_cast<std::uint8_t>(ended.state));
  out.zigzag(to_us(ended.ended));
  out.u8(static_cast<std::uint8_t>(ended.outcome.code));
  out.bytes(ended.outcome.data);
  return input;
}

Result<Callback> read_callback(std::string_view input) {
  Callback callback;
  Reader in(input);
  if (in.u8() != kVersion) in.fail();
  callback.url = in.bytes();
  callback.id.high = in.be64();
  callback.id.low = in.be64();
  callback.operation = in.bytes();
  const std::uint8_t state = in.u8();
  callback.ended = from_us(in.zigzag());
  const std::uint8_t code = in.u8();
  callback.outcome.data = in.bytes();
  if (state > static_cast<std::uint8_t>(State::expired) ||
      code > static_cast<std::uint8_t>(ErrorCode::rejected))
    in.fail();
  if (!in.finished())
    return Error{ErrorCode::codec_failed, "this is no input of " + std::string(kCallbackOperation)};
  callback.state = static_cast<State>(state);
  callback.outcome.code = static_cast<ErrorCode>(code);
  return callback;
}

}  // namespace nowthen::core

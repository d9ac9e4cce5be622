#pragma once

#include <string>
#include <string_view>

#include <nowthen/result.h>

#include "core/invocation.h"

namespace nowthen::core {

/// Operations with such names belong to the engine: nobody else declares or calls one.
inline constexpr std::string_view kReservedPrefix = "nowthen.";
constexpr bool is_reserved_name(std::string_view name) { return name.starts_with(kReservedPrefix); }
std::string reserved_name_rule(std::string_view name);

/// The operation that tells a callback of an end. Its input is a Callback.
inline constexpr std::string_view kCallbackOperation = "nowthen.callback";

/// What is told, and where.
struct Callback {
  std::string url;
  InvocationId id;  ///< that ended
  std::string operation;
  State state = State::succeeded;
  WallTime ended{};
  Outcome outcome;
};
/// docs/formats/rows.md, "Callbacks".
Bytes callback_input(const Invocation& ended);
/// `codec_failed` if `input` is none.
Result<Callback> read_callback(std::string_view input);

}  // namespace nowthen::core

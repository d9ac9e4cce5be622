#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <nowthen/id.h>

namespace nowthen {

enum class LogLevel : std::uint8_t { info, warning, error };
std::string_view to_string(LogLevel level);

/// What is worth a line of a log.
struct LogLine {
  LogLevel level = LogLevel::info;
  std::string message = {};      ///< for people; may hold any bytes that users have sent
  std::string operation = {};    ///< that it is about; empty: none
  InvocationId invocation = {};  ///< that it is about; null: none
  std::string trace = {};        ///< the id of its trace, 32 hexadecimal digits; empty: none
};
/// Takes lines. Called from any thread, several at a time; must not block.
using Log = std::function<void(const LogLine&)>;

enum class LogFormat : std::uint8_t { text, json };
/// One line, without its end; whatever is in the message, it stays one.
/// text: `2026-03-01T10:00:00.123Z warning operation=charge invocation=01h... trace=4bf9... parked`
/// json: `{"time":"2026-03-01T10:00:00.123Z","level":"warning","message":"parked","operation":...}`
std::string to_string(const LogLine& line, LogFormat format,
                      std::chrono::sys_time<std::chrono::microseconds> at);

}  // namespace nowthen

#include <nowthen/json.h>
#include <nowthen/log.h>

#include "base/printable.h"
#include "base/time_text.h"
#include "base/utf8.h"

namespace nowthen {
namespace {

/// JSON escapes what would end a line; bytes that are no text are written as for a terminal.
std::string json_text(std::string_view text) {
  return is_utf8(text) ? std::string(text) : printable(text);
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "unknown";
}

std::string to_string(const LogLine& line, LogFormat format,
                      std::chrono::sys_time<std::chrono::microseconds> at) {
  const std::string id = line.invocation.is_null() ? "" : to_string(line.invocation);
  const std::pair<std::string_view, const std::string&> fields[] = {
      {"operation", line.operation}, {"invocation", id}, {"trace", line.trace}};
  std::string text;
  if (format == LogFormat::text) {  // fields first: no message can add one
    text = time_text(at) + ' ';
    text += to_string(line.level);
    for (const auto& [name, value] : fields) {
      if (!value.empty()) text.append(" ").append(name).append("=").append(printable(value));
    }
    return text + ' ' + printable(line.message);
  }
  JsonWriter out(text);
  const auto put = [&out](std::string_view name, const std::string& value) {
    out.field(name);
    out.string(json_text(value));
  };
  out.begin_object();
  put("time", time_text(at));
  put("level", std::string(to_string(line.level)));
  put("message", line.message);
  for (const auto& [name, value] : fields) {
    if (!value.empty()) put(name, value);
  }
  out.end_object();
  return text;
}

}  // namespace nowthen

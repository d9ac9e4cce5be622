#include "cli/event_reader.h"

#include <utility>

namespace nowthen::cli {

bool EventReader::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool second_half = std::exchange(after_return_, c == '\r') && c == '\n';
    if (second_half) continue;
    if (c == '\n' || c == '\r') {
      line(std::exchange(partial_, {}));
    } else {
      partial_ += c;
    }
    if (partial_.size() + event_.data.size() > kEventBytesMax) return false;
  }
  return true;
}

void EventReader::line(std::string_view text) {
  if (text.empty()) {
    if (has_data_) {
      event_.data.pop_back();  // the line break after its last line
      on_event_(event_);
    }
    event_ = Event{.name = "message", .id = std::move(event_.id), .data = {}};
    has_data_ = false;
    return;
  }
  const std::size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.name = value;
  } else if (field == "id") {
    event_.id = value;
  } else if (field == "data") {
    event_.data += value;
    event_.data += '\n';
    has_data_ = true;
  }
}

}  // namespace nowthen::cli

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace nowthen::cli {

/// Cuts a stream of Server-Sent Events (HTML standard, 9.2.6) into events, whatever the pieces are
/// in which it comes.
class EventReader {
 public:
  struct Event {
    std::string name = "message";
    std::string id;  ///< the last one that was sent, with this event or before
    std::string data;
  };
  /// Longest line and longest event; a stream with a longer one is not ours.
  static constexpr std::size_t kEventBytesMax = std::size_t{64} << 20;

  explicit EventReader(std::function<void(const Event&)> on_event)
      : on_event_(std::move(on_event)) {}

  /// False: it is longer than kEventBytesMax.
  bool feed(std::string_view bytes);

 private:
  void line(std::string_view text);

  std::function<void(const Event&)> on_event_;
  std::string partial_;  // the line that is not ended yet
  bool after_return_ = false;
  Event event_;
  bool has_data_ = false;
};

}  // namespace nowthen::cli

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/time.h"

namespace nowthen::sim {

/// What happened, line by line: its hash says whether two runs were the same.
class History {
 public:
  /// Instead of a number of lines: each is printed when it happens.
  static constexpr std::size_t kPrinted = SIZE_MAX;

  /// `kept`: how many of the last lines stay readable.
  explicit History(std::size_t kept) : kept_(kept) {}

  void note(Duration at, unsigned life, std::string_view what);
  std::uint64_t hash() const { return hash_; }
  std::uint64_t count() const { return count_; }
  const std::deque<std::string>& lines() const { return lines_; }

 private:
  std::size_t kept_;
  std::deque<std::string> lines_;
  std::uint64_t hash_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace nowthen::sim

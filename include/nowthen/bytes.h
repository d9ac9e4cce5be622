#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace nowthen {

/// Bytes as they are: as input, result or argument they are stored and passed on without JSON.
/// A plain value; owns its bytes. Not thread-safe, like any value.
class Bytes {
 public:
  Bytes() {}  // NOLINT(modernize-use-equals-default): never an aggregate, see codec.h
  explicit Bytes(std::string data) : data_(std::move(data)) {}

  const std::string& str() const& { return data_; }
  std::string&& str() && { return std::move(data_); }
  std::string_view view() const { return data_; }
  std::size_t size() const { return data_.size(); }
  bool empty() const { return data_.empty(); }

  friend bool operator==(const Bytes&, const Bytes&) = default;

 private:
  std::string data_;
};

}  // namespace nowthen

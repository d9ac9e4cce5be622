#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "sdk/request.h"

namespace nowthen::sdk {

/// Owns requests; finds them by path, keeps them in the order in which they came.
class RequestTable {
 public:
  RequestTable() = default;
  RequestTable(const RequestTable&) = delete;
  RequestTable& operator=(const RequestTable&) = delete;
  ~RequestTable() { clear(); }

  Request& add(RequestPtr request);
  Request* find(std::string_view path) const;
  RequestPtr take(Request& request);
  void clear();

  Request* oldest() const { return oldest_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  Request* oldest_ = nullptr;
  Request* youngest_ = nullptr;
  std::size_t size_ = 0;
  std::unordered_map<std::string_view, Request*> index_;  // empty while there are few
};

}  // namespace nowthen::sdk

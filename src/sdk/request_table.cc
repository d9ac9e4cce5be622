#include "sdk/request_table.h"

#include <utility>

namespace nowthen::sdk {
namespace {

constexpr std::size_t kFew = 8;  // looked at one by one

}  // namespace

void RequestDeleter::operator()(Request* request) const noexcept { delete request; }

std::string describe(core::EntryKind kind, std::string_view path) {
  std::string text(to_string(kind));
  text += " '";
  text += path;
  text += '\'';
  return text;
}

Request& RequestTable::add(RequestPtr owned) {
  Request& request = *owned.release();
  request.older = youngest_;
  request.younger = nullptr;
  (youngest_ != nullptr ? youngest_->younger : oldest_) = &request;
  youngest_ = &request;
  ++size_;
  if (!index_.empty()) {
    index_.emplace(request.path, &request);
  } else if (size_ > kFew) {
    for (Request* each = oldest_; each != nullptr; each = each->younger)
      index_.emplace(each->path, each);
  }
  return request;
}

Request* RequestTable::find(std::string_view path) const {
  if (!index_.empty()) {
    const auto found = index_.find(path);
    return found == index_.end() ? nullptr : found->second;
  }
  for (Request* each = oldest_; each != nullptr; each = each->younger)
    if (each->path == path) return each;
  return nullptr;
}

RequestPtr RequestTable::take(Request& request) {
  (request.older != nullptr ? request.older->younger : oldest_) = request.younger;
  (request.younger != nullptr ? request.younger->older : youngest_) = request.older;
  request.older = request.younger = nullptr;
  --size_;
  if (!index_.empty()) index_.erase(request.path);
  return RequestPtr(&request);
}

void RequestTable::clear() {
  index_.clear();
  while (oldest_ != nullptr) RequestDeleter()(std::exchange(oldest_, oldest_->younger));
  youngest_ = nullptr;
  size_ = 0;
}

}  // namespace nowthen::sdk

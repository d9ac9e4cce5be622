#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include <nowthen/result.h>

namespace nowthen {

/// `store_failed`: what was tried, and what the system says of it in `errno`.
inline Error os_error(const std::string& what) {
  return {ErrorCode::store_failed, what + ": " + std::generic_category().message(errno)};
}

}  // namespace nowthen

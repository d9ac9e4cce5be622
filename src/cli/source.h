#pragma once

#include <cstddef>
#include <functional>

#include <nowthen/result.h>

namespace nowthen::cli {

/// Something long, in pieces: puts the next bytes into `buffer` and says how many; 0 at its end.
using Source = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

}  // namespace nowthen::cli

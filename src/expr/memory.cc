#include "expr/memory.h"

#include <limits>
#include <new>

namespace nowthen::expr {

thread_local std::int64_t Memory::used_ = 0;
thread_local std::int64_t Memory::most_ = std::numeric_limits<std::int64_t>::max() / 2;

thread_local std::uint64_t Memory::taken_ = 0;

void* Memory::allocate(std::size_t bytes) {
  used_ += static_cast<std::int64_t>(bytes);
  taken_ += bytes;
  return ::operator new(bytes);
}

void Memory::free(void* memory, std::size_t bytes) noexcept {
  used_ -= static_cast<std::int64_t>(bytes);
  ::operator delete(memory, bytes);
}

}  // namespace nowthen::expr

#pragma once

namespace nowthen {
/// Prints the broken invariant with its place and aborts. Never returns.
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);
}  // namespace nowthen

/// An invariant of ours, checked in every build. Bad user input never reaches one.
#define NT_ASSERT(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::nowthen::assert_failed(#condition, __FILE__, __LINE__))

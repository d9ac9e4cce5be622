#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nowthen {

/// What a partition accepts. Every limit has a name, which the error that it causes repeats.
struct Limits {
  std::size_t input_bytes_max = 16u << 20;      ///< input of an invocation
  std::size_t result_bytes_max = 16u << 20;     ///< result of an invocation, a step or a signal
  std::size_t name_bytes_max = 128;             ///< operation, step, signal and state names
  std::size_t key_bytes_max = 512;              ///< order keys and idempotency keys
  std::size_t error_bytes_max = 4096;           ///< stored error text; longer text is cut
  std::uint32_t journal_entries_max = 100'000;  ///< entries of one invocation
  std::size_t journal_bytes_max = 64u << 20;    ///< bytes of the journal of one invocation
  std::uint32_t open_entries_max = 10'000;      ///< waits of one invocation at a time
  std::uint32_t signals_max = 1'000;            ///< signals waiting to be read, per invocation
  std::size_t signals_bytes_max = 16u << 20;    ///< their bytes
  std::uint32_t depth_max = 32;                 ///< calls within calls
  std::uint32_t waiters_max = 1'000;            ///< callers waiting for one invocation
  std::uint32_t running_max = 4'096;            ///< attempts running at once, per partition
  std::uint32_t waiting_max = 4'000'000;        ///< live invocations, per partition
  std::uint32_t state_names_max = 1'000;        ///< names of state written with one entry
  std::size_t asked_bytes_max = 256u << 20;     ///< calls and signals not yet taken, per loop
  std::uint32_t crashes_max = 3;  ///< deaths of the process in its code before parking
};

/// Whether `name` may name an operation, step, signal or state: 1 to `bytes_max` bytes, without '#'
/// and '/', which give the paths of a journal their form, and without control characters.
constexpr bool is_name(std::string_view name, std::size_t bytes_max) {
  for (const char c : name) {
    if (c == '#' || c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return !name.empty() && name.size() <= bytes_max;
}
/// What to say when it may not.
inline std::string name_rule(std::size_t bytes_max) {
  return "a name has 1 to name_bytes_max (" + std::to_string(bytes_max) +
         ") bytes, and no '#', '/' or control character";
}

}  // namespace nowthen

#pragma once

#include <cstddef>
#include <cstdint>

namespace nowthen::expr {

/// The bytes that values of one thread hold, counted where they are allocated and freed.
class Memory {
 public:
  static void* allocate(std::size_t bytes);
  static void free(void* memory, std::size_t bytes) noexcept;

  /// More than `bytes` of what this thread may still take. Whoever is about to make something that
  /// is much larger than what it is made of asks before; what is small is taken without asking, and
  /// `exceeded` later.
  static bool is_short_of(std::size_t bytes) {
    return static_cast<std::int64_t>(bytes) > most_ - used_;
  }
  /// Bytes that this thread may still take.
  static std::size_t left() { return used_ < most_ ? static_cast<std::size_t>(most_ - used_) : 0; }
  static bool exceeded() { return used_ > most_; }
  static std::int64_t used() { return used_; }
  /// All bytes that this thread ever allocated: a measure of work.
  static std::uint64_t taken() { return taken_; }

  /// While it lives, this thread may take as many bytes more as it says. They nest.
  class Budget {
   public:
    explicit Budget(std::size_t bytes) : outer_(most_) {
      const std::int64_t most = used_ + static_cast<std::int64_t>(bytes);
      if (most < most_) most_ = most;
    }
    ~Budget() { most_ = outer_; }
    Budget(const Budget&) = delete;
    Budget& operator=(const Budget&) = delete;

   private:
    const std::int64_t outer_;
  };

 private:
  // Below zero where more is freed than was allocated: values may go from thread to thread.
  static thread_local std::int64_t used_;
  static thread_local std::int64_t most_;
  static thread_local std::uint64_t taken_;
};

/// For containers whose memory counts too.
template <class T>
struct Counted {
  using value_type = T;
  T* allocate(std::size_t count) { return static_cast<T*>(Memory::allocate(count * sizeof(T))); }
  void deallocate(T* first, std::size_t count) noexcept { Memory::free(first, count * sizeof(T)); }
  bool operator==(const Counted&) const = default;
};

}  // namespace nowthen::expr

#include "sdk/black_box.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_error.h"
#include "sdk/pool.h"

namespace nowthen::sdk {

/// A cache line of its own for each thread.
struct alignas(64) Slot {
  std::atomic<std::uint64_t> high;  ///< of the id; 0: no code is on this thread
  std::atomic<std::uint64_t> low;
};

namespace {

constexpr std::size_t kPoolSlots = kPoolThreadsMax;
constexpr std::size_t kLoopSlots = 1'023;  // further loops share the last one
constexpr std::size_t kSlots = kPoolSlots + kLoopSlots;

constexpr std::size_t kHeaderBytes = sizeof(Slot);
constexpr std::size_t kFileBytes = kHeaderBytes + kSlots * sizeof(Slot);
constexpr std::array<char, kHeaderBytes> kHeader{"nowthen black box 1\n"};

struct File {
  int number;
  ~File() { ::close(number); }
};

}  // namespace

BlackBox::BlackBox() : own_(std::make_unique<Slot[]>(kSlots)) { slots_ = own_.get(); }
BlackBox::BlackBox(void* mapped) : mapped_(mapped) {
  char* const header = static_cast<char*>(mapped);
  slots_ = reinterpret_cast<Slot*>(header + kHeaderBytes);
  if (std::memcmp(header, kHeader.data(), kHeaderBytes) == 0) last_words_ = now();
  for (std::size_t i = 0; i < kSlots; ++i) slots_[i].high.store(0, std::memory_order_relaxed);
  std::memcpy(header, kHeader.data(), kHeaderBytes);
}

BlackBox::~BlackBox() {
  if (mapped_ != nullptr) ::munmap(mapped_, kFileBytes);
}

Result<std::unique_ptr<BlackBox>> BlackBox::open(const std::string& path) {
  const File file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
  if (file.number < 0) return os_error("open " + path);
  struct stat found{};
  if (::fstat(file.number, &found) != 0) return os_error("read " + path);
  // All of it has its place on disk: a write to mapped memory that finds none would be a SIGBUS.
  if (found.st_size != kFileBytes && ::ftruncate(file.number, 0) != 0)
    return os_error("write " + path);
  if (const int error = ::posix_fallocate(file.number, 0, kFileBytes); error != 0) {
    errno = error;
    return os_error("write " + path);
  }
  void* const mapped =
      ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number, 0);
  if (mapped == MAP_FAILED) return os_error("map " + path);
  return std::unique_ptr<BlackBox>(new BlackBox(mapped));
}

std::vector<InvocationId> BlackBox::now() const {
  std::vector<InvocationId> ids;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::uint64_t high = slots_[i].high.load(std::memory_order_acquire);
    if (high != 0) ids.push_back({high, slots_[i].low.load(std::memory_order_relaxed)});
  }
  return ids;
}

std::size_t BlackBox::add_loop() {
  return std::min(loops_.fetch_add(1, std::memory_order_relaxed), kLoopSlots - 1);
}

BlackBox::Scope::Scope(BlackBox* box, std::size_t loop, InvocationId id) {
  if (box == nullptr) return;
  slot_ = &box->slots_[pool_thread().value_or(kPoolSlots + loop)];
  slot_->low.store(id.low, std::memory_order_relaxed);
  slot_->high.store(id.high, std::memory_order_release);
}

BlackBox::Scope::~Scope() {
  if (slot_ != nullptr) slot_->high.store(0, std::memory_order_release);
}

}  // namespace nowthen::sdk

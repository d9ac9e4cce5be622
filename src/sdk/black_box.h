#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nowthen/id.h>
#include <nowthen/result.h>

namespace nowthen::sdk {

struct Slot;

/// Says which invocations have code on a thread at this moment, in memory that outlives the
/// process: a mapped file keeps what was written however the process ends. The next process reads
/// there whose code it was that may have killed it. Costs two stores when code begins and when it
/// ends.
class BlackBox {
 public:
  /// In memory of its own, which ends with the process: for simulation and tests.
  BlackBox();
  /// The file at `path`, made when it is missing or not one of ours. `store_failed`. Only by the
  /// owner of the folder.
  static Result<std::unique_ptr<BlackBox>> open(const std::string& path);
  ~BlackBox();
  BlackBox(const BlackBox&) = delete;
  BlackBox& operator=(const BlackBox&) = delete;

  /// Who had code on a thread when the last process ended. Empty if it left none.
  const std::vector<InvocationId>& last_words() const { return last_words_; }
  /// Who has code on a thread now. Exact on a thread that runs none.
  std::vector<InvocationId> now() const;

  /// A place for one more loop. Any thread.
  std::size_t add_loop();

  /// While it lives, code of `id` is on this thread. `loop`: the place of the loop whose thread it
  /// is, unless it is one of a pool. `box` may be null.
  class Scope {
   public:
    Scope(BlackBox* box, std::size_t loop, InvocationId id);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Slot* slot_ = nullptr;
  };

 private:
  explicit BlackBox(void* mapped);

  Slot* slots_ = nullptr;
  std::unique_ptr<Slot[]> own_;
  void* const mapped_ = nullptr;
  std::vector<InvocationId> last_words_;
  std::atomic<std::size_t> loops_ = 0;
};

}  // namespace nowthen::sdk

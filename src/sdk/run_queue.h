#pragma once

#include <nowthen/task.h>

namespace nowthen::sdk {

/// The coroutines of one attempt that may run now, first come, first served. Awaiting and returning
/// go through it instead of nesting calls, so that no number of awaits takes stack.
class RunQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  void push(Frame& frame) {
    frame.queued = true;
    frame.next_ready = nullptr;
    frame.previous_ready = last_;
    (last_ != nullptr ? last_->next_ready : first_) = &frame;
    last_ = &frame;
  }
  void remove(Frame& frame) {
    frame.queued = false;
    (frame.previous_ready != nullptr ? frame.previous_ready->next_ready : first_) =
        frame.next_ready;
    (frame.next_ready != nullptr ? frame.next_ready->previous_ready : last_) = frame.previous_ready;
  }
  /// Precondition: not empty.
  Frame& pop() {
    Frame& frame = *first_;
    remove(frame);
    return frame;
  }

 private:
  Frame* first_ = nullptr;
  Frame* last_ = nullptr;
};

}  // namespace nowthen::sdk

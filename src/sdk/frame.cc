// The engine's side of coroutine frames and of what they await.

#include <stdexcept>
#include <string>

#include <nowthen/failure.h>
#include <nowthen/task.h>

#include "sdk/attempt.h"
#include "sdk/branch.h"
#include "sdk/request.h"

namespace nowthen::sdk {
namespace {

constexpr std::size_t kFramesMax = 100'000;  // of one attempt: a recursion without end stops here

}  // namespace

void Frame::ready() { branch->attempt->queue().push(*this); }

void Frame::start(TaskOwner& its_owner, Branch& in, Continuation& continuation) {
  owner = &its_owner;
  branch = &in;
  then = &continuation;
  older = in.youngest;
  (older != nullptr ? older->younger : in.oldest) = this;
  in.youngest = this;
  in.attempt->count_frame();
  ready();
}

void Frame::leave() {
  if (queued) branch->attempt->queue().remove(*this);
  (older != nullptr ? older->younger : branch->oldest) = younger;
  (younger != nullptr ? younger->older : branch->youngest) = older;
  branch->attempt->uncount_frame();
}

void Frame::check_room() const {
  if (branch->attempt->frames() >= kFramesMax)
    throw Permanent(ErrorCode::too_large, "more than frames_max (" + std::to_string(kFramesMax) +
                                              ") tasks await each other");
}

void throw_awaited_twice() {
  throw std::logic_error("a Task or Pending is awaited once, and not after it was moved from");
}

void PendingBase::check(const Frame& awaiting) const {
  if (request_ == nullptr) throw_awaited_twice();
  if (request_->attempt != awaiting.branch->attempt)
    throw std::logic_error("this Pending belongs to the Context of another invocation");
}

void PendingBase::open(Branch& branch, Continuation& continuation) {
  then = &continuation;
  branch.attempt->open(*this, std::move(request_), branch);
}

void PendingBase::abandon() {
  request_.reset();
  if (opened_ != nullptr) opened_->attempt->abandon(*opened_);
}

}  // namespace nowthen::sdk

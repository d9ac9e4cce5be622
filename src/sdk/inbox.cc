#include "sdk/inbox.h"

#include <utility>

#include "base/assert.h"

namespace nowthen::sdk {

void Inbox::borrow(const core::Invocation& invocation) {
  journal_ = &invocation.done;
  cancel_seq_ = invocation.cancel_seq;
}

void Inbox::keep() {
  if (journal_ == nullptr) return;
  NT_ASSERT(own_.empty());
  while (cancel_is_next() || at_ < journal_->size()) {
    const Item item = pop();
    own_.push_back({item.entry == nullptr ? std::nullopt : std::optional(*item.entry), item.seq});
  }
  journal_ = nullptr;
}

void Inbox::push(const core::Entry& entry) { own_.push_back({entry, entry.done_seq}); }
void Inbox::push_cancel() { own_.push_back({std::nullopt, 0}); }

bool Inbox::cancel_is_next() const {
  return cancel_seq_ != 0 && (at_ == journal_->size() || (*journal_)[at_].done_seq > cancel_seq_);
}

bool Inbox::empty() const {
  return (journal_ == nullptr || (at_ == journal_->size() && cancel_seq_ == 0)) &&
         own_at_ == own_.size();
}

Inbox::Item Inbox::pop() {
  if (journal_ != nullptr) {
    if (cancel_is_next()) return {nullptr, std::exchange(cancel_seq_, 0)};
    if (at_ < journal_->size()) {
      const core::Entry& entry = (*journal_)[at_++];
      return {&entry, entry.done_seq};
    }
  }
  NT_ASSERT(own_at_ < own_.size());
  const Own& own = own_[own_at_++];
  return {own.entry ? &*own.entry : nullptr, own.seq};
}

const core::Entry* Inbox::find(std::string_view path) const {
  const core::Entry* found = nullptr;
  each([&](const core::Entry& entry) {
    if (entry.path == path) found = &entry;
    return found == nullptr;
  });
  return found;
}

}  // namespace nowthen::sdk

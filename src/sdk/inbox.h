#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/invocation.h"

namespace nowthen::sdk {

/// What was recorded and has not reached the code yet: results and the cancel, in their order.
class Inbox {
 public:
  /// One item: a result, or (null) the cancel. Valid until the inbox is touched again.
  struct Item {
    const core::Entry* entry = nullptr;
    std::uint32_t seq = 0;  ///< of a cancel: 0 when not known
  };

  /// The journal of an invocation. Borrowed: `keep` must come before the invocation goes.
  void borrow(const core::Invocation& invocation);
  /// Copies what is still there.
  void keep();
  void push(const core::Entry& entry);
  void push_cancel();

  bool empty() const;
  /// Precondition: not empty.
  Item pop();
  const core::Entry* find(std::string_view path) const;
  /// Calls `see` with each result that is left, until it is false.
  template <class F>
  void each(F see) const {
    if (journal_ != nullptr)
      for (std::size_t i = at_; i < journal_->size(); ++i)
        if (!see((*journal_)[i])) return;
    for (std::size_t i = own_at_; i < own_.size(); ++i)
      if (own_[i].entry && !see(*own_[i].entry)) return;
  }

 private:
  struct Own {
    std::optional<core::Entry> entry;
    std::uint32_t seq = 0;
  };
  bool cancel_is_next() const;

  const std::vector<core::Entry>* journal_ = nullptr;
  std::size_t at_ = 0;
  std::uint32_t cancel_seq_ = 0;  // in the borrowed part; 0: none, or given
  std::vector<Own> own_;
  std::size_t own_at_ = 0;
};

}  // namespace nowthen::sdk

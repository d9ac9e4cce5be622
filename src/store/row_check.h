#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/id.h>
#include <nowthen/result.h>

namespace nowthen::store {

/// What a look at every row of a data folder has found.
struct FolderReport {
  std::uint64_t rows = 0;     ///< of all kinds, good ones
  std::uint64_t live = 0;     ///< invocations
  std::uint64_t ended = 0;    ///< invocations
  std::uint64_t entries = 0;  ///< of the journals of live ones
  std::uint64_t problems = 0;
  std::vector<std::string> first_problems;  ///< kProblemsShownMax of them, each with its row
};
inline constexpr std::size_t kProblemsShownMax = 20;

/// What is wrong with a row whose payload the store does not know, if anything.
using CheckOpaque = std::function<Result<void>(std::string_view key, std::string_view value)>;

/// Whether something could be decoded.
template <class T>
Result<void> without_value(const Result<T>& decoded) {
  if (!decoded) return decoded.error();
  return {};
}

/// Checks rows one by one, and at the end those that name each other. Rows of each range are seen
/// in the order of their keys; an order of ranges is not needed.
class RowCheck {
 public:
  RowCheck(std::uint16_t partitions, CheckOpaque check_opaque)
      : partitions_(partitions), check_opaque_(std::move(check_opaque)) {}

  void see(std::string_view key, std::string_view value);
  /// Something is wrong beside the rows that can be seen.
  void add_problem(std::string text);
  /// Once, after the last row.
  FolderReport finish();

 private:
  Result<void> check(std::string_view key, std::string_view value);
  Result<void> check_live(std::string_view key, std::string_view value);
  Result<void> check_finished(std::string_view key, std::string_view value);

  const std::uint16_t partitions_;
  const CheckOpaque check_opaque_;
  FolderReport report_;
  // For the end: what is there, and what is said to be there.
  std::vector<InvocationId> live_, with_entries_, inputs_, inputs_named_;
  std::vector<std::string> results_, results_named_;
};

}  // namespace nowthen::store

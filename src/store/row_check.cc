#include "store/row_check.h"

#include <algorithm>
#include <utility>

#include "base/wire.h"
#include "store/codec.h"
#include "store/keys.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

/// Ranges whose keys have a partition after their letter.
bool is_partitioned(char letter) {
  return std::string_view("LJPFRIKOE").find(letter) != std::string_view::npos;
}

/// Calls `f` with those of `named` that are not in `there`.
template <class T, class F>
void each_missing(std::vector<T>& named, std::vector<T>& there, const F& f) {
  std::ranges::sort(named);
  std::ranges::sort(there);
  std::vector<T> missing;
  std::ranges::set_difference(named, there, std::back_inserter(missing));
  std::ranges::for_each(missing, f);
}

}  // namespace

void RowCheck::add_problem(std::string text) {
  ++report_.problems;
  if (report_.first_problems.size() < kProblemsShownMax)
    report_.first_problems.push_back(std::move(text));
}

void RowCheck::see(std::string_view key, std::string_view value) {
  if (const Result<void> good = check(key, value); !good) {
    const std::string row = describe_key(key), &why = good.error().message;
    return add_problem(why.find(row) == why.npos ? row + ": " + why : why);
  }
  ++report_.rows;
}

Result<void> RowCheck::check(std::string_view key, std::string_view value) {
  const char letter = key.empty() ? '\0' : key.front();
  if (is_partitioned(letter)) {
    Reader in(key.substr(1));
    const std::uint16_t partition = in.be16();
    if (in.failed() || partition >= partitions_) {
      return Error{ErrorCode::corruption, "its partition is " + std::to_string(partition) +
                                              ", there are " + std::to_string(partitions_)};
    }
  }
  switch (letter) {
    case 'L':
      return check_live(key, value);
    case 'F':
      return check_finished(key, value);
    case 'J': {
      const auto place = parse_entry_key(key);
      if (!place) return malformed(key);
      ++report_.entries;
      if (with_entries_.empty() || with_entries_.back() != place->id)
        with_entries_.push_back(place->id);
      return without_value(decode_entry(key, value));
    }
    case 'P': {
      const auto id = invocation_of_key(key);
      if (!id) return malformed(key);
      inputs_.push_back(*id);
      return without_value(decode_input(key, value));
    }
    case 'R':
      results_.emplace_back(key);
      return without_value(decode_result(key, value));
    case 'I':
      return without_value(decode_idempotency(key, value));
    case 'K':
      if (!parse_state_key(key)) return malformed(key);
      return without_value(decode_state(key, value));
    case 'O':
      if (!parse_outbox_key(key)) return malformed(key);
      return without_value(decode_message(key, value));
    case 'E':
      return without_value(decode_epoch(key, value));
    case 'C':
      if (!parse_policy_key(key)) return malformed(key);
      break;
    case 'A':
      if (!parse_audit_key(key)) return malformed(key);
      break;
    case 'M':
      break;
    default:
      return Error{ErrorCode::corruption, "no row has such a key"};
  }
  if (auto opaque = decode_opaque(key, value); !opaque) return opaque.error();
  if (check_opaque_) return check_opaque_(key, value);
  return {};
}

Result<void> RowCheck::check_live(std::string_view key, std::string_view value) {
  const auto id = invocation_of_key(key);
  if (!id) return malformed(key);
  ++report_.live;
  live_.push_back(*id);
  const auto header = decode_header(key, value);
  if (!header) return header.error();
  if ((*header)->input_row) inputs_named_.push_back(*id);
  return {};
}

Result<void> RowCheck::check_finished(std::string_view key, std::string_view value) {
  const auto place = parse_finished_key(key);
  if (!place) return malformed(key);
  ++report_.ended;
  const auto row = decode_finished(key, value);
  if (!row) return row.error();
  if (row->input_row) inputs_named_.push_back(place->id);
  if (row->result_row) results_named_.push_back(result_key(place->id, place->bucket));
  return {};
}

FolderReport RowCheck::finish() {
  each_missing(with_entries_, live_, [this](InvocationId id) {
    add_problem("journal of " + to_string(id) + ": its live header is missing");
  });
  each_missing(inputs_named_, inputs_,
               [this](InvocationId id) { add_problem(describe_key(input_key(id)) + ": missing"); });
  each_missing(results_named_, results_,
               [this](const std::string& key) { add_problem(describe_key(key) + ": missing"); });
  return std::move(report_);
}

}  // namespace nowthen::store

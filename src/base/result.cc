#include <nowthen/result.h>

namespace nowthen {

// No `default` in these switches: a new code without a word, or without a decision on retries, must
// not compile. What follows them answers for bytes that are no code at all.

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::none:
      return "none";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::gone:
      return "gone";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::invalid_state:
      return "invalid_state";
    case ErrorCode::lease_lost:
      return "lease_lost";
    case ErrorCode::deadline_exceeded:
      return "deadline_exceeded";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::expired:
      return "expired";
    case ErrorCode::failed:
      return "failed";
    case ErrorCode::deadlock:
      return "deadlock";
    case ErrorCode::too_large:
      return "too_large";
    case ErrorCode::overloaded:
      return "overloaded";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::journal_mismatch:
      return "journal_mismatch";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::codec_failed:
      return "codec_failed";
    case ErrorCode::locked:
      return "locked";
    case ErrorCode::newer_version:
      return "newer_version";
    case ErrorCode::corruption:
      return "corruption";
    case ErrorCode::store_failed:
      return "store_failed";
    case ErrorCode::rejected:
      return "rejected";
  }
  return "unknown";
}

bool may_retry(ErrorCode code) {
  switch (code) {
    // What stood in the way is time, load or another process, and passes by itself.
    case ErrorCode::deadline_exceeded:
    case ErrorCode::expired:
    case ErrorCode::overloaded:
    case ErrorCode::unavailable:
    case ErrorCode::timed_out:
    case ErrorCode::locked:
      return true;
    // The request, the stored state or the machine has to change first.
    case ErrorCode::none:
    case ErrorCode::invalid_argument:
    case ErrorCode::not_found:
    case ErrorCode::gone:
    case ErrorCode::already_exists:
    case ErrorCode::conflict:
    case ErrorCode::invalid_state:
    case ErrorCode::lease_lost:
    case ErrorCode::cancelled:
    case ErrorCode::failed:
    case ErrorCode::deadlock:
    case ErrorCode::too_large:
    case ErrorCode::journal_mismatch:
    case ErrorCode::codec_failed:
    case ErrorCode::newer_version:
    case ErrorCode::corruption:
    case ErrorCode::store_failed:
    case ErrorCode::rejected:
      return false;
  }
  return false;
}

}  // namespace nowthen

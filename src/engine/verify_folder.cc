#include "engine/verify_folder.h"

#include <utility>

#include "engine/audit.h"
#include "engine/elsewhere.h"
#include "engine/policy_book.h"
#include "store/keys.h"
#if NOWTHEN_WITH_ROCKSDB
#include "store/rocks_verify.h"
#endif

namespace nowthen::engine {
namespace {

[[maybe_unused]] Result<void> check_policy_row(std::string_view key, std::string_view value) {
  const auto place = store::parse_policy_key(key);
  if (place && place->row == store::PolicyRow::declaration)
    return store::without_value(decode_elsewhere(key, value));
  return PolicyBook().load({{std::string(key), std::string(value)}});
}

}  // namespace

Result<store::FolderReport> verify_folder(const std::string& folder,
                                          store::CheckOpaque check_fact) {
#if NOWTHEN_WITH_ROCKSDB
  return store::verify_rocks_folder(
      folder, [check_fact = std::move(check_fact)](std::string_view key, std::string_view value) {
        if (key.starts_with('A')) return store::without_value(decode_audit(key, value));
        if (key.starts_with('C')) return check_policy_row(key, value);
        return check_fact ? check_fact(key, value) : Result<void>();
      });
#else
  (void)folder, (void)check_fact;
  return Error{ErrorCode::invalid_argument, "this build keeps data in memory only: no folders"};
#endif
}

}  // namespace nowthen::engine

#pragma once

#include <string>
#include <string_view>

#include <nowthen/policy.h>
#include <nowthen/result.h>

#include "store/store.h"

namespace nowthen::engine {

/// An operation that is run outside of this process, as somebody declared it while the engine ran.
struct OperationElsewhere {
  std::string name;
  Declaration declaration;
  bool pulled = false;   ///< workers ask for its attempts
  std::string executor;  ///< what runs it, in the words of its executor: opaque here
};

/// Its row; docs/formats/rows.md. Opens with a format version of its own.
store::RowWrite encode_elsewhere(const OperationElsewhere& operation);
Result<OperationElsewhere> decode_elsewhere(std::string_view key, std::string_view value);

}  // namespace nowthen::engine

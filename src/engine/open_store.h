#pragma once

#include <memory>
#include <string>

#include <nowthen/result.h>

#include "store/store.h"

namespace nowthen::engine {

struct OpenedStore {
  std::unique_ptr<store::Store> store;
  std::uint16_t partitions = 0;
};

/// Opens the data folder, or makes it with `partitions`; no folder at all means memory.
/// `locked`, `newer_version`, `corruption`, `store_failed`; `invalid_argument` where this build has
/// no embedded store.
Result<OpenedStore> open_store(const std::string& folder, std::uint16_t partitions);

}  // namespace nowthen::engine

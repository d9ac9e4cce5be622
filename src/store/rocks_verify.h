#pragma once

#include <string>

#include <nowthen/result.h>

#include "store/row_check.h"

namespace nowthen::store {

/// Reads every row of a data folder, or of a backup of one, and changes nothing in it. Errors are
/// those of a folder that cannot be read at all: `locked` (names the pid of the owner),
/// `newer_version`, `corruption`, `invalid_argument` (it is no data folder), `store_failed`.
Result<FolderReport> verify_rocks_folder(const std::string& folder, CheckOpaque check_opaque);

}  // namespace nowthen::store

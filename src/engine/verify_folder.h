#pragma once

#include <string>

#include <nowthen/result.h>

#include "store/row_check.h"

namespace nowthen::engine {

/// Reads and decodes every row of a data folder that no process owns, or of a backup; changes
/// nothing. `check_fact` is asked about facts that others keep with the data (Engine::set_fact).
/// Errors as of `open_store`; `invalid_argument` if it is no data folder.
Result<store::FolderReport> verify_folder(const std::string& folder, store::CheckOpaque check_fact);

}  // namespace nowthen::engine

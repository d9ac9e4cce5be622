#pragma once

#include <string>
#include <vector>

#include <nowthen/result.h>

#include "store/row_check.h"

namespace nowthen::server {

/// Reads every row of a data folder that no server owns, or of a backup, those of the server too;
/// changes nothing. Errors as of engine::verify_folder.
Result<store::FolderReport> verify_folder(const std::string& folder);

/// Copies a backup to a data folder that is not there yet, or empty: durably, and whole or not at
/// all. `invalid_argument`, `already_exists`, `corruption` (with the first problem), `store_failed`
/// when it cannot be copied.
Result<store::FolderReport> restore_folder(const std::string& backup, const std::string& folder);

/// `nowthen verify [--json] DIR` and `nowthen restore BACKUP DIR`. Return the exit code: 0; 1 when
/// something is wrong with a folder; 2 wrong usage.
int verify(const std::vector<std::string>& words);
int restore(const std::vector<std::string>& words);

}  // namespace nowthen::server

#pragma once

#include <string>

#include <nowthen/result.h>

namespace nowthen::server {

/// The 32 secret bytes of a data folder, under which API keys and attempt tokens are hashed: in its
/// file SECRET (mode 0600), made with the folder. Without a folder they are new in every process.
Result<std::string> folder_secret(const std::string& folder);

/// Puts the secret of one folder into a copy of it, durably.
Result<void> write_folder_secret(const std::string& folder, const std::string& secret);

}  // namespace nowthen::server

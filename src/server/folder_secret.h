#pragma once

#include <string>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen::server {

/// Under which API keys are hashed; a backup holds it.
inline constexpr std::string_view kKeysFile = "SECRET";
/// Under which attempt tokens are made; a backup does not hold it, so that what is restored has new
/// ones: the attempts of the life before go on elsewhere, or are over.
inline constexpr std::string_view kTokensFile = "TOKENS";

/// 32 secret bytes of a data folder, in that file of it (mode 0600), which is made if it is not
/// there. Without a folder they are new in every process.
Result<std::string> folder_secret(const std::string& folder, std::string_view file);

/// Puts the secret of one folder into a copy of it, durably.
Result<void> write_folder_secret(const std::string& folder, std::string_view file,
                                 const std::string& secret);

}  // namespace nowthen::server

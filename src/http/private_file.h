#pragma once

#include <string>

#include <nowthen/result.h>

namespace nowthen::http {

/// The text of a file that nobody but its owner may read or write (mode 0600), of at most 1 MiB.
/// `invalid_argument` begins with `what`, which says what the file is, and never repeats its text.
Result<std::string> read_private_file(const std::string& what, const std::string& path);

}  // namespace nowthen::http

#pragma once

#include <string_view>

namespace nowthen::http {

/// A file that is built into the program: "openapi.json", "errors/not-found.md". Empty if there is
/// none of that name.
std::string_view built_in(std::string_view name);

}  // namespace nowthen::http

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen::http {

/// Values that declarations name and never hold: `{"secret": "CHARGE_TOKEN"}`. No message and no
/// log repeats one. Any thread.
class Secrets {
 public:
  virtual ~Secrets() = default;
  /// None if there is no secret of that name.
  virtual std::optional<std::string> find(std::string_view name) const = 0;
};

/// Letters, digits and '_', the first no digit; 1 to 128 bytes.
bool is_secret_name(std::string_view name);

/// Secrets from the environment, NOWTHEN_SECRET_<NAME>, and behind it from `file` (empty: none):
/// one NAME=value a line, value to the end of the line as it is; empty lines and lines that begin
/// with '#' are skipped. The file is read once. `invalid_argument` if it cannot be read, if others
/// than its owner may read or write it (its mode must be 0600), if it is larger than 1 MiB, or a
/// line has another form: the message names the line's number, never its text.
Result<std::unique_ptr<Secrets>> open_secrets(const std::string& file = {});

}  // namespace nowthen::http

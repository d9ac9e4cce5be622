#include "http/secrets.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "http/private_file.h"

namespace nowthen::http {
namespace {

class FileSecrets final : public Secrets {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;
  explicit FileSecrets(Values values) : values_(std::move(values)) {}

  std::optional<std::string> find(std::string_view name) const override {
    if (!is_secret_name(name)) return std::nullopt;
    const std::string variable = "NOWTHEN_SECRET_" + std::string(name);
    if (const char* value = std::getenv(variable.c_str()); value != nullptr) return value;
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  Values values_;
};

}  // namespace

bool is_secret_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, fits) &&
         !(name.front() >= '0' && name.front() <= '9');
}

Result<std::unique_ptr<Secrets>> open_secrets(const std::string& file) {
  FileSecrets::Values values;
  if (!file.empty()) {
    const Result<std::string> text = read_private_file("the file of secrets", file);
    if (!text) return text.error();
    std::string_view rest = *text;
    for (int number = 1; !rest.empty(); ++number) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || line.starts_with('#')) continue;
      const std::size_t equals = line.find('=');
      const std::string_view name = line.substr(0, equals);
      if (equals == std::string_view::npos || !is_secret_name(name) ||
          !values.emplace(name, line.substr(equals + 1)).second)
        return Error{ErrorCode::invalid_argument, "the file of secrets '" + file + "', line " +
                                                      std::to_string(number) +
                                                      ": expected NAME=value, each name once"};
    }
  }
  return std::unique_ptr<Secrets>(std::make_unique<FileSecrets>(std::move(values)));
}

}  // namespace nowthen::http

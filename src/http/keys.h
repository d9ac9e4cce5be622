#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "base/time.h"
#include "core/command.h"
#include "http/router.h"

namespace nowthen::http {

/// HMAC-SHA-256 (RFC 2104), 32 bytes.
std::string hmac(std::string_view key, std::string_view text);
/// `count` bytes that nobody can guess.
std::string random_bytes(std::size_t count);
/// Crockford base32, lower case; and back, none for other text.
std::string base32(std::string_view bytes);
std::optional<std::string> base32_decoded(std::string_view text);

/// An API key as it is kept: without the secret.
struct ApiKey {
  std::string id;
  std::string name;
  Role role = Role::caller;
  WallTime created{};
  std::string hash;  ///< of the secret, under the key of the data folder
};
std::string encode_api_key(const ApiKey& key);
Result<ApiKey> decode_api_key(std::string_view id, std::string_view bytes);

/// The API keys of a server. Any thread; what is looked up is a snapshot.
class KeyRing {
 public:
  explicit KeyRing(std::string folder_key) : folder_key_(std::move(folder_key)) {}

  struct Made {
    ApiKey key;
    std::string secret;  ///< "nt_{id}_{secret}": what the client sends, known to nobody else
  };
  /// One `stored` or `not_stored` follows, once that is known. `invalid_state` if it would be the
  /// first one, and not an admin's: nobody could make another.
  Result<Made> make(std::string name, Role role, WallTime now);
  void stored(ApiKey key);
  void not_stored();
  /// The key whose secret is to be this text, which somebody has thought of:
  /// "nt_{id}_{secret}", an id of at most 32 small letters and digits, a secret of 32 to 256
  /// letters and digits. None for other text.
  std::optional<ApiKey> key_of(std::string_view secret, std::string name, Role role,
                               WallTime now) const;

  void put(ApiKey key);
  /// `not_found`; `invalid_state` if it is the last one of an admin, and not the last one.
  Result<void> remove(std::string_view id);
  bool empty() const;
  std::vector<ApiKey> all() const;
  /// Whose secret this is. Takes the same time for every wrong one.
  std::optional<ApiKey> find(std::string_view secret) const;

 private:
  std::string hash(std::string_view secret) const { return hmac(folder_key_, secret); }

  const std::string folder_key_;
  mutable std::mutex mutex_;  ///< guards the rest; what the pointer points to never changes
  std::size_t coming_ = 0;    ///< made, and not known to be stored
  std::shared_ptr<const std::map<std::string, ApiKey, std::less<>>> keys_ =
      std::make_shared<const std::map<std::string, ApiKey, std::less<>>>();
};

/// The text that gives a worker the right to end an attempt: its lease, and a keyed hash of it. The
/// key is no part of a backup: what is restored takes no token of the life before.
std::string attempt_token(std::string_view token_key, const core::Lease& lease);
/// None if it was not made here.
std::optional<core::Lease> parse_attempt_token(std::string_view token_key, std::string_view token);

}  // namespace nowthen::http

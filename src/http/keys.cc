#include "http/keys.h"

#include <algorithm>
#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "base/wire.h"

namespace nowthen::http {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "nt_";
constexpr std::size_t kIdBytes = 5;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMacBytes = 12;

/// What stands between "nt_" and the next '_' of a secret; empty if that is not how it looks.
std::string_view id_in(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return {};
  const std::string_view rest = secret.substr(kPrefix.size());
  return rest.substr(0, rest.find('_'));
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string signed_part(const core::Lease& lease) {
  std::string bytes;
  Writer out(bytes);
  out.be64(lease.id.high);
  out.be64(lease.id.low);
  out.be32(static_cast<std::uint32_t>(lease.epoch));
  return bytes;
}

}  // namespace

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes,
                          text.size(), digest.data(), &size);
  NT_ASSERT(done != nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const int done =
      RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  NT_ASSERT(done == 1);
  return bytes;
}

std::string base32(std::string_view bytes) {
  std::string text;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += kAlphabet[bits >> held & 31];
    }
    bits &= (1u << held) - 1;
  }
  if (held > 0) text += kAlphabet[bits << (5 - held) & 31];
  return text;
}

std::optional<std::string> base32_decoded(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) return std::nullopt;
    bits = (bits << 5) | static_cast<unsigned>(digit);
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held);
    }
    bits &= (1u << held) - 1;
  }
  if (held >= 5 || bits != 0) return std::nullopt;  // another text says the same
  return bytes;
}

std::string encode_api_key(const ApiKey& key) {
  std::string bytes;
  Writer out(bytes);
  const auto& [id, name, role, created, hash] = key;
  out.bytes(name);
  out.bytes(to_string(role));
  out.zigzag(to_us(created));
  out.bytes(hash);
  return bytes;
}

Result<ApiKey> decode_api_key(std::string_view id, std::string_view bytes) {
  ApiKey key;
  Reader in(bytes);
  key.id = id;
  key.name = in.bytes();
  const auto role = parse_role(in.bytes());
  key.created = from_us(in.zigzag());
  key.hash = in.bytes();
  if (!role || !in.finished())
    return Error{ErrorCode::corruption, "API key " + std::string(id) + " cannot be read"};
  key.role = *role;
  return key;
}

// ---- the ring --------------------------------------------------------------------------------

Result<KeyRing::Made> KeyRing::make(std::string name, Role role, WallTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (keys_->empty() && role != Role::admin) {
      return Error{ErrorCode::invalid_state,
                   "the first API key must be an admin's: from it on every call needs a key, and "
                   "one of role " +
                       std::string(to_string(role)) + " can make no other"};
    }
    ++coming_;
  }
  Made made;
  made.key.id = base32(random_bytes(kIdBytes));
  made.secret = std::string(kPrefix) + made.key.id + "_" + base32(random_bytes(kSecretBytes));
  made.key.name = std::move(name);
  made.key.role = role;
  made.key.created = now;
  made.key.hash = hash(made.secret);
  return made;
}

void KeyRing::stored(ApiKey key) {
  put(std::move(key));
  not_stored();
}

void KeyRing::not_stored() {
  const std::lock_guard lock(mutex_);
  --coming_;
}

std::optional<ApiKey> KeyRing::key_of(std::string_view secret, std::string name, Role role,
                                      WallTime now) const {
  const auto among = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == text.npos;
  };
  constexpr std::string_view kSmall = "0123456789abcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kAny =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::string_view id = id_in(secret);
  if (id.empty() || id.size() > 32 || !among(id, kSmall)) return std::nullopt;
  const std::string_view rest = secret.substr(kPrefix.size() + id.size());  // "_{secret}"
  if (rest.size() < 33 || rest.size() > 257 || !among(rest.substr(1), kAny)) return std::nullopt;
  return ApiKey{std::string(id), std::move(name), role, now, hash(secret)};
}

void KeyRing::put(ApiKey key) {
  const std::lock_guard lock(mutex_);
  auto keys = *keys_;
  std::string id = key.id;
  keys.insert_or_assign(std::move(id), std::move(key));
  keys_ = std::make_shared<const decltype(keys)>(std::move(keys));
}

Result<void> KeyRing::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto keys = *keys_;
  if (const auto it = keys.find(id); it != keys.end()) {
    keys.erase(it);
  } else {
    return Error{ErrorCode::not_found, "there is no API key '" + std::string(id) + "'"};
  }
  const auto is_admin = [](const auto& each) { return each.second.role == Role::admin; };
  if ((!keys.empty() || coming_ > 0) && std::ranges::none_of(keys, is_admin)) {
    return Error{ErrorCode::invalid_state,
                 "API key '" + std::string(id) +
                     "' is the last one of an admin: make another, or delete the others first"};
  }
  keys_ = std::make_shared<const decltype(keys)>(std::move(keys));
  return {};
}

bool KeyRing::empty() const {
  const std::lock_guard lock(mutex_);
  return keys_->empty();
}

std::vector<ApiKey> KeyRing::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<ApiKey> keys;
  for (const auto& [id, key] : *keys_) keys.push_back(key);
  return keys;
}

std::optional<ApiKey> KeyRing::find(std::string_view secret) const {
  std::shared_ptr<const std::map<std::string, ApiKey, std::less<>>> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  const std::string hashed = hash(secret);
  const auto it = keys->find(id_in(secret));
  if (it == keys->end()) return std::nullopt;
  if (!same(hashed, it->second.hash)) return std::nullopt;
  return it->second;
}

// ---- tokens ----------------------------------------------------------------------------------

std::string attempt_token(std::string_view token_key, const core::Lease& lease) {
  std::string bytes = signed_part(lease);
  bytes += hmac(token_key, bytes).substr(0, kMacBytes);
  return base32(bytes);
}

std::optional<core::Lease> parse_attempt_token(std::string_view token_key, std::string_view token) {
  if (token.size() != 52) return std::nullopt;  // 32 bytes
  const auto bytes = base32_decoded(token);
  if (!bytes || bytes->size() != 32) return std::nullopt;
  Reader in(*bytes);
  core::Lease lease;
  lease.id.high = in.be64();
  lease.id.low = in.be64();
  lease.epoch = static_cast<core::LeaseEpoch>(in.be32());
  const std::string mac = hmac(token_key, std::string_view(*bytes).substr(0, 20));
  if (!same(std::string_view(*bytes).substr(20), std::string_view(mac).substr(0, kMacBytes)))
    return std::nullopt;
  return lease;
}

}  // namespace nowthen::http

// Any text, taken as each of the small things that requests, answers and settings hold: no crash,
// and what is accepted keeps what its reader promises.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/assert.h"
#include "base/utf8.h"
#include "http/app.h"
#include "http/declared.h"
#include "http/ip_address.h"
#include "http/keys.h"
#include "http/listener.h"
#include "http/prefer.h"
#include "http/request_head.h"
#include "http/retry_after.h"
#include "http/router.h"

namespace {

using namespace nowthen;
using namespace nowthen::http;

constexpr WallTime kNow = from_us(1'700'000'000'000'000);

void headers(std::string_view text) {
  if (const auto prefer = parse_prefer(text); prefer && prefer->wait)
    NT_ASSERT(*prefer->wait >= Duration::zero());
  NT_ASSERT(unquoted(text).size() <= text.size());
  if (const auto wait = parse_retry_after(text, kNow))
    NT_ASSERT(*wait >= Duration::zero() && *wait <= kRetryAfterMax);
  (void)parse_http_date(text);
  (void)is_token(text);
  (void)is_field_value(text);
}

void targets(std::string_view text) {
  if (const auto decoded = percent_decoded(text)) {
    NT_ASSERT(decoded->size() <= text.size());
    NT_ASSERT(percent_decoded(percent_encoded(*decoded)) == *decoded);
  }
  for (const Method method : {Method::get, Method::post, Method::other}) {
    const Match match = match_route(method, text);
    if (match.route != nullptr) NT_ASSERT(match.parts.size() <= 2);
  }
  std::map<std::string, std::string, std::less<>> query;
  if (!parse_query(text, "operation state order_key from cursor limit", query))
    NT_ASSERT(query.size() <= 6);
  if (const auto time = parse_seconds(text)) NT_ASSERT(*time >= Duration::zero());
}

void addresses(std::string_view text) {
  if (const auto ip = IpAddress::parse(text)) {
    NT_ASSERT(IpAddress::parse(ip->text()) == ip);
    NT_ASSERT(!to_string(reach_of(*ip)).empty());
    NT_ASSERT(IpRange::of(*ip).contains(*ip));
  }
  if (const auto range = IpRange::parse(text)) {
    NT_ASSERT(range->bits <= 128 && range->contains(range->first) && range->contains(*range));
    (void)is_link_local(*range);
  }
  if (const auto address = parse_address(text)) {
    const auto again = parse_address(to_string(*address));
    NT_ASSERT(again && again->host == address->host && again->port == address->port);
    (void)is_loopback(*address);
  }
}

void secrets(const std::string& text) {
  const std::string key(32, 'k');
  if (const auto lease = parse_attempt_token(key, text)) {
    NT_ASSERT(parse_attempt_token(key, attempt_token(key, *lease)));
    NT_ASSERT(attempt_token(key, *lease) == text);
  }
  if (const auto bytes = base32_decoded(text)) NT_ASSERT(base32_decoded(base32(*bytes)) == bytes);
  NT_ASSERT(base32_decoded(base32(text)) == text);
  if (const auto kept = decode_api_key("id", text)) NT_ASSERT(encode_api_key(*kept) == text);
  KeyRing ring(key);
  NT_ASSERT(!ring.find(text));
}

void declarations(const std::string& text) {
  if (const auto declared = parse_declaration("op", text)) {
    const DeclaredExecutor executor = parse_executor(declared->executor);
    NT_ASSERT(declared->pulled == executor.pull.has_value());
    NT_ASSERT(executor.pull.has_value() != (executor.http != nullptr));
  }
  (void)parse_executor(text);
  if (const auto patch = parse_policy_patch(text)) {
    Policy policy;
    (void)apply_patch(policy, *patch).has_value();
  }
  NT_ASSERT(is_utf8(as_utf8(text)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      headers(text);
      break;
    case 1:
      targets(text);
      break;
    case 2:
      addresses(text);
      break;
    case 3:
      secrets(text);
      break;
    default:
      declarations(text);
  }
  return 0;
}

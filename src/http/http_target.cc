#include "http/http_target.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nowthen/json.h>

#include "http/request_head.h"
#include "http/secrets.h"

namespace nowthen::http {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kReserved[] = {
    "host",       "content-length", "content-type", "transfer-encoding",
    "connection", "keep-alive",     "te",           "trailer",
    "upgrade",    "expect",         "traceparent",  "idempotency-key"};

bool is_reserved(const std::string& name) {
  const std::string lower = lower_case(name);
  return std::ranges::find(kReserved, lower) != std::end(kReserved) ||
         lower.starts_with("nowthen-") || lower.starts_with("proxy-");
}

/// By lower-case names, so that no header is there twice.
using Headers = std::map<std::string, TargetHeader>;

/// A string, or {"secret": "NAME"}.
void read_value(JsonReader& reader, TargetHeader& header) {
  const std::string_view raw = reader.raw();
  if (!reader.ok()) return;
  JsonReader inner(raw, JsonReader::Unknown::refused);
  if (raw.starts_with('{')) {
    JsonField fields[] = {json::field("secret", header.secret)};
    inner.object(fields, std::size(fields));
    if (inner.ok() && !is_secret_name(header.secret))
      return reader.fail("the name of a secret has 1 to 128 letters, digits and '_'");
  } else {
    inner.string(header.value);
  }
  if (!inner.ok()) return reader.fail("expected a string, or {\"secret\": \"NAME\"}");
  if (header.value.size() > kTargetHeaderBytesMax)
    return reader.fail("the value has more than " + std::to_string(kTargetHeaderBytesMax) +
                       " bytes");
  if (!is_field_value(header.value))
    reader.fail("the value has a control character, or white space at an end");
}

void read_header(JsonReader& reader, void* target, std::string&& name) {
  auto& headers = *static_cast<Headers*>(target);
  if (!is_token(name)) return reader.fail("this is no name of a header");
  if (is_reserved(name)) return reader.fail("this header is set by the server");
  if (headers.size() == kTargetHeadersMax)
    return reader.fail("more than " + std::to_string(kTargetHeadersMax) + " headers");
  TargetHeader header{name, {}, {}};
  read_value(reader, header);
  if (!reader.ok()) return;
  if (!headers.emplace(lower_case(name), std::move(header)).second)
    reader.fail("the name is there twice");
}

void read_headers(JsonReader& reader, void* target) { reader.entries(target, &read_header); }

Error refused(std::string_view field, std::string_view why) {
  return {ErrorCode::invalid_argument, "field '" + std::string(field) + "': " + std::string(why)};
}

}  // namespace

Result<HttpTarget> parse_http_target(std::string_view json) {
  HttpTarget target;
  std::string url;
  std::string on_unknown = "retry";
  Headers headers;
  JsonReader reader(json, JsonReader::Unknown::refused);
  JsonField fields[] = {json::field("url", url),
                        {"headers", &headers, &read_headers, true},
                        json::field("lease", target.lease),
                        json::field("on_unknown", on_unknown)};
  fields[2].optional = fields[3].optional = true;
  reader.object(fields, std::size(fields));
  if (reader.ok()) reader.finish();
  if (!reader.ok()) return reader.error();

  Result<Url> parsed = parse_url(url);
  if (!parsed) return refused("url", parsed.error().message);
  target.url = std::move(*parsed);
  if (target.lease < 1s || target.lease > 24h) return refused("lease", "from 1s to 24h");
  if (on_unknown == "park") {
    target.on_unknown = OnUnknown::park;
  } else if (on_unknown != "retry") {
    return refused("on_unknown", "\"retry\" or \"park\"");
  }
  for (auto& [name, header] : headers) target.headers.push_back(std::move(header));
  return target;
}

}  // namespace nowthen::http

#include "http/describe.h"

#include <openssl/evp.h>

#include "base/utf8.h"
#include "http/problem.h"

namespace nowthen::http {

void put(JsonWriter& out, std::string_view name, std::string_view text) {
  out.field(name);
  out.string(as_utf8(text));
}
void put(JsonWriter& out, std::string_view name, std::uint64_t number) {
  out.field(name);
  out.natural(number);
}
void put(JsonWriter& out, std::string_view name, WallTime time) {
  out.field(name);
  json::write_time(out, time);
}
void put_value(JsonWriter& out, const std::string& name, std::string_view bytes) {
  if (validate_json(bytes)) {
    out.field(name);
    return out.raw(bytes);
  }
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  const std::string encoded = name + "_base64";
  out.field(encoded);
  out.string(text);
}
void put_if(JsonWriter& out, std::string_view name, std::string_view text) {
  if (!text.empty()) put(out, name, text);
}
void put_if(JsonWriter& out, std::string_view name, InvocationId id) {
  if (!id.is_null()) put(out, name, to_string(id));
}

namespace {

/// Bytes that are JSON as a value, others as text.
void put_bytes(JsonWriter& out, std::string_view name, std::string_view bytes) {
  out.field(name);
  if (validate_json(bytes)) {
    out.raw(bytes);
  } else {
    out.string(as_utf8(bytes));
  }
}

}  // namespace

void put_outcome(JsonWriter& out, const core::Outcome& outcome) {
  if (outcome.ok()) return put_bytes(out, "result", outcome.data.empty() ? "null" : outcome.data);
  out.field("error");
  out.begin_object();
  put(out, "code", to_string(outcome.code));
  put(out, "message", outcome.data);
  out.end_object();
}

namespace {

/// What a line of a journal and its digest share; `at`: when it ended.
template <class Entry>
void put_entry(JsonWriter& out, const Entry& entry, WallTime at) {
  put(out, "seq", entry.done_seq);
  put(out, "path", entry.path);
  put(out, "kind", core::to_string(entry.kind));
  put(out, "tries", entry.tries);
  put(out, "at", at);
  put_if(out, "child", entry.child);
}

}  // namespace

std::string describe(const core::Entry& entry) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  put_entry(out, entry, entry.since);
  put_outcome(out, entry.outcome);
  out.end_object();
  return text;
}

std::string describe(const store::DigestEntry& entry) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  put_entry(out, entry, entry.ended);
  const bool cut = entry.data.size() < entry.data_bytes;
  if (cut) put(out, "bytes", entry.data_bytes);
  if (!cut || entry.code != ErrorCode::none) put_outcome(out, {entry.code, entry.data});
  out.end_object();
  return text;
}

}  // namespace nowthen::http

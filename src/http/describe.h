#pragma once

#include <string>
#include <string_view>

#include <nowthen/json.h>

#include "core/invocation.h"
#include "store/finished_row.h"

namespace nowthen::http {

// How what is stored looks as JSON. Text that is not UTF-8 is made so.

void put(JsonWriter& out, std::string_view name, std::string_view text);
void put(JsonWriter& out, std::string_view name, std::uint64_t number);
void put(JsonWriter& out, std::string_view name, WallTime time);
void put_if(JsonWriter& out, std::string_view name, std::string_view text);
void put_if(JsonWriter& out, std::string_view name, InvocationId id);
/// JSON as it is; other bytes as base64, under "NAME_base64".
void put_value(JsonWriter& out, const std::string& name, std::string_view bytes);
/// `"result": ...` or `"error": {"code", "message"}`. Bytes that are no JSON become text.
void put_outcome(JsonWriter& out, const core::Outcome& outcome);

/// An entry of a journal that is done.
std::string describe(const core::Entry& entry);
std::string describe(const store::DigestEntry& entry);

}  // namespace nowthen::http

// Any text, taken as each of the words that people write: durations, ids, fields of a policy. What
// is accepted is written as one text that reads as the same thing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <nowthen/id.h>
#include <nowthen/policy.h>

#include "base/assert.h"
#include "base/utf8.h"

namespace {

using namespace nowthen;

void duration(std::string_view text) {
  const Result<Duration> read = parse_duration(text);
  if (!read) return;
  const Result<Duration> again = parse_duration(format_duration(*read));
  NT_ASSERT(again && *again == *read);
}

void id(std::string_view text) {
  if (const Result<InvocationId> read = parse_invocation_id(text))
    NT_ASSERT(to_string(*read) == text);
}

/// "field=value" lines: a policy that took a patch holds what the patch says, and nothing of one
/// that it refused.
void policy(std::string_view text) {
  PolicyPatch patch;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == line.npos) {
      patch.clear(std::string(line));
    } else {
      patch.set(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
    }
  }
  Policy changed;
  const bool taken = apply_patch(changed, patch).has_value();
  if (!taken) NT_ASSERT(changed == Policy());
  (void)validate(changed).has_value();
  Policy again;
  PolicyPatch all;
  for (const std::string& field : policy_fields()) all.set(field, *policy_field(changed, field));
  NT_ASSERT(apply_patch(again, all) && again == changed);
}

void characters(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text, at);
    NT_ASSERT(length <= 4 && at + length <= text.size());
    if (length == 0) break;
    at += length;
  }
  NT_ASSERT(is_utf8(text) == (at == text.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  duration(text);
  id(text);
  policy(text);
  characters(text);
  return 0;
}

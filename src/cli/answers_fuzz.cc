// Any bytes that a server may send, or a person type: events do not depend on the pieces in which
// they come, what is printed is safe for a terminal, and JSON is found as it was sent.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nowthen/failure.h>
#include <nowthen/json.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "cli/event_reader.h"
#include "cli/json_value.h"
#include "cli/policy_settings.h"
#include "cli/problem.h"
#include "cli/text.h"
#include "cli/ticket.h"
#include "cli/url.h"

namespace {

using namespace nowthen;
using namespace nowthen::cli;

std::string events(std::string_view bytes, std::size_t piece) {
  std::string seen;
  EventReader reader([&seen](const EventReader::Event& event) {
    seen += event.name + '\0' + event.id + '\0' + event.data + '\0';
  });
  while (!bytes.empty()) {
    NT_ASSERT(reader.feed(bytes.substr(0, piece)));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return seen;
}

void check_printable(std::string_view text) {
  for (const LineBreaks breaks : {LineBreaks::escaped, LineBreaks::kept}) {
    const std::string shown = printable(text, breaks);
    NT_ASSERT(is_utf8(shown));
    for (const char c : shown) {
      const auto byte = static_cast<unsigned char>(c);
      NT_ASSERT((byte >= 0x20 && byte != 0x7f) ||
                (breaks == LineBreaks::kept && (c == '\n' || c == '\t')));
    }
  }
  const std::string shown = printable(text);
  for (const std::size_t most : {std::size_t{3}, std::size_t{10}, std::size_t{1000}}) {
    const std::string fits = cut(shown, most);
    NT_ASSERT(columns(fits) <= most && is_utf8(fits));
  }
}

void walk(const JsonValue& value) {
  NT_ASSERT(validate_json(value.json()));
  (void)value.text();
  for (const auto& [name, field] : value.fields()) {
    NT_ASSERT(value.at(name).json() == field.json());
    walk(field);
  }
  for (const JsonValue& element : value.elements()) walk(element);
}

void check_problem(const std::string& text) {
  Reply reply;
  reply.status = 400;
  reply.headers = {{"Content-Type", "application/problem+json"}};
  reply.body = text;
  (void)ticket_id(reply);
  const auto problem = problem_of(reply);
  if (!problem) return;
  const std::string line = to_line(*problem, reply, "http://127.0.0.1:7070");
  NT_ASSERT(line.find('\n') == line.npos && printable(line) == line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  NT_ASSERT(events(text, text.size()) == events(text, 1 + data[0] % 16));
  check_printable(text);
  check_problem(text);
  if (const auto value = JsonValue::parse(text); value && size <= 1'024) walk(*value);
  try {
    if (const auto settings = policy_settings({text})) NT_ASSERT(validate_json(settings->json));
  } catch (const CodecFailed&) {  // `run` says so
    NT_ASSERT(!is_utf8(text));
  }
  if (const auto server = parse_server(text)) {
    const auto again = parse_server(*server);
    NT_ASSERT(!server->ends_with('/') && again && *again == *server);
    (void)is_loopback(*server);
  }
  NT_ASSERT(is_utf8(percent_encoded(text)));
  return 0;
}

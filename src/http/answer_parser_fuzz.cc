// Any bytes: the answer that is read does not depend on the pieces in which it comes, and a judged
// one is a result only if it is JSON or said to be bytes.

#include <cstddef>
#include <cstdint>
#include <string>

#include <nowthen/json.h>

#include "base/assert.h"
#include "http/answer_parser.h"
#include "http/verdict.h"

namespace {

using namespace nowthen;
using namespace nowthen::http;
using State = AnswerParser::State;

struct Read {
  State state = State::reading;
  ClientResponse response;
};

Read read(std::string_view text, std::size_t piece, AnswerParser::Ending ending) {
  AnswerParser parser({1u << 20, 1u << 20}, "POST");
  Read result;
  while (!text.empty() && result.state == State::reading) {
    result.state = parser.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (result.state == State::reading) result.state = parser.end(ending);
  NT_ASSERT(result.state != State::reading);
  if (result.state == State::failed) NT_ASSERT(!parser.fault().empty());
  if (result.state == State::complete) result.response = parser.take();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto ending = data[0] % 2 == 0 ? AnswerParser::Ending::clean : AnswerParser::Ending::cut;
  Read whole = read(text, text.size(), ending);
  const Read pieces = read(text, 1 + data[0] / 32, ending);
  NT_ASSERT(whole.state == pieces.state);
  if (whole.state == State::failed) return 0;
  NT_ASSERT(whole.response.status == pieces.response.status);
  NT_ASSERT(whole.response.status >= 200 && whole.response.status <= 999);
  NT_ASSERT(whole.response.body == pieces.response.body);
  NT_ASSERT(whole.response.headers.size() == pieces.response.headers.size());
  const std::string* type = whole.response.header("content-type");
  const bool typed = type != nullptr;
  const Verdict verdict = judge(std::move(whole.response), from_us(1'700'000'000'000'000));
  if (verdict.kind == Verdict::Kind::final && verdict.outcome.ok() && !typed)
    NT_ASSERT(validate_json(verdict.outcome.data));
  return 0;
}

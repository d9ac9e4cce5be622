// Any bytes: an answer that is whole is the same one whatever follows it, no shorter text is whole,
// and its parts lie within it.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "load/http_answer.h"

namespace {

using namespace nowthen::load;

void cut_from(std::string_view bytes) {
  HttpAnswer answer;
  std::string chunks;
  std::size_t used = 0;
  if (cut_answer(bytes, answer, used, chunks) != Cut::whole) return;
  NT_ASSERT(used > 0 && used <= bytes.size());
  NT_ASSERT(answer.status >= 200 && answer.status <= 999);
  NT_ASSERT(answer.head.size() + answer.body.size() <= used);
  (void)answer.field("Retry-After");
  const std::string body(answer.body);

  HttpAnswer again;
  std::size_t same = 0;
  NT_ASSERT(cut_answer(bytes.substr(0, used), again, same, chunks) == Cut::whole);
  NT_ASSERT(same == used && again.status == answer.status && again.body == body);
  NT_ASSERT(cut_answer(bytes.substr(0, used - 1), again, same, chunks) != Cut::whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cut_from({reinterpret_cast<const char*>(data), size});
  return 0;
}

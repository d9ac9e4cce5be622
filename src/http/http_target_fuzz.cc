// Any text: a URL that is accepted is read again from its parts as the same one, and nothing that
// is accepted can break a request in two.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "http/egress.h"
#include "http/http_target.h"
#include "http/request_head.h"

namespace {

using namespace nowthen::http;

void check_head(const ClientRequest& request) {
  const nowthen::Result<std::string> head = request_head(request);
  NT_ASSERT(head);
  NT_ASSERT(head->find("\r\n\r\n") == head->size() - 4);
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = head->find('\n', at)) != std::string::npos; ++at) ++lines;
  NT_ASSERT(lines == request.headers.size() + 4);  // request line, Host, Content-Length, empty
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const nowthen::Result<Url> url = parse_url(text)) {
    const nowthen::Result<Url> again = parse_url(url->origin() + url->target);
    NT_ASSERT(again && *again == *url);
    ClientRequest request;
    request.url = *url;
    check_head(request);
  }
  if (const nowthen::Result<HttpTarget> target = parse_http_target(text)) {
    ClientRequest request;
    request.url = target->url;
    for (const TargetHeader& header : target->headers)
      request.headers.push_back({header.name, header.value});
    check_head(request);
  }
  if (const nowthen::Result<Egress> egress = Egress::make({.allow = {text}})) {
    NT_ASSERT(!egress->check("x", "169.254.169.254", 80) || text.starts_with("169.254.") ||
              text.starts_with("::ffff:") || text.starts_with("["));
    NT_ASSERT(!egress->check("x", "0.0.0.0", 80));
    NT_ASSERT(!egress->check(text, "ff02::1", 80));
  }
  return 0;
}

#include "server/demo.h"

#include <cstdio>
#include <map>
#include <optional>

#include <nowthen/codec.h>

#include "cli/curl_transport.h"
#include "cli/exit.h"
#include "cli/json_value.h"
#include "cli/text.h"
#include "cli/url.h"

namespace nowthen::server {
namespace {

using cli::Exit;

constexpr const char* kHelp =
    "usage: nowthen demo [set NAME=TIME ...] [--shop URL]\n"
    "\n"
    "Shows how long the parts of the shop of make demo take, and changes that:\n"
    "  nowthen demo set payment=2s mail=300ms\n"
    "  nowthen demo set payment=          # as it was\n"
    "--shop: where the shop is, when it is not http://127.0.0.1:7071\n";

int fail(Exit exit, const std::string& text) {
  std::fprintf(stderr, "nowthen: demo: %s\n", printable(text).c_str());
  return static_cast<int>(exit);
}

int tell(const cli::Request& request) {
  const auto reply = cli::CurlTransport([] { return false; }).send(request);
  if (!reply) {
    return fail(Exit::unreachable,
                reply.error().message + "; is make demo running? Is its shop elsewhere (--shop)?");
  }
  const auto answer = cli::JsonValue::parse(reply->body);
  if (!answer) return fail(Exit::unreachable, request.url + " is no shop");
  if (reply->status != 200) return fail(Exit::refused, answer->at("error").text());
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [name, latency] : answer->fields()) lines.emplace_back(name, latency.text());
  std::fputs(cli::aligned(lines).c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : static_cast<int>(Exit::io_error);
}

}  // namespace

int demo(const std::vector<std::string>& words) {
  std::string shop = "http://127.0.0.1:7071";
  std::map<std::string, std::optional<std::string>> wanted;  // none: as it was
  bool setting = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    if (words[i] == "--help" || words[i] == "-h") return std::fputs(kHelp, stdout), 0;
    if (words[i] == "--shop" && i + 1 < words.size()) {
      shop = words[++i];
    } else if (words[i] == "set" && !setting) {
      setting = true;
    } else if (setting && equals != std::string::npos && equals > 0) {
      auto& time = wanted[words[i].substr(0, equals)];
      if (equals + 1 < words[i].size()) time = words[i].substr(equals + 1);
    } else {
      return fail(Exit::usage, "what is '" + words[i] + "'? See nowthen demo --help");
    }
  }
  if (setting && wanted.empty()) return fail(Exit::usage, "set what? Such as payment=2s");
  const auto server = cli::parse_server(shop);
  if (!server) return fail(Exit::usage, server.error().message);
  cli::Request request;
  request.url = *server + "/latency";
  request.timeout = std::chrono::seconds(10);
  if (setting) {
    request.method = "PATCH";
    request.body = Codec<decltype(wanted)>::encode(wanted);
  }
  return tell(request);
}

}  // namespace nowthen::server

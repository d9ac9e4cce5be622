#include "cli/curl_transport.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <curl/curl.h>

#include "cli/url.h"

namespace nowthen::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectWithin{10'000};
constexpr long kHeaderBytesMax = 64 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// What the callbacks of one exchange see.
struct Exchange {
  const Request& request;
  const std::function<bool()>& interrupted;
  CURL* curl;
  Reply reply;
  long header_bytes = 0;
  bool stopped = false;  // by `on_bytes`, which has had enough
  bool too_large = false;
  std::optional<Error> unread = {};  // what was to be sent
};

std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  std::string_view line(bytes, count);
  exchange.header_bytes += static_cast<long>(count);
  if (exchange.header_bytes > kHeaderBytesMax) {
    exchange.too_large = true;
    return 0;
  }
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) exchange.reply.headers.clear();  // a 1xx came before
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  exchange.reply.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return count;
}

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  long status = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.request.on_bytes && status >= 200 && status < 300) {
    exchange.stopped = !exchange.request.on_bytes({bytes, count});
    return exchange.stopped ? 0 : count;
  }
  exchange.too_large = exchange.reply.body.size() + count > kReplyBytesMax;
  if (exchange.too_large) return 0;
  exchange.reply.body.append(bytes, count);
  return count;
}

std::size_t on_upload(char* buffer, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const auto got = exchange.request.upload(buffer, count);
  if (got) return *got;
  exchange.unread = got.error();
  return CURL_READFUNC_ABORT;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->interrupted() ? 1 : 0;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Lines = std::unique_ptr<curl_slist, FreeList>;

void append(Lines& lines, const std::string& line) {
  lines.reset(curl_slist_append(lines.release(), line.c_str()));
}

Lines header_lines(const Request& request) {
  Lines lines;
  for (const Header& header : request.headers) {
    // libcurl's own form of a header without a value.
    append(lines, header.name + (header.value.empty() ? ";" : ": " + header.value));
  }
  append(lines, "Expect:");  // no round trip before a large body
  append(lines, "Accept:");
  const auto typed = [](const Header& header) { return header.name == "Content-Type"; };
  if (std::ranges::none_of(request.headers, typed)) append(lines, "Content-Type:");
  return lines;
}

void set_request(CURL* curl, const Request& request, curl_slist* headers) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "nowthen/" NOWTHEN_VERSION);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectWithin.count()));
  const auto timeout = std::chrono::ceil<milliseconds>(request.timeout);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  if (is_loopback(request.url)) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  if (!request.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
  }
  if (request.upload) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);  // in chunks, as nobody knows how much there is
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // libcurl repeats what it sent on a kept connection that had died; only a GET may be repeated.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  }
}

void set_callbacks(CURL* curl, Exchange& exchange, char* error_text) {
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  if (exchange.request.upload) {
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

std::string server_of(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

Error error_of(CURLcode code, const Exchange& exchange, const char* text) {
  const std::string server = server_of(exchange.request.url);
  std::string why = *text != '\0' ? text : curl_easy_strerror(code);
  long os_error = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_OS_ERRNO, &os_error);
  if (code == CURLE_COULDNT_CONNECT && os_error != 0) {
    why = std::generic_category().message(static_cast<int>(os_error));
  }
  if (exchange.interrupted()) return {ErrorCode::cancelled, "interrupted"};
  if (exchange.unread) return *exchange.unread;
  if (exchange.too_large) {
    return {ErrorCode::too_large, "the answer of " + server + " is larger than kReplyBytesMax (" +
                                      std::to_string(kReplyBytesMax) + " bytes)"};
  }
  long sent = 0;  // bytes of requests; zero: no connection came about
  curl_easy_getinfo(exchange.curl, CURLINFO_REQUEST_SIZE, &sent);
  if (sent == 0) return {ErrorCode::unavailable, "cannot reach " + server + ": " + why};
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {ErrorCode::timed_out, server + " did not answer: " + why};
  }
  return {ErrorCode::failed, "the connection to " + server + " broke: " + why};
}

}  // namespace

const std::string* Reply::header(std::string_view name) const {
  const auto same = [name](const Header& header) {
    return std::ranges::equal(header.name, name,
                              [](char a, char b) { return lower(a) == lower(b); });
  };
  const auto found = std::ranges::find_if(headers, same);
  return found == headers.end() ? nullptr : &found->value;
}

CurlTransport::CurlTransport(std::function<bool()> interrupted)
    : interrupted_(std::move(interrupted)), curl_(nullptr) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = curl_easy_init();
}

CurlTransport::~CurlTransport() {
  curl_easy_cleanup(curl_);
  curl_global_cleanup();
}

Result<Reply> CurlTransport::send(const Request& request) {
  if (curl_ == nullptr) return Error{ErrorCode::unavailable, "libcurl cannot be used here"};
  if (interrupted_()) return Error{ErrorCode::cancelled, "interrupted"};
  curl_easy_reset(curl_);
  Exchange exchange{request, interrupted_, curl_, {}};
  std::array<char, CURL_ERROR_SIZE> text{};
  const Lines headers = header_lines(request);
  set_request(curl_, request, headers.get());
  set_callbacks(curl_, exchange, text.data());
  const CURLcode code = curl_easy_perform(curl_);
  if (code != CURLE_OK && !exchange.stopped) return error_of(code, exchange, text.data());
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<int>(status);
  return std::move(exchange.reply);
}

}  // namespace nowthen::cli

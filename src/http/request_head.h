#pragma once

#include <string>
#include <string_view>

#include <nowthen/result.h>

#include "http/client.h"

namespace nowthen::http {

/// RFC 9110 5.6.2.
bool is_token(std::string_view text);
/// RFC 9110 5.5: no control character but tab, no white space at the ends.
bool is_field_value(std::string_view text);

/// Request line and headers with the empty line, as they are sent. `invalid_argument` where a
/// header would break the message or is one of the client's own; values are not repeated.
Result<std::string> request_head(const ClientRequest& request);

}  // namespace nowthen::http

#pragma once

#include "core/callback.h"
#include "engine/elsewhere.h"
#include "http/client.h"
#include "http/verdict.h"

namespace nowthen::http {

/// The operation that tells callbacks of ends, as a server brings it along: nowthen.callback.
engine::OperationElsewhere callback_operation();

/// What one of its attempts sends. `codec_failed` if its input is none.
Result<ClientRequest> callback_request(const core::Invocation& invocation);

/// 2xx: told. Else as what a service answers: a 4xx is final, but 408, 425 and 429; the rest fails
/// and is tried again.
Verdict judge_callback(ClientResponse response, WallTime now);

}  // namespace nowthen::http

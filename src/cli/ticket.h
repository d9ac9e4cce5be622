#pragma once

#include <optional>
#include <string>

#include <nowthen/policy.h>

#include "cli/exit.h"
#include "cli/session.h"

namespace nowthen::cli {

/// Waits for the end of a stored invocation, and prints its result or how it failed. `timeout`: the
/// longest wait, after which it is left open; none: until the end.
Exit wait_for_end(Session& session, const std::string& id, std::optional<Duration> timeout);
/// Prints the id of a ticket, and how to follow it.
Exit print_ticket(Session& session, const Reply& reply);
/// The id in a ticket; empty if there is none.
std::string ticket_id(const Reply& reply);

}  // namespace nowthen::cli

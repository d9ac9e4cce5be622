// Calling an operation, and waiting for its result.

#include "core/trace.h"
#include "http/handlers.h"
#include "http/prefer.h"

namespace nowthen::http {
namespace {

constexpr Duration kResultWaitMax = std::chrono::minutes(10);

}  // namespace

std::optional<Problem> read_urgency_and_trace(const Request& request, core::CallOptions& options) {
  if (const std::string* text = request.header("Nowthen-Priority")) {
    if (text->size() != 1 || (*text)[0] < '0' || (*text)[0] > '9') {
      return invalid("Nowthen-Priority is 0 to 9 (9 first), not '" + *text + "'",
                     "Nowthen-Priority");
    }
    options.priority = static_cast<std::uint8_t>((*text)[0] - '0');
  }
  // A traceparent that is none is not passed on (W3C Trace Context 3.2).
  if (const std::string* trace = request.header("traceparent")) {
    if (core::parse_traceparent(*trace)) options.trace = trace->substr(0, core::kTraceBytesMax);
  }
  return std::nullopt;
}

namespace {

std::optional<Problem> read_options(const App& app, const Request& request,
                                    core::CallOptions& options) {
  if (const std::string* url = request.header("Nowthen-Callback")) {
    if (auto problem = check_callback(app, *url, "Nowthen-Callback")) return problem;
    options.callback = *url;
  }
  if (const std::string* text = request.header("Prefer")) {
    const auto prefer = parse_prefer(*text);
    if (!prefer) return invalid(prefer.error().message, "Prefer");
    if (prefer->respond_async) options.prefer = Mode::later;
    options.wait = prefer->wait;
  }
  if (const std::string* key = request.header("Idempotency-Key")) {
    options.idempotency_key = unquoted(*key);
    if (options.idempotency_key.empty())
      return invalid("Idempotency-Key is empty", "Idempotency-Key");
  }
  if (const std::string* key = request.header("Nowthen-Order-Key")) {
    options.order_key = *key;
    if (options.order_key.empty())
      return invalid("Nowthen-Order-Key is empty", "Nowthen-Order-Key");
  }
  if (auto problem = read_urgency_and_trace(request, options)) return problem;
  if (const std::string* text = request.header("Nowthen-Delay")) {
    const auto delay = parse_duration(*text);
    if (!delay) {
      return invalid("Nowthen-Delay: " + delay.error().message, "Nowthen-Delay");
    }
    options.delay = *delay;
  }
  return std::nullopt;
}

}  // namespace

void invoke(App& app, Visit visit) {
  core::Invoke call;
  call.operation = std::move(visit.parts.front());
  if (auto problem = check_callable(call.operation)) return visit.refuse(*problem);
  if (auto problem = read_options(app, visit.request, call.options)) return visit.refuse(*problem);
  auto input = stored_body(visit.request);
  if (!input) return visit.refuse(input.error());
  call.input = std::move(*input);
  std::string name = call.operation;
  const bool plain = !call.options.prefer && !call.options.wait;
  app.engine().invoke(
      std::move(call), [&app, name = std::move(name), plain,
                        exchange = std::move(visit.exchange)](core::Reply reply) mutable {
        if (plain) app.first_tickets().count(name, reply);
        if (reply.refused && reply.outcome.code == ErrorCode::unavailable &&
            !app.engine().operation(name)) {  // it was deleted
          reply.outcome = {ErrorCode::not_found, "there is no operation '" + name + "'"};
        }
        if (reply.refused && reply.outcome.code == ErrorCode::conflict) {
          Problem other_body = to_problem({reply.outcome.code, reply.outcome.data});
          other_body.status = 422;
          return exchange.respond(to_response(other_body));
        }
        exchange.respond(to_response(std::move(reply)));
      });
}

namespace {

/// Waits for a while, and again, as long as the client is there: who has gone is no waiter.
void await(App& app, InvocationId id, Duration wait, Exchange exchange,
           std::optional<core::Reply> last = {}) {
  const Duration now = std::min(wait, kLookWhetherOpen);
  app.engine().ask(
      id, core::Await{id, now, {}},
      [&app, id, left = wait - now, exchange = std::move(exchange),
       last = std::move(last)](core::Reply reply) mutable {
        const bool passing = reply.outcome.code == ErrorCode::overloaded ||
                             reply.outcome.code == ErrorCode::unavailable;
        if (reply.refused && last && passing) reply = std::move(*last);  // others took its place
        const bool open = !reply.refused && !is_terminal(reply.state) && reply.outcome.ok();
        if (open && left > Duration::zero()) {
          engine::Loop& loop = exchange.loop();
          auto again = [&app, id, left, exchange = std::move(exchange),
                        reply = std::move(reply)]() mutable {
            if (!exchange.conversation()->open())
              return exchange.respond(to_response(std::move(reply)));
            await(app, id, left, std::move(exchange), std::move(reply));
          };
          return loop.post(std::move(again));
        }
        const bool absent = reply.refused && reply.outcome.code == ErrorCode::not_found;
        exchange.respond(
            absent ? to_response(app.absence(id, {reply.outcome.code, reply.outcome.data}))
                   : to_response(std::move(reply)));
      });
}

}  // namespace

void get_result(App& app, Visit visit) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  Duration wait{};
  if (const auto given = visit.query.find("wait"); given != visit.query.end()) {
    const auto parsed = parse_seconds(given->second);
    if (!parsed || *parsed < Duration::zero() || *parsed > kResultWaitMax) {
      return visit.refuse(invalid("wait: seconds, or a duration up to " +
                                      format_duration(kResultWaitMax) + ", not '" + given->second +
                                      "'",
                                  "wait"));
    }
    wait = *parsed;
  }
  await(app, *id, wait, std::move(visit.exchange));
}

}  // namespace nowthen::http

// What people and programs do to one invocation.

#include "http/handlers.h"

namespace nowthen::http {
namespace {

struct Reason {
  std::optional<std::string> reason;
};
NOWTHEN_JSON(Reason, reason);

/// `not_found` may be about a step of an invocation that is there.
void refuse(App& app, Exchange exchange, InvocationId id, Error error) {
  if (error.code != ErrorCode::not_found) return exchange.respond(to_response(to_problem(error)));
  app.engine().see(id, [&app, id, error = std::move(error),
                        exchange = std::move(exchange)](const Result<engine::Seen>& seen) mutable {
    Response response = to_response(seen ? to_problem(error) : app.absence(id, error));
    return [exchange = std::move(exchange), response = std::move(response)]() mutable {
      exchange.respond(std::move(response));
    };
  });
}

/// Asks, and answers with id and state.
void act(App& app, Visit visit, InvocationId id, core::CommandBody body, engine::AuditEntry audit) {
  app.engine().ask(
      id, std::move(body),
      [&app, id, exchange = std::move(visit.exchange)](core::Reply reply) mutable {
        if (reply.refused) {
          return refuse(app, std::move(exchange), id,
                        {reply.outcome.code, std::move(reply.outcome.data)});
        }
        Response response = ok(id_and_state(id, reply.state));
        if (!reply.id.is_null()) response.with("Nowthen-Invocation", to_string(reply.id));
        exchange.respond(std::move(response));
      },
      std::move(audit));
}

template <class Command>
void act_with_reason(App& app, Visit visit, std::string action) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  auto reason = read_body<Reason>(visit.request.body);
  if (!reason) return visit.refuse(reason.error());
  const std::string why = reason->reason.value_or("");
  auto audit = audit_of(visit, std::move(action), to_string(*id), why);
  act(app, std::move(visit), *id, Command{*id, why, {}}, std::move(audit));
}

template <class Command>
void act_without_body(App& app, Visit visit, std::string action) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  if (!is_nothing(visit.request.body)) return visit.refuse(invalid("this call takes no body"));
  auto audit = audit_of(visit, std::move(action), to_string(*id));
  act(app, std::move(visit), *id, Command{*id, {}}, std::move(audit));
}

}  // namespace

void cancel(App& app, Visit visit) {
  act_with_reason<core::Cancel>(app, std::move(visit), "invocation.cancel");
}

void park(App& app, Visit visit) {
  act_with_reason<core::Park>(app, std::move(visit), "invocation.park");
}

void resume(App& app, Visit visit) {
  act_without_body<core::Resume>(app, std::move(visit), "invocation.resume");
}

void restart(App& app, Visit visit) {
  act_without_body<core::Restart>(app, std::move(visit), "invocation.restart");
}

void signal(App& app, Visit visit) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  std::string payload = visit.request.body.empty() ? "null" : std::move(visit.request.body);
  if (auto valid = validate_json(payload); !valid)
    return visit.refuse(
        Error{ErrorCode::codec_failed, "the body is not JSON: " + valid.error().message});
  auto audit = audit_of(visit, "invocation.signal", to_string(*id), visit.parts[1]);
  core::Signal command{*id, visit.parts[1], std::move(payload), {}};
  act(app, std::move(visit), *id, std::move(command), std::move(audit));
}

/// A step whose outcome is unknown: `{"result": ...}` or `{"happened": false}`.
void resolve_step(App& app, Visit visit) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  struct Answer {
    std::optional<std::string> result;
    std::optional<bool> happened;
  } answer;
  JsonReader reader(visit.request.body);
  reader.entries(&answer, [](JsonReader& in, void* target, std::string&& name) {
    auto& into = *static_cast<Answer*>(target);
    if (name == "result") {
      into.result = std::string(in.raw());
    } else if (name == "happened") {
      bool happened = true;
      in.boolean(happened);
      into.happened = happened;
    } else {
      in.fail("there is no such field here");
    }
  });
  reader.finish();
  if (!reader.ok()) return visit.refuse(invalid(reader.error().message));
  if (answer.result.has_value() == (answer.happened == std::optional(false)))
    return visit.refuse(invalid(R"(say {"result": ...}, or {"happened": false})"));
  core::ResolveStep command{*id, visit.parts[1], {}, {}};
  if (answer.result) command.outcome = core::Outcome{ErrorCode::none, std::move(*answer.result)};
  auto audit = audit_of(visit, "invocation.resolve_step", to_string(*id), visit.parts[1]);
  act(app, std::move(visit), *id, std::move(command), std::move(audit));
}

namespace {

void rerun_call(App& app, Visit visit, core::Invoke call) {
  app.engine().invoke(std::move(call),
                      [exchange = std::move(visit.exchange)](core::Reply reply) mutable {
                        exchange.respond(to_response(std::move(reply)));
                      });
}

}  // namespace

/// A new invocation of the same operation and input, for later.
void rerun(App& app, Visit visit) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  app.engine().see(
      *id,
      [&app, id = *id, visit = std::move(visit)](
          Result<engine::Seen> seen) mutable -> std::move_only_function<void()> {
        std::optional<Problem> problem;
        core::Invoke call;
        if (!seen) {
          problem = app.absence(id, seen.error());
        } else if (seen->ended == nullptr) {
          problem = to_problem({ErrorCode::invalid_state, "invocation " + to_string(id) +
                                                              " has not ended: it cannot be rerun"},
                               id);
        } else {
          call.operation = seen->ended->operation;
          call.input = seen->ended->input;
          call.options.order_key = seen->ended->order.key;
          // A call with a delay is deferred, whatever the mode: the shortest there is.
          call.options.delay = Duration(1);
        }
        const bool input_elsewhere = seen && seen->ended != nullptr && seen->ended->input_row;
        return [&app, id, input_elsewhere, problem = std::move(problem), call = std::move(call),
                visit = std::move(visit)]() mutable {
          if (problem) return visit.refuse(*problem);
          if (!input_elsewhere) return rerun_call(app, std::move(visit), std::move(call));
          app.engine().input(id, [&app, call = std::move(call),
                                  visit = std::move(visit)](Result<std::string> input) mutable {
            if (!input) return visit.refuse(input.error());
            call.input = std::move(*input);
            rerun_call(app, std::move(visit), std::move(call));
          });
        };
      });
}

}  // namespace nowthen::http

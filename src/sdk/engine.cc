// The public Engine: words for the engine room behind it.

#include <nowthen/engine.h>

#include "sdk/host.h"
#include "sdk/step_run.h"

namespace nowthen {
namespace {

/// Asks the engine something and waits for what `begin` is told.
template <class T>
Result<T> asked(const std::shared_ptr<sdk::Host>& host,
                const std::function<void(engine::Engine&, engine::Engine::Told<T>)>& begin) {
  auto result = host->wait_for<Result<T>>([&](engine::Engine::Told<T> told) {
    host->with_engine([&](engine::Engine& engine) { begin(engine, std::move(told)); });
  });
  if (!result) return result.error();
  return std::move(*result);
}

Result<void> said(const std::shared_ptr<sdk::Host>& host, InvocationId id, core::CommandBody body) {
  auto reply = host->wait_for<core::Reply>(
      [&](engine::Answered answered) { host->ask(id, std::move(body), std::move(answered)); });
  if (!reply) return reply.error();
  if (reply->refused) return Error{reply->outcome.code, std::move(reply->outcome.data)};
  return {};
}

}  // namespace

Engine::Engine(Options options) : host_(std::make_shared<sdk::Host>(std::move(options))) {}
Engine::Engine(std::shared_ptr<sdk::Host> host) : host_(std::move(host)) {}
Engine::~Engine() { host_->stop(Duration::zero()); }

void Engine::add_handler(OperationName name, std::shared_ptr<const sdk::Handler> handler,
                         Declaration declaration) {
  host_->add({std::move(name.name), name.version, std::move(declaration)}, std::move(handler));
}

Result<void> Engine::start() { return host_->start(); }
void Engine::stop(Duration patience) { host_->stop(patience); }

// ---- one invocation --------------------------------------------------------------------------

Result<void> Engine::cancel(InvocationId id, std::string reason) {
  return said(host_, id, core::Cancel{id, std::move(reason), {}});
}
Result<void> Engine::park(InvocationId id, std::string reason) {
  return said(host_, id, core::Park{id, std::move(reason), {}});
}
Result<void> Engine::resume(InvocationId id) { return said(host_, id, core::Resume{id, {}}); }
Result<void> Engine::restart(InvocationId id) { return said(host_, id, core::Restart{id, {}}); }

Result<void> Engine::resolve_step(InvocationId id, std::string path,
                                  std::optional<std::string> result) {
  core::ResolveStep resolve{id, std::move(path), std::nullopt, {}};
  if (result) resolve.outcome = core::Outcome{ErrorCode::none, std::move(*result)};
  return said(host_, id, std::move(resolve));
}

Result<void> Engine::signal_bytes(InvocationId id, std::string name, std::string payload) {
  return said(host_, id, core::Signal{id, std::move(name), std::move(payload), {}});
}

// ---- policy ------------------------------------------------------------------------------------

Result<void> Engine::set_policy(std::string operation, PolicyPatch patch, std::string who) {
  auto replaced = asked<engine::PolicyReplaced>(host_, [&](engine::Engine& engine, auto told) {
    engine.set_policy(std::move(operation), std::move(patch), std::move(who), std::move(told));
  });
  if (!replaced) return replaced.error();
  return {};
}

Result<void> Engine::revert_policy(std::string operation, std::uint64_t seq, std::string who) {
  auto replaced = asked<engine::PolicyReplaced>(host_, [&](engine::Engine& engine, auto told) {
    engine.revert_policy(std::move(operation), seq, std::move(who), std::move(told));
  });
  if (!replaced) return replaced.error();
  return {};
}

Result<std::vector<PolicyLine>> Engine::policy(std::string operation) const {
  auto view = asked<engine::PolicyView>(host_, [&](engine::Engine& engine, auto told) {
    engine.policy(std::move(operation), std::move(told));
  });
  if (!view) return view.error();
  std::vector<PolicyLine> lines;
  for (engine::PolicyField& field : view->fields) {
    const bool declared = field.layer == engine::PolicyField::Layer::declaration;
    lines.push_back(
        {std::move(field.name), std::move(field.value), declared ? "declaration" : "override"});
  }
  return lines;
}

Result<std::vector<PolicyRevision>> Engine::policy_history(std::string operation) const {
  using Changes = std::vector<engine::PolicyChange>;
  auto changes = asked<Changes>(host_, [&](engine::Engine& engine, auto told) {
    engine.policy_history(std::move(operation), std::move(told));
  });
  if (!changes) return changes.error();
  std::vector<PolicyRevision> revisions;
  for (engine::PolicyChange& change : *changes) {
    revisions.push_back({change.seq, std::move(change.who), change.when, std::move(change.before),
                         std::move(change.after)});
  }
  return revisions;
}

// ---- calls -------------------------------------------------------------------------------------

namespace sdk {

/// What a user's callback throws must not reach the loop that calls it.
engine::Answered guarded(const Host& host, std::string of, Answered answered) {
  return [answered = std::move(answered), log = host.log(), of = std::move(of)](core::Reply reply) {
    try {
      answered(to_answer(std::move(reply)));
    } catch (const std::exception& error) {
      log({.level = LogLevel::error,
           .message = "the callback of " + of + " threw: " + text_of(error)});
    } catch (...) {
      log({.level = LogLevel::error, .message = "the callback of " + of + " threw"});
    }
  };
}

RawAnswer failed(Error error) {
  RawAnswer answer;
  answer.error = std::move(error);
  return answer;
}

RawAnswer call(const std::shared_ptr<Host>& host, std::string_view operation, std::string input,
               const CallOptions& options) {
  auto reply = host->wait_for<core::Reply>([&](engine::Answered answered) {
    host->invoke(to_invoke(operation, std::move(input), options), std::move(answered));
  });
  return reply ? to_answer(std::move(*reply)) : failed(reply.error());
}

void call(const std::shared_ptr<Host>& host, std::string_view operation, std::string input,
          const CallOptions& options, Answered answered) {
  host->invoke(to_invoke(operation, std::move(input), options),
               guarded(*host, "a call of '" + std::string(operation) + "'", std::move(answered)));
}

RawAnswer find(const std::shared_ptr<Host>& host, std::string_view operation,
               std::string_view order_key, std::string_view idempotency_key) {
  auto id = asked<InvocationId>(host, [&](engine::Engine& engine, auto told) {
    engine.find_key(std::string(operation), std::string(order_key), std::string(idempotency_key),
                    std::move(told));
  });
  if (!id) return failed(id.error());
  if (id->is_null()) {
    return failed({ErrorCode::not_found, "no invocation of '" + std::string(operation) +
                                             "' has idempotency key '" +
                                             std::string(idempotency_key) + "'"});
  }
  return await_result(host, *id, Duration::zero());
}

RawAnswer await_result(const std::shared_ptr<Host>& host, InvocationId id, Duration patience) {
  if (host == nullptr) return failed({ErrorCode::invalid_state, "a ticket of no engine"});
  auto reply = host->wait_for<core::Reply>([&](engine::Answered answered) {
    host->ask(id, core::Await{id, patience, {}}, std::move(answered));
  });
  return reply ? to_answer(std::move(*reply)) : failed(reply.error());
}

void await_result(const std::shared_ptr<Host>& host, InvocationId id, Duration patience,
                  Answered answered) {
  if (host == nullptr) return answered(failed({ErrorCode::invalid_state, "a ticket of no engine"}));
  host->ask(id, core::Await{id, patience, {}},
            guarded(*host, "a wait for " + to_string(id), std::move(answered)));
}

}  // namespace sdk
}  // namespace nowthen

#include "core/apply.h"

#include <type_traits>
#include <utility>

#include "base/planted.h"
#include "core/application.h"
#include "core/reaction.h"

namespace nowthen::core {
namespace {

template <class C>
concept UnderLease = std::is_base_of_v<Lease, C>;
template <class C>
concept Asked = requires(C command) { command.waiter; };

InvocationId subject_of(const ChildEnded& command) { return command.parent.id; }
InvocationId subject_of(const auto& command) { return command.id; }

/// Whoever asked is told; else the executor that spoke. An executor of workers is not: it was told
/// when that attempt ended, and now it may be promised the next one of the same invocation.
template <class C>
void refuse_stale(Application& app, const C& command) {
  const Lease& lease = command;
  std::string message = "attempt " + std::to_string(std::to_underlying(lease.epoch)) + " of " +
                        nowthen::to_string(lease.id) + " is no longer the current one";
  if constexpr (Asked<C>) {
    if (command.waiter != WaiterId::none) {
      app.refuse_worker(command.waiter, lease.id, ErrorCode::lease_lost, std::move(message));
      return;
    }
  }
  const Live* live = app.state.find(lease.id);
  if (live != nullptr && live->operation->pulled) return;
  app.emit(Gate::none, RefuseAttempt{lease, {ErrorCode::lease_lost, std::move(message)}});
}

/// The command is about an invocation that is not live here.
template <class C>
std::optional<Missing> apply_to_ended(Application& app, C& command, std::size_t index) {
  if constexpr (UnderLease<C>) {
    refuse_stale(app, command);
  } else if constexpr (Asked<C>) {
    const auto fetched = app.state.fetched_finished.find(command.id);
    if (fetched == app.state.fetched_finished.end()) return NeedsInvocation{command.id};
    const Finished& finished = fetched->second;
    const std::string name = nowthen::to_string(command.id);
    if (finished.absent) {
      app.refuse(command.waiter, Gate::commit, ErrorCode::not_found,
                 "there is no invocation " + name + ", or retention has removed it");
    } else if (reaction(index, finished.state) == Reaction::act) {
      app.answer_finished(command.waiter, command.id, finished, Decision::Kind::answered);
    } else {
      app.refuse(command.waiter, Gate::commit, ErrorCode::invalid_state,
                 "invocation " + name + " has ended: " + std::string(to_string(finished.state)));
    }
  }
  return std::nullopt;
}

template <class C>
std::optional<Missing> apply_to_live(Application& app, Subject s, C& command, std::size_t index) {
  if constexpr (UnderLease<C>) {
    const bool old = s.inv.epoch != command.epoch && !planted(Bug::old_lease_accepted);
    if (old) return refuse_stale(app, command), std::nullopt;
  }
  switch (reaction(index, s.inv.state)) {
    case Reaction::act:
      if constexpr (std::is_void_v<decltype(act(app, s, command))>) {
        act(app, s, command);
        return std::nullopt;
      } else {
        return act(app, s, command);
      }
    case Reaction::stale:
      if constexpr (UnderLease<C>) refuse_stale(app, command);
      return std::nullopt;
    case Reaction::refuse:
      if constexpr (Asked<C>) {
        app.refuse(command.waiter, app.gate(s.inv), ErrorCode::invalid_state,
                   std::string(kReactions[index].command) + ": invocation " +
                       nowthen::to_string(s.inv.id) + " is " + std::string(to_string(s.inv.state)));
      }
      return std::nullopt;
    case Reaction::ignore:
      if constexpr (Asked<C>) app.acknowledge(command.waiter, s.inv);
      return std::nullopt;
  }
  return std::nullopt;
}

template <class C>
std::optional<Missing> apply_to_subject(Application& app, C& command, std::size_t index) {
  Live* live = app.state.find(subject_of(command));
  if (live == nullptr) return apply_to_ended(app, command, index);
  if (!live->loaded) return NeedsInvocation{subject_of(command)};
  return apply_to_live(app, {*live->loaded, *live->operation}, command, index);
}

}  // namespace

std::optional<Missing> apply(PartitionState& state, Command& command, Effects& out) {
  if (planted(Bug::timer_early) && std::holds_alternative<FireTimers>(command.body)) {
    command.now += kEarly;
  }
  Application app{state, command, out};
  const std::size_t index = command.body.index();
  return std::visit(
      [&]<class C>(C& body) -> std::optional<Missing> {
        if constexpr (std::is_same_v<C, Invoke> || std::is_same_v<C, StartLoaded>) {
          return act(app, body);
        } else if constexpr (std::is_same_v<C, Recover> || std::is_same_v<C, Configure> ||
                             std::is_same_v<C, Take>) {
          act(app, body);
          return std::nullopt;
        } else {
          return apply_to_subject(app, body, index);
        }
      },
      command.body);
}

}  // namespace nowthen::core

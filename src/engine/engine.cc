#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

#include "base/assert.h"
#include "base/prng.h"
#include "core/callback.h"
#include "core/trace.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

std::uint16_t default_loops(const EngineSetup& setup) {
  const unsigned wanted =
      setup.loops != 0 ? setup.loops : std::max(1u, std::thread::hardware_concurrency());
  return static_cast<std::uint16_t>(std::min<unsigned>(wanted, setup.partitions));
}

}  // namespace

Engine::Engine(EngineSetup setup) : setup_(std::move(setup)) {
  NT_ASSERT(setup_.partitions > 0);
  if (!setup_.log) setup_.log = [](const LogLine&) {};
  const std::uint16_t loops = default_loops(setup_);
  for (std::uint16_t i = 0; i < loops; ++i) {
    LoopSeams seams{.store = *setup_.store,
                    .clock = *setup_.clock,
                    .make_reactor = setup_.make_reactor,
                    .make_executor = setup_.make_executor,
                    .route = {},
                    .on_fatal = {},
                    .log = setup_.log,
                    .on_span = setup_.on_span,
                    .seed = mix64(setup_.seed + i)};
    seams.outbox = &outbox_;
    seams.gather = setup_.gather;
    seams.disk_budget = setup_.disk_budget / loops;
    seams.on_fatal = [this](const Error& error) { fail(error); };
    seams.route = [this](std::uint16_t partition, std::move_only_function<void(Loop&)> job) {
      Loop& loop = loop_of(partition);
      loop.post([&loop, job = std::move(job)]() mutable { job(loop); });
    };
    std::vector<std::uint16_t> own;
    for (std::uint16_t p = i; p < setup_.partitions; p = static_cast<std::uint16_t>(p + loops)) {
      own.push_back(p);
    }
    loops_.push_back(
        std::make_unique<Loop>(std::move(seams), own, setup_.partitions, setup_.limits));
  }
}

Engine::~Engine() {
  if (started_) stop(Duration::zero());
}

Result<void> Engine::check(const std::string& name, const Declaration& declaration) const {
  if (!is_name(name, setup_.limits.name_bytes_max)) {
    return Error{ErrorCode::invalid_argument, "operation '" +
                                                  name.substr(0, setup_.limits.name_bytes_max) +
                                                  "': " + name_rule(setup_.limits.name_bytes_max)};
  }
  if (core::is_reserved_name(name))
    return Error{ErrorCode::invalid_argument, core::reserved_name_rule(name)};
  if (auto valid = validate(declaration.policy); !valid) {
    return Error{valid.error().code, "operation '" + name + "': " + valid.error().message};
  }
  return {};
}

Result<void> Engine::add(OperationHere operation) {
  if (started_) return Error{ErrorCode::invalid_state, "operations are added before start"};
  if (auto valid = check(operation.name, operation.declaration); !valid) return valid;
  if (operation.version == 0) {
    return Error{ErrorCode::invalid_argument, "versions of an operation count from 1"};
  }
  auto& versions = operations_[operation.name];
  if (std::ranges::find(versions, operation.version, &OperationHere::version) != versions.end()) {
    return Error{ErrorCode::already_exists, "operation '" + operation.name + "' version " +
                                                std::to_string(operation.version) +
                                                " was added before"};
  }
  versions.push_back(std::move(operation));
  std::ranges::sort(versions, {}, &OperationHere::version);
  return {};
}

OperationView Engine::view(const std::string& name) const {
  OperationView view;
  view.name = name;
  if (const auto here = operations_.find(name); here != operations_.end()) {
    view.declaration = here->second.back().declaration;
    for (const OperationHere& each : here->second) view.versions.push_back(each.version);
  } else if (const auto there = elsewhere_.find(name); there != elsewhere_.end()) {
    view.declaration = there->second.declaration;
    view.versions = {1};
    view.executor = there->second.executor;
    view.pulled = there->second.pulled;
  }
  return view;
}

core::Configure Engine::configuration(const std::string& operation) const {
  const std::shared_lock lock(elsewhere_mutex_);
  OperationView of = view(operation);
  core::Configure configure;
  configure.operation = operation;
  configure.policy = book_.effective(operation);
  configure.key_scope = std::move(of.declaration.key_scope);
  configure.versions = std::move(of.versions);
  configure.pulled = of.pulled;
  return configure;
}

Result<void> Engine::load_policies() {
  const store::KeyRange range = store::policy_keys();
  store::Scan scan;
  scan.from = range.from;
  scan.to = range.to;
  scan.rows_max = SIZE_MAX;
  scan.bytes_max = SIZE_MAX;
  std::promise<Result<store::Page>> promise;
  setup_.store->scan(std::move(scan),
                     [&promise](Result<store::Page> page) { promise.set_value(std::move(page)); });
  auto page = promise.get_future().get();
  if (!page) return page.error();
  for (const store::Row& row : page->rows) {
    const auto place = store::parse_policy_key(row.key);
    if (!place || place->row != store::PolicyRow::declaration) continue;
    auto operation = decode_elsewhere(row.key, row.value);
    if (!operation) return operation.error();
    if (operations_.contains(operation->name)) {
      setup_.log({.level = LogLevel::warning,
                  .message = "it is run in this process now: what declares it elsewhere is ignored",
                  .operation = operation->name});
      continue;
    }
    book_.declare(operation->name, operation->declaration);
    elsewhere_[operation->name] = std::move(*operation);
  }
  return book_.load(page->rows);
}

Result<void> Engine::start(Driving driving) {
  if (started_) return Error{ErrorCode::invalid_state, "the engine was started before"};
  for (const auto& [name, versions] : operations_) {
    book_.declare(name, versions.back().declaration);
  }
  for (const OperationElsewhere& own : setup_.built_in) {
    book_.declare(own.name, own.declaration);
    elsewhere_[own.name] = own;
  }
  if (auto loaded = load_policies(); !loaded) return loaded;
  for (const OperationView& of : operations()) {
    for (const std::string& field : book_.ignored(of.name)) {
      setup_.log({.level = LogLevel::warning,
                  .message = "the override of '" + field +
                             "' is ignored: its declaration does not allow it",
                  .operation = of.name});
    }
    for (const auto& loop : loops_) {
      const core::Configure configure = configuration(of.name);
      loop->configure(configure);
      loop->executor().configure(configure, of.executor.value_or(""));
    }
  }
  if (auto recovered = recover(driving); !recovered) return recovered;
  started_ = true;
  if (driving == Driving::threads) {
    for (const auto& loop : loops_) threads_.emplace_back([&loop = *loop] { loop.run(); });
  }
  return {};
}

/// With threads, every loop reads its rows at once.
Result<void> Engine::recover(Driving driving) {
  std::vector<Result<void>> results(loops_.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      const auto one = [&result = results[i], &loop = *loops_[i], &suspects = setup_.suspects] {
        result = loop.recover(suspects);
      };
      if (driving == Driving::threads && loops_.size() > 1) {
        threads.emplace_back(one);
      } else {
        one();
        if (!results[i]) break;
      }
    }
  }
  for (auto& result : results) {
    if (!result) return std::move(result);
  }
  return {};
}

void Engine::drain(Duration patience) {
  // First: who sees that it is draining must find that no loop takes more.
  for (const auto& loop : loops_) loop->refuse_more();
  draining_ = true;
  if (threads_.empty() || patience <= Duration::zero()) return;
  for (const auto& loop : loops_) loop->post([&loop = *loop] { loop.drain(); });
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (const auto& loop : loops_) {
    // The loop looks after each turn whether nothing runs any more; this only waits for it.
    std::promise<void> idle;
    auto future = idle.get_future();
    loop->post([&loop = *loop, idle = std::move(idle)]() mutable {
      loop.when_idle([idle = std::move(idle)]() mutable { idle.set_value(); });
    });
    future.wait_until(deadline);
  }
}

void Engine::stop(Duration patience) {
  if (!started_) return;
  started_ = false;
  drain(patience);
  for (const auto& loop : loops_) loop->stop();
  for (std::thread& thread : threads_) thread.join();
  if (!threads_.empty()) {
    setup_.store->settle();
    for (const auto& loop : loops_) loop->close();
    for (const auto& loop : loops_) loop->end();
  }
  threads_.clear();
}

bool Engine::step() {
  bool worked = false;
  for (const auto& loop : loops_) worked |= loop->turn();
  return worked;
}

WallTime Engine::next_due() const {
  WallTime due = kNever;
  for (const auto& loop : loops_) due = std::min(due, loop->next_due());
  return due;
}

std::uint16_t Engine::partition_of(std::string_view operation, const core::CallOptions& options,
                                   std::uint64_t random) const {
  std::string scope;
  if (!options.order_key.empty()) {
    const std::shared_lock lock(elsewhere_mutex_);
    const auto here = operations_.find(operation);
    const auto there = elsewhere_.find(operation);
    if (here != operations_.end()) {
      scope = here->second.back().declaration.key_scope;
    } else if (there != elsewhere_.end()) {
      scope = there->second.declaration.key_scope;
    }
  }
  return core::partition_of(setup_.partitions, operation, scope, options, random);
}

void Engine::find_key(std::string operation, std::string order_key, std::string idempotency_key,
                      std::move_only_function<void(Result<InvocationId>)> told) {
  core::CallOptions options;
  options.order_key = std::move(order_key);
  options.idempotency_key = std::move(idempotency_key);
  std::string record =
      core::idempotency_record(operation, options.order_key, options.idempotency_key);
  look(partition_of(operation, options, 0), [record = std::move(record), told = std::move(told)](
                                                Loop& loop, Partition& partition) mutable {
    loop.find_key(partition, record,
                  [told = std::move(told)](Result<Loop::KeyFound> found) mutable {
                    if (!found) return told(found.error());
                    told(*found ? (*found)->id : InvocationId{});
                  });
  });
}

bool Engine::is_mine(const Loop& loop) const {
  return std::ranges::any_of(loops_, [&loop](const auto& own) { return own.get() == &loop; });
}

void Engine::invoke(core::Invoke call, Answered answered) {
  // Where its order key lives depends on the declaration: without one there is no place for it.
  if (!call.options.order_key.empty() && !operation(call.operation)) {
    return refuse(answered, ErrorCode::not_found, "there is no operation '" + call.operation + "'");
  }
  const std::uint64_t random = mix64(setup_.seed ^ mix64(ids_.fetch_add(1) + 1));
  std::uint16_t partition = partition_of(call.operation, call.options, random);
  const bool free = call.options.order_key.empty() && call.options.idempotency_key.empty();
  if (Loop* here = Loop::here(); free && here != nullptr && is_mine(*here)) {
    const auto& own = here->partitions();  // what need not cross a thread does not
    partition = own[random % own.size()]->state.partition;
  }
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(now()).time_since_epoch();
  call.id = InvocationId::make(static_cast<std::uint64_t>(ms.count()), partition, mix64(random));
  if (setup_.trace_sample > 0 && call.options.trace.empty() &&
      Prng(call.id.low).unit() < setup_.trace_sample)
    call.options.trace = core::new_trace(call.id);
  loop_of(partition).ask(partition, std::move(call), std::move(answered));
}

void Engine::ask(InvocationId id, core::CommandBody body, Answered answered,
                 std::optional<AuditEntry> audit) {
  // An id of another data folder is looked for, in vain, in the first partition.
  const bool here = id.partition() < setup_.partitions;
  const std::uint16_t partition = here ? id.partition() : 0;
  loop_of(partition).ask(partition, std::move(body), std::move(answered), std::move(audit));
}

void Engine::audit(WallTime before, std::size_t max, Told<std::vector<AuditEntry>> told) {
  store::Scan scan;
  scan.from = store::audit_keys().from;
  scan.to = before == kNever ? store::audit_keys().to : store::audit_key(before, 0);
  scan.rows_max = max;
  scan.newest_first = true;
  setup_.store->scan(std::move(scan), [told = std::move(told)](Result<store::Page> page) mutable {
    if (!page) return told(page.error());
    std::vector<AuditEntry> entries;
    for (const store::Row& row : page->rows) {
      auto entry = decode_audit(row.key, row.value);
      if (!entry) return told(entry.error());
      entries.push_back(std::move(*entry));
    }
    told(std::move(entries));
  });
}

void Engine::facts(std::string prefix, Told<std::map<std::string, std::string>> told) {
  const store::KeyRange range = store::keys_with_prefix(store::meta_key(prefix));
  store::Scan scan;
  scan.from = range.from;
  scan.to = range.to;
  scan.rows_max = SIZE_MAX;
  setup_.store->scan(std::move(scan), [told = std::move(told)](Result<store::Page> page) mutable {
    if (!page) return told(page.error());
    std::map<std::string, std::string> facts;
    for (const store::Row& row : page->rows) {
      auto value = store::decode_opaque(row.key, row.value);
      if (!value) return told(value.error());
      facts[row.key.substr(store::meta_key("").size())] = std::move(*value);
    }
    told(std::move(facts));
  });
}

void Engine::set_fact(std::string name, std::optional<std::string> value,
                      std::optional<AuditEntry> audit, Told<void> told) {
  loops_.front()->post([this, name = std::move(name), value = std::move(value),
                        audit = std::move(audit), told = std::move(told)]() mutable {
    std::vector<store::RowWrite> rows;
    if (value) {
      rows.push_back(store::encode_opaque(store::meta_key(name), *value));
    } else {
      rows.push_back({store::meta_key(name), {}});
    }
    if (audit) rows.push_back(loops_.front()->audit_row(std::move(*audit)));
    loops_.front()->write(0, std::move(rows), [told = std::move(told)]() mutable { told({}); });
  });
}

void Engine::look(std::uint16_t partition, std::move_only_function<void(Loop&, Partition&)> read) {
  Loop& loop = loop_of(partition);
  loop.post([&loop, partition, read = std::move(read)]() mutable {
    Partition* found = loop.find(partition);
    NT_ASSERT(found != nullptr);
    read(loop, *found);
  });
}

void Engine::input(InvocationId id, Told<std::string> told) {
  std::vector<std::string> keys{store::input_key(id)};
  setup_.store->read(
      std::move(keys),
      [id, told = std::move(told)](Result<std::vector<std::optional<std::string>>> values) mutable {
        if (!values) return told(values.error());
        if (!values->front()) {
          return told(Error{ErrorCode::gone, "the input of " + to_string(id) + " is gone"});
        }
        told(store::decode_input(store::input_key(id), *values->front()));
      });
}

void Engine::see(InvocationId id, Look look) {
  const bool here = id.partition() < setup_.partitions;
  this->look(here ? id.partition() : std::uint16_t{0},
             [id, look = std::move(look)](Loop& loop, Partition& partition) mutable {
               loop.see(partition, id, std::move(look));
             });
}

void Engine::fail(const Error& error) {
  if (failed_.exchange(true)) return;
  for (const auto& loop : loops_) loop->post([&loop = *loop, error] { loop.fail(error); });
  if (setup_.on_fatal) setup_.on_fatal(error);
}

// ---- operations that are run elsewhere --------------------------------------------------------

std::vector<OperationView> Engine::operations() const {
  const std::shared_lock lock(elsewhere_mutex_);
  std::vector<OperationView> views;
  for (const auto& [name, versions] : operations_) views.push_back(view(name));
  for (const auto& [name, declared] : elsewhere_) views.push_back(view(name));
  std::ranges::sort(views, {}, &OperationView::name);
  return views;
}

std::optional<OperationView> Engine::operation(std::string_view name) const {
  const std::shared_lock lock(elsewhere_mutex_);
  OperationView found = view(std::string(name));
  if (found.versions.empty()) return std::nullopt;
  return found;
}

void Engine::declare(OperationElsewhere operation, std::string who, Told<PolicyReplaced> told) {
  if (auto valid = check(operation.name, operation.declaration); !valid) return told(valid.error());
  if (operations_.contains(operation.name)) {
    return told(
        Error{ErrorCode::conflict, "operation '" + operation.name + "' is run in this process"});
  }
  loops_.front()->post([this, operation = std::move(operation), who = std::move(who),
                        told = std::move(told)]() mutable {
    const auto before = elsewhere_.find(operation.name);
    if (before != elsewhere_.end() &&
        before->second.declaration.key_scope != operation.declaration.key_scope) {
      return told(Error{ErrorCode::conflict,
                        "operation '" + operation.name + "' has key_scope '" +
                            before->second.declaration.key_scope +
                            "': its order keys live by that; delete it first, or take a new name"});
    }
    std::vector<store::RowWrite> rows;
    rows.push_back(encode_elsewhere(operation));
    rows.push_back(loops_.front()->audit_row(
        {{}, std::move(who), "operation.declare", operation.name, operation.executor}));
    loops_.front()->write(
        0, std::move(rows),
        [this, operation = std::move(operation), told = std::move(told)]() mutable {
          const std::string name = operation.name;
          PolicyReplaced replaced;
          if (book_.has(name)) replaced.before = book_.effective(name);
          book_.declare(name, operation.declaration);
          replaced.after = book_.effective(name);
          {
            const std::unique_lock lock(elsewhere_mutex_);
            elsewhere_.insert_or_assign(name, std::move(operation));
          }
          broadcast(name, [replaced = std::move(replaced), told = std::move(told)](
                              Result<void>) mutable { told(std::move(replaced)); });
        });
  });
}

void Engine::undeclare(std::string name, std::string who, Told<void> told) {
  if (core::is_reserved_name(name))
    return told(Error{ErrorCode::conflict, core::reserved_name_rule(name)});
  if (operations_.contains(name)) {
    return told(Error{ErrorCode::conflict, "operation '" + name + "' is run in this process"});
  }
  loops_.front()->post([this, name = std::move(name), who = std::move(who),
                        told = std::move(told)]() mutable {
    if (!book_.has(name)) {
      return told(Error{ErrorCode::not_found, "there is no operation '" + name + "'"});
    }
    std::vector<store::RowWrite> rows;
    rows.push_back({store::declaration_key(name), {}});
    rows.push_back({store::override_key(name), {}});
    rows.push_back(loops_.front()->audit_row({{}, std::move(who), "operation.delete", name, ""}));
    loops_.front()->write(0, std::move(rows),
                          [this, name = std::move(name), told = std::move(told)]() mutable {
                            book_.undeclare(name);
                            {
                              const std::unique_lock lock(elsewhere_mutex_);
                              elsewhere_.erase(name);
                            }
                            broadcast(name, std::move(told));
                          });
  });
}

// ---- policies --------------------------------------------------------------------------------

void Engine::set_policy(std::string operation, PolicyPatch patch, std::string who,
                        Told<PolicyReplaced> told, std::optional<std::uint64_t> if_revision) {
  loops_.front()->post([this, operation = std::move(operation), patch = std::move(patch),
                        who = std::move(who), told = std::move(told), if_revision]() mutable {
    if (if_revision && *if_revision != book_.revision(operation)) {
      return told(Error{ErrorCode::conflict, "the policy of '" + operation + "' is at revision " +
                                                 std::to_string(book_.revision(operation)) +
                                                 ", not " + std::to_string(*if_revision)});
    }
    auto change = book_.propose(operation, patch, std::move(who), now());
    change_policy(std::move(operation), std::move(change), std::move(told));
  });
}

void Engine::revert_policy(std::string operation, std::uint64_t seq, std::string who,
                           Told<PolicyReplaced> told) {
  loops_.front()->post([this, operation = std::move(operation), seq, who = std::move(who),
                        told = std::move(told)]() mutable {
    auto change = book_.propose_revert(operation, seq, std::move(who), now());
    change_policy(std::move(operation), std::move(change), std::move(told));
  });
}

void Engine::change_policy(std::string operation, Result<PolicyChange> change,
                           Told<PolicyReplaced> told) {
  if (!change) return told(change.error());
  auto rows = PolicyBook::rows(operation, *change);
  rows.push_back(
      loops_.front()->audit_row({{}, change->who, "policy.change", operation, describe(*change)}));
  PolicyReplaced replaced{book_.effective(operation), {}};
  book_.record(operation, std::move(*change));  // later changes build on it; told once durable
  replaced.after = book_.effective(operation);
  loops_.front()->write(0, std::move(rows),
                        [this, operation = std::move(operation), replaced = std::move(replaced),
                         told = std::move(told)]() mutable {
                          broadcast(operation,
                                    [replaced = std::move(replaced), told = std::move(told)](
                                        Result<void>) mutable { told(std::move(replaced)); });
                        });
}

void Engine::broadcast(const std::string& operation, Told<void> told) {
  struct Count {
    std::atomic<std::size_t> left;
    Told<void> told;
  };
  auto count = std::make_shared<Count>(loops_.size(), std::move(told));
  const core::Configure configure = configuration(operation);
  const auto of = this->operation(operation);
  const std::string executor = of ? of->executor.value_or("") : "";
  for (const auto& loop : loops_) {
    loop->post([&loop = *loop, configure, executor, count] {
      loop.configure(configure);
      loop.executor().configure(configure, executor);
      if (count->left.fetch_sub(1) == 1) count->told({});
    });
  }
}

void Engine::policy(std::string operation, Told<PolicyView> told) {
  loops_.front()->post([this, operation = std::move(operation), told = std::move(told)]() mutable {
    if (!book_.has(operation)) {
      return told(Error{ErrorCode::not_found, "there is no operation '" + operation + "'"});
    }
    told(PolicyView{book_.fields(operation), book_.revision(operation), book_.ignored(operation)});
  });
}

void Engine::policy_history(std::string operation, Told<std::vector<PolicyChange>> told) {
  loops_.front()->post([this, operation = std::move(operation), told = std::move(told)]() mutable {
    told(book_.history(operation));
  });
}

}  // namespace nowthen::engine

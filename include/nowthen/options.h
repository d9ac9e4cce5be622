#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <nowthen/log.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>

namespace nowthen {

/// How an engine is set up: `Options().data_dir("data")`. A plain value.
class Options {
 public:
  Options() {}  // NOLINT(modernize-use-equals-default): never an aggregate

  /// The folder of the data; made if it is not there. One process at a time owns it. Without a
  /// folder everything is kept in memory and gone at the end.
  Options& data_dir(std::string folder) { return data_dir_ = std::move(folder), *this; }
  /// Loop threads. 0: one per core, or, of an engine that serves, one for two cores. At most the
  /// number of partitions.
  Options& loops(std::uint16_t count) { return loops_ = count, *this; }
  /// Partitions of a new data folder, 1..4096; an existing one keeps its number.
  Options& partitions(std::uint16_t count) { return partitions_ = count, *this; }
  /// Threads for step functions, 1..1024. 0: four per core, at least 16.
  Options& pool_threads(std::uint16_t count) { return pool_threads_ = count, *this; }
  /// A waiting handler is dropped from memory, and replayed later, once it has waited this long.
  Options& evict_after(Duration wait) { return evict_after_ = wait, *this; }
  /// What ended invocations may take on disk, in bytes, about; checked every second. When they take
  /// more, those whose retention ends next go early. Inputs above 1 KiB of what ended before the
  /// last start do not count. 10 GiB unless said; at least 64 MiB; 0: no bound.
  Options& disk_budget(std::uint64_t bytes) { return disk_budget_ = bytes, *this; }
  /// Called once, on a loop's thread, when a write has failed: nothing is accepted any more, all
  /// waiters were told `store_failed`. The process may stop, or go on without this engine.
  Options& on_fatal(std::function<void(const Error&)> f) { return on_fatal_ = std::move(f), *this; }
  /// Lines worth a log (docs/observability.md): parked and failed invocations, changes of policies,
  /// stalled loops. Any thread.
  Options& on_log(Log f) { return on_log_ = std::move(f), *this; }

  const std::string& data_dir() const { return data_dir_; }
  std::uint16_t loops() const { return loops_; }
  std::uint16_t partitions() const { return partitions_; }
  std::uint16_t pool_threads() const { return pool_threads_; }
  Duration evict_after() const { return evict_after_; }
  std::uint64_t disk_budget() const { return disk_budget_; }
  const std::function<void(const Error&)>& on_fatal() const { return on_fatal_; }
  const Log& on_log() const { return on_log_; }

 private:
  std::string data_dir_;
  std::uint16_t loops_ = 0;
  std::uint16_t partitions_ = 16;
  std::uint16_t pool_threads_ = 0;
  Duration evict_after_ = std::chrono::seconds(1);
  std::uint64_t disk_budget_ = std::uint64_t{10} << 30;
  std::function<void(const Error&)> on_fatal_;
  Log on_log_;
};

}  // namespace nowthen

#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/command.h"
#include "core/effect.h"
#include "sim/book.h"

namespace nowthen::sim {

class World;

/// A call as a client made it, and what it was told.
struct Told {
  core::CommandBody asked;  ///< Invoke, Await, Signal, ...; ids and waiters not set
  core::Reply reply;
};
/// An attempt begins, a result reaches it, or the function of a step is let go.
struct LetGo {
  unsigned life = 0;
  core::Lease lease;
  std::string_view path;  ///< empty: the attempt
  std::uint32_t tries = 0;
  bool current = true;  ///< false: by an engine that another one has replaced
};

/// Watches one promise. Reports by World::wrong; never changes anything.
class Checker {
 public:
  explicit Checker(World& world) : world_(world) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  virtual std::string_view name() const = 0;
  virtual void committed(const CommitSeen&) {}
  virtual void began(const LetGo&, const core::Invocation&) {}
  virtual void let_go(const LetGo&) {}
  virtual void delivered(const LetGo&, const core::Entry&) {}
  virtual void told(const Told&) {}
  virtual void at_rest() {}  ///< nothing is in flight: the store and the engine must agree
  virtual void at_end() {}   ///< faults are over and everything had its time
  virtual void after_retention() {}

 protected:
  void wrong(std::string what);

  World& world_;
};

/// One of each. Every file of sim/checkers adds its own.
std::vector<std::unique_ptr<Checker>> all_checkers(World& world);

}  // namespace nowthen::sim

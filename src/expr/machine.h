#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "expr/builtins.h"
#include "expr/code.h"
#include "expr/memory.h"
#include "expr/program.h"
#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

/// What one evaluation may take.
struct Limits {
  std::uint64_t steps = Raised::kStepsMax;  ///< instructions, and work of builtins
  std::size_t memory = 64u << 20;           ///< bytes of what it makes and needs
  std::size_t depth = 100'000;              ///< calls within calls; 2^26 at most
  std::size_t output = 16u << 20;           ///< bytes of its results as JSON, about
};

/// Evaluates programs, one at a time, in one thread. Made once and used again: what it needs stays.
///
/// It is a machine with two stacks. Frames hold the registers of what was called; ways back say
/// where to go on when what follows wants another result. A frame stays as long as a way back needs
/// it (Warren's abstract machine, 1983, protects its environments likewise).
class Machine {
 public:
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// The program must live until the next start.
  void start(const Program& program, Value input, std::span<const Value> variables = {},
             const Limits& limits = {}, const Surroundings& around = {});

  enum class Got : std::uint8_t {
    value,
    end,
    error,   ///< of the program: `raised().value()`
    budget,  ///< is used up: its value names which
  };
  /// The next result. After anything but a value there is nothing more; until then the machine may
  /// hold parts of results and of the input.
  Got next(Value& result);
  const Raised& raised() const { return raised_; }
  /// What is wrong, as one line.
  std::string message() const;
  /// The instruction that raised.
  std::size_t place() const { return place_; }

 private:
  struct Frame {
    std::uint32_t base;  ///< of its registers
    std::uint32_t end;
    std::uint32_t back;  ///< the instruction to go on with
    Operand dst;         ///< of the caller, for the result
    std::uint32_t caller;
    std::uint32_t around;  ///< the frame in which it is defined
    std::uint32_t ways;    ///< how many there were when it was made
  };
  enum class Kind : std::uint8_t { fork, each, range, attempt, succeeded };
  /// A way back.
  struct Way {
    Kind kind;
    std::uint32_t at;  ///< instruction
    std::uint32_t frame;
    std::uint32_t top;  ///< the frames up to this one stay
    double next;        ///< of what is counted; of `succeeded`, the place of the attempt
  };

  const Value& value(Operand operand) const {
    return operand >= 0 ? registers_[operand] : constants_[~operand];
  }
  Value taken(const Instruction& instruction) {
    if (instruction.may_take && instruction.a >= 0) return std::move(registers_[instruction.a]);
    return value(instruction.a);
  }
  std::uint32_t run(std::uint32_t at);
  void way(Kind kind, std::uint32_t at, double next = 0);
  std::uint32_t back();
  std::uint32_t unwind();
  void cut(const Value& mark);
  void drop_frames(std::uint32_t top);
  void go_to(std::uint32_t frame);
  bool next_part(Way& way, const Instruction& each);
  bool next_number(Way& way, const Instruction& range);
  std::uint32_t call(const Instruction& call, std::uint32_t at, std::uint32_t routine,
                     std::uint32_t around);
  std::uint32_t give(const Instruction& give);
  void pay();
  Value computed(const Instruction& instruction);
  Value compared(const Instruction& instruction);
  Value extended(const Instruction& instruction);
  Value called(const Instruction& instruction);
  void reserve(std::uint32_t registers);
  void finish();

  const Program* program_ = nullptr;
  const Instruction* instructions_ = nullptr;
  const Value* constants_ = nullptr;
  Value* registers_ = nullptr;                ///< of the current frame
  std::vector<Value, Counted<Value>> store_;  ///< of all frames
  std::uint32_t frame_ = 0;
  std::uint32_t top_ = 0;
  std::vector<Frame, Counted<Frame>> frames_;
  std::vector<Way, Counted<Way>> ways_;
  std::uint64_t paid_ = 0;  ///< of Memory::taken()
  std::int64_t floor_ = 0;  ///< Memory::used() at the start
  Limits limits_;
  Surroundings around_;
  Raised raised_;
  std::size_t place_ = 0;
  std::uint32_t resume_ = 0;
  bool running_ = false;
  bool begun_ = false;
};

}  // namespace nowthen::expr

#include "expr/machine.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "expr/arithmetic.h"
#include "expr/order.h"
#include "expr/paths.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

/// Instead of an instruction.
constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();
/// The last instruction of a routine that gives, so that programs end with it.
constexpr std::uint32_t kYield = kNowhere - 1;
/// So many bytes may be allocated before they are paid for with steps.
constexpr std::uint64_t kUnpaidMax = 4'096;

// A closure in a register: its routine, and the frame in which it is defined.
constexpr std::uint32_t kFramesMax = 1u << 26;
Value closure(std::int32_t routine, std::uint32_t frame) {
  return Value(static_cast<double>(routine) * kFramesMax + frame);
}

// A path while it is followed: null at its beginning, then [the path before, key], so that one step
// more costs the same however long it is. What is no path is false.
bool is_path(const Value& path) { return path.kind() != Kind::boolean; }
Value longer(const Value& path, Value key) {
  Value parts[] = {path, std::move(key)};
  return Value::array(parts, 2);
}
Value keys_of(const Value& path) {
  std::vector<const Value*> keys;
  for (const Value* at = &path; !at->is_null(); at = &at->elements()[0])
    keys.push_back(&at->elements()[1]);
  Value all = Value::array();
  for (std::size_t i = keys.size(); i-- > 0;) all.append(*keys[i]);
  return all;
}

/// Bytes of the value as JSON, about; no more than `most` are counted.
std::size_t size_of(const Value& value, std::size_t most) {
  if (value.is_string()) return value.text().size() + 2;
  if (!value.is_array() && !value.is_object()) return 8;
  std::string text;
  write_json(text, value, {.bytes_max = most});
  return text.size();
}

}  // namespace

void Machine::start(const Program& program, Value input, std::span<const Value> variables,
                    const Limits& limits, const Surroundings& around) {
  finish();
  program_ = &program;
  const Code& code = program.code();
  instructions_ = code.instructions.data();
  constants_ = code.constants.elements().first;
  limits_ = limits;
  limits_.depth = std::min<std::size_t>(limits.depth, kFramesMax);
  floor_ = Memory::used();
  around_ = around;
  raised_ = {};
  raised_.steps = limits.steps;
  const Routine& main = code.routines.front();
  reserve(main.registers);
  frames_.clear();
  frames_.push_back({0, main.registers, kNowhere, 0, 0, 0, 0});
  frame_ = top_ = 0;
  registers_ = store_.data();
  registers_[0] = std::move(input);
  for (std::size_t i = 0; i < variables.size(); ++i) registers_[i + 1] = variables[i];
  resume_ = main.entry;
  running_ = true;
  begun_ = false;
}

void Machine::finish() {
  if (!running_) return;
  running_ = false;
  ways_.clear();
  const std::uint32_t end = frames_[top_].end;
  for (std::uint32_t i = 0; i < end; ++i) store_[i] = Value();
  // What was needed once stays, but for what is large.
  constexpr std::size_t kKept = 4'096;
  if (frames_.capacity() > kKept) frames_ = {};
  if (ways_.capacity() > kKept) ways_ = {};
  if (store_.size() > kKept) store_ = {};
}

void Machine::reserve(std::uint32_t registers) {
  if (registers > store_.size())
    store_.resize(std::max<std::size_t>({64, store_.size() * 2, registers}));
}

Machine::Got Machine::next(Value& result) {
  if (!running_) return Got::end;
  paid_ = Memory::taken();
  // What the host kept or freed meanwhile counts as what the program made.
  const std::int64_t held = std::max<std::int64_t>(0, Memory::used() - floor_);
  const auto most = static_cast<std::int64_t>(limits_.memory);
  const Memory::Budget budget(static_cast<std::size_t>(std::max<std::int64_t>(0, most - held)));
  std::uint32_t at = resume_;
  if (begun_) at = back();
  begun_ = true;
  if (at != kNowhere) at = run(at);
  if (at != kNowhere) {
    result = std::move(registers_[frames_.front().dst]);
    const std::size_t size = size_of(result, limits_.output + 1);
    if (size <= limits_.output) {
      limits_.output -= size;
      return Got::value;
    }
    raised_.budget("output");
  }
  finish();
  if (!raised_) return Got::end;
  return raised_.what() == Raised::What::budget ? Got::budget : Got::error;
}

std::string Machine::message() const {
  const Value& value = raised_.value();
  if (raised_.what() == Raised::What::budget)
    return "the budget is used up: " + std::string(value.text());
  if (value.is_string()) return std::string(value.text());
  std::string text;
  write_json(text, value, {.bytes_max = 1'000});
  return "(not a string): " + text;
}

// ---- ways back ----

void Machine::way(Kind kind, std::uint32_t at, double next) {
  ways_.push_back({kind, at, frame_, top_, next});
}

void Machine::go_to(std::uint32_t frame) {
  frame_ = frame;
  registers_ = store_.data() + frames_[frame].base;
}

/// Frames above `top` are needed no more.
void Machine::drop_frames(std::uint32_t top) {
  if (top_ == top) return;
  for (std::uint32_t i = frames_[top].end; i < frames_[top_].end; ++i) store_[i] = Value();
  top_ = top;
}

/// Goes back to the newest place from which it goes on.
std::uint32_t Machine::back() {
  while (!ways_.empty()) {
    if (Memory::exceeded()) {
      raised_.budget("memory");
      return kNowhere;
    }
    Way& way = ways_.back();
    const std::uint32_t at = way.at;
    drop_frames(way.top);
    go_to(way.frame);
    switch (way.kind) {
      case Kind::fork:
        ways_.pop_back();
        return at;
      case Kind::each:
        if (next_part(way, instructions_[at])) return at + 1;
        continue;
      case Kind::range:
        if (next_number(way, instructions_[at])) return at + 1;
        continue;
      case Kind::attempt:
      case Kind::succeeded:
        ways_.pop_back();
        continue;
    }
  }
  return kNowhere;
}

/// Goes to what is there for the error that was raised.
std::uint32_t Machine::unwind() {
  if (raised_.what() == Raised::What::budget) return kNowhere;
  std::vector<double> succeeded;  // the places of attempts
  while (!ways_.empty()) {
    const Way way = ways_.back();
    ways_.pop_back();
    if (way.kind == Kind::succeeded) succeeded.push_back(way.next);
    if (way.kind != Kind::attempt) continue;
    if (!succeeded.empty() && succeeded.back() == static_cast<double>(ways_.size())) {
      succeeded.pop_back();
      continue;
    }
    drop_frames(way.top);
    go_to(way.frame);
    const Instruction& attempt = instructions_[way.at];
    registers_[attempt.dst] = raised_.take();
    return static_cast<std::uint32_t>(attempt.a);
  }
  return kNowhere;
}

void Machine::cut(const Value& mark) {
  const auto count = static_cast<std::size_t>(*mark.plain_number());
  ways_.erase(ways_.begin() + static_cast<std::ptrdiff_t>(count), ways_.end());
  drop_frames(std::max(frame_, ways_.empty() ? 0 : ways_.back().top));
}

/// The next part of what `each` goes through; the way ends with the last one.
bool Machine::next_part(Way& way, const Instruction& each) {
  const Value& of = value(each.a);
  const auto place = static_cast<std::size_t>(way.next);
  const std::size_t size = of.is_array() ? of.elements().size() : of.fields().size();
  if (place >= size) {
    ways_.pop_back();
    return false;
  }
  way.next += 1;
  if (place + 1 == size) ways_.pop_back();
  // `of` may be where the part goes to.
  Value key, part;
  if (of.is_array()) {
    part = of.elements()[place];
    if (each.b != kNoPath) key = Value(static_cast<double>(place));
  } else {
    part = of.fields().first[place].value;
    if (each.b != kNoPath) key = of.fields().first[place].name;
  }
  if (each.b != kNoPath) {
    registers_[each.dst + 1] = longer(value(each.b), std::move(key));
  }
  registers_[each.dst] = std::move(part);
  return true;
}

bool Machine::next_number(Way& way, const Instruction& range) {
  const double number = way.next;
  const double upto = value(range.b).number();
  const double by = value(range.c).number();
  const auto within = [&](double at) { return by > 0 ? at < upto : by < 0 && at > upto; };
  if (!within(number)) {
    ways_.pop_back();
    return false;
  }
  way.next = number + by;
  if (!within(way.next)) ways_.pop_back();
  registers_[range.dst] = Value(number);
  return true;
}

// ---- functions ----

std::uint32_t Machine::call(const Instruction& call, std::uint32_t at, std::uint32_t number,
                            std::uint32_t around) {
  const Routine& routine = program_->code().routines[number];
  Frame& caller = frames_[frame_];
  const auto count = static_cast<std::uint32_t>(call.count);
  if (call.is_last && frame_ != 0 && frame_ == top_ && ways_.size() == caller.ways) {
    // Its frame takes the place of the caller's.
    caller.end = std::max(caller.end, caller.base + routine.registers);
    caller.around = around;
    reserve(caller.end);
    registers_ = store_.data() + caller.base;
    for (std::uint32_t i = 0; i < count; ++i)
      registers_[i] = std::move(registers_[static_cast<std::uint32_t>(call.b) + i]);
    return routine.entry;
  }
  const std::uint32_t base = frames_[top_].end;
  const std::uint32_t frame = top_ + 1;
  if (frame >= limits_.depth) {
    raised_.budget("depth");
    return at;
  }
  reserve(base + routine.registers);
  const auto first = caller.base + static_cast<std::uint32_t>(call.b);
  for (std::uint32_t i = 0; i < count; ++i) store_[base + i] = std::move(store_[first + i]);
  Frame made{base,
             base + routine.registers,
             at,
             call.dst,
             frame_,
             around,
             static_cast<std::uint32_t>(ways_.size())};
  if (call.is_last && frame_ != 0) {
    // The caller gives on what it gets; so it may as well go where that goes.
    made.back = caller.back;
    made.dst = caller.dst;
    made.caller = caller.caller;
  }
  frames_.resize(frame);
  frames_.push_back(made);
  top_ = frame;
  go_to(frame);
  return routine.entry;
}

/// Back to the caller with a result.
std::uint32_t Machine::give(const Instruction& give) {
  const Frame frame = frames_[frame_];
  Value result = taken(give);
  Value path = give.b == kNoPath ? Value() : value(give.b);
  const std::uint32_t kept = ways_.empty() ? 0 : ways_.back().top;
  const std::uint32_t mine = frame_;
  go_to(frame.caller);
  if (kept < mine) drop_frames(std::max(kept, frame.caller));
  if (give.b != kNoPath) registers_[frame.dst + 1] = std::move(path);
  registers_[frame.dst] = std::move(result);
  return frame.back;
}

// ---- values ----

Value Machine::compared(const Instruction& i) {
  const Value& a = value(i.a);
  const Value& b = value(i.b);
  const auto order = compare(a, b, raised_);
  if (!order) return {};
  switch (i.op) {
    case Op::equal:
      return Value(*order == 0);
    case Op::not_equal:
      return Value(*order != 0);
    case Op::less:
      return Value(*order < 0);
    case Op::less_equal:
      return Value(*order <= 0);
    case Op::greater:
      return Value(*order > 0);
    default:
      return Value(*order >= 0);
  }
}

Value Machine::extended(const Instruction& i) {
  const Value& of = value(i.c);
  if (!is_path(value(i.a))) {
    return raised_.error("Invalid path expression near attempt to access element " +
                         shortened(value(i.b)) + " of " + shortened(of));
  }
  return longer(value(i.a), value(i.b));
}

Value Machine::called(const Instruction& i) {
  const Code& code = program_->code();
  if (Memory::exceeded()) return raised_.budget("memory");
  if (i.op == Op::builtin) {
    Call call{taken(i), registers_ + i.b, around_, raised_};
    const std::size_t work = call.input.is_array()    ? call.input.elements().size()
                             : call.input.is_object() ? call.input.fields().size()
                             : call.input.is_string() ? call.input.text().size() / 8
                                                      : 0;
    if (!raised_.spend(work / 16)) return {};
    return code.builtins[static_cast<std::size_t>(i.c)]->function(call);
  }
  std::vector<Value> arguments(static_cast<std::size_t>(i.count) + 1);
  arguments[0] = taken(i);
  for (std::int32_t n = 0; n < i.count; ++n)
    arguments[static_cast<std::size_t>(n) + 1] = registers_[i.b + n];
  return code.hosts[static_cast<std::size_t>(i.c)].function(arguments.data(), raised_);
}

/// Takes steps for what was allocated.
void Machine::pay() {
  constexpr std::uint64_t kBytes = 64;  // a step
  const std::uint64_t taken = Memory::taken();
  raised_.spend((taken - paid_) / kBytes);
  paid_ = taken;
}

/// Of instructions that only compute.
Value Machine::computed(const Instruction& i) {
  switch (i.op) {
    case Op::index:
      return index(value(i.a), value(i.b), raised_);
    case Op::slice:
      return slice(value(i.a), value(i.b), value(i.c), raised_);
    case Op::add:
      return add(taken(i), value(i.b), raised_);
    case Op::subtract:
      return subtract(taken(i), value(i.b), raised_);
    case Op::multiply:
      return multiply(taken(i), value(i.b), raised_);
    case Op::divide:
      return divide(value(i.a), value(i.b), raised_);
    case Op::modulo:
      return modulo(value(i.a), value(i.b), raised_);
    case Op::negate:
      return negate(value(i.a), raised_);
    case Op::array: {
      Value made = Value::array();
      for (std::int32_t n = 0; n < i.count; ++n) made.append(value(i.a + n));
      return made;
    }
    case Op::object: {
      const auto count = static_cast<std::size_t>(i.count);
      Value few[16];
      std::vector<Value> many(count > 8 ? 2 * count : 0);
      Value* parts = count > 8 ? many.data() : few;
      for (std::size_t n = 0; n < 2 * count; ++n) {
        parts[n] = registers_[i.a + static_cast<Operand>(n)];
        if (n % 2 == 0 && !parts[n].is_string())
          return raised_.error("Object keys must be strings");
      }
      return Value::object(parts, count);
    }
    case Op::record:
      return Value::record(value(i.b).elements(), registers_ + i.a);
    case Op::text: {
      Value whole("");
      std::size_t size = 0;
      for (std::int32_t n = 0; n < i.count; ++n) size += value(i.a + n).text().size();
      if (Memory::is_short_of(size)) return raised_.budget("memory: a string is too long");
      for (std::int32_t n = 0; n < i.count; ++n) whole.append_text(value(i.a + n).text());
      return whole;
    }
    case Op::get_path:
      return get_path(value(i.a), value(i.b), raised_);
    case Op::set_path:
      return set_path(taken(i), value(i.b), value(i.c), raised_);
    case Op::take_path:
      return take_path(registers_[i.a], value(i.b), raised_);
    case Op::extend:
      return extended(i);
    case Op::join: {
      if (!value(i.b).is_array()) return raised_.error("Path must be specified as an array");
      if (!is_path(value(i.a)))
        return raised_.error("Invalid path expression near attempt to access element " +
                             shortened(value(i.b)) + " of " + shortened(value(i.c)));
      Value path = value(i.a);
      for (const Value& key : value(i.b).elements()) path = longer(path, key);
      return path;
    }
    case Op::relate:
      return value(i.a).is_identical(value(i.b)) ? value(i.c) : Value(false);
    case Op::whole:
      if (is_path(value(i.a))) return keys_of(value(i.a));
      return raised_.error("Invalid path expression with result " + shortened(value(i.b)));
    default:
      return compared(i);
  }
}

// ---- the loop ----

namespace {

/// Of two doubles, as jq orders them.
bool holds(Op op, double a, double b) {
  switch (op) {
    case Op::equal:
      return a == b;
    case Op::not_equal:
      return a != b;
    case Op::less:
      return a < b || std::isnan(a);
    case Op::less_equal:
      return a <= b || std::isnan(a);
    case Op::greater:
      return a > b || (std::isnan(b) && !std::isnan(a));
    default:
      return a >= b || (std::isnan(b) && !std::isnan(a));
  }
}

}  // namespace

/// Runs from an instruction on, up to a result (`kYield`) or the end.
std::uint32_t Machine::run(std::uint32_t at) {
  for (;;) {
    if (!raised_.spend(1)) return kNowhere;
    const std::uint32_t here = at;
    const Instruction& i = instructions_[at++];
    switch (i.op) {
      case Op::move:
        registers_[i.dst] = taken(i);
        continue;
      case Op::index: {
        const Value& of = value(i.a);
        const Value& key = value(i.b);
        if (of.is_object() && key.is_string() && key.text().size() <= Value::kInlineMax) {
          const Value* found = of.find(key);
          registers_[i.dst] = found == nullptr ? Value() : *found;
          continue;
        }
        registers_[i.dst] = computed(i);
        break;
      }
      case Op::add:
      case Op::subtract:
      case Op::multiply: {
        const double* a = value(i.a).plain_number();
        const double* b = value(i.b).plain_number();
        if (a != nullptr && b != nullptr) {
          registers_[i.dst] = Value(i.op == Op::add        ? *a + *b
                                    : i.op == Op::subtract ? *a - *b
                                                           : *a * *b);
          continue;
        }
        registers_[i.dst] = computed(i);
        break;
      }
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal: {
        const double* a = value(i.a).plain_number();
        const double* b = value(i.b).plain_number();
        if (a != nullptr && b != nullptr) {
          registers_[i.dst] = Value(holds(i.op, *a, *b));
          continue;
        }
        registers_[i.dst] = compared(i);
        break;
      }
      case Op::truth:
        registers_[i.dst] = Value(value(i.a).is_true());
        continue;
      case Op::not_true:
        registers_[i.dst] = Value(!value(i.a).is_true());
        continue;
      case Op::append: {
        Value element = taken(i);
        registers_[i.dst].append(std::move(element));
        continue;
      }
      case Op::builtin:
      case Op::host:
        registers_[i.dst] = called(i);
        break;
      case Op::jump:
        at = static_cast<std::uint32_t>(i.a);
        continue;
      case Op::unless:
        if (!value(i.a).is_true()) at = static_cast<std::uint32_t>(i.b);
        continue;
      case Op::fork:
        way(Kind::fork, static_cast<std::uint32_t>(i.a));
        continue;
      case Op::backtrack:
        at = back();
        if (at == kNowhere) return kNowhere;
        continue;
      case Op::each: {
        const Value& of = value(i.a);
        if (i.b != kNoPath && !is_path(value(i.b))) {
          raised_.error("Invalid path expression near attempt to iterate through " + shortened(of));
        } else if (!of.is_array() && !of.is_object()) {
          raised_.error("Cannot iterate over " +
                        (of.is_null() ? std::string("null") : described(of)));
        } else {
          way(Kind::each, here);
          if (next_part(ways_.back(), i)) continue;
          at = back();
          if (at == kNowhere) return kNowhere;
          continue;
        }
        break;
      }
      case Op::range:
        if (!value(i.a).is_number() || !value(i.b).is_number() || !value(i.c).is_number()) {
          raised_.error("Range bounds must be numeric");
          break;
        }
        way(Kind::range, here, value(i.a).number());
        if (next_number(ways_.back(), i)) continue;
        at = back();
        if (at == kNowhere) return kNowhere;
        continue;
      case Op::attempt:
        registers_[i.b] = Value(static_cast<double>(ways_.size()));
        way(Kind::attempt, here);
        continue;
      case Op::succeed:
        if (static_cast<double>(ways_.size()) == *value(i.a).plain_number() + 1) {
          ways_.pop_back();
        } else {
          way(Kind::succeeded, here, *value(i.a).plain_number());
        }
        continue;
      case Op::mark:
        registers_[i.dst] = Value(static_cast<double>(ways_.size()));
        continue;
      case Op::cut:
        cut(value(i.a));
        continue;
      case Op::raise:
        raised_.error(taken(i));
        break;
      case Op::call: {
        if (Memory::exceeded()) {
          raised_.budget("memory");
          break;
        }
        const auto number = static_cast<std::uint32_t>(i.a);
        std::uint32_t around = frame_;
        const std::uint32_t levels = program_->code().routines[number].levels;
        for (auto level = static_cast<std::uint32_t>(i.c); level >= levels; --level)
          around = frames_[around].around;
        at = call(i, at, number, around);
        break;
      }
      case Op::closure:
        registers_[i.dst] = closure(i.a, frame_);
        continue;
      case Op::enter: {
        const double packed = *value(i.a).plain_number();
        const double routine = std::floor(packed / kFramesMax);
        at = call(i, at, static_cast<std::uint32_t>(routine) + static_cast<std::uint32_t>(i.c),
                  static_cast<std::uint32_t>(packed - routine * kFramesMax));
        break;
      }
      case Op::outer: {
        std::uint32_t frame = frame_;
        for (Operand level = 0; level < i.b; ++level) frame = frames_[frame].around;
        registers_[i.dst] = store_[frames_[frame].base + static_cast<std::uint32_t>(i.a)];
        continue;
      }
      case Op::give:
        at = give(i);
        continue;
      case Op::output: {
        Value result = taken(i);
        frames_.front().dst = i.dst;
        registers_[i.dst] = std::move(result);
        return kYield;
      }
      default:
        registers_[i.dst] = computed(i);
        break;
    }
    // Only what may take long or much gets here.
    if (Memory::taken() - paid_ > kUnpaidMax) pay();
    if (raised_) [[unlikely]] {
      place_ = here;
      const bool skipped = i.is_optional && raised_.what() == Raised::What::error;
      if (skipped) raised_.take();
      at = skipped ? back() : unwind();
      if (at == kNowhere) return kNowhere;
    }
  }
}

}  // namespace nowthen::expr

#include "expr/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/find.h"
#include "base/utf8.h"
#include "expr/memory.h"
#include "expr/order.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

constexpr std::size_t kShown = 29;  // bytes, as in jq

Value refuse(const Value& a, const Value& b, std::string_view why, Raised& raised) {
  return raised.error(described(a) + " and " + described(b) + " cannot be " + std::string(why));
}

/// Objects within objects become one; else what is in `b` counts.
Value merged(Value a, const Value& b, Raised& raised) {
  struct Level {
    Value into;
    const Value* from;
    Value name;  // under which it comes into the level before
    std::size_t at = 0;
  };
  std::vector<Level> levels;
  levels.push_back({std::move(a), &b, {}});
  for (;;) {
    if (Memory::exceeded()) return raised.budget("memory");
    Level& top = levels.back();
    const Fields fields = top.from->fields();
    if (!raised.spend(1)) return {};
    if (top.at == fields.size()) {
      Value done = std::move(top.into);
      Value name = std::move(top.name);
      levels.pop_back();
      if (levels.empty()) return done;
      levels.back().into.set(std::move(name), std::move(done));
      continue;
    }
    const Field& field = fields.first[top.at++];
    const Value* old = field.value.is_object() ? top.into.find(field.name) : nullptr;
    if (old == nullptr || !old->is_object()) {
      top.into.set(field.name, field.value);
      continue;
    }
    if (levels.size() >= kDepthMax) return raised.error("Object merge too deep");
    Value inner = top.into.take(field.name);
    levels.push_back({std::move(inner), &field.value, field.name});
  }
}

Value repeated(const Value& text, double times, Raised& raised) {
  if (!(times >= 0)) return {};
  const std::string_view once = text.text();
  const double whole = once.empty() ? 0 : std::floor(times);
  const double bytes = whole * static_cast<double>(once.size());
  if (bytes >= static_cast<double>(std::numeric_limits<std::int32_t>::max()))
    return raised.error("Repeat string result too long");
  if (Memory::is_short_of(2 * static_cast<std::size_t>(bytes)))
    return raised.budget("memory: a repeated string is too long");
  std::string all;
  all.reserve(static_cast<std::size_t>(bytes));
  for (auto left = static_cast<std::size_t>(whole); left > 0; --left) all += once;
  return Value(std::string_view(all));
}

}  // namespace

std::string shortened(const Value& value) {
  std::string text;
  // No more of a large value is written than is shown.
  write_json(text, value, {.bytes_max = kShown + 1});
  if (text.size() <= kShown) return text;
  const char first = text[0];
  const std::string_view end = first == '"'   ? "...\""
                               : first == '[' ? "...]"
                               : first == '{' ? "...}"
                                              : "...";
  std::size_t cut = kShown - end.size();
  while (cut > 0 && (text[cut] & 0xc0) == 0x80) --cut;
  return text.substr(0, cut).append(end);
}

std::string described(const Value& value) {
  return std::string(name_of(value.kind())) + " (" + shortened(value) + ")";
}

Value add(Value a, Value b, Raised& raised) {
  if (a.is_null()) return b;
  if (b.is_null()) return a;
  if (a.kind() != b.kind()) return refuse(a, b, "added", raised);
  switch (a.kind()) {
    case Kind::number:
      return Value(a.number() + b.number());
    case Kind::string:
      if (Memory::is_short_of(a.text().size() + b.text().size()))
        return raised.budget("memory: a string is too long");
      a.append_text(b.text());
      return a;
    case Kind::array:
      if (a.elements().size() == 0) return b;
      if (Memory::is_short_of((a.elements().size() + b.elements().size()) * sizeof(Value)))
        return raised.budget("memory: an array is too long");
      for (const Value& element : b.elements()) a.append(element);
      return a;
    case Kind::object:
      if (a.fields().size() == 0) return b;
      if (Memory::is_short_of((a.fields().size() + b.fields().size()) * sizeof(Field)))
        return raised.budget("memory: an object has too many fields");
      if (!raised.spend(b.fields().size())) return {};
      for (const Field& field : b.fields()) a.set(field.name, field.value);
      return a;
    default:
      return refuse(a, b, "added", raised);
  }
}

Value subtract(Value a, const Value& b, Raised& raised) {
  if (a.is_number() && b.is_number()) return Value(a.number() - b.number());
  if (!a.is_array() || !b.is_array()) return refuse(a, b, "subtracted", raised);
  // Looked for in order; what is no number is like nothing, and not found.
  const auto places = sorted_places(b.elements().first, b.elements().size(), raised);
  if (!places) return {};
  Value left = Value::array();
  for (const Value& element : a.elements()) {
    std::size_t low = 0;
    std::size_t high = places->size();
    bool found = false;
    while (low < high && !found) {
      const std::size_t middle = low + (high - low) / 2;
      const auto order = compare(b.elements()[(*places)[middle]], element, raised);
      if (!order) return {};
      found = *order == 0;
      (*order < 0 ? low = middle + 1 : high = middle);
    }
    if (!found) left.append(element);
  }
  return left;
}

Value multiply(Value a, Value b, Raised& raised) {
  if (a.is_number() && b.is_number()) return Value(a.number() * b.number());
  if (a.is_string() && b.is_number()) return repeated(a, b.number(), raised);
  if (a.is_number() && b.is_string()) return repeated(b, a.number(), raised);
  if (a.is_object() && b.is_object()) return merged(std::move(a), b, raised);
  return refuse(a, b, "multiplied", raised);
}

Value divide(const Value& a, const Value& b, Raised& raised) {
  if (a.is_string() && b.is_string()) return split(a.text(), b.text(), raised);
  if (!a.is_number() || !b.is_number()) return refuse(a, b, "divided", raised);
  if (b.number() == 0) return refuse(a, b, "divided because the divisor is zero", raised);
  return Value(a.number() / b.number());
}

Value modulo(const Value& a, const Value& b, Raised& raised) {
  if (!a.is_number() || !b.is_number()) return refuse(a, b, "divided (remainder)", raised);
  if (std::isnan(a.number()) || std::isnan(b.number()))
    return Value(std::numeric_limits<double>::quiet_NaN());
  const std::int64_t dividend = to_integer(a.number());
  const std::int64_t divisor = to_integer(b.number());
  if (divisor == 0) return refuse(a, b, "divided (remainder) because the divisor is zero", raised);
  const auto magnitude = [](std::int64_t of) {
    return of < 0 ? 0 - static_cast<std::uint64_t>(of) : static_cast<std::uint64_t>(of);
  };
  const auto rest = static_cast<double>(magnitude(dividend) % magnitude(divisor));
  return Value(dividend < 0 ? 0.0 - rest : rest);
}

Value negate(const Value& a, Raised& raised) {
  if (!a.is_number()) return raised.error(described(a) + " cannot be negated");
  if (!a.is_exact()) return Value(-a.number());
  const std::string_view text = a.text();
  if (text.starts_with('-')) return Value::exact(text.substr(1));
  return Value::exact("-" + std::string(text));
}

Value split(std::string_view text, std::string_view separator, Raised& raised) {
  Value pieces = Value::array();
  if (text.empty()) return pieces;
  for (std::size_t at = 0;;) {
    if (Memory::exceeded()) return raised.budget("memory: a string has too many pieces");
    std::size_t next = text.npos;
    if (!separator.empty()) {
      next = find_text(text, separator, at);
    } else if (at + utf8_length(text, at) < text.size()) {
      next = at + utf8_length(text, at);
    }
    pieces.append(Value(text.substr(at, next - at)));
    if (next == text.npos) return pieces;
    at = next + separator.size();
  }
}

std::int64_t to_integer(double number) {
  if (std::isnan(number)) return 0;
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (number >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (number < -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(number);
}

}  // namespace nowthen::expr

#include <array>
#include <charconv>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include <nowthen/policy.h>

// Every field of a policy is one line of kFields. Its text form, its range and its place in the
// struct are written there and nowhere else.

namespace nowthen {
namespace {

using namespace std::chrono_literals;

/// Where a field lies, and its inclusive range. Of enums: the first and the last enumerator.
template <class Owner, class Value>
struct Slot {
  Value Owner::* member;
  Value min;
  Value max;
};

template <class Owner, class Value>
constexpr Slot<Owner, Value> slot(Value Owner::* member, std::type_identity_t<Value> min,
                                  std::type_identity_t<Value> max) {
  return {member, min, max};
}

struct Field {
  std::string_view name;
  std::variant<Slot<Policy, Mode>, Slot<Policy, OnTimeout>, Slot<Policy, Durable>,
               Slot<Policy, OnExhausted>, Slot<Policy, Duration>, Slot<Retry, Duration>,
               Slot<Retry, std::uint32_t>, Slot<Retry, double>>
      slot;
};

constexpr Duration kDay = 24h;
constexpr Duration kMonth = 30 * kDay;
constexpr Duration kDecade = 3650 * kDay;

// In the order of the struct.
constexpr std::array<Field, 17> kFields = {{
    {"mode", slot(&Policy::mode, Mode::now, Mode::later)},
    {"answer_within", slot(&Policy::answer_within, 1ms, 10min)},
    {"wait_max", slot(&Policy::wait_max, 0ms, 10min)},
    {"start_within", slot(&Policy::start_within, 0ms, kDecade)},
    {"attempt_timeout", slot(&Policy::attempt_timeout, 1ms, kMonth)},
    {"step_timeout", slot(&Policy::step_timeout, 1ms, kMonth)},
    {"cleanup_within", slot(&Policy::cleanup_within, 0ms, 1h)},
    {"retry.attempts_max", slot(&Retry::attempts_max, 1, 1'000'000)},
    {"retry.interval", slot(&Retry::interval, 0ms, 24h)},
    {"retry.factor", slot(&Retry::factor, 1, 100)},
    {"retry.interval_max", slot(&Retry::interval_max, 0ms, kMonth)},
    {"retry.jitter", slot(&Retry::jitter, 0, 1)},
    {"on_timeout", slot(&Policy::on_timeout, OnTimeout::cancel, OnTimeout::finish)},
    {"durable", slot(&Policy::durable, Durable::on_first_step, Durable::from_start)},
    {"on_exhausted", slot(&Policy::on_exhausted, OnExhausted::fail, OnExhausted::park)},
    {"retain", slot(&Policy::retain, 1s, kDecade)},
    {"retain_failed", slot(&Policy::retain_failed, 1s, kDecade)},
}};

constexpr std::size_t kQuotedMax = 40;

/// The text in quotes, cut, and in ASCII alone, for an error message.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedMax)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > kQuotedMax ? "...\"" : "\"");
}

// ---- values ------------------------------------------------------------------------------------

std::string_view word(Mode value) { return to_string(value); }
std::string_view word(OnTimeout value) {
  switch (value) {
    case OnTimeout::cancel:
      return "cancel";
    case OnTimeout::finish:
      return "finish";
  }
  return "unknown";
}
std::string_view word(Durable value) {
  switch (value) {
    case Durable::on_first_step:
      return "on_first_step";
    case Durable::from_start:
      return "from_start";
  }
  return "unknown";
}
std::string_view word(OnExhausted value) {
  switch (value) {
    case OnExhausted::fail:
      return "fail";
    case OnExhausted::park:
      return "park";
  }
  return "unknown";
}

template <class Value>
std::string format_value(Value value) {
  if constexpr (std::is_enum_v<Value>) {
    return std::string{word(value)};
  } else if constexpr (std::is_same_v<Value, Duration>) {
    return format_duration(value);
  } else {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return std::string(text.data(), end);
  }
}

/// All enumerators from `min` to `max`; they are numbered without gaps.
template <class Value>
std::vector<Value> enumerators(Value min, Value max) {
  std::vector<Value> values;
  for (auto i = std::to_underlying(min); i <= std::to_underlying(max); ++i) {
    values.push_back(static_cast<Value>(i));
  }
  return values;
}

/// "now, auto or later"; "1ms to 10m".
template <class Owner, class Value>
std::string format_range(const Slot<Owner, Value>& slot) {
  if constexpr (std::is_enum_v<Value>) {
    std::string text;
    for (const Value value : enumerators(slot.min, slot.max)) {
      if (value != slot.min) text += value == slot.max ? " or " : ", ";
      text += word(value);
    }
    return text;
  } else {
    return format_value(slot.min) + " to " + format_value(slot.max);
  }
}

/// What `text` writes, whether in range or not; the error says what is wrong with it.
template <class Owner, class Value>
Result<Value> parse_value(const Slot<Owner, Value>& slot, std::string_view text) {
  if constexpr (std::is_enum_v<Value>) {
    for (const Value value : enumerators(slot.min, slot.max)) {
      if (word(value) == text) return value;
    }
    return Error{ErrorCode::invalid_argument, quoted(text) + " is not one of its values"};
  } else if constexpr (std::is_same_v<Value, Duration>) {
    return parse_duration(text);
  } else {
    Value value{};
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return value;
    return Error{ErrorCode::invalid_argument,
                 quoted(text) + (std::is_integral_v<Value> ? " is not a whole number in range"
                                                           : " is not a number in range")};
  }
}

// ---- fields ------------------------------------------------------------------------------------

template <class Value>
const Value& at(const Policy& policy, Value Policy::* member) {
  return policy.*member;
}
template <class Value>
const Value& at(const Policy& policy, Value Retry::* member) {
  return policy.retry.*member;
}
template <class Value>
Value& at(Policy& policy, Value Policy::* member) {
  return policy.*member;
}
template <class Value>
Value& at(Policy& policy, Value Retry::* member) {
  return policy.retry.*member;
}

const Field* find_field(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string format_field(const Policy& policy, const Field& field) {
  return std::visit([&](const auto& slot) { return format_value(at(policy, slot.member)); },
                    field.slot);
}

Error field_error(const Field& field, std::string_view what) {
  std::string message = "policy field ";
  message += field.name;
  message += ": ";
  message += what;
  message += "; allowed: ";
  message += std::visit([](const auto& slot) { return format_range(slot); }, field.slot);
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

Error no_such_field(std::string_view name) {
  std::string message = "there is no policy field " + quoted(name) + "; fields: ";
  for (const Field& field : kFields) {
    if (&field != kFields.data()) message += ", ";
    message += field.name;
  }
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

Result<void> check_range(const Policy& policy, const Field& field) {
  const bool in_range = std::visit(
      [&](const auto& slot) {
        const auto& value = at(policy, slot.member);
        return value >= slot.min && value <= slot.max;  // false for what is not a number, too
      },
      field.slot);
  if (in_range) return {};
  return field_error(field, format_field(policy, field) + " is out of range");
}

Result<void> set_field(Policy& policy, const Field& field, std::string_view text) {
  const Result<void> parsed = std::visit(
      [&](const auto& slot) -> Result<void> {
        auto value = parse_value(slot, text);
        if (!value) return value.error();
        at(policy, slot.member) = *value;
        return {};
      },
      field.slot);
  if (!parsed) return field_error(field, parsed.error().message);
  return check_range(policy, field);
}

}  // namespace

const std::vector<std::string>& policy_fields() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Field& field : kFields) all.emplace_back(field.name);
    return all;
  }();
  return names;
}

Result<std::string> policy_field(const Policy& policy, std::string_view field) {
  const Field* found = find_field(field);
  if (found == nullptr) return no_such_field(field);
  return format_field(policy, *found);
}

Result<void> apply_patch(Policy& policy, const PolicyPatch& patch) {
  Policy changed = policy;
  for (const auto& [name, text] : patch.fields) {
    const Field* field = find_field(name);
    if (field == nullptr) return no_such_field(name);
    if (!text) continue;
    if (Result<void> set = set_field(changed, *field, *text); !set) return set;
  }
  if (Result<void> valid = validate(changed); !valid) return valid;
  policy = changed;
  return {};
}

Result<void> validate(const Policy& policy) {
  for (const Field& field : kFields) {
    if (Result<void> checked = check_range(policy, field); !checked) return checked;
  }
  if (policy.retry.interval > policy.retry.interval_max) {
    return Error{ErrorCode::invalid_argument,
                 "policy field retry.interval: " + format_duration(policy.retry.interval) +
                     " is longer than retry.interval_max, which is " +
                     format_duration(policy.retry.interval_max)};
  }
  return {};
}

}  // namespace nowthen

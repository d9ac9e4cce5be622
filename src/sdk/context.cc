#include <utility>

#include <nowthen/context.h>

#include "base/limits.h"
#include "base/prng.h"
#include "sdk/attempt.h"
#include "sdk/request.h"

namespace nowthen {
namespace {

void check_name(std::string_view name) {
  constexpr std::size_t kMax = Limits{}.name_bytes_max;
  if (is_name(name, kMax)) return;
  throw Permanent(ErrorCode::invalid_argument,
                  "'" + std::string(name.substr(0, kMax)) + "': " + name_rule(kMax));
}

sdk::RequestPtr request(sdk::Attempt& attempt, core::EntryKind kind, std::string_view of,
                        std::string_view name) {
  sdk::RequestPtr made(new sdk::Request(attempt));
  made->kind = kind;
  made->name.reserve(of.size() + name.size());
  made->name += of;
  made->name += name;
  return made;
}

}  // namespace

sdk::RequestPtr Context::request_step(sdk::StepKind kind, std::string_view name,
                                      std::shared_ptr<const sdk::Job> job) {
  check_name(name);
  const auto entry = kind == sdk::StepKind::step        ? core::EntryKind::step
                     : kind == sdk::StepKind::step_once ? core::EntryKind::step_once
                                                        : core::EntryKind::cleanup;
  sdk::RequestPtr made = request(attempt_, entry, {}, name);
  made->job = std::move(job);
  return made;
}

Pending<void> Context::sleep(Duration duration) {
  sdk::RequestPtr made = request(attempt_, core::EntryKind::sleep, "sleep", {});
  made->wait = std::max(duration, Duration::zero());
  return Pending<void>(std::move(made), &sdk::read_value<void>);
}

Pending<void> Context::sleep_until(WallTime time) {
  sdk::RequestPtr made = request(attempt_, core::EntryKind::sleep, "sleep", {});
  made->by_time = true;
  made->due = time;
  return Pending<void>(std::move(made), &sdk::read_value<void>);
}

sdk::RequestPtr Context::signal(std::string_view name, sdk::SignalWait wait, Duration timeout) {
  check_name(name);
  sdk::RequestPtr made = request(attempt_, core::EntryKind::signal, "signal:", name);
  made->subject = name;
  made->timed = wait == sdk::SignalWait::timed;
  made->wait = std::max(timeout, Duration::zero());
  return made;
}

sdk::RequestPtr Context::child(Child kind, std::string_view operation, std::string input,
                               const CallOptions& options) {
  check_name(operation);
  const bool call = kind == Child::call;
  sdk::RequestPtr made = request(attempt_, call ? core::EntryKind::call : core::EntryKind::send,
                                 call ? "call:" : "send:", operation);
  auto invoke = std::make_unique<core::Invoke>();
  invoke->operation = operation;
  invoke->version = options.version();
  invoke->input = std::move(input);
  invoke->options.priority = options.priority();
  invoke->options.delay = options.delay();
  invoke->options.order_key = options.order_key();
  invoke->options.idempotency_key = options.idempotency_key();
  made->child = std::move(invoke);
  return made;
}

Pending<WallTime> Context::time() {
  sdk::RequestPtr made = request(attempt_, core::EntryKind::value, "time", {});
  made->value_of = sdk::ValueOf::time;
  return Pending<WallTime>(std::move(made), &sdk::read_value<WallTime>);
}

sdk::RequestPtr Context::read_state(std::string_view name) {
  check_name(name);
  sdk::RequestPtr made = request(attempt_, core::EntryKind::value, "state:", name);
  made->value_of = sdk::ValueOf::state;
  made->subject = name;
  return made;
}

void Context::write_state(std::string_view name, std::string value) {
  check_name(name);
  attempt_.write_state(name, std::move(value));
}

void Context::erase_state(std::string_view name) {
  check_name(name);
  attempt_.write_state(name, std::nullopt);
}

bool Context::cancelled() const { return attempt_.cancelled(); }
InvocationId Context::id() const { return attempt_.lease().id; }
std::uint32_t Context::attempt() const { return attempt_.number(); }
std::uint64_t Context::random() { return attempt_.random(); }

// RFC 9562 5.8: version in the high four bits of octet 6, variant in the high two of octet 8.
std::string Context::uuid() {
  std::uint64_t high = random();
  std::uint64_t low = random();
  high = (high & ~0xf000ull) | 0x8000ull;
  low = (low & ~(0xc0ull << 56)) | (0x80ull << 56);
  std::string text;
  text.reserve(36);
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    const std::uint64_t half = digit < 16 ? high : low;
    text += "0123456789abcdef"[(half >> (60 - 4 * (digit % 16))) & 0xf];
  }
  return text;
}

namespace sdk {

Result<void> read_child(std::optional<InvocationId>& value, const Answer& answer) {
  value = answer.child;
  return {};
}

}  // namespace sdk
}  // namespace nowthen

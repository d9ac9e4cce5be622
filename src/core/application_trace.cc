// What traces show: spans of what is over, for whoever exports them.

#include <algorithm>
#include <charconv>

#include "core/application.h"

namespace nowthen::core {
namespace {

constexpr std::size_t kErrorBytesMax = 512;  // of a span

void set_error(Span& span, ErrorCode code, std::string_view why) {
  span.code = code;
  if (code == ErrorCode::none) return;
  span.error = why;
  cut(span.error, kErrorBytesMax);
}

Span span_of(const Invocation& inv, std::string_view trace, Span::Kind kind) {
  Span span;
  span.kind = kind;
  span.trace = trace;
  span.invocation = inv.id;
  span.operation = inv.operation;
  span.parent = invocation_span(inv.id);
  return span;
}

}  // namespace

std::optional<TraceParent> Application::traced(const Invocation& inv) const {
  if (!state.traced || inv.trace.empty()) return std::nullopt;
  auto parent = parse_traceparent(inv.trace);
  if (parent && !parent->sampled) return std::nullopt;
  return parent;
}

void Application::trace_end(const Invocation& inv) {
  const auto trace = traced(inv);
  if (!trace) return;
  Span span = span_of(inv, trace->trace, Span::Kind::invocation);
  span.id = invocation_span(inv.id);
  std::uint64_t caller = 0;
  std::from_chars(trace->span.data(), trace->span.data() + trace->span.size(), caller, 16);
  span.parent = static_cast<SpanId>(caller);
  if (span.parent == span.id) span.parent = SpanId::none;  // the trace began with it
  span.start = inv.accepted;
  span.end = now;
  span.mode = inv.mode;
  span.state = inv.state;
  set_error(span, inv.outcome.code, inv.outcome.data);
  if (!inv.decision.empty()) {
    span.decision = inv.decision;
  } else if (!inv.waiters.empty()) {
    span.decision = to_string(Decision::Kind::answered);
  } else if (inv.mode == Mode::later) {
    span.decision = to_string(Decision::Kind::deferred);
  }
  emit(gate(inv), std::move(span));
}

void Application::trace_attempt(const Invocation& inv, WallTime begun, ErrorCode code,
                                std::string_view why) {
  const auto trace = traced(inv);
  if (!trace) return;
  if (inv.attempt == 1) {
    Span queue = span_of(inv, trace->trace, Span::Kind::queue);
    queue.id = queue_span(inv.id);
    queue.start = inv.accepted;
    queue.end = begun;
    emit(gate(inv), std::move(queue));
  }
  Span span = span_of(inv, trace->trace, Span::Kind::attempt);
  span.id = attempt_span(inv.id, inv.attempt);
  span.attempt = inv.attempt;
  span.start = begun;
  span.end = now;
  set_error(span, code, why);
  emit(gate(inv), std::move(span));
}

void Application::trace_entry(const Invocation& inv, const Entry& entry) {
  const auto trace = traced(inv);
  if (!trace || entry.kind == EntryKind::value) return;
  Span span = span_of(inv, trace->trace, Span::Kind::entry);
  span.id =
      entry.child.is_null() ? entry_span(inv.id, entry.path, inv.attempt) : call_span(entry.child);
  span.attempt = inv.attempt;
  span.entry = entry.kind;
  span.path = entry.path;
  span.tries = entry.tries;
  span.child = entry.child;
  span.end = now;
  span.start = entry.since == WallTime{} ? now : entry.since;  // a worker says when it is done
  if (is_step(entry.kind) && inv.resident) {  // what waits may outlive the attempt that began it
    span.parent = attempt_span(inv.id, inv.attempt);
    span.start = std::max(span.start, inv.attempt_begun);
  }
  set_error(span, entry.outcome.code, entry.outcome.data);
  emit(gate(inv), std::move(span));
}

}  // namespace nowthen::core

// Spans: what a trace shows of an invocation, under which names, and when there are none.

#include "core/trace.h"

#include <map>

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::seconds;

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
const std::string kCaller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceParent, is_read_strictly) {
  const auto parent = parse_traceparent(kCaller);
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->trace, kTrace);
  EXPECT_EQ(parent->span, "b7ad6b7169203331");
  EXPECT_TRUE(parent->sampled);
  const auto with = [](std::size_t at, std::string_view text) {
    return std::string(kCaller).replace(at, text.size(), text);
  };
  EXPECT_FALSE(parse_traceparent(with(53, "00"))->sampled);
  EXPECT_FALSE(parse_traceparent(with(53, "0a"))->sampled);
  EXPECT_TRUE(parse_traceparent(with(53, "ff"))->sampled);
  EXPECT_TRUE(parse_traceparent(with(0, "cc") + "-more"));  // of a version to come
  for (const std::string& wrong :
       {std::string(), std::string("00-own"), with(0, "ff"), with(2, "_"), with(10, "G"),
        with(10, "A"), with(3, std::string(32, '0')), with(36, std::string(16, '0')),
        with(53, "0x"), kCaller + "-more", with(0, "cc") + "more", kCaller.substr(1)}) {
    EXPECT_FALSE(parse_traceparent(wrong)) << wrong;
  }
  EXPECT_EQ(trace_id_of(kCaller), kTrace);
  EXPECT_EQ(trace_id_of("none"), "");
}

TEST(TraceParent, a_new_trace_begins_with_its_invocation) {
  const InvocationId id = InvocationId::make(1'700'000'000'000, 3, 99);
  const std::string trace = new_trace(id);
  const auto parent = parse_traceparent(trace);
  ASSERT_TRUE(parent) << trace;
  EXPECT_TRUE(parent->sampled);
  EXPECT_EQ(trace, to_traceparent(parent->trace, invocation_span(id)));
  EXPECT_NE(trace_id_of(new_trace(InvocationId::make(1'700'000'000'000, 3, 98))), parent->trace);
}

class TraceTest : public CoreTest {
 protected:
  TraceTest() { state->traced = true; }

  static CallOptions traced(const std::string& trace = kCaller) {
    CallOptions options;
    options.trace = trace;
    return options;
  }
  /// Applies what `code` does; keeps the spans of it.
  template <class Code>
  void see(Code code) {
    code();
    for (const Span& span : all<Span>()) {
      EXPECT_EQ(span.trace, kTrace);
      EXPECT_LE(span.start, span.end);
      EXPECT_TRUE(spans.emplace(span.id, span).second) << "twice: " << span.path;
      last = span;
    }
  }
  const Span& span(SpanId id) const {
    const auto found = spans.find(id);
    if (found == spans.end()) throw std::logic_error("there is no such span");
    return found->second;
  }

  std::map<SpanId, Span> spans;
  Span last;
};

TEST_F(TraceTest, of_a_call_from_its_caller_to_its_end) {
  const WallTime accepted = now;
  const InvocationId id = invoke("op", traced());
  now = after(now, seconds(1));
  see([&] { open(id, "charge"); });
  now = after(now, seconds(2));
  see([&] { complete(id, "charge"); });
  EXPECT_EQ(gate_of<Span>(), Gate::commit);  // a result is shown once it is durable
  see([&] { finish(id); });
  ASSERT_EQ(spans.size(), 4u);

  const Span& whole = span(invocation_span(id));
  EXPECT_EQ(whole.kind, Span::Kind::invocation);
  EXPECT_EQ(whole.parent, static_cast<SpanId>(0xb7ad6b7169203331));
  EXPECT_EQ(whole.start, accepted);
  EXPECT_EQ(whole.end, now);
  EXPECT_EQ(whole.operation, "op");
  EXPECT_EQ(whole.mode, Mode::later);
  EXPECT_EQ(whole.state, State::succeeded);
  EXPECT_EQ(whole.decision, "deferred");
  EXPECT_EQ(whole.code, ErrorCode::none);

  const Span& attempt = span(attempt_span(id, 1));
  EXPECT_EQ(attempt.parent, whole.id);
  EXPECT_EQ(attempt.attempt, 1u);
  EXPECT_EQ(span(queue_span(id)).parent, whole.id);
  EXPECT_EQ(span(queue_span(id)).end, attempt.start);
  const Span& step = span(entry_span(id, "charge", 1));
  EXPECT_EQ(step.parent, attempt.id);
  EXPECT_EQ(step.path, "charge");
  EXPECT_EQ(step.end - step.start, seconds(2));
}

TEST_F(TraceTest, of_attempts_and_tries_that_failed) {
  const InvocationId id = invoke("op", traced());
  see([&] { open(id, "charge"); });
  complete(id, "charge", {ErrorCode::failed, "no money"});
  advance(seconds(60));
  see([&] { complete(id, "charge", {ErrorCode::none, "paid"}, 1); });
  EXPECT_EQ(last.tries, 1u);
  see([&] { fail_attempt(id, "no network"); });
  EXPECT_EQ(span(attempt_span(id, 1)).code, ErrorCode::failed);
  EXPECT_EQ(span(attempt_span(id, 1)).error, "no network");
  see([&] { advance(seconds(60)); });
  see([&] { finish(id, {ErrorCode::failed, std::string(10'000, 'x')}); });
  EXPECT_EQ(span(attempt_span(id, 2)).code, ErrorCode::failed);
  EXPECT_EQ(span(invocation_span(id)).state, State::failed);
  EXPECT_EQ(span(invocation_span(id)).error.size(), 512u);
  EXPECT_EQ(spans.count(queue_span(id)), 1u);  // the first attempt only had to wait in line
}

TEST_F(TraceTest, of_children_below_the_entries_that_began_them) {
  const InvocationId id = invoke("op", traced());
  open_child(id, "call:other", EntryKind::call, "op");
  const InvocationId child = inv(id).open.front().child;
  see([&] { deliver_messages(); });
  const auto told = parse_traceparent(inv(child).trace);
  ASSERT_TRUE(told);
  EXPECT_EQ(inv(child).trace, to_traceparent(kTrace, call_span(child)));
  see([&] { suspend(id); });  // the attempt is over; what it began is not
  see([&] { finish(child); });
  EXPECT_EQ(span(invocation_span(child)).parent, call_span(child));
  see([&] { deliver_messages(); });
  EXPECT_EQ(span(call_span(child)).parent, invocation_span(id));
  EXPECT_EQ(span(call_span(child)).child, child);
  see([&] { finish(id); });
  EXPECT_TRUE(spans.contains(attempt_span(id, 1)) && spans.contains(attempt_span(id, 2)));
}

TEST_F(TraceTest, goes_on_after_a_crash_under_the_same_names) {
  const InvocationId id = invoke("op", traced());
  see([&] { step(id, "charge"); });
  now = after(now, seconds(5));
  see([&] { crash(); });
  const Span& lost = span(attempt_span(id, 1));
  EXPECT_EQ(lost.code, ErrorCode::unavailable);
  EXPECT_EQ(lost.end - lost.start, seconds(5));
  EXPECT_TRUE(spans.contains(queue_span(id)));
  see([&] { finish(id); });
  for (const auto& [name, each] : spans) {
    if (each.id != invocation_span(id)) {
      EXPECT_TRUE(spans.contains(each.parent)) << each.path;
    }
  }
}

TEST_F(TraceTest, a_worker_is_told_its_attempt) {
  configure_pulled("pulled", policy(Mode::later));
  const InvocationId id = invoke("pulled", traced());
  take(1);
  EXPECT_EQ(traceparent_of_attempt(inv(id), true), to_traceparent(kTrace, attempt_span(id, 1)));
  EXPECT_EQ(traceparent_of_attempt(inv(id), false), kCaller);
  see([&] { release(id); });
  EXPECT_TRUE(spans.empty());  // nobody has seen that attempt
  take(1);
  see([&] { record_step(id, "read"); });
  EXPECT_EQ(last.id, entry_span(id, "read", 1));
  see([&] { finish(id); });
  EXPECT_EQ(spans.size(), 4u);
}

TEST_F(TraceTest, there_is_none_of_what_is_not_sampled_or_not_wanted) {
  for (const std::string& trace :
       {std::string(), std::string("00-own"), kCaller.substr(0, 53) + "00"}) {
    const InvocationId id = invoke("op", traced(trace));
    EXPECT_EQ(traceparent_of_attempt(inv(id), true), trace);
    step(id, "charge");
    EXPECT_EQ(count<Span>(), 0u);
    finish(id);
    EXPECT_EQ(count<Span>(), 0u) << trace;
  }
  state->traced = false;
  const InvocationId id = invoke("op", traced());
  step(id, "charge");
  EXPECT_EQ(count<Span>(), 0u);
  finish(id);
  EXPECT_EQ(count<Span>(), 0u);
}

}  // namespace
}  // namespace nowthen::core

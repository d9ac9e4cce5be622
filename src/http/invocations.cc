// Looking at one invocation: its state, its journal, why it waits.

#include "core/why.h"
#include "http/describe.h"
#include "http/handlers.h"
#include "http/switch_executor.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kEntriesMax = 10'000;

/// Who is told of the end, and, after it, the invocation that does so.
void put_callback(JsonWriter& out, std::string_view url, InvocationId told_by) {
  if (url.empty()) return;
  out.field("callback");
  out.begin_object();
  put(out, "url", url);
  put_if(out, "invocation", told_by);
  out.end_object();
}

std::string describe(const core::Invocation& inv, const std::string* progress) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  put(out, "id", to_string(inv.id));
  put(out, "operation", inv.operation);
  put(out, "version", inv.version);
  put(out, "state", core::to_string(inv.state));
  put(out, "mode", to_string(inv.mode));
  put(out, "priority", inv.priority);
  put_if(out, "order_key", inv.order.key);
  put_if(out, "idempotency_key", inv.idempotency_key);
  put(out, "accepted", inv.accepted);
  put(out, "attempt", inv.attempt);
  put(out, "failures", inv.failures);
  put(out, "done", inv.done.size());
  out.field("cancelling");
  out.boolean(inv.cancel_seq != 0);
  if (inv.state == core::State::parked) put(out, "park_reason", core::to_string(inv.park_reason));
  put_if(out, "note", inv.note);
  if (progress != nullptr) {
    out.field("progress");
    out.raw(*progress);
  }
  put_callback(out, inv.callback, {});
  out.field("durable");
  out.boolean(inv.stored);
  out.end_object();
  return text;
}

std::string describe(const store::FinishedRow& row) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  put(out, "id", to_string(row.id));
  put(out, "operation", row.operation);
  put(out, "version", row.version);
  put(out, "state", core::to_string(row.state));
  put(out, "mode", to_string(row.mode));
  put_if(out, "order_key", row.order.key);
  put_if(out, "idempotency_key", row.idempotency_key);
  put(out, "accepted", row.accepted);
  put(out, "ended", row.ended);
  put(out, "attempt", row.attempt);
  put(out, "done", row.done);
  if (!row.outcome.ok()) put_if(out, "note", row.outcome.data);
  put_callback(out, row.callback, row.told_by);
  out.field("durable");
  out.boolean(true);
  out.end_object();
  return text;
}

void write_open(JsonWriter& out, const core::Entry& entry) {
  out.begin_object();
  put(out, "path", entry.path);
  put(out, "kind", core::to_string(entry.kind));
  put(out, "state", entry.stage == core::Stage::running ? "running" : "waiting");
  put(out, "tries", entry.tries);
  if (entry.due != kNever && entry.due != core::kAtOnce) put(out, "due", entry.due);
  put_if(out, "child", entry.child);
  out.end_object();
}

struct JournalPage {
  std::uint32_t after = 0;
  std::size_t limit = 1'000;
};

std::string describe_journal(const core::Invocation& inv, const JournalPage& page) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("entries");
  out.begin_array();
  std::size_t left = page.limit;
  bool more = false;
  for (const core::Entry& entry : inv.done) {
    if (entry.done_seq <= page.after) continue;
    if (left-- == 0) {
      more = true;
      break;
    }
    out.raw(http::describe(entry));
  }
  out.end_array();
  out.field("open");
  out.begin_array();
  for (const core::Entry& entry : inv.open) write_open(out, entry);
  out.end_array();
  out.field("more");
  out.boolean(more);
  out.end_object();
  return text;
}

std::string describe_journal(const store::FinishedRow& row, const JournalPage& page) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("entries");
  out.begin_array();
  for (const store::DigestEntry& entry : row.digest) {
    if (entry.done_seq <= page.after) continue;
    out.raw(http::describe(entry));
  }
  out.end_array();
  out.field("open");
  out.begin_array();
  out.end_array();
  out.field("more");
  out.boolean(false);
  out.end_object();
  return text;
}

std::string describe_why(InvocationId id, core::State state,
                         const std::vector<core::Cause>& causes) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  put(out, "id", to_string(id));
  put(out, "state", core::to_string(state));
  out.field("why");
  out.begin_array();
  for (const core::Cause& cause : causes) {
    out.begin_object();
    put(out, "kind", core::to_string(cause.kind));
    put(out, "text", core::to_string(cause));
    if (cause.until != kNever && cause.until != core::kAtOnce) put(out, "until", cause.until);
    put_if(out, "holder", cause.holder);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return text;
}

/// Looks, and answers with what `describe` makes of it.
template <class Describe>
void see(App& app, Visit visit, Describe describe) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  app.engine().see(*id, [&app, id = *id, describe,
                         exchange = std::move(visit.exchange)](Result<engine::Seen> seen) mutable {
    Response response = seen ? ok(describe(*seen)) : to_response(app.absence(id, seen.error()));
    if (seen && (seen->ended != nullptr || seen->live->stored))
      response.with("Nowthen-Invocation", to_string(id));
    return [exchange = std::move(exchange), response = std::move(response)]() mutable {
      exchange.respond(std::move(response));
    };
  });
}

}  // namespace

void get_invocation(App& app, Visit visit) {
  see(app, std::move(visit), [](const engine::Seen& seen) {
    if (seen.live == nullptr) return describe(*seen.ended);
    return describe(*seen.live, pull_of(*engine::Loop::here()).progress(seen.live->id));
  });
}

void get_journal(App& app, Visit visit) {
  JournalPage page;
  if (!read_number(visit, "after", page.after))
    return visit.refuse(invalid("after: the seq of an entry", "after"));
  if (!read_number(visit, "limit", page.limit) || page.limit == 0 || page.limit > kEntriesMax)
    return visit.refuse(invalid("limit: 1 to " + std::to_string(kEntriesMax), "limit"));
  see(app, std::move(visit), [page](const engine::Seen& seen) {
    return seen.live != nullptr ? describe_journal(*seen.live, page)
                                : describe_journal(*seen.ended, page);
  });
}

void get_why(App& app, Visit visit) {
  see(app, std::move(visit), [](const engine::Seen& seen) {
    if (seen.live == nullptr) return describe_why(seen.ended->id, seen.ended->state, {});
    return describe_why(seen.live->id, seen.live->state, core::causes(seen.partition, *seen.live));
  });
}

}  // namespace nowthen::http

// Workers that pull: asking for attempts, ending them, recording steps.

#include <atomic>
#include <charconv>

#include "base/utf8.h"
#include "http/handlers.h"
#include "http/switch_executor.h"
#include "http/timer.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kLeaseMax = 1'000;
constexpr Duration kWaitMax = std::chrono::minutes(5);
constexpr std::size_t kBatchMax = 1'000;
// Of one heartbeat.
constexpr std::size_t kProgressBytesMax = 4u << 10;
constexpr std::size_t kLogLinesMax = 100;
constexpr std::size_t kLogLineBytesMax = 4u << 10;

/// One request for attempts: from the loop of its connection to those that may have them, and back.
/// One thread at a time is at work on it; while it waits, whoever claims `request`.
struct Asking : std::enable_shared_from_this<Asking> {
  Asking(App& a, Visit v, std::string o, std::size_t m)
      : app(a), visit(std::move(v)), operation(std::move(o)), max(m) {}

  App& app;
  Visit visit;
  const std::string operation;
  const std::size_t max;
  std::weak_ptr<LeaseRequest> request;  ///< that waits: it keeps this, and the loops keep it
  std::unique_ptr<Timer> timer;         ///< on the loop of the connection
  std::atomic<bool> patient = false;    ///< it may wait

  struct Given {
    engine::Loop* by;
    core::Lease lease;
    std::string json;
  };
  std::vector<Given> given;
  std::size_t bytes = 0;  ///< of these

  void begin(Duration wait);
  void wait_for(Duration wait);
  void look_at(std::size_t loop, std::size_t looked, std::shared_ptr<LeaseRequest> asked);
  void gather_from(std::size_t loop, std::size_t looked);
  void take(std::vector<Offer> offers, WallTime until);
  void wait_on();
  void end_of_time();
  void answer();
  engine::Loop& loop_at(std::size_t index) const {
    const auto& loops = app.engine().loops();
    return *loops[index % loops.size()];
  }
  std::size_t index_of(const engine::Loop& loop) const;
};

/// Runs `job` on `loop`: now if this is its thread.
template <class Job>
void on(engine::Loop& loop, Job job) {
  if (engine::Loop::here() == &loop) return job();
  loop.post(std::move(job));
}

void Asking::begin(Duration wait) {
  auto asked = std::make_shared<LeaseRequest>();
  asked->operation = operation;
  asked->max = max;
  request = asked;
  patient = wait > Duration::zero();
  if (patient) wait_for(wait);
  // Keeps this alive until it has been called, or the request is over.
  asked->told = [self = shared_from_this()](std::vector<Offer> offers, WallTime until) {
    self->take(std::move(offers), until);
    self->gather_from(self->index_of(*engine::Loop::here()) + 1, 1);
  };
  asked->wander = [weak = weak_from_this()](const std::shared_ptr<LeaseRequest>& of) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    of->claimed = false;
    self->look_at(self->index_of(*engine::Loop::here()) + 1, 0, of);
  };
  look_at(index_of(visit.exchange.loop()), 0, std::move(asked));
}

/// As long as the client is there.
void Asking::wait_for(Duration wait) {
  const Duration now = std::min(wait, kLookWhetherOpen);
  timer = after(visit.exchange.loop().reactor(), now, [weak = weak_from_this(), left = wait - now] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (left == Duration::zero() || !self->visit.exchange.conversation()->open())
      return self->end_of_time();
    self->wait_for(left);
  });
}

std::size_t Asking::index_of(const engine::Loop& loop) const {
  const auto& loops = app.engine().loops();
  std::size_t i = 0;
  while (i < loops.size() && loops[i].get() != &loop) ++i;
  return i;
}

/// Goes from loop to loop until one claims it; every one that has no work remembers it.
void Asking::look_at(std::size_t loop, std::size_t looked, std::shared_ptr<LeaseRequest> asked) {
  if (looked == app.engine().loops().size()) return wait_on();
  engine::Loop& next = loop_at(loop);
  on(next, [self = shared_from_this(), loop, looked, asked = std::move(asked), &next] {
    const bool claimed = pull_of(next).offer_to(asked, PullExecutor::Otherwise::remember);
    if (!claimed) self->look_at(loop + 1, looked + 1, asked);
  });
}

/// One loop has given what it had; the others may fill it up, without waiting.
void Asking::gather_from(std::size_t loop, std::size_t looked) {
  const bool enough = given.size() >= max || bytes >= kGivenBytesMax / 2;
  if (looked == app.engine().loops().size() || enough) return answer();
  engine::Loop& next = loop_at(loop);
  on(next, [self = shared_from_this(), loop, looked, &next] {
    auto more = std::make_shared<LeaseRequest>();
    more->operation = self->operation;
    more->max = self->max - self->given.size();
    more->told = [self, loop, looked](std::vector<Offer> offers, WallTime until) {
      self->take(std::move(offers), until);
      self->gather_from(loop + 1, looked + 1);
    };
    more->wander = [self, loop, looked](const std::shared_ptr<LeaseRequest>& of) {
      of->told = {};
      self->gather_from(loop + 1, looked + 1);
    };
    if (!pull_of(next).offer_to(more, PullExecutor::Otherwise::forget)) more->wander(more);
  });
}

void Asking::take(std::vector<Offer> offers, WallTime until) {
  const std::string end = R"(,"lease_until":")" + format_time(until) + "\"}";
  for (Offer& offer : offers) {
    bytes += offer.json.size();
    given.push_back({engine::Loop::here(), offer.lease, std::move(offer.json) + end});
  }
}

void Asking::wait_on() {
  visit.exchange.on_loop([self = shared_from_this()](Conversation& to) {
    if (!self->patient || !to.open()) self->end_of_time();
  });
}

void Asking::end_of_time() {
  patient = false;
  const auto asked = request.lock();
  if (asked == nullptr || asked->claimed.exchange(true)) return;  // it is being answered
  asked->told = {};
  answer();
}

void Asking::answer() {
  visit.exchange.on_loop([self = shared_from_this()](Conversation& to) {
    self->timer.reset();
    if (!to.open()) {
      for (const Given& each : std::exchange(self->given, {}))
        each.by->post([by = each.by, lease = each.lease] { pull_of(*by).give_back({lease}); });
    }
    std::string text = R"({"attempts":[)";
    for (const Given& each : self->given) {
      if (&each != &self->given.front()) text += ',';
      text += each.json;
    }
    self->visit.respond(ok(text + "]}"));
  });
}

// ---- ends and steps --------------------------------------------------------------------------

Result<core::Lease> lease_of(App& app, std::string_view token) {
  auto lease = parse_attempt_token(app.options().token_key, token);
  if (!lease) return Error{ErrorCode::not_found, "there is no attempt of this token"};
  return *lease;
}

struct FailBody {
  std::string message;
  std::optional<bool> retryable;
};
NOWTHEN_JSON(FailBody, message, retryable);

core::FailAttempt failed(const core::Lease& lease, FailBody body) {
  core::FailAttempt command;
  command.id = lease.id;
  command.epoch = lease.epoch;
  command.permanent = !body.retryable.value_or(true);
  command.error = {ErrorCode::failed, std::move(body.message)};
  return command;
}

core::Finish finished(const core::Lease& lease, std::string result) {
  core::Finish command;
  command.id = lease.id;
  command.epoch = lease.epoch;
  command.outcome.data = std::move(result);
  return command;
}

void end_attempt(App& app, Visit visit, const core::Lease& lease, core::CommandBody body) {
  app.engine().ask(
      lease.id, std::move(body),
      [id = lease.id, visit = std::move(visit)](core::Reply reply) mutable {
        if (reply.refused) {
          return visit.refuse(
              to_problem({reply.outcome.code, std::move(reply.outcome.data)}, reply.id));
        }
        visit.respond(ok(id_and_state(id, reply.state)).with("Nowthen-Invocation", to_string(id)));
      });
}

void answer_step(Visit visit, core::Reply reply, bool created) {
  if (reply.refused) {
    return visit.refuse(to_problem({reply.outcome.code, std::move(reply.outcome.data)}));
  }
  if (!reply.outcome.ok()) {  // recorded as failed: by code that ran here before
    return visit.refuse(to_problem({reply.outcome.code, std::move(reply.outcome.data)}, reply.id));
  }
  const bool is_json = validate_json(reply.outcome.data).has_value();
  visit.respond({created ? 201 : 200,
                 std::string(is_json ? kJson : kBytes),
                 {},
                 std::move(reply.outcome.data)});
}

void read_progress(JsonReader& in, Said& said) {
  said.progress = std::string(in.raw());
  if (said.progress.size() > kProgressBytesMax)
    return in.fail("larger than progress_bytes_max (" + std::to_string(kProgressBytesMax) + ")");
  for (char& c : said.progress) {
    if (c == '\n' || c == '\r') c = ' ';  // between values: an event is one line
  }
}

void read_log(JsonReader& in, Said& said) {
  json::read(in, said.log);
  if (said.log.size() > kLogLinesMax)
    return in.fail("more than log_lines_max (" + std::to_string(kLogLinesMax) + ") lines");
  for (const std::string& line : said.log) {
    if (line.size() > kLogLineBytesMax)
      return in.fail("a line is larger than log_line_bytes_max (" +
                     std::to_string(kLogLineBytesMax) + ")");
  }
}

/// What a heartbeat may say: its last progress, and lines for who follows it.
Result<Said> read_heartbeat(std::string_view body) {
  Said said;
  if (body.empty() || body == "null") return said;
  JsonReader reader(body);
  reader.entries(&said, [](JsonReader& in, void* into, std::string&& name) {
    Said& target = *static_cast<Said*>(into);
    if (name == "progress") return read_progress(in, target);
    if (name == "log") return read_log(in, target);
    in.fail("there is no such field here: progress, log");
  });
  reader.finish();
  if (!reader.ok()) return Error{ErrorCode::invalid_argument, reader.error().message};
  return said;
}

/// On the loop of the invocation, whose reply this is.
std::string heartbeat_answer(const core::Lease& lease, bool cancelling, const Said& said) {
  PullExecutor& pull = pull_of(*engine::Loop::here());
  const auto until = pull.renew(lease);
  pull.say(lease, said);
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("stop");
  out.boolean(cancelling);
  if (until) {
    out.field("lease_until");
    json::write_time(out, *until);
  }
  out.end_object();
  return text;
}

}  // namespace

void lease(App& app, Visit visit) {
  if (!is_nothing(visit.request.body)) return visit.refuse(invalid("this call takes no body"));
  const std::string operation = visit.parts.front();
  std::size_t max = 1;
  Duration wait{};
  if (!read_number(visit, "max", max) || max == 0 || max > kLeaseMax)
    return visit.refuse(invalid("max: 1 to " + std::to_string(kLeaseMax), "max"));
  if (const auto given = visit.query.find("wait"); given != visit.query.end()) {
    const auto parsed = parse_seconds(given->second);
    if (!parsed || *parsed < Duration::zero() || *parsed > kWaitMax) {
      return visit.refuse(invalid("wait: seconds, or a duration up to " +
                                      format_duration(kWaitMax) + ", not '" + given->second + "'",
                                  "wait"));
    }
    wait = *parsed;
  }
  if (app.engine().is_draining()) return visit.refuse(stopping());
  const auto of = app.engine().operation(operation);
  if (!of)
    return visit.refuse(Error{ErrorCode::not_found, "there is no operation '" + operation + "'"});
  if (!of->pulled) {
    return visit.refuse(
        Error{ErrorCode::invalid_state, "operation '" + operation + "' is not run by workers"});
  }
  std::make_shared<Asking>(app, std::move(visit), operation, max)->begin(wait);
}

void complete_attempt(App& app, Visit visit) {
  const auto lease = lease_of(app, visit.parts.front());
  if (!lease) return visit.refuse(lease.error());
  auto result = stored_body(visit.request);
  if (!result) return visit.refuse(result.error());
  end_attempt(app, std::move(visit), *lease, finished(*lease, std::move(*result)));
}

void fail_attempt(App& app, Visit visit) {
  const auto lease = lease_of(app, visit.parts.front());
  if (!lease) return visit.refuse(lease.error());
  auto body = read_body<FailBody>(visit.request.body);
  if (!body) return visit.refuse(body.error());
  end_attempt(app, std::move(visit), *lease, failed(*lease, std::move(*body)));
}

void heartbeat(App& app, Visit visit) {
  const auto lease = lease_of(app, visit.parts.front());
  if (!lease) return visit.refuse(lease.error());
  auto said = read_heartbeat(visit.request.body);
  if (!said) return visit.refuse(said.error());
  core::Heartbeat command;
  command.id = lease->id;
  command.epoch = lease->epoch;
  app.engine().ask(lease->id, command,
                   [lease = *lease, said = std::move(*said),
                    visit = std::move(visit)](core::Reply reply) mutable {
                     if (reply.refused) {
                       return visit.refuse(to_problem(
                           {reply.outcome.code, std::move(reply.outcome.data)}, reply.id));
                     }
                     visit.respond(ok(heartbeat_answer(lease, reply.cancelling, said)));
                   });
}

void get_step(App& app, Visit visit) {
  const auto lease = lease_of(app, visit.parts.front());
  if (!lease) return visit.refuse(lease.error());
  core::ReadStep command;
  command.id = lease->id;
  command.epoch = lease->epoch;
  command.path = visit.parts[1];
  app.engine().ask(lease->id, std::move(command),
                   [visit = std::move(visit)](core::Reply reply) mutable {
                     answer_step(std::move(visit), std::move(reply), false);
                   });
}

void put_step(App& app, Visit visit) {
  const auto lease = lease_of(app, visit.parts.front());
  if (!lease) return visit.refuse(lease.error());
  auto result = stored_body(visit.request);
  if (!result) return visit.refuse(result.error());
  core::RecordStep command;
  command.id = lease->id;
  command.epoch = lease->epoch;
  command.path = visit.parts[1];
  command.outcome.data = std::move(*result);
  app.engine().ask(lease->id, std::move(command),
                   [visit = std::move(visit)](core::Reply reply) mutable {
                     const bool created = !reply.recorded_before;
                     answer_step(std::move(visit), std::move(reply), created);
                   });
}

// ---- many at once ----------------------------------------------------------------------------

namespace {

/// One of a batch, as it was asked for.
struct BatchItem {
  enum class Kind : std::uint8_t { complete, fail, heartbeat };
  Kind kind = Kind::complete;
  std::string token;
  std::string result;  ///< JSON
  FailBody fail;
  Said said;
};

struct Batch {
  std::vector<BatchItem> items;
  BatchItem::Kind kind = BatchItem::Kind::complete;
};

void read_item_field(JsonReader& in, void* target, std::string&& name) {
  auto& item = *static_cast<BatchItem*>(target);
  if (name == "token") return in.string(item.token);
  if (name == "result" && item.kind == BatchItem::Kind::complete) {
    item.result = std::string(in.raw());
  } else if (name == "message" && item.kind == BatchItem::Kind::fail) {
    in.string(item.fail.message);
  } else if (name == "retryable" && item.kind == BatchItem::Kind::fail) {
    bool retryable = true;
    in.boolean(retryable);
    item.fail.retryable = retryable;
  } else if (name == "progress" && item.kind == BatchItem::Kind::heartbeat) {
    read_progress(in, item.said);
  } else {
    in.fail("there is no such field here");
  }
}

void read_batch(JsonReader& in, void* target, std::string&& name) {
  auto& batch = *static_cast<Batch*>(target);
  using enum BatchItem::Kind;
  if (name != "complete" && name != "fail" && name != "heartbeat")
    return in.fail("there is no such field here: complete, fail, heartbeat");
  const BatchItem::Kind kind = name == "complete" ? complete : name == "fail" ? fail : heartbeat;
  if (!in.begin_array()) return;
  for (std::size_t i = 0; in.next_element(); ++i) {
    BatchItem& item = batch.items.emplace_back();
    item.kind = kind;
    in.entries(&item, read_item_field);
    if (in.ok() && item.token.empty()) in.fail("'token' is missing");
    if (in.ok() && kind == complete && item.result.empty()) in.fail("'result' is missing");
    if (in.ok() && kind == fail && item.fail.message.empty()) in.fail("'message' is missing");
    if (in.ok() && batch.items.size() > kBatchMax)
      in.fail("more than " + std::to_string(kBatchMax) + " in one batch");
    if (!in.ok()) return in.failed_in_element(i);
  }
}

/// The answers of a batch, in the order in which it was asked.
struct Answers {
  explicit Answers(Visit v, std::size_t count) : visit(std::move(v)), texts(count), left(count) {}

  Visit visit;
  std::vector<std::string> texts;  ///< each written by one loop
  std::atomic<std::size_t> left;

  void put(std::size_t place, std::string text) {
    texts[place] = std::move(text);
    if (left.fetch_sub(1) != 1) return;
    std::string all = R"({"results":[)";
    for (const std::string& each : texts) {
      if (all.back() != '[') all += ',';
      all += each;
    }
    visit.respond(ok(all + "]}"));
  }
};

std::string batch_answer(const BatchItem& item, const core::Lease& lease,
                         const core::Reply& reply) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("token");
  out.string(as_utf8(item.token));
  const Problem problem = to_problem({reply.outcome.code, reply.outcome.data}, reply.id);
  out.field("status");
  out.integer(reply.refused ? problem.status : 200);
  if (reply.refused) {
    std::string details;
    write_problem(details, problem);
    out.field("problem");
    out.raw(details);
  } else if (item.kind == BatchItem::Kind::heartbeat) {
    out.field("heartbeat");
    out.raw(heartbeat_answer(lease, reply.cancelling, item.said));
  } else {
    out.field("state");
    out.string(core::to_string(reply.state));
  }
  out.end_object();
  return text;
}

core::CommandBody command_of(BatchItem& item, const core::Lease& lease) {
  if (item.kind == BatchItem::Kind::complete) return finished(lease, std::move(item.result));
  if (item.kind == BatchItem::Kind::fail) return failed(lease, std::move(item.fail));
  core::Heartbeat beat;
  beat.id = lease.id;
  beat.epoch = lease.epoch;
  return beat;
}

}  // namespace

void end_attempts(App& app, Visit visit) {
  Batch batch;
  JsonReader reader(visit.request.body);
  reader.entries(&batch, read_batch);
  reader.finish();
  if (!reader.ok()) return visit.refuse(invalid(reader.error().message));
  if (batch.items.empty()) return visit.respond(ok(R"({"results":[]})"));
  const auto answers = std::make_shared<Answers>(std::move(visit), batch.items.size());
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    BatchItem item = std::move(batch.items[i]);
    const auto lease = lease_of(app, item.token);
    if (!lease) {
      core::Reply refused;
      refused.refused = true;
      refused.outcome = {lease.error().code, lease.error().message};
      answers->put(i, batch_answer(item, {}, refused));
      continue;
    }
    auto command = command_of(item, *lease);
    app.engine().ask(lease->id, std::move(command),
                     [answers, i, item = std::move(item), lease = *lease](core::Reply reply) {
                       answers->put(i, batch_answer(item, lease, reply));
                     });
  }
}

}  // namespace nowthen::http

// Accepting many calls by one upload of NDJSON: line by line, with bounded memory.

#include <deque>

#include "http/handlers.h"
#include "http/prefer.h"
#include "http/timer.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kInFlightMax = 4'096;  // lines
constexpr std::size_t kLineMax = Limits().input_bytes_max + 4'096;
constexpr std::size_t kUnsentMax = 8u << 20;
constexpr Duration kLookAgain = std::chrono::milliseconds(20);

struct Line {
  std::optional<std::string> input;
  std::string order_key;
  std::string idempotency_key;
  std::string callback;
  Duration delay{};
};

void read_line(JsonReader& in, void* target, std::string&& name) {
  auto& line = *static_cast<Line*>(target);
  if (name == "input") {
    line.input = std::string(in.raw());
  } else if (name == "order_key") {
    in.string(line.order_key);
  } else if (name == "idempotency_key") {
    in.string(line.idempotency_key);
  } else if (name == "callback") {
    in.string(line.callback);
  } else if (name == "delay") {
    json::read(in, line.delay);
  } else {
    in.fail("there is no such field here: input, order_key, idempotency_key, callback, delay");
  }
}

/// One upload and its answer. On the loop of its connection, but for the answers of other loops,
/// which come there.
struct BulkState : std::enable_shared_from_this<BulkState> {
  BulkState(App& a, Visit v, bool m) : app(a), visit(std::move(v)), minimal(m) {}

  App& app;
  Visit visit;
  const bool minimal;
  core::CallOptions of_all;  ///< what every line has
  std::string key;           ///< of the request: line n gets KEY/n
  std::string rest;          ///< of a line whose end has not come
  std::uint64_t lines = 0;
  std::uint64_t told = 0;  ///< lines whose answer has been written
  std::uint64_t accepted = 0;
  std::deque<std::optional<std::string>> answers;  ///< of the lines after `told`, in order
  bool skipping = false;                           ///< a line that is too long, to its end
  bool begun = false;
  bool ended = false;
  bool full = false;
  std::unique_ptr<Timer> timer;

  bool take(std::string_view part);
  void call(std::string_view text);
  void answer(std::uint64_t line, core::Reply reply);
  void refuse(std::uint64_t line, const Problem& problem);
  void put(std::uint64_t line, std::string text);
  void flush();
  bool has_room();
  void look_again();
  void end();
};

bool BulkState::take(std::string_view part) {
  while (!part.empty()) {
    const std::size_t end = part.find('\n');
    if (end == part.npos) {
      if (!skipping) rest += part;
      if (rest.size() > kLineMax) {
        rest = {};
        skipping = true;
        refuse(++lines,
               {413,
                "too-large",
                "the line is longer than line_bytes_max (" + std::to_string(kLineMax) + ")",
                "",
                {}});
      }
      break;
    }
    if (std::exchange(skipping, false)) {
      // its end: the next line is one again
    } else if (rest.empty()) {
      call(part.substr(0, end));
    } else {
      rest += part.substr(0, end);
      call(std::exchange(rest, {}));
    }
    part.remove_prefix(end + 1);
  }
  flush();
  full = !has_room();
  if (full) look_again();
  return !full;
}

void BulkState::call(std::string_view text) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.find_first_not_of(" \t") == text.npos) return;  // an empty line is none
  const std::uint64_t number = ++lines;
  answers.emplace_back();
  Line line;
  JsonReader reader(text);
  reader.entries(&line, read_line);
  reader.finish();
  if (!reader.ok()) return refuse(number, invalid(reader.error().message));
  if (!line.callback.empty()) {
    if (auto problem = check_callback(app, line.callback, "callback"))
      return refuse(number, *problem);
  }
  core::Invoke call;
  call.operation = visit.parts.front();
  call.input = line.input ? std::move(*line.input) : "null";
  call.options = of_all;
  call.options.prefer = Mode::later;
  call.options.wait = Duration::zero();
  call.options.order_key = std::move(line.order_key);
  call.options.idempotency_key = std::move(line.idempotency_key);
  if (call.options.idempotency_key.empty() && !key.empty())
    call.options.idempotency_key = key + "/" + std::to_string(number);
  call.options.callback = std::move(line.callback);
  call.options.delay = line.delay;
  app.engine().invoke(std::move(call), [self = shared_from_this(), number,
                                        loop = &visit.exchange.loop()](core::Reply reply) {
    if (engine::Loop::here() == loop) return self->answer(number, std::move(reply));
    loop->post([self, number, reply = std::move(reply)]() mutable {
      self->answer(number, std::move(reply));
      self->flush();
    });
  });
}

void BulkState::answer(std::uint64_t line, core::Reply reply) {
  if (reply.refused || reply.id.is_null()) {
    Problem problem = to_problem({reply.outcome.code, std::move(reply.outcome.data)}, reply.id);
    if (reply.outcome.code == ErrorCode::conflict) problem.status = 422;
    refuse(line, problem);
  } else {
    ++accepted;
    put(line, minimal ? ""
                      : R"({"line":)" + std::to_string(line) + R"(,"id":")" + to_string(reply.id) +
                            "\"}\n");
  }
  if (line == told + 1 || answers.size() >= kInFlightMax) flush();
}

void BulkState::refuse(std::uint64_t line, const Problem& problem) {
  std::string text = R"({"line":)" + std::to_string(line) + R"(,"error":)";
  write_problem(text, problem);
  put(line, text + "}\n");
}

void BulkState::put(std::uint64_t line, std::string text) {
  const auto place = static_cast<std::size_t>(line - told - 1);
  if (place >= answers.size()) answers.resize(place + 1);
  answers[place] = std::move(text);
}

void BulkState::flush() {
  Conversation& to = *visit.exchange.conversation();
  std::string text;
  while (!answers.empty() && answers.front()) {
    text += *answers.front();
    answers.pop_front();
    ++told;
  }
  if (!begun) {
    begun = true;
    Response head{200, std::string(kNdjson), {}, ""};
    if (minimal) head.with("Preference-Applied", "return=minimal");
    to.begin(std::move(head));
  }
  to.write(text);
  if (ended && told == lines) {
    timer.reset();
    to.write(R"({"lines":)" + std::to_string(lines) + R"(,"accepted":)" + std::to_string(accepted) +
             R"(,"refused":)" + std::to_string(lines - accepted) + "}\n");
    ended = false;
    return to.end();
  }
  if (full && has_room()) {
    full = false;
    timer.reset();
    to.resume_upload();
  }
}

bool BulkState::has_room() {
  return answers.size() < kInFlightMax && visit.exchange.conversation()->unsent() < kUnsentMax;
}

/// A client that sends all before it reads gives no sign when it begins to read.
void BulkState::look_again() {
  timer = after(visit.exchange.loop().reactor(), kLookAgain, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || !self->full || !self->visit.exchange.conversation()->open()) return;
    self->look_again();
    self->flush();
  });
}

void BulkState::end() {
  if (!rest.empty()) call(std::exchange(rest, {}));
  ended = true;
  flush();
}

class BulkUpload final : public Upload {
 public:
  explicit BulkUpload(std::shared_ptr<BulkState> state) : state_(std::move(state)) {}
  bool take(std::string_view part) override { return state_->take(part); }
  void end() override { state_->end(); }

 private:
  std::shared_ptr<BulkState> state_;
};

/// Takes nothing: says why once the body is over.
class RefusedUpload final : public Upload {
 public:
  RefusedUpload(Visit visit, Problem problem)
      : visit_(std::move(visit)), problem_(std::move(problem)) {}
  bool take(std::string_view) override { return true; }
  void end() override { visit_.refuse(problem_); }

 private:
  Visit visit_;
  const Problem problem_;
};

std::optional<Problem> why_not(App& app, const Visit& visit) {
  const std::string& name = visit.parts.front();
  if (auto problem = check_callable(name)) return problem;
  if (app.engine().is_draining()) return to_problem(stopping());
  if (!app.engine().operation(name))
    return to_problem({ErrorCode::not_found, "there is no operation '" + name + "'"});
  const auto& operations = visit.exchange.loop().partitions().front()->state.operations;
  const auto here = operations.find(name);
  if (here != operations.end() && here->second->policy.mode == Mode::now) {
    return to_problem(
        {ErrorCode::invalid_state, "operation '" + name + "' answers now: an upload is for later"});
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Upload> bulk(App& app, Visit visit) {
  std::optional<Problem> problem = why_not(app, visit);
  bool minimal = false;
  if (const std::string* text = visit.request.header("Prefer")) {
    const auto prefer = parse_prefer(*text);
    if (!prefer) problem = invalid(prefer.error().message, "Prefer");
    minimal = prefer && prefer->minimal;
  }
  core::CallOptions of_all;
  if (!problem) problem = read_urgency_and_trace(visit.request, of_all);
  if (problem) return std::make_unique<RefusedUpload>(std::move(visit), std::move(*problem));
  auto state = std::make_shared<BulkState>(app, std::move(visit), minimal);
  state->of_all = std::move(of_all);
  if (const std::string* key = state->visit.request.header("Idempotency-Key"))
    state->key = unquoted(*key);
  return std::make_unique<BulkUpload>(std::move(state));
}

}  // namespace nowthen::http

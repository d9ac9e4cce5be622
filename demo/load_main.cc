// The load generator: many callers who place orders, and write down each call and each answer.
// Its record, which it alone keeps, is the other half of the books.
//
// usage: load PROGRAM_SOCKET DATA_FOLDER RECORD

#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "lines.h"
#include "orders.h"
#include "words.h"

namespace demo {
namespace {

using nowthen::Codec;
using nowthen::InvocationId;
using namespace std::chrono_literals;

constexpr std::size_t kCallers = 24;
constexpr std::size_t kCallsMin = 400;  ///< per phase; a short list of orders is replayed in rounds
constexpr auto kAwaitMax = 20s;         ///< an order that has not ended by then is shown as lost

/// Callers think between two orders, so that the modes meet the kills under a like load.
std::chrono::milliseconds pause_after(std::size_t call) {
  return std::chrono::milliseconds(40 + call * 37 % 100);
}

// ---- the record ---------------------------------------------------------------------------------

struct PolicyLine {
  double at = 0;
  std::string event;  ///< "policy": changed, and acknowledged
  std::map<std::string, std::string> policy;
};
NOWTHEN_JSON(PolicyLine, at, event, policy);

struct CallLine {
  double at = 0;
  std::string event;  ///< "call"
  std::string order;
  std::string phase;
  std::optional<std::string> key;
  std::int64_t cents = 0;
};
NOWTHEN_JSON(CallLine, at, event, order, phase, key, cents);

struct AnswerLine {
  double at = 0;
  std::string event;  ///< "answer"
  std::string order;
  std::string answer;  ///< "result", "ticket", "error", "refused" (nothing is stored) or "unknown"
  std::optional<InvocationId> id;
  double ms = 0;  ///< since the call
  int tries = 1;
  std::string state;
  std::string decision;
  std::string error;
};
NOWTHEN_JSON(AnswerLine, at, event, order, answer, id, ms, tries, state, decision, error);

/// The code of an order, or of its mail, was on a thread in three kills without progress, so that
/// the engine takes it for the culprit and asks a person: here, the load generator says "resume".
struct ParkedLine {
  double at = 0;
  std::string event;  ///< "parked"
  std::string order;
  InvocationId id;
};
NOWTHEN_JSON(ParkedLine, at, event, order, id);

struct EndLine {
  double at = 0;
  std::string event;  ///< "told": a caller has the result; "mailed"; or "not told", "not mailed"
  std::string order;
  std::string state;
  std::string error;
};
NOWTHEN_JSON(EndLine, at, event, order, state, error);

// ---- what a caller and the program say
// -----------------------------------------------------------

class Connection {
 public:
  explicit Connection(std::string path) : path_(std::move(path)) {}

  /// None: the connection broke after the request was sent, and nobody knows what became of it.
  std::optional<Reply> ask(const Request& request) {
    const std::string text = Codec<Request>::encode(request);
    while (!send_line(socket_, text)) {  // nothing was sent: no harm in trying again
      std::this_thread::sleep_for(5ms);
      socket_ = connect_to(path_);
    }
    const auto line = receive_line(socket_);
    if (!line) {
      socket_ = Socket();
      return std::nullopt;
    }
    return Codec<Reply>::decode(*line).value();
  }
  Reply ask_until_answered(const Request& request) {
    for (;;) {
      if (auto reply = ask(request)) return std::move(*reply);
    }
  }

 private:
  std::string path_;
  Socket socket_;
};

// ---- phases -------------------------------------------------------------------------------------

struct Phase {
  std::string name;
  std::map<std::string, std::string> policy;   ///< when it begins
  std::map<std::string, std::string> flipped;  ///< in the middle, if anything
};

/// How the calls of a phase were answered: each is counted once. `other` should be nothing.
struct Tally {
  int calls = 0, result = 0, handed_over = 0, deferred = 0, repeated = 0, unknown = 0, other = 0;
  std::vector<double> ms;
};

struct Placed {
  std::string order;
  std::optional<InvocationId> id;            ///< none for a result of what was not stored
  std::optional<InvocationId> confirmation;  ///< known with the receipt
};

class Load {
 public:
  Load(std::string program, const std::string& data, const std::string& record)
      : address_(std::move(program)), orders_(read_orders(data)), record_(record) {}

  void run() {
    const std::map<std::string, std::string> now{{"mode", "now"}, {"answer_within", "10s"}};
    const std::map<std::string, std::string> automatic{{"mode", "auto"},
                                                       {"answer_within", "300ms"}};
    const std::map<std::string, std::string> later{{"mode", "later"}};
    const std::array phases{Phase{"now", now, {}}, Phase{"auto", automatic, {}},
                            Phase{"auto, flipped to later", automatic, later},
                            Phase{"later", later, {}}};
    for (const Phase& phase : phases) tallies_.emplace_back(phase.name, play(phase));
    await_all();
    print();
  }

 private:
  Tally play(const Phase& phase) {
    const std::size_t calls = (kCallsMin + orders_.size() - 1) / orders_.size() * orders_.size();
    Tally tally;
    std::atomic<std::size_t> next = 0;
    Connection desk(address_);
    set_policy(desk, phase.policy);
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        Connection program(address_);
        for (std::size_t call = next++; call < calls; call = next++) {
          place(program, phase, call, tally);
          next.notify_all();
          std::this_thread::sleep_for(pause_after(call));
        }
      });
    }
    for (std::size_t seen = next; seen < calls / 2; seen = next) next.wait(seen);
    if (!phase.flipped.empty()) set_policy(desk, phase.flipped);
    callers.clear();  // waits for them
    return tally;
  }

  void set_policy(Connection& program, const std::map<std::string, std::string>& policy) {
    Request request;
    request.ask = Ask::set_policy;
    request.policy = policy;
    const Reply reply = program.ask_until_answered(request);
    if (reply.answer != "result") throw std::runtime_error("set_policy: " + reply.error);
    record_.append(PolicyLine{seconds_now(), "policy", policy});
  }

  void place(Connection& program, const Phase& phase, std::size_t call, Tally& tally) {
    Request request;
    Order& order = request.order.emplace(orders_[call % orders_.size()]);
    order.id += " round " + std::to_string(call / orders_.size() + 1) + ", " + phase.name;
    if (call % 3 != 0) request.key = "place " + order.id;
    const double begin = seconds_now();
    record_.append(CallLine{begin, "call", order.id, phase.name, request.key, order.cents});

    AnswerLine answer;
    auto reply = program.ask(request);
    while (!reply && request.key) {  // the key makes it the same order, however often it is sent
      ++answer.tries;
      reply = program.ask(request);
    }
    answer.at = seconds_now();
    answer.event = "answer";
    answer.order = order.id;
    answer.ms = (answer.at - begin) * 1000;
    answer.answer = "unknown";
    if (reply) {
      answer.answer = reply->answer == "error" && !reply->id ? "refused" : reply->answer;
      answer.id = reply->id;
      answer.state = reply->state;
      answer.decision = reply->decision;
      answer.error = reply->error;
    }
    record_.append(answer);
    const std::lock_guard lock(mutex_);
    count(answer, tally);
    if (!reply || answer.answer == "refused") return;
    Placed& placed = placed_.emplace_back(Placed{order.id, reply->id, {}});
    if (!reply->receipt) return;
    placed.confirmation = reply->receipt->confirmation;
    record_end("told", placed, *reply);
  }

  static void count(const AnswerLine& answer, Tally& tally) {
    ++tally.calls;
    if (answer.answer == "unknown") {
      ++tally.unknown;
      return;
    }
    tally.ms.push_back(answer.ms);
    if (answer.tries > 1) {
      ++tally.repeated;
    } else if (answer.answer == "result") {
      ++tally.result;
    } else if (answer.decision.starts_with("handed-over")) {
      ++tally.handed_over;
    } else if (answer.decision.starts_with("deferred")) {
      ++tally.deferred;
    } else {
      ++tally.other;
    }
  }

  /// What was accepted must end, whoever was told what: each order, then its mail.
  void await_all() {
    const auto until = std::chrono::steady_clock::now() + kAwaitMax;
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        Connection program(address_);
        for (std::size_t n = next++; n < placed_.size(); n = next++) {
          Placed& placed = placed_[n];
          if (!placed.confirmation) {
            const Reply order = await(program, Ask::await_order, placed, *placed.id, until);
            record_end("told", placed, order);
            if (order.receipt) placed.confirmation = order.receipt->confirmation;
          }
          if (!placed.confirmation) continue;
          const Reply mail = await(program, Ask::await_mail, placed, *placed.confirmation, until);
          record_end("mailed", placed, mail);
        }
      });
    }
  }

  void record_end(const std::string& event, const Placed& placed, const Reply& reply) {
    record_.append(EndLine{seconds_now(), reply.answer == "result" ? event : "not " + event,
                           placed.order, reply.state, reply.error});
  }

  Reply await(Connection& program, Ask ask, const Placed& placed, InvocationId id,
              std::chrono::steady_clock::time_point until) {
    Request request;
    request.ask = ask;
    request.id = id;
    for (;;) {
      Reply reply = program.ask_until_answered(request);
      if (reply.answer != "ticket" || std::chrono::steady_clock::now() > until) return reply;
      if (reply.state == "parked") resume(program, placed, id);
      std::this_thread::sleep_for(20ms);
    }
  }

  void resume(Connection& program, const Placed& placed, InvocationId id) {
    record_.append(ParkedLine{seconds_now(), "parked", placed.order, id});
    ++parked_;
    Request request;
    request.ask = Ask::resume;
    request.id = id;
    program.ask_until_answered(request);
  }

  void print() {
    std::printf("%-24s%7s%9s%9s%7s%9s%9s%7s%10s%10s\n", "", "", "answered", "handed", "",
                "answered", "", "", "answer", "time, ms");
    std::printf("%-24s%7s%9s%9s%7s%9s%9s%7s%10s%10s\n", "mode", "calls", "at once", "over", "later",
                "by key", "unknown", "other", "p50", "p99");
    for (auto& [name, tally] : tallies_) {
      std::ranges::sort(tally.ms);
      std::printf("%-24s%7d%9d%9d%7d%9d%9d%7d%10.1f%10.1f\n", name.c_str(), tally.calls,
                  tally.result, tally.handed_over, tally.deferred, tally.repeated, tally.unknown,
                  tally.other, quantile(tally.ms, 0.5), quantile(tally.ms, 0.99));
    }
    if (parked_ > 0) std::printf("parked after three kills, and resumed: %d\n", parked_.load());
  }

  static double quantile(const std::vector<double>& sorted, double q) {
    if (sorted.empty()) return 0;
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
  }

  const std::string address_;
  const std::vector<Order> orders_;
  LineFile record_;
  std::mutex mutex_;  // of the tallies and of placed_, while callers run
  std::vector<Placed> placed_;
  std::vector<std::pair<std::string, Tally>> tallies_;
  std::atomic<int> parked_ = 0;
};

}  // namespace
}  // namespace demo

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: load PROGRAM_SOCKET DATA_FOLDER RECORD\n", stderr), 2;
  try {
    demo::Load(argv[1], argv[2], argv[3]).run();
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "load: %s\n", error.what()), 1;
  }
  return 0;
}

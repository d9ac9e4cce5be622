#include "load/bench_command.h"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>

#include "load/load.h"
#include "load/scripts.h"

namespace nowthen::load {
namespace {

enum Exit { done = 0, failed = 1, usage = 2, unreachable = 5, interrupted = 130 };

constexpr const char* kUsage =
    "usage: nowthen bench [--server URL] [--callers N] [--seconds S]\n"
    "\n"
    "Measures a server that runs: how many calls it accepts for later, how fast workers end\n"
    "them, and how long a caller waits for a durable answer. It declares two operations of\n"
    "its own, and is caller and worker of them; at the end they are deleted. It is fair to\n"
    "nobody else who uses the server, and takes processor time itself.\n"
    "\n"
    "  --server URL   http://ADDRESS:PORT; else NOWTHEN_URL, else http://127.0.0.1:7070\n"
    "  --callers N    at a time (64)\n"
    "  --seconds S    how long calls are made, for each of the two operations (5)\n"
    "\n"
    "The API key is NOWTHEN_API_KEY; it must be an admin's.\n";

volatile std::sig_atomic_t stopped = 0;

struct Asked {
  std::string server = "http://127.0.0.1:7070";
  int callers = 64;
  double seconds = 5;
};

template <class Number>
bool read_number(const std::string& text, Number least, Number most, Number& into) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), into);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() && into >= least &&
         into <= most;
}

Result<Asked> read(const std::vector<std::string>& words) {
  Asked asked;
  if (const char* url = std::getenv("NOWTHEN_URL"); url != nullptr && *url != '\0')
    asked.server = url;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const std::string& name = words[i];
    const std::string value = i + 1 < words.size() ? words[i + 1] : "";
    std::string expected;
    if (name == "--server") {
      asked.server = value;
    } else if (name == "--callers") {
      if (!read_number(value, 1, 10'000, asked.callers)) expected = "1 to 10000";
    } else if (name == "--seconds") {
      if (!read_number(value, 0.01, 3'600.0, asked.seconds)) expected = "0.01 to 3600";
    } else {
      return Error{ErrorCode::invalid_argument,
                   "there is no '" + name + "'; see nowthen bench --help"};
    }
    if (!expected.empty() || value.empty()) {
      return Error{
          ErrorCode::invalid_argument,
          name + ": expected " + (expected.empty() ? "a URL" : expected) + ", not '" + value + "'"};
    }
  }
  return asked;
}

int complain(const std::string& why, Exit exit) {
  std::fprintf(stderr, "nowthen: bench: %s\n", why.c_str());
  return exit;
}

/// Calls until the time is over or a person has had enough; then only what is under way ends.
class Calls final : public Script {
 public:
  Calls(std::string request, Expected expected, Clock::time_point until)
      : repeat_(std::move(request), std::move(expected)), until_(until) {}
  std::string_view next(Clock::time_point start) override {
    if (stopped != 0 || Clock::now() >= until_) return {};
    return repeat_.next(start);
  }
  int take(const HttpAnswer& answer) override { return repeat_.take(answer); }

 private:
  Repeat repeat_;
  const Clock::time_point until_;
};

class Bench {
 public:
  Bench(Target target, Asked asked, std::string fields)
      : target_(std::move(target)), asked_(std::move(asked)), fields_(std::move(fields)) {
    char name[64];
    std::snprintf(name, sizeof(name), "nowthen-bench-%08x", std::random_device()());
    later_ = std::string(name) + "-later";
    durable_ = std::string(name) + "-durable";
  }

  Result<void> run() {
    auto declared = declare(later_, R"("mode":"later")");
    if (declared)
      declared = declare(durable_, R"("mode":"auto","answer_within":"60s","durable":"from_start")");
    if (!declared) return declared;
    std::printf("%-42s %12s %12s %12s\n", "WHAT", "PER SECOND", "P50", "P99");
    std::fflush(stdout);
    auto ran = accept_and_end();
    if (ran && stopped == 0) ran = call_and_wait();
    for (const std::string& operation : {later_, durable_}) {
      auto deleted = remove(operation);
      if (ran && !deleted) ran = deleted;
    }
    return ran;
  }

 private:
  Result<void> ask(const std::string& bytes, int status) {
    const auto answer = ask_once(target_, bytes);
    if (!answer) return answer.error();
    if (answer->status == status) return {};
    return Error{ErrorCode::failed, answer->body};
  }
  Result<void> declare(const std::string& operation, const std::string& policy) {
    return ask(
        request("PUT", path_of(operation),
                R"({"executor":{"pull":{}},"policy":{"retain":"1s",)" + policy + "}}", fields_),
        201);
  }

  /// With what lives of it, should something have gone wrong.
  Result<void> remove(const std::string& operation) {
    const std::string cancel = "/v1/invocations/cancel?operation=" + operation;
    if (auto cancelled = ask(request("POST", cancel, "", fields_), 200); !cancelled)
      return cancelled;
    return ask(request("DELETE", path_of(operation), "", fields_), 204);
  }

  Clock::time_point end_of_calls() const {
    const std::chrono::duration<double> seconds(asked_.seconds);
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
  }
  Crowd callers(const std::string& operation, const std::string& prefer, Expected expected) {
    const auto make = [=, this, until = end_of_calls()] {
      return std::make_unique<Calls>(request("POST", path_of(operation), "1", fields_ + prefer),
                                     expected, until);
    };
    return {asked_.callers, 0, make, false};
  }
  Crowd workers(const std::string& operation, Worker::Work work) {
    constexpr int kWorkers = 4;
    const Worker::Job job{operation, work, 100, 0, fields_};
    return {kWorkers, 0, [job] { return std::make_unique<Worker>(job); },
            work == Worker::Work::wait};
  }

  Result<void> accept_and_end() {
    auto accepted = measure("accept a call for later",
                            {callers(later_, "Prefer: respond-async\r\n", {202, "", true})});
    auto ended =
        measure("end them: 4 workers, up to 100 at once", {workers(later_, Worker::Work::drain)});
    return accepted ? ended : accepted;
  }
  Result<void> call_and_wait() {
    return measure(
        "durable call, ended by 4 such workers",
        {callers(durable_, "", {200, "1", true}), workers(durable_, Worker::Work::wait)});
  }

  /// Prints what came of the first of the crowds.
  Result<void> measure(const char* what, std::vector<Crowd> crowds) {
    Load load(target_);
    std::vector<Tally*> tallies;
    for (Crowd& crowd : crowds) {
      const auto tally = load.add(std::move(crowd));
      if (!tally) return tally.error();
      tallies.push_back(*tally);
    }
    const auto began = Clock::now();
    load.run(0);
    const std::chrono::duration<double> seconds = Clock::now() - began;
    for (const Tally* tally : tallies) {
      if (tally->wrong > 0)
        return Error{ErrorCode::failed, std::to_string(tally->wrong) +
                                            " wrong answers; the first: " + tally->first_wrong};
    }
    Tally& tally = *tallies.front();
    std::printf("%-42s %10.0f/s %9.2f ms %9.2f ms\n", what,
                static_cast<double>(tally.done) / seconds.count(),
                tally.latencies.percentile_ms(50), tally.latencies.percentile_ms(99));
    std::fflush(stdout);
    return {};
  }

  const Target target_;
  const Asked asked_;
  const std::string fields_;
  std::string later_;
  std::string durable_;
};

}  // namespace

int bench_command(const std::vector<std::string>& words) {
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return Exit::done;
  }
  const auto asked = read(words);
  if (!asked) return complain(asked.error().message, Exit::usage);
  const auto target = parse_target(asked->server);
  if (!target) return complain(target.error().message, Exit::usage);
  std::string fields;
  if (const char* key = std::getenv("NOWTHEN_API_KEY"); key != nullptr && *key != '\0')
    fields = "Authorization: Bearer " + std::string(key) + "\r\n";
  struct sigaction once{};
  once.sa_handler = [](int) { stopped = 1; };
  // A second one ends it at once. What connects just then goes on.
  once.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &once, nullptr);
  const auto ran = Bench(*target, *asked, fields).run();
  if (!ran) {
    const bool reached = ran.error().code != ErrorCode::unavailable;
    return complain(ran.error().message, reached ? Exit::failed : Exit::unreachable);
  }
  return stopped != 0 ? Exit::interrupted : Exit::done;
}

}  // namespace nowthen::load

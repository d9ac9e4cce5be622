// The workloads over HTTP, each row with a server of its own on a fresh folder:
//   http-load [--seconds S] [--folder DIR] [--url URL --pid PID] [W1 | W1/64 ...]
// W1 is all rows of that workload, W1/64 the one with 64 connections (any number). Without names:
// all. `--url`: a server that runs already (bench/http_server_main.cc) instead; `--pid` is its
// process, whose processor time is taken. A wrong answer ends it with 1; a bar that is missed does
// not. bench/README.md says how each row is measured.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/child_process.h"
#include "bench/counted.h"
#include "bench/http_row.h"
#include "bench/measure.h"
#include "load/scripts.h"

namespace nowthen::bench {
namespace {

namespace fs = std::filesystem;
using load::Expected;
using load::path_of;
using load::Repeat;
using load::request;
using load::Stamp;
using load::Worker;

struct Arguments {
  double seconds = 10;
  std::string folder;
  std::optional<load::Target> target;
  pid_t pid = 0;
  std::vector<std::string> rows;
};

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

/// One row while it is measured.
class Row {
 public:
  Row(const Arguments& arguments, std::string name, int count)
      : seconds(arguments.seconds),
        connections(count),
        name_(std::move(name)),
        arguments_(arguments),
        folder_(fs::path(arguments.folder) / "data") {}

  /// Starts a server on a fresh folder; or takes that which runs already.
  void serve(const std::vector<std::string>& more = {}) {
    clear();
    start(more);
  }
  /// On the folder as it is.
  void start(const std::vector<std::string>& more = {}) {
    if (arguments_.target) return;
    std::vector<std::string> words = {"--store", folder_};
    words.insert(words.end(), more.begin(), more.end());
    kill();
    server_ = std::make_unique<ChildProcess>("http-server", words);
  }
  /// The program that is shipped, on a fresh folder.
  void serve_shipped() {
    clear();
    server_ = std::make_unique<ChildProcess>(
        "../server/nowthen",
        std::vector<std::string>{"serve", "--listen", "127.0.0.1:0", "--data-dir", folder_});
  }
  void kill() { server_.reset(); }
  load::Target target() const { return server_ ? server_->target() : *arguments_.target; }
  pid_t pid() const { return server_ ? server_->pid() : arguments_.pid; }

  load::OneAnswer ask(const std::string& bytes, int status) const {
    auto answer = must(load::ask_once(target(), bytes));
    if (answer.status != status) give_up(name_ + ": " + answer.body);
    return answer;
  }
  void declare(const std::string& operation, const std::string& executor,
               const std::string& policy) const {
    ask(request("PUT", path_of(operation),
                R"({"executor":)" + executor + R"(,"policy":{"retain":"30s",)" + policy + "}}"),
        201);
  }

  /// One crowd for `seconds` (0: until nothing is left), and what came of it.
  Figures run(load::Crowd crowd, double run_seconds) {
    load::Load load(target());
    load::Tally* tally = must(load.add(std::move(crowd)));
    Meter meter(target(), pid());
    load.run(run_seconds);
    Figures figures = meter.end(tally->done, tally->latencies);
    check(*tally);
    return figures;
  }
  template <class MakeScript>
  Figures run(MakeScript make) {
    return run({connections, 0, [make] { return std::make_unique<decltype(make())>(make()); }},
               seconds);
  }

  static void check(const load::Tally& tally) {
    if (tally.wrong > 0)
      give_up(std::to_string(tally.wrong) + " wrong; the first: " + tally.first_wrong);
    if (tally.done == 0) give_up("nothing was done");
  }
  void print(const std::string& what, const Figures& figures, const Bar& bar = {}) const {
    std::printf("%s\n", format_row(name_, what, figures, bar).c_str());
    std::fflush(stdout);
  }

  const double seconds;
  const int connections;

 private:
  /// A server that lives still writes and deletes there.
  void clear() {
    kill();
    fs::remove_all(folder_);
  }

  const std::string name_;
  const Arguments& arguments_;
  const fs::path folder_;
  std::unique_ptr<ChildProcess> server_;
};

std::string callers(int count) {
  return std::to_string(count) + (count == 1 ? " caller" : " callers");
}

constexpr const char* kStoredAndWaited =
    R"("mode":"auto","answer_within":"60s","durable":"from_start")";
constexpr const char* kDeferred = R"("mode":"later")";
constexpr const char* kPull = R"({"pull":{}})";

Repeat durable_call(const std::string& operation, const std::string& input,
                    const std::string& result) {
  return {request("POST", path_of(operation), input), {200, result, true}};
}

void durable(Row& row) {
  row.serve();
  const Figures figures = row.run([] { return durable_call("echo-durable", "1", "1"); });
  Bar bar;
  if (row.connections == 1) bar.p50_ms_max = 0.45;
  if (row.connections == 64) {
    bar.cpu_us_max = 28;
    bar.per_second_min = 25'000;
  }
  row.print("durable call, " + callers(row.connections), figures, bar);
}

Repeat now_call() { return {request("POST", path_of("echo-now"), "1"), {200, "1", false}}; }

void now(Row& row) {
  row.serve();
  Bar bar;
  bar.cpu_us_max = 14;
  row.print("now call, nothing stored, " + callers(row.connections), row.run(now_call), bar);
}

void now_beside_slow_commits(Row& row) {
  row.serve({"--slow-syncs", "5ms"});
  load::Load load(row.target());
  load::Tally* now =
      must(load.add({row.connections, 1'000, [] { return std::make_unique<Repeat>(now_call()); }}));
  load::Tally* stored = must(load.add(
      {64, 0, [] { return std::make_unique<Repeat>(durable_call("echo-durable", "1", "1")); }}));
  load.run(row.seconds);
  Row::check(*now);
  Row::check(*stored);
  Figures figures;
  figures.per_second = static_cast<double>(now->done) / row.seconds;
  figures.p50_ms = now->latencies.percentile_ms(50);
  figures.p99_ms = now->latencies.percentile_ms(99);
  figures.note = "beside them 64 durable callers, p50 " +
                 std::to_string(stored->latencies.percentile_ms(50)).substr(0, 5) + " ms";
  Bar bar;
  bar.p99_ms_max = 1;
  row.print("now call, 1,000/s, while syncs take 5 ms", figures, bar);
}

void served_by_http(Row& row) {
  row.serve();
  const ChildProcess service("http-service", {});
  row.declare(
      "service",
      R"({"http":{"url":"http://127.0.0.1:)" + std::to_string(service.target().port) + R"(/"}})",
      kStoredAndWaited);
  const Figures figures = row.run([] { return durable_call("service", "1", "1"); });
  row.print("durable call, HTTP service, " + callers(row.connections), figures);
}

Worker accepting_worker(int batch, int steps) {
  return Worker({"pulled", Worker::Work::accept, batch, steps, ""});
}

void pulled(Row& row) {
  row.serve();
  row.declare("pulled", kPull, kDeferred);
  const Figures figures = row.run([] { return accepting_worker(16, 0); });
  Bar bar;
  bar.cpu_us_max = 60;
  row.print(std::to_string(row.connections) + " workers: accept, lease and end 16", figures, bar);
}

void pulled_one_by_one(Row& row) {
  row.serve();
  row.declare("pulled", kPull, kDeferred);
  const Figures figures = row.run([] { return accepting_worker(1, 0); });
  row.print(std::to_string(row.connections) + " workers: accept, lease and end 1", figures);
}

void ten_steps(Row& row) {
  row.serve();
  const Figures figures = row.run([] { return durable_call("ten-steps", "1", "11"); });
  Bar bar;
  if (row.connections == 256) bar.per_second_min = 6'000;
  row.print("ten steps in process, " + callers(row.connections), figures, bar);
}

void ten_steps_by_http(Row& row) {
  row.serve();
  row.declare("pulled", kPull, kDeferred);
  const Figures figures = row.run([] { return accepting_worker(1, 10); });
  Bar bar;
  bar.per_second_min = 1'500;
  row.print("ten steps by PUT, " + std::to_string(row.connections) + " workers", figures, bar);
}

void accept(Row& row) {
  row.serve();
  row.declare("kept", kPull, kDeferred);
  const Figures figures = row.run([] {
    return Repeat(request("POST", path_of("kept"), "1", "Prefer: respond-async\r\n"),
                  {202, "", true});
  });
  Bar bar;
  bar.per_second_min = 25'000;
  row.print("accept one by one, " + std::to_string(row.connections) + " connections", figures, bar);
}

constexpr int kLines = 10'000;  // of an upload
std::string upload(const std::string& operation) {
  std::string body;
  for (int i = 0; i < kLines; ++i) body += "{\"input\":1}\n";
  return request("POST", path_of(operation) + "/bulk", body,
                 "Content-Type: application/x-ndjson\r\nPrefer: return=minimal\r\n");
}
const Expected kUploaded{200, R"({"lines":10000,"accepted":10000,"refused":0})"
                              "\n"};

/// How many uploads, an even number: so many that the bar's rate would take `seconds`. They all
/// stay live, so two million lines at most.
std::uint64_t uploads(double seconds) {
  const auto pairs = static_cast<std::uint64_t>(seconds * 200'000 / kLines / 2);
  return 2 * std::clamp<std::uint64_t>(pairs, 1, 100);
}

/// By two connections, so that one is sent while the server ends the other.
Figures accept_in_bulk(Row& row, const std::string& operation, std::uint64_t count) {
  const std::string bytes = upload(operation);
  return row.run(
      {2, 0, [&] { return std::make_unique<Repeat>(bytes, kUploaded, kLines, count / 2); }}, 0);
}

void bulk(Row& row) {
  row.serve();
  row.declare("kept", kPull, kDeferred);
  Figures figures = accept_in_bulk(row, "kept", uploads(row.seconds));
  figures.p50_ms = figures.p99_ms = std::nullopt;  // of uploads
  Bar bar;
  bar.per_second_min = 200'000;
  row.print("accept in bulk, NDJSON", figures, bar);
}

/// Waits until the first `count` calls of "stamped" have started and none is live.
void wait_for_end(Row& row, std::uint64_t count) {
  while (ask_counted(row.target()).started < count) ::usleep(5'000);
  const std::string look = request("GET", "/v1/invocations?operation=stamped&limit=1");
  const auto ended = [](const std::string& page) {
    return page.find(R"("ended":)") != page.npos || page.find(R"("id":)") == page.npos;
  };
  while (!ended(row.ask(look, 200).body)) ::usleep(5'000);
}

void drain_in_process(Row& row) {
  row.serve();
  const std::uint64_t count = uploads(row.seconds / 4);
  load::Latencies none;
  Meter meter(row.target(), row.pid());
  accept_in_bulk(row, "stamped", count);
  wait_for_end(row, count * kLines);
  Figures figures = meter.end(count * kLines, none);
  figures.syncs = std::nullopt;  // what was counted is not of all of it
  Bar bar;
  bar.per_second_min = 25'000;
  row.print("accept in bulk and run all, in process", figures, bar);
}

void drain_by_workers(Row& row) {
  row.serve();
  row.declare("pulled", kPull, kDeferred);
  accept_in_bulk(row, "pulled", uploads(row.seconds / 8));
  const Worker::Job draining{"pulled", Worker::Work::drain, 100, 0, ""};
  Figures figures =
      row.run({row.connections, 0, [draining] { return std::make_unique<Worker>(draining); }}, 0);
  Bar bar;
  bar.per_second_min = 25'000;
  row.print("drain, " + std::to_string(row.connections) + " workers that lease 100", figures, bar);
}

void children(Row& row) {
  row.serve();
  const Figures figures = row.run([] { return durable_call("fan-out", "100", "100"); });
  row.print("a call with 100 children, " + callers(row.connections), figures);
}

/// Ends with calls under way: the server is killed before their connections are.
void load_and_kill(Row& row) {
  row.serve();
  load::Load load(row.target());
  load::Tally* tally =
      must(load.add({row.connections, 0, [] {
                       return std::make_unique<Repeat>(durable_call("echo-durable", "1", "1"));
                     }}));
  load.run(std::min(row.seconds, 3.0));
  row.kill();
  Row::check(*tally);
}

void kill_and_start(Row& row) {
  constexpr int kTimes = 5;
  load::Latencies times;
  for (int i = 0; i < kTimes; ++i) {
    load_and_kill(row);
    const auto began = Clock::now();
    row.start();
    row.ask(request("POST", path_of("echo-durable"), "1"), 200);
    times.add(seconds_since(began));
  }
  Figures figures;
  figures.p50_ms = times.percentile_ms(50);
  Bar bar;
  bar.p50_ms_max = 500;
  row.print("kill -9 under load, start, first call ends", figures, bar);
}

void steady(Row& row) {
  row.serve();
  load::Load load(row.target());
  load::Tally* tally =
      must(load.add({row.connections, 1'000, [] { return std::make_unique<Stamp>("stamped"); }}));
  Meter meter(row.target(), row.pid());
  load.run(row.seconds);
  Figures figures = meter.end(tally->done, tally->latencies);
  Row::check(*tally);
  if (figures.cpu_us) figures.cpu_share = *figures.cpu_us * *figures.per_second / 1e4;
  char note[96];
  std::snprintf(note, sizeof(note), "until the ticket p50 %.2f, p99 %.2f ms", *figures.p50_ms,
                *figures.p99_ms);
  figures.note = note;
  figures.p50_ms = meter.counted().start_p50_ms;
  figures.p99_ms = meter.counted().start_p99_ms;
  Bar bar;
  bar.cpu_share_max = 5;
  bar.p50_ms_max = 1;
  bar.p99_ms_max = 5;
  row.print("later calls, 1,000/s, until they start", figures, bar);
}

void idle(Row& row) {
  const auto began = Clock::now();
  row.serve_shipped();
  row.ask(request("GET", "/readyz"), 200);
  Figures ready;
  ready.p50_ms = seconds_since(began) * 1e3;
  Bar ready_bar;
  ready_bar.p50_ms_max = 100;
  row.print("nowthen serve ready, on an empty folder", ready, ready_bar);
  const double cpu = cpu_seconds(row.pid());
  const auto since = Clock::now();
  ::usleep(static_cast<useconds_t>(std::min(row.seconds, 10.0) * 1e6));
  Figures figures;
  figures.cpu_share = (cpu_seconds(row.pid()) - cpu) / seconds_since(since) * 100;
  figures.resident_mb = static_cast<double>(resident_bytes(row.pid())) / (1 << 20);
  Bar bar;
  bar.cpu_share_max = 0.1;
  bar.resident_mb_max = 40;
  row.print("nowthen serve, idle", figures, bar);
}

struct Workload {
  const char* name;
  std::vector<int> connections;
  void (*run)(Row&);
  bool starts_servers = false;  ///< its own: it cannot take one that runs already
};
const std::vector<Workload> kWorkloads = {
    {"W1", {1, 16, 64, 256}, durable},
    {"W1n", {64}, now},
    {"W1s", {16}, now_beside_slow_commits, true},
    {"W1h", {64}, served_by_http},
    {"W1p", {64}, pulled},
    {"W1q", {64}, pulled_one_by_one},
    {"W2", {1, 64, 256}, ten_steps},
    {"W2h", {64}, ten_steps_by_http},
    {"W3", {64}, accept},
    {"W3b", {2}, bulk},
    {"W3d", {2}, drain_in_process},
    {"W3p", {8}, drain_by_workers},
    {"W5", {1}, children},
    {"W6", {64}, kill_and_start, true},
    {"W8", {64}, steady},
    {"W9", {1}, idle, true},
};

/// "W1" or "W1/64".
void run_rows(const Arguments& arguments, const std::string& words) {
  const std::size_t slash = words.find('/');
  const std::string name = words.substr(0, slash);
  for (const Workload& workload : kWorkloads) {
    if (name != workload.name) continue;
    if (workload.starts_servers && arguments.target) give_up(name + " starts servers of its own");
    std::vector<int> connections = workload.connections;
    if (slash != words.npos) connections = {std::atoi(words.c_str() + slash + 1)};
    for (const int count : connections) {
      Row row(arguments, name, count);
      workload.run(row);
    }
    return;
  }
  give_up("there is no workload " + name);
}

struct TemporaryFolder {
  TemporaryFolder() : path((fs::temp_directory_path() / "nowthen-bench-XXXXXX").string()) {
    if (::mkdtemp(path.data()) == nullptr) give_up("no folder for the data");
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  std::string path;
};

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool has_value = word.starts_with("--") && i + 1 < argc;
    if (!has_value) {
      arguments.rows.push_back(word);
    } else if (word == "--seconds") {
      arguments.seconds = std::atof(argv[++i]);
    } else if (word == "--folder") {
      arguments.folder = argv[++i];
    } else if (word == "--url") {
      arguments.target = must(load::parse_target(argv[++i]));
    } else if (word == "--pid") {
      arguments.pid = std::atoi(argv[++i]);
    } else {
      give_up("there is no " + word);
    }
  }
  const TemporaryFolder folder;
  if (arguments.folder.empty()) arguments.folder = folder.path;
  if (arguments.rows.empty()) {
    for (const Workload& workload : kWorkloads) arguments.rows.emplace_back(workload.name);
  }
  for (const std::string& row : arguments.rows) run_rows(arguments, row);
  return 0;
}

}  // namespace
}  // namespace nowthen::bench

int main(int argc, char** argv) {
  try {
    return nowthen::bench::run(argc, argv);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

// Figures for Prometheus (text format 0.0.4). Labels are bounded.

#include <cstdio>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include "base/utf8.h"
#include "http/census.h"
#include "http/handlers.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kOperationsMax = 200;  // by name; the others together

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += "# HELP ";
  out += name;
  out += ' ';
  out += help;
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
}

/// A label's value: backslash, quotation mark and line end are escaped.
std::string quoted(std::string_view text) {
  std::string value = "\"";
  for (const char c : as_utf8(text)) {
    if (c == '\\' || c == '"') value += '\\';
    if (c == '\n') {
      value += "\\n";
    } else {
      value += c;
    }
  }
  return value + '"';
}

void write_process(std::string& out) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  head(out, "process_cpu_seconds_total", "counter", "Processor time of the server.");
  char number[32];
  std::snprintf(number, sizeof(number), "%.3f", cpu);
  out += std::string("process_cpu_seconds_total ") + number + "\n";
  // proc(5): the second number of statm is the resident set, in pages.
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  head(out, "process_resident_memory_bytes", "gauge", "Memory of the server.");
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  out += "process_resident_memory_bytes " + std::to_string(resident * page) + "\n";
}

void write_answers(std::string& out, const App::Statuses& statuses) {
  head(out, "nowthen_http_responses_total", "counter", "Answers over HTTP, by status.");
  for (std::size_t status = 0; status < statuses.size(); ++status) {
    const std::uint64_t count = statuses[status].load(std::memory_order_relaxed);
    if (count == 0) continue;
    out += "nowthen_http_responses_total{code=\"" + std::to_string(status) + "\"} " +
           std::to_string(count) + "\n";
  }
}

void write_live(std::string& out, const Census& census) {
  std::array<std::size_t, core::kStates> others{};
  std::size_t named = 0;
  head(out, "nowthen_invocations_live", "gauge", "Invocations that have not ended.");
  const auto lines = [&out](std::string_view operation, const auto& states) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const auto state = static_cast<core::State>(i);
      if (core::is_terminal(state)) continue;
      out += "nowthen_invocations_live{operation=" + quoted(operation) + ",state=\"" +
             std::string(core::to_string(state)) + "\"} " + std::to_string(states[i]) + "\n";
    }
  };
  for (const auto& [operation, states] : census) {
    if (named++ < kOperationsMax) {
      lines(operation, states);
    } else {
      for (std::size_t i = 0; i < states.size(); ++i) others[i] += states[i];
    }
  }
  if (named > kOperationsMax) lines("(others)", others);
}

void write_spans(std::string& out, const SpanExporter* exporter) {
  head(out, "nowthen_trace_spans_sent_total", "counter", "Spans that a collector has taken.");
  out += "nowthen_trace_spans_sent_total " +
         std::to_string(exporter != nullptr ? exporter->sent() : 0) + "\n";
  head(out, "nowthen_trace_spans_lost_total", "counter", "Spans that no collector has taken.");
  out += "nowthen_trace_spans_lost_total " +
         std::to_string(exporter != nullptr ? exporter->lost() : 0) + "\n";
}

}  // namespace

void metrics(App& app, Visit visit) {
  take_census(app.engine(), [&app, visit = std::move(visit)](const Census& census) mutable {
    std::string text;
    write_process(text);
    write_answers(text, app.statuses());
    write_live(text, census);
    write_spans(text, app.options().exporter.get());
    visit.respond({200, "text/plain; version=0.0.4; charset=utf-8", {}, std::move(text)});
  });
}

}  // namespace nowthen::http

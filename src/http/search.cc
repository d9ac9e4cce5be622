// Searching invocations, acting on all that match, and why everything waits.

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>

#include "base/utf8.h"
#include "core/why.h"
#include "http/handlers.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kPageMax = 1'000;
constexpr std::size_t kActedMax = 10'000;     // by one call of an action on all that match
constexpr std::size_t kExplainedMax = 1'000;  // waiting invocations of a partition, one by one

std::optional<core::State> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < core::kStates; ++i) {
    const auto state = static_cast<core::State>(i);
    if (core::to_string(state) == text) return state;
  }
  return std::nullopt;
}

std::string value_of(const Visit& visit, std::string_view name) {
  const auto given = visit.query.find(name);
  return given == visit.query.end() ? "" : given->second;
}

std::optional<Problem> read_filter(const Visit& visit, engine::SearchFilter& filter) {
  filter.operation = value_of(visit, "operation");
  filter.order_key = value_of(visit, "order_key");
  if (const std::string state = value_of(visit, "state"); !state.empty()) {
    filter.state = parse_state(state);
    if (!filter.state) return invalid("state: '" + state + "' is no state", "state");
  }
  if (const std::string from = value_of(visit, "from"); !from.empty()) {
    std::string quoted;
    JsonWriter(quoted).string(as_utf8(from));
    JsonReader reader(quoted);
    json::read(reader, filter.from);
    if (!reader.ok())
      return invalid("from: a time such as 2026-01-31T12:00:00Z, not '" + from + "'", "from");
  }
  return std::nullopt;
}

std::string describe(const engine::SearchPage& page) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("invocations");
  out.begin_array();
  for (const engine::SearchMatch& match : page.matches) {
    out.begin_object();
    out.field("id");
    out.string(to_string(match.id));
    out.field("operation");
    out.string(as_utf8(match.operation));
    out.field("state");
    out.string(core::to_string(match.state));
    out.field("accepted");
    json::write_time(out, match.accepted);
    if (match.ended) {
      out.field("ended");
      json::write_time(out, *match.ended);
    }
    out.end_object();
  }
  out.end_array();
  if (!page.cursor.empty()) {
    out.field("cursor");
    out.string(base32(page.cursor));
  }
  out.end_object();
  return text;
}

// ---- actions on all --------------------------------------------------------------------------

using MakeCommand = core::CommandBody (*)(InvocationId);

struct Acting {
  std::atomic<std::size_t> left = 0;
  std::atomic<std::size_t> done = 0;
};

void act_on(App& app, Visit visit, const std::vector<engine::SearchMatch>& matches,
            MakeCommand make, const std::string& action) {
  const std::size_t matched = matches.size();
  auto acting = std::make_shared<Acting>();
  acting->left = matched + 1;
  auto one_less = [acting, matched, exchange = visit.exchange]() mutable {
    if (acting->left.fetch_sub(1) != 1) return;
    exchange.respond(ok(R"({"matched":)" + std::to_string(matched) + R"(,"done":)" +
                        std::to_string(acting->done) + "}"));
  };
  for (const engine::SearchMatch& match : matches) {
    app.engine().ask(
        match.id, make(match.id),
        [acting, one_less](const core::Reply& reply) mutable {
          if (!reply.refused) ++acting->done;
          one_less();
        },
        audit_of(visit, action, to_string(match.id), "of all that match"));
  }
  one_less();
}

void act_on_all(App& app, Visit visit, MakeCommand make, std::string action) {
  engine::SearchFilter filter;
  if (auto problem = read_filter(visit, filter)) return visit.refuse(*problem);
  if (filter.operation.empty() && !filter.state && filter.order_key.empty())
    return visit.refuse(invalid("say which: operation, state or order_key"));
  app.engine().search(std::move(filter), "", kActedMax,
                      [&app, make, action = std::move(action),
                       visit = std::move(visit)](Result<engine::SearchPage> page) mutable {
                        if (!page) return visit.refuse(page.error());
                        std::erase_if(page->matches, [](const auto& match) {
                          return core::is_terminal(match.state);
                        });
                        act_on(app, std::move(visit), page->matches, make, action);
                      });
}

// ---- why everything waits --------------------------------------------------------------------

std::string_view kind_of(core::State state) {
  switch (state) {
    case core::State::scheduled:
      return core::to_string(core::Cause::Kind::not_due);
    case core::State::backing_off:
      return core::to_string(core::Cause::Kind::backing_off);
    case core::State::parked:
      return core::to_string(core::Cause::Kind::parked);
    case core::State::ready:
      return core::to_string(core::Cause::Kind::place);
    default:
      return "suspended";
  }
}

struct Group {
  std::string text;
  std::size_t count = 0;
  InvocationId example;
};

/// The causes of all partitions, as far as they were looked at one by one.
struct Survey {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, Group> groups;
  std::size_t waiting = 0;
  std::atomic<std::size_t> left = 0;

  void add(const core::PartitionState& partition) {
    const std::lock_guard lock(mutex);
    std::size_t explained = 0;
    for (const auto& [id, live] : partition.live) {
      if (live.state == core::State::running) continue;
      ++waiting;
      std::string kind(kind_of(live.state));  // of what is not in memory, or beyond the limit
      std::string text(core::to_string(live.state));
      if (explained++ < kExplainedMax) {
        const auto causes = core::causes(partition, id);
        if (!causes.empty() && causes.front().kind != core::Cause::Kind::row_needed) {
          kind = core::to_string(causes.front().kind);
          text = core::to_string(causes.front());
        }
      }
      Group& group = groups[{kind, live.operation->name}];
      if (group.count++ == 0) {
        group.text = text;
        group.example = id;
      }
    }
  }

  std::string describe() {
    std::vector<std::pair<const std::pair<std::string, std::string>*, const Group*>> sorted;
    for (const auto& [name, group] : groups) sorted.emplace_back(&name, &group);
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
      return std::pair(b.second->count, *a.first) < std::pair(a.second->count, *b.first);
    });
    std::string out_text;
    JsonWriter out(out_text);
    out.begin_object();
    out.field("waiting");
    out.natural(waiting);
    out.field("causes");
    out.begin_array();
    for (const auto& [name, group] : sorted) {
      out.begin_object();
      out.field("kind");
      out.string(name->first);
      out.field("operation");
      out.string(as_utf8(name->second));
      out.field("text");
      out.string(as_utf8(group->text));
      out.field("count");
      out.natural(group->count);
      out.field("example");
      out.string(to_string(group->example));
      out.end_object();
    }
    out.end_array();
    out.end_object();
    return out_text;
  }
};

}  // namespace

void search(App& app, Visit visit) {
  engine::SearchFilter filter;
  if (auto problem = read_filter(visit, filter)) return visit.refuse(*problem);
  std::size_t limit = 100;
  if (const std::string text = value_of(visit, "limit"); !text.empty()) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || limit == 0 ||
        limit > kPageMax)
      return visit.refuse(invalid("limit: 1 to " + std::to_string(kPageMax), "limit"));
  }
  const auto cursor = base32_decoded(value_of(visit, "cursor"));
  if (!cursor) return visit.refuse(invalid("cursor: that of the last page", "cursor"));
  app.engine().search(std::move(filter), *cursor, limit,
                      [visit = std::move(visit)](Result<engine::SearchPage> page) mutable {
                        if (!page) return visit.refuse(page.error());
                        visit.respond(ok(describe(*page)));
                      });
}

void cancel_all(App& app, Visit visit) {
  const auto make = [](InvocationId id) -> core::CommandBody { return core::Cancel{id, "", {}}; };
  act_on_all(app, std::move(visit), make, "invocation.cancel");
}

void park_all(App& app, Visit visit) {
  const auto make = [](InvocationId id) -> core::CommandBody {
    return core::Park{id, "parked by an operator", {}};
  };
  act_on_all(app, std::move(visit), make, "invocation.park");
}

void resume_all(App& app, Visit visit) {
  const auto make = [](InvocationId id) -> core::CommandBody { return core::Resume{id, {}}; };
  act_on_all(app, std::move(visit), make, "invocation.resume");
}

void why_all(App& app, Visit visit) {
  auto survey = std::make_shared<Survey>();
  survey->left = app.engine().partitions();
  for (std::uint16_t number = 0; number < app.engine().partitions(); ++number) {
    app.engine().look(number, [survey, exchange = visit.exchange](engine::Loop& loop,
                                                                  engine::Partition& partition) {
      survey->add(partition.state);
      loop.when_committed(partition, [survey, exchange]() mutable {
        if (survey->left.fetch_sub(1) == 1) exchange.respond(ok(survey->describe()));
      });
    });
  }
}

}  // namespace nowthen::http

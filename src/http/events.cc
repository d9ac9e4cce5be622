// Following one invocation: Server-Sent Events (WHATWG HTML 9.2).

#include <charconv>
#include <optional>

#include "http/describe.h"
#include "http/handlers.h"
#include "http/switch_executor.h"
#include "http/timer.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kBehindMax = 256u << 10;  // of what the client has not read
constexpr Duration kKeepAlive = std::chrono::seconds(15);

/// One listener: looks again after each commit that changed the invocation, and tells what is new.
struct Following : std::enable_shared_from_this<Following> {
  Following(App& a, Exchange e, InvocationId i) : app(a), exchange(std::move(e)), id(i) {}

  App& app;
  Exchange exchange;
  const InvocationId id;
  std::unique_ptr<Timer> timer;  ///< on the loop of the connection

  // On the loop of the invocation.
  engine::Loop* loop = nullptr;
  engine::Loop::WatchId watch = 0;
  PullExecutor::Listening listening = PullExecutor::Listening::none;
  std::uint32_t seen = 0;            ///< the seq of the last entry told
  std::optional<core::State> state;  ///< the last one told
  bool begun = false;
  bool over = false;

  void begin();
  void look();
  std::string news(const engine::Seen& is);
  void hear(const Said& said);
  void tell(std::string text, bool last);
  void keep_alive();
  void stop();
};

void append_event(std::string& out, std::string_view name, std::string_view id,
                  const std::string& data) {
  out += "event: ";
  out += name;
  if (!id.empty()) {
    out += "\nid: ";
    out += id;
  }
  out += "\ndata: " + data + "\n\n";  // our JSON has no line break
}

void Following::begin() {
  const bool here = id.partition() < app.engine().partitions();
  app.engine().look(here ? id.partition() : std::uint16_t{0},
                    [self = shared_from_this()](engine::Loop& of, engine::Partition&) {
                      self->loop = &of;
                      self->watch = of.watch(self->id, [weak = self->weak_from_this()] {
                        if (const auto still = weak.lock()) still->look();
                      });
                      self->listening = pull_of(of).listen(
                          self->id, [weak = self->weak_from_this()](const Said& said) {
                            if (const auto still = weak.lock()) still->hear(said);
                          });
                      self->look();
                    });
}

/// On the loop of the invocation.
void Following::look() {
  if (over) return;
  engine::Partition* partition = loop->find(id.partition());
  if (partition == nullptr) partition = loop->partitions().front().get();
  loop->see(
      *partition, id,
      [self = shared_from_this()](Result<engine::Seen> is) -> std::move_only_function<void()> {
        if (!is) {
          self->stop();
          return [self, error = is.error()] {
            if (self->begun) return self->tell("", true);
            self->exchange.respond(to_response(self->app.absence(self->id, error)));
          };
        }
        const bool last = is->ended != nullptr;
        std::string text = self->news(*is);
        if (last) self->stop();
        self->begun = true;
        return
            [self, last, text = std::move(text)]() mutable { self->tell(std::move(text), last); };
      });
}

/// What was not told yet.
std::string Following::news(const engine::Seen& is) {
  std::string text;
  const auto entry = [&text, this](std::uint32_t seq, std::string data) {
    if (seq <= seen) return;
    append_event(text, "entry", std::to_string(seq), data);
    seen = seq;
  };
  if (is.live != nullptr) {
    for (const core::Entry& each : is.live->done) {
      if (each.done_seq > seen) entry(each.done_seq, describe(each));
    }
  } else {
    for (const store::DigestEntry& each : is.ended->digest) {
      if (each.done_seq > seen) entry(each.done_seq, describe(each));
    }
  }
  const core::State now = is.live != nullptr ? is.live->state : is.ended->state;
  if (now != state) {
    state = now;
    append_event(text, is.ended != nullptr ? "end" : "state", "", id_and_state(id, now));
  }
  const std::string* progress = begun ? nullptr : pull_of(*loop).progress(id);
  if (progress != nullptr) append_event(text, "progress", "", *progress);
  return text;
}

/// What the worker says meanwhile. It is not kept: who follows from now on does not hear it, nor
/// who reads too slowly.
void Following::hear(const Said& said) {
  if (over || !begun) return;
  std::string text;
  for (const std::string& line : said.log) {
    std::string quoted;
    JsonWriter(quoted).string(line);
    append_event(text, "log", "", quoted);
  }
  if (!said.progress.empty()) append_event(text, "progress", "", said.progress);
  if (text.empty()) return;
  exchange.on_loop([self = shared_from_this(), text = std::move(text)](Conversation& to) mutable {
    if (to.unsent() <= kBehindMax) self->tell(std::move(text), false);
  });
}

void Following::stop() {
  over = true;
  if (loop == nullptr) return;
  loop->unwatch(id, watch);
  pull_of(*loop).unlisten(id, listening);
}

void Following::tell(std::string text, bool last) {
  exchange.on_loop([self = shared_from_this(), text = std::move(text), last](Conversation& to) {
    if (!to.open()) {
      self->timer.reset();
      return self->loop->post([self] { self->stop(); });
    }
    if (self->timer == nullptr) {
      Response head{200, "text/event-stream", {}, ""};
      head.with("Cache-Control", "no-store").with("Nowthen-Invocation", to_string(self->id));
      to.begin(std::move(head));
      self->keep_alive();
    }
    to.write(text);
    if (!last) return;
    self->timer.reset();
    to.end();
  });
}

/// On the loop of the connection. Also how a client that has gone is noticed.
void Following::keep_alive() {
  timer = after(exchange.loop().reactor(), kKeepAlive, [self = shared_from_this()] {
    Conversation& to = *self->exchange.conversation();
    to.write(": still there\n\n");
    if (to.open()) return self->keep_alive();
    self->timer.reset();
    self->loop->post([self] { self->stop(); });
  });
}

}  // namespace

void events(App& app, Visit visit) {
  const auto id = id_of(visit);
  if (!id) return visit.refuse(id.error());
  const auto following = std::make_shared<Following>(app, visit.exchange, *id);
  if (const std::string* last = visit.request.header("Last-Event-ID")) {
    const auto end = std::from_chars(last->data(), last->data() + last->size(), following->seen);
    if (end.ec != std::errc() || end.ptr != last->data() + last->size())
      return visit.refuse(
          invalid("Last-Event-ID: the id of an event of this stream", "Last-Event-ID"));
  }
  following->begin();
}

}  // namespace nowthen::http

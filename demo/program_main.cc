// The program: an engine with two operations, and a door through which callers reach them. It is
// killed at any moment and started again on the same data folder; there is no code here for that.
//
// usage: program SOCKET SHOP_SOCKET DATA_FOLDER

#include <cstdio>
#include <stop_token>
#include <thread>

#include <poll.h>
#include <signal.h>

#include <nowthen/engine.h>

#include "lines.h"
#include "words.h"

namespace nt = nowthen;
using namespace std::chrono_literals;

namespace demo {
namespace {

std::string shop_socket;  // set once, by main

// ---- steps: ordinary functions that may block and may throw -----------------------------------

std::string ask_shop(Effect effect, const std::string& order, std::int64_t cents) {
  const Socket shop = connect_to(shop_socket);
  const ShopRequest request{effect, order, nt::step_token(), cents};
  if (!send_line(shop, nt::Codec<ShopRequest>::encode(request))) {
    throw std::runtime_error("the shop cannot be reached");
  }
  const auto line = receive_line(shop);
  if (!line) throw std::runtime_error("the shop did not answer");
  const auto reply = nt::Codec<ShopReply>::decode(*line);
  if (!reply) throw nt::Permanent(reply.error().message);
  return reply->id;
}

struct Payment {
  std::string id;
};
NOWTHEN_JSON(Payment, id);

struct Mail {
  std::string order;
  std::string email;
  std::string payment;
};
NOWTHEN_JSON(Mail, order, email, payment);

Payment charge(const Order& order) { return {ask_shop(Effect::charge, order.id, order.cents)}; }
void save(const Order& order, const std::string& /*payment*/) {
  ask_shop(Effect::save, order.id, order.cents);
}
std::string mail_out(const Mail& mail) { return ask_shop(Effect::mail, mail.order, 0); }

// ---- operations ---------------------------------------------------------------------------------

nt::Task<Receipt> place_order(nt::Context& ctx, Order order) {
  const Payment paid = co_await ctx.run("charge", charge, order);
  co_await ctx.run("save", save, order, paid.id);
  const Mail mail{order.id, order.email, paid.id};
  const nt::InvocationId confirmation = co_await ctx.send("send-confirmation", mail);
  co_return Receipt{paid.id, confirmation};
}

nt::Task<std::string> send_confirmation(nt::Context& ctx, Mail mail) {
  co_return co_await ctx.run("mail", mail_out, mail);
}

/// Its mode is the operator's to choose, while it runs. An order that was charged is finished even
/// when the caller of a `now` call has lost patience.
nt::Declaration shop_policy() {
  nt::Declaration declaration = nt::auto_within(300ms);
  declaration.policy.on_timeout = nt::OnTimeout::finish;
  declaration.allow.modes = {nt::Mode::now, nt::Mode::auto_, nt::Mode::later};
  declaration.allow.answer_within = {{50ms, 10s}};
  return declaration;
}

// ---- the door -----------------------------------------------------------------------------------

template <class R>
Reply reply_of(const nt::Answer<R>& answer) {
  Reply reply;
  reply.answer = answer.has_result() ? "result" : answer.has_ticket() ? "ticket" : "error";
  if (!answer.id().is_null()) reply.id = answer.id();
  reply.state = answer.state();
  reply.decision = answer.decision();
  if (answer.has_error()) reply.error = answer.error().message;
  if constexpr (std::is_same_v<R, Receipt>) {
    if (answer.has_result()) reply.receipt = answer.result();
  }
  return reply;
}

Reply reply_of(const nt::Result<void>& done) {
  Reply reply;
  reply.answer = done ? "result" : "error";
  if (!done) reply.error = done.error().message;
  return reply;
}

class Door {
 public:
  Door(nt::Engine& engine, nt::Operation<Order, Receipt> place,
       nt::Operation<Mail, std::string> confirm)
      : engine_(engine), place_(std::move(place)), confirm_(std::move(confirm)) {}

  /// One thread for all callers: calls are answered from the engine's threads when they are ready.
  void serve(const Socket& door, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> ready{{door.fd(), POLLIN, 0}};
      for (const Caller& caller : callers_) ready.push_back({caller.socket->fd(), POLLIN, 0});
      if (::poll(ready.data(), ready.size(), 100) <= 0) continue;
      for (std::size_t i = callers_.size(); i-- > 0;) {
        if (ready[i + 1].revents != 0 && !listen_to(callers_[i])) {
          callers_.erase(callers_.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      if (ready[0].revents != 0) {
        const int fd = ::accept4(door.fd(), nullptr, nullptr, SOCK_CLOEXEC);
        callers_.push_back({std::make_shared<Socket>(fd), {}});
      }
    }
  }

 private:
  struct Caller {
    std::shared_ptr<Socket> socket;  // shared with the answers that are on their way
    LineReader reader;
  };

  bool listen_to(Caller& caller) {
    if (!caller.reader.receive(*caller.socket)) return false;
    while (const auto line = caller.reader.cut()) {
      auto request = nt::Codec<Request>::decode(*line);
      if (!request) return false;
      answer(caller.socket, *request);
    }
    return true;
  }

  void answer(const std::shared_ptr<Socket>& caller, const Request& request) {
    switch (request.ask) {
      case Ask::place_order:
        return place(caller, request);
      case Ask::await_order:
        return say(*caller, reply_of(place_.ticket(request.id.value()).poll()));
      case Ask::await_mail:
        return say(*caller, reply_of(confirm_.ticket(request.id.value()).poll()));
      case Ask::resume:
        return say(*caller, reply_of(engine_.resume(request.id.value())));
      case Ask::set_policy:
        return set_policy(caller, request);
    }
  }

  void place(const std::shared_ptr<Socket>& caller, const Request& request) {
    nt::CallOptions options;
    if (request.key) options.idempotency_key(*request.key);
    place_.call(request.order.value(), options,
                [caller](const nt::Answer<Receipt>& answer) { say(*caller, reply_of(answer)); });
  }

  void set_policy(const std::shared_ptr<Socket>& caller, const Request& request) {
    nt::PolicyPatch patch;
    for (const auto& [field, value] : request.policy.value()) patch.set(field, value);
    say(*caller, reply_of(engine_.set_policy(place_.name(), patch, "demo")));
  }

  static void say(const Socket& caller, const Reply& reply) {
    send_line(caller, nt::Codec<Reply>::encode(reply));
  }

  nt::Engine& engine_;
  nt::Operation<Order, Receipt> place_;
  nt::Operation<Mail, std::string> confirm_;
  std::vector<Caller> callers_;
};

int run(const std::string& socket, const std::string& data) {
  sigset_t ending;  // before any thread starts, so that all of them leave it to this one
  ::sigemptyset(&ending);
  ::sigaddset(&ending, SIGTERM);
  ::sigaddset(&ending, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  nt::Options options;
  options.data_dir(data).pool_threads(32);
  options.on_log([](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
  nt::Engine engine{options};
  const auto place = engine.add("place-order", place_order, shop_policy());
  const auto confirm = engine.add("send-confirmation", send_confirmation, nt::later());
  if (const auto started = engine.start(); !started) {
    return std::fprintf(stderr, "program: %s\n", started.error().message.c_str()), 1;
  }
  Door door(engine, place, confirm);
  const Socket listening = listen_at(socket);
  std::jthread serving([&](const std::stop_token& stop) { door.serve(listening, stop); });
  std::puts("ready");
  std::fflush(stdout);

  int signal = 0;
  ::sigwait(&ending, &signal);
  serving.request_stop();
  serving.join();
  engine.stop();
  return 0;
}

}  // namespace
}  // namespace demo

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: program SOCKET SHOP_SOCKET DATA_FOLDER\n", stderr), 2;
  demo::shop_socket = argv[2];
  return demo::run(argv[1], argv[3]);
}

// The shop service: payment, stock and mail. It is what orders have an effect on, so it is never
// killed, and its ledger is half of the books. It answers slowly now and then, as such services do.
//
// usage: shop SOCKET LEDGER SEED

#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "lines.h"
#include "words.h"

namespace demo {
namespace {

constexpr int kThreads = 96;  // more than the program has, so that no effect waits for a thread

/// One try of one effect, written when it has ended. It ends even if who asked is dead by then.
struct LedgerLine {
  Effect effect = Effect::charge;
  std::string order;
  std::string token;
  int nth = 1;  ///< how often this token has come
  int pid = 0;  ///< the process that asked: each life of the program has its own
  double began = 0;
  double ended = 0;
  std::int64_t cents = 0;
};
NOWTHEN_JSON(LedgerLine, effect, order, token, nth, pid, began, ended, cents);

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Mostly 1-20 ms, one in twelve 100-900 ms, one in 200 two seconds: drawn from what is asked, not
/// from when it is asked, so that a seed means the same in each run.
std::chrono::milliseconds latency(const LedgerLine& line, std::uint64_t seed) {
  std::uint64_t hash = seed;
  for (const char c : line.order) hash = mixed(hash ^ static_cast<unsigned char>(c));
  hash = mixed(hash ^ static_cast<std::uint64_t>(line.effect));
  hash = mixed(hash ^ static_cast<std::uint64_t>(line.nth));
  const std::uint64_t luck = hash % 1000;
  const std::uint64_t spread = mixed(hash);
  if (luck < 5) return std::chrono::milliseconds(2000);
  if (luck < 88) return std::chrono::milliseconds(100 + spread % 801);
  return std::chrono::milliseconds(1 + spread % 20);
}

int process_behind(const Socket& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  ::getsockopt(connection.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

class Shop {
 public:
  Shop(const std::string& ledger, std::uint64_t seed) : ledger_(ledger), seed_(seed) {}

  /// One request per connection.
  void serve(const Socket& connection) {
    const auto text = receive_line(connection);
    if (!text) return;
    const auto asked = nowthen::Codec<ShopRequest>::decode(*text);
    if (!asked) {
      std::fprintf(stderr, "shop: %s\n", asked.error().message.c_str());
      return;
    }
    LedgerLine line;
    line.effect = asked->effect;
    line.order = asked->order;
    line.token = asked->token;
    line.cents = asked->cents;
    line.nth = count(asked->token);
    line.pid = process_behind(connection);
    line.began = seconds_now();
    std::this_thread::sleep_for(latency(line, seed_));
    line.ended = seconds_now();
    ledger_.append(line);
    // The token names what was done, so a repeated try gets the answer of the first.
    send_line(connection, nowthen::Codec<ShopReply>::encode({"did " + asked->token}));
  }

 private:
  int count(const std::string& token) {
    const std::lock_guard lock(mutex_);
    return ++tries_[token];
  }

  LineFile ledger_;
  const std::uint64_t seed_;
  std::mutex mutex_;
  std::unordered_map<std::string, int> tries_;
};

[[noreturn]] void run(const std::string& path, Shop& shop) {
  const Socket door = listen_at(path);
  std::puts("ready");
  std::fflush(stdout);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (;;) shop.serve(Socket(::accept4(door.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
    });
  }
  for (;;) ::pause();  // until a signal ends it
}

}  // namespace
}  // namespace demo

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: shop SOCKET LEDGER SEED\n", stderr), 2;
  demo::Shop shop(argv[2], std::stoull(argv[3]));
  demo::run(argv[1], shop);
}

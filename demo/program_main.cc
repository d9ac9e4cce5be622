// The program: a shop's backend, with the engine and its HTTP front in it. It is killed at any
// moment and started again on the same data folder; there is no code here for that.
//
// usage: program HOST:PORT SHOP_URL DATA_FOLDER

#include <cstdio>
#include <memory>
#include <stdexcept>

#include <curl/curl.h>
#include <unistd.h>

#include <nowthen/nowthen.h>

namespace nt = nowthen;
using namespace std::chrono_literals;

namespace demo {
namespace {

struct Item {
  std::int64_t product = 0;
  std::string name;
  std::int64_t quantity = 0;
};
NOWTHEN_JSON(Item, product, name, quantity);

struct Order {
  std::string id;
  std::string customer;
  std::string email;
  std::int64_t cents = 0;
  std::vector<Item> items;
};
NOWTHEN_JSON(Order, id, customer, email, cents, items);

/// What the shop did. It answers a repeated try of the same effect like the first.
struct Done {
  std::string id;
};
NOWTHEN_JSON(Done, id);

/// What is sent to the two operations that are served elsewhere.
struct Mail {
  std::string order;
  std::string email;
  std::string payment;
};
NOWTHEN_JSON(Mail, order, email, payment);

struct Parcel {
  std::string order;
  std::string customer;
  std::vector<Item> items;
};
NOWTHEN_JSON(Parcel, order, customer, items);

struct Receipt {
  std::string payment;
  nt::InvocationId confirmation;  ///< the invocation that sends the mail
  nt::InvocationId parcel;        ///< and the one that ships
};
NOWTHEN_JSON(Receipt, payment, confirmation, parcel);

// ---- steps: ordinary functions that may block and may throw -----------------------------------

std::string shop_url;  // set once, by main

struct ShopRequest {
  std::string order;
  std::int64_t cents = 0;
};
NOWTHEN_JSON(ShopRequest, order, cents);

std::size_t append(char* bytes, std::size_t, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(bytes, count);
  return count;
}

/// The token of the step makes it the same effect in each try. The pid is for the books alone.
std::string ask_shop(const std::string& effect, const Order& order) {
  static thread_local const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> kept(
      curl_easy_init(), curl_easy_cleanup);  // with its connection
  CURL* const curl = kept.get();
  const std::string url = shop_url + "/" + effect;
  const std::string body = nt::Codec<ShopRequest>::encode({order.id, order.cents});
  curl_slist* lines = nullptr;
  for (const std::string& line :
       {"Idempotency-Key: " + nt::step_token(), "Shop-Process: " + std::to_string(::getpid()),
        std::string("Content-Type: application/json")}) {
    lines = curl_slist_append(lines, line.c_str());
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(lines,
                                                                            curl_slist_free_all);
  std::string answer;
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    throw std::runtime_error(url + ": " + curl_easy_strerror(code));  // so it is tried again
  }
  return nt::Codec<Done>::decode(answer).value().id;
}

Done charge(const Order& order) { return {ask_shop("charge", order)}; }
void save(const Order& order, const std::string& /*payment*/) { ask_shop("save", order); }

// ---- the operation ------------------------------------------------------------------------------

nt::Task<Receipt> place_order(nt::Context& ctx, Order order) {
  const Done paid = co_await ctx.run("charge", charge, order);
  co_await ctx.run("save", save, order, paid.id);
  const Mail mail{order.id, order.email, paid.id};
  const nt::InvocationId confirmation = co_await ctx.send("send-confirmation", mail);
  const Parcel parcel{order.id, order.customer, order.items};
  const nt::InvocationId shipped = co_await ctx.send("ship-parcel", parcel);
  co_return Receipt{paid.id, confirmation, shipped};
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

}  // namespace
}  // namespace demo

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: program HOST:PORT SHOP_URL DATA_FOLDER\n", stderr), 2;
  demo::shop_url = argv[2];
  nt::Engine engine{nt::Options().data_dir(argv[3]).pool_threads(32)};
  engine.add("place-order", demo::place_order, demo::shop_policy());
  return engine.serve(argv[1]);
}

#pragma once

// What the programs of the demo say to each other: one JSON value a line. And their files of lines.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <nowthen/codec.h>
#include <nowthen/id.h>

namespace demo {

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

struct Receipt {
  std::string payment;
  nowthen::InvocationId confirmation;  ///< the invocation that sends the mail
};
NOWTHEN_JSON(Receipt, payment, confirmation);

// ---- program -> shop ---------------------------------------------------------------------------

enum class Effect : std::uint8_t { charge, save, mail };
NOWTHEN_JSON_ENUM(Effect, charge, save, mail);

struct ShopRequest {
  Effect effect = Effect::charge;
  std::string order;
  std::string token;  ///< the same for each try of the same step
  std::int64_t cents = 0;
};
NOWTHEN_JSON(ShopRequest, effect, order, token, cents);

struct ShopReply {
  std::string id;  ///< of the payment, the reservation or the mail
};
NOWTHEN_JSON(ShopReply, id);

// ---- load -> program ---------------------------------------------------------------------------

enum class Ask : std::uint8_t { place_order, await_order, await_mail, resume, set_policy };
NOWTHEN_JSON_ENUM(Ask, place_order, await_order, await_mail, resume, set_policy);

struct Request {
  Ask ask = Ask::place_order;
  std::optional<Order> order;               ///< of place_order
  std::optional<std::string> key;           ///< idempotency key of place_order
  std::optional<nowthen::InvocationId> id;  ///< of await_order, await_mail and resume
  std::optional<std::map<std::string, std::string>> policy;  ///< of set_policy: field -> value
};
NOWTHEN_JSON(Request, ask, order, key, id, policy);

struct Reply {
  std::string answer;                       ///< "result", "ticket" or "error"
  std::optional<nowthen::InvocationId> id;  ///< none: about nothing stored
  std::string state;
  std::string decision;
  std::string error;
  std::optional<Receipt> receipt;
};
NOWTHEN_JSON(Reply, answer, id, state, decision, error, receipt);

// ---- files -------------------------------------------------------------------------------------

/// Seconds on the clock that all processes of a machine share and nobody sets.
inline double seconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(std::chrono::floor<std::chrono::microseconds>(now)).count();
}

/// A file of lines that several processes append to.
class LineFile {
 public:
  explicit LineFile(const std::string& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw std::runtime_error("cannot write " + path);
  }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile() { ::close(fd_); }

  /// One write, so that lines of several writers do not mix. Any thread.
  template <class T>
  void append(const T& value) {
    const std::string line = nowthen::Codec<T>::encode(value) + '\n';
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      throw std::runtime_error("cannot write a line");
    }
  }

 private:
  int fd_;
};

}  // namespace demo

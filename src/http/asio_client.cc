// The requests of a loop and the connections that they share.

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <unordered_map>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/assert.h"
#include "http/asio_link.h"
#include "http/asio_reactor.h"
#include "http/request_head.h"

namespace nowthen::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

/// All that is known of one scheme, host and port.
struct Origin {
  struct Idle {
    std::shared_ptr<Link> link;
    SteadyTime until;
  };
  std::string name;
  std::size_t links = 0;      // opening, carrying a request, or idle
  std::vector<Idle> idle;     // the longest idle first
  std::list<RequestId> line;  // wait for a link
};

struct Pending {
  ClientRequest request;
  std::string head;
  Told told;
  asio::steady_timer due;
  Origin* origin = nullptr;    // null: it will be told at once
  std::shared_ptr<Link> link;  // null: it waits in line
  std::list<RequestId>::iterator place;
  bool kept = false;   // the link carried another request before
  bool sent = false;   // some of it may have left
  bool again = false;  // it was sent twice
};

/// Lives as long as the client, and through a callback that destroys the client.
class Pool final : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(std::shared_ptr<LinkSeams> seams)
      : seams_(std::move(seams)), sweep_(seams_->context) {}

  RequestId send(ClientRequest request, Told told);
  void cancel(RequestId id);
  void close();

 private:
  const ClientOptions& options() const { return seams_->options; }
  void start(RequestId id, Pending& pending);
  std::shared_ptr<Link> take_idle(Origin& origin);
  void open(RequestId id, Pending& pending);
  void opened(RequestId id, std::optional<ClientError> error);
  void exchange(RequestId id, Pending& pending);
  void exchanged(RequestId id, Link::Exchanged ended);
  void timed_out(RequestId id);
  void tell_later(RequestId id, ClientError error);
  void end(RequestId id, std::variant<ClientResponse, ClientError> answer, bool reusable = false);
  void leave(Pending& pending, bool reusable);
  void serve_line(Origin& origin);
  void sweep();

  std::shared_ptr<LinkSeams> seams_;
  std::map<std::string, Origin> origins_;
  std::unordered_map<RequestId, Pending> pending_;
  asio::steady_timer sweep_;
  bool sweeping_ = false;
  std::uint64_t last_ = 0;
};

RequestId Pool::send(ClientRequest request, Told told) {
  const auto id = static_cast<RequestId>(++last_);
  asio::steady_timer due(seams_->context);
  due.expires_after(request.timeout);
  Pending& pending = pending_
                         .emplace(id, Pending{.request = std::move(request),
                                              .head = {},
                                              .told = std::move(told),
                                              .due = std::move(due),
                                              .origin = nullptr,
                                              .link = nullptr,
                                              .place = {}})
                         .first->second;
  Result<std::string> head = request_head(pending.request);
  if (!head) {
    tell_later(id, {ClientError::Kind::not_sent, false, head.error().message});
    return id;
  }
  pending.head = std::move(*head);
  pending.due.async_wait([weak = weak_from_this(), id](const error_code& error) {
    if (error) return;
    if (const auto self = weak.lock()) self->timed_out(id);
  });
  std::string name = pending.request.url.origin();
  Origin& origin = origins_[name];
  if (origin.name.empty()) origin.name = std::move(name);
  pending.origin = &origin;
  start(id, pending);
  return id;
}

void Pool::start(RequestId id, Pending& pending) {
  Origin& origin = *pending.origin;
  if (pending.request.repeat == Repeat::allowed) {
    if ((pending.link = take_idle(origin)) != nullptr) {
      pending.kept = true;
      return exchange(id, pending);
    }
  } else if (origin.links >= options().connections_max && !origin.idle.empty()) {
    origin.idle.front().link->close();  // makes room for a fresh one
    origin.idle.erase(origin.idle.begin());
    --origin.links;
  }
  if (origin.links < options().connections_max) {
    ++origin.links;
    return open(id, pending);
  }
  if (origin.line.size() < options().waiting_max) {
    pending.place = origin.line.insert(origin.line.end(), id);
    return;
  }
  pending.origin = nullptr;
  tell_later(id, {ClientError::Kind::not_sent, false,
                  "waiting_max (" + std::to_string(options().waiting_max) +
                      ") requests wait for a connection to " + origin.name});
}

std::shared_ptr<Link> Pool::take_idle(Origin& origin) {
  while (!origin.idle.empty()) {
    std::shared_ptr<Link> link = std::move(origin.idle.back().link);
    origin.idle.pop_back();
    if (link->is_quiet()) return link;
    link->close();  // the peer has closed it, or talks unasked
    --origin.links;
  }
  return nullptr;
}

void Pool::open(RequestId id, Pending& pending) {
  pending.kept = false;
  pending.link = std::make_shared<Link>(seams_);
  pending.link->open(pending.request.url,
                     [weak = weak_from_this(), id](std::optional<ClientError> error) {
                       if (const auto self = weak.lock()) self->opened(id, std::move(error));
                     });
}

void Pool::opened(RequestId id, std::optional<ClientError> error) {
  const auto found = pending_.find(id);
  NT_ASSERT(found != pending_.end());  // else its link was closed
  if (!error) return exchange(id, found->second);
  if (found->second.sent) error->kind = ClientError::Kind::unknown;  // by an earlier link
  end(id, std::move(*error));
}

void Pool::exchange(RequestId id, Pending& pending) {
  pending.sent = true;
  const bool may_repeat = pending.kept && !pending.again;
  std::string head = may_repeat ? pending.head : std::move(pending.head);
  std::string body = may_repeat ? pending.request.body : std::move(pending.request.body);
  pending.link->exchange(pending.request.method, std::move(head), std::move(body),
                         [weak = weak_from_this(), id](Link::Exchanged ended) {
                           if (const auto self = weak.lock()) self->exchanged(id, std::move(ended));
                         });
}

void Pool::exchanged(RequestId id, Link::Exchanged ended) {
  const auto found = pending_.find(id);
  NT_ASSERT(found != pending_.end());
  Pending& pending = found->second;
  if (ended.response) return end(id, std::move(*ended.response), ended.reusable);
  if (ended.closed_unheard && pending.kept && !pending.again) {  // see Repeat::allowed
    pending.again = true;
    pending.link->close();
    return open(id, pending);
  }
  end(id,
      ClientError{ClientError::Kind::unknown, false, pending.origin->name + ": " + ended.fault});
}

void Pool::timed_out(RequestId id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const Pending& pending = found->second;
  ClientError error{ClientError::Kind::not_sent, true, {}};
  const std::string within = " within " + format_duration(pending.request.timeout);
  if (pending.sent) {
    error.kind = ClientError::Kind::unknown;
    error.message = "no answer from " + pending.origin->name + within;
  } else if (pending.link != nullptr) {
    error.message = "no connection to " + pending.origin->name + within;
  } else {
    error.message = "no free connection to " + pending.origin->name + within + ": " +
                    std::to_string(pending.origin->line.size()) + " requests wait for one of " +
                    std::to_string(options().connections_max) + " (connections_max)";
  }
  end(id, std::move(error));
}

void Pool::tell_later(RequestId id, ClientError error) {
  asio::post(seams_->context, [weak = weak_from_this(), id, error = std::move(error)]() mutable {
    const auto self = weak.lock();
    if (self != nullptr && self->pending_.contains(id)) self->end(id, std::move(error));
  });
}

/// What is told may send, cancel, or destroy the client: it comes last.
void Pool::end(RequestId id, std::variant<ClientResponse, ClientError> answer, bool reusable) {
  auto node = pending_.extract(id);
  leave(node.mapped(), reusable);
  node.mapped().told(std::move(answer));
}

void Pool::cancel(RequestId id) {
  auto node = pending_.extract(id);
  if (!node.empty()) leave(node.mapped(), false);
}

/// Gives back what the request held.
void Pool::leave(Pending& pending, bool reusable) {
  if (pending.origin == nullptr) return;
  Origin& origin = *std::exchange(pending.origin, nullptr);
  std::shared_ptr<Link> link = std::move(pending.link);
  if (link == nullptr) {
    origin.line.erase(pending.place);
  } else if (reusable) {
    const SteadyTime until = std::chrono::steady_clock::now() + options().idle_max;
    origin.idle.push_back({std::move(link), until});
  } else {
    link->close();
    --origin.links;
  }
  serve_line(origin);
  if (origin.links == 0) {
    origins_.erase(origins_.find(origin.name));
  } else if (!origin.idle.empty()) {
    sweep();
  }
}

void Pool::serve_line(Origin& origin) {
  while (!origin.line.empty() &&
         (!origin.idle.empty() || origin.links < options().connections_max)) {
    const RequestId id = origin.line.front();
    origin.line.pop_front();
    start(id, pending_.find(id)->second);
  }
}

/// Closes what has been idle for too long, and comes again for the rest.
void Pool::sweep() {
  if (sweeping_) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  SteadyTime next = SteadyTime::max();
  for (auto at = origins_.begin(); at != origins_.end();) {
    Origin& origin = at->second;
    while (!origin.idle.empty() && origin.idle.front().until <= now) {
      origin.idle.front().link->close();
      origin.idle.erase(origin.idle.begin());
      --origin.links;
    }
    if (!origin.idle.empty()) next = std::min(next, origin.idle.front().until);
    at = origin.links == 0 ? origins_.erase(at) : std::next(at);
  }
  if (next == SteadyTime::max()) return;
  sweeping_ = true;
  sweep_.expires_at(next);
  sweep_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr) return;
    self->sweeping_ = false;
    self->sweep();
  });
}

void Pool::close() {
  for (auto& [id, pending] : pending_) {
    if (pending.link != nullptr) pending.link->close();
  }
  for (auto& [name, origin] : origins_) {
    for (const Origin::Idle& idle : origin.idle) idle.link->close();
  }
  origins_.clear();
  sweep_.cancel();
  const auto dropped = std::exchange(pending_, {});  // what is told may own anything
}

class AsioClient final : public Client {
 public:
  explicit AsioClient(std::shared_ptr<LinkSeams> seams)
      : pool_(std::make_shared<Pool>(std::move(seams))) {}
  ~AsioClient() override { pool_->close(); }
  RequestId send(ClientRequest request, Told told) override {
    return pool_->send(std::move(request), std::move(told));
  }
  void cancel(RequestId id) override { pool_->cancel(id); }

 private:
  std::shared_ptr<Pool> pool_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::make(engine::Reactor& reactor,
                                             std::shared_ptr<const Egress> egress,
                                             ClientOptions options) {
  auto* asio_reactor = dynamic_cast<AsioReactor*>(&reactor);
  if (asio_reactor == nullptr)
    return Error{ErrorCode::invalid_argument, "the client needs a loop with sockets"};
  auto seams = std::make_shared<LinkSeams>(
      LinkSeams{asio_reactor->context(), std::move(egress), std::move(options)});
  if (!seams->options.ca_file.empty()) {  // what is wrong with it is said at once
    Result<asio::ssl::context> tls = make_tls(seams->options.ca_file);
    if (!tls) return tls.error();
    seams->tls.emplace(std::move(*tls));
  }
  return std::unique_ptr<Client>(std::make_unique<AsioClient>(std::move(seams)));
}

}  // namespace nowthen::http

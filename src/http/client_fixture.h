#pragma once

// For tests: a client on a loop of its own that is driven by hand.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "http/asio_reactor.h"
#include "http/client.h"
#include "http/loopback_server.h"

namespace nowthen::http {

using namespace std::chrono_literals;

class ClientFixture : public testing::Test {
 protected:
  using Answer = std::variant<ClientResponse, ClientError>;
  using Slot = std::shared_ptr<std::optional<Answer>>;

  void make(ClientOptions options = {}, EgressOptions egress = {.loopback_allowed = true}) {
    Result<Egress> rules = Egress::make(egress);
    ASSERT_TRUE(rules);
    auto made = Client::make(reactor, std::make_shared<const Egress>(*rules), std::move(options));
    ASSERT_TRUE(made) << made.error().message;
    client = std::move(*made);
  }

  static ClientRequest to(const std::string& url) {
    ClientRequest request;
    Result<Url> parsed = parse_url(url);
    EXPECT_TRUE(parsed) << url;
    if (parsed) request.url = *parsed;
    request.body = "{}";
    request.timeout = 20s;
    return request;
  }

  Slot send(ClientRequest request) {
    if (client == nullptr) make();
    auto slot = std::make_shared<std::optional<Answer>>();
    last = client->send(std::move(request), [slot](Answer answer) {
      EXPECT_FALSE(slot->has_value()) << "told twice";
      *slot = std::move(answer);
    });
    return slot;
  }

  template <class Done>
  void run_until(const Done& done) {
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "it never came";
      reactor.wait(10ms);
    }
  }

  Answer wait(const Slot& slot) {
    run_until([&] { return slot->has_value(); });
    return slot->has_value() ? **slot : Answer(ClientError{});
  }
  ClientResponse response(const Slot& slot) {
    Answer answer = wait(slot);
    if (auto* error = std::get_if<ClientError>(&answer)) {
      ADD_FAILURE() << error->message;
      return {};
    }
    return std::get<ClientResponse>(answer);
  }
  ClientError error(const Slot& slot) {
    Answer answer = wait(slot);
    if (auto* got = std::get_if<ClientResponse>(&answer)) {
      ADD_FAILURE() << "answered " << got->status;
      return {};
    }
    return std::get<ClientError>(answer);
  }

  AsioReactor reactor;
  std::unique_ptr<Client> client;
  RequestId last = RequestId::none;
};

}  // namespace nowthen::http

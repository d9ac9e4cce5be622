// Goal: a connection is trusted only if its certificate is, and is of that very host.
// Method: certificates made here, signed by themselves, and a server that shows them.

#include <filesystem>

#include "http/certificate.h"
#include "http/client_fixture.h"

namespace nowthen::http {
namespace {

class ClientTlsTest : public ClientFixture {
 protected:
  /// Calls a server with `certificate` at `host`, trusting `ca_file`.
  Answer call(const Certificate& certificate, const std::string& host, const std::string& ca_file,
              int version = 0) {
    const auto context = certificate.server(version);
    LoopbackServer server(
        [](Peer& peer, int) {
          while (peer.request()) peer.answer("secret");
        },
        context.get());
    client.reset();
    make({.ca_file = ca_file});
    const std::string url = "https://" + host + ":" + std::to_string(server.port());
    Answer first = wait(send(to(url)));
    if (!std::holds_alternative<ClientResponse>(first)) return first;
    Answer second = wait(send(to(url)));
    EXPECT_EQ(server.connections(), 1);
    client.reset();
    return second;
  }
  void refused(const Answer& answer, std::string_view says) {
    const auto* error = std::get_if<ClientError>(&answer);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->kind, ClientError::Kind::not_sent);
    EXPECT_NE(error->message.find(says), std::string::npos) << error->message;
  }
};

TEST_F(ClientTlsTest, certificate_is_accepted_if_its_issuer_is_trusted) {
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  const std::string file = certificate.file("trusted");
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const Answer answer = call(certificate, host, file);
    ASSERT_TRUE(std::holds_alternative<ClientResponse>(answer))
        << std::get<ClientError>(answer).message;
    EXPECT_EQ(std::get<ClientResponse>(answer).body, "secret");
  }
  EXPECT_TRUE(
      std::holds_alternative<ClientResponse>(call(certificate, "127.0.0.1", file, TLS1_2_VERSION)));
  std::filesystem::remove(file);
}

TEST_F(ClientTlsTest, certificate_of_an_unknown_issuer_is_refused) {
  const Certificate certificate("DNS:localhost,IP:127.0.0.1");
  refused(call(certificate, "127.0.0.1", ""), "self-signed certificate");
}

TEST_F(ClientTlsTest, certificate_of_another_host_is_refused) {
  const Certificate certificate("DNS:example.org,IP:10.0.0.1");
  const std::string file = certificate.file("other");
  refused(call(certificate, "127.0.0.1", file), "TLS with 127.0.0.1: ");
  refused(call(certificate, "localhost", file), "TLS with localhost: ");
  std::filesystem::remove(file);
}

TEST_F(ClientTlsTest, certificate_that_has_expired_is_refused) {
  const Certificate certificate("IP:127.0.0.1", -3600);
  const std::string file = certificate.file("expired");
  refused(call(certificate, "127.0.0.1", file), "certificate has expired");
  std::filesystem::remove(file);
}

TEST_F(ClientTlsTest, old_versions_are_refused) {
  const Certificate certificate("IP:127.0.0.1");
  const std::string file = certificate.file("old");
  refused(call(certificate, "127.0.0.1", file, TLS1_1_VERSION), "TLS with 127.0.0.1: ");
  std::filesystem::remove(file);
}

TEST_F(ClientTlsTest, server_without_tls_was_not_sent_anything) {
  LoopbackServer server([](Peer& peer, int) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const ClientError got = error(send(to("https://127.0.0.1:" + std::to_string(server.port()))));
  EXPECT_EQ(got.kind, ClientError::Kind::not_sent);
}

TEST_F(ClientTlsTest, silence_in_the_handshake_is_limited) {
  LoopbackServer server([](Peer& peer, int) { peer.await_end(); });
  make({.connect_max = 20ms});
  const ClientError got = error(send(to("https://127.0.0.1:" + std::to_string(server.port()))));
  EXPECT_EQ(got.kind, ClientError::Kind::not_sent);
  EXPECT_TRUE(got.timed_out);
}

TEST_F(ClientTlsTest, answer_that_may_be_cut_short_is_none) {
  const Certificate certificate("IP:127.0.0.1");
  const auto context = certificate.server();
  LoopbackServer server(
      [](Peer& peer, int) {
        if (peer.request()) peer.send("HTTP/1.1 200 OK\r\n\r\nhal");  // no length, no close_notify
      },
      context.get());
  const std::string file = certificate.file("cut");
  make({.ca_file = file});
  const ClientError got = error(send(to("https://127.0.0.1:" + std::to_string(server.port()))));
  EXPECT_EQ(got.kind, ClientError::Kind::unknown);
  std::filesystem::remove(file);
}

TEST_F(ClientTlsTest, ca_file_that_is_none_is_refused_by_name) {
  Result<Egress> egress = Egress::make({});
  ASSERT_TRUE(egress);
  const auto made =
      Client::make(reactor, std::make_shared<const Egress>(*egress), {.ca_file = "/nowhere.pem"});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("'/nowhere.pem'"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::http

// Goal: over TLS a listener answers as it does without; what is not the TLS of today is refused;
// silence, garbage and cut connections end in time and leave nothing behind.
// Method: a real listener and OpenSSL's own client.

#include <filesystem>
#include <fstream>

#include "http/listener_fixture.h"

namespace nowthen::http {
namespace {

class ListenerTls : public ListenerFixture {
 protected:
  void SetUp() override {
    certificate.write_to(files.certificate);
    certificate.write_key_to(files.key);
  }
  void TearDown() override {
    ListenerFixture::TearDown();
    std::filesystem::remove(files.certificate);
    std::filesystem::remove(files.key);
  }

  void listen(ConnectionLimits limits = {}, std::size_t connections_max = 100) {
    ListenerFixture::listen(
        {.address = {}, .tls = files, .limits = limits, .connections_max = connections_max});
  }
  /// A client's context that trusts nobody and asks for no name: who is there is another test.
  static std::unique_ptr<SSL_CTX, FreeTls> client(int version = 0) {
    std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_client_method()));
    if (version != 0) {
      SSL_CTX_set_security_level(context.get(), 0);
      SSL_CTX_set_min_proto_version(context.get(), version);
      SSL_CTX_set_max_proto_version(context.get(), version);
    }
    return context;
  }
  std::string load_error() const {
    const auto loaded = TlsIdentity::load(files);
    return loaded ? "(none)" : loaded.error().message;
  }

  const Certificate certificate{"DNS:localhost,IP:127.0.0.1"};
  const std::unique_ptr<SSL_CTX, FreeTls> context = client();
  const TlsFiles files{Certificate::path_of("listener"), Certificate::path_of("listener_key")};
};

TEST_F(ListenerTls, requests_are_answered_by_the_versions_of_today) {
  listen();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto only = client(version);
    Caller caller(listener->address());
    ASSERT_TRUE(caller.begin_tls(only.get()));
    EXPECT_EQ(SSL_version(caller.ssl()), version);
    EXPECT_TRUE(certificate.is_shown_by(caller.ssl()));
    EXPECT_EQ(SSL_get_current_compression(caller.ssl()), nullptr);
    EXPECT_EQ(caller.ask("/echo", "one"), "one");
    EXPECT_EQ(caller.ask("/echo", "two"), "two");
  }
}

TEST_F(ListenerTls, older_versions_weak_suites_and_renegotiation_are_refused) {
  listen();
  const auto old = client(TLS1_1_VERSION);
  EXPECT_FALSE(Caller(listener->address()).begin_tls(old.get()));
  const auto weak = client(TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(weak.get(), "AES256-SHA:ECDHE-ECDSA-AES128-SHA");
  EXPECT_FALSE(Caller(listener->address()).begin_tls(weak.get()));
  const auto good = client(TLS1_2_VERSION);
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(good.get()));
  SSL_renegotiate(caller.ssl());
  EXPECT_NE(SSL_do_handshake(caller.ssl()), 1);
}

TEST_F(ListenerTls, http_1_1_is_agreed_and_nothing_else) {
  listen();
  const auto offer = [](std::string_view protocols) {
    return [protocols](SSL* ssl) {
      SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    };
  };
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(context.get(), offer("\x02h2\x08http/1.1")));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(caller.ssl(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  EXPECT_EQ(caller.ask("/echo", "x"), "x");
  EXPECT_FALSE(Caller(listener->address()).begin_tls(context.get(), offer("\x02h2")));
}

TEST_F(ListenerTls, sessions_are_resumed) {
  listen();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto only = client(version);
    std::unique_ptr<SSL_SESSION, FreeTls> session;
    {
      Caller first(listener->address());
      ASSERT_TRUE(first.begin_tls(only.get()));
      EXPECT_EQ(first.ask("/echo", "x"), "x");  // with it the tickets of 1.3 have come
      session.reset(SSL_get1_session(first.ssl()));
      SSL_shutdown(first.ssl());
    }
    Caller second(listener->address());
    ASSERT_TRUE(
        second.begin_tls(only.get(), [&](SSL* ssl) { SSL_set_session(ssl, session.get()); }));
    EXPECT_EQ(SSL_session_reused(second.ssl()), 1) << version;
    EXPECT_EQ(second.ask("/echo", "y"), "y");
  }
}

TEST_F(ListenerTls, large_bodies_pass_whole_both_ways) {
  listen();
  std::string large(12u << 20, ' ');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 % 251);
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(context.get()));
  for (const char* target : {"/echo", "/upload"}) {
    EXPECT_TRUE(caller.ask(target, large) == large) << target;
  }
}

TEST_F(ListenerTls, bytes_may_come_in_records_of_any_size) {
  listen();
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(context.get()));
  // Many requests in one record, and one request in many.
  ASSERT_TRUE(caller.send(Caller::request("/echo", "a") + Caller::request("/upload", "b") +
                          Caller::request("/echo", "c")));
  for (const char* body : {"a", "b", "c"}) EXPECT_EQ(caller.answer(), body);
  for (const char byte : Caller::request("/upload", "by bytes")) {
    ASSERT_TRUE(caller.send({&byte, 1}));
  }
  EXPECT_EQ(caller.answer(), "by bytes");
}

TEST_F(ListenerTls, end_of_an_answer_is_said) {
  listen();
  bool orderly = false;
  Caller one(listener->address());
  ASSERT_TRUE(one.begin_tls(context.get()));
  ASSERT_TRUE(one.send(Caller::request("/echo", "x", "Connection: close\r\n")));
  EXPECT_TRUE(one.rest(&orderly).ends_with("\r\n\r\nx"));
  EXPECT_TRUE(orderly);
  // HTTP/1.0: nothing but the end of the connection tells where a body in parts ends.
  Caller zero(listener->address());
  ASSERT_TRUE(zero.begin_tls(context.get()));
  const std::string body(3'000, 'x');
  ASSERT_TRUE(zero.send("POST /parts HTTP/1.0\r\nContent-Length: 3000\r\n\r\n" + body));
  EXPECT_TRUE(zero.rest(&orderly).ends_with("\r\n\r\n" + body));
  EXPECT_TRUE(orderly);
}

TEST_F(ListenerTls, who_says_that_it_sends_no_more_gets_its_answer) {
  listen();
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(context.get()));
  ASSERT_TRUE(caller.send(Caller::request("/hold", "kept")));
  front.await_held();
  SSL_shutdown(caller.ssl());
  front.release();
  EXPECT_TRUE(caller.rest().ends_with("\r\n\r\nkept"));
}

TEST_F(ListenerTls, request_that_is_cut_is_none) {
  listen();
  for (const std::string_view target : {"/echo", "/upload"}) {
    Caller caller(listener->address());
    ASSERT_TRUE(caller.begin_tls(context.get()));
    const std::string request = Caller::request(target, "whole");
    ASSERT_TRUE(caller.send(std::string_view(request).substr(0, request.size() - 1)));
    caller.drop();
    await_connections(0);
  }
  EXPECT_EQ(front.served(), 0);
}

TEST_F(ListenerTls, who_is_cut_off_while_it_waits_is_forgotten) {
  listen();
  Caller caller(listener->address());
  ASSERT_TRUE(caller.begin_tls(context.get()));
  ASSERT_TRUE(caller.send(Caller::request("/hold", "kept")));
  front.await_held();
  caller.drop();
  front.release();
  await_connections(0);
}

TEST_F(ListenerTls, plain_http_is_told_to_say_https) {
  listen();
  Caller caller(listener->address());
  ASSERT_TRUE(caller.send(Caller::request("/echo", "x")));
  const std::string answer = caller.rest();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_NE(answer.find("https://"), answer.npos) << answer;
  EXPECT_EQ(front.served(), 0);
}

TEST_F(ListenerTls, garbage_is_closed) {
  listen();
  for (const std::string_view bytes :
       {std::string_view("SSH-2.0-x\r\n"), std::string_view("\x16\x03\x01\xff\xff garbage", 14),
        std::string_view("\0\0\0\0\0\0\0\0", 8)}) {
    Caller caller(listener->address());
    ASSERT_TRUE(caller.send(bytes));
    (void)caller.rest();
  }
  await_connections(0);
}

TEST_F(ListenerTls, silence_in_the_handshake_is_limited) {
  listen({.handshake_within = 1ms});
  Caller silent(listener->address());
  Caller slow(listener->address());
  ASSERT_TRUE(slow.send("\x16\x03\x01"));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(slow.rest(), "");
  await_connections(0);
}

TEST_F(ListenerTls, connections_count_before_hands_are_shaken) {
  listen({}, 1);
  Caller silent(listener->address());
  await_connections(1);
  EXPECT_FALSE(Caller(listener->address()).begin_tls(context.get()));
  silent.drop();
  await_connections(0);
  Caller next(listener->address());
  ASSERT_TRUE(next.begin_tls(context.get()));
  EXPECT_EQ(next.ask("/echo", "x"), "x");
}

TEST_F(ListenerTls, certificate_is_exchanged_while_it_runs) {
  listen();
  Caller before(listener->address());
  ASSERT_TRUE(before.begin_tls(context.get()));
  EXPECT_EQ(before.ask("/echo", "x"), "x");

  const Certificate renewed("DNS:localhost");
  renewed.write_to(files.certificate);  // the key is still the old one's
  const auto failed = listener->reload_tls();
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("'" + files.key + "'"), std::string::npos);
  Caller between(listener->address());
  ASSERT_TRUE(between.begin_tls(context.get()));
  EXPECT_TRUE(certificate.is_shown_by(between.ssl()));

  renewed.write_key_to(files.key);
  ASSERT_TRUE(listener->reload_tls());
  Caller after(listener->address());
  ASSERT_TRUE(after.begin_tls(context.get()));
  EXPECT_TRUE(renewed.is_shown_by(after.ssl()));
  EXPECT_EQ(after.ask("/echo", "y"), "y");
  EXPECT_EQ(before.ask("/echo", "x"), "x");
}

TEST_F(ListenerTls, error_of_a_file_names_setting_file_and_reason) {
  EXPECT_EQ(load_error(), "(none)");
  certificate.write_key_to(files.key, "password");
  EXPECT_EQ(load_error(),
            "tls_key '" + files.key + "': it is encrypted: a server cannot ask for its password");
  Certificate("DNS:localhost").write_key_to(files.key);
  EXPECT_EQ(load_error(), "tls_key '" + files.key + "': it is not the key of the certificate in '" +
                              files.certificate + "'");
  std::ofstream(files.key) << "no key";
  EXPECT_TRUE(load_error().starts_with("tls_key '" + files.key + "': this is no key for TLS"));
  std::filesystem::remove(files.key);
  EXPECT_EQ(load_error(), "tls_key '" + files.key + "': No such file or directory");
  std::ofstream(files.certificate) << "no certificate";
  EXPECT_EQ(load_error(),
            "tls_cert '" + files.certificate + "': this is no certificate for TLS: no start line");
  std::filesystem::remove(files.certificate);
  EXPECT_EQ(load_error(), "tls_cert '" + files.certificate + "': No such file or directory");
  Certificate("DNS:localhost", -60).write_to(files.certificate);
  EXPECT_EQ(load_error(), "tls_cert '" + files.certificate + "': this certificate has expired");
}

}  // namespace
}  // namespace nowthen::http

#pragma once

// For tests: certificates that are made at run time and signed by themselves.

#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace nowthen::http {

struct FreeTls {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

/// A certificate for `names` ("DNS:localhost,IP:127.0.0.1") and what a server needs to show it.
class Certificate {
 public:
  explicit Certificate(const char* names, long valid_seconds = 3600)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), certificate_(X509_new()) {
    X509* made = certificate_.get();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made), valid_seconds);
    X509_set_pubkey(made, key_.get());
    X509_NAME* subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(made, subject);
    const std::unique_ptr<X509_EXTENSION, FreeTls> alternative(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names));
    X509_add_ext(made, alternative.get(), -1);
    EXPECT_GT(X509_sign(made, key_.get(), EVP_sha256()), 0);
  }

  std::unique_ptr<SSL_CTX, FreeTls> server(int version = 0) const {
    std::unique_ptr<SSL_CTX, FreeTls> context(SSL_CTX_new(TLS_server_method()));
    EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate_.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key_.get()), 1);
    if (version != 0) {
      SSL_CTX_set_security_level(context.get(), 0);
      SSL_CTX_set_min_proto_version(context.get(), version);
      SSL_CTX_set_max_proto_version(context.get(), version);
    }
    return context;
  }
  /// Whether the other end of `ssl` has shown it.
  bool is_shown_by(SSL* ssl) const {
    const std::unique_ptr<X509, FreeTls> shown(SSL_get1_peer_certificate(ssl));
    return shown != nullptr && X509_cmp(shown.get(), certificate_.get()) == 0;
  }

  /// A PEM file of it that lives as long as the test.
  std::string file(const std::string& name) const {
    const std::string path = path_of(name);
    write_to(path);
    return path;
  }
  void write_to(const std::string& path) const {
    FILE* out = std::fopen(path.c_str(), "w");
    EXPECT_EQ(PEM_write_X509(out, certificate_.get()), 1);
    std::fclose(out);
  }
  /// The same of its key; with a password it is encrypted.
  void write_key_to(const std::string& path, const char* password = nullptr) const {
    FILE* out = std::fopen(path.c_str(), "w");
    const EVP_CIPHER* cipher = password == nullptr ? nullptr : EVP_aes_128_cbc();
    EXPECT_EQ(PEM_write_PKCS8PrivateKey(out, key_.get(), cipher, nullptr, 0, nullptr,
                                        const_cast<char*>(password)),
              1);
    std::fclose(out);
  }

  static std::string path_of(const std::string& name) {
    return testing::TempDir() + "nowthen_" + std::to_string(::getpid()) + "_" + name + ".pem";
  }

 private:
  std::unique_ptr<EVP_PKEY, FreeTls> key_;
  std::unique_ptr<X509, FreeTls> certificate_;
};

}  // namespace nowthen::http

#include "http/tls.h"

#include <new>
#include <system_error>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "base/assert.h"

namespace nowthen::http {
namespace {

constexpr unsigned char kHttp11[] = "\x08http/1.1";

/// The first thing that went wrong; what is after it in OpenSSL's queue says it less exactly.
std::string first_error(const char* expected) {
  const unsigned long code = ::ERR_peek_error();
  ::ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ::ERR_reason_error_string(code);
  return std::string(expected) + (reason != nullptr ? std::string(": ") + reason : "");
}

Error wrong(const char* setting, const std::string& file, const std::string& why) {
  return {ErrorCode::invalid_argument, std::string(setting) + " '" + file + "': " + why};
}

int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;  // OpenSSL's own would ask on the terminal
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int done =
      ::SSL_select_next_proto(&found, size, kHttp11, sizeof(kHttp11) - 1, offered, offered_size);
  *chosen = found;
  return done == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// As OpenSSL's socket, but for SIGPIPE when the peer has gone: whose process it is decides that.
int send_quietly(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  int socket = -1;
  BIO_get_fd(bio, &socket);
  const ssize_t sent = ::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent <= 0 && ::BIO_sock_should_retry(static_cast<int>(sent)) != 0) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

const BIO_METHOD* quiet_socket() {
  static const BIO_METHOD* const method = [] {
    const BIO_METHOD* socket = ::BIO_s_socket();
    BIO_METHOD* made = ::BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    NT_ASSERT(made != nullptr);
    ::BIO_meth_set_write(made, send_quietly);
    ::BIO_meth_set_read(made, ::BIO_meth_get_read(socket));
    ::BIO_meth_set_puts(made, ::BIO_meth_get_puts(socket));
    ::BIO_meth_set_ctrl(made, ::BIO_meth_get_ctrl(socket));
    ::BIO_meth_set_create(made, ::BIO_meth_get_create(socket));
    ::BIO_meth_set_destroy(made, ::BIO_meth_get_destroy(socket));
    return made;
  }();
  return method;
}

}  // namespace

void TlsIdentity::Free::operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
void TlsSession::Free::operator()(SSL* ssl) const { ::SSL_free(ssl); }

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::load(const TlsFiles& files) {
  std::unique_ptr<SSL_CTX, Free> made(::SSL_CTX_new(::TLS_server_method()));
  SSL_CTX* context = made.get();
  // TLS 1.3 has its own suites, all of them good; of 1.2 those with forward secrecy and AEAD.
  if (context == nullptr || ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      ::SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    return Error{ErrorCode::unavailable, first_error("TLS cannot be set up")};
  ::SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // clients hold tickets
  ::SSL_CTX_set_read_ahead(context, 1);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);

  bool encrypted = false;
  ::SSL_CTX_set_default_passwd_cb(context, no_password);
  ::SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
  ::ERR_clear_error();
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return wrong("tls_cert", files.certificate, first_error("this is no certificate for TLS"));
  if (::X509_cmp_current_time(::X509_get0_notAfter(::SSL_CTX_get0_certificate(context))) < 0)
    return wrong("tls_cert", files.certificate, "this certificate has expired");
  if (::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool other = ERR_GET_LIB(::ERR_peek_error()) == ERR_LIB_X509;  // it is a key
    const std::string why = first_error("this is no key for TLS");
    if (encrypted)
      return wrong("tls_key", files.key, "it is encrypted: a server cannot ask for its password");
    if (!other) return wrong("tls_key", files.key, why);
  }
  if (::SSL_CTX_check_private_key(context) != 1) {
    ::ERR_clear_error();
    return wrong("tls_key", files.key,
                 "it is not the key of the certificate in '" + files.certificate + "'");
  }
  ::SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  return std::shared_ptr<const TlsIdentity>(new TlsIdentity(std::move(made)));
}

TlsSession::TlsSession(const TlsIdentity& identity, int socket)
    : ssl_(::SSL_new(identity.context())) {
  BIO* bio = ::BIO_new(quiet_socket());
  if (ssl_ == nullptr || bio == nullptr) throw std::bad_alloc();
  BIO_set_fd(bio, socket, BIO_NOCLOSE);
  ::SSL_set_bio(ssl_.get(), bio, bio);
  ::SSL_set_accept_state(ssl_.get());
}

TlsSession::Status TlsSession::status_of(int returned) {
  switch (::SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_NONE:
      return Status::done;
    case SSL_ERROR_WANT_READ:
      return Status::wait_readable;
    case SSL_ERROR_WANT_WRITE:
      return Status::wait_writable;
    case SSL_ERROR_ZERO_RETURN:
      return Status::ended;
    default:
      broken_ = true;
      heard_plain_http_ = ERR_GET_REASON(::ERR_peek_last_error()) == SSL_R_HTTP_REQUEST;
      ::ERR_clear_error();
      return Status::broken;
  }
}

TlsSession::Status TlsSession::shake_hands() {
  ::ERR_clear_error();
  const Status status = status_of(::SSL_do_handshake(ssl_.get()));
  holds_more_ = status == Status::done && ::SSL_has_pending(ssl_.get()) == 1;
  return status;
}

TlsSession::Status TlsSession::read(std::span<char> into, std::size_t& size) {
  ::ERR_clear_error();
  const Status status = status_of(::SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
  // Part of a record may stay behind: only the socket brings the rest.
  holds_more_ = status == Status::done && ::SSL_has_pending(ssl_.get()) == 1;
  return status;
}

TlsSession::Status TlsSession::write(std::string_view bytes, std::size_t& size) {
  ::ERR_clear_error();
  return status_of(::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size));
}

void TlsSession::say_end() {
  const bool said = (::SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (said || broken_ || ::SSL_in_init(ssl_.get()) != 0) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

}  // namespace nowthen::http

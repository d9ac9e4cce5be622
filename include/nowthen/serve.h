#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nowthen/log.h>
#include <nowthen/policy.h>

namespace nowthen {

/// How an engine is served over HTTP (docs/http.md): `ServeOptions("127.0.0.1:7070")`. A plain
/// value.
class ServeOptions {
 public:
  ServeOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate
  ServeOptions(std::string listen) : listen_(std::move(listen)) {}  // NOLINT: implicit
  ServeOptions(const char* listen) : listen_(listen) {}             // NOLINT: implicit

  /// HOST:PORT, the host a number or "localhost"; port 0: any that is free.
  ServeOptions& listen(std::string address) { return listen_ = std::move(address), *this; }
  /// PEM files: it speaks TLS, with this certificate (those that vouch for it may follow in the
  /// file) and its key. Both are needed; SIGHUP reads them again.
  ServeOptions& tls_cert(std::string file) { return tls_cert_ = std::move(file), *this; }
  ServeOptions& tls_key(std::string file) { return tls_key_ = std::move(file), *this; }
  /// A proxy in front of it encrypts: said by who listens beyond loopback without TLS.
  ServeOptions& tls_by_proxy(bool it_does = true) { return tls_by_proxy_ = it_does, *this; }
  /// Operations may be served at this host or network (CIDR) too; may be said again. With a
  /// listener on loopback they may be served there without being named.
  ServeOptions& allow_egress(std::string where) {
    return allow_egress_.push_back(std::move(where)), *this;
  }
  /// NAME=value lines that declarations may name; its mode must be 0600.
  ServeOptions& secrets_file(std::string file) { return secrets_file_ = std::move(file), *this; }
  /// A file with an API key, "nt_{id}_{secret}", mode 0600: an admin's, named "bootstrap", made at
  /// the start if there is none at all yet. Without any, a listener beyond loopback lets nobody in.
  ServeOptions& bootstrap_key_file(std::string file) {
    return bootstrap_key_file_ = std::move(file), *this;
  }
  /// Connections at a time, at least 1.
  ServeOptions& connections_max(std::size_t count) { return connections_max_ = count, *this; }
  /// How long what runs may take to come to an end after the signal to stop.
  ServeOptions& stop_within(Duration patience) { return stop_within_ = patience, *this; }
  /// The log that goes to stderr when `Options::on_log` is not there.
  ServeOptions& log(LogFormat format) { return log_ = format, *this; }
  /// Where an OpenTelemetry collector takes traces (OTLP over HTTP, docs/observability.md), such as
  /// "http://127.0.0.1:4318"; empty: nowhere.
  ServeOptions& otlp_url(std::string url) { return otlp_url_ = std::move(url), *this; }
  /// Of the calls that come without a trace, this share (0 to 1) begins one. With a collector only.
  ServeOptions& trace_sample(double share) { return trace_sample_ = share, *this; }
  /// Told the URL once it answers. Without: it is printed, "listening on URL".
  ServeOptions& on_ready(std::function<void(const std::string& url)> f) {
    return on_ready_ = std::move(f), *this;
  }

  const std::string& listen() const { return listen_; }
  const std::string& tls_cert() const { return tls_cert_; }
  const std::string& tls_key() const { return tls_key_; }
  bool tls_by_proxy() const { return tls_by_proxy_; }
  const std::vector<std::string>& allow_egress() const { return allow_egress_; }
  const std::string& secrets_file() const { return secrets_file_; }
  const std::string& bootstrap_key_file() const { return bootstrap_key_file_; }
  std::size_t connections_max() const { return connections_max_; }
  Duration stop_within() const { return stop_within_; }
  LogFormat log() const { return log_; }
  const std::string& otlp_url() const { return otlp_url_; }
  double trace_sample() const { return trace_sample_; }
  const std::function<void(const std::string&)>& on_ready() const { return on_ready_; }

 private:
  std::string listen_ = "127.0.0.1:7070";
  std::string tls_cert_;
  std::string tls_key_;
  bool tls_by_proxy_ = false;
  std::vector<std::string> allow_egress_;
  std::string secrets_file_;
  std::string bootstrap_key_file_;
  std::size_t connections_max_ = 16'384;
  Duration stop_within_ = std::chrono::seconds(10);
  LogFormat log_ = LogFormat::text;
  std::string otlp_url_;
  double trace_sample_ = 0;
  std::function<void(const std::string&)> on_ready_;
};

}  // namespace nowthen

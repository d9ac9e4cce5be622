#include "server/serving.h"

#include <algorithm>
#include <thread>

#include <sys/resource.h>

#include "base/assert.h"
#include "http/app.h"
#include "http/callback.h"
#include "http/ip_address.h"
#include "http/private_file.h"
#include "http/switch_executor.h"
#include "server/folder_secret.h"

namespace nowthen::server {
namespace {

constexpr std::size_t kOtherFiles = 1'024;

/// How many files this process may open; the limit is raised if it is less than what is needed.
std::size_t file_limit(std::size_t needed) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  rlimit raised = limit;
  raised.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, needed));
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<std::size_t>(limit.rlim_cur);
}

/// Waits for what the engine tells on one of its threads.
template <class T, class Ask>
Result<T> ask(sdk::Host& host, Ask ask_engine) {
  auto told = host.wait_for<Result<T>>([&](std::move_only_function<void(Result<T>)> tell) {
    host.with_engine([&](engine::Engine& engine) { ask_engine(engine, std::move(tell)); });
  });
  if (!told) return told.error();
  return std::move(*told);
}

/// Names are resolved, and checked again, when a request is sent.
std::optional<http::Problem> check_target(const http::Egress& egress, const http::Secrets& secrets,
                                          const http::HttpTarget& target) {
  for (const http::TargetHeader& header : target.headers) {
    if (!header.secret.empty() && !secrets.find(header.secret)) {
      return http::invalid("header '" + header.name + "': there is no secret '" + header.secret +
                           "': set NOWTHEN_SECRET_" + header.secret +
                           ", or a line of the secrets file, and start again");
    }
  }
  auto allowed = egress.check_unresolved(target.url.host, target.url.port);
  if (allowed) return std::nullopt;
  return http::Problem{403, "forbidden", allowed.error().message, "", {}};
}

std::optional<http::TlsFiles> tls_files(const ServeOptions& options) {
  if (options.tls_cert().empty() && options.tls_key().empty()) return std::nullopt;
  return http::TlsFiles{options.tls_cert(), options.tls_key()};
}

using Facts = std::map<std::string, std::string>;

class ServingHost final : public Serving {
 public:
  ServingHost(std::shared_ptr<sdk::Host> host, ServeOptions options)
      : host_(std::move(host)), options_(std::move(options)) {}
  ~ServingHost() override { stop(Duration::zero()); }

  Result<void> start() {
    auto address = http::parse_address(options_.listen());
    if (!address) return address.error();
    if (const auto wrong = wrong_with_listening(options_); !wrong.empty())
      return Error{ErrorCode::invalid_argument, wrong.front()};
    app_options_.loopback = http::is_loopback(*address);
    auto listener = http::Listener::open({.address = *address,
                                          .tls = tls_files(options_),
                                          .limits = {},
                                          .connections_max = connections_max()});
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    const std::string& folder = host_->options().data_dir();
    auto keys_secret = folder_secret(folder, kKeysFile);
    if (!keys_secret) return keys_secret.error();
    keys_secret_ = std::move(*keys_secret);
    auto token_key = folder_secret(folder, kTokensFile);
    if (!token_key) return token_key.error();
    app_options_.token_key = std::move(*token_key);
    if (auto ready = surround(); !ready) return ready;
    if (auto exported = export_spans(); !exported) return exported;
    if (auto started = host_->start(); !started) return started;
    if (auto kept = load_facts(); !kept) return kept;
    if (auto first = make_first_key(); !first) return first;
    host_->with_engine([this](engine::Engine& engine) {
      app_ = std::make_unique<http::App>(engine, app_options_, keys_);
      listener_->start(engine, *app_);
    });
    return {};
  }

  std::string url() const override {
    return (tls_files(options_) ? "https://" : "http://") + http::to_string(listener_->address());
  }

  Result<void> reload_tls() override { return listener_->reload_tls(); }

  void stop(Duration patience) override {
    if (!host_) return;
    const auto until = std::chrono::steady_clock::now() + patience;
    host_->stop(patience);
    const auto left = until - std::chrono::steady_clock::now();
    if (exporter_) exporter_->stop(std::max(std::chrono::floor<Duration>(left), Duration::zero()));
    app_.reset();
    host_.reset();
  }

 private:
  /// A connection needs a file descriptor, and so do the store and the services.
  std::size_t connections_max() const {
    const std::size_t wanted = options_.connections_max();
    const std::size_t files = file_limit(wanted + kOtherFiles);
    const std::size_t most = files - std::min(kOtherFiles, files / 2);
    if (wanted <= most) return wanted;
    host_->log()({.level = LogLevel::warning,
                  .message = "connections_max is " + std::to_string(most) + " and not " +
                             std::to_string(wanted) + ": this process may open " +
                             std::to_string(files) + " files (ulimit -n)"});
    return most;
  }
  Result<void> surround() {
    auto egress = http::Egress::make(
        {.loopback_allowed = app_options_.loopback, .allow = options_.allow_egress()});
    if (!egress) return egress.error();
    auto secrets = http::open_secrets(options_.secrets_file());
    if (!secrets) return secrets.error();
    http::ExecutorOptions executor;
    executor.token_key = app_options_.token_key;
    executor.egress = std::make_shared<const http::Egress>(std::move(*egress));
    executor.secrets = std::move(*secrets);
    executor.log = host_->log();
    executor.traced = !options_.otlp_url().empty();
    app_options_.check_target = [egress = executor.egress,
                                 secrets = executor.secrets](const http::HttpTarget& target) {
      return check_target(*egress, *secrets, target);
    };
    app_options_.check_callback =
        [egress = executor.egress](const http::Url& url) -> std::optional<http::Problem> {
      auto allowed = egress->check_unresolved(url.host, url.port);
      if (allowed) return std::nullopt;
      return http::Problem{403, "forbidden", allowed.error().message, "", {}};
    };
    app_options_.back_up = [this](const std::string& folder) { return back_up(folder); };
    const unsigned loops = std::max(1u, std::thread::hardware_concurrency() / 2);
    around_.loops = static_cast<std::uint16_t>(std::min(loops, unsigned{UINT16_MAX}));
    around_.make_reactor = http::make_reactor;
    around_.make_executor =
        [executor](
            engine::LoopPort& port, engine::Reactor& reactor,
            std::unique_ptr<engine::Executor> in_process) -> std::unique_ptr<engine::Executor> {
      auto made = http::SwitchExecutor::make(port, reactor, std::move(in_process), executor);
      NT_ASSERT(made.has_value());  // the reactors are ours, and no file of certificates is named
      return std::move(*made);
    };
    around_.built_in.push_back(http::callback_operation());
    // Not before: what runs elsewhere ends by requests of those who run it.
    around_.drained = [this] {
      listener_->stop();
      if (app_) app_->end_backup();
    };
    return {};
  }

  /// Before the start: traces are handed to the exporter from then on.
  Result<void> export_spans() {
    if (!options_.otlp_url().empty()) {
      http::SpanExporterOptions to;
      to.url = options_.otlp_url();
      to.log = host_->log();
      auto exporter = http::SpanExporter::start(std::move(to));
      if (!exporter) return exporter.error();
      exporter_ = std::move(*exporter);
      app_options_.exporter = exporter_;
      around_.on_span = [exporter = exporter_](const core::Span& span) { exporter->take(span); };
      around_.trace_sample = options_.trace_sample();
    }
    host_->surround(around_);
    return {};
  }

  Result<void> back_up(const std::string& folder) {
    Result<void> done = Error{ErrorCode::unavailable, "the engine has stopped"};
    host_->with_engine([&](engine::Engine& engine) { done = engine.back_up(folder); });
    if (!done) return done;
    return write_folder_secret(folder, kKeysFile, keys_secret_);
  }

  /// What the server keeps with the data.
  Result<void> load_facts() {
    app_options_.keys_needed = !app_options_.loopback;
    keys_ = std::make_shared<http::KeyRing>(keys_secret_);
    auto keys = ask<Facts>(
        *host_, [](engine::Engine& engine, auto tell) { engine.facts("key/", std::move(tell)); });
    if (!keys) return keys.error();
    auto born = ask<Facts>(*host_, [](engine::Engine& engine, auto tell) {
      engine.facts("created", std::move(tell));
    });
    if (born && born->contains("created"))
      app_options_.born = from_us(std::strtoll((*born)["created"].c_str(), nullptr, 10));
    for (const auto& [name, bytes] : *keys) {
      auto key = http::decode_api_key(std::string_view(name).substr(4), bytes);
      if (!key) return key.error();
      keys_->put(std::move(*key));
    }
    return {};
  }

  /// Who starts a server for the first time has no key to make one with.
  Result<void> make_first_key() {
    const std::string& file = options_.bootstrap_key_file();
    if (!keys_->empty()) {
      if (!file.empty())
        host_->log()({.message = "bootstrap_key_file is left alone: there are API keys"});
      return {};
    }
    if (file.empty()) {
      if (app_options_.keys_needed) {
        host_->log()(
            {.level = LogLevel::warning,
             .message =
                 "there is no API key, and none can be made here but by bootstrap_key_file"});
      }
      return {};
    }
    auto text = http::read_private_file("bootstrap_key_file", file);
    if (!text) return text.error();
    constexpr std::string_view kSpace = " \t\r\n";
    text->erase(text->find_last_not_of(kSpace) + 1);
    text->erase(0, text->find_first_not_of(kSpace));
    WallTime now{};
    host_->with_engine([&now](engine::Engine& engine) { now = engine.now(); });
    const auto key = keys_->key_of(*text, "bootstrap", http::Role::admin, now);
    if (!key) {
      return Error{ErrorCode::invalid_argument,
                   "bootstrap_key_file '" + file +
                       "' is to hold nt_ID_SECRET: an id of small letters and digits, a secret of "
                       "at least 32 letters and digits"};
    }
    auto stored = ask<void>(*host_, [&key](engine::Engine& engine, auto tell) {
      engine.set_fact(
          "key/" + key->id, http::encode_api_key(*key),
          engine::AuditEntry{{}, "bootstrap_key_file", "key.create", key->id, "bootstrap, admin"},
          std::move(tell));
    });
    if (!stored) return stored;
    keys_->put(*key);
    host_->log()(
        {.message = "the first API key, '" + key->id + "', is that of bootstrap_key_file"});
    return {};
  }

  std::shared_ptr<sdk::Host> host_;
  const ServeOptions options_;
  http::AppOptions app_options_;
  std::string keys_secret_;  ///< 32 bytes
  sdk::Surroundings around_;
  std::shared_ptr<http::SpanExporter> exporter_;
  std::shared_ptr<http::KeyRing> keys_;
  std::unique_ptr<http::Listener> listener_;
  std::unique_ptr<http::App> app_;
};

}  // namespace

std::vector<std::string> wrong_with_listening(const ServeOptions& options) {
  std::vector<std::string> wrong;
  const auto files = tls_files(options);
  const auto address = http::parse_address(options.listen());
  if (address && !http::is_loopback(*address) && !files && !options.tls_by_proxy()) {
    wrong.push_back("--listen: " + http::to_string(*address) +
                    " is not on loopback: give it --tls-cert and --tls-key, or say"
                    " --tls-by-proxy if a proxy encrypts");
  }
  if (!files) return wrong;
  if (files->certificate.empty()) {
    wrong.emplace_back("tls_cert: there is a tls_key, but no certificate");
  } else if (files->key.empty()) {
    wrong.emplace_back("tls_key: there is a tls_cert, but no key");
  } else if (auto identity = http::TlsIdentity::load(*files); !identity) {
    wrong.push_back(identity.error().message);
  }
  return wrong;
}

Result<std::unique_ptr<Serving>> Serving::start(std::shared_ptr<sdk::Host> host,
                                                ServeOptions options) {
  auto serving = std::make_unique<ServingHost>(std::move(host), std::move(options));
  if (auto started = serving->start(); !started) return started.error();
  return std::unique_ptr<Serving>(std::move(serving));
}

}  // namespace nowthen::server

// Goal: a setting means the same as a flag, a variable and a line of the file; whatever is wrong
// is said at once, with where it stands.

#include "server/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "http/certificate.h"

namespace nowthen::server {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

class ConfigTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file); }

  void write(const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
  Config read(const Strings& flags, const Strings& variables = {}) {
    std::vector<const char*> environment;
    for (const std::string& each : variables) environment.push_back(each.c_str());
    environment.push_back(nullptr);
    return read_config(flags, environment.data());
  }
  /// The same setting by each of the three ways.
  void by_every_way(const std::string& name, const std::string& value,
                    const std::function<void(const Config&)>& check) {
    std::string flag = "--" + name, variable = "NOWTHEN_" + name;
    for (char& c : flag) c = c == '_' ? '-' : c;
    for (char& c : variable) c = static_cast<char>(std::toupper(c));
    write(name + ": '" + value + "'\n");
    const Config ways[] = {read({flag + "=" + value}), read({}, {variable + "=" + value}),
                           read({"--config", file})};
    for (const Config& config : ways) {
      EXPECT_EQ(config.errors, Strings{}) << name;
      check(config);
    }
  }
  Strings errors_of(const std::string& text) {
    write(text);
    return read({"--config", file}).errors;
  }

  const std::string file =
      testing::TempDir() + "nowthen_config_" + std::to_string(::getpid()) + ".yaml";
};

TEST_F(ConfigTest, nothing_said_is_a_server_on_loopback) {
  const Config config = read({});
  EXPECT_EQ(config.errors, Strings{});
  EXPECT_FALSE(config.help);
  EXPECT_EQ(config.engine.data_dir(), "./nowthen-data");
  EXPECT_EQ(config.serve.listen(), "127.0.0.1:7070");
  EXPECT_EQ(config.serve.stop_within(), 10s);
}

TEST_F(ConfigTest, every_setting_may_be_flag_variable_or_line) {
  by_every_way("data_dir", "/data", [](auto& c) { EXPECT_EQ(c.engine.data_dir(), "/data"); });
  by_every_way("data_dir", ":memory:", [](auto& c) { EXPECT_EQ(c.engine.data_dir(), ""); });
  by_every_way("listen", "[::1]:80", [](auto& c) { EXPECT_EQ(c.serve.listen(), "[::1]:80"); });
  by_every_way("allow_egress", "10.0.0.0/8",
               [](auto& c) { EXPECT_EQ(c.serve.allow_egress(), Strings{"10.0.0.0/8"}); });
  by_every_way("secrets_file", "s", [](auto& c) { EXPECT_EQ(c.serve.secrets_file(), "s"); });
  by_every_way("bootstrap_key_file", "k",
               [](auto& c) { EXPECT_EQ(c.serve.bootstrap_key_file(), "k"); });
  by_every_way("connections_max", "7", [](auto& c) { EXPECT_EQ(c.serve.connections_max(), 7u); });
  by_every_way("loops", "3", [](auto& c) { EXPECT_EQ(c.engine.loops(), 3u); });
  by_every_way("disk_budget", "3MiB", [](auto& c) { EXPECT_EQ(c.engine.disk_budget(), 3u << 20); });
  by_every_way("stop_within", "1.5s", [](auto& c) { EXPECT_EQ(c.serve.stop_within(), 1500ms); });
  by_every_way("tls_by_proxy", "true", [](auto& c) { EXPECT_TRUE(c.serve.tls_by_proxy()); });
  EXPECT_EQ(read({"--loops", "3"}).engine.loops(), 3u);
  EXPECT_TRUE(read({"--tls-by-proxy", "--help"}).help);  // a switch takes no word
}

TEST_F(ConfigTest, flags_win_over_variables_and_these_over_the_file) {
  write("loops: 1\nconnections_max: 1\nstop_within: 1s\n");
  const Config config = read(
      {"--loops=3"}, {"NOWTHEN_LOOPS=2", "NOWTHEN_CONNECTIONS_MAX=2", "NOWTHEN_CONFIG=" + file});
  EXPECT_EQ(config.errors, Strings{});
  EXPECT_EQ(config.engine.loops(), 3u);
  EXPECT_EQ(config.serve.connections_max(), 2u);
  EXPECT_EQ(config.serve.stop_within(), 1s);
}

TEST_F(ConfigTest, all_errors_come_at_once_with_their_places) {
  write("loops: many\nspeed: 9\nstop_within: 5\nlisten: {a: b}\n");
  const Strings errors = read({"--config", file, "--disk-budget", "1TB", "--fast", "--loops"},
                              {"NOWTHEN_CONNECTIONS_MAX=0"})
                             .errors;
  ASSERT_EQ(errors.size(), 8u) << testing::PrintToString(errors);
  EXPECT_TRUE(errors[0].starts_with("--fast: there is no such flag")) << errors[0];
  EXPECT_EQ(errors[1], "--loops: its value is missing");
  EXPECT_EQ(errors[2], file + ":4: listen: expected a value or a list");
  EXPECT_TRUE(errors[3].starts_with(file + ":1: loops: expected a number")) << errors[3];
  EXPECT_EQ(errors[4], file + ":2: speed: there is no such setting");
  EXPECT_TRUE(errors[5].starts_with(file + ":3: stop_within: ")) << errors[5];
  EXPECT_TRUE(errors[6].starts_with("NOWTHEN_CONNECTIONS_MAX: expected a number")) << errors[6];
  EXPECT_TRUE(errors[7].starts_with("--disk-budget: expected bytes")) << errors[7];
}

TEST_F(ConfigTest, beyond_loopback_somebody_encrypts) {
  for (const char* address : {"0.0.0.0:7070", "[::]:7070", "192.0.2.1:7070"}) {
    const Strings errors = read({"--listen", address}).errors;
    ASSERT_EQ(errors.size(), 1u) << address;
    EXPECT_TRUE(errors[0].starts_with("--listen: ")) << errors[0];
    EXPECT_EQ(read({"--listen", address, "--tls-by-proxy"}).errors, Strings{});
  }
}

TEST_F(ConfigTest, certificate_and_key_are_looked_at_with_everything_else) {
  const std::string cert = http::Certificate::path_of("config"),
                    key = http::Certificate::path_of("config_key");
  const http::Certificate certificate("DNS:localhost");
  certificate.write_to(cert);
  certificate.write_key_to(key);
  write("tls_cert: " + cert + "\ntls_key: " + key + "\nlisten: 0.0.0.0:0\n");
  const Config config = read({"--config", file});
  EXPECT_EQ(config.errors, Strings{});
  EXPECT_EQ(config.serve.tls_cert(), cert);
  EXPECT_EQ(config.serve.tls_key(), key);
  EXPECT_EQ(read({"--tls-cert", cert}).errors, Strings{"tls_key: there is a tls_cert, but no key"});
  EXPECT_EQ(read({"--tls-key", key}).errors,
            Strings{"tls_cert: there is a tls_key, but no certificate"});
  const Strings errors = read({"--loops=x", "--tls-cert", cert, "--tls-key=/nowhere"}).errors;
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[1], "tls_key '/nowhere': No such file or directory");
  std::filesystem::remove(cert);
  std::filesystem::remove(key);
}

TEST_F(ConfigTest, file_that_is_hostile_is_an_error_and_no_more) {
  EXPECT_EQ(errors_of(""), Strings{});
  EXPECT_EQ(errors_of("# nothing\n"), Strings{});
  const std::map<std::string, std::string> wrong = {
      {"- loops\n", ":1: expected `name: value` lines"},
      {"loops: 1\nloops: 2\n", ":2: loops: is there twice"},
      {"allow_egress: [[a]]\n", ":1: allow_egress: expected plain values"},
      {"loops: 1\n  bad: [\n", ":2: "},
      {"? [a, b]\n: c\n", ":1: expected `name: value` lines"},
      {"loops: *none\n", ":1: "},
      {"a: &a [*a, *a]\n", ":1: "},
      {std::string("\0\xff\xfe\x01", 4), ":"},
      {"loops: !!binary AAAA\n", ":1: loops: expected a number"},
      {"loops:\n", ":1: loops: its value is missing"},
      {"listen: localhost\n", ":1: listen: address 'localhost': write HOST:PORT"},
  };
  for (const auto& [text, message] : wrong) {
    const Strings errors = errors_of(text);
    ASSERT_FALSE(errors.empty()) << text;
    EXPECT_TRUE(errors[0].starts_with(file + message)) << text << errors[0];
  }
  // Names for parts of it that would be a billion when written out; they are not written out.
  std::string bomb = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  EXPECT_EQ(errors_of(bomb).size(), 1u + 29u * 2u);
  EXPECT_EQ(errors_of(std::string((1u << 20) + 1, '#')), Strings{file + ": larger than 1 MiB"});
  EXPECT_EQ(read({"--config", "/nowhere.yaml"}).errors, Strings{"/nowhere.yaml: cannot be read"});
  EXPECT_EQ(read({"--config", "/"}).errors, Strings{"/: cannot be read"});
}

TEST_F(ConfigTest, of_logs) {
  EXPECT_EQ(read({}).serve.log(), LogFormat::text);
  by_every_way("log", "json", [](auto& c) { EXPECT_EQ(c.serve.log(), LogFormat::json); });
  EXPECT_EQ(read({"--log", "xml"}).errors, Strings{"--log: expected text or json, not 'xml'"});
}

TEST_F(ConfigTest, of_traces) {
  EXPECT_EQ(read({}).serve.otlp_url(), "");
  EXPECT_EQ(read({}).serve.trace_sample(), 0);
  by_every_way("otlp_url", "http://127.0.0.1:4318",
               [](auto& c) { EXPECT_EQ(c.serve.otlp_url(), "http://127.0.0.1:4318"); });
  by_every_way("trace_sample", "0.25", [](auto& c) { EXPECT_EQ(c.serve.trace_sample(), 0.25); });
  const Strings errors = read({"--trace-sample", "2"},
                              {"OTEL_EXPORTER_OTLP_ENDPOINT=localhost", "NOWTHEN_TRACE_SAMPLE=nan"})
                             .errors;
  ASSERT_EQ(errors.size(), 3u);
  for (const char* name :
       {"--trace-sample: ", "OTEL_EXPORTER_OTLP_ENDPOINT: ", "NOWTHEN_TRACE_SAMPLE: "}) {
    EXPECT_TRUE(std::ranges::any_of(errors, [&](const auto& each) {
      return each.starts_with(name);
    })) << name;
  }
}

TEST_F(ConfigTest, our_name_of_the_collector_wins_over_that_of_every_program) {
  const std::string theirs = "OTEL_EXPORTER_OTLP_ENDPOINT=http://a";
  EXPECT_EQ(read({}, {theirs}).serve.otlp_url(), "http://a");
  EXPECT_EQ(read({}, {theirs, "NOWTHEN_OTLP_URL=http://b"}).serve.otlp_url(), "http://b");
  EXPECT_EQ(read({"--otlp-url", ""}, {"NOWTHEN_OTLP_URL=http://b"}).serve.otlp_url(), "");
}

TEST_F(ConfigTest, help_names_every_setting) {
  const std::string help = config_help();
  for (const char* flag : {"--config FILE", "--data-dir DIR", "--listen HOST:PORT",
                           "--tls-cert FILE", "--tls-key FILE", "--tls-by-proxy", "--loops N"})
    EXPECT_NE(help.find(flag), help.npos) << flag;
}

TEST_F(ConfigTest, docs_list_every_setting) {
  const char* source = std::getenv("NOWTHEN_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "NOWTHEN_SOURCE_DIR is not set; ctest sets it";
  std::ifstream page(std::filesystem::path{source} / "docs" / "cli.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const std::string help = config_help();
  EXPECT_NE(text.find("```\n" + help.substr(help.find("  --config FILE")) + "\n```"), text.npos);
}

}  // namespace
}  // namespace nowthen::server

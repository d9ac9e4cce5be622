#include "http/egress.h"

#include <gtest/gtest.h>

namespace nowthen::http {
namespace {

struct Case {
  std::string_view host;
  std::string_view address;
  std::uint16_t port;
  bool allowed;
};

void expect(const EgressOptions& options, const std::vector<Case>& cases) {
  const Result<Egress> egress = Egress::make(options);
  ASSERT_TRUE(egress) << egress.error().message;
  for (const Case& each : cases) {
    const Result<void> checked = egress->check(each.host, each.address, each.port);
    EXPECT_EQ(checked.has_value(), each.allowed)
        << each.host << " at " << each.address << " port " << each.port << ": "
        << (checked ? "allowed" : checked.error().message);
  }
}

std::string refusal(const EgressOptions& options, std::string_view host, std::string_view address) {
  const Result<Egress> egress = Egress::make(options);
  EXPECT_TRUE(egress);
  const Result<void> checked = egress->check(host, address, 80);
  EXPECT_FALSE(checked);
  return checked ? "" : checked.error().message;
}

TEST(Egress, nothing_is_allowed_unless_it_is_said) {
  expect({}, {{"example.org", "93.184.216.34", 443, false},
              {"127.0.0.1", "127.0.0.1", 80, false},
              {"localhost", "::1", 80, false},
              {"10.0.0.5", "10.0.0.5", 80, false},
              {"x", "2606:2800:220:1::1", 80, false},
              {"x", "not an address", 80, false},
              {"x", "", 80, false}});
}

TEST(Egress, loopback_is_allowed_when_the_listener_is_on_it) {
  expect({.loopback_allowed = true}, {{"127.0.0.1", "127.0.0.1", 9000, true},
                                      {"127.8.9.1", "127.8.9.1", 9000, true},
                                      {"localhost", "::1", 80, true},
                                      {"localhost", "127.0.0.1", 80, true},
                                      {"::ffff:127.0.0.1", "::ffff:127.0.0.1", 80, true},
                                      {"0.0.0.0", "0.0.0.0", 80, false},
                                      {"::", "::", 80, false},
                                      {"10.0.0.1", "10.0.0.1", 80, false},
                                      {"example.org", "93.184.216.34", 80, false}});
}

TEST(Egress, host_entry_allows_the_public_addresses_of_that_host_only) {
  expect({.allow = {"Api.Example.org", "other.example:8443"}},
         {{"api.example.org", "93.184.216.34", 443, true},
          {"API.EXAMPLE.ORG", "2606:2800:220:1::1", 80, true},
          {"example.org", "93.184.216.34", 443, false},
          {"evil.api.example.org", "93.184.216.34", 443, false},
          {"api.example.org.evil.net", "93.184.216.34", 443, false},
          {"other.example", "93.184.216.34", 8443, true},
          {"other.example", "93.184.216.34", 443, false},
          {"93.184.216.34", "93.184.216.34", 443, false}});
}

TEST(Egress, name_that_resolves_to_an_address_inside_is_refused) {
  EgressOptions options{.allow = {"api.example.org", "*"}};
  std::vector<Case> cases;
  for (const std::string_view address : {"127.0.0.1",
                                         "10.1.2.3",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.168.1.1",
                                         "100.64.0.1",
                                         "169.254.169.254",
                                         "0.0.0.0",
                                         "0.1.2.3",
                                         "224.0.0.1",
                                         "239.255.255.255",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "192.0.0.8",
                                         "198.18.0.1",
                                         "::",
                                         "::1",
                                         "fe80::1",
                                         "fe80::1%eth0",
                                         "febf::1",
                                         "fc00::1",
                                         "fd00::1",
                                         "fd00:ec2::254",
                                         "fec0::1",
                                         "ff02::1",
                                         "::ffff:127.0.0.1",
                                         "::ffff:10.0.0.1",
                                         "::ffff:169.254.169.254",
                                         "::127.0.0.1",
                                         "64:ff9b::7f00:1",
                                         "64:ff9b::a9fe:a9fe",
                                         "2002:7f00:1::",
                                         "2001:0:1::1"})
    cases.push_back({"api.example.org", address, 80, false});
  for (const std::string_view address :
       {"93.184.216.34", "172.15.0.1", "172.32.0.1", "11.0.0.1", "100.128.0.1", "128.0.0.1",
        "169.253.0.1", "1.1.1.1", "::ffff:93.184.216.34", "2606:2800:220:1::1"})
    cases.push_back({"api.example.org", address, 80, true});
  expect(options, cases);
}

TEST(Egress, address_entry_allows_that_address_under_any_name) {
  expect({.loopback_allowed = false,
          .allow = {"10.0.0.5", "192.168.1.1:8080", "fd00::5", "[fd00::6]:9000", "127.0.0.1"}},
         {{"10.0.0.5", "10.0.0.5", 80, true},
          {"db.internal", "10.0.0.5", 80, true},
          {"db.internal", "::ffff:10.0.0.5", 80, true},
          {"10.0.0.6", "10.0.0.6", 80, false},
          {"192.168.1.1", "192.168.1.1", 8080, true},
          {"192.168.1.1", "192.168.1.1", 80, false},
          {"fd00::5", "fd00::5", 1, true},
          {"fd00::6", "fd00::6", 9000, true},
          {"fd00::6", "fd00::6", 9001, false},
          {"localhost", "127.0.0.1", 80, true},
          {"localhost", "127.0.0.2", 80, false},
          {"localhost", "::1", 80, false}});
}

TEST(Egress, cidr_entry_allows_what_is_in_it) {
  expect({.allow = {"10.0.0.0/8", "172.16.4.0/22", "fd00:1::/32"}},
         {{"x", "10.255.0.1", 80, true},
          {"x", "11.0.0.1", 80, false},
          {"x", "172.16.7.255", 80, true},
          {"x", "172.16.8.0", 80, false},
          {"x", "fd00:1:2::3", 80, true},
          {"x", "fd00:2::3", 80, false},
          {"x", "::ffff:10.0.0.1", 80, true}});
}

TEST(Egress, wide_range_opens_neither_metadata_nor_addresses_of_no_host) {
  expect({.allow = {"0.0.0.0/0", "::/0"}}, {{"x", "93.184.216.34", 80, true},
                                            {"x", "10.0.0.1", 80, true},
                                            {"x", "127.0.0.1", 80, true},
                                            {"x", "::1", 80, true},
                                            {"x", "169.254.169.254", 80, false},
                                            {"x", "::ffff:169.254.169.254", 80, false},
                                            {"x", "fe80::1", 80, false},
                                            {"x", "fd00:ec2::254", 80, false},
                                            {"x", "0.0.0.0", 80, false},
                                            {"x", "224.0.0.1", 80, false},
                                            {"x", "ff02::1", 80, false}});
  expect({.allow = {"169.254.169.254", "fe80::/10"}}, {{"x", "169.254.169.254", 80, true},
                                                       {"x", "169.254.169.253", 80, false},
                                                       {"x", "fe80::1%eth0", 80, true}});
  expect({.allow = {"0.0.0.0", "224.0.0.1"}},
         {{"x", "0.0.0.0", 80, false}, {"x", "224.0.0.1", 80, false}});
}

TEST(Egress, refusal_prints_the_flag_that_would_allow_it) {
  EXPECT_EQ(refusal({}, "10.0.0.5", "10.0.0.5"),
            "egress to 10.0.0.5 is not allowed; start the server with --allow-egress 10.0.0.5");
  EXPECT_EQ(refusal({}, "Api.example.org", "93.184.216.34"),
            "egress to api.example.org (93.184.216.34) is not allowed; start the server with "
            "--allow-egress api.example.org");
  EXPECT_EQ(refusal({.allow = {"api.example.org"}}, "api.example.org", "10.0.0.5"),
            "egress to api.example.org is not allowed: it is at 10.0.0.5, a private address; "
            "start the server with --allow-egress 10.0.0.5");
  EXPECT_EQ(refusal({}, "0.0.0.0", "0.0.0.0"),
            "egress to 0.0.0.0 is never allowed: it is not the address of a host");
}

TEST(Egress, flag_that_a_refusal_prints_does_allow_it) {
  for (const auto& [host, address] :
       std::vector<std::pair<std::string, std::string>>{{"10.0.0.5", "10.0.0.5"},
                                                        {"fd00::5", "fd00::5"},
                                                        {"api.example.org", "93.184.216.34"},
                                                        {"api.example.org", "192.168.0.1"},
                                                        {"x", "169.254.169.254"},
                                                        {"localhost", "::ffff:127.0.0.1"}}) {
    const std::string message = refusal({}, host, address);
    const std::string entry = message.substr(message.rfind(' ') + 1);
    expect({.allow = {entry}}, {{host, address, 80, true}});
  }
}

TEST(Egress, entry_that_means_nothing_is_refused_by_name) {
  for (const std::string entry : {"",
                                  "10.0.0.5/8",
                                  "10.0.0.0/33",
                                  "10.0.0.0/",
                                  "10.0.0.0/x",
                                  "fd00::/129",
                                  "/8",
                                  "host/8",
                                  "host:",
                                  "host:0",
                                  "host:65536",
                                  "host:80x",
                                  "[fd00::1]80",
                                  "[fd00::1",
                                  "[host]:80",
                                  "http://example.org",
                                  "example.org/path",
                                  "*.example.org",
                                  "a b",
                                  "127.1",
                                  "2130706433",
                                  "0x7f000001",
                                  "-host",
                                  "host..org",
                                  "fe80::1%eth0",
                                  "user@host"}) {
    const Result<Egress> egress = Egress::make({.allow = {entry}});
    ASSERT_FALSE(egress) << entry;
    EXPECT_EQ(egress.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(egress.error().message.starts_with("--allow-egress " + entry + ": "))
        << egress.error().message;
  }
}

TEST(Egress, a_name_that_no_rule_could_allow_is_refused_before_it_is_resolved) {
  const auto may = [](const EgressOptions& options, std::string_view host) {
    return Egress::make(options)->check_unresolved(host, 443).has_value();
  };
  EXPECT_FALSE(may({}, "example.org"));
  EXPECT_FALSE(may({}, "localhost"));
  EXPECT_FALSE(may({.loopback_allowed = true}, "example.org"));
  EXPECT_TRUE(may({.loopback_allowed = true}, "localhost"));
  EXPECT_TRUE(may({.loopback_allowed = true}, "a.localhost"));
  EXPECT_TRUE(may({.allow = {"Example.org"}}, "example.ORG"));
  EXPECT_FALSE(may({.allow = {"example.org:80"}}, "example.org"));
  EXPECT_TRUE(may({.allow = {"*"}}, "example.org"));
  EXPECT_TRUE(may({.allow = {"10.0.0.0/8"}}, "inside")) << "it may be there";
  EXPECT_FALSE(may({.allow = {"*"}}, "10.0.0.1")) << "an address is what it is";
  EXPECT_TRUE(may({.allow = {"10.0.0.1"}}, "10.0.0.1"));
}

}  // namespace
}  // namespace nowthen::http

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nowthen/policy.h>

namespace nowthen {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A field as the header documents it: what it is when nothing is said, what it may be, and values
/// beside that.
struct Documented {
  std::string name;
  std::string standard;
  std::string another;  ///< legal, and not the standard
  std::vector<std::string> limits;
  std::vector<std::string> refused;
};

const std::vector<Documented> kDocumented = {
    {"mode", "auto", "later", {"now", "auto", "later"}, {"", "Now", "auto_", "soon", "0"}},
    {"answer_within", "300ms", "2s", {"1ms", "10m"}, {"0s", "999us", "601s", "300", "-1s"}},
    {"wait_max", "1m", "30s", {"0s", "10m"}, {"601s", "x", ""}},
    {"start_within", "0s", "1h", {"0s", "3650d"}, {"3651d", "-1h", "never"}},
    {"attempt_timeout", "10m", "10s", {"1ms", "30d"}, {"0s", "31d"}},
    {"step_timeout", "5m", "10s", {"1ms", "30d"}, {"0s", "31d"}},
    {"cleanup_within", "30s", "10s", {"0s", "1h"}, {"61m"}},
    {"retry.attempts_max",
     "8",
     "3",
     {"1", "1000000"},
     {"0", "1000001", "-1", "8.0", "4294967297", "", "8x", " 8", "+8"}},
    {"retry.interval", "100ms", "1s", {"0s", "1d"}, {"25h", "100"}},
    {"retry.factor",
     "2",
     "1.5",
     {"1", "100"},
     {"0.99", "100.5", "nan", "inf", "-inf", "1e999", "0x2", "2x", ""}},
    {"retry.interval_max", "1m", "2m", {"0s", "30d"}, {"31d"}},
    {"retry.jitter", "0.2", "0.25", {"0", "1"}, {"-0.1", "1.1", "nan", "20%"}},
    {"on_timeout", "cancel", "finish", {"cancel", "finish"}, {"", "fail", "finish "}},
    {"durable", "on_first_step", "from_start", {"on_first_step", "from_start"}, {"yes"}},
    {"on_exhausted", "fail", "park", {"fail", "park"}, {"parked"}},
    {"retain", "1d", "2h", {"1s", "3650d"}, {"0s", "999ms", "3651d"}},
    {"retain_failed", "30d", "2h", {"1s", "3650d"}, {"0s", "999ms", "3651d"}},
};

/// Defaults, but with intervals that leave every limit of either one legal.
Policy roomy() {
  Policy policy;
  policy.retry.interval = 0us;
  policy.retry.interval_max = 30 * 24h;
  return policy;
}

std::string text_of(const Policy& policy, const std::string& field) {
  const Result<std::string> text = policy_field(policy, field);
  return text ? *text : "error: " + text.error().message;
}

TEST(PolicyFields, are_those_of_the_struct_in_its_order) {
  std::vector<std::string> names;
  for (const Documented& field : kDocumented) names.push_back(field.name);
  EXPECT_EQ(policy_fields(), names);
}

TEST(PolicyFields, defaults_are_as_documented_and_valid) {
  for (const Documented& field : kDocumented) {
    EXPECT_EQ(text_of(Policy{}, field.name), field.standard) << field.name;
  }
  EXPECT_TRUE(validate(Policy{}));
}

TEST(PolicyFields, limits_are_accepted_and_read_back_as_written) {
  for (const Documented& field : kDocumented) {
    for (const std::string& limit : field.limits) {
      Policy policy = roomy();
      const Result<void> applied = apply_patch(policy, PolicyPatch{}.set(field.name, limit));
      ASSERT_TRUE(applied) << applied.error().message;
      EXPECT_EQ(text_of(policy, field.name), limit) << field.name;
    }
  }
}

TEST(PolicyFields, refusal_names_field_value_and_range_and_changes_nothing) {
  for (const Documented& field : kDocumented) {
    for (const std::string& value : field.refused) {
      Policy policy = roomy();
      const PolicyPatch patch = PolicyPatch{}.set("cleanup_within", "7s").set(field.name, value);
      const Result<void> applied = apply_patch(policy, patch);
      ASSERT_FALSE(applied) << field.name << " = " << value;
      const Error& error = applied.error();
      EXPECT_EQ(error.code, ErrorCode::invalid_argument);
      EXPECT_THAT(error.message, HasSubstr("field " + field.name + ": "));
      EXPECT_THAT(error.message, HasSubstr(field.limits.front()));
      EXPECT_THAT(error.message, HasSubstr(field.limits.back()));
      EXPECT_EQ(policy, roomy()) << field.name << " = " << value;
    }
  }
}

// Goal: every name reaches its own member. Method: change one field, and compare all texts.
TEST(PolicyFields, setting_one_changes_that_one_alone) {
  for (const Documented& field : kDocumented) {
    Policy policy;
    ASSERT_TRUE(apply_patch(policy, PolicyPatch{}.set(field.name, field.another))) << field.name;
    EXPECT_NE(policy, Policy{}) << field.name;
    for (const Documented& other : kDocumented) {
      const bool changed = other.name == field.name;
      EXPECT_EQ(text_of(policy, other.name), changed ? field.another : other.standard)
          << field.name << " reached " << other.name;
    }
  }
}

TEST(PolicyFields, a_policy_round_trips_through_its_texts) {
  Policy policy;
  PolicyPatch patch;
  for (const Documented& field : kDocumented) patch.set(field.name, field.another);
  ASSERT_TRUE(apply_patch(policy, patch));
  policy.retry.jitter = 1.0 / 3.0;
  policy.retry.factor = 1.0 + std::numeric_limits<double>::epsilon();
  policy.retain = 123'456'789us;

  PolicyPatch texts;
  for (const std::string& name : policy_fields()) texts.set(name, text_of(policy, name));
  Policy copy;
  ASSERT_TRUE(apply_patch(copy, texts));
  EXPECT_EQ(copy, policy);
}

TEST(PolicyFields, numbers_may_be_written_in_any_usual_way) {
  Policy policy;
  for (const std::string text : {"4", "4.0", "40e-1", "0.4e1"}) {
    policy.retry.factor = 2.0;
    ASSERT_TRUE(apply_patch(policy, PolicyPatch{}.set("retry.factor", text))) << text;
    EXPECT_EQ(policy.retry.factor, 4.0) << text;
  }
}

TEST(PolicyFields, values_are_stored_in_their_units) {
  Policy policy;
  ASSERT_TRUE(apply_patch(policy, PolicyPatch{}
                                      .set("mode", "now")
                                      .set("answer_within", "1.5s")
                                      .set("retry.attempts_max", "1")
                                      .set("retain", "2h")));
  EXPECT_EQ(policy.mode, Mode::now);
  EXPECT_EQ(policy.answer_within, 1500ms);
  EXPECT_EQ(policy.retry.attempts_max, 1U);
  EXPECT_EQ(policy.retain, 2h);
}

TEST(PolicyFields, unknown_names_are_refused_with_the_list_of_known_ones) {
  for (const std::string name : {"", "Mode", "retry", "attempts_max", "retry.", "mode ", "allow"}) {
    const Result<std::string> read = policy_field(Policy{}, name);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(read.error().message, HasSubstr('"' + name + '"'));
    EXPECT_THAT(read.error().message, HasSubstr("retry.attempts_max"));

    Policy policy;
    const PolicyPatch patch = PolicyPatch{}.set("answer_within", "1s").set(name, "1s");
    const Result<void> applied = apply_patch(policy, patch);
    ASSERT_FALSE(applied) << name;
    EXPECT_EQ(applied.error(), read.error());
    EXPECT_EQ(policy, Policy{});
  }
}

TEST(ApplyPatch, fields_given_back_are_left_alone_but_must_exist) {
  Policy policy;
  policy.retain = 5s;
  const Policy before = policy;
  EXPECT_TRUE(apply_patch(policy, PolicyPatch{}));
  EXPECT_TRUE(apply_patch(policy, PolicyPatch{}.clear("retain").clear("mode")));
  EXPECT_EQ(policy, before);
  EXPECT_FALSE(apply_patch(policy, PolicyPatch{}.clear("retian")));
}

TEST(ApplyPatch, intervals_are_compared_after_the_whole_patch) {
  Policy policy;  // 100ms and 1m
  EXPECT_TRUE(apply_patch(
      policy, PolicyPatch{}.set("retry.interval", "5m").set("retry.interval_max", "10m")));
  const Policy before = policy;
  const Result<void> applied =
      apply_patch(policy, PolicyPatch{}.set("mode", "now").set("retry.interval_max", "1m"));
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message,
            "policy field retry.interval: 5m is longer than retry.interval_max, which is 1m");
  EXPECT_EQ(policy, before);
}

TEST(ApplyPatch, no_wait_at_all_is_a_legal_retry) {
  Policy policy;
  EXPECT_TRUE(apply_patch(
      policy, PolicyPatch{}.set("retry.interval", "0s").set("retry.interval_max", "0s")));
}

TEST(ApplyPatch, messages_read_like_this) {
  const std::vector<std::pair<PolicyPatch, std::string>> cases = {
      {PolicyPatch{}.set("answer_within", "20m"),
       "policy field answer_within: 20m is out of range; allowed: 1ms to 10m"},
      {PolicyPatch{}.set("answer_within", "300"),
       "policy field answer_within: \"300\" has no unit; one of us, ms, s, m, h, d must follow; "
       "allowed: 1ms to 10m"},
      {PolicyPatch{}.set("mode", "soon"),
       "policy field mode: \"soon\" is not one of its values; allowed: now, auto or later"},
      {PolicyPatch{}.set("on_timeout", "\xff"),
       "policy field on_timeout: \"?\" is not one of its values; allowed: cancel or finish"},
      {PolicyPatch{}.set("retry.factor", "0.5"),
       "policy field retry.factor: 0.5 is out of range; allowed: 1 to 100"},
      {PolicyPatch{}.set("retry.attempts_max", "many"),
       "policy field retry.attempts_max: \"many\" is not a whole number in range; "
       "allowed: 1 to 1000000"},
  };
  for (const auto& [patch, message] : cases) {
    Policy policy;
    const Result<void> applied = apply_patch(policy, patch);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().message, message);
  }
}

/// The message of `validate` for the default policy with one member changed.
template <class Value>
std::string complaint(Value Policy::* member, Value value) {
  Policy policy;
  policy.*member = value;
  const Result<void> valid = validate(policy);
  return valid ? "valid" : valid.error().message;
}
template <class Value>
std::string complaint(Value Retry::* member, Value value) {
  Policy policy;
  policy.retry.*member = value;
  const Result<void> valid = validate(policy);
  return valid ? "valid" : valid.error().message;
}

TEST(Validate, members_out_of_range_are_named) {
  EXPECT_THAT(complaint(&Policy::answer_within, Duration{0}), HasSubstr("answer_within: 0s is"));
  EXPECT_THAT(complaint(&Policy::answer_within, Duration{-5ms}), HasSubstr("-5ms"));
  EXPECT_THAT(complaint(&Policy::start_within, Duration::min()), HasSubstr("start_within"));
  EXPECT_THAT(complaint(&Policy::retain, Duration::max()), HasSubstr("retain: "));
  EXPECT_THAT(complaint(&Policy::mode, static_cast<Mode>(9)), HasSubstr("mode: unknown"));
  EXPECT_THAT(complaint(&Policy::durable, static_cast<Durable>(9)), HasSubstr("durable: unknown"));
  EXPECT_THAT(complaint(&Retry::attempts_max, 0U), HasSubstr("retry.attempts_max: 0 is"));
  EXPECT_THAT(complaint(&Retry::factor, std::nan("")), HasSubstr("retry.factor: nan is"));
  EXPECT_THAT(complaint(&Retry::jitter, HUGE_VAL), HasSubstr("retry.jitter: inf is"));
  EXPECT_THAT(complaint(&Retry::interval, Duration{2min}), HasSubstr("retry.interval_max"));
  EXPECT_EQ(complaint(&Retry::interval, Duration{1min}), "valid");
}

// Times that look as if they should fit each other, but that a user may well want as they are:
// a short attempt with the standard step timeout, a caller who waits longer than `wait_max`.
TEST(Validate, times_that_merely_look_odd_together_are_accepted) {
  EXPECT_EQ(complaint(&Policy::attempt_timeout, Duration{10s}), "valid");
  EXPECT_EQ(complaint(&Policy::answer_within, Duration{10min}), "valid");
  EXPECT_EQ(complaint(&Policy::wait_max, Duration{0}), "valid");
}

}  // namespace
}  // namespace nowthen

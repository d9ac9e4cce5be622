// Who asks for it is told of the end: by an invocation of its own, sent with that end.

#include "core/callback.h"

#include "core/core_fixture.h"

namespace nowthen::core {
namespace {

using std::chrono::seconds;

constexpr const char* kUrl = "http://receiver/hook";

CallOptions called_back(CallOptions options = {}) {
  options.callback = kUrl;
  return options;
}

class CallbackTest : public CoreTest {
 protected:
  /// What is on its way to be told; there is exactly one of it.
  Callback told() {
    EXPECT_EQ(messages.size(), 1u);
    if (messages.empty()) return {};
    const auto* sent = std::get_if<Invoke>(&messages.front());
    EXPECT_NE(sent, nullptr);
    EXPECT_EQ(sent->operation, kCallbackOperation);
    EXPECT_TRUE(sent->sent);
    auto callback = read_callback(sent->input);
    EXPECT_TRUE(callback);
    return callback ? *callback : Callback();
  }
};

TEST_F(CallbackTest, every_end_is_told_once) {
  Policy expiring = policy(Mode::later);
  expiring.start_within = seconds(1);
  configure_pulled("expiring", expiring);
  const std::vector<std::pair<State, std::function<InvocationId()>>> cases = {
      {State::succeeded,
       [this] {
         const InvocationId id = invoke("later", called_back());
         finish(id);
         return id;
       }},
      {State::failed,
       [this] {
         const InvocationId id = invoke("auto", called_back());
         finish(id, {ErrorCode::failed, "no"});
         return id;
       }},
      {State::cancelled,
       [this] {
         CallOptions options = called_back();
         options.delay = seconds(5);
         const InvocationId id = invoke("later", options);
         cancel(id);
         return id;
       }},
      {State::expired,
       [this] {
         const InvocationId id = invoke("expiring", called_back());
         advance(seconds(1));
         return id;
       }},
      {State::cancelled,  // in time no answer came
       [this] {
         const InvocationId id = invoke("now", called_back());
         advance(seconds(60));
         finish(id);
         return id;
       }},
  };
  for (const auto& [state_wanted, run] : cases) {
    messages.clear();
    const InvocationId id = run();
    const Callback callback = told();
    EXPECT_EQ(callback.id, id);
    EXPECT_EQ(callback.url, kUrl);
    EXPECT_EQ(callback.state, state_wanted);
    EXPECT_EQ(callback.ended, now);
    EXPECT_EQ(callback.outcome.ok(), state_wanted == State::succeeded);
  }
}

TEST_F(CallbackTest, a_call_with_a_callback_is_stored_from_the_start) {
  for (const char* operation : {"now", "auto", "later"}) {
    const InvocationId id = invoke(operation, called_back());
    EXPECT_TRUE(inv(id).stored) << operation;
    EXPECT_FALSE(inv(invoke(operation)).stored && std::string(operation) != "later");
  }
}

TEST_F(CallbackTest, it_survives_the_process_and_is_told_by_a_later_call) {
  const InvocationId id = invoke("later", called_back());
  crash();
  finish(id, {ErrorCode::none, "7"});
  const Callback callback = told();
  EXPECT_EQ(callback.outcome, (Outcome{ErrorCode::none, "7"}));
  const InvocationId by = std::get<Invoke>(messages.front()).id;
  deliver_messages();
  EXPECT_TRUE(inv(by).stored);
  EXPECT_EQ(inv(by).mode, Mode::later);
  EXPECT_EQ(inv(by).park_reason, ParkReason::no_executor) << "nobody tells here: it waits";
  configure(std::string(kCallbackOperation), policy(Mode::later));
  resume(by);
  finish(by, {ErrorCode::none, "200"});
  EXPECT_TRUE(messages.empty()) << "nobody is told of having told";
}

TEST_F(CallbackTest, the_callback_is_part_of_what_a_repeat_must_not_differ_in) {
  invoke("later", called_back(keyed("k")));
  invoke("later", called_back(keyed("k")));
  EXPECT_EQ(refusal(), ErrorCode::none);
  invoke("later", keyed("k"));
  EXPECT_EQ(refusal(), ErrorCode::conflict);
  CallOptions other = keyed("k");
  other.callback = "http://elsewhere/";
  invoke("later", other);
  EXPECT_EQ(refusal(), ErrorCode::conflict);
  invoke("later", keyed("plain"));
  invoke("later", called_back(keyed("plain")));
  EXPECT_EQ(refusal(), ErrorCode::conflict);
}

TEST_F(CallbackTest, a_url_is_not_longer_than_its_limit) {
  CallOptions options;
  options.callback = std::string(kCallbackBytesMax, 'u');
  invoke("op", options);
  EXPECT_EQ(refusal(), ErrorCode::none);
  options.callback += 'u';
  invoke("op", options);
  EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
}

TEST_F(CallbackTest, code_cannot_call_what_is_the_engines_own) {
  configure(std::string(kCallbackOperation), policy(Mode::later));
  const InvocationId id = invoke("op");
  open_child(id, "send", EntryKind::send, std::string(kCallbackOperation));
  EXPECT_TRUE(messages.empty());
  ASSERT_EQ(inv(id).done.size(), 1u);
  EXPECT_EQ(inv(id).done.front().outcome.code, ErrorCode::invalid_argument);
}

TEST(CallbackInput, is_still_written_and_read_the_same) {
  Invocation ended;
  ended.id = {0x01a0c4506c000003, 0x1122334455667788};
  ended.operation = "op";
  ended.callback = "http://a/";
  ended.state = State::failed;
  ended.ended = from_us(64);
  ended.outcome = {ErrorCode::failed, "no"};
  const Bytes input = callback_input(ended);
  using namespace std::string_literals;
  EXPECT_EQ(
      input,
      "\x01\x09http://a/\x01\xa0\xc4\x50\x6c\x00\x00\x03\x11\x22\x33\x44\x55\x66\x77\x88\x02op"
      "\x07\x80\x01\x0b\x02no"s);
  const auto read = read_callback(input);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->url, ended.callback);
  EXPECT_EQ(read->id, ended.id);
  EXPECT_EQ(read->operation, ended.operation);
  EXPECT_EQ(read->state, ended.state);
  EXPECT_EQ(read->ended, ended.ended);
  EXPECT_EQ(read->outcome, ended.outcome);
  for (std::size_t size = 0; size < input.size(); ++size)
    EXPECT_FALSE(read_callback(std::string_view(input).substr(0, size)));
  EXPECT_FALSE(read_callback(input + "x"));
}

}  // namespace
}  // namespace nowthen::core

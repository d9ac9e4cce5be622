// Rows as version 1 wrote them, byte for byte. A change that breaks one of these breaks the data
// folders of users: raise the row version and keep a decoder for the old one instead.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/codec.h"

namespace nowthen::store {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex.push_back("0123456789abcdef"[static_cast<unsigned char>(byte) >> 4]);
    hex.push_back("0123456789abcdef"[static_cast<unsigned char>(byte) & 15]);
  }
  return hex;
}

const InvocationId kId = InvocationId::make(1'790'000'000'000, 3, 0x1122334455667788);
constexpr std::int64_t kCreatedUs = 1'790'000'000'000'000;

// The example of docs/formats/rows.md: asleep for a day since its first step.
core::Invocation sleeping() {
  core::Invocation it;
  it.id = kId;
  it.operation = "place-order";
  it.accepted_seq = core::AcceptSeq{300};
  it.accepted = from_us(kCreatedUs + 123);
  it.state = core::State::suspended;
  it.attempt = 1;
  it.epoch = core::LeaseEpoch{1};
  it.attempt_started = from_us(kCreatedUs + 500);
  it.input = R"({"item":"burger"})";
  core::Entry sleep;
  sleep.path = "cool-down";
  sleep.kind = core::EntryKind::sleep;
  sleep.since = from_us(kCreatedUs + 1'000);
  sleep.due = from_us(kCreatedUs + 86'400'000'000);
  it.open.push_back(sleep);
  return it;
}

core::Entry charged() {
  core::Entry entry;
  entry.path = "charge";
  entry.done_seq = 1;
  entry.since = from_us(kCreatedUs + 900);
  entry.outcome.data = R"({"paid":7})";
  return entry;
}

core::Invocation full() {
  core::Invocation it = sleeping();
  it.version = 2;
  it.mode = Mode::now;
  it.priority = 9;
  it.order = {"orders", "a@example.org"};
  it.idempotency_key = "K-1";
  it.fingerprint = 0x0102030405060708;
  it.held_above = {{"s", "k"}};
  it.depth = 1;
  it.parents = {{InvocationId::make(1'789'999'999'999, 7, 5), "1.0/call", kId}};
  it.not_before = from_us(kCreatedUs + 1);
  it.start_due = from_us(kCreatedUs + 2);
  it.answer_due = from_us(kCreatedUs + 3);
  it.on_timeout = OnTimeout::finish;
  it.state = core::State::parked;
  it.park_reason = core::ParkReason::crash_loop;
  it.note = "note";
  it.epoch = core::LeaseEpoch{4};
  it.failures = 2;
  it.crashes = 3;
  it.done_at_start = 1;
  it.backoff_due = from_us(kCreatedUs + 4);
  it.cancel_seq = 2;
  it.cancel_note = "why";
  it.cleanup_due = from_us(kCreatedUs + 5);
  it.ended = from_us(kCreatedUs + 2'000'000);
  it.outcome = {ErrorCode::cancelled, "gone"};
  it.signals.push_back({"paid", "yes"});
  core::Entry call;
  call.path = "call";
  call.kind = core::EntryKind::call;
  call.tries = 2;
  call.child = kId;
  call.outcome = {ErrorCode::failed, "once"};
  it.open.push_back(call);
  it.done.push_back(charged());
  return it;
}

core::Invocation traced() {
  core::Invocation it = sleeping();
  it.trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return it;
}

core::Invocation called_back() {
  core::Invocation it = sleeping();
  it.callback = "https://example.org/hook";
  return it;
}

core::Message message() {
  core::Invoke invoke;
  invoke.id = kId;
  invoke.operation = "send-mail";
  invoke.version = 1;
  invoke.input = "{}";
  invoke.options.prefer = Mode::later;
  invoke.options.wait = std::chrono::seconds(1);
  invoke.options.order_key = "o";
  invoke.options.idempotency_key = "i";
  invoke.parent = core::ParentLink{kId, "p", kId};
  invoke.sent = true;
  invoke.held_above = {{"s", "k"}};
  invoke.depth = 2;
  core::Message message;
  message.partition = 3;
  message.body = std::move(invoke);
  return message;
}

core::Message message_traced() {
  core::Message it = message();
  std::get<core::Invoke>(it.body).options.trace = traced().trace;
  return it;
}

core::Message message_called_back() {
  core::Message it = message();
  std::get<core::Invoke>(it.body).options.callback = called_back().callback;
  return it;
}

core::Message ended() {
  core::Message message;
  message.partition = 3;
  message.body = core::ChildEnded{.parent = {kId, "call", kId}, .outcome = {ErrorCode::none, "7"}};
  return message;
}

core::Message cancel() {
  core::Message message;
  message.partition = 3;
  message.body = core::Cancel{.id = kId, .reason = "parent"};
  return message;
}

struct Golden {
  std::string name;
  RowWrite now;
  std::string_view key, value;
};

std::vector<Golden> goldens() {
  std::vector<RowWrite> finished;
  encode_finished(full(), bucket_of(full().ended, std::chrono::hours(24)), finished);
  core::Invocation traced_end = traced();
  traced_end.state = core::State::succeeded;
  traced_end.ended = full().ended;
  encode_finished(traced_end, bucket_of(full().ended, std::chrono::hours(24)), finished);
  core::Invocation told = called_back();
  told.state = core::State::succeeded;
  told.ended = full().ended;
  told.told_by = InvocationId{kId.high, 7};
  encode_finished(told, bucket_of(full().ended, std::chrono::hours(24)), finished);
  return {
      {"asleep", encode_header(sleeping()), "4c000301a0c4506c0000031122334455667788",
       "011d03410b706c6163652d6f72646572ac02f601117b226974656d223a22627572676572227d01e80701"
       "0c0309636f6f6c2d646f776e8080bbdd8305d00f0fb5a0fc"},
      {"every field", encode_header(full()), "4c000301a0c4506c0000031122334455667788",
       "01fdffff7f05940b706c6163652d6f72646572ac02f601117b226974656d223a22627572676572227d01"
       "e807020c0309636f6f6c2d646f776e8080bbdd8305d00f72040463616c6c0201a0c4506c000003112233"
       "44556677880b046f6e63650102030405060708034b2d31066f72646572730d61406578616d706c652e6f"
       "72670604020104020101a0c4506bff0007000000000000000508312e302f63616c6c01a0c4506c000003"
       "1122334455667788010173016b010208046e6f746503030104706169640379657302037768790a8092f4"
       "010904676f6e65da737b92"},
      {"entry", encode_entry(kId, 0, charged()), "4a000301a0c4506c000003112233445566778800000000",
       "0149000663686172676501880e0a7b2270616964223a377d6d97d4af"},
      {"finished", finished[0], "4600036ab290000101a0c4506c0000031122334455667788",
       "01f51f0500090b706c6163652d6f72646572f6018092f40104676f6e65117b226974656d223a22627572"
       "676572227d01010100000663686172676501880e0a7b2270616964223a377d0102030405060708034b2d"
       "31066f72646572730d61406578616d706c652e6f726702046e6f74650377687976dad51a"},
      {"idempotency", encode_idempotency(3, core::idempotency_record("op", "o", "k"), {kId, 9}),
       "490003026f70016f6b", "0101a0c4506c00000311223344556677880000000000000009f9a07b8e"},
      {"invoke", encode_message(1, 2, message()), "4f00010000000000000002",
       "010003010f01a0c4506c00000311223344556677880973656e642d6d61696c01027b7d0400016f016902"
       "010173016b0280897a01a0c4506c0000031122334455667788017001a0c4506c00000311223344556677"
       "884daebafd"},
      {"child ended", encode_message(1, 3, ended()), "4f00010000000000000003",
       "0100030201a0c4506c00000311223344556677880463616c6c01a0c4506c000003112233445566778800"
       "013704cb5d97"},
      {"cancel", encode_message(1, 4, cancel()), "4f00010000000000000004",
       "0100030301a0c4506c000003112233445566778806706172656e74dc1d710a"},
      {"state", encode_state(3, {"s", "k"}, "n", "42"), "4b00037300016b00016e", "013432dc6ffcad"},
      {"epoch", encode_epoch(3, OwnerEpoch{5}), "450003", "01000000000000000522a869ab"},
      {"traced", encode_header(traced()), "4c000301a0c4506c0000031122334455667788",
       "019d8080800103410b706c6163652d6f72646572ac02f601117b226974656d223a22627572676572"
       "227d01e807010c0309636f6f6c2d646f776e8080bbdd8305d00f3730302d306166373635313931366364"
       "34336464383434386562323131633830333139632d623761643662373136393230333333312d30313eb1"
       "76ba"},
      {"traced, finished", finished[1], "4600036ab290000001a0c4506c0000031122334455667788",
       "0194200601000b706c6163652d6f72646572f6018092f401117b226974656d223a22627572676572"
       "227d013730302d30616637363531393136636434336464383434386562323131633830333139632d6237"
       "61643662373136393230333333312d3031093f48c3"},
      {"traced, invoke", encode_message(1, 2, message_traced()), "4f00010000000000000002",
       "010003011f01a0c4506c00000311223344556677880973656e642d6d61696c01027b7d0400016f01"
       "6902010173016b0280897a01a0c4506c0000031122334455667788017001a0c4506c0000031122334455"
       "6677883730302d30616637363531393136636434336464383434386562323131633830333139632d6237"
       "61643662373136393230333333312d3031c2aadf89"},
      {"called back", encode_header(called_back()), "4c000301a0c4506c0000031122334455667788",
       "019d8080800203410b706c6163652d6f72646572ac02f601117b226974656d223a22627572676572"
       "227d01e807010c0309636f6f6c2d646f776e8080bbdd8305d00f1868747470733a2f2f6578616d70"
       "6c652e6f72672f686f6f6b788b36f0"},
      {"called back, finished", finished[2], "4600036ab290000001a0c4506c0000031122334455667788",
       "0194400601000b706c6163652d6f72646572f6018092f401117b226974656d223a22627572676572"
       "227d011868747470733a2f2f6578616d706c652e6f72672f686f6f6b01a0c4506c00000300000000"
       "0000000733c88725"},
      {"called back, invoke", encode_message(1, 2, message_called_back()), "4f00010000000000000002",
       "010003012f01a0c4506c00000311223344556677880973656e642d6d61696c01027b7d0400016f01"
       "6902010173016b0280897a01a0c4506c0000031122334455667788017001a0c4506c000003112233"
       "44556677881868747470733a2f2f6578616d706c652e6f72672f686f6f6bff3ca065"},
  };
}

TEST(GoldenRows, are_still_written_the_same) {
  for (const Golden& golden : goldens()) {
    EXPECT_EQ(to_hex(golden.now.key), golden.key) << golden.name;
    EXPECT_EQ(to_hex(*golden.now.value), golden.value) << golden.name;
  }
}

TEST(GoldenRows, are_still_read) {
  const std::vector<Golden> all = goldens();
  const auto key = [&](std::size_t i) { return from_hex(all[i].key); };
  const auto value = [&](std::size_t i) { return from_hex(all[i].value); };
  const auto asleep = decode_header(key(0), value(0));
  ASSERT_TRUE(asleep);
  EXPECT_EQ((*asleep)->input, R"({"item":"burger"})");
  EXPECT_EQ((*asleep)->open.at(0).due, from_us(kCreatedUs + 86'400'000'000));
  const auto header = decode_header(key(1), value(1));
  ASSERT_TRUE(header);
  EXPECT_EQ((*header)->parents, full().parents);
  EXPECT_EQ((*header)->outcome, full().outcome);
  const auto entry = decode_entry(key(2), value(2));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->outcome.data, R"({"paid":7})");
  const auto row = decode_finished(key(3), value(3));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->idempotency_key, "K-1");
  EXPECT_EQ(row->digest.at(0).path, "charge");
  EXPECT_TRUE(decode_idempotency(key(4), value(4)));
  for (const std::size_t i : {5u, 6u, 7u}) EXPECT_TRUE(decode_message(key(i), value(i)));
  EXPECT_EQ(*decode_state(key(8), value(8)), "42");
  EXPECT_EQ(*decode_epoch(key(9), value(9)), OwnerEpoch{5});
  EXPECT_EQ((*decode_header(key(10), value(10)))->trace, traced().trace);
  EXPECT_EQ(decode_finished(key(11), value(11))->trace, traced().trace);
  const auto invoke = decode_message(key(12), value(12));
  ASSERT_TRUE(invoke);
  EXPECT_EQ(std::get<core::Invoke>(invoke->body).options.trace, traced().trace);
  EXPECT_EQ((*decode_header(key(13), value(13)))->callback, called_back().callback);
  const auto told = decode_finished(key(14), value(14));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->callback, called_back().callback);
  EXPECT_EQ(told->told_by.low, 7u);
  const auto calling = decode_message(key(15), value(15));
  ASSERT_TRUE(calling);
  EXPECT_EQ(std::get<core::Invoke>(calling->body).options.callback, called_back().callback);
}

}  // namespace
}  // namespace nowthen::store

#include <utility>

#include "store/codec.h"
#include "store/row.h"

namespace nowthen::store {
namespace {

// The commands that cross partitions. The index in core::Message is not stored: this is.
enum class MessageKind : std::uint8_t { invoke = 1, child_ended = 2, cancel = 3 };

enum InvokeBit : std::uint8_t {
  kPrefer = 1 << 0,
  kWait = 1 << 1,
  kParent = 1 << 2,
  kSent = 1 << 3,
  kTrace = 1 << 4,
  kCallback = 1 << 5,
  kUnknownInvokeBits = 0xc0,
};

void put_body(Writer& out, const core::Invoke& body) {
  // The bindings do not compile when a field is added: it needs a place here and in take_invoke.
  const auto& [id, operation, version, input, options, parent, sent, held_above, depth, redelivered,
               waiter] = body;
  const auto& [prefer, wait, priority, delay, order_key, idempotency_key, trace, callback] =
      options;
  out.u8(static_cast<std::uint8_t>(MessageKind::invoke));
  out.u8(static_cast<std::uint8_t>(
      (prefer ? kPrefer : 0) | (wait ? kWait : 0) | (parent ? kParent : 0) | (sent ? kSent : 0) |
      (trace.empty() ? 0 : kTrace) | (callback.empty() ? 0 : kCallback)));
  put_id(out, id);
  out.bytes(operation);
  out.varint(version);
  out.bytes(input);
  out.u8(priority);
  out.zigzag(delay.count());
  out.bytes(order_key);
  out.bytes(idempotency_key);
  out.varint(depth);
  out.varint(held_above.size());
  for (const core::OrderKey& order : held_above) put_order(out, order);
  if (prefer) out.u8(static_cast<std::uint8_t>(*prefer));
  if (wait) out.zigzag(wait->count());
  if (parent) put_parent(out, *parent);
  if (!trace.empty()) out.bytes(trace);
  if (!callback.empty()) out.bytes(callback);
}

core::Invoke take_invoke(Reader& in) {
  core::Invoke body;
  const std::uint8_t bits = in.u8();
  if ((bits & kUnknownInvokeBits) != 0) in.fail();
  body.id = take_id(in);
  body.operation = in.bytes();
  body.version = in.varint32();
  body.input = in.bytes();
  body.options.priority = in.u8();
  body.options.delay = Duration{in.zigzag()};
  body.options.order_key = in.bytes();
  body.options.idempotency_key = in.bytes();
  body.depth = in.varint32();
  const std::size_t held = in.count();
  for (std::size_t i = 0; i < held && !in.failed(); ++i) body.held_above.push_back(take_order(in));
  if ((bits & kPrefer) != 0) body.options.prefer = take_enum(in, Mode::later);
  if ((bits & kWait) != 0) body.options.wait = Duration{in.zigzag()};
  if ((bits & kParent) != 0) body.parent = take_parent(in);
  body.sent = (bits & kSent) != 0;
  if ((bits & kTrace) != 0) body.options.trace = in.bytes();
  if ((bits & kCallback) != 0) body.options.callback = in.bytes();
  body.redelivered = true;  // who reads it from a row cannot know whether it arrived before
  return body;
}

void put_body(Writer& out, const core::ChildEnded& body) {
  out.u8(static_cast<std::uint8_t>(MessageKind::child_ended));
  put_parent(out, body.parent);
  put_outcome(out, body.outcome);
}

core::ChildEnded take_child_ended(Reader& in) {
  core::ChildEnded body;
  body.parent = take_parent(in);
  body.outcome = take_outcome(in);
  return body;
}

void put_body(Writer& out, const core::Cancel& body) {
  out.u8(static_cast<std::uint8_t>(MessageKind::cancel));
  put_id(out, body.id);
  out.bytes(body.reason);
}

core::Cancel take_cancel(Reader& in) {
  core::Cancel body;
  body.id = take_id(in);
  body.reason = in.bytes();
  return body;
}

}  // namespace

RowWrite encode_message(std::uint16_t partition, std::uint64_t seq, const core::Message& message) {
  std::string value;
  Writer out(value);
  out.u8(kRowVersion);
  out.be16(message.partition);
  std::visit([&out](const auto& body) { put_body(out, body); }, message.body);
  std::string key = outbox_key(partition, seq);
  seal(key, value);
  return {std::move(key), std::move(value)};
}

Result<core::Message> decode_message(std::string_view key, std::string_view value) {
  const Result<std::string_view> payload = unseal(key, value);
  if (!payload) return payload.error();
  if (!parse_outbox_key(key)) return malformed(key);
  core::Message message;
  Reader in(*payload);
  message.partition = in.be16();
  switch (static_cast<MessageKind>(in.u8())) {
    case MessageKind::invoke:
      message.body = take_invoke(in);
      break;
    case MessageKind::child_ended:
      message.body = take_child_ended(in);
      break;
    case MessageKind::cancel:
      message.body = take_cancel(in);
      break;
    default:
      in.fail();
  }
  if (!in.finished()) return malformed(key);
  return message;
}

}  // namespace nowthen::store

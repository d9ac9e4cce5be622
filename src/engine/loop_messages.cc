// What crosses partitions. Between partitions of one loop a message is applied in the turn that
// sent it, and commits with it. Otherwise it is a row of the sender's outbox first, is delivered
// after the commit, and the row goes once the receiver has committed what the message did.

#include "base/assert.h"
#include "base/planted.h"
#include "engine/loop.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

core::CommandBody to_command(core::Message message) {
  return std::visit([](auto& body) { return core::CommandBody(std::move(body)); }, message.body);
}

core::Message to_message(Incoming incoming) {
  core::Message message;
  message.partition = incoming.partition;
  std::visit(
      [&message]<class C>(C& body) {
        if constexpr (std::is_constructible_v<decltype(message.body), C>) {
          message.body = std::move(body);
        } else {
          NT_ASSERT(false);
        }
      },
      incoming.body);
  return message;
}

}  // namespace

void Loop::send(Partition& from, core::Message message) {
  Partition* to = find(message.partition);
  if (to != nullptr && !to->fetching) {
    const std::uint64_t sent = ++last_sent_;
    process({message.partition, to_command(std::move(message)), std::nullopt, sent});
    // What it led to may wait for a row by now, and is none of ours.
    if (!to->fetching || to->waiting.front().sent != sent) return;
    // A row is missing that did not come inline, so it needs the outbox after all.
    Incoming& stuck = to->waiting.front();
    message = to_message(std::move(stuck));
    stuck.outbox = write_outbox(from, message);
    stuck.body = to_command(std::move(message));
    return;
  }
  const OutboxRow row = write_outbox(from, message);
  open_->jobs_held.push_back(
      [this, row, message = std::move(message)]() mutable { deliver(row, std::move(message)); });
}

OutboxRow Loop::write_outbox(Partition& from, const core::Message& message) {
  const OutboxRow row{from.state.partition, ++from.last_outbox, seams_.outbox->add()};
  from.dirty = open_->seq();
  if (planted(Bug::outbox_forgotten)) return row;
  open_->write(from, store::encode_message(row.partition, row.seq, message));
  return row;
}

void Loop::deliver(const OutboxRow& row, core::Message message) {
  const std::uint16_t to = message.partition;
  seams_.route(to, [row, message = std::move(message)](Loop& loop) mutable {
    const std::uint16_t partition = message.partition;
    loop.enqueue({partition, to_command(std::move(message)), row});
  });
}

void Loop::erase_outbox(const OutboxRow& row) {
  seams_.route(row.partition, [row](Loop& loop) {
    Partition* partition = loop.find(row.partition);
    NT_ASSERT(partition != nullptr);
    partition->dirty = loop.open_->seq();
    loop.open_->erase(*partition, store::outbox_key(row.partition, row.seq));
    loop.when_committed(*partition, [&loop, row] { loop.seams_.outbox->remove(row.number); });
  });
}

}  // namespace nowthen::engine

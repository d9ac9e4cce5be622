#include "store/codec.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/sample_rows.h"

namespace nowthen::store {
namespace {

using core::Entry;
using core::Invocation;

void expect_same(const Entry& a, const Entry& b) {
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.done_seq, b.done_seq);
  EXPECT_EQ(a.tries, b.tries);
  EXPECT_EQ(a.due, b.due);
  EXPECT_EQ(a.since, b.since);
  EXPECT_EQ(a.child, b.child);
  EXPECT_EQ(a.outcome, b.outcome);
}

void expect_same(const Invocation& a, const Invocation& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.operation, b.operation);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.order, b.order);
  EXPECT_EQ(a.idempotency_key, b.idempotency_key);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.held_above, b.held_above);
  EXPECT_EQ(a.depth, b.depth);
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_EQ(a.callback, b.callback);
  EXPECT_EQ(a.parents, b.parents);
  EXPECT_EQ(a.accepted_seq, b.accepted_seq);
  EXPECT_EQ(a.accepted, b.accepted);
  EXPECT_EQ(a.not_before, b.not_before);
  EXPECT_EQ(a.start_due, b.start_due);
  EXPECT_EQ(a.answer_due, b.answer_due);
  EXPECT_EQ(a.on_timeout, b.on_timeout);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.park_reason, b.park_reason);
  EXPECT_EQ(a.note, b.note);
  EXPECT_EQ(a.attempt, b.attempt);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.failures, b.failures);
  EXPECT_EQ(a.crashes, b.crashes);
  EXPECT_EQ(a.done_at_start, b.done_at_start);
  EXPECT_EQ(a.backoff_due, b.backoff_due);
  EXPECT_EQ(a.attempt_started, b.attempt_started);
  EXPECT_EQ(a.cancel_seq, b.cancel_seq);
  EXPECT_EQ(a.cancel_note, b.cancel_note);
  EXPECT_EQ(a.cleanup_due, b.cleanup_due);
  EXPECT_EQ(a.ended, b.ended);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.signals.size(), b.signals.size());
  for (std::size_t i = 0; i < a.signals.size(); ++i) {
    EXPECT_EQ(a.signals[i].name, b.signals[i].name);
    EXPECT_EQ(a.signals[i].payload, b.signals[i].payload);
  }
}

TEST(HeaderRow, random_headers_come_back_whole) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    const Invocation it = SampleRows(seed).invocation(2'000);
    const RowWrite row = encode_header(it);
    const auto back = decode_header(row.key, *row.value);
    ASSERT_TRUE(back) << back.error().message;
    expect_same(it, **back);
    const bool large = it.input.size() > kInlineBytesMax;
    EXPECT_EQ((*back)->input_row, large);
    EXPECT_EQ((*back)->input, large ? "" : it.input);
    EXPECT_TRUE((*back)->stored);
    EXPECT_EQ((*back)->last_seq, it.cancel_seq);
    std::vector<const Entry*> open;
    for (const Entry& entry : it.open) {
      if (core::is_stored(entry)) open.push_back(&entry);
    }
    ASSERT_EQ((*back)->open.size(), open.size());
    for (std::size_t i = 0; i < open.size(); ++i) expect_same(*open[i], (*back)->open[i]);
    // One value has one encoding.
    if (!large) {
      EXPECT_EQ(encode_header(**back).value, row.value);
    }
  }
}

TEST(HeaderRow, a_sleeping_invocation_is_small) {
  Invocation it;
  it.id = InvocationId::make(1'790'000'000'000, 3, 77);
  it.operation = "place-order";
  it.accepted_seq = core::AcceptSeq{123'456};
  it.accepted = from_us(1'790'000'000'000'123);
  it.state = core::State::suspended;
  it.attempt = 1;
  it.epoch = core::LeaseEpoch{1};
  it.attempt_started = from_us(1'790'000'000'000'500);
  it.input = R"({"email":"a@example.org","item":"burger"})";
  Entry sleep;
  sleep.path = "sleep";
  sleep.kind = core::EntryKind::sleep;
  sleep.due = from_us(1'790'086'400'000'000);
  sleep.since = from_us(1'790'000'000'100'000);
  it.open.push_back(sleep);
  const RowWrite row = encode_header(it);
  EXPECT_LE(row.key.size() + row.value->size(), 130u);
}

TEST(EntryRow, random_entries_come_back_whole) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    SampleRows sample(seed);
    const InvocationId id = sample.id();
    Entry entry = sample.entry(100);
    entry.done_seq = 1 + sample.small() / 2;
    const RowWrite row = encode_entry(id, 7, entry);
    const auto back = decode_entry(row.key, *row.value);
    ASSERT_TRUE(back) << back.error().message;
    expect_same(entry, *back);
  }
}

TEST(FinishedRow, random_ends_come_back_whole) {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    const Invocation it = SampleRows(seed).invocation(4'000);
    std::vector<RowWrite> rows;
    encode_finished(it, bucket_of(it.ended, std::chrono::hours(24)), rows);
    const auto back = decode_finished(rows[0].key, *rows[0].value);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->id, it.id);
    EXPECT_EQ(back->bucket, bucket_of(it.ended, std::chrono::hours(24)));
    EXPECT_EQ(back->operation, it.operation);
    EXPECT_EQ(back->version, it.version);
    EXPECT_EQ(back->mode, it.mode);
    EXPECT_EQ(back->order, it.order);
    EXPECT_EQ(back->idempotency_key, it.idempotency_key);
    EXPECT_EQ(back->fingerprint, it.fingerprint);
    EXPECT_EQ(back->accepted, it.accepted);
    EXPECT_EQ(back->ended, it.ended);
    EXPECT_EQ(back->state, it.state);
    EXPECT_EQ(back->note, it.note);
    EXPECT_EQ(back->attempt, it.attempt);
    EXPECT_EQ(back->cancel_note, it.cancel_note);
    EXPECT_EQ(back->outcome.code, it.outcome.code);
    EXPECT_EQ(back->input_row, it.input.size() > kInlineBytesMax);
    if (!back->input_row) {
      EXPECT_EQ(back->input, it.input);
    }
    ASSERT_EQ(back->result_row, it.outcome.data.size() > kInlineBytesMax);
    ASSERT_EQ(rows.size(), back->result_row ? 2u : 1u);
    if (back->result_row) {
      EXPECT_EQ(rows[1].key, result_key(it.id, back->bucket));
      EXPECT_EQ(*decode_result(rows[1].key, *rows[1].value), it.outcome.data);
    } else {
      EXPECT_EQ(back->outcome.data, it.outcome.data);
    }
    EXPECT_EQ(parse_finished_key(rows[0].key)->aux,
              aux_keys(*back).empty() ? Aux::none : Aux::rows);
    ASSERT_EQ(back->done, it.done.size());
    ASSERT_EQ(back->digest.size(), it.done.size());
    for (std::size_t i = 0; i < it.done.size(); ++i) {
      const DigestEntry& kept = back->digest[i];
      EXPECT_EQ(kept.path, it.done[i].path);
      EXPECT_EQ(kept.kind, it.done[i].kind);
      EXPECT_EQ(kept.done_seq, it.done[i].done_seq);
      EXPECT_EQ(kept.tries, it.done[i].tries);
      EXPECT_EQ(kept.ended, it.done[i].since);
      EXPECT_EQ(kept.child, it.done[i].child);
      EXPECT_EQ(kept.code, it.done[i].outcome.code);
      EXPECT_EQ(kept.data_bytes, it.done[i].outcome.data.size());
      EXPECT_EQ(kept.data, it.done[i].outcome.data.substr(0, kDigestValueBytesMax));
    }
  }
}

TEST(FinishedRow, a_long_journal_is_counted_and_its_first_part_kept) {
  Invocation it = SampleRows(1).invocation();
  it.done.clear();
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    Entry entry;
    entry.path = "step#" + std::to_string(i);
    entry.done_seq = i + 1;
    entry.outcome.data = std::string(1'000, 'x');
    it.done.push_back(entry);
  }
  std::vector<RowWrite> rows;
  encode_finished(it, bucket_of(it.ended, std::chrono::hours(24)), rows);
  const auto back = decode_finished(rows[0].key, *rows[0].value);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->done, 1'000u);
  EXPECT_GT(back->digest.size(), 60u);
  EXPECT_LT(back->digest.size(), 66u);
  EXPECT_LT(rows[0].value->size(), kDigestBytesMax + 4'096);
}

TEST(MessageRow, random_messages_come_back_whole) {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    const core::Message message = SampleRows(seed).message();
    const RowWrite row = encode_message(5, seed, message);
    const auto back = decode_message(row.key, *row.value);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->partition, message.partition);
    ASSERT_EQ(back->body.index(), message.body.index());
    // One value has one encoding, so equal bytes mean equal messages.
    EXPECT_EQ(encode_message(5, seed, *back).value, row.value);
    if (const auto* invoke = std::get_if<core::Invoke>(&back->body)) {
      const auto& sent = std::get<core::Invoke>(message.body);
      EXPECT_EQ(invoke->input, sent.input);
      EXPECT_EQ(invoke->options.wait, sent.options.wait);
      EXPECT_EQ(invoke->options.prefer, sent.options.prefer);
      EXPECT_EQ(invoke->parent, sent.parent);
      EXPECT_EQ(invoke->options.trace, sent.options.trace);
      EXPECT_EQ(invoke->options.callback, sent.options.callback);
      EXPECT_EQ(invoke->held_above, sent.held_above);
      EXPECT_TRUE(invoke->redelivered);
    }
  }
}

TEST(SmallRows, come_back_whole) {
  const InvocationId id = InvocationId::make(1, 2, 3);
  const RowWrite record = encode_idempotency(2, "op\0\0key", {id, 99});
  const auto key = decode_idempotency(record.key, *record.value);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->id, id);
  EXPECT_EQ(key->fingerprint, 99u);
  const RowWrite state = encode_state(2, {"scope", "key"}, "name", "bytes");
  EXPECT_EQ(*decode_state(state.key, *state.value), "bytes");
  const RowWrite input = encode_input(id, "");
  EXPECT_EQ(*decode_input(input.key, *input.value), "");
  const RowWrite epoch = encode_epoch(2, OwnerEpoch{7});
  EXPECT_EQ(*decode_epoch(epoch.key, *epoch.value), OwnerEpoch{7});
  const RowWrite fact = encode_opaque(meta_key("partitions"), "64");
  EXPECT_EQ(*decode_opaque(fact.key, *fact.value), "64");
}

}  // namespace
}  // namespace nowthen::store

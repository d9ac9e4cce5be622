#pragma once

// For tests: everything that a PartitionState holds, as text, to compare and to look at.

#include <map>
#include <sstream>
#include <string>

#include "core/partition_state.h"

namespace nowthen::core {

inline std::ostream& operator<<(std::ostream& out, InvocationId id) {
  return out << nowthen::to_string(id);
}
inline std::ostream& operator<<(std::ostream& out, State state) { return out << to_string(state); }

namespace dumping {

inline void put(std::ostream& out, const Entry& entry) {
  out << "    " << entry.path << ' ' << to_string(entry.kind) << " seq " << entry.done_seq
      << " tries " << entry.tries << " due " << to_us(entry.due) << " since " << to_us(entry.since)
      << " stage " << static_cast<int>(entry.stage) << " child " << entry.child << " code "
      << static_cast<int>(entry.outcome.code) << " '" << entry.outcome.data << "'\n";
}

inline void put(std::ostream& out, const Invocation& of) {
  out << "  " << of.operation << " v" << of.version << " mode " << static_cast<int>(of.mode)
      << " priority " << static_cast<int>(of.priority) << " order '" << of.order.scope << "/"
      << of.order.key << "' idempotency '" << of.idempotency_key << "' " << of.fingerprint
      << " depth " << of.depth << " held " << of.held_above.size() << " parents "
      << of.parents.size() << " trace '" << of.trace << "' callback '" << of.callback << "' seq "
      << std::to_underlying(of.accepted_seq) << " accepted " << to_us(of.accepted) << " not_before "
      << to_us(of.not_before) << " start " << to_us(of.start_due) << " answer "
      << to_us(of.answer_due) << "\n  " << of.state << ' ' << to_string(of.park_reason) << " '"
      << of.note << "' attempt " << of.attempt << " epoch " << std::to_underlying(of.epoch)
      << " failures " << of.failures << " crashes " << of.crashes << " at_start "
      << of.done_at_start << " backoff " << to_us(of.backoff_due) << " started "
      << to_us(of.attempt_started) << " cancel " << of.cancel_seq << " '" << of.cancel_note
      << "' cleanup " << to_us(of.cleanup_due) << "\n  input '" << of.input << "' last_seq "
      << of.last_seq << " bytes " << of.journal_bytes << (of.stored ? " stored" : "")
      << (of.resident ? " resident" : "") << " rows " << of.rows << "\n";
  for (const Waiter& waiter : of.waiters) {
    out << "    waiter " << std::to_underlying(waiter.id) << " due " << to_us(waiter.due) << "\n";
  }
  for (const BufferedSignal& signal : of.signals) {
    out << "    signal " << signal.name << " '" << signal.payload << "'\n";
  }
  out << "   done\n";
  for (const Entry& entry : of.done) put(out, entry);
  out << "   open\n";
  for (const Entry& entry : of.open) put(out, entry);
}

}  // namespace dumping

inline std::string dump(const PartitionState& state) {
  std::ostringstream out;
  out << "running " << state.running << " last_accepted " << std::to_underlying(state.last_accepted)
      << " unstored " << state.unstored.size() << " next_due " << to_us(state.next_due())
      << (state.draining ? " draining" : "") << "\n";
  for (const auto& [name, op] : state.operations) {
    out << "operation " << name << " scope '" << op->key_scope << "' versions "
        << op->versions.size() << (op->pulled ? " pulled" : "") << (op->told ? " told" : "")
        << "\n";
    for (const ReadyPlace& place : op->line) out << "waits for a worker " << place.id << "\n";
  }
  for (const auto& [order, line] : state.order_lines) {
    out << "line " << order.scope << "/" << order.key << ":";
    for (const InvocationId id : line) out << ' ' << id;
    out << "\n";
  }
  for (const ReadyPlace& place : state.ready) out << "ready " << place.id << "\n";
  for (const InvocationId id : state.loading) out << "loading " << id << "\n";
  for (const InvocationId id : state.taken) out << "taken " << id << "\n";
  for (const std::string& name : state.cut_short) out << "cut short " << name << "\n";
  std::map<InvocationId, const Live*> sorted;
  for (const auto& [id, live] : state.live) sorted[id] = &live;
  for (const auto& [id, live] : sorted) {
    out << id << ' ' << live->state << " seq " << std::to_underlying(live->accepted_seq) << " rank "
        << static_cast<int>(live->rank) << " due " << to_us(live->due)
        << (live->loaded ? "\n" : " evicted\n");
    if (live->loaded) dumping::put(out, *live->loaded);
  }
  return out.str();
}

}  // namespace nowthen::core

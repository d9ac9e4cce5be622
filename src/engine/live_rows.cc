#include "engine/live_rows.h"

#include <algorithm>

#include "store/codec.h"

namespace nowthen::engine {
namespace {

using Loaded = Result<std::unique_ptr<core::Invocation>>;
using Values = Result<std::vector<std::optional<std::string>>>;

using Found = std::optional<store::FinishedRow>;

/// One journal being read, page by page.
struct JournalRead {
  store::Store& store;
  std::unique_ptr<core::Invocation> invocation;
  store::KeyRange range;
  store::Completion<Loaded> done;
};

void read_journal(std::unique_ptr<JournalRead> read) {
  store::Scan scan;
  scan.from = read->range.from;
  scan.to = read->range.to;
  store::Store& store = read->store;
  store.scan(std::move(scan), [read = std::move(read)](Result<store::Page> page) mutable {
    if (!page) return read->done(page.error());
    if (auto added = add_entries(*read->invocation, page->rows); !added) {
      return read->done(added.error());
    }
    if (page->more) {
      read->range.from = page->rows.back().key + '\0';
      return read_journal(std::move(read));
    }
    read->done(std::move(read->invocation));
  });
}

}  // namespace

Result<void> add_entries(core::Invocation& invocation, const std::vector<store::Row>& rows) {
  for (const store::Row& row : rows) {
    auto entry = store::decode_entry(row.key, row.value);
    if (!entry) return entry.error();
    std::erase_if(invocation.open, [&entry](const core::Entry& open) {
      return open.path == entry->path;  // its header was written before it was done
    });
    invocation.last_seq = std::max(invocation.last_seq, entry->done_seq);
    invocation.journal_bytes += entry->path.size() + entry->outcome.data.size();
    invocation.done.push_back(std::move(*entry));
  }
  invocation.rows = static_cast<std::uint32_t>(invocation.done.size());
  return {};
}

void read_live(store::Store& store, InvocationId id, store::Completion<Loaded> done) {
  std::vector<std::string> keys{store::live_key(id), store::input_key(id)};
  store.read(std::move(keys), [&store, id, done = std::move(done)](Values values) mutable {
    if (!values) return done(values.error());
    const std::optional<std::string>& header = values->front();
    const std::optional<std::string>& input = values->back();
    if (!header) {
      return done(Error{ErrorCode::corruption,
                        "the header row of live invocation " + to_string(id) + " is gone"});
    }
    Loaded loaded = store::decode_header(store::live_key(id), *header);
    if (!loaded) return done(std::move(loaded));
    core::Invocation& invocation = **loaded;
    invocation.header_row = true;
    if (invocation.input_row) {
      if (!input) {
        return done(Error{ErrorCode::corruption,
                          "the input row of live invocation " + to_string(id) + " is gone"});
      }
      auto bytes = store::decode_input(store::input_key(id), *input);
      if (!bytes) return done(bytes.error());
      invocation.input = std::move(*bytes);
    }
    // An attempt is in the header row before it begins: without one nothing was recorded.
    if (invocation.attempt == 0) return done(std::move(loaded));
    read_journal(std::make_unique<JournalRead>(
        JournalRead{store, std::move(*loaded), store::entry_keys(id), std::move(done)}));
  });
}

void read_finished(store::Store& store, const std::map<store::Bucket, EndedBucket>& buckets,
                   InvocationId id,
                   store::Completion<Result<std::optional<store::FinishedRow>>> done) {
  std::vector<std::string> keys;
  for (const auto& [bucket, about] : buckets) {
    keys.push_back(store::finished_key(id, bucket, store::Aux::none));
    keys.push_back(store::finished_key(id, bucket, store::Aux::rows));
  }
  if (keys.empty()) return done(Found(std::nullopt));
  store.read(keys, [&store, id, keys, done = std::move(done)](Values values) mutable {
    if (!values) return done(values.error());
    const auto found = std::ranges::find_if(*values, [](const auto& v) { return v.has_value(); });
    if (found == values->end()) return done(Found(std::nullopt));
    const auto at = static_cast<std::size_t>(found - values->begin());
    auto row = store::decode_finished(keys[at], **found);
    if (!row) return done(row.error());
    if (!row->result_row) return done(Found(std::move(*row)));
    std::string key = store::result_key(id, row->bucket);
    std::vector<std::string> result_keys{key};
    store.read(std::move(result_keys),
               [key, row = std::move(*row), done = std::move(done)](Values result) mutable {
                 if (!result) return done(result.error());
                 if (!result->front()) {
                   return done(Error{ErrorCode::corruption,
                                     "the result row of " + to_string(row.id) + " is gone"});
                 }
                 auto bytes = store::decode_result(key, *result->front());
                 if (!bytes) return done(bytes.error());
                 row.outcome.data = std::move(*bytes);
                 done(Found(std::move(row)));
               });
  });
}

}  // namespace nowthen::engine

// Engine::search: live invocations from memory, ended ones from their buckets, page by page.

#include <algorithm>
#include <atomic>
#include <set>

#include "base/wire.h"
#include "core/queries.h"
#include "engine/engine.h"
#include "store/codec.h"

namespace nowthen::engine {
namespace {

/// Rows that one page looks at, so that a search for what is rare answers in time.
constexpr std::size_t kRowsPerPage = 20'000;

/// Where the next page begins: behind a live id, or at a row of a bucket.
struct Cursor {
  bool live = true;
  InvocationId after;
  store::Bucket bucket = store::kLastBucket;
  std::uint16_t partition = 0;
  std::string before;  ///< a key; empty: from the end of the bucket
};

std::string encode(const Cursor& cursor) {
  std::string bytes;
  Writer out(bytes);
  out.u8(cursor.live ? 1 : 0);
  out.be64(cursor.after.high);
  out.be64(cursor.after.low);
  out.be32(static_cast<std::uint32_t>(cursor.bucket));
  out.be16(cursor.partition);
  out.bytes(cursor.before);
  return bytes;
}

std::optional<Cursor> decode(std::string_view bytes) {
  Cursor cursor;
  if (bytes.empty()) return cursor;
  Reader in(bytes);
  cursor.live = in.u8() != 0;
  cursor.after.high = in.be64();
  cursor.after.low = in.be64();
  cursor.bucket = static_cast<store::Bucket>(in.be32());
  cursor.partition = in.be16();
  cursor.before = in.bytes();
  if (!in.finished()) return std::nullopt;
  return cursor;
}

WallTime made(InvocationId id) { return WallTime(std::chrono::milliseconds(id.created_ms())); }

struct Search : std::enable_shared_from_this<Search> {
  Search(Engine& e, store::Store& s, SearchFilter f, Cursor c, std::size_t l,
         Engine::Told<SearchPage> t)
      : engine(e), store(s), filter(std::move(f)), cursor(c), limit(l), told(std::move(t)) {}

  Engine& engine;
  store::Store& store;
  const SearchFilter filter;
  Cursor cursor;
  const std::size_t limit;
  Engine::Told<SearchPage> told;
  SearchPage page;
  std::mutex mutex;  ///< guards what the loops find
  std::set<store::Bucket> buckets;
  std::atomic<std::size_t> left = 0;
  std::size_t rows = 0;

  void begin();
  void look(Partition& partition);
  void looked();
  void scan();
  void scanned(const store::Page& found);
  bool matches(const store::FinishedRow& row) const;
  void stop_here() {
    page.cursor = encode(cursor);
    tell();
  }
  /// Within a page the order is exact.
  void tell() {
    const auto ended = std::ranges::find_if(
        page.matches, [](const SearchMatch& match) { return match.ended.has_value(); });
    std::sort(ended, page.matches.end(), [](const SearchMatch& a, const SearchMatch& b) {
      return std::pair(*b.ended, b.id) < std::pair(*a.ended, a.id);
    });
    told(std::move(page));
  }
};

void Search::begin() {
  left = engine.partitions();
  for (std::uint16_t number = 0; number < engine.partitions(); ++number) {
    engine.look(number, [self = shared_from_this()](Loop& loop, Partition& partition) {
      self->look(partition);
      loop.when_committed(partition, [self] {
        if (self->left.fetch_sub(1) == 1) self->looked();
      });
    });
  }
}

void Search::look(Partition& partition) {
  std::vector<SearchMatch> found;
  const bool wanted = !filter.state || !core::is_terminal(*filter.state);
  if (cursor.live && wanted) {
    std::set<InvocationId> in_line;
    if (!filter.order_key.empty()) {
      for (const auto& [key, line] : partition.state.order_lines) {
        if (key.key == filter.order_key) in_line.insert(line.begin(), line.end());
      }
    }
    const core::LiveFilter live{filter.operation, filter.state};
    // An order key or a time is looked for in all of them; so many live in one line only.
    const bool narrow = !filter.order_key.empty() || filter.from > WallTime::min();
    const std::size_t most = narrow ? SIZE_MAX - 1 : limit + 1;
    for (auto& match : core::search_live(partition.state, live, cursor.after, most).matches) {
      if (!filter.order_key.empty() && !in_line.contains(match.id)) continue;
      if (made(match.id) < filter.from) continue;
      found.push_back({match.id, std::move(match.operation), match.state, made(match.id), {}});
    }
  }
  const std::lock_guard lock(mutex);
  std::ranges::move(found, std::back_inserter(page.matches));
  for (const auto& [bucket, about] : partition.buckets) buckets.insert(bucket);
}

void Search::looked() {
  if (cursor.live) {
    std::ranges::sort(page.matches, {}, &SearchMatch::id);
    if (page.matches.size() > limit) {
      page.matches.resize(limit);
      cursor.after = page.matches.back().id;
      return stop_here();
    }
    cursor = {};
    cursor.live = false;
  }
  if (filter.state && !core::is_terminal(*filter.state)) return tell();
  scan();
}

/// The rows of one bucket of one partition, the latest key first; then the next partition, and
/// behind the last the next earlier bucket.
void Search::scan() {
  while (true) {
    const auto upper = buckets.upper_bound(cursor.bucket);
    if (upper == buckets.begin()) return tell();
    const store::Bucket bucket = *std::prev(upper);
    if (bucket != cursor.bucket) {
      cursor.partition = 0;
      cursor.before.clear();
      cursor.bucket = bucket;
    }
    if (cursor.partition < engine.partitions()) break;
    if (bucket == store::Bucket{}) return tell();
    cursor.bucket = static_cast<store::Bucket>(std::to_underlying(bucket) - 1);
    cursor.partition = 0;
    cursor.before.clear();
  }
  if (page.matches.size() >= limit || rows >= kRowsPerPage) return stop_here();
  const store::KeyRange range = store::finished_keys(cursor.partition, cursor.bucket);
  store::Scan scan;
  scan.from = range.from;
  scan.to = cursor.before.empty() ? range.to : cursor.before;
  scan.rows_max = std::min<std::size_t>(1'000, std::max<std::size_t>(limit, 100));
  scan.newest_first = true;
  store.scan(std::move(scan), [self = shared_from_this()](Result<store::Page> found) {
    if (!found) return self->told(found.error());
    self->scanned(*found);
  });
}

void Search::scanned(const store::Page& found) {
  for (const store::Row& row : found.rows) {
    if (page.matches.size() >= limit) return stop_here();
    cursor.before = row.key;
    ++rows;
    auto ended = store::decode_finished(row.key, row.value);
    if (!ended) return told(ended.error());
    if (!matches(*ended)) continue;
    page.matches.push_back(
        {ended->id, std::move(ended->operation), ended->state, ended->accepted, ended->ended});
  }
  if (!found.more) {
    ++cursor.partition;
    cursor.before.clear();
  }
  scan();
}

bool Search::matches(const store::FinishedRow& row) const {
  return (filter.operation.empty() || filter.operation == row.operation) &&
         (filter.order_key.empty() || filter.order_key == row.order.key) &&
         (!filter.state || *filter.state == row.state) && row.accepted >= filter.from;
}

}  // namespace

void Engine::search(SearchFilter filter, std::string_view cursor, std::size_t limit,
                    Told<SearchPage> told) {
  const auto from = decode(cursor);
  if (!from)
    return told(Error{ErrorCode::invalid_argument, "the cursor is not one of this search"});
  std::make_shared<Search>(*this, *setup_.store, std::move(filter), *from,
                           std::max<std::size_t>(limit, 1), std::move(told))
      ->begin();
}

}  // namespace nowthen::engine

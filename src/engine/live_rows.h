#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/invocation.h"
#include "engine/partition.h"
#include "store/finished_row.h"
#include "store/store.h"

namespace nowthen::engine {

/// Reads a live invocation: header, journal and input. `corruption` if there is no header row.
void read_live(store::Store& store, InvocationId id,
               store::Completion<Result<std::unique_ptr<core::Invocation>>> done);

/// Reads a finished invocation, with its result, out of the buckets that there are; none if it is
/// in none of them.
void read_finished(store::Store& store, const std::map<store::Bucket, EndedBucket>& buckets,
                   InvocationId id,
                   store::Completion<Result<std::optional<store::FinishedRow>>> done);

/// Adds the journal rows of a page to `invocation`, whose header is decoded already: entries that
/// are done leave `open`, and what is counted is counted again.
Result<void> add_entries(core::Invocation& invocation, const std::vector<store::Row>& rows);

}  // namespace nowthen::engine

#pragma once

#include <string_view>

#include <rocksdb/options.h>

#include "store/rocks_store.h"

namespace nowthen::store {

/// How RocksDB is set up for us, with the reasons. Room-internal.
rocksdb::DBOptions rocks_db_options(const RocksOptions& options);
/// Of both tables.
rocksdb::ColumnFamilyOptions rocks_table_options(const RocksOptions& options);

/// Whether the memory table remembers the place of the last key like this one (same range and
/// partition). RocksDB 7.8 takes the beginning of an erased range for such a key and then searches
/// the wrong list with the place remembered, which corrupts memory. So no range that begins with
/// such a key may be given to it; see Rocks::add.
bool has_place_hint(std::string_view key);

}  // namespace nowthen::store

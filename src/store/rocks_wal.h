#pragma once

#include <string>

namespace rocksdb {
class Env;
}

namespace nowthen::store {

/// Whether the logs of a database are intact but for a torn end: a power cut in the middle of the
/// last write, of which nobody was told. False when intact writes follow the damage that do not
/// continue where it begins: as each write is synced before the next one begins, what is damaged
/// was acknowledged then, and must not be dropped silently. RocksDB itself does not tell the two
/// apart. Reads all logs into memory, one after the other.
bool is_torn_at_the_end(rocksdb::Env& env, const std::string& folder);

}  // namespace nowthen::store

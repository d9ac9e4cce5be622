#pragma once

#include <string>

namespace rocksdb {
class Env;
}

namespace nowthen::store {

/// Whether the damage in the newest log of a database is a torn end: a power cut in the middle of
/// the last write, of which nobody was told. False when an intact write follows the damage: as
/// each write is synced before the next one begins, what is damaged was acknowledged then, and
/// must not be dropped silently. RocksDB itself cannot tell the two apart.
bool is_torn_at_the_end(rocksdb::Env& env, const std::string& folder);

}  // namespace nowthen::store

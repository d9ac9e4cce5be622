#include "engine/open_store.h"

#include "store/memory_store.h"
#if NOWTHEN_WITH_ROCKSDB
#include "store/rocks_store.h"
#endif

namespace nowthen::engine {

Result<OpenedStore> open_store(const std::string& folder, std::uint16_t partitions) {
  if (folder.empty()) return OpenedStore{std::make_unique<store::MemoryStore>(), partitions};
#if NOWTHEN_WITH_ROCKSDB
  store::RocksOptions options;
  options.folder = folder;
  options.partitions = partitions;
  auto opened = store::open_rocks_store(std::move(options));
  if (!opened) return opened.error();
  const std::uint16_t existing = (*opened)->partitions();
  return OpenedStore{std::move(*opened), existing};
#else
  return Error{ErrorCode::invalid_argument, "this build keeps data in memory only: no data_dir"};
#endif
}

}  // namespace nowthen::engine

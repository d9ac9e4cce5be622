// Any key and value, with a right checksum or not: decoders neither crash nor accept what they
// would not write themselves.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/checksum.h"
#include "base/wire.h"
#include "store/codec.h"

namespace {

using namespace nowthen::store;

void decode_all(std::string_view key, std::string_view value) {
  if (const auto header = decode_header(key, value); header && (*header)->input_row == false) {
    bool all_stored = true;
    for (const auto& entry : (*header)->open) all_stored = all_stored && is_stored(entry);
    if (all_stored) NT_ASSERT(decode_header(key, *encode_header(**header).value));
  }
  if (const auto entry = decode_entry(key, value)) {
    const auto place = parse_entry_key(key);
    NT_ASSERT(encode_entry(place->id, place->index, *entry).key == key);
  }
  if (const auto row = decode_finished(key, value)) (void)aux_keys(*row);
  if (const auto message = decode_message(key, value)) {
    const RowWrite again = encode_message(1, 1, *message);
    NT_ASSERT(decode_message(again.key, *again.value));
  }
  (void)decode_input(key, value).has_value();
  (void)decode_result(key, value).has_value();
  (void)decode_idempotency(key, value).has_value();
  (void)decode_state(key, value).has_value();
  (void)decode_epoch(key, value).has_value();
  (void)parse_state_key(key);
  (void)parse_policy_key(key);
  (void)describe_key(key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first byte is the length of the key.
  nowthen::Reader in({reinterpret_cast<const char*>(data), size});
  const std::string key(in.raw(in.u8()));
  std::string value(in.raw(in.remaining()));
  decode_all(key, value);
  nowthen::Writer(value).be32(nowthen::crc32c(value, nowthen::crc32c(key)));
  decode_all(key, value);
  return 0;
}

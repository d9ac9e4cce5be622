// Any bytes as the file of `nowthen serve --config`: what is wrong with it is said, and neither its
// aliases nor its depth make it endless.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include <unistd.h>

#include "base/assert.h"
#include "server/config.h"
#include "server/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nowthen::server;
  static const std::string path = "/tmp/nowthen-config-fuzz." + std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  NT_ASSERT(file != nullptr);
  NT_ASSERT(size == 0 || std::fwrite(data, 1, size, file) == size);
  NT_ASSERT(std::fclose(file) == 0);

  const ConfigFile read = read_config_file(path);
  for (const ConfigLine& line : read.lines) NT_ASSERT(line.number >= 1);
  for (const std::string& error : read.errors) NT_ASSERT(error.starts_with(path + ":"));
  const std::string name = "NOWTHEN_CONFIG=" + path;
  const char* environment[] = {name.c_str(), nullptr};
  const Config config = read_config({}, environment);
  NT_ASSERT(config.errors.size() >= read.errors.size());
  std::remove(path.c_str());
  return 0;
}

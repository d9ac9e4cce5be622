# Writes OUTPUT: the files of FILES (a list of name=path) as C++ strings, found by their names.
# Raw string literals are limited in length by some compilers, so that each is cut into pieces.

set(code "#include \"http/pages.h\"\n\n#include <array>\n#include <string>\n#include <utility>\n\n")
string(APPEND code "namespace nowthen::http {\nnamespace {\n\n")
set(entries "")
set(number 0)
foreach(file ${FILES})
  string(REGEX REPLACE "=.*$" "" name "${file}")
  string(REGEX REPLACE "^[^=]*=" "" path "${file}")
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND code "constexpr unsigned char kFile${number}[] = {${bytes}0};\n")
  string(APPEND entries "    {\"${name}\", {reinterpret_cast<const char*>(kFile${number}),"
    " sizeof(kFile${number}) - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND code "\n}  // namespace\n\nstd::string_view built_in(std::string_view name) {\n"
  "  using File = std::pair<std::string_view, std::string_view>;\n"
  "  static const std::array<File, ${number}> kFiles = {{\n"
  "${entries}  }};\n  for (const auto& [is, bytes] : kFiles) {\n    if (is == name) return bytes;\n"
  "  }\n  return {};\n}\n\n}  // namespace nowthen::http\n")
file(WRITE "${OUTPUT}" "${code}")

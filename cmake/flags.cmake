# Language level, warnings, sanitizers, and the faster tools where they are installed.

set(CMAKE_CXX_STANDARD 23) # inside; what includes public headers only is built as C++20
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror)
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=) # __FILE__ is the path in this tree
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 warns about correct code of std::string (GCC bug 105651) and std::variant.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
add_compile_definitions(NOWTHEN_WITH_ROCKSDB=$<BOOL:${NOWTHEN_WITH_ROCKSDB}>)
if(NOWTHEN_PLANT_BUGS)
  add_compile_definitions(NOWTHEN_PLANT_BUGS=1)
endif()

if(NOWTHEN_SANITIZE)
  set(sanitize -fsanitize=${NOWTHEN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options(${sanitize})
  add_link_options(${sanitize})
  if(NOWTHEN_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

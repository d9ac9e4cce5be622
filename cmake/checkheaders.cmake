# The target checkheaders: every header compiles alone; the public ones as C++20 with each compiler.

set(folder ${PROJECT_BINARY_DIR}/checkheaders)
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS
  RELATIVE ${PROJECT_SOURCE_DIR}/include include/nowthen/*.h)
file(GLOB_RECURSE inner_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src src/*.h)
if(NOT NOWTHEN_WITH_ROCKSDB)
  list(FILTER inner_headers EXCLUDE REGEX "^store/rocks")
endif()
add_custom_target(checkheaders)

function(_nowthen_header_units out dir)
  set(units)
  foreach(header ${ARGN})
    file(CONFIGURE OUTPUT ${dir}/${header}.cc CONTENT "#include \"${header}\"\n")
    list(APPEND units ${dir}/${header}.cc)
  endforeach()
  set(${out} "${units}" PARENT_SCOPE)
endfunction()

if(inner_headers)
  _nowthen_header_units(units ${folder}/inner ${inner_headers})
  add_library(checkheaders_inner OBJECT EXCLUDE_FROM_ALL ${units})
  target_link_libraries(checkheaders_inner PRIVATE nowthen_sdk)
  target_compile_options(checkheaders_inner PRIVATE -O0 -g0)
  add_dependencies(checkheaders checkheaders_inner)
endif()

_nowthen_header_units(units ${folder}/public ${public_headers})
foreach(compiler clang++-19 g++)
  find_program(CHECK_WITH_${compiler} ${compiler})
  mark_as_advanced(CHECK_WITH_${compiler})
  if(NOT CHECK_WITH_${compiler})
    continue()
  endif()
  foreach(unit ${units})
    set(stamp ${unit}.${compiler}.checked)
    add_custom_command(OUTPUT ${stamp}
      COMMAND ${CHECK_WITH_${compiler}} -std=c++20 -fsyntax-only
        -Wall -Wextra -Wconversion -Wshadow -Werror -I ${PROJECT_SOURCE_DIR}/include
        -MD -MF ${stamp}.d -MT ${stamp} ${unit}
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      DEPENDS ${unit} DEPFILE ${stamp}.d VERBATIM
      COMMENT "Checking ${unit} with ${compiler}")
    list(APPEND stamps ${stamp})
  endforeach()
endforeach()
if(stamps)
  add_custom_target(checkheaders_public DEPENDS ${stamps})
  add_dependencies(checkheaders checkheaders_public)
endif()

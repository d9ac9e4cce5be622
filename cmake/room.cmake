# nowthen_room and nowthen_programs: how a folder of sources becomes libraries, programs and tests.
#
# What a file becomes is told by the end of its name:
#   *_test.cc   a GoogleTest file       *_main.cc, main.cc   another program
#   *_bench.cc  a benchmark program     *_fuzz.cc   a libFuzzer program (only with NOWTHEN_FUZZ)
#   any other   part of the library
# Each function does nothing in a folder that does not exist, so the tree configures at every stage.

# Sorts the files in `dir` into the lists sources, tests, benchs, fuzzs and mains of the caller.
function(_nowthen_files dir recurse)
  file(GLOB${recurse} all CONFIGURE_DEPENDS ${dir}/*.cc)
  if(NOT NOWTHEN_WITH_ROCKSDB)
    list(FILTER all EXCLUDE REGEX "/src/store/rocks[^/]*(/.*)?$")
  endif()
  set(sources ${all})
  foreach(kind test bench fuzz main)
    set(of_kind ${all})
    list(FILTER of_kind INCLUDE REGEX "[_/]${kind}\\.cc$")
    if(of_kind)
      list(REMOVE_ITEM sources ${of_kind})
    endif()
    set(${kind}s "${of_kind}" PARENT_SCOPE)
  endforeach()
  set(sources "${sources}" PARENT_SCOPE)
endfunction()

# A program `name` in build/<preset>/<folder>, named `output` there.
function(_nowthen_program name folder output sources libraries)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${libraries})
  set_target_properties(${name} PROPERTIES
    OUTPUT_NAME ${output} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder})
endfunction()

if(NOWTHEN_TESTS)
  add_custom_target(fast_tests) # what the sanitizer trees build
  add_custom_target(fuzzers)    # what tools/fuzz runs
endif()

# One ctest entry per binary, with the label `fast` or `process`.
function(_nowthen_test name label)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 900
    ENVIRONMENT "NOWTHEN_BUILD_DIR=${PROJECT_BINARY_DIR};NOWTHEN_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
  if(label STREQUAL fast)
    add_dependencies(fast_tests ${name})
  endif()
endfunction()

# `dir/load_main.cc` is the program `load`; `dir/main.cc` is `nowthen-<dir>`.
function(_nowthen_mains folder libraries)
  foreach(file ${ARGN})
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "_?main$" "" stem ${stem})
    if(NOT stem)
      get_filename_component(stem ${folder} NAME)
      set(stem nowthen-${stem})
    endif()
    string(REPLACE _ - output ${stem})
    _nowthen_program(${folder}_${stem}_program ${folder} ${output} ${file} "${libraries}")
  endforeach()
endfunction()

# nowthen_room(name [DIR dir] [DEPS room...] [PACKAGES package...] [TEST_DEPS room...])
# The library nowthen_<name> from the folder (default src/<name>), its <name>_test, its programs.
function(nowthen_room name)
  cmake_parse_arguments(room "" DIR "DEPS;PACKAGES;TEST_DEPS" ${ARGN})
  if(NOT room_DIR)
    set(room_DIR src/${name})
  endif()
  _nowthen_files(${PROJECT_SOURCE_DIR}/${room_DIR} _RECURSE)

  set(library nowthen_${name})
  list(TRANSFORM room_DEPS PREPEND nowthen_)
  list(TRANSFORM room_TEST_DEPS PREPEND nowthen_)
  set(includes ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  if(NOT room_DIR MATCHES "^src/")
    list(APPEND includes ${PROJECT_SOURCE_DIR}) # "sim/clock.h"
  endif()
  if(sources)
    set(scope PUBLIC)
    add_library(${library} STATIC ${sources})
  else()
    set(scope INTERFACE)
    add_library(${library} INTERFACE)
  endif()
  target_include_directories(${library} ${scope} ${includes})
  target_link_libraries(${library} ${scope} ${room_DEPS} Threads::Threads)
  foreach(package ${room_PACKAGES})
    if(TARGET ${package}::${package})
      target_link_libraries(${library} ${scope} ${package}::${package})
    endif()
  endforeach()

  if(NOWTHEN_TESTS)
    if(tests)
      _nowthen_program(${name}_test test ${name}_test "${tests}"
        "${library};${room_TEST_DEPS};GTest::gtest_main;GTest::gmock")
      _nowthen_test(${name}_test fast)
    endif()
    _nowthen_mains(${name} ${library} ${mains})
    _nowthen_benches(${library} ${benchs})
    _nowthen_fuzzers(${library} ${fuzzs})
  endif()
endfunction()

function(_nowthen_benches libraries)
  foreach(file ${ARGN})
    get_filename_component(stem ${file} NAME_WE)
    _nowthen_program(${stem} bench ${stem} ${file} "${libraries};benchmark::benchmark_main")
  endforeach()
endfunction()

function(_nowthen_fuzzers libraries)
  if(NOT NOWTHEN_FUZZ)
    return()
  endif()
  foreach(file ${ARGN})
    get_filename_component(stem ${file} NAME_WE)
    _nowthen_program(${stem} fuzz ${stem} ${file} "${libraries}")
    target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${stem})
  endforeach()
endfunction()

# nowthen_programs(dir USES library... [LABEL label] [STANDARD n] [EVERY_FILE])
# One program per *_test.cc, *_bench.cc and *_main.cc in `dir`; other files are shared by them all.
# EVERY_FILE: each file is a program, the target `dir` builds them all; where x.expected is beside
# x.cc, a test compares its output.
function(nowthen_programs dir)
  cmake_parse_arguments(in "EVERY_FILE" "LABEL;STANDARD" "USES" ${ARGN})
  _nowthen_files(${PROJECT_SOURCE_DIR}/${dir} "")
  if(in_STANDARD)
    set(CMAKE_CXX_STANDARD ${in_STANDARD})
  endif()
  string(REPLACE / _ prefix ${dir})

  if(in_EVERY_FILE)
    add_custom_target(${prefix})
    foreach(file ${sources} ${mains})
      get_filename_component(stem ${file} NAME_WE)
      set(target ${prefix}_${stem})
      _nowthen_program(${target} ${dir} ${stem} ${file} "${in_USES}")
      add_dependencies(${prefix} ${target})
      if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/${stem}.expected)
        add_test(NAME ${target} COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${target}>
          -DEXPECTED=${PROJECT_SOURCE_DIR}/${dir}/${stem}.expected
          -P ${PROJECT_SOURCE_DIR}/cmake/check_output.cmake)
        set_tests_properties(${target} PROPERTIES LABELS example TIMEOUT 300)
      endif()
    endforeach()
    return()
  endif()

  set(libraries ${in_USES})
  if(sources)
    add_library(${prefix}_shared STATIC ${sources})
    target_link_libraries(${prefix}_shared PUBLIC ${in_USES})
    list(PREPEND libraries ${prefix}_shared)
  endif()
  foreach(file ${tests})
    get_filename_component(stem ${file} NAME_WE)
    _nowthen_program(${stem} test ${stem} ${file} "${libraries};GTest::gtest_main;GTest::gmock")
    _nowthen_test(${stem} ${in_LABEL})
  endforeach()
  _nowthen_mains(${prefix} "${libraries}" ${mains})
  _nowthen_benches("${libraries}" ${benchs})
endfunction()

# libnowthen.a: the objects of all rooms in one archive, and find_package(nowthen) for its users.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(objects)
foreach(room base core store engine sdk http server)
  get_target_property(type nowthen_${room} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    list(APPEND objects $<TARGET_OBJECTS:nowthen_${room}>)
  endif()
endforeach()
if(objects)
  set(scope PUBLIC)
  add_library(nowthen STATIC ${objects})
  set_target_properties(nowthen PROPERTIES LINKER_LANGUAGE CXX)
else()
  set(scope INTERFACE)
  add_library(nowthen INTERFACE)
endif()
add_library(nowthen::nowthen ALIAS nowthen)
target_compile_features(nowthen ${scope} cxx_std_20)
target_include_directories(nowthen ${scope}
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(nowthen ${scope} Threads::Threads)
if(NOWTHEN_WITH_ROCKSDB)
  target_link_libraries(nowthen ${scope} $<LINK_ONLY:rocksdb::rocksdb>)
endif()

target_link_libraries(nowthen ${scope} $<LINK_ONLY:OpenSSL::SSL> $<LINK_ONLY:OpenSSL::Crypto>)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nowthen)
install(TARGETS nowthen EXPORT nowthen ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET server_nowthen_program)
  install(TARGETS server_nowthen_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(EXPORT nowthen NAMESPACE nowthen:: DESTINATION ${config_dir} FILE nowthenTargets.cmake)
install(DIRECTORY include/nowthen DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/nowthenConfig.cmake.in nowthenConfig.cmake
  INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(nowthenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/Findrocksdb.cmake ${PROJECT_BINARY_DIR}/nowthenConfig.cmake
  ${PROJECT_BINARY_DIR}/nowthenConfigVersion.cmake DESTINATION ${config_dir})

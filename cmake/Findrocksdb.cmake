# rocksdb::rocksdb: the static archive and those it needs; the shared library where there is none.

include(FindPackageHandleStandardArgs)
find_path(ROCKSDB_INCLUDE_DIR rocksdb/db.h)
find_library(ROCKSDB_LIBRARY NAMES librocksdb.a rocksdb)
find_package_handle_standard_args(rocksdb REQUIRED_VARS ROCKSDB_LIBRARY ROCKSDB_INCLUDE_DIR)
mark_as_advanced(ROCKSDB_LIBRARY ROCKSDB_INCLUDE_DIR)

if(rocksdb_FOUND AND NOT TARGET rocksdb::rocksdb)
  add_library(rocksdb::rocksdb UNKNOWN IMPORTED)
  set_target_properties(rocksdb::rocksdb PROPERTIES
    IMPORTED_LOCATION ${ROCKSDB_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${ROCKSDB_INCLUDE_DIR})
  if(ROCKSDB_LIBRARY MATCHES "\\.a$")
    foreach(name snappy lz4 zstd bz2 z)
      find_library(ROCKSDB_NEEDS_${name} NAMES lib${name}.a ${name} REQUIRED)
      mark_as_advanced(ROCKSDB_NEEDS_${name})
      target_link_libraries(rocksdb::rocksdb INTERFACE ${ROCKSDB_NEEDS_${name}})
    endforeach()
    target_link_libraries(rocksdb::rocksdb INTERFACE ${CMAKE_DL_LIBS})
  endif()
endif()

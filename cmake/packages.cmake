# What comes from outside. Findrocksdb.cmake is installed too, for the users of the library.

list(APPEND CMAKE_MODULE_PATH ${PROJECT_SOURCE_DIR}/cmake)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
if(NOWTHEN_WITH_ROCKSDB)
  find_package(rocksdb REQUIRED)
endif()
if(NOWTHEN_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  enable_testing()
endif()

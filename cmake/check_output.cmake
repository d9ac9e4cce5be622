# cmake -DPROGRAM=... -DEXPECTED=... -P check_output.cmake
# Runs the program in an empty folder of its own and compares what it prints with a file.

get_filename_component(name ${PROGRAM} NAME)
set(folder ${CMAKE_CURRENT_BINARY_DIR}/run/${name})
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${folder}
  OUTPUT_VARIABLE got ERROR_VARIABLE errors RESULT_VARIABLE status)
file(READ ${EXPECTED} expected)
if(NOT status EQUAL 0 OR NOT got STREQUAL expected)
  message(FATAL_ERROR
    "${name} exited with ${status}\n--- expected\n${expected}--- got\n${got}--- stderr\n${errors}")
endif()

# The files that the server has built in: the API for programs, and the pages of problems.

file(GLOB error_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/errors/*.md)
list(FILTER error_pages EXCLUDE REGEX "/README.md$")
set(page_files ${PROJECT_SOURCE_DIR}/src/http/openapi.json ${error_pages})
set(pages "openapi.json=${PROJECT_SOURCE_DIR}/src/http/openapi.json")
foreach(page ${error_pages})
  get_filename_component(name ${page} NAME)
  list(APPEND pages "errors/${name}=${page}")
endforeach()
set(built_in ${PROJECT_BINARY_DIR}/generated/built_in.cc)
add_custom_command(OUTPUT ${built_in}
  COMMAND ${CMAKE_COMMAND} "-DFILES=${pages}" -DOUTPUT=${built_in}
    -P ${PROJECT_SOURCE_DIR}/cmake/built_in.cmake
  DEPENDS ${page_files} ${PROJECT_SOURCE_DIR}/cmake/built_in.cmake VERBATIM)
target_sources(nowthen_http PRIVATE ${built_in})

# Sets STIPEND_VERSION from the header that holds it.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../include/stipend/version.h STIPEND_VERSION REGEX "^#define STIPEND_VERSION \"")
string(REGEX REPLACE ".*\"([0-9]+\\.[0-9]+\\.[0-9]+)\".*" "\\1" STIPEND_VERSION "${STIPEND_VERSION}")
if(NOT STIPEND_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+$")
    message(FATAL_ERROR "sdk/include/stipend/version.h: got \"${STIPEND_VERSION}\", want #define STIPEND_VERSION \"x.y.z\"")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../include/stipend/version.h)

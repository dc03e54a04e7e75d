# stipend_add_plugin(<name> SOURCES <file>... [LIBRARIES <target>...] [OUTPUT_DIRECTORY <dir>])
#
# Builds <name>.so as a plugin: one exported symbol, all others hidden, every symbol bound at load. It lands in
# OUTPUT_DIRECTORY, else in STIPEND_PLUGIN_OUTPUT_DIRECTORY, else in the build folder.
# -fno-gnu-unique: a template's static otherwise becomes STB_GNU_UNIQUE, one for the whole process, shared between two
# generations of the same plugin.

function(stipend_add_plugin name)
    cmake_parse_arguments(ARG "" "OUTPUT_DIRECTORY" "SOURCES;LIBRARIES" ${ARGN})
    if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
        message(FATAL_ERROR "stipend_add_plugin(${name}): want SOURCES <file>..., got: ${ARGN}")
    endif()
    if(NOT ARG_OUTPUT_DIRECTORY)
        set(ARG_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
        if(STIPEND_PLUGIN_OUTPUT_DIRECTORY)
            set(ARG_OUTPUT_DIRECTORY ${STIPEND_PLUGIN_OUTPUT_DIRECTORY})
        endif()
    endif()
    # A plugin in C alone asks for neither C++ nor Boost.
    set(sdk stipend-sdk::abi)
    foreach(source IN LISTS ARG_SOURCES)
        if(NOT source MATCHES "\\.(c|h)$")
            set(sdk stipend-sdk::sdk)
        endif()
    endforeach()
    add_library(${name} MODULE ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${sdk} ${ARG_LIBRARIES})
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(${name} PRIVATE
        -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map -Wl,-z,now -Wl,--as-needed)
    set_target_properties(${name} PROPERTIES
        PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT_DIRECTORY}"
        CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
endfunction()

# Warnings, sanitizers and the compiler cache: one place for every target of this tree.
option(STIPEND_WERROR "Treat warnings as errors" ON)
set(STIPEND_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=: address,undefined or thread")

option(STIPEND_FUZZ "Build the fuzz targets by libFuzzer, with the address and undefined-behaviour sanitizers (clang only)" OFF)

option(STIPEND_ASSERTIONS "Keep the assertions; off only to measure what they cost" ON)
if(NOT STIPEND_ASSERTIONS)
    add_compile_definitions(STIPEND_UNASSERTED)
endif()

find_program(STIPEND_CCACHE ccache)
if(STIPEND_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${STIPEND_CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${STIPEND_CCACHE})
endif()

# Headers cost most of a build, so the presets have the files of a target compiled in groups (CMAKE_UNITY_BUILD); a file
# given as APART has a helper that another file of its target has too, under the same name, and is compiled by itself.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8 CACHE STRING "How many files are compiled together at most")

add_library(stipend_flags INTERFACE)
target_compile_options(stipend_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
    # In a group, what one .cpp keeps for itself looks to gcc as if a header had it.
    $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>
    $<$<BOOL:${STIPEND_WERROR}>:-Werror>)
target_include_directories(stipend_flags INTERFACE ${PROJECT_SOURCE_DIR})

# Code that runs at operators' converts signs by a cast only; tests need not. Linked after stipend_flags, since the option
# that comes last counts.
add_library(stipend_product_flags INTERFACE)
target_compile_options(stipend_product_flags INTERFACE -Wsign-conversion)

if(STIPEND_SANITIZE MATCHES thread)
    # gcc's thread sanitizer does not support fences; the mutexes of Asio's queues order the same accesses.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(STIPEND_FUZZ)
    # Everything is instrumented, so that a target's inputs are chosen by what they reach in the modules that it links.
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
elseif(STIPEND_SANITIZE)
    add_compile_options(-fsanitize=${STIPEND_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${STIPEND_SANITIZE})
    if(STIPEND_SANITIZE MATCHES address AND STIPEND_SANITIZE MATCHES undefined)
        # Checks before each access to memory: a third of the time that a file takes. The address sanitizer reports null
        # pointers and overruns by itself; the fuzz build keeps all four.
        add_compile_options(-fno-sanitize=null,object-size,alignment,vptr)
    endif()
    # gcc collects its garbage less often: a tenth less time, for 1.8 GB at most.
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        add_compile_options(--param=ggc-min-expand=400 --param=ggc-min-heapsize=600000)
    endif()
else()
    add_compile_options($<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2> -fstack-protector-strong)
    add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()

# stipend_module(name SOURCES ... DEPENDS ...): one folder of host/ as a static library `stipend_<name>`.
function(stipend_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
    add_library(stipend_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(stipend_${name} PUBLIC stipend_flags stipend-sdk::sdk ${ARG_DEPENDS}
        PRIVATE ${ARG_PRIVATE_DEPENDS} stipend_product_flags)
endfunction()

# stipend_test(name SOURCES ... APART ... LIBS ...): a doctest program, run by CTest as `name`.
function(stipend_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;APART;LIBS;ENV" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    add_executable(${name} ${ARG_SOURCES} ${ARG_APART} $<TARGET_OBJECTS:stipend_test_main>)
    target_link_libraries(${name} PRIVATE stipend_flags stipend-sdk::sdk ${ARG_LIBS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENV}")
endfunction()

# stipend_unsanitized(test...): a sanitizer would find nothing in these tests, or cannot be there. `./dev test` runs them with
# the release build, and all others with the sanitizers.
function(stipend_unsanitized)
    set_property(TEST ${ARGN} APPEND PROPERTY LABELS unsanitized)
endfunction()

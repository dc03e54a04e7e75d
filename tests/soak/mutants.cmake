# Read by CMake after project(stipend), in the tree of the mutants only: headers that no mutant changes are compiled once.
function(stipend_precompile)
    foreach(target IN ITEMS stipend_uptime stipend_ledger stipend_engine stipend_byoc_parts payment unit_engine unit_ledger
            unit_byoc unit_uptime golden_engine integration_plugins)
        set(headers <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <optional>
            <random> <set> <span> <sstream> <string> <unordered_map> <vector> <fmt/format.h>
            <stipend/json_parse.hpp> <stipend/money.hpp> <stipend/plugin.hpp>)
        if(target MATCHES "^(unit|golden|integration)_")
            list(APPEND headers <doctest/doctest.h>)
        endif()
        target_precompile_headers(${target} PRIVATE ${headers})
    endforeach()
    # As under a sanitizer: a tenth of the golden run.
    get_target_property(definitions golden_engine COMPILE_DEFINITIONS)
    list(TRANSFORM definitions REPLACE "STIPEND_GOLDEN_PARTS=.*" "STIPEND_GOLDEN_PARTS=1")
    set_target_properties(golden_engine PROPERTIES COMPILE_DEFINITIONS "${definitions}")
endfunction()
cmake_language(DEFER CALL stipend_precompile)

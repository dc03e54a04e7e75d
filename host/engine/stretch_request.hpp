// What an order about a stretch of time says, whatever it does there.
#pragma once

#include <string>

#include "stipend/abi/types.h"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::engine {

struct StretchRequest {
    std::string orchestrator = {};  // its key
    stipend_unix_ns from = 0;       // [from, to)
    stipend_unix_ns to = 0;
    std::string reason = {};
    std::string by = {};  // the name of the requester
};

// {"orchestrator","from","to","reason","by"}; times as RFC 3339. `of_one`: the orchestrator is required, else it is
// not read. INVALID where one is missing, or the time ends before it begins.
Result<StretchRequest> parse_stretch(const Json& json, bool of_one);

}  // namespace stipend::engine

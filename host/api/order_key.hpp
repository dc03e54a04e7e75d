// By what an order is known when it is sent again.
#pragma once

#include <string>
#include <vector>

#include "host/base/sha256.hpp"

namespace stipend::api {

// Without a name an order is carried out each time.
struct OrderKey {
    std::string principal = {};
    std::string route = {};               // "POST /path"
    std::vector<std::string> names = {};  // what the sender called it; any of them is enough
    Sha256 body_hash = {};
};

}  // namespace stipend::api

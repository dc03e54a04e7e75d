// What breaks a rule of rules.hpp.
#pragma once

#include <string>

namespace stipend::plugin {

struct Finding {
    std::string rule, text;
};

}  // namespace stipend::plugin

// The port of an address, as it is written.
#pragma once

#include <string_view>

namespace monitor {

// True for a number from 1 to 65535 in digits.
inline bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    return value >= 1 && value <= 65535;
}

}  // namespace monitor

// The records of abi/alert.h in C++.
#pragma once

#include <cstdint>
#include <vector>

#include "stipend/abi/alert.h"
#include "stipend/record.hpp"

namespace stipend {

// A message for a receiver. The texts are borrowed for the call.
struct AlertMessage {
    std::vector<stipend_alert> alerts;
    std::uint64_t omitted = 0;  // further alerts that are only counted
    std::uint64_t dropped = 0;  // alerts that were lost since the last message

    static AlertMessage of(const stipend_alert_message& raw) {
        AlertMessage out{
            .alerts = std::vector<stipend_alert>(raw.count), .omitted = raw.omitted, .dropped = raw.dropped};
        const auto* at = reinterpret_cast<const char*>(raw.alerts);
        for (auto& alert : out.alerts) {
            alert = detail::record_view(reinterpret_cast<const stipend_alert*>(at), alert);
            at += raw.stride;
        }
        return out;
    }
};

}  // namespace stipend

// The part of the settings that is about the status page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stipend::config {

enum class Shown : std::uint8_t { no, yes };

// One service of the status page: orchestrators that count together.
struct StatusService {
    std::string name;                        // unique, in addresses
    std::string as;                          // unique, for people; empty in a file: the name
    std::string group;                       // a heading; empty: none
    std::vector<std::string> orchestrators;  // ids or patterns of them; none: all of `capability`
    std::string capability;                  // a key of capabilities; empty: any
    friend bool operator==(const StatusService&, const StatusService&) = default;
};

// The page that everyone may read.
struct StatusPage {
    Shown enabled = Shown::no;
    std::string title;
    std::int64_t history_ns = 0;  // whole days
    std::vector<StatusService> show;
    friend bool operator==(const StatusPage&, const StatusPage&) = default;
};

}  // namespace stipend::config

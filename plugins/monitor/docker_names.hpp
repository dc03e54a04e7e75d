// Which containers are meant: by a target's endpoint, and by the rules of discovery. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "docker_answers.hpp"
#include "stipend/config.hpp"

namespace monitor::docker {

// The name, or the pattern with `*`, of "docker:NAME". INVALID otherwise.
stipend::Result<std::string> parse_endpoint(std::string_view endpoint);

[[nodiscard]] inline bool is_pattern(std::string_view name) {
    return name.find('*') != std::string_view::npos;
}

// Does `text` fit `pattern`, where `*` stands for any text, also none?
bool fits(std::string_view pattern, std::string_view text);

struct Kind {
    std::string name;
    std::vector<std::string> patterns;  // in lower case
};

struct Discovery {
    std::string label_key = "stipend.monitor";
    std::string label_value = "true";
    std::vector<Kind> kinds{
        {"NeuroSync", {"*neurosync*"}}, {"AutoGen", {"*autogen*"}}, {"SCB", {"scb*", "*_scb", "*-scb"}}};
};

// `{"label": "key=value", "kinds": {"NAME": ["pattern", ...]}}`; what is left out stays as above.
stipend::Result<Discovery> parse_discovery(const stipend::ConfigView& config);

// Why a container is worth proposing; empty where it is not.
std::string reason_to_watch(const Discovery& rules, const Listed& container);

}  // namespace monitor::docker

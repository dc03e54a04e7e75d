// The containers that a target or the rules of discovery select. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "docker_answers.hpp"
#include "stipend/config.hpp"

namespace monitor::docker {

struct Label {
    std::string key;
    std::optional<std::string> value;  // nothing: any
};

// What a target selects: the container of a name, those of a pattern, or those with labels.
struct Selection {
    std::string name;           // or a pattern; empty: by labels
    std::vector<Label> labels;  // a container has all of them
    bool compose = false;       // one-off containers ("docker compose run") are left out
};

// "docker:NAME", "docker:PATTERN", "docker:compose:PROJECT/SERVICE", "docker:label:KEY=VALUE" or "docker:label:KEY".
// INVALID otherwise.
stipend::Result<Selection> parse_endpoint(std::string_view endpoint);

// True if a selection by labels has the container.
bool selects(const Selection& selection, const Listed& container);

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

// `{"label": "key=value", "kinds": {"NAME": ["pattern", ...]}}`; missing members keep the defaults above.
stipend::Result<Discovery> parse_discovery(const stipend::ConfigView& config);

// A filter of the engine's list for the containers of these names and patterns, encoded for a URL: `{"name":[...]}`
// with a regular expression for each.
std::string name_filter(const std::vector<std::string>& names);

// The same for the containers with all these labels: `{"label":[...]}`.
std::string label_filter(const std::vector<Label>& labels);

// True for "<12 hex digits>_<name>": Compose gives such a name to a container while it replaces another.
bool is_transitional(std::string_view name);

// Why a container is a discovery; empty: it is not.
std::string reason_to_watch(const Discovery& rules, const Listed& container);

}  // namespace monitor::docker

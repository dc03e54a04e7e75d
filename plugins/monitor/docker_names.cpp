#include "docker_names.hpp"

#include <algorithm>

#include "stipend/ascii.hpp"
#include "stipend/glob.hpp"
#include "stipend/json.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::ConfigView;
using stipend::fail;
using stipend::Result;
using stipend::ascii::to_lower;

namespace {

constexpr std::string_view scheme = "docker:";
constexpr std::string_view by_compose = "compose:";
constexpr std::string_view by_label = "label:";
constexpr std::string_view inner_characters = "_.-";  // of a name, but not its first character

// A container's name, or a pattern of names.
bool is_name(std::string_view text) {
    if (text.empty() || text.size() > longest_name || inner_characters.find(text.front()) != std::string_view::npos) {
        return false;
    }
    const std::string_view wildcards = stipend::is_glob(text) ? "*?" : "";
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return stipend::ascii::is_alnum(c) || inner_characters.find(c) != std::string_view::npos ||
               wildcards.find(c) != std::string_view::npos;
    });
}

}  // namespace

Result<Selection> parse_endpoint(std::string_view endpoint) {
    const auto bad = [&](std::string_view want) {
        return fail(STIPEND_E_INVALID, "bad endpoint: got \"", stipend::clip(endpoint, 120), "\", want ", want);
    };
    Selection out;
    auto rest = endpoint.substr(std::min(endpoint.size(), scheme.size()));
    if (!endpoint.starts_with(scheme)) return bad("docker:NAME of a container, or docker:PATTERN with * in it");
    if (rest.starts_with(by_compose)) {
        rest.remove_prefix(by_compose.size());
        const auto slash = rest.find('/');
        const auto project = rest.substr(0, slash);
        const auto service = rest.substr(std::min(rest.size(), project.size() + 1));
        if (!is_name(project) || !is_name(service) || stipend::is_glob(rest)) {
            return bad("docker:compose:PROJECT/SERVICE");
        }
        out.labels = {{"com.docker.compose.project", std::string(project)},
                      {"com.docker.compose.service", std::string(service)}};
        out.compose = true;
        return out;
    }
    if (rest.starts_with(by_label)) {
        rest.remove_prefix(by_label.size());
        const auto equals = rest.find('=');
        const auto key = rest.substr(0, equals);
        const bool plain = std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return c > 0x1f && c != 0x7f; });
        if (key.empty() || !plain) return bad("docker:label:KEY=VALUE, or docker:label:KEY");
        Label label{std::string(key), {}};
        if (equals != std::string_view::npos) label.value = rest.substr(equals + 1);
        out.labels.push_back(std::move(label));
        return out;
    }
    if (!is_name(rest)) return bad("docker:NAME of a container, or docker:PATTERN with * in it");
    out.name = rest;
    return out;
}

bool selects(const Selection& selection, const Listed& container) {
    const auto has = [&](std::string_view key, const std::optional<std::string>& value) {
        return std::any_of(container.labels.begin(), container.labels.end(),
                           [&](const auto& label) { return label.first == key && (!value || *value == label.second); });
    };
    if (selection.compose && has("com.docker.compose.oneoff", "True")) return false;
    return !selection.labels.empty() && std::all_of(selection.labels.begin(), selection.labels.end(),
                                                    [&](const Label& label) { return has(label.key, label.value); });
}

Result<Discovery> parse_discovery(const ConfigView& config) {
    Discovery out;
    const auto label = config.at("label");
    STIPEND_LET(text, label.string_or(cat(out.label_key, "=", out.label_value)));
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) return label.refuse("got \"", text, "\", want key=value");
    out.label_key = text.substr(0, equals);
    out.label_value = text.substr(equals + 1);
    if (!config.at("kinds").present()) return out;
    out.kinds.clear();
    for (const auto& [name, patterns] : config.at("kinds").members()) {
        Kind kind{name, {}};
        for (const auto& item : patterns.items()) {
            STIPEND_LET(pattern, item.string());
            if (!is_name(pattern)) {
                return item.refuse("got \"", pattern, "\", want a container's name, or a pattern of names with *");
            }
            kind.patterns.push_back(to_lower(pattern));
        }
        out.kinds.push_back(std::move(kind));
    }
    return out;
}

std::string name_filter(const std::vector<std::string>& names) {
    constexpr std::string_view quote = "%22";
    std::string out = "%7B%22name%22%3A%5B";
    for (const auto& name : names) {
        // Names have letters, digits and inner_characters; the engine's begin with a slash, Podman's do not.
        out += cat(&name == &names.front() ? "" : "%2C", quote, "%5E%2F%3F");
        for (const char c : name) {
            if (c == '*') {
                out += ".*";
            } else if (c == '.') {
                out += "%5B.%5D";
            } else {
                out += c == '?' ? '.' : c;
            }
        }
        out += cat("%24", quote);
    }
    return out + "%5D%7D";
}

std::string label_filter(const std::vector<Label>& labels) {
    auto list = stipend::Json::array();
    for (const auto& label : labels) {
        list.push(stipend::Json(label.value ? cat(label.key, "=", *label.value) : label.key));
    }
    std::string out;
    for (const char c : stipend::Json::object().set("label", std::move(list)).dump()) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        if (stipend::ascii::is_alnum(c)) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

bool is_transitional(std::string_view name) {
    constexpr std::size_t digits = 12;
    return name.size() > digits + 1 && name[digits] == '_' &&
           name.substr(0, digits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string reason_to_watch(const Discovery& rules, const Listed& container) {
    for (const auto& [key, value] : container.labels) {
        if (key == rules.label_key && value == rules.label_value) return cat("label ", key, "=", value);
    }
    const auto name = to_lower(container.name);
    for (const auto& kind : rules.kinds) {
        for (const auto& pattern : kind.patterns) {
            if (stipend::glob_match(pattern, name)) return cat("name looks like ", kind.name);
        }
    }
    return {};
}

}  // namespace monitor::docker

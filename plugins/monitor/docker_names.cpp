#include "docker_names.hpp"

#include <algorithm>

namespace monitor::docker {

using stipend::cat;
using stipend::ConfigView;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::string_view scheme = "docker:";
constexpr std::string_view first_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view more_characters = "_.-";

bool may_be_name(std::string_view text) {
    if (text.empty() || text.size() > longest_name || more_characters.find(text.front()) != std::string_view::npos) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '*' || first_characters.find(c) != std::string_view::npos ||
               more_characters.find(c) != std::string_view::npos;
    });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

}  // namespace

Result<std::string> parse_endpoint(std::string_view endpoint) {
    const auto name = endpoint.substr(std::min(endpoint.size(), scheme.size()));
    if (!endpoint.starts_with(scheme) || !may_be_name(name)) {
        return fail(STIPEND_E_INVALID, "bad endpoint: got \"", stipend::clip(endpoint, 120),
                    "\", want docker:NAME of a container, or docker:PATTERN with * in it");
    }
    return std::string(name);
}

bool fits(std::string_view pattern, std::string_view text) {
    // Where it fails behind a star, the star takes one character more: no more than one way back is ever needed.
    std::size_t p = 0;
    std::size_t t = 0;
    auto star = std::string_view::npos;
    std::size_t taken = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
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
            if (!may_be_name(pattern)) {
                return item.refuse("got \"", pattern, "\", want a container's name, or a pattern of names with *");
            }
            kind.patterns.push_back(lower(pattern));
        }
        out.kinds.push_back(std::move(kind));
    }
    return out;
}

std::string reason_to_watch(const Discovery& rules, const Listed& container) {
    for (const auto& [key, value] : container.labels) {
        if (key == rules.label_key && value == rules.label_value) return cat("label ", key, "=", value);
    }
    const auto name = lower(container.name);
    for (const auto& kind : rules.kinds) {
        for (const auto& pattern : kind.patterns) {
            if (fits(pattern, name)) return cat("name looks like ", kind.name);
        }
    }
    return {};
}

}  // namespace monitor::docker

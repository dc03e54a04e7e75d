#include "tests/devnet/script.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::devnet {
namespace {

constexpr std::size_t max_yaml_depth = 8;

Result<Json> json_of(const YAML::Node& node, std::size_t depth) {
    if (depth > max_yaml_depth) return fail(STIPEND_E_INVALID, "nested deeper than ", max_yaml_depth);
    if (node.IsMap()) {
        auto out = Json::object();
        for (const auto& entry : node) {
            const auto key = entry.first.as<std::string>();
            if (out.find(key) != nullptr) return fail(STIPEND_E_INVALID, "duplicate key \"", key, "\"");
            STIPEND_LET(value, json_of(entry.second, depth + 1));
            out.append(key, std::move(value));
        }
        return out;
    }
    if (node.IsSequence()) {
        auto out = Json::array();
        for (const auto& item : node) {
            STIPEND_LET(value, json_of(item, depth + 1));
            out.push(std::move(value));
        }
        return out;
    }
    if (node.IsNull()) return Json();
    const auto& text = node.Scalar();
    const bool quoted = node.Tag() == "!";
    if (!quoted && (text == "true" || text == "false")) return Json(text == "true");
    if (!quoted && Decimal::parse(text)) return Json::of_number(text);
    return Json(text);
}

Result<std::uint32_t> number_of(std::string_view text, std::uint32_t size) {
    std::uint32_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value >= size) {
        return fail(STIPEND_E_INVALID, "orchestrator: got \"", text, "\", want 0 to ", size - 1, ", a-b or all");
    }
    return value;
}

Result<Event> event_of(const Json& json, std::uint32_t size) {
    if (!json.is(Json::Kind::object))
        return fail(STIPEND_E_INVALID, "event: got ", json.kind_name(), ", want an object");
    Event out;
    for (const auto& member : json.members()) {
        const auto& key = member.first;
        if (key != "at" && key != "orchestrator" && key != "fault" && key != "gateway") {
            return fail(STIPEND_E_INVALID, "event: unknown key \"", key, "\", want at, orchestrator, fault or gateway");
        }
    }
    if (const auto* at = json.find("at")) {
        // A bare 0 needs no unit.
        STIPEND_LET(at_ns, parse_duration(at->text() == "0" ? "0s" : at->text()));
        out.at_ns = at_ns;
    }
    const auto* orchestrator = json.find("orchestrator");
    const auto* fault = json.find("fault");
    const auto* gateway = json.find("gateway");
    const bool one = (gateway == nullptr) == (fault != nullptr) && (orchestrator == nullptr) == (fault == nullptr);
    if (!one) return fail(STIPEND_E_INVALID, "event: want either orchestrator and fault, or gateway");
    if (gateway != nullptr) {
        STIPEND_LET(change, parse_gateway_fault(*gateway));
        out.change = std::move(change);
        return out;
    }
    STIPEND_LET(selection, parse_selection(*orchestrator, size));
    STIPEND_LET(change, parse_fault(*fault));
    if (change.verb == FaultChange::Verb::another && change.number >= static_cast<std::int64_t>(size)) {
        return fail(STIPEND_E_INVALID, "another: orchestrator: got ", change.number, ", want 0 to ", size - 1);
    }
    out.selection = selection;
    out.change = std::move(change);
    return out;
}

Error at_line(Error error, std::string_view name, std::size_t line) {
    return std::move(error).in(cat(name, ":", line));
}

Result<std::vector<Event>> parse_lines(std::string_view text, std::string_view name, std::uint32_t size) {
    std::vector<Event> out;
    for (std::size_t line = 1; !text.empty(); ++line) {
        const auto row = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), row.size() + 1));
        if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (out.size() >= max_events) return fail(STIPEND_E_LIMIT, name, ": more than ", max_events, " events");
        auto json = parse_json(row);
        if (!json) return at_line(std::move(json).error(), name, line);
        auto event = event_of(*json, size);
        if (!event) return at_line(std::move(event).error(), name, line);
        out.push_back(std::move(*event));
    }
    return out;
}

Result<std::vector<Event>> parse_yaml(std::string_view text, std::string_view name, std::uint32_t size) {
    std::vector<Event> out;
    try {
        const auto root = YAML::Load(std::string(text));
        if (root.IsNull()) return out;
        if (!root.IsSequence()) return fail(STIPEND_E_INVALID, name, ": want a list of events, each with a dash");
        if (root.size() > max_events) return fail(STIPEND_E_LIMIT, name, ": more than ", max_events, " events");
        for (const auto& node : root) {
            const auto line = static_cast<std::size_t>(node.Mark().line + 1);
            auto json = json_of(node, 0);
            if (!json) return at_line(std::move(json).error(), name, line);
            auto event = event_of(*json, size);
            if (!event) return at_line(std::move(event).error(), name, line);
            out.push_back(std::move(*event));
        }
    } catch (const YAML::Exception& problem) {
        return fail(STIPEND_E_INVALID, name, ":", problem.mark.line + 1, ": ", problem.msg);
    }
    return out;
}

}  // namespace

Result<Selection> parse_selection(const Json& json, std::uint32_t size) {
    if (!json.is(Json::Kind::number) && !json.is(Json::Kind::string)) {
        return fail(STIPEND_E_INVALID, "orchestrator: got ", json.kind_name(), ", want a number, \"a-b\" or \"all\"");
    }
    const std::string_view text = json.text();
    if (text == "all") return Selection{0, size - 1};
    const auto dash = text.find('-');
    STIPEND_LET(first, number_of(text.substr(0, dash), size));
    if (dash == std::string_view::npos) return Selection{first, first};
    STIPEND_LET(last, number_of(text.substr(dash + 1), size));
    if (last < first) return fail(STIPEND_E_INVALID, "orchestrator: got ", text, ", want the lower number first");
    return Selection{first, last};
}

Result<std::vector<Event>> parse_script(std::string_view text, std::string_view name, std::uint32_t size) {
    const auto first = text.find_first_not_of(" \t\r\n");
    const bool lines = first != std::string_view::npos && text[first] == '{';
    auto events = lines ? parse_lines(text, name, size) : parse_yaml(text, name, size);
    if (!events) return events;
    std::stable_sort(events->begin(), events->end(), [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
    return events;
}

std::string_view demo_script() {
    return R"(# One orchestrator for each tier, then one for each way to fail; 5 s between checks show it all in a minute.
- {orchestrator: 0, fault: {kind: uptime, percent: 100.0}}
- {orchestrator: 1, fault: {kind: uptime, percent: 97.5}}
- {orchestrator: 2, fault: {kind: uptime, percent: 95.0}}
- {orchestrator: 3, fault: {kind: uptime, percent: 85.0}}
- {orchestrator: 4, fault: {kind: uptime, percent: 70.0}}
- {orchestrator: 5, fault: {kind: uptime, percent: 50.0}}
- {orchestrator: 6, fault: {kind: uptime, percent: 20.0}}
- {orchestrator: 7, fault: {kind: uptime, percent: 0.0}}
- {orchestrator: 9, fault: {kind: flap, up: 12s, down: 8s}}
- {orchestrator: 10, fault: reset}
- {orchestrator: 11, fault: {kind: another, orchestrator: 0}}
- {orchestrator: 12, fault: empty200}
- {orchestrator: 13, fault: {kind: slow, delay: 400ms}}
- {orchestrator: 14, fault: {kind: uptime, raw: '"95"'}}
# Well at first, so that the gateway is known to know them.
- {at: 7s, orchestrator: 8, fault: down}
- {at: 15s, orchestrator: 15, fault: {kind: uptime, percent: 64.999}}
- {at: 30s, orchestrator: 15, fault: {kind: uptime, percent: 99.0}}
- {at: 40s, orchestrator: 8, fault: none}
)";
}

}  // namespace stipend::devnet

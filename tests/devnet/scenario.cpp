#include "tests/devnet/scenario.hpp"

#include <algorithm>
#include <charconv>

#include "host/config/schema.hpp"
#include "host/config/yaml.hpp"
#include "stipend/duration.hpp"

namespace stipend::devnet {
namespace {

using config::Diagnostics;
using config::Node;

constexpr config::YamlLimits yaml_limits{.bytes = max_scenario_bytes, .depth = 8};

constexpr std::string_view schema_text = R"({
  "type": "object", "additionalProperties": false, "x-noun": "a scenario, which is a mapping", "properties": {
    "about": {"format": "text", "maxLength": 2000, "description": "What it shows."},
    "orchestrators": {"format": "integer", "formatMinimum": "1", "formatMaximum": "1000000"},
    "gateway": {"format": "text", "minLength": 1, "maxLength": 64},
    "control": {"format": "text", "minLength": 1, "maxLength": 64},
    "cli": {"format": "text", "minLength": 1, "maxLength": 64},
    "listen": {"type": "array", "maxItems": 1000, "items": {"format": "text", "minLength": 1, "maxLength": 64}},
    "capability": {"format": "text", "minLength": 1, "maxLength": 128},
    "capacity": {"format": "integer", "formatMinimum": "0", "formatMaximum": "1000000"},
    "seed": {"format": "integer", "formatMinimum": "0", "formatMaximum": "1000000000000000000"},
    "every_sender_has_reserve": {"type": "boolean"},
    "live_runners": {"type": "boolean"},
    "signer": {"format": "text", "minLength": 1, "maxLength": 64},
    "runners": {"type": "object", "additionalProperties": false, "x-noun": "a mapping of what runners have", "properties": {
      "price": {"format": "integer", "formatMinimum": "0", "formatMaximum": "1000000000000000000"},
      "unit": {"type": "string", "enum": ["fixed", "seconds"]},
      "sessions": {"type": "boolean"},
      "ttl": {"format": "duration", "formatMinimum": "4ms", "formatMaximum": "1h"}}},
    "timeline": {"type": "array", "maxItems": 100000, "items": {
      "type": "object", "additionalProperties": false, "x-noun": "an event, which is a mapping", "properties": {
        "at": {"format": "duration", "formatMinimum": "0s", "formatMaximum": "365d"},
        "for": {"format": "duration", "formatMinimum": "1ms", "formatMaximum": "365d"},
        "orchestrator": {"type": ["number", "string"], "x-noun": "a number, a-b or all"},
        "fault": {"type": ["string", "object"], "x-noun": "a fault's name, or a mapping with kind"},
        "gateway": {"type": ["string", "object"], "x-noun": "a fault's name, or a mapping with kind"},
        "signer": {"type": ["string", "object"], "x-noun": "a fault's name, or a mapping with kind"}}}}}})";

const config::Schema& schema() {
    static const auto compiled = config::Schema::parse(schema_text, config::Schema::Author::host);
    STIPEND_ASSERT(compiled.ok());
    return *compiled;
}

Result<std::uint32_t> number_of(std::string_view text, std::uint32_t size) {
    std::uint32_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value >= size) {
        return fail(STIPEND_E_INVALID, "orchestrator: got \"", text, "\", want 0 to ", size - 1, ", a-b or all");
    }
    return value;
}

std::string text_of(const Node& root, std::string_view key) {
    const auto* node = root.find(key);
    return node == nullptr ? "" : node->text;
}

// Of what the schema has found to be an integer of that range.
template <class Number>
std::optional<Number> integer_of(const Node& root, std::string_view key) {
    const auto* node = root.find(key);
    Number value{};
    if (node == nullptr) return std::nullopt;
    const auto read = std::from_chars(node->text.data(), node->text.data() + node->text.size(), value);
    return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// What ends `change`; none for an event that is over at once.
std::optional<FaultChange> end_of(const FaultChange& change) {
    using Verb = FaultChange::Verb;
    if (change.verb == Verb::heal || change.verb == Verb::crash || change.verb == Verb::new_certificate) {
        return std::nullopt;
    }
    if (change.verb == Verb::fault && change.fault.kind == FaultKind::none) return std::nullopt;
    FaultChange out;
    out.verb = Verb::end;
    out.ended = change.verb;
    return out;
}

std::optional<GatewayFault> end_of(const GatewayFault& change) {
    if (change.kind == GatewayFaultKind::none || change.kind == GatewayFaultKind::funds) return std::nullopt;
    return GatewayFault{};
}

std::optional<SignerFault> end_of(const SignerFault& change) {
    if (change.kind == SignerFaultKind::none) return std::nullopt;
    return SignerFault{};
}

// Reads the timeline, and reports what is wrong with it.
class Timeline {
  public:
    Timeline(std::uint32_t size, Diagnostics& diagnostics) : size_(size), diagnostics_(diagnostics) {}

    std::vector<Event> read(const Node& list) {
        for (std::size_t i = 0; i < list.children.size(); ++i) {
            path_ = cat("timeline[", i, "]");
            add(list.children[i]);
        }
        std::stable_sort(out_.begin(), out_.end(), [](const Event& a, const Event& b) {
            return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.ends && !b.ends;
        });
        return std::move(out_);
    }

  private:
    void refuse(const Node& node, std::string_view key, std::string message) {
        diagnostics_.add(node.pos, key.empty() ? path_ : cat(path_, ".", key), std::move(message));
    }

    void add(const Node& node) {
        const auto* orchestrator = node.find("orchestrator");
        const auto* fault = node.find("fault");
        const auto* gateway = node.find("gateway");
        const auto* signer = node.find("signer");
        const int changes = (fault != nullptr ? 1 : 0) + (gateway != nullptr ? 1 : 0) + (signer != nullptr ? 1 : 0);
        if (changes != 1 || (orchestrator == nullptr) != (fault == nullptr)) {
            return refuse(node, "", "want either orchestrator and fault, or gateway, or signer");
        }
        Event event;
        if (const auto* at = node.find("at")) event.at_ns = *parse_duration(at->text);
        if (gateway != nullptr) {
            auto change = parse_gateway_fault(to_json(*gateway));
            if (!change) return refuse(*gateway, "gateway", std::move(change.error().message));
            return keep(node, event, *change);
        }
        if (signer != nullptr) {
            auto change = parse_signer_fault(to_json(*signer));
            if (!change) return refuse(*signer, "signer", std::move(change.error().message));
            return keep(node, event, *change);
        }
        auto selection = parse_selection(to_json(*orchestrator), size_);
        if (!selection) return refuse(*orchestrator, "orchestrator", std::move(selection.error().message));
        event.selection = *selection;
        auto change = parse_fault(to_json(*fault));
        if (!change) return refuse(*fault, "fault", std::move(change.error().message));
        if (change->verb == FaultChange::Verb::another && change->number >= static_cast<std::int64_t>(size_)) {
            return refuse(*fault, "fault",
                          cat("another: orchestrator: got ", change->number, ", want 0 to ", size_ - 1));
        }
        keep(node, event, *change);
    }

    template <class Change>
    void keep(const Node& node, Event event, const Change& change) {
        event.change = change;
        out_.push_back(event);
        const auto* time = node.find("for");
        if (time == nullptr) return;
        const auto end = end_of(change);
        if (!end) return refuse(*time, "for", "got a time for what is over at once, want none");
        event.at_ns += *parse_duration(time->text);
        event.ends = true;
        event.change = *end;
        out_.push_back(event);
    }

    std::uint32_t size_;
    Diagnostics& diagnostics_;
    std::string path_;
    std::vector<Event> out_;
};

Scenario scenario_of(const Node& root) {
    Scenario out{.orchestrators = integer_of<std::uint32_t>(root, "orchestrators"),
                 .gateway = text_of(root, "gateway"),
                 .control = text_of(root, "control"),
                 .cli = text_of(root, "cli"),
                 .capability = text_of(root, "capability"),
                 .capacity = integer_of<std::int64_t>(root, "capacity"),
                 .seed = integer_of<std::uint64_t>(root, "seed"),
                 .every_sender_has_reserve = text_of(root, "every_sender_has_reserve") == "true",
                 .live_runners = text_of(root, "live_runners") == "true",
                 .signer = text_of(root, "signer")};
    if (const auto* runners = root.find("runners")) {
        out.runner_price_wei = integer_of<std::int64_t>(*runners, "price");
        out.runner_unit = text_of(*runners, "unit");
        out.runner_sessions = text_of(*runners, "sessions") == "true";
        out.runner_ttl = text_of(*runners, "ttl");
    }
    if (const auto* listen = root.find("listen")) {
        for (const auto& item : listen->children) out.listen.push_back(item.text);
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

Result<Scenario> parse_scenario(std::string text, const std::string& name, std::optional<std::uint32_t> size,
                                std::uint32_t otherwise) {
    Diagnostics diagnostics;
    diagnostics.set_source(name, text);
    Scenario out;
    const auto root = config::parse_yaml(text, diagnostics, yaml_limits);
    if (root && diagnostics.empty()) schema().check(*root, {}, {1, 1}, diagnostics);
    if (root && diagnostics.empty()) {
        out = scenario_of(*root);
        const auto* timeline = root->find("timeline");
        Timeline reader(size.value_or(out.orchestrators.value_or(otherwise)), diagnostics);
        if (timeline != nullptr) out.timeline = reader.read(*timeline);
    }
    if (!diagnostics.empty()) {
        auto all = diagnostics.text();
        all.erase(all.find_last_not_of('\n') + 1);
        return fail(STIPEND_E_INVALID, "the scenario is not valid:\n", all);
    }
    return out;
}

}  // namespace stipend::devnet

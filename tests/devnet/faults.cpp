#include "tests/devnet/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "host/config/diagnostic.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::devnet {
namespace {

using Verb = FaultChange::Verb;

constexpr std::uint64_t default_flood_bytes = std::uint64_t{64} << 20;
constexpr std::int64_t max_flood_bytes = std::int64_t{16} << 30;
constexpr std::int64_t max_wei = std::int64_t{1} << 62;
constexpr std::int64_t max_slots = 1'000'000;
constexpr std::int64_t max_orchestrator = 1'000'000;

struct Row {
    std::string_view name;
    Verb verb;
    FaultKind kind;
    std::string_view keys;  // the allowed parameters, each followed by a space
    std::string_view help;
};

constexpr std::array<Row, 41> rows{{
    {"none", Verb::heal, FaultKind::none, "", "healthy again, worker registered; the reported uptime stays"},
    {"down", Verb::fault, FaultKind::down, "chance ", "the token request is refused"},
    {"blackhole", Verb::fault, FaultKind::blackhole, "chance ", "the token request is never answered"},
    {"flap", Verb::fault, FaultKind::flap, "up down ", "well for `up`, then down for `down`, in turns"},
    {"error", Verb::fault, FaultKind::error, "status text chance ", "the worker answers this status and text"},
    {"status401", Verb::fault, FaultKind::status401, "chance ", "the worker answers 401: its capability is removed"},
    {"gateway_text", Verb::fault, FaultKind::gateway_text, "chance ", "the worker's 400 says what a gateway says"},
    {"body", Verb::fault, FaultKind::body, "text chance ", "the worker answers 200 with this body"},
    {"worker_refused", Verb::fault, FaultKind::worker_refused, "chance ",
     "its port refuses: the capability is removed"},
    {"worker_truncated", Verb::fault, FaultKind::worker_truncated, "chance ", "the worker's body ends early"},
    {"unfinished_stream", Verb::fault, FaultKind::unfinished_stream, "bytes chance ",
     "an event stream without its end, then blank lines until the time is over"},
    {"stream_flood", Verb::fault, FaultKind::unfinished_stream, "chance ", "the same, with as many as a node sends"},
    {"gzip", Verb::fault, FaultKind::gzip, "broken chance ",
     "the answer is compressed; `broken`: it says so and is not, 500 `gzip: invalid header`"},
    {"redirect_loop", Verb::fault, FaultKind::redirect_loop, "chance ",
     "it redirects without end: the capability is removed"},
    {"empty200", Verb::fault, FaultKind::empty200, "chance ", "the job cannot be delivered: 200 with an empty body"},
    {"hang", Verb::fault, FaultKind::hang, "chance ", "the job is taken and never answered"},
    {"stall", Verb::fault, FaultKind::stall, "chance ", "the head is answered, the body never comes"},
    {"truncated", Verb::fault, FaultKind::truncated, "chance ", "500 `unexpected EOF` with X-Orchestrator-Url"},
    {"reset", Verb::fault, FaultKind::reset, "chance ", "the client's connection is reset"},
    {"closed", Verb::fault, FaultKind::closed, "chance ", "the client's connection is closed without an answer"},
    {"cut", Verb::fault, FaultKind::cut, "chance ", "the client gets half of the body"},
    {"endless", Verb::fault, FaultKind::endless, "bytes chance ", "the body never ends, up to `bytes`"},
    {"huge", Verb::fault, FaultKind::huge, "bytes chance ", "a valid answer, padded to `bytes`"},
    {"header_flood", Verb::fault, FaultKind::header_flood, "bytes chance ", "headers without end, up to `bytes`"},
    {"token_refused", Verb::fault, FaultKind::token_refused, "status chance ",
     "no token: 503 without a reserve, 400 without ticket parameters"},
    {"runner_unhealthy", Verb::fault, FaultKind::runner_unhealthy, "", "its live runners are hidden: 404"},
    {"runner_full", Verb::fault, FaultKind::runner_full, "", "its live runners have no free slot: 503"},
    {"payment_refused", Verb::fault, FaultKind::payment_refused, "", "a live runner's payment is refused: 403"},
    {"uptime", Verb::uptime, FaultKind::none, "percent raw missing services ",
     "what the worker reports: percent, JSON text, none; `services`: a percentage for each name"},
    {"slow", Verb::slow, FaultKind::none, "delay ", "the worker answers after `delay`"},
    {"token_slow", Verb::token_slow, FaultKind::none, "delay ", "the token comes after `delay` (500 ms is too late)"},
    {"announce", Verb::announce, FaultKind::none, "address ", "announces this service address"},
    {"another", Verb::another, FaultKind::none, "orchestrator ", "announces the address of that orchestrator"},
    {"price", Verb::price, FaultKind::none, "wei ", "asks this price per second"},
    {"unknown", Verb::unknown, FaultKind::none, "", "not in the gateway's pool"},
    {"capability_lost", Verb::capability_lost, FaultKind::none, "", "every capability is removed"},
    {"new_certificate", Verb::new_certificate, FaultKind::none, "", "its listener serves a new certificate"},
    {"crash", Verb::crash, FaultKind::none, "for ", "connections reset, port refused, then up with all forgotten"},
    {"hold_slots", Verb::hold_slots, FaultKind::none, "slots ", "idle jobs hold this many; a registration frees them"},
    {"cold_connection", Verb::cold_connection, FaultKind::none, "round_trip idle limit ",
     "distant: the first token after `idle` takes three round trips, `limit` is too late"},
    {"heal", Verb::heal, FaultKind::none, "", "the same as none"},
}};

constexpr std::array<std::string_view, 7> gateway_names{"none",      "down",          "hang", "error",
                                                        "malformed", "deposit_empty", "funds"};
constexpr std::size_t max_amount_digits = 30;

bool allows(std::string_view keys, std::string_view key) {
    for (std::size_t at = 0; at < keys.size(); at = keys.find(' ', at) + 1) {
        if (keys.substr(at, keys.find(' ', at) - at) == key) return true;
    }
    return false;
}

Result<std::int64_t> integer(const Json& json, std::string_view what, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    const auto* end = json.text().data() + json.text().size();
    const auto read = std::from_chars(json.text().data(), end, value);
    if (!json.is(Json::Kind::number) || read.ec != std::errc() || read.ptr != end || value < low || value > high) {
        return fail(STIPEND_E_INVALID, what, ": got ", json.dump(), ", want an integer from ", low, " to ", high);
    }
    return value;
}

Result<std::string> string_of(const Json& json, std::string_view what) {
    if (!json.is(Json::Kind::string)) {
        return fail(STIPEND_E_INVALID, what, ": got ", json.kind_name(), ", want a string");
    }
    return json.text();
}

Result<std::int64_t> duration_of(const Json* json, std::string_view what) {
    if (json == nullptr) return fail(STIPEND_E_INVALID, what, ": missing, want a duration such as 300ms");
    STIPEND_LET(text, string_of(*json, what));
    auto parsed = parse_duration(text);
    if (!parsed) return std::move(parsed.error()).in(what);
    return *parsed;
}

// Leaves `into` alone if `json` is NULL.
Result<void> optional_duration(const Json* json, std::string_view what, std::int64_t& into) {
    if (json == nullptr) return {};
    STIPEND_LET(value, duration_of(json, what));
    into = value;
    return {};
}

// The name of the kind, from the short or the long form.
Result<std::string> kind_of(const Json& json) {
    if (json.is(Json::Kind::string)) return json.text();
    if (!json.is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "fault: got ", json.kind_name(), ", want a name or an object with \"kind\"");
    }
    const auto* kind = json.find("kind");
    if (kind == nullptr) return fail(STIPEND_E_INVALID, "fault: \"kind\" is missing");
    return string_of(*kind, "fault kind");
}

Result<void> read_parameters(const Json& json, Fault& fault) {
    if (const auto* status = json.find("status")) {
        STIPEND_LET(value, integer(*status, "status", 400, 599));
        fault.status = static_cast<int>(value);
    }
    if (const auto* text = json.find("text")) {
        STIPEND_LET(value, string_of(*text, "text"));
        fault.text = std::move(value);
    }
    if (const auto* bytes = json.find("bytes")) {
        STIPEND_LET(value, integer(*bytes, "bytes", 0, max_flood_bytes));
        fault.bytes = static_cast<std::uint64_t>(value);
    }
    if (const auto* chance = json.find("chance")) {
        STIPEND_LET(value, integer(*chance, "chance", 0, 100));
        fault.chance_percent = static_cast<std::uint32_t>(value);
    }
    if (const auto* broken = json.find("broken")) {
        if (!broken->is(Json::Kind::boolean))
            return fail(STIPEND_E_INVALID, "broken: got ", broken->dump(), ", want true");
        fault.broken = broken->truth();
    }
    if (fault.kind == FaultKind::flap) {
        STIPEND_LET(up_ns, duration_of(json.find("up"), "flap: up"));
        STIPEND_LET(down_ns, duration_of(json.find("down"), "flap: down"));
        if (up_ns + down_ns <= 0) return fail(STIPEND_E_INVALID, "flap: up and down are both 0, want one above 0");
        fault.up_ns = up_ns;
        fault.down_ns = down_ns;
    }
    return {};
}

Result<std::optional<std::string>> read_uptime(const Json& json) {
    if (const auto* percent = json.find("percent")) {
        if (!percent->is(Json::Kind::number) && !percent->is(Json::Kind::string)) {
            return fail(STIPEND_E_INVALID, "uptime percent: got ", percent->kind_name(), ", want a number");
        }
        STIPEND_TRY(Decimal::parse(percent->text()));
        return std::optional(percent->text());
    }
    if (const auto* raw = json.find("raw")) {
        STIPEND_LET(text, string_of(*raw, "uptime raw"));
        return std::optional(std::move(text));
    }
    const auto* missing = json.find("missing");
    if (missing != nullptr && missing->is(Json::Kind::boolean) && missing->truth()) return std::optional<std::string>();
    return fail(STIPEND_E_INVALID, "uptime: want \"percent\", \"raw\" or \"missing\": true");
}

// {"avatar":43.2} as the list of a worker's answer.
Result<std::string> read_services(const Json* json) {
    if (json == nullptr) return std::string();
    if (!json->is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "uptime services: got ", json->kind_name(), ", want a percentage for each name");
    }
    auto list = Json::array();
    for (const auto& [name, percent] : json->members()) {
        if (!percent.is(Json::Kind::number)) {
            return fail(STIPEND_E_INVALID, "uptime services: ", name, ": got ", percent.kind_name(), ", want a number");
        }
        list.push(Json::object().set("name", name).set("uptime_percentage", percent));
    }
    return list.dump();
}

Result<void> read_member(const Json& json, FaultChange& change) {
    const auto need = [&](std::string_view key) -> const Json& {
        static const Json absent;
        const auto* value = json.find(key);
        return value == nullptr ? absent : *value;
    };
    switch (change.verb) {
        case Verb::uptime: {
            STIPEND_LET(text, read_uptime(json));
            change.text = std::move(text);
            STIPEND_SET(change.services, read_services(json.find("services")));
            break;
        }
        case Verb::slow:
        case Verb::token_slow: {
            STIPEND_LET(delay_ns, duration_of(json.find("delay"), "delay"));
            change.number = delay_ns;
            break;
        }
        case Verb::crash: {
            STIPEND_LET(down_ns, duration_of(json.find("for"), "crash: for"));
            change.number = down_ns;
            break;
        }
        case Verb::hold_slots: {
            STIPEND_LET(slots, integer(need("slots"), "hold_slots: slots", 0, max_slots));
            change.number = slots;
            break;
        }
        case Verb::cold_connection: {
            auto& distance = change.distance;
            STIPEND_TRY(optional_duration(json.find("round_trip"), "round_trip", distance.round_trip_ns));
            STIPEND_TRY(optional_duration(json.find("idle"), "idle", distance.idle_limit_ns));
            STIPEND_TRY(optional_duration(json.find("limit"), "limit", distance.token_limit_ns));
            break;
        }
        case Verb::announce: {
            STIPEND_LET(address, string_of(need("address"), "address"));
            change.text = std::move(address);
            break;
        }
        case Verb::another: {
            STIPEND_LET(number, integer(need("orchestrator"), "another: orchestrator", 0, max_orchestrator));
            change.number = number;
            break;
        }
        case Verb::price: {
            STIPEND_LET(wei, integer(need("wei"), "price: wei", 0, max_wei));
            change.number = wei;
            break;
        }
        default:
            break;
    }
    return {};
}

// An amount of wei: digits, as a number or (beyond what other readers of JSON hold) a string.
Result<std::optional<std::string>> amount_of(const Json* json, std::string_view what) {
    if (json == nullptr) return std::optional<std::string>();
    const bool typed = json->is(Json::Kind::number) || json->is(Json::Kind::string);
    const std::string_view text = typed ? std::string_view(json->text()) : std::string_view();
    if (text.empty() || text.size() > max_amount_digits ||
        text.find_first_not_of("0123456789") != std::string_view::npos) {
        return fail(STIPEND_E_INVALID, what, ": got ", json->dump(), ", want digits, at most ", max_amount_digits);
    }
    const auto first = std::min(text.find_first_not_of('0'), text.size() - 1);
    return std::optional(std::string(text.substr(first)));
}

bool allowed_for_gateway(GatewayFaultKind kind, std::string_view key) {
    if (kind == GatewayFaultKind::error) return allows("status text ", key);
    return kind == GatewayFaultKind::funds && allows("deposit reserve ", key);
}

}  // namespace

Result<FaultChange> parse_fault(const Json& json) {
    STIPEND_LET(name, kind_of(json));
    for (const auto& row : rows) {
        if (row.name != name) continue;
        for (const auto& member : json.members()) {
            if (member.first != "kind" && !allows(row.keys, member.first)) {
                return fail(STIPEND_E_INVALID, "fault ", name, ": unknown key \"", member.first, "\", want ",
                            row.keys.empty() ? std::string_view("none") : row.keys.substr(0, row.keys.size() - 1));
            }
        }
        FaultChange change;
        change.verb = row.verb;
        change.fault.kind = row.kind;
        // 0: as many as a node sends.
        change.fault.bytes = row.kind == FaultKind::unfinished_stream ? 0 : default_flood_bytes;
        change.fault.status = row.kind == FaultKind::token_refused ? 503 : 500;
        change.fault.text = row.kind == FaultKind::error ? "worker error" : "";
        STIPEND_TRY(read_parameters(json, change.fault));
        if (row.kind == FaultKind::token_refused && change.fault.status != 503 && change.fault.status != 400) {
            return fail(STIPEND_E_INVALID, "token_refused: status: got ", change.fault.status, ", want 503 or 400");
        }
        STIPEND_TRY(read_member(json, change));
        return change;
    }
    std::vector<std::string_view> names;
    for (const auto& row : rows) names.push_back(row.name);
    return fail(STIPEND_E_INVALID, "fault: unknown kind \"", name, "\"; --help lists the kinds",
                config::did_you_mean(name, names));
}

Result<GatewayFault> parse_gateway_fault(const Json& json) {
    STIPEND_LET(name, kind_of(json));
    GatewayFault out;
    for (std::size_t i = 0; i < gateway_names.size(); ++i) {
        if (gateway_names.at(i) != name) continue;
        out.kind = static_cast<GatewayFaultKind>(i);
        for (const auto& member : json.members()) {
            if (member.first != "kind" && !allowed_for_gateway(out.kind, member.first)) {
                return fail(STIPEND_E_INVALID, "gateway fault ", name, ": unknown key \"", member.first, "\"");
            }
        }
        Fault parameters{.status = out.status, .text = out.text};
        STIPEND_TRY(read_parameters(json, parameters));
        out.status = parameters.status;
        out.text = parameters.text;
        STIPEND_LET(deposit_wei, amount_of(json.find("deposit"), "funds: deposit"));
        STIPEND_LET(reserve_wei, amount_of(json.find("reserve"), "funds: reserve"));
        out.deposit_wei = std::move(deposit_wei);
        out.reserve_wei = std::move(reserve_wei);
        return out;
    }
    return fail(STIPEND_E_INVALID, "gateway fault: unknown kind \"", name,
                "\", want none, down, hang, error, malformed, deposit_empty or funds");
}

std::string_view fault_name(FaultKind kind) {
    for (const auto& row : rows) {
        if (row.kind == kind) return row.name;
    }
    return "none";
}

std::string_view gateway_fault_name(GatewayFaultKind kind) {
    return gateway_names.at(static_cast<std::size_t>(kind));
}

std::string fault_help() {
    std::string out;
    for (const auto& row : rows) {
        std::string line = cat("  ", row.name, row.keys.empty() ? "" : " ", row.keys);
        line.resize(std::max<std::size_t>(line.size() + 1, 36), ' ');
        out += cat(line, row.help, "\n");
    }
    return out +
           "  gateway: none, down, hang, error (status text), malformed, deposit_empty, funds (deposit reserve)\n";
}

}  // namespace stipend::devnet

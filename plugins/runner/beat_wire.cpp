#include "beat_wire.hpp"

#include <algorithm>

#include "livepeer/wire.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json_parse.hpp"

namespace runner {

using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t most_beat_answer = 65'536;
constexpr std::size_t most_runner_id = 256;
constexpr std::size_t most_beat_secret = 1024;
constexpr std::size_t most_go_duration = 64;

Result<std::string> beat_text(const Json& answer, std::string_view key, std::size_t most) {
    const auto* found = answer.find(key);
    if (found == nullptr || found->is(Json::Kind::null)) return std::string();
    if (found->is(Json::Kind::string) && found->text().size() <= most) return found->text();
    return fail(STIPEND_E_INVALID, key, ": got ", found->kind_name(), ", want a string of at most ", most, " bytes");
}

bool is_plain_id(std::string_view id) {
    return !id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), [](char c) {
        return stipend::ascii::is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '~';
    });
}

// Nothing where it has no readable duration above zero.
std::int64_t beat_duration(const Json& answer, std::string_view key) {
    const auto* found = answer.find(key);
    const auto ns = found != nullptr && found->is(Json::Kind::string) ? read_go_duration(found->text())
                                                                      : Result<std::int64_t>(std::int64_t{0});
    return ns ? *ns : 0;
}

}  // namespace

std::string beat_body(const WorkerSettings& settings, std::string_view runner_id) {
    auto out = Json::object();
    if (!runner_id.empty()) out.set("runner_id", runner_id);
    if (!settings.label.empty()) out.set("label", settings.label);
    out.set("runner_url", settings.url);
    out.set("app", settings.capability);
    if (!settings.version.empty()) out.set("version", settings.version);
    if (!settings.metadata.empty()) out.set("metadata", settings.metadata);
    out.set("status", "ready");
    out.set("mode", settings.mode);
    out.set("capacity", settings.capacity);
    if (!settings.price.empty()) {
        auto price = Json::object();
        price.set("price", Json::of_number(settings.price));
        price.set("currency", "usd");
        price.set("unit", settings.price_unit);
        out.set("price_info", std::move(price));
    }
    return out.dump();
}

Result<BeatAnswer> read_beat_answer(std::string_view body) {
    STIPEND_LET(json, stipend::parse_json(body, {.bytes = most_beat_answer, .depth = 8, .nodes = 20'000}));
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "got ", json.kind_name(), ", want an object");
    BeatAnswer out;
    STIPEND_SET(out.runner_id, beat_text(json, "runner_id", most_runner_id));
    if (!is_plain_id(out.runner_id)) {
        return fail(STIPEND_E_INVALID, "runner_id: got \"", livepeer::printable(out.runner_id, 60),
                    "\", want letters, digits, '.', '_', '-' and '~'");
    }
    STIPEND_SET(out.secret, beat_text(json, "heartbeat_secret", most_beat_secret));
    if (!std::all_of(out.secret.begin(), out.secret.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
        return fail(STIPEND_E_INVALID, "heartbeat_secret: got ", out.secret.size(),
                    " bytes, want printable ASCII without blanks");
    }
    const auto asked = beat_duration(json, "heartbeat_interval");
    const auto lives = beat_duration(json, "heartbeat_ttl");
    out.interval_ns = asked > 0 ? asked : usual_interval_ns;
    if (lives > 0) out.interval_ns = std::min(out.interval_ns, lives / 2);
    out.interval_ns = std::clamp(out.interval_ns, least_interval_ns, longest_interval_ns);
    return out;
}

Result<std::int64_t> read_go_duration(std::string_view text) {
    const auto refuse = [whole = text] {
        return fail(STIPEND_E_INVALID, "got \"", livepeer::printable(whole, 40),
                    "\", want a duration such as 5s or 1m30s");
    };
    if (text.empty() || text.size() > most_go_duration) return refuse();
    std::int64_t sum = 0;
    while (!text.empty()) {
        const auto unit = text.find_first_not_of("0123456789.");
        if (unit == 0 || unit == std::string_view::npos) return refuse();
        auto end = text.find_first_of("0123456789.", unit);
        if (end == std::string_view::npos) end = text.size();
        const auto part = stipend::parse_duration(text.substr(0, end));
        if (!part || *part > std::numeric_limits<std::int64_t>::max() - sum) return refuse();
        sum += *part;
        text.remove_prefix(end);
    }
    return sum;
}

}  // namespace runner

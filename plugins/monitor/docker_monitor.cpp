#include "docker_monitor.hpp"

#include <algorithm>
#include <cstdlib>

#include "stipend/glob.hpp"
#include "stipend/json_parse.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::Completion;
using stipend::ConfigView;
using stipend::fail;
using stipend::HttpReply;
using stipend::Json;
using stipend::ns_per_ms;
using stipend::ns_per_s;
using stipend::Result;

struct Docker::Look {
    Completion<stipend_observation> done;
    std::string target_id;
    std::string name;
    stipend_unix_ns at = 0;
    stipend_op exchange = 0;
};

namespace {

// {"members": ["name", ...]}: names that a pattern had matched before this watch.
Result<std::vector<std::string>> parse_members(std::string_view attributes_json) {
    std::vector<std::string> out;
    if (attributes_json.empty()) return out;
    STIPEND_LET(json, stipend::parse_json(attributes_json));
    if (!json.is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "attributes: got ", json.kind_name(), ", want an object");
    }
    for (const auto& [key, value] : json.members()) {
        if (key != "members") return fail(STIPEND_E_INVALID, "no such attribute: ", key);
        if (!value.is(Json::Kind::array)) {
            return fail(STIPEND_E_INVALID, "members: got ", value.kind_name(), ", want a list of names");
        }
        for (const auto& item : value.items()) {
            if (!item.is(Json::Kind::string)) {
                return fail(STIPEND_E_INVALID, "members: got ", item.kind_name(), ", want names");
            }
            out.push_back(item.text());
        }
    }
    return out;
}

Result<std::vector<Target>> parse_targets(std::span<const stipend_target> given) {
    if (given.size() > max_targets) {
        return fail(STIPEND_E_LIMIT, "too many targets: got ", given.size(), ", want at most ", max_targets);
    }
    std::vector<Target> out;
    out.reserve(given.size());
    for (const auto& target : given) {
        const auto id = stipend::view(target.target_id);
        auto selection = parse_endpoint(stipend::view(target.endpoint));
        if (!selection) return std::move(selection).error().in(cat("target ", id));
        auto members = parse_members(stipend::view(target.attributes_json));
        if (!members) return std::move(members).error().in(cat("target ", id));
        out.push_back({std::string(id), std::move(*selection), std::move(*members)});
    }
    return out;
}

stipend_observation to_abi(const Observation& seen) {
    auto record = stipend::make_record<stipend_observation>();
    record.verdict = seen.verdict;
    record.target_id = stipend::to_abi(seen.target_id);
    record.started_at = seen.from;
    record.ended_at = seen.to;
    record.evidence = stipend::bytes_to_abi(seen.evidence);
    return record;
}

std::string why_evidence(std::string_view why) {
    return Json::object().set("why", stipend::clip(why, 300)).dump();
}

// The observation of the container of that name in the response to an inspection.
std::pair<std::int32_t, std::string> judge(const std::string& name, const HttpReply& reply) {
    const auto missing = [] {
        return std::pair<std::int32_t, std::string>{STIPEND_DOWN, R"({"state":"missing","why":"no such container"})"};
    };
    if (reply.status == STIPEND_OK && reply.http_status() == 404) return missing();
    const auto path = cat("/containers/", name, "/json");
    if (const auto well = check_answer(path, reply); !well) {
        return {STIPEND_UNKNOWN, why_evidence(well.error().message)};
    }
    const auto details = parse_details(reply.body());
    if (!details) return {STIPEND_UNKNOWN, why_evidence(unreadable(path, details.error()))};
    // The engine also accepts the beginning of an id.
    if (details->name != name) return missing();
    Container container;
    container.state = details->state;
    container.health = details->health;
    container.oom_killed = details->oom_killed;
    container.restarts = details->restarts;
    container.exit_code = details->exit_code;
    container.started_at = details->started_at;
    container.finished_at = details->finished_at;
    return {verdict_of(container), evidence_of(container)};
}

}  // namespace

Result<Settings> Docker::parse(const Json& json, const stipend_terms&) {
    const ConfigView config(json);
    Settings out;
    STIPEND_SET(out.engine, read_engine(config, [](const char* name) {
                    const char* value = std::getenv(name);
                    return std::string(value == nullptr ? "" : value);
                }));
    STIPEND_SET(out.every_ns, config.at("every").duration_or(out.every_ns, ns_per_s, 600 * ns_per_s));
    STIPEND_LET(timeout, config.at("timeout").duration_or(5 * ns_per_s, 100 * ns_per_ms, 60 * ns_per_s));
    out.timeout_ms = static_cast<std::uint32_t>(timeout / ns_per_ms);
    STIPEND_SET(out.discovery, parse_discovery(config.at("discover")));
    return out;
}

Result<void> Docker::check_target(const Settings&, const stipend_target& target) {
    STIPEND_TRY(parse_endpoint(stipend::view(target.endpoint)));
    STIPEND_TRY(parse_members(stipend::view(target.attributes_json)));
    return {};
}

Result<void> Docker::watch(std::span<const stipend_target> given, stipend::Observer observer,
                           Completion<stipend::Nothing> done) {
    STIPEND_LET(targets, parse_targets(given));
    const auto op = done.op();
    const auto session = std::make_shared<Session>(
        host_, settings_, targets,
        [observer](const Observation& seen) {
            const auto record = to_abi(seen);
            observer(record);
        },
        [this, op](const std::string& why) { set_trouble(op, why); });
    // No observation may be reported before the start function has returned.
    if (!host_.post([this, op] {
            if (const auto found = watches_.find(op); found != watches_.end()) found->second.session->start();
        })) {
        return fail(STIPEND_E_BUSY, "the host takes no work at the moment");
    }
    watches_.emplace(op, Watch{session, std::move(done)});
    return {};
}

Result<void> Docker::probe(const stipend_target& target, stipend_mono_ns deadline,
                           Completion<stipend_observation> done) {
    const auto endpoint = stipend::view(target.endpoint);
    STIPEND_LET(selection, parse_endpoint(endpoint));
    const auto& name = selection.name;
    if (name.empty() || stipend::is_glob(name)) {
        return fail(STIPEND_E_UNSUPPORTED, "several containers can only be watched: got \"",
                    name.empty() ? endpoint : std::string_view(name), "\", want one name");
    }
    const auto op = done.op();
    auto look =
        std::make_shared<Look>(Look{std::move(done), std::string(stipend::view(target.target_id)), name, host_.now()});
    auto timeout_ms = std::int64_t{settings_.timeout_ms};
    if (deadline != 0) timeout_ms = std::min(timeout_ms, (deadline - host_.monotonic()) / ns_per_ms);
    Result<stipend_op> sent = fail(STIPEND_E_TIMEOUT, "its deadline has passed");
    if (timeout_ms > 0) {
        // Without a version the engine uses its own.
        sent = ask(host_, settings_.engine, cat("/containers/", name, "/json"), static_cast<std::uint32_t>(timeout_ms),
                   max_details_bytes, [this, op](const HttpReply& reply) { on_answer(op, reply); });
    }
    if (!sent) return std::move(sent).error();
    look->exchange = *sent;
    looks_.emplace(op, std::move(look));
    return {};
}

void Docker::on_answer(stipend_op op, const HttpReply& reply) {
    auto found = looks_.extract(op);
    if (found.empty()) return;  // cancelled
    auto& look = *found.mapped();
    const auto [verdict, evidence] = judge(look.name, reply);
    auto record = to_abi({verdict, look.target_id, look.at, host_.now(), evidence});
    look.done.finish(record);
}

void Docker::set_trouble(stipend_op op, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (why.empty()) {
        troubles_.erase(op);
    } else {
        troubles_[op] = why;
    }
}

void Docker::cancel(stipend_op op) {
    // [any]: the state of [pool] is only accessed there.
    static_cast<void>(host_.post([this, op] {
        if (auto look = looks_.extract(op); !look.empty()) {
            host_.cancel_http(look.mapped()->exchange);
            look.mapped()->done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
        }
        if (auto watch = watches_.extract(op); !watch.empty()) {
            watch.mapped().session->stop();
            set_trouble(op, {});
            watch.mapped().done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
        }
    }));
}

void Docker::quiesce() {
    // A watch ends only here. No other call of this instance is running.
    auto watches = std::exchange(watches_, {});
    for (auto& [op, watch] : watches) {
        watch.session->stop();
        set_trouble(op, {});
        watch.done.finish({});
    }
}

Result<void> Docker::health() {
    const std::lock_guard lock(mutex_);
    if (troubles_.empty()) return {};
    return fail(STIPEND_E_UNAVAILABLE, settings_.engine.shown, ": ", troubles_.begin()->second);
}

}  // namespace monitor::docker

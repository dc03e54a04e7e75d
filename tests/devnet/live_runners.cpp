#include "tests/devnet/live_runners.hpp"

#include <algorithm>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/gojson.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t seconds_an_hour = 3600;
constexpr std::int64_t pixels_720p = std::int64_t{1280} * 720 * 30;
constexpr std::int64_t health_timeout_ns = 3 * ns_per_s;

// A registration in the shape of a heartbeat, or of one entry of a static batch.
struct RunnerAsked {
    std::string runner_id, label, routing, url, app, version, metadata, status, mode, health_url;
    std::int64_t capacity = 0;
    std::int64_t healthy_status = 200;
    std::string price, currency, unit;
};

Result<RunnerAsked> parse_runner(const GoValue& json) {
    if (json.kind != GoValue::Kind::object) return go_value_mismatch(json, "runner.HeartbeatRequest");
    RunnerAsked out;
    GoFields fields(json, "HeartbeatRequest");
    fields.string("runner_id", out.runner_id);
    fields.string("label", out.label);
    fields.string("routing", out.routing);
    fields.string("runner_url", out.url);
    fields.string("app", out.app);
    fields.string("version", out.version);
    fields.string("metadata", out.metadata);
    fields.string("status", out.status);
    fields.string("mode", out.mode);
    fields.string("health_url", out.health_url);
    fields.integer("capacity", "int", out.capacity);
    fields.integer("healthy_status_code", "int", out.healthy_status);
    if (const auto* price = json.field("price_info"); price != nullptr && price->kind == GoValue::Kind::object) {
        if (const auto* number = price->field("price"); number != nullptr && number->kind == GoValue::Kind::number) {
            out.price = number->text;
        }
        GoFields info(*price, "PriceInfo");
        info.string("currency", out.currency);
        info.string("unit", out.unit);
        STIPEND_TRY(info.finish());
    }
    STIPEND_TRY(fields.finish());
    return out;
}

std::string trimmed_app(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == text.npos ? "" : std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// USD for a unit, as the wei of discovery.
Result<void> set_price(const RunnerAsked& asked, const Settings& settings, LiveRunner& out) {
    if (settings.runner_price_wei == 0) return {};  // off chain: ignored
    const auto dollars = Decimal::parse(asked.price);
    const auto nano = dollars ? dollars->exact_scaled(9) : Result<std::int64_t>(0);
    if (asked.currency != "usd" || !nano || *nano <= 0 || settings.usd_per_eth <= 0) {
        return fail(STIPEND_E_INVALID, "price_info must be a price above 0 in usd");
    }
    auto wei = static_cast<__int128>(*nano) * 1'000'000'000 / settings.usd_per_eth;
    if (asked.unit == "hour") wei /= seconds_an_hour;
    if (asked.unit == "720p") wei /= pixels_720p;
    if (asked.unit != "fixed" && asked.unit != "hour" && asked.unit != "720p") {
        return fail(STIPEND_E_INVALID, "price_info.unit must be hour, 720p or fixed");
    }
    out.unit = asked.unit == "fixed" ? "fixed" : asked.unit == "hour" ? "seconds" : "720p-pixel-seconds";
    out.price_wei = static_cast<std::int64_t>(std::min<__int128>(wei, std::int64_t{1} << 62));
    return {};
}

Result<LiveRunner> make_runner(const RunnerAsked& asked, const Settings& settings) {
    LiveRunner out{.label = asked.label, .version = asked.version, .metadata = asked.metadata};
    out.url = asked.url;
    while (out.url.ends_with('/')) out.url.pop_back();
    if (out.url.rfind("http://", 0) != 0 && out.url.rfind("https://", 0) != 0) {
        return fail(STIPEND_E_INVALID, "runner_url must be an absolute http or https URL");
    }
    out.app = trimmed_app(asked.app);
    if (out.app.empty()) return fail(STIPEND_E_INVALID, "app is required");
    if (asked.metadata.size() > LiveRunners::max_metadata) return fail(STIPEND_E_INVALID, "metadata is too long");
    if (asked.capacity < 0) return fail(STIPEND_E_INVALID, "capacity must not be negative");
    if (!asked.mode.empty() && asked.mode != "persistent" && asked.mode != "single-shot") {
        return fail(STIPEND_E_INVALID, "mode must be persistent or single-shot");
    }
    out.capacity = asked.capacity == 0 ? 1 : asked.capacity;
    out.ready = asked.status.empty() || asked.status == "ready";
    out.single_shot = asked.mode == "single-shot";
    STIPEND_TRY(set_price(asked, settings, out));
    return out;
}

}  // namespace

LiveRunners::LiveRunners(RunnerHost host, bool bare) : host_(std::move(host)), bare_(bare) {
    register_scripted();
}

bool LiveRunners::owns(std::string_view path) {
    return path == "/discovery" || path.rfind("/runners/", 0) == 0 || path.rfind("/apps/", 0) == 0;
}

std::string LiveRunners::new_id(std::string_view prefix) {
    return cat(prefix, host_.number, "x", next_id_++);
}

void LiveRunners::register_scripted() {
    if (bare_) return;
    const auto& settings = host_.settings;
    LiveRunner runner{.id = "scripted", .label = "scripted", .route = "scripted", .app = settings.capability};
    runner.url = "http://127.0.0.1:9876";
    runner.capacity = settings.capacity;
    runner.single_shot = !settings.runner_persistent;
    runner.scripted = true;
    runner.price_wei = settings.runner_price_wei;
    runner.unit = settings.runner_unit;
    runners_.insert_or_assign(runner.id, std::move(runner));
}

void LiveRunners::restart() {
    runners_.clear();
    for (auto& [call, running] : std::exchange(running_, {})) running.respond(shaped(Reply::Shape::reset));
    register_scripted();
}

bool LiveRunners::expired(const LiveRunner& runner) const {
    return !runner.secret.empty() && host_.world.mono_ns() - runner.beat_ns > host_.settings.runner_ttl_ns;
}

// Hidden runners are as if they were not there.
bool LiveRunners::usable(const LiveRunner& runner) const {
    const bool ill = host_.behaviour.fault.kind == FaultKind::runner_unhealthy;
    return runner.ready && runner.healthy && !ill && !expired(runner);
}

// What expired is removed at the next tick of the sweep.
void LiveRunners::sweep() {
    const auto tick_ns = host_.settings.runner_beat_ns;
    const auto now_ns = host_.world.mono_ns();
    std::erase_if(runners_, [&](const auto& entry) {
        if (!expired(entry.second)) return false;
        const auto over_ns = entry.second.beat_ns + host_.settings.runner_ttl_ns;
        return now_ns / tick_ns > over_ns / tick_ns;
    });
}

LiveRunner* LiveRunners::find_route(std::string_view route) {
    for (auto& [id, runner] : runners_) {
        if (runner.route == route) return &runner;
    }
    return nullptr;
}

std::int64_t LiveRunners::price_of(const LiveRunner& runner) const {
    return host_.behaviour.price_wei ? *host_.behaviour.price_wei : runner.price_wei;
}

Reply LiveRunners::heartbeat(const Request& request) {
    if (request.method != "POST") return http_error(405, "Method Not Allowed");
    const auto json = parse_go_json(request.body);
    if (!json) return http_error(400, json.error().message);
    const auto asked = parse_runner(*json);
    if (!asked) return http_error(400, asked.error().message);
    const auto found = runners_.find(asked->runner_id);
    const bool known = found != runners_.end() && !found->second.secret.empty();
    const bool first = request.authorization == host_.settings.secret;
    if (first && known) return http_error(401, "invalid heartbeat authorization");
    if (!first && !known) return http_error(401, "invalid registration authorization");
    if (!first && request.authorization != found->second.secret) {
        return http_error(401, "invalid heartbeat authorization");
    }
    if (!first && expired(found->second)) return http_error(404, "runner not found");
    auto made = make_runner(*asked, host_.settings);
    if (!made) return http_error(400, made.error().message);
    if (first && (runners_.size() >= max_runners || found != runners_.end())) {
        return http_error(400, "this devnet holds no more runners, or has a static one of that id");
    }
    auto& runner = *made;
    runner.id = !asked->runner_id.empty() ? asked->runner_id : new_id("runner_");
    runner.route = runner.id;
    runner.secret = first ? new_id("beat-") : found->second.secret;
    runner.beat_ns = host_.world.mono_ns();
    if (!first) {
        runner.used = found->second.used;
        runner.sessions = found->second.sessions;
    }
    ++heartbeats_;
    auto out = Json::object()
                   .set("runner_id", runner.id)
                   .set("orchestrator", host_.address)
                   .set("heartbeat_interval", duration_text(host_.settings.runner_beat_ns))
                   .set("heartbeat_ttl", duration_text(host_.settings.runner_ttl_ns));
    if (first) {
        const auto channel = cat("o2r-", runner.id);
        out.set("heartbeat_secret", runner.secret)
            .set("o2r", Json::object()
                            .set("name", "o2r")
                            .set("channel_name", channel)
                            .set("url", cat(host_.address, "/ai/trickle/", channel))
                            .set("mime_type", "application/json"));
    }
    auto sessions = Json::array();
    for (const auto& session : runner.sessions) sessions.push(Json(session));
    out.set("session_ids", std::move(sessions));
    runners_.insert_or_assign(runner.id, std::move(runner));
    return typed_reply(200, "application/json", out.dump() + "\n");
}

Reply LiveRunners::unregister(const Request& request, std::string_view id) {
    if (request.method != "POST") return http_error(405, "Method Not Allowed");
    const auto found = runners_.find(id);
    if (found == runners_.end() || found->second.secret.empty()) return http_error(404, "runner not found");
    if (request.authorization != found->second.secret) return http_error(401, "invalid heartbeat authorization");
    runners_.erase(found);
    Reply reply;
    reply.status = 204;
    return reply;
}

Reply LiveRunners::register_static(std::string_view body) {
    const auto json = parse_go_json(body);
    if (!json) return http_error(400, json.error().message);
    const auto* list = json->field("runners");
    if (list == nullptr || list->kind != GoValue::Kind::array) return http_error(400, "runners is required");
    std::vector<LiveRunner> batch;
    for (const auto& entry : list->items) {
        auto asked = parse_runner(entry);
        if (!asked) return http_error(400, asked.error().message);
        auto made = make_runner(*asked, host_.settings);
        if (!made) return http_error(400, made.error().message);
        auto* old = asked->label.empty() ? nullptr : find_route(asked->label);
        made->id = old != nullptr ? old->id : new_id("runner_");
        made->route = asked->routing == "label" && !asked->label.empty() ? asked->label : made->id;
        made->health_path = asked->health_url.empty() ? "/health" : asked->health_url;
        made->healthy_status = static_cast<int>(std::clamp<std::int64_t>(asked->healthy_status, 0, 999));
        made->healthy = false;  // until its health was asked for
        batch.push_back(std::move(*made));
    }
    if (runners_.size() + batch.size() > max_runners) return http_error(400, "this devnet holds no more runners");
    auto out = Json::array();
    for (auto& runner : batch) {
        const auto id = runner.id;
        out.push(Json::object().set("runner_id", id).set("healthy", false));
        const bool polled = runners_.contains(id);
        runners_.insert_or_assign(id, std::move(runner));
        if (!polled) poll_health(id);
    }
    return typed_reply(200, "application/json", Json::object().set("runners", std::move(out)).dump() + "\n");
}

void LiveRunners::release_sessions(LiveRunner& runner) {
    runner.used -= static_cast<std::int64_t>(runner.sessions.size());
    runner.sessions.clear();
}

// Once each interval, as long as the runner is there.
void LiveRunners::poll_health(const std::string& id) {
    const auto found = runners_.find(id);
    if (found == runners_.end() || found->second.health_path.empty()) return;
    host_.world.call_worker({.url = found->second.url + found->second.health_path,
                             .timeout_ns = health_timeout_ns,
                             .method = "GET",
                             .proxied = true},
                            [this, id](const WorkerResult& result) {
                                const auto runner = runners_.find(id);
                                if (runner == runners_.end()) return;
                                runner->second.healthy = result.kind == WorkerResult::Kind::answered &&
                                                         result.status == runner->second.healthy_status;
                                if (!runner->second.healthy) release_sessions(runner->second);
                                host_.world.after(host_.settings.runner_beat_ns, [this, id] { poll_health(id); });
                            });
}

Reply LiveRunners::discovery() {
    auto list = Json::array();
    for (const auto& [id, runner] : runners_) {
        if (!usable(runner)) continue;
        auto one = Json::object()
                       .set("url", cat(host_.address, "/apps/", runner.route, runner.single_shot ? "/app" : "/session"))
                       .set("app", runner.app)
                       .set("version", runner.version)
                       .set("metadata", runner.metadata)
                       .set("mode", runner.single_shot ? "single-shot" : "persistent")
                       .set("capacity", runner.capacity)
                       .set("capacity_used", runner.used)
                       .set("capacity_available", std::max<std::int64_t>(runner.capacity - runner.used, 0));
        if (const auto price = price_of(runner); price > 0) {
            one.set("price_info", Json::object().set("price", price).set("currency", "wei").set("unit", runner.unit));
        }
        list.push(std::move(one));
    }
    auto node = Json::object().set("address", host_.address);
    if (!list.items().empty()) node.set("runners", std::move(list));
    return typed_reply(200, "application/json", Json::array().push(std::move(node)).dump() + "\n");
}

Json LiveRunners::state() {
    sweep();
    const auto count = [](std::uint64_t value) { return Json::of_number(std::to_string(value)); };
    auto list = Json::array();
    for (const auto& [id, runner] : runners_) {
        list.push(Json::object()
                      .set("id", id)
                      .set("app", runner.app)
                      .set("static", runner.secret.empty())
                      .set("healthy", usable(runner))
                      .set("capacity", runner.capacity)
                      .set("used", runner.used)
                      .set("sessions", count(runner.sessions.size())));
    }
    return Json::object()
        .set("calls", count(calls_))
        .set("heartbeats", count(heartbeats_))
        .set("demands", count(demands_))
        .set("reserved", count(reserved_))
        .set("stopped", count(stopped_))
        .set("unpaid", count(unpaid_))
        .set("list", std::move(list));
}

}  // namespace stipend::devnet

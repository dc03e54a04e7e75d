#include "docker_session.hpp"

#include <algorithm>

namespace monitor::docker {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::ns_per_ms;
using stipend::ns_per_s;
using stipend::Result;

namespace {

constexpr std::int64_t history_ns = std::int64_t{7} * 86'400 * ns_per_s;  // of the first replay
constexpr std::uint32_t stream_timeout_ms = 600'000;                      // then it is reopened
constexpr std::uint64_t max_stream_bytes = 64 << 20;
constexpr std::size_t max_missed = 4096;
constexpr std::size_t max_handled = 512;
constexpr std::size_t max_inspections = 8;  // at once
constexpr std::int64_t settle_ns = 200 * ns_per_ms;
constexpr std::int64_t least_between_lists_ns = ns_per_s;
constexpr std::int64_t first_back_off_ns = ns_per_s / 2;
constexpr std::int64_t most_back_off_ns = 5 * ns_per_s;
constexpr int late_after = 2;  // so many intervals without a list are time without observation

// Not all events: each run of a health check emits three.
// {"type":["container"],"event":["create","start", ...]}
constexpr std::string_view filters =
    "filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C%22kill"
    "%22%2C%22oom%22%2C%22pause%22%2C%22unpause%22%2C%22restart%22%2C%22stop%22%2C%22rename%22%2C%22destroy%22%2C%22"
    "health_status%22%5D%7D";

// Seconds with nine decimals, as the engine expects them.
std::string seconds_text(stipend_unix_ns at) {
    const auto fraction = std::to_string(at % ns_per_s);
    return cat(at / ns_per_s, ".", std::string(9 - fraction.size(), '0'), fraction);
}

}  // namespace

Session::Session(stipend::Host host, const Settings& settings, const std::vector<Target>& targets, Tracker::Say say,
                 Trouble trouble)
    : host_(host),
      settings_(settings),
      trouble_(std::move(trouble)),
      tracker_(targets, settings.discovery, std::move(say),
               [host](const std::string& what) { host.log(STIPEND_LOG_WARN, what); }),
      last_event_at_(std::max<stipend_unix_ns>(host.now() - history_ns, 0)) {}

void Session::start() {
    connect();
}

void Session::stop() {
    end_attempt();
    retry_timer_.reset();
}

std::string Session::path(const std::string& rest) const {
    return cat("/v", api_.text(), rest);
}

bool Session::get(const std::string& path, std::uint64_t max_bytes, std::function<void(const HttpReply&)> done,
                  std::uint32_t timeout_ms, stipend::Host::HttpPart part) {
    auto op = std::make_shared<stipend_op>(0);
    auto sent = ask(host_, settings_.engine, path, timeout_ms, max_bytes,
                    ours([op, done = std::move(done)](Session& self, const HttpReply& reply) {
                        self.exchanges_.erase(*op);
                        done(reply);
                    }),
                    std::move(part));
    if (!sent) {
        const auto now = host_.now();
        // Deferred: the caller is not finished.
        if (!host_.post(ours([now, why = sent.error().message](Session& self) { self.lose(now, why); }))) {
            host_.log(STIPEND_LOG_ERROR, cat("the host takes no work: ", sent.error().message));
        }
        return false;
    }
    *op = *sent;
    exchanges_.insert(*op);
    return true;
}

void Session::connect() {
    const auto at = host_.now();
    get(
        "/version", max_version_bytes, [this, at](const HttpReply& reply) { on_version(reply, at); },
        settings_.timeout_ms);
}

void Session::on_version(const HttpReply& reply, stipend_unix_ns at) {
    if (const auto well = check_answer("/version", reply); !well) return lose(at, well.error().message);
    const auto api = negotiate(reply.body());
    if (!api) return lose(at, unreadable("/version", api.error()));
    api_ = *api;
    replay();
}

void Session::replay() {
    const auto until = host_.now();
    const auto query =
        path(cat("/events?since=", seconds_text(last_event_at_), "&until=", seconds_text(until), "&", filters));
    lines_ = Lines();
    get(
        query, max_stream_bytes,
        [this, until, query](const HttpReply& reply) {
            if (const auto well = check_answer(query, reply); !well) return lose(until, well.error().message);
            follow(until);
            look();
        },
        settings_.timeout_ms,
        [self = shared_from_this(), round = round_](const stipend_http_response&, std::string_view part) {
            return self->round_ == round && self->on_part(part);
        });
}

void Session::follow(stipend_unix_ns since) {
    lines_ = Lines();
    dropped_lines_ = 0;
    get(
        path(cat("/events?since=", seconds_text(since), "&", filters)), max_stream_bytes,
        [this](const HttpReply& reply) { on_stream_end(reply); }, stream_timeout_ms,
        [self = shared_from_this(), round = round_](const stipend_http_response&, std::string_view part) {
            return self->round_ == round && self->on_part(part);
        });
}

void Session::on_stream_end(const HttpReply& reply) {
    const auto now = host_.now();
    const bool whole_time = reply.status == STIPEND_E_TIMEOUT &&
                            reply.response->total_ns >= std::int64_t{stream_timeout_ms} * ns_per_ms / 2;
    if (whole_time) return follow(std::max(last_event_at_, now - std::int64_t{stream_timeout_ms} * ns_per_ms * 2));
    if (const auto well = check_answer(path("/events"), reply); !well) return lose(now, well.error().message);
    lose(now, "the engine ended its event stream");
}

bool Session::on_part(std::string_view part) {
    const auto now = host_.now();
    const auto taken = lines_.feed(part, [this](std::string_view line) { return on_line(line); });
    if (!taken) {
        lose(now, unreadable(path("/events"), taken.error()));
        return false;
    }
    if (lines_.dropped() != dropped_lines_) {  // an event was too long: the list shows its effect
        dropped_lines_ = lines_.dropped();
        look_soon();
    }
    return true;
}

Result<void> Session::on_line(std::string_view line) {
    STIPEND_LET(event, parse_event(line));
    const auto action = cat(static_cast<int>(event.action), " ", name_of(event.health));
    if (!handled_.emplace(event.at, event.id, action).second) return {};
    // The engine's clock may be ahead, but no event is in the future.
    event.at = std::min(event.at, host_.now());
    if (handled_.size() > max_handled) handled_.erase(handled_.begin());
    last_event_at_ = std::max(last_event_at_, event.at);
    if (!watching_) {
        if (missed_.size() >= max_missed) return fail(STIPEND_E_LIMIT, "more than ", max_missed, " events at once");
        missed_.push_back(std::move(event));
        return {};
    }
    tracker_.event(event);
    look_soon();
    return {};
}

void Session::look_soon() {
    if (!watching_ || soon_timer_ != nullptr) return;
    const auto earliest = list_sent_at_ + least_between_lists_ns - host_.monotonic();
    soon_timer_ = std::make_unique<stipend::Timer>(host_, std::max(settle_ns, earliest), ours([](Session& self) {
                                                       self.soon_timer_.reset();
                                                       self.look();
                                                   }));
}

void Session::look() {
    if (looking_) {
        look_again_ = true;
        return;
    }
    looking_ = true;
    const auto at = host_.now();
    list_sent_at_ = host_.monotonic();
    get(
        path("/containers/json?all=1"), max_list_bytes, [this, at](const HttpReply& reply) { on_list(reply, at); },
        settings_.timeout_ms);
}

void Session::on_list(const HttpReply& reply, stipend_unix_ns at) {
    looking_ = false;
    const auto query = path("/containers/json");
    if (const auto well = check_answer(query, reply); !well) return lose(at, well.error().message);
    const auto list = parse_list(reply.body());
    if (!list) return lose(at, unreadable(query, list.error()));
    inspected_.clear();
    if (!watching_ || at - looked_at_ > late_after * settings_.every_ns) {
        tracker_.resume(*list, std::exchange(missed_, {}), at);
    } else {
        tracker_.sample(*list, at);
    }
    looked_at_ = at;
    if (!watching_) {
        watching_ = true;
        lost_since_ = 0;
        back_off_ns_ = 0;
        next_look_at_ = list_sent_at_;
        if (!trouble_said_.empty()) {
            host_.log(STIPEND_LOG_INFO, cat(settings_.engine.shown, ": the engine answers again"));
        }
        trouble_said_.clear();
        trouble_({});
    }
    inspect_stale();
    if (std::exchange(look_again_, false)) look_soon();
    // From its due time, so that the interval does not drift; missed ones are skipped.
    const auto now = host_.monotonic();
    while (next_look_at_ <= now) next_look_at_ += settings_.every_ns;
    sample_timer_ =
        std::make_unique<stipend::Timer>(host_, next_look_at_ - now, ours([](Session& self) { self.look(); }));
}

void Session::inspect_stale() {
    for (const auto& id : tracker_.stale()) {
        if (inspecting_.size() >= max_inspections) return;  // the end of an inspection starts the next
        if (inspecting_.count(id) != 0 || !inspected_.insert(id).second) continue;
        inspecting_.insert(id);
        const auto at = host_.now();
        if (!get(
                path(cat("/containers/", id, "/json")), max_details_bytes,
                [this, id, at](const HttpReply& reply) { on_details(id, reply, at); }, settings_.timeout_ms)) {
            return;
        }
    }
}

void Session::on_details(const std::string& id, const HttpReply& reply, stipend_unix_ns at) {
    inspecting_.erase(id);
    const auto query = path(cat("/containers/", id.substr(0, 12), "/json"));
    if (const auto well = check_answer(query, reply); !well) {
        // It was removed after it was listed.
        if (reply.status == STIPEND_OK && reply.http_status() == 404) {
            look_soon();
        } else {
            tracker_.no_details(id, well.error().message);
        }
    } else if (const auto details = parse_details(reply.body()); !details) {
        tracker_.no_details(id, unreadable(query, details.error()));
    } else {
        tracker_.details(*details, at);
    }
    inspect_stale();
}

void Session::end_attempt() {
    ++round_;
    for (const auto op : std::exchange(exchanges_, {})) host_.cancel_http(op);
    sample_timer_.reset();
    soon_timer_.reset();
    watching_ = looking_ = look_again_ = false;
    inspecting_.clear();
    missed_.clear();
}

void Session::lose(stipend_unix_ns from, const std::string& why) {
    end_attempt();
    if (lost_since_ == 0) lost_since_ = from;
    tracker_.lost(lost_since_, host_.now(), why);
    if (trouble_said_ != why) {
        host_.log(STIPEND_LOG_WARN, cat(settings_.engine.shown, ": nothing can be said of its containers: ", why));
        trouble_said_ = why;
        trouble_(why);
    }
    back_off_ns_ = back_off_ns_ == 0 ? first_back_off_ns : std::min(2 * back_off_ns_, most_back_off_ns);
    retry_timer_ = std::make_unique<stipend::Timer>(host_, back_off_ns_, ours([](Session& self) { self.connect(); }));
}

}  // namespace monitor::docker

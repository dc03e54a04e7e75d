#include "docker_session.hpp"

#include <algorithm>
#include <cstdlib>

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
constexpr std::int64_t first_back_off_ns = ns_per_s / 2;
constexpr std::int64_t most_back_off_ns = 5 * ns_per_s;
constexpr std::int64_t events_again_ns = 300 * ns_per_s;  // while the lists go on alone
constexpr std::int64_t short_stream_ns = 10 * ns_per_s;
constexpr int max_short_streams = 3;
constexpr std::int64_t skew_limit_ns = 2 * ns_per_s;
constexpr std::int64_t least_shift_ns = 5 * ns_per_ms;
constexpr std::size_t max_left_out = 256;
constexpr std::size_t max_filter_bytes = 16 << 10;  // of a URL

// Not all events: each run of a health check emits three.
// {"type":["container"],"event":["create","start", ...]}
constexpr std::string_view filters =
    "filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C%22died%"
    "22%2C%22kill"
    "%22%2C%22oom%22%2C%22pause%22%2C%22unpause%22%2C%22restart%22%2C%22stop%22%2C%22rename%22%2C%22destroy%22%2C%"
    "22remove%22%2C%22"
    "health_status%22%5D%7D";

// Seconds with nine decimals, as the engine expects them.
std::string seconds_text(stipend_unix_ns at) {
    const auto fraction = std::to_string(at % ns_per_s);
    return cat(at / ns_per_s, ".", std::string(9 - fraction.size(), '0'), fraction);
}

}  // namespace

Session::Session(stipend::Host host, const Settings& settings, const std::vector<Target>& targets, Tracker::Report say,
                 Trouble trouble)
    : host_(host),
      settings_(settings),
      trouble_(std::move(trouble)),
      clock_(host.now(), host.monotonic()),
      tracker_(
          targets, settings.discovery, [this, say = std::move(say)](const Observation& seen) { report(say, seen); },
          [host](const std::string& what) { host.log(STIPEND_LOG_WARN, what); }) {
    std::vector<std::string> names;
    for (const auto& target : targets) {
        if (target.selection.name.empty()) {
            filters_.push_back(label_filter(target.selection.labels));
        } else {
            names.push_back(target.selection.name);
        }
    }
    if (!names.empty()) filters_.push_back(name_filter(names));
    const auto too_long = [](const std::string& filter) { return filter.size() > max_filter_bytes; };
    if (std::any_of(filters_.begin(), filters_.end(), too_long)) filters_.clear();
}

// An observation in the host's time. The difference is applied as it was, unless it changed: reports of one moment have
// the same time.
void Session::report(const Tracker::Report& say, const Observation& seen) {
    const auto behind = host_.now() - now();
    if (std::abs(behind - behind_ns_) > least_shift_ns) behind_ns_ = std::abs(behind) > least_shift_ns ? behind : 0;
    auto shifted = seen;
    shifted.from = std::max<stipend_unix_ns>(seen.from + behind_ns_, 0);
    shifted.to = std::max<stipend_unix_ns>(seen.to + behind_ns_, 0);
    say(shifted);
}

void Session::take_date(const HttpReply& reply, stipend_mono_ns sent) {
    const auto received = host_.monotonic();
    const auto delta = clock_.take(parse_date(reply.header("date")), sent, received, host_.now());
    if (delta != 0) {
        host_.log(STIPEND_LOG_WARN, cat(settings_.engine.shown, ": the engine's clock was set ",
                                        delta > 0 ? "forward" : "back", " by ", std::abs(delta) / ns_per_s, " s"));
        tracker_.step(delta, now());
        const auto shift = [delta](stipend_unix_ns& at) {
            if (at != 0) at = std::max<stipend_unix_ns>(at + delta, 1);
        };
        shift(last_event_at_);
        shift(lost_since_);
        for (auto& event : missed_) shift(event.at);
    }
    compare_clocks();
}

void Session::compare_clocks() {
    const auto skew = now() - host_.now();
    if (std::abs(skew) <= skew_limit_ns) {
        skew_warned_ = 0;
    } else if (std::abs(skew - skew_warned_) > skew_limit_ns) {
        skew_warned_ = skew;
        host_.log(STIPEND_LOG_WARN,
                  cat(settings_.engine.shown, ": the engine's clock is ", std::abs(skew) / ns_per_s, ".",
                      std::abs(skew) % ns_per_s / (ns_per_s / 10), " s ", skew > 0 ? "ahead of" : "behind",
                      " this machine's; its times are corrected by that"));
    }
}

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
    // The date of a stream is old when the stream ends.
    const bool dated = !part;
    auto sent = ask(
        host_, settings_.engine, path, timeout_ms, max_bytes,
        ours([op, done = std::move(done), dated, sent_at = host_.monotonic()](Session& self, const HttpReply& reply) {
            self.exchanges_.erase(*op);
            if (dated && reply.status == STIPEND_OK) self.take_date(reply, sent_at);
            done(reply);
        }),
        std::move(part));
    if (!sent) {
        const auto now = this->now();
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
    const auto sent = host_.monotonic();
    get(
        "/version", max_version_bytes, [this, sent](const HttpReply& reply) { on_version(reply, sent); },
        settings_.timeout_ms);
}

void Session::on_version(const HttpReply& reply, stipend_mono_ns sent) {
    const auto at = clock_.at(sent);
    if (const auto well = check_answer("/version", reply); !well) return lose(at, well.error().message);
    const auto api = negotiate(reply.body());
    if (!api) return lose(at, unreadable("/version", api.error()));
    api_ = *api;
    replay();
}

void Session::replay() {
    // The engine's present: it would hold an answer about its future back until then.
    const auto until = now();
    if (last_event_at_ == 0) last_event_at_ = std::max<stipend_unix_ns>(until - history_ns, 1);
    const auto since = std::min(last_event_at_, until);
    const auto query = path(cat("/events?since=", seconds_text(since), "&until=", seconds_text(until), "&", filters));
    lines_ = Lines();
    get(
        query, max_stream_bytes,
        [this, until, query](const HttpReply& reply) {
            if (const auto well = check_answer(query, reply); well) {
                // Also past events that cannot be read.
                last_event_at_ = std::max(last_event_at_, until);
                follow(until);
            } else if (reply.status == STIPEND_E_UNAVAILABLE) {
                return lose(until, well.error().message);
            } else {
                go_alone(well.error().message);
            }
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
    if (alone_) return;
    const auto lasted_ns = reply.response->total_ns;
    const bool whole_time =
        reply.status == STIPEND_E_TIMEOUT && lasted_ns >= std::int64_t{stream_timeout_ms} * ns_per_ms / 2;
    if (whole_time) return follow(std::max(last_event_at_, now() - std::int64_t{stream_timeout_ms} * ns_per_ms * 2));
    const auto well = check_answer(path("/events"), reply);
    const auto why = well ? std::string("the engine ended its event stream") : well.error().message;
    short_streams_ = lasted_ns < short_stream_ns ? short_streams_ + 1 : 0;
    const bool refused = reply.status == STIPEND_OK && !well;
    if (!refused && short_streams_ < max_short_streams) return lose(now(), why);
    go_alone(why);
    look_soon();
}

// From now on lists without events; they are tried again later.
void Session::go_alone(const std::string& why) {
    alone_ = true;
    if (alone_said_ != why) {
        host_.log(STIPEND_LOG_WARN,
                  cat(settings_.engine.shown, ": no events: ", why, "; the containers are only looked at every ",
                      stipend::duration_text(settings_.every_ns)));
        alone_said_ = why;
    }
    tracker_.doubt();
    events_timer_ =
        std::make_unique<stipend::Timer>(host_, events_again_ns, ours([](Session& self) { self.follow_again(); }));
}

// A new attempt without a gap: the time up to its first list is covered by the list before it and by the replay.
void Session::follow_again() {
    short_streams_ = max_short_streams - 1;
    end_attempt();
    connect();
}

bool Session::on_part(std::string_view part) {
    const auto taken = lines_.feed(part, [this](std::string_view line) { return on_line(line); });
    if (!taken) {
        lose(now(), unreadable(path("/events"), taken.error()));
        return false;
    }
    if (lines_.dropped() != dropped_lines_) {  // an event was too long: the list shows its effect
        dropped_lines_ = lines_.dropped();
        look_soon();
    }
    return true;
}

// Reports something that cannot be read, once for each container.
void Session::leave_out(const std::string& what, const std::string& id, std::string_view why) {
    const auto of = id.empty() ? std::string("an unknown container") : cat("container ", id.substr(0, 12));
    const auto text = cat(what, " of ", of);
    if (left_out_.size() >= max_left_out || !left_out_.insert(text).second) return;
    host_.log(STIPEND_LOG_WARN, cat(settings_.engine.shown, ": ", text, " is left out: ", why));
}

Result<void> Session::on_line(std::string_view line) {
    auto parsed = parse_event(line);
    if (!parsed) {
        // Its effect is in the next list, and it does not come again in the next replay.
        const auto stub = parse_event_stub(line);
        leave_out("an event", stub.id, parsed.error().message);
        last_event_at_ = std::max(last_event_at_, std::min(stub.at, now()));
        look_soon();
        return {};
    }
    auto event = std::move(*parsed);
    const auto action = cat(static_cast<int>(event.action), " ", name_of(event.health));
    if (!handled_.emplace(event.at, event.id, action).second) return {};
    // The estimate of the engine's clock may be behind, but no event is in the future.
    event.at = std::min(event.at, now());
    if (handled_.size() > max_handled) handled_.erase(handled_.begin());
    last_event_at_ = std::max(last_event_at_, event.at);
    if (!watching_) {
        // The latest are the ones that still matter.
        if (missed_.size() >= max_missed) missed_.erase(missed_.begin(), missed_.begin() + max_missed / 2);
        missed_.push_back(std::move(event));
        return {};
    }
    if (!alone_ && !alone_said_.empty()) {
        host_.log(STIPEND_LOG_INFO, cat(settings_.engine.shown, ": events arrive again"));
        alone_said_.clear();
    }
    tracker_.event(event);
    look_soon();
    return {};
}

void Session::end_attempt() {
    ++round_;
    for (const auto op : std::exchange(exchanges_, {})) host_.cancel_http(op);
    sample_timer_.reset();
    soon_timer_.reset();
    events_timer_.reset();
    alone_ = false;
    watching_ = looking_ = look_again_ = false;
    inspecting_.clear();
    missed_.clear();
}

void Session::lose(stipend_unix_ns from, const std::string& why) {
    end_attempt();
    if (lost_since_ == 0) lost_since_ = from;
    tracker_.lost(lost_since_, now(), why);
    if (trouble_said_ != why) {
        host_.log(STIPEND_LOG_WARN, cat(settings_.engine.shown, ": nothing can be said of its containers: ", why));
        trouble_said_ = why;
        trouble_(why);
    }
    back_off_ns_ = back_off_ns_ == 0 ? first_back_off_ns : std::min(2 * back_off_ns_, most_back_off_ns);
    retry_timer_ = std::make_unique<stipend::Timer>(host_, back_off_ns_, ours([](Session& self) { self.connect(); }));
}

}  // namespace monitor::docker

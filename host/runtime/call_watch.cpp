#include "host/runtime/call_watch.hpp"

#include <set>

#include "host/plugin/thread_mask.hpp"
#include "stipend/duration.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t look_every_ns = 200 * ns_per_ms;
constexpr const char* blocked_id = "blocked";
constexpr const char* process_source = "plugins";
constexpr const char* process_id = "process";

std::string text_of(const plugin::RunningCall& call) {
    return cat(call.call, " of ", call.owner->plugin, " (", call.owner->file, ")");
}

std::string seconds_of(std::int64_t ns) {
    return cat(ns / ns_per_s, ".", ns / (ns_per_s / 10) % 10, " s");
}

}  // namespace

CallWatch::CallWatch(Sinks sinks, std::shared_ptr<Lane> lane) : sinks_(sinks), lane_(std::move(lane)) {
    lane_->every(look_every_ns, [this] {
        look();
        look_at_process();
    });
}

void CallWatch::look() {
    const auto now = plugin::call_clock();
    std::set<Key> under_way;
    for (const auto& call : plugin::running_calls()) {
        if (now - call.began < slow_ns) continue;
        const Key key{call.thread, call.number};
        under_way.insert(key);
        const auto [at, fresh] = slow_.try_emplace(key, SlowCall{call});
        if (fresh) report_slow(call);
        if (!at->second.stuck && now - call.began >= stuck_ns) {
            at->second.stuck = true;
            report_stuck(call);
        }
    }
    for (auto at = slow_.begin(); at != slow_.end();) {
        if (under_way.contains(at->first)) {
            ++at;
            continue;
        }
        report_end(at->second);
        at = slow_.erase(at);
    }
}

void CallWatch::look_at_process() {
    if (sinks_.process == nullptr) return;
    std::string text;
    for (const auto& change : sinks_.process->restore()) text += cat(text.empty() ? "" : "; ", change);
    plugin::look_at_thread_masks();
    for (const auto* owner : plugin::take_mask_changes()) {
        const auto by = owner == nullptr ? std::string("one of several plugins")
                                         : cat("plugin ", owner->plugin, " (", owner->file, ")");
        text += cat(text.empty() ? "" : "; ", by, " changed which signals a thread of the host takes");
    }
    if (text.empty()) return;
    text += ": put back";
    if (sinks_.alerts != nullptr) {
        sinks_.alerts->raise_for(process_source, process_id, STIPEND_ALERT_CRITICAL, text);
    } else {
        sinks_.log->write(STIPEND_LOG_ERROR, process_source, text);
    }
}

void CallWatch::plugins_replaced() {
    if (sinks_.alerts != nullptr) sinks_.alerts->resolve_for(process_source, process_id);
}

void CallWatch::report_slow(const plugin::RunningCall& call) {
    sinks_.log->write(STIPEND_LOG_WARN, call.owner->instance, cat(text_of(call), " takes longer than 1 s"));
    sinks_.metrics->count_for(call.owner->instance, call.owner->plugin, "slow_calls_total",
                              "Calls of a plugin that took longer than a second.", call.call);
}

void CallWatch::report_stuck(const plugin::RunningCall& call) {
    const auto text = cat(text_of(call), " has not returned for ", stuck_ns / ns_per_s,
                          " s: nothing else of this plugin is served meanwhile");
    if (sinks_.alerts != nullptr) {
        sinks_.alerts->raise_for(call.owner->instance, blocked_id, STIPEND_ALERT_CRITICAL, text);
    } else {
        sinks_.log->write(STIPEND_LOG_ERROR, call.owner->instance, text);
    }
}

void CallWatch::report_end(const SlowCall& seen) {
    const auto took_ns = plugin::call_clock() - seen.call.began;
    sinks_.log->write(STIPEND_LOG_INFO, seen.call.owner->instance,
                      cat(text_of(seen.call), " returned after ", seconds_of(took_ns)));
    if (seen.stuck && sinks_.alerts != nullptr) sinks_.alerts->resolve_for(seen.call.owner->instance, blocked_id);
}

}  // namespace stipend::runtime

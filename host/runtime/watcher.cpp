#include "host/runtime/watcher.hpp"

#include <algorithm>

#include "host/runtime/observation.hpp"
#include "stipend/glob.hpp"
#include "stipend/host.hpp"
#include "stipend/json.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t save_every_ns = 10 * ns_per_s;
constexpr std::int64_t watch_again_ns = 5 * ns_per_s;
constexpr std::int64_t probe_deadline_ns = 30 * ns_per_s;
constexpr std::int64_t probe_grace_ns = 5 * ns_per_s;  // for a monitor that answers at its own deadline

// A verdict is valid for two and a half times the interval of probes, so that one missing probe leaves no hole. The
// confirmation of a failure may withhold verdicts for longer: see Confirmation.
std::int64_t hold_of(const WatchTarget& target) {
    return target.every_ns / 2 * 5 + (target.down_after.looks - 1) * target.every_ns;
}

const stipend_monitor_v1& table_of(const plugin::Instance& monitor) {
    return *static_cast<const stipend_monitor_v1*>(monitor.table(STIPEND_MONITOR));
}

// Targets as a plugin is given them, with the texts that they point into.
struct TargetTexts {
    std::vector<WatchTarget> targets;
    std::vector<std::string> attributes;

    [[nodiscard]] std::vector<stipend_target> raw() const {
        std::vector<stipend_target> out;
        for (std::size_t at = 0; at < targets.size(); ++at) {
            auto one = make_record<stipend_target>();
            one.target_id = to_abi(targets[at].id);
            one.endpoint = to_abi(targets[at].endpoint);
            one.attributes_json = to_abi(attributes[at]);
            out.push_back(one);
        }
        return out;
    }
};

}  // namespace

void Watcher::take_report(const std::string& monitor, ledger::OrchestratorId owner, const ObservationReport& report) {
    if (!report.defect.empty()) return refuse(monitor, report.defect);
    if (refused_monitors_.erase(monitor) != 0) hooks_.refused(monitor, {});
    take(monitor, owner, report.id, report.observation());
}

void Watcher::refuse(const std::string& monitor, const std::string& what) {
    if (!hooks_.refused) return;
    refused_monitors_.insert(monitor);
    hooks_.refused(monitor, cat(monitors_.at(monitor).instance->chosen().plugin->id, ": ", what));
}

Watcher::~Watcher() {
    *alive_ = false;
    stop_groups();
}

Watcher::Post Watcher::guarded_post() {
    return [this, &loop = loop_, alive = alive_, round = round_](std::function<void()> work) {
        loop.post([this, alive, round, work = std::move(work)] {
            if (*alive && round == round_) work();
        });
    };
}

void Watcher::watch(std::vector<WatchTarget> targets, InstanceSet monitors, std::set<std::string> ignored) {
    const bool same_list = targets == targets_ && ignored == ignored_;
    if (same_list && std::equal(monitors.begin(), monitors.end(), monitors_.begin(), monitors_.end(),
                                [](const auto& a, const auto& b) {
                                    return a.first == b.first && a.second.instance == b.second.instance;
                                })) {
        return;
    }
    stop_groups();
    ++round_;
    // What a monitor does next is judged anew; it may also be gone.
    for (const auto& name : std::exchange(refused_monitors_, {})) hooks_.refused(name, {});
    monitors_ = std::move(monitors);
    ignored_ = std::move(ignored);
    std::vector<ledger::OrchestratorId> fresh;
    {
        const std::lock_guard lock(mutex_);
        fresh = replace_targets(std::move(targets));
    }
    if (fresh.empty()) return begin(round_);
    restore(fresh, [this, round = round_] { begin(round); });
}

// Returns the owners that are new. What was seen of a target that stays is kept.
std::vector<ledger::OrchestratorId> Watcher::replace_targets(std::vector<WatchTarget> targets) {
    targets_ = std::move(targets);
    std::map<Key, TargetHistory> kept;
    std::vector<ledger::OrchestratorId> fresh;
    for (const auto& target : targets_) {
        if (restored_.insert(target.owner).second) fresh.push_back(target.owner);
        if (is_glob(target.id)) continue;
        const Key key{target.owner, target.id};
        if (auto old = series_.extract(key)) {
            old.mapped().pattern.clear();
            kept.insert(std::move(old));
        } else {
            kept.emplace(key, TargetHistory{target.owner, target.id, {}, uptime::Series(hold_of(target))});
        }
        auto& one = kept.at(key);
        one.series.set_hold(hold_of(target));
        one.every_ns = target.every_ns;
        one.confirmation.set_rule(target.down_after);
    }
    for (auto& [key, one] : series_) {
        const auto* pattern = pattern_of(key.first, key.second);
        if (!one.pattern.empty() && pattern != nullptr) kept.emplace(key, std::move(one));
    }
    series_.swap(kept);
    return fresh;
}

void Watcher::begin(std::uint64_t round) {
    if (round != round_) return;
    groups_.clear();
    probes_ = {};
    std::map<std::pair<std::string, ledger::OrchestratorId>, std::size_t> places;
    for (std::size_t at = 0; at < targets_.size(); ++at) {
        const auto& target = targets_[at];
        const auto [place, fresh] = places.try_emplace({target.monitor, target.owner}, groups_.size());
        if (fresh) groups_.push_back({target.monitor, target.owner, {}, nullptr, 0});
        groups_[place->second].targets.push_back(at);
    }
    for (std::size_t at = 0; at < groups_.size(); ++at) begin_group(at);
}

void Watcher::begin_group(std::size_t at) {
    auto& group = groups_[at];
    group.retry_at = 0;
    auto texts = std::make_shared<TargetTexts>();
    for (const auto index : group.targets) {
        const auto& target = targets_[index];
        texts->targets.push_back(target);
        std::string attributes;
        if (is_glob(target.id)) {
            auto members = Json::array();
            for (const auto& [key, one] : series_) {
                if (key.first == group.owner && one.pattern == target.id) members.push(Json(one.id));
            }
            attributes = Json::object().set("members", std::move(members)).dump();
        } else {
            attributes = target.attributes;
        }
        texts->attributes.push_back(std::move(attributes));
    }
    group.running = std::make_shared<Running>();
    const auto& instance = monitors_.at(group.monitor).instance;
    const auto* table = &table_of(*instance);
    const auto post = guarded_post();
    const auto on_report = [this, post, &line = line_, monitor = group.monitor, owner = group.owner,
                            begun = line_.now(), past = hooks_.believes_past](const stipend_observation& given) {
        post([this, monitor, owner,
              report = read_observation(given, line, begun, past ? LookKind::watch_with_past : LookKind::watch)] {
            take_report(monitor, owner, report);
        });
    };
    instance->begin(
        [raw = instance.get(), running = group.running, table, texts, on_report](
            stipend_instance* plugin, stipend_completion c, stipend_error* e) -> stipend_status {
            {
                const std::lock_guard lock(running->mutex);
                if (running->stopped) return STIPEND_E_CANCELLED;
                running->op = c.op;
            }
            raw->observe(c.op, on_report);
            const auto targets = texts->raw();
            return table->watch(plugin, targets.data(), targets.size(), sizeof(stipend_target),
                                plugin::Instance::observer(), c, e);
        },
        [this, post, at](Result<const void*> ended) {
            auto error = ended ? Error{.status = STIPEND_E_CANCELLED, .message = "the watch ended"} : ended.error();
            post([this, at, error = std::move(error)] { group_ended(at, error); });
        },
        {.what = "watch", .has_record = false});
}

void Watcher::group_ended(std::size_t at, const Error& error) {
    auto& group = groups_[at];
    group.running.reset();
    const auto now = line_.now();
    if (error.status == STIPEND_E_UNSUPPORTED) {
        for (const auto target : group.targets) schedule(target, now);
        return;
    }
    for (const auto target : group.targets) {
        if (!is_glob(targets_[target].id))
            take(group.monitor, group.owner, targets_[target].id, {STIPEND_UNKNOWN, now, now, error.message});
    }
    group.retry_at = now + watch_again_ns;
}

// The first look comes soon, but not with all the others.
void Watcher::schedule(std::size_t target, stipend_unix_ns now) {
    const auto& one = targets_[target];
    const auto spread = std::hash<std::string>()(one.endpoint) % 1000;
    const auto within_ns = std::min(one.every_ns, 2 * ns_per_s);
    probes_.push({now + within_ns * static_cast<std::int64_t>(spread) / 1000, target});
}

void Watcher::ask(std::size_t at, stipend_unix_ns now) {
    probe(targets_[at], now, [this, at](const uptime::Observation& seen) {
        const auto& asked = targets_[at];
        take_probe(asked, seen);
        probes_.push({line_.now() + asked.every_ns, at});
    });
}

void Watcher::look_once(const std::string& monitor, const std::string& endpoint,
                        std::function<void(const uptime::Observation&)> done) {
    probe({.id = endpoint, .endpoint = endpoint, .monitor = monitor}, line_.now(), std::move(done));
}

void Watcher::probe(WatchTarget target, stipend_unix_ns now, std::function<void(const uptime::Observation&)> done) {
    const auto& instance = monitors_.at(target.monitor).instance;
    const auto* table = &table_of(*instance);
    auto attributes = target.attributes;
    auto texts = std::make_shared<TargetTexts>(TargetTexts{{std::move(target)}, {std::move(attributes)}});
    const auto deadline = line_.monotonic_of(now) + probe_deadline_ns;
    const auto begun = line_.now();
    const auto skew_ns = line_.skew_ns();
    instance->begin(
        [table, texts, deadline](stipend_instance* plugin, stipend_completion c, stipend_error* e) {
            const auto raw = texts->raw();
            return table->probe(plugin, raw.data(), deadline, c, e);
        },
        [this, post = guarded_post(), &line = line_, done = std::move(done), texts, begun,
         skew_ns](Result<const void*> record) {
            ObservationReport report;
            report.from = report.to = line.now();
            if (!record) {
                report.why = clip(record.error().message, uptime::Series::max_why_bytes);
            } else {
                // Where the clock was set meanwhile, its times are of two clocks.
                const bool was_set = std::abs(line.skew_ns() - skew_ns) > observation_tolerance_ns;
                const auto& given = *static_cast<const stipend_observation*>(*record);
                report = read_observation(given, line, was_set ? 0 : begun, LookKind::probe);
                report.from = std::max(report.from, std::min(begun, report.to));
                const auto& asked = texts->targets.front();
                if (report.defect.empty() && report.id != asked.id) {
                    report.verdict = STIPEND_UNKNOWN;
                    report.defect = report.why =
                        cat("target_id: got \"", report.id, "\", want \"", asked.id, "\": it was asked for that one");
                }
            }
            post([this, done, monitor = texts->targets.front().monitor, report = std::move(report)] {
                if (!report.defect.empty()) {
                    refuse(monitor, report.defect);
                } else if (refused_monitors_.erase(monitor) != 0) {
                    hooks_.refused(monitor, {});
                }
                done(report.observation());
            });
        },
        {.what = "probe", .deadline_ns = probe_deadline_ns + probe_grace_ns});
}

// One look, or those that count by it.
void Watcher::take_probe(const WatchTarget& target, const uptime::Observation& seen) {
    const auto found = series_.find({target.owner, target.id});
    if (found == series_.end() || target.down_after.looks == 1) {
        return take(target.monitor, target.owner, target.id, seen);
    }
    for (const auto& look : found->second.confirmation.take({seen.verdict, seen.from, seen.to, std::string(seen.why)}))
        take(target.monitor, target.owner, target.id, {look.verdict, look.from, look.to, look.why});
}

const WatchTarget* Watcher::pattern_of(ledger::OrchestratorId owner, const std::string& id) const {
    if (ignored_.contains(id)) return nullptr;
    const auto at = std::find_if(targets_.begin(), targets_.end(), [&](const WatchTarget& target) {
        return target.owner == owner && is_glob(target.id) && glob_match(target.id, id);
    });
    return at == targets_.end() ? nullptr : &*at;
}

TargetHistory* Watcher::series_for(const std::string& monitor, ledger::OrchestratorId owner, const std::string& id) {
    const Key key{owner, id};
    if (const auto found = series_.find(key); found != series_.end()) return &found->second;
    const auto* pattern = pattern_of(owner, id);
    if (pattern == nullptr || (!monitor.empty() && pattern->monitor != monitor)) return nullptr;
    const auto members = std::count_if(series_.begin(), series_.end(), [&](const auto& entry) {
        return entry.first.first == owner && !entry.second.pattern.empty();
    });
    if (static_cast<std::size_t>(members) >= max_members) return nullptr;
    TargetHistory fresh{owner, id, pattern->id, uptime::Series(hold_of(*pattern))};
    return &series_.emplace(key, std::move(fresh)).first->second;
}

void Watcher::take(const std::string& monitor, ledger::OrchestratorId owner, const std::string& id,
                   const uptime::Observation& seen) {
    if (seen.verdict == STIPEND_FOUND) {
        if (hooks_.found && !ignored_.contains(id)) hooks_.found({monitor, id, std::string(seen.why)});
        return;
    }
    // A pattern itself has no state: a failed look concerns all services that it found.
    if (is_glob(id)) {
        for (auto& [key, one] : series_) {
            if (key.first == owner && one.pattern == id) take(monitor, owner, one.id, seen);
        }
        return;
    }
    const auto now = line_.now();
    std::unique_lock lock(mutex_);
    auto* one = series_for(monitor, owner, id);
    if (one == nullptr) return;
    const auto before = one->series.verdict(now);
    const auto since_before = one->series.since();
    one->series.observe({seen.verdict, std::min(seen.from, now), std::min(seen.to, now), seen.why});
    lock.unlock();
    if (hooks_.changed && one->series.verdict(now) != before) hooks_.changed(*one, before);
    if (hooks_.turned && one->series.since() != since_before) hooks_.turned();
}

std::optional<stipend_unix_ns> Watcher::tick(stipend_unix_ns now) {
    turning_ = true;
    if (targets_.empty()) return std::nullopt;
    while (!probes_.empty() && probes_.top().at <= now) {
        const auto probe = probes_.top();
        probes_.pop();
        ask(probe.target, now);
    }
    for (std::size_t at = 0; at < groups_.size(); ++at) {
        if (groups_[at].retry_at != 0 && groups_[at].retry_at <= now) begin_group(at);
    }
    if (now >= save_at_) {
        save_at_ = now + save_every_ns;
        save();
    }
    auto next = save_at_;
    if (!probes_.empty()) next = std::min(next, probes_.top().at);
    for (const auto& group : groups_) {
        if (group.retry_at != 0) next = std::min(next, group.retry_at);
    }
    return next;
}

void Watcher::stop_groups() {
    for (auto& group : groups_) {
        const auto running = std::exchange(group.running, nullptr);
        if (!running) continue;
        stipend_op op = 0;
        {
            const std::lock_guard lock(running->mutex);
            running->stopped = true;
            op = running->op;
        }
        auto& monitor = *monitors_.at(group.monitor).instance;
        if (op != 0) monitor.cancel(op, table_of(monitor).cancel);
    }
}

}  // namespace stipend::runtime

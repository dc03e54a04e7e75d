#include "host/runtime/instances.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

namespace stipend::runtime {
namespace {

constexpr std::chrono::seconds quiesce_patience(2);
constexpr std::chrono::milliseconds retry_every(5);
constexpr std::string_view monitor_prefix = "monitor:";

Result<InstanceRef> make_one(const InstanceSet& in_use, const PlannedInstance& planned, const stipend_terms& terms,
                             const plugin::Services& services) {
    const auto& [chosen, config_json] = planned.prepared;
    auto made_of = cat(chosen.library->staged.sha256, " ", chosen.plugin->id, " ", config_json);
    if (chosen.isolation) made_of += cat(" in a process of ", chosen.isolation->memory_bytes, " bytes");
    const auto old = in_use.find(planned.key);
    if (old != in_use.end() && old->second.made_of == made_of) return old->second;
    STIPEND_LET(instance, plugin::Instance::create(chosen, planned.name, config_json, terms, services, planned.values));
    if (auto started = instance->start(); !started) {
        instance->destroy();
        return std::move(started).error();
    }
    return InstanceRef{std::move(instance), std::move(made_of)};
}

bool holds(const InstanceSet& set, const std::shared_ptr<plugin::Instance>& instance) {
    return std::any_of(set.begin(), set.end(), [&](const auto& entry) { return entry.second.instance == instance; });
}

}  // namespace

std::string monitor_key(const std::string& name) {
    return cat(monitor_prefix, name);
}

std::string receiver_key(const std::string& name) {
    return cat("alert:", name);
}

InstanceSet monitors_of(const InstanceSet& set) {
    InstanceSet out;
    for (const auto& [key, one] : set) {
        if (key.starts_with(monitor_prefix)) out.emplace(key.substr(monitor_prefix.size()), one);
    }
    return out;
}

// Operations end before their plugin does: each callback comes, and frees what it holds. What is inside a call that
// does not return is left alone.
Instances::~Instances() {
    const plugin::ControlScope control;
    const auto until = std::chrono::steady_clock::now() + quiesce_patience;
    const auto before_the_end = [until] { return std::chrono::steady_clock::now() < until; };
    std::vector<std::future<void>> idle;
    for (const auto& instance : alive_) {
        if (retired_.contains(instance.get())) continue;
        auto promise = std::make_shared<std::promise<void>>();
        idle.push_back(promise->get_future());
        while (!instance->try_quiesce([promise] { promise->set_value(); }) && before_the_end())
            std::this_thread::sleep_for(retry_every);
    }
    for (const auto& one : idle) one.wait_until(until);
    for (const auto& instance : alive_) {
        bool destroyed = instance->try_destroy();
        while (!destroyed && before_the_end()) {
            std::this_thread::sleep_for(retry_every);
            destroyed = instance->try_destroy();
        }
        if (!destroyed) instance->abandon();
    }
}

Result<InstanceSet> Instances::make(const std::vector<PlannedInstance>& planned, const stipend_terms& terms,
                                    const plugin::Services& services) {
    InstanceSet fresh;
    for (const auto& one : planned) {
        auto made = make_one(in_use_, one, terms, services);
        if (!made) {
            discard(fresh);
            return std::move(made).error();
        }
        if (!holds(in_use_, made->instance)) alive_.push_back(made->instance);
        fresh.emplace(one.key, std::move(made).value());
    }
    return fresh;
}

void Instances::discard(const InstanceSet& fresh) {
    for (const auto& [key, one] : fresh) {
        if (!holds(in_use_, one.instance)) retire(one.instance);
    }
}

void Instances::replace(InstanceSet fresh) {
    const auto old = std::exchange(in_use_, std::move(fresh));
    for (const auto& [key, one] : old) {
        if (!holds(in_use_, one.instance)) retire(one.instance);
    }
}

void Instances::retire(const std::string& key, std::function<void()> then) {
    const auto found = in_use_.find(key);
    if (found == in_use_.end()) return;
    const auto instance = std::move(found->second.instance);
    in_use_.erase(found);
    retire(instance, std::move(then));
}

void Instances::retire(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then) {
    retired_.insert(instance.get());
    quiesce(instance, std::move(then));
}

void Instances::quiesce(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then) {
    const auto when_idle = [this, &loop = loop_, raw = instance.get(), then] {
        loop.post([this, raw, then] { destroy(raw, then); });
    };
    if (instance->try_quiesce(when_idle)) return;
    // A call is under way, and may be for long. It must not hold up the control thread.
    instance->when_free([this, &loop = loop_, instance, then = std::move(then)] {
        loop.post([this, instance, then] { quiesce(instance, then); });
    });
}

void Instances::destroy(const plugin::Instance* raw, const std::function<void()>& then) {
    const auto at = std::find_if(alive_.begin(), alive_.end(), [raw](const auto& one) { return one.get() == raw; });
    if (at == alive_.end()) return;
    if (!(*at)->try_destroy()) {
        (*at)->when_free([this, &loop = loop_, raw, then] { loop.post([this, raw, then] { destroy(raw, then); }); });
        return;
    }
    retired_.erase(raw);
    alive_.erase(at);
    if (then) then();
}

}  // namespace stipend::runtime

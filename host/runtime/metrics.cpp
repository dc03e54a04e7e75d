#include "host/runtime/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "host/base/printable.hpp"

namespace stipend::runtime {
namespace {

struct Metric {
    prometheus::Counter* counter = nullptr;
    prometheus::Gauge* gauge = nullptr;
};

bool is_name(std::string_view name) {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= 64 && lower(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string word_of(std::string_view instance) {
    std::string out;
    for (const char c : instance) {
        const bool taken = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += taken ? c : '_';
    }
    return out;
}

}  // namespace

struct Metrics::State {
    mutable std::mutex mutex;
    prometheus::Registry registry;
    std::map<std::string, std::uint64_t> by_name;
    std::vector<Metric> metrics;
    std::map<std::string, Metric> own;
    std::map<std::string, prometheus::Family<prometheus::Counter>*> of_plugins;

    Metric make(const std::string& name, const std::string& help, std::int32_t kind) {
        if (kind == STIPEND_METRIC_COUNTER)
            return {&prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({}), nullptr};
        return {nullptr, &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({})};
    }
    Metric& own_metric(const std::string& name, const std::string& help, std::int32_t kind) {
        auto& metric = own[name];
        if (metric.counter == nullptr && metric.gauge == nullptr) metric = make("stipend_" + name, help, kind);
        return metric;
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

std::uint64_t Metrics::define(std::string_view instance, std::int32_t kind, std::string_view name,
                              std::string_view help) {
    if (!is_name(name) || (kind != STIPEND_METRIC_COUNTER && kind != STIPEND_METRIC_GAUGE)) return 0;
    const auto full = cat("stipend_", word_of(instance), "_", name);
    const std::lock_guard lock(state_->mutex);
    if (const auto found = state_->by_name.find(full); found != state_->by_name.end()) {
        const bool counts = state_->metrics[found->second - 1].counter != nullptr;
        return counts == (kind == STIPEND_METRIC_COUNTER) ? found->second : 0;
    }
    if (state_->metrics.size() >= max_metrics || state_->own.contains(full.substr(8))) return 0;
    // The text format takes a help as it is: a line end in it would begin a line of its own.
    const auto line = help.empty() ? cat("Of the plugin instance ", instance, ".") : std::string(help);
    state_->metrics.push_back(state_->make(full, printable_line(line), kind));
    state_->by_name.emplace(full, state_->metrics.size());
    return state_->metrics.size();
}

void Metrics::record(std::uint64_t metric, std::int64_t value) {
    const std::lock_guard lock(state_->mutex);
    if (metric == 0 || metric > state_->metrics.size()) return;
    const auto& found = state_->metrics[metric - 1];
    if (found.counter == nullptr) return found.gauge->Set(static_cast<double>(value));
    if (value > 0) found.counter->Increment(static_cast<double>(value));
}

void Metrics::count_for(std::string_view instance, std::string_view plugin, const char* name, const char* help,
                        std::string_view call) {
    prometheus::Labels labels{{"instance", std::string(instance)}, {"plugin", std::string(plugin)}};
    if (!call.empty()) labels.emplace("call", call);
    const std::lock_guard lock(state_->mutex);
    auto*& family = state_->of_plugins[name];
    if (family == nullptr) {
        family = &prometheus::BuildCounter().Name(cat("stipend_plugin_", name)).Help(help).Register(state_->registry);
    }
    family->Add(labels).Increment();
}

void Metrics::raise_counter(const std::string& name, const std::string& help, double value) {
    const std::lock_guard lock(state_->mutex);
    auto& counter = *state_->own_metric(name, help, STIPEND_METRIC_COUNTER).counter;
    if (value > counter.Value()) counter.Increment(value - counter.Value());
}

void Metrics::set_gauge(const std::string& name, const std::string& help, double value) {
    const std::lock_guard lock(state_->mutex);
    state_->own_metric(name, help, STIPEND_METRIC_GAUGE).gauge->Set(value);
}

std::string Metrics::text(const MetricPage& page) const {
    auto families = state_->registry.Collect();
    const auto names = page.names();
    std::erase_if(families, [&](const prometheus::MetricFamily& one) { return names.contains(one.name); });
    return prometheus::TextSerializer().Serialize(families) + page.text();
}

}  // namespace stipend::runtime

#include "host/runtime/metric_page.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <vector>

#include "host/base/printable.hpp"
#include "stipend/result.hpp"

namespace stipend::runtime {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Prometheus refuses all of an answer for one byte that is no UTF-8.
std::string label_value(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return plain ? std::string(text) : printable_line(text);
}

ClientMetric& next(std::vector<MetricFamily>& families, MetricPage::Labels labels) {
    STIPEND_ASSERT(!families.empty());
    auto& metric = families.back().metric.emplace_back();
    metric.label.reserve(labels.size());
    for (const auto& [name, value] : labels) metric.label.push_back({name, label_value(value)});
    return metric;
}

}  // namespace

struct MetricPage::State {
    std::vector<MetricFamily> families;

    void begin(const char* name, const char* help, MetricType type) {
        if (!families.empty() && families.back().metric.empty()) families.pop_back();
        families.push_back({cat("stipend_", name), help, type, {}});
    }
};

MetricPage::MetricPage() : state_(std::make_unique<State>()) {}
MetricPage::~MetricPage() = default;

void MetricPage::counters(const char* name, const char* help) {
    state_->begin(name, help, MetricType::Counter);
}

void MetricPage::gauges(const char* name, const char* help) {
    state_->begin(name, help, MetricType::Gauge);
}

void MetricPage::histograms(const char* name, const char* help) {
    state_->begin(name, help, MetricType::Histogram);
}

void MetricPage::add(Labels labels, double value) {
    auto& metric = next(state_->families, labels);
    const auto type = state_->families.back().type;
    STIPEND_ASSERT(type != MetricType::Histogram);
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

void MetricPage::add_histogram(Labels labels, std::span<const std::int64_t> bounds_us,
                               std::span<const std::uint64_t> counts, double sum) {
    auto& histogram = next(state_->families, labels).histogram;
    STIPEND_ASSERT(state_->families.back().type == MetricType::Histogram && counts.size() == bounds_us.size() + 1);
    histogram.bucket.reserve(bounds_us.size());
    for (std::size_t at = 0; at < bounds_us.size(); ++at) {
        histogram.sample_count += counts[at];
        histogram.bucket.push_back({histogram.sample_count, static_cast<double>(bounds_us[at]) / 1e6});
    }
    histogram.sample_count += counts.back();  // the text has it as the bucket +Inf too
    histogram.sample_sum = sum;
}

std::set<std::string, std::less<>> MetricPage::names() const {
    std::set<std::string, std::less<>> out;
    for (const auto& family : state_->families) out.insert(family.name);
    return out;
}

std::string MetricPage::text() const {
    auto& families = state_->families;
    if (!families.empty() && families.back().metric.empty()) families.pop_back();
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace stipend::runtime

// Families of labelled metrics, made anew for each request of Prometheus: what changes too often, or has too many
// labels, for a registry.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "host/runtime/duration_counts.hpp"

namespace stipend::runtime {

class MetricPage {
  public:
    static constexpr std::size_t max_listed = 1000;  // of one kind of object, each with labels of its own
    static constexpr const char* others = "_other";  // the label of all that are beyond
    using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;

    MetricPage();
    ~MetricPage();
    MetricPage(const MetricPage&) = delete;
    MetricPage& operator=(const MetricPage&) = delete;

    // Begins the family "stipend_<name>"; the samples that follow belong to it. One that stays without samples is left
    // out.
    void counters(const char* name, const char* help);
    void gauges(const char* name, const char* help);
    void histograms(const char* name, const char* help);
    // A label's value is made valid: what is no UTF-8, or a control character, is named.
    void add(Labels labels, double value);
    template <auto bounds_us>
    void add(Labels labels, const DurationCounts<bounds_us>& times) {
        add_histogram(labels, bounds_us, times.counts, static_cast<double>(times.sum_us) / 1e6);
    }

    // The names of the families.
    [[nodiscard]] std::set<std::string, std::less<>> names() const;
    // All of it in Prometheus' text format.
    [[nodiscard]] std::string text() const;

  private:
    struct State;
    void add_histogram(Labels labels, std::span<const std::int64_t> bounds_us, std::span<const std::uint64_t> counts,
                       double sum);
    std::unique_ptr<State> state_;
};

}  // namespace stipend::runtime

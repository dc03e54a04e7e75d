// Counters and gauges for Prometheus: the host's own and the plugins'. [any] thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/plugin/services.hpp"
#include "host/runtime/metric_page.hpp"

namespace stipend::runtime {

class Metrics final : public plugin::MetricSink {
  public:
    static constexpr std::size_t max_metrics = 1000;  // of all plugins together

    Metrics();
    ~Metrics() override;

    // "stipend_<instance>_<name>", with '_' for what Prometheus does not take in an instance's name. The same again is
    // the same metric, so that an instance which replaces another goes on counting. 0: a name that is not
    // [a-z][a-z0-9_]*, another kind under the same name, or too many.
    std::uint64_t define(std::string_view instance, std::int32_t kind, std::string_view name,
                         std::string_view help) override;
    void record(std::uint64_t metric, std::int64_t value) override;
    void count_for(std::string_view instance, std::string_view plugin, const char* name, const char* help,
                   std::string_view call = {}) override;

    // One of the host's own, "stipend_<name>": a counter is raised to `value`, and never lowered; a gauge set to it.
    void raise_counter(const std::string& name, const std::string& help, double value);
    void set_gauge(const std::string& name, const std::string& help, double value);

    // All of them, and those of `page`, in Prometheus' text format. Where a plugin's has the name of one of the page,
    // it is left out.
    [[nodiscard]] std::string text(const MetricPage& page = {}) const;
    static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace stipend::runtime

// The metrics of a host of any role.
#include <array>
#include <set>
#include <string>

#include "host/runtime/host.hpp"
#include "stipend/duration.hpp"
#include "stipend/version.h"

namespace stipend::runtime {
namespace {

constexpr std::array<const char*, 3> reload_outcomes{"applied", "waits", "rejected"};

}  // namespace

Result<std::string> Host::metrics_text() {
    constexpr std::int64_t patience_ns = 5 * ns_per_s;
    STIPEND_TRY(loop_.ask_within(patience_ns, [this]() -> Result<void> {
        role_->refresh_metrics(metrics_);
        return {};
    }));
    MetricPage page;
    STIPEND_TRY(role_->add_metrics(page));
    add_host_metrics(page);
    return metrics_.text(page);
}

void Host::add_host_metrics(MetricPage& page) {
    page.gauges("build_info", "1, with the version of stipend.");
    page.add({{"version", STIPEND_VERSION}}, 1);
    page.gauges("start_time_seconds", "When the host was started, in Unix time.");
    page.add({}, static_cast<double>(started_at_) / 1e9);
    page.counters("reloads_total", "Configurations that were applied, wait for pay periods, or were rejected.");
    for (std::size_t at = 0; at < reloads_.size(); ++at) {
        page.add({{"outcome", reload_outcomes[at]}}, static_cast<double>(reloads_[at].load()));
    }
    page.histograms("ledger_commit_duration_seconds", "Time that a transaction of the ledger takes.");
    page.add({}, writer_->commit_times());
    page.gauges("plugin_info", "1 for each plugin in use, with its version and the hash of its file.");
    std::set<std::array<std::string, 4>> plugins;
    {
        const std::lock_guard lock(serving_mutex_);
        for (const auto& one : serving_) {
            const auto& plugin = *one.chosen.plugin;
            plugins.insert({one.key, plugin.id, plugin.version, one.chosen.library->staged.sha256});
        }
    }
    for (const auto& [key, id, version, sha256] : plugins) {
        page.add({{"use", key}, {"plugin", id}, {"version", version}, {"sha256", sha256}}, 1);
    }
}

}  // namespace stipend::runtime

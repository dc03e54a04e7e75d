// The dispatchers of a manager: which of them sends the jobs of an orchestrator, and what came of those that each sent.
// All on [control], unless a function says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "host/config/settings.hpp"
#include "host/engine/effects.hpp"
#include "host/engine/plugin_calls.hpp"
#include "host/registry/payee.hpp"
#include "host/runtime/host.hpp"
#include "host/runtime/metric_page.hpp"

namespace stipend::engine {

class DispatchDesk {
  public:
    // Jobs that ended, by the dispatcher that had them.
    struct By {
        std::string dispatcher;  // "dispatch" or the name of another
        std::string plugin;      // its id
        auto operator<=>(const By&) const = default;
    };
    struct Ended {
        std::uint64_t ok = 0, failed = 0, unknown = 0;
    };
    using Counts = std::map<By, Ended>;
    static constexpr std::size_t max_counts = 64;  // names and plugins come and go by reloads; later ones are `others`

    // `host` outlives this.
    explicit DispatchDesk(runtime::Host& host) : host_(host) {}

    // The settings in force from now on.
    void use(const config::Settings& settings);
    // Sends a job by the dispatcher of `payee`, which has it until its end, whatever is configured meanwhile. `done` is
    // called once, later, on [control]; its result names the dispatcher. UNKNOWN where there is no such dispatcher.
    void submit(const JobSpec& job, const registry::Payee& payee, std::function<void(JobResult)> done);
    // Asks the dispatcher of `payee` what that offers. `done` is called once, on any thread, maybe before this returns.
    void inspect(const registry::Payee& payee, std::int64_t deadline_ns, std::function<void(Result<Offer>)> done) const;

    [[nodiscard]] const Counts& counts() const { return counts_; }
    static void add(runtime::MetricPage& page, const Counts& counts);  // [any thread]

  private:
    [[nodiscard]] plugin::Instance* instance_of(const registry::Payee& payee) const;  // NULL: there is none
    void count(By by, std::int32_t outcome);

    runtime::Host& host_;
    std::string ns_;                                              // of the ledger, in the ids of jobs
    std::map<std::string, std::int64_t, std::less<>> deadlines_;  // by name
    Counts counts_;
};

}  // namespace stipend::engine

// The plugins of a worker that answer jobs: what they say of themselves, and how they end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/runtime/host.hpp"
#include "host/worker/membership.hpp"

namespace stipend::worker {

// What one of them reports, as JSON.
struct NamedReport {
    std::string name;  // of the instance: "worker", or "worker-NAME"
    Result<std::string> text;
};

class WorkerServices {
  public:
    // `host` outlives this.
    explicit WorkerServices(runtime::Host& host) : host_(host) {}

    // Asks all that are in use, the first one first; answers once, on the thread of the last answer. [control]
    void ask(std::function<void(std::vector<NamedReport>)> done);
    // The same. STATE: the host is stopping. [any thread but control]
    Result<std::vector<NamedReport>> reports();
    // They leave their networks and end; `then` follows once, also where there is none. [control]
    void retire(std::function<void()> then);

  private:
    void ask_one(const std::string& key, std::function<void(Result<std::string>)> done);
    // In use, the first one first.
    [[nodiscard]] std::vector<std::string> keys() const;

    runtime::Host& host_;
};

// The identity that a manager knows an orchestrator by: that of the plugin which signs for `orchestrator_id`, otherwise
// that of the first one. STATE: none has a key yet. `warn` gets what makes answers not count. [pure]
[[nodiscard]] Result<WorkerIdentity> identity_among(const std::vector<NamedReport>& reports,
                                                    std::string_view orchestrator_id,
                                                    const std::function<void(const std::string&)>& warn);

}  // namespace stipend::worker

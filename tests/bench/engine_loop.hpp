// The engine with a real dispatch plugin, as a manager runs it, but with a ledger that forgets: what its rate shows is
// the cycle's dispatching.
#pragma once

#include <memory>
#include <vector>

#include "host/plugin/instance.hpp"
#include "host/plugin/policy_instance.hpp"
#include "host/registry/payee.hpp"

namespace stipend::bench {

class EngineLoop {
  public:
    // All payees are due every `interval_ns`.
    EngineLoop(std::shared_ptr<plugin::Instance> dispatch, std::shared_ptr<const plugin::PolicyInstance> policy,
               std::vector<registry::Payee> payees, std::int64_t interval_ns);
    ~EngineLoop();
    EngineLoop(const EngineLoop&) = delete;
    EngineLoop& operator=(const EngineLoop&) = delete;

    // Runs until so many more decisions pay. Returns how many did.
    std::uint64_t run_until_paid(std::uint64_t count);
    void run_for(std::int64_t ns);

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace stipend::bench

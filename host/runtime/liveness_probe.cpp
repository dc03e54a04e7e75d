#include "host/runtime/liveness_probe.hpp"

namespace stipend::runtime {

void LivenessProbe::ping(const std::vector<std::shared_ptr<plugin::Instance>>& instances, stipend_unix_ns now) {
    if (*outstanding_ != 0 || now - pinged_at_ < every_ns_) return;
    pinged_at_ = now;
    *outstanding_ = 1 + instances.size();
    const auto replied = [&loop = loop_, outstanding = outstanding_] { loop.post([outstanding] { --*outstanding; }); };
    writer_.query([replied](ledger::Ledger&) { replied(); });
    for (const auto& instance : instances) {
        // An operation that ends before the plugin's own code begins: only its turn on the strand counts.
        instance->begin(
            [](stipend_instance*, stipend_completion, stipend_error*) -> stipend_status { return STIPEND_E_CANCELLED; },
            [replied](const Result<const void*>&) { replied(); });
    }
}

}  // namespace stipend::runtime

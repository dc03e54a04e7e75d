#include "host/worker/pulse.hpp"

namespace stipend::worker {

void Pulse::ask(const std::vector<std::shared_ptr<plugin::Instance>>& instances, stipend_unix_ns now) {
    if (*owed_ != 0 || now - asked_at_ < every_ns_) return;
    asked_at_ = now;
    *owed_ = 1 + instances.size();
    const auto answered = [&loop = shop_.loop(), owed = owed_] { loop.post([owed] { --*owed; }); };
    shop_.writer().query([answered](ledger::Ledger&) { answered(); });
    for (const auto& instance : instances) {
        // An operation that is over before the plugin's own code begins: it only has to have its turn.
        instance->begin(
            [](stipend_instance*, stipend_completion, stipend_error*) -> stipend_status { return STIPEND_E_CANCELLED; },
            [answered](const Result<const void*>&) { answered(); });
    }
}

}  // namespace stipend::worker

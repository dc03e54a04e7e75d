#include "host/engine/health.hpp"

namespace stipend::engine {

HealthBook::Parts HealthBook::dated(Parts found, stipend_unix_ns now) const {
    for (std::size_t at = 0; at < found.size(); ++at) {
        const auto& before = parts_[at];
        const bool same = before.since != 0 && before.state == found[at].state;
        found[at].since = same ? before.since : now;
    }
    return found;
}

}  // namespace stipend::engine

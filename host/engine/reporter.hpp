// What an operator sees of the engine's work. All on [control].
#pragma once

#include <cstdint>
#include <string_view>

#include "host/engine/alerts.hpp"
#include "host/ledger/rows.hpp"
#include "host/registry/payee.hpp"

namespace stipend::engine {

class Reporter {
  public:
    virtual ~Reporter() = default;
    // A decision is durable, and owed on that network.
    virtual void decided(const registry::Payee& payee, const ledger::Decision& decision, const ledger::Network& network,
                         stipend_unix_ns now) = 0;
    // Nothing was decided: the epoch stays open until `next_at`.
    virtual void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
                      stipend_unix_ns next_at) = 0;
    // Once when it is raised, once when it is resolved.
    virtual void alert(const Alert& alert) = 0;
    // What an alert of that id would be about is not so, and none was raised.
    virtual void no_alert(const std::string&) {}
};

}  // namespace stipend::engine

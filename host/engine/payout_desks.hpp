// The payouts of all networks that are paid: a desk for each, with ids and nonces in common. All on [control], unless a
// function says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/engine/payout_desk.hpp"

namespace stipend::engine {

// What the ledger says of having been restored from a backup.
struct Restoration {
    std::optional<ledger::Restored> restored = {};  // the last time
    std::optional<ledger::RestoredAccepted> accepted = {};
    // What was paid after the backup is not in the ledger: until that is accepted, nothing is paid.
    [[nodiscard]] bool keeps_payouts() const { return restored && !accepted; }
};

class PayoutDesks {
  public:
    // As of a PayoutDesk. `open` is what the ledger has of each network, with 0. `restoration` outlives this; on
    // [control].
    PayoutDesks(runtime::Host& host, Engine& engine, const config::Settings& settings,
                std::vector<ledger::OpenPayouts> open, Restoration& restoration, std::function<void()> changed);

    // `fresh` has the plugin instance of each network.
    void apply(const config::Settings& settings, const runtime::InstanceSet& fresh,
               const PayoutDesk::Addresses& addresses);
    void tick(stipend_unix_ns now);
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const;
    void stop();
    // Of the first one that has one.
    [[nodiscard]] std::optional<Error> failure() const;

    [[nodiscard]] const std::vector<std::unique_ptr<PayoutDesk>>& all() const { return desks_; }
    // The numbers of all networks, without amounts; blocked: at least one is.
    [[nodiscard]] PayoutDesk::Figures counts() const;
    // Of the first network, with the others in "networks" where there are several.
    [[nodiscard]] Json status() const;

    // As of a PayoutDesk, by that of the payout's network. [any but control]
    Result<Json> order(const Json& body);
    Result<Json> show(const Json& body);
    // Of the network that the member "network" names (the first one: ""), or of all, one after the other:
    // {"clean","restored_accepted","networks":[...]} with what each desk answers. A restored ledger pays again where
    // all of it agrees with the chain, or, before the comparison, where `accept_restored` is true; `by` is recorded.
    // INVALID: there is no such network, or it is to be named, since `accept_foreign` is of one. CONFLICT:
    // `accept_restored` of a ledger that nothing keeps from paying. [any but control]
    Result<Json> reconcile(const Json& body);

  private:
    [[nodiscard]] Result<PayoutDesk*> desk_of(const Json& body);
    // False: the ledger was not restored, or it was accepted already. [any but control]
    [[nodiscard]] Result<bool> accept_restored(const Json& body, bool compared);

    runtime::Host& host_;
    Restoration& restoration_;
    LedgerReader ledger_;  // for those who ask
    settlement::Numbering numbering_;
    std::vector<std::unique_ptr<PayoutDesk>> desks_;  // by the place of their network
};

}  // namespace stipend::engine

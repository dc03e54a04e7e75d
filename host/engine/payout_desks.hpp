// The payouts of all networks that are paid: a desk for each, with ids and nonces in common. All on [control], unless a
// function says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "host/engine/payout_desk.hpp"

namespace stipend::engine {

class PayoutDesks {
  public:
    // As of a PayoutDesk. `open` is what the ledger has of each network, with 0.
    PayoutDesks(runtime::Host& host, Engine& engine, const config::Settings& settings,
                std::vector<ledger::OpenPayouts> open, std::function<void()> changed);

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
    // {"clean","networks":[...]} with what each desk answers. INVALID: there is no such network, or it is to be named,
    // since `accept_foreign` is of one. [any but control]
    Result<Json> reconcile(const Json& body);

  private:
    [[nodiscard]] Result<PayoutDesk*> desk_of(const Json& body);

    LedgerReader ledger_;  // for those who ask
    settlement::Numbering numbering_;
    std::vector<std::unique_ptr<PayoutDesk>> desks_;  // by the place of their network
};

}  // namespace stipend::engine

// Payouts at a running manager: the settler with its ledger, its chain and its clock. All on [control], unless a
// function says otherwise.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/engine/payout_order.hpp"
#include "host/registry/registration.hpp"
#include "host/runtime/host.hpp"
#include "host/settlement/numbering.hpp"
#include "host/settlement/plugin_chain.hpp"
#include "host/settlement/settler.hpp"

namespace stipend::engine {

// When something is paid, and what it may cost, by the configuration.
[[nodiscard]] settlement::Rules payout_rules(const config::PaidNetwork& network, ledger::NetworkId id);

class PayoutDesk final : private settlement::Book {
  public:
    // To which addresses something is paid.
    struct Addresses {
        std::shared_ptr<const registry::ConfiguredMarks> configured = {};  // these are the operator's word
        // By id of each registration, removed ones too: the address that its wallet has proven, or nothing. NULL: not
        // known, and then no other address than a configured one is paid to.
        std::shared_ptr<const std::map<std::string, std::string>> proven = {};
        // `to` is in lower case.
        [[nodiscard]] bool may_be_paid(const std::string& key, const std::string& to) const {
            if (configured && configured->has_id(key)) return true;
            if (!proven) return false;
            const auto found = proven->find(key);
            return found == proven->end() || found->second == to;  // one that never registered was configured once
        }
    };

    // Of the network at that place of the configuration. `host`, `engine` and `numbering` outlive this; no work of it
    // runs once the loop is closed. `changed`: after each change of a payout.
    PayoutDesk(runtime::Host& host, Engine& engine, const config::Settings& settings, std::size_t place,
               ledger::OpenPayouts open, settlement::Numbering& numbering, std::function<void()> changed);

    // Puts a configuration in force, and the plugin instance that it pays by. What the one before it was asked, it
    // answers.
    void apply(const config::PaidNetwork& settings, std::shared_ptr<plugin::Instance> instance, Addresses addresses);
    // Whether the ledger comes from a backup and may not pay yet; false at first.
    void set_restored(bool restored);
    void tick(stipend_unix_ns now);
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const;
    // Binds, signs and sends nothing more.
    void stop();
    // The ledger cannot be written any more: nothing more is paid, and the host has to end.
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

    struct Figures {
        std::size_t open = 0, held = 0, frozen = 0;
        SignedWei under_way = {};  // of all that are open
        SignedWei bound_today = {}, per_day = {};
        std::optional<SignedWei> funds = {};   // of the payer; none: not known yet
        std::uint64_t paid = 0, returned = 0;  // in this run
        std::size_t without_address = 0;       // orchestrators that are due and have no address to pay to
        bool blocked = false;
    };
    [[nodiscard]] const ledger::Network& network() const { return terms().row; }
    [[nodiscard]] const std::string& name() const { return name_; }             // empty: the first one. [any]
    [[nodiscard]] ledger::NetworkId network_id() const { return network_id_; }  // [any]
    // Alerts about payouts that it has resolved since the last time.
    [[nodiscard]] bool take_resolved() { return std::exchange(resolved_, false); }
    // Raises what it has raised, since another desk may have resolved it.
    void raise_again(stipend_unix_ns now) { follow_payouts(now); }
    [[nodiscard]] Figures figures() const;
    [[nodiscard]] Json status() const;

    // Carries it out; the payout as it is then. Errors as those of order_without_host. [any but control]
    Result<Json> order(const Json& body);
    // The payout, with what it waits for. INVALID: there is no such payout. [any but control]
    Result<Json> show(const Json& body);
    // Compares the ledger with the chain. Changes nothing, unless `accept_foreign` is true: then it records first that
    // something else used the payer's next nonces.
    // {"clean","findings":[...],"more","transactions","open_payouts","payer", "next_nonce","funds_wei"}. [any but
    // control]
    Result<Json> reconcile(const Json& body);

  private:
    // Passes questions on to the instance that is in force.
    class CurrentChain final : public settlement::Chain {
      public:
        std::unique_ptr<settlement::PluginChain> now = {};

        void account(std::function<void(Result<settlement::Account>)> done) override { now->account(std::move(done)); }
        void estimate(const settlement::SlotWork& work,
                      std::function<void(Result<settlement::Estimate>)> done) override {
            now->estimate(work, std::move(done));
        }
        void sign(const settlement::SlotWork& work,
                  std::function<void(Result<settlement::SignedBytes>)> done) override {
            now->sign(work, std::move(done));
        }
        void recall(std::uint64_t nonce,
                    std::function<void(Result<std::vector<settlement::SignedBytes>>)> done) override {
            now->recall(nonce, std::move(done));
        }
        void send(const std::string& raw, std::function<void(Result<void>)> done) override {
            now->send(raw, std::move(done));
        }
        void sight(const std::vector<settlement::Sought>& attempts,
                   std::function<void(Result<std::vector<settlement::Sighting>>)> done) override {
            now->sight(attempts, std::move(done));
        }
    };

    void reserve(const settlement::Reservation& which,
                 std::function<void(Result<std::vector<ledger::Payout>>)> done) override;
    void commit(const ledger::PayoutChanges& changes, std::function<void(Result<void>)> done) override;
    // Of those that are due, the ones that can be paid, with their addresses.
    [[nodiscard]] std::vector<ledger::Payout> payable(const settlement::Reservation& which,
                                                      const std::vector<ledger::Debt>& due);
    // On the ledger's thread.
    static Result<std::vector<ledger::Payout>> reserve_now(ledger::Ledger& ledger, const settlement::Reservation& which,
                                                           std::vector<ledger::Payout> wanted);
    static constexpr std::int64_t chain_deadline_ns = 150 * ns_per_s;  // above what a plugin takes by itself at most
    using Done = std::function<void(Result<void>)>;
    // Has the settler carry out a person's order. [any but control]
    Result<void> ordered(std::function<void(const Done&)> carry_out);
    void written(const Result<void>& done);
    void report(const ledger::PayoutChanges& changes);
    void follow_alerts(stipend_unix_ns now);
    void follow_block(stipend_unix_ns now);
    void follow_restored(stipend_unix_ns now);
    void follow_payouts(stipend_unix_ns now);
    [[nodiscard]] std::string key_of(ledger::PayoutId payout) const;
    // The settler's questions and commits are over, so that its chain can be another one.
    void take_next_chain();

    [[nodiscard]] const NetworkTerms& terms() const { return engine_.networks().all().at(place_).terms; }
    // The id of an alert about this network: "payouts:gas", "payouts:usdc:gas".
    [[nodiscard]] std::string alert_id(std::string_view what) const {
        return cat(terms().alert_id("payouts"), ":", what);
    }

    runtime::Host& host_;
    Engine& engine_;
    const std::size_t place_;  // of the network in the configuration
    const std::string name_;
    const ledger::NetworkId network_id_;
    LedgerReader ledger_;  // for those who ask
    const std::function<void()> changed_;
    Addresses addresses_;
    std::shared_ptr<plugin::Instance> instance_;  // in force
    CurrentChain chain_;
    std::unique_ptr<settlement::PluginChain> next_chain_;  // none: `chain_` has the one in force
    settlement::Settler settler_;
    std::deque<std::function<void()>> orders_;  // of people, which wait until no other step is under way
    bool stopped_ = false;
    bool restored_ = false;
    std::optional<Error> failure_;
    std::uint64_t paid_ = 0;
    std::uint64_t returned_ = 0;
    std::size_t without_address_ = 0;
    bool moved_ = true;                       // payouts have changed since their alerts were looked at
    std::vector<settlement::SlotId> unread_;  // by the chain's answers, so that their payouts have an alert
    bool restored_alert_ = false;
    std::string block_;  // the id of what blocks, and
    stipend_unix_ns blocked_since_ = 0;
    std::set<std::string> alerts_;  // that are raised
    bool resolved_ = false;         // one of them was
};

}  // namespace stipend::engine

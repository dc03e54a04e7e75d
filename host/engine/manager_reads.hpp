// What the API shows of a running manager: pages of the engine's state, read on the control thread, and what the
// ledger's file says beside them, read by a connection of its own; and registrations. Thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/api/manager_routes.hpp"
#include "host/engine/connect_back.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/head_signer.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/engine/offer_book.hpp"
#include "host/engine/proof_book.hpp"
#include "host/registry/registration_store.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class ManagerReads final : public api::ManagerReads {
  public:
    // Of the ledger that `settings` name. Both references outlive this; no work of it runs once the loop is closed.
    ManagerReads(runtime::Host& host, const Engine& engine, const config::Settings& settings,
                 std::shared_ptr<registry::RegistrationStore> registrations, const ProofBook& proofs,
                 std::shared_ptr<const ConnectBack> connect_back, std::shared_ptr<const OfferBook> offers)
        : host_(host),
          engine_(engine),
          heads_(HeadSigner::file_of(settings)),
          ledger_(settings.state, runtime::namespace_of(settings)),
          proofs_ledger_(settings.state, runtime::namespace_of(settings)),
          registrations_(std::move(registrations)),
          proofs_(proofs),
          connect_back_(std::move(connect_back)),
          offers_(std::move(offers)) {}

    [[nodiscard]] std::uint64_t registrations_revision() const override {
        return registrations_ ? registrations_->revision() : 0;
    }
    Result<Orchestrators> orchestrators(std::optional<std::int64_t> after, std::size_t limit) override;
    Result<std::optional<Json>> orchestrator(std::string_view id) override;
    Result<std::vector<std::string>> addresses() override;
    Result<std::optional<Part>> payments(const PaymentQuery& query) override;
    Result<std::optional<Json>> payment_proof(std::string_view orchestrator, std::uint64_t epoch) override;
    Result<std::optional<Part>> payouts(const PayoutQuery& query) override;
    Result<std::optional<Json>> payout(std::string_view orchestrator, std::int64_t number) override;
    Result<std::optional<Json>> signed_head() override;
    [[nodiscard]] Json payment_form() const override;
    Result<Health> health() override;

  private:
    // An orchestrator as the engine has it.
    struct Row {
        registry::Payee payee;
        ledger::EngineState state;
        bool active = false;
        bool held = false;
        ledger::Network network = {};                             // on which it is owed
        std::optional<registry::Registration> registration = {};  // none: of the configuration
        std::optional<registry::PendingChange> change = {};
    };
    [[nodiscard]] static Row row_of(const Engine& engine, registry::PayeeIndex at);
    [[nodiscard]] Result<std::vector<Json>> shown(std::vector<Row> rows);
    // Of a registration that the engine does not know.
    [[nodiscard]] Json shown_pending(const registry::Registration& registration) const;
    // Nothing: the engine has none of that id.
    [[nodiscard]] Result<std::optional<ledger::OrchestratorId>> id_of(const std::string& key);
    // The ids whose endpoint could not be connected to, and why not; null: it could, or it is not known.
    [[nodiscard]] std::set<std::string, std::less<>> unreached() const;
    [[nodiscard]] Json endpoint_problem(std::string_view id) const;
    // What it offered when it was asked last; null: it was not asked yet.
    [[nodiscard]] Json offer_of(std::string_view id) const;
    [[nodiscard]] Result<std::vector<registry::Registration>> pending();
    // Runs `work` on the control thread. TIMEOUT where it has not run within some seconds.
    template <class Work>
    [[nodiscard]] auto on_control(Work work) -> Result<decltype(work())>;

    runtime::Host& host_;
    const Engine& engine_;
    const std::filesystem::path heads_;
    LedgerReader ledger_;
    LedgerReader proofs_ledger_;  // apart, since a proof reads up to a head's rows
    const std::shared_ptr<registry::RegistrationStore> registrations_;  // none: the file cannot be used
    const ProofBook& proofs_;
    const std::shared_ptr<const ConnectBack> connect_back_;  // none: no orchestrator registers
    const std::shared_ptr<const OfferBook> offers_;          // none: nothing is asked
};

}  // namespace stipend::engine

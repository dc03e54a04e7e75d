// The API of a running manager: access to it, what it reads, and its listener.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/api/access.hpp"
#include "host/api/api_server.hpp"
#include "host/api/objection_routes.hpp"
#include "host/api/order_routes.hpp"
#include "host/api/registration_routes.hpp"
#include "host/api/target_routes.hpp"
#include "host/config/settings.hpp"
#include "host/engine/analytics_reads.hpp"
#include "host/engine/explanation_reads.hpp"
#include "host/engine/manager_reads.hpp"
#include "host/engine/past_reads.hpp"
#include "host/engine/receipt_reads.hpp"
#include "host/engine/status_reads.hpp"
#include "host/engine/tables_desk.hpp"

namespace stipend::engine {

class ManagerApi {
  public:
    // How orchestrators register. Without a registrar none can.
    struct Joining {
        std::shared_ptr<registry::RegistrationStore> registrations = {};
        api::Registrations* registrar = nullptr;
        std::shared_ptr<const ConnectBack> connect_back = {};
        std::shared_ptr<const OfferBook> offers = {};
        api::Objections* objections = nullptr;  // none: no routes of them
        api::AlertTargets* targets = nullptr;   // the same
        ExplanationReads::InForce policy = {};  // of explanations
        // The targets of uptime in force; called on the control thread.
        std::function<std::vector<config::Sla>()> targets_of_uptime = [] { return std::vector<config::Sla>(); };
        std::function<Result<Json>()> overview;  // what GET /api/v1/status gives
        api::AskOffer offer;                     // what GET .../offer gives
        const api::PluginPages* pages = nullptr;
        std::function<void(std::string_view instance, std::string_view text)> misbehaved = {};  // of those of pages
    };

    // Opens `access.db` in the state folder, makes the first account where there is none, and listens on `thread`.
    // `host`, `engine`, `proofs`, `events` and what `orders` and `joining` refer to outlive this; without `events`
    // there is no route of them. Computes a password's hash where it makes an account.
    [[nodiscard]] static Result<std::unique_ptr<ManagerApi>> create(runtime::Host& host, const Engine& engine,
                                                                    const config::Settings& settings,
                                                                    api::Orders orders, http::ServerThread& thread,
                                                                    Joining joining, const ProofBook& proofs,
                                                                    api::EventFeed* events);
    // Where clients reach the API, as a wallet shows it to its owner. [pure]
    [[nodiscard]] static std::string origin_of(const config::Settings& settings);
    [[nodiscard]] const std::string& address() const { return server_->address(); }
    // What the status page shows from now on. [control]
    void show_status(const config::StatusPage& page) { status_.in_force(page); }

  private:
    ManagerApi(runtime::Host& host, const Engine& engine, const config::Settings& settings, const Joining& joining,
               const ProofBook& proofs);
    std::unique_ptr<api::Access> access_;
    ManagerReads reads_;
    ReceiptReads receipts_;
    PastReads past_;
    AnalyticsReads analytics_;
    StatusReads status_;
    ExplanationReads explanations_;
    TablesDesk tables_;
    std::unique_ptr<api::ApiServer> server_;  // ends first
};

}  // namespace stipend::engine

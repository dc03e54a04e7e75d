// The routes of the manager's API, over what a manager lets be read of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/api/event_feed.hpp"
#include "host/api/health.hpp"
#include "host/api/list_part.hpp"

namespace stipend::api {

// Thread-safe. Calls may block for some milliseconds; BUSY, STATE and TIMEOUT: the manager does not answer now.
class ManagerReads {
  public:
    virtual ~ManagerReads() = default;

    using Part = ListPart;
    struct Counts {
        std::size_t connected = 0, disconnected = 0, unhealthy = 0, unapproved = 0;
    };
    struct Orchestrators {
        Counts all;  // also of those that are not in the part
        Part part;
    };
    // Another number once a registration has changed. Does not block.
    [[nodiscard]] virtual std::uint64_t registrations_revision() const = 0;
    // Behind the cursor `after`, in the order of the ledger.
    virtual Result<Orchestrators> orchestrators(std::optional<std::int64_t> after, std::size_t limit) = 0;
    // Nothing: there is none of that id.
    virtual Result<std::optional<Json>> orchestrator(std::string_view id) = 0;
    // The addresses of those in force.
    virtual Result<std::vector<std::string>> addresses() = 0;

    struct PaymentQuery {
        std::string orchestrator = {};  // empty: all
        std::optional<stipend_unix_ns> from = {};
        std::optional<std::int64_t> before = {};  // a cursor
        std::size_t limit = 0;
    };
    // The newest first. Nothing: there is no such orchestrator.
    virtual Result<std::optional<Part>> payments(const PaymentQuery& query) = 0;
    // The proof of one decision, for its payee: see host/ledger/decision_proof.hpp. Nothing: there is no such decision.
    // BUSY: no head covers it yet.
    virtual Result<std::optional<Json>> payment_proof(std::string_view orchestrator, std::uint64_t epoch) = 0;
    struct PayoutQuery {
        std::string orchestrator = {};            // empty: all
        bool open = false;                        // only those that are not over
        std::optional<std::int64_t> before = {};  // a cursor
        std::size_t limit = 0;
    };
    // The newest first. Nothing: there is no such orchestrator.
    virtual Result<std::optional<Part>> payouts(const PayoutQuery& query) = 0;
    // With its steps and its nonce. Nothing: that orchestrator has no such payout.
    virtual Result<std::optional<Json>> payout(std::string_view orchestrator, std::int64_t number) = 0;
    // The newest signed head. Nothing: there is none yet.
    virtual Result<std::optional<Json>> signed_head() = 0;
    // What an item of theirs looks like. Does not block.
    [[nodiscard]] virtual Json payment_form() const = 0;

    struct Health {
        HealthReport parts = {};
        stipend_unix_ns now = 0;
    };
    virtual Result<Health> health() = 0;
};

// `status` gives the manager as a whole; it may block for some milliseconds, and is asked once a second at most,
// however many clients poll. `clock` outlives the route.
[[nodiscard]] ApiRoute status_route(std::function<Result<Json>()> status, const Clock& clock);

// What an orchestrator offers, asked for now; may block for some seconds. Nothing: there is none of that id in force.
using AskOffer = std::function<Result<std::optional<Json>>(std::string_view id)>;
[[nodiscard]] ApiRoute offer_route(AskOffer ask);

// All but those of auth_routes; `gateways`: from where the list for gateways is served. `clock` outlives them.
[[nodiscard]] std::vector<ApiRoute> manager_routes(ManagerReads& reads, std::vector<IpRange> gateways,
                                                   const Clock& clock);

// GET /api/v1/events over `feed`, which outlives it.
[[nodiscard]] ApiRoute events_route(EventFeed& feed);

}  // namespace stipend::api

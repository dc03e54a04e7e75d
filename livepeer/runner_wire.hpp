// The wire format of Livepeer's live runners: what an orchestrator offers (`GET /discovery`), the sessions of its
// persistent runners, the payment that it demands (402), and what a remote signer is asked and answers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/money.hpp"
#include "stipend/result.hpp"

namespace livepeer {

// A runner of one app, as an orchestrator announces it.
struct RunnerOffer {
    // Of its URL: "/apps/<id>/app", or "/apps/<id>/session". The authority is left out: the payer calls the address it
    // knows.
    std::string path;
    std::string origin;  // what was left out, as stipend::address_key
    std::string version;
    bool single_shot = false;
    std::int64_t capacity = 0;
    std::int64_t available = 0;         // free slots
    std::optional<stipend::Wei> price;  // in wei for each `unit`; none: it charges nothing
    std::string unit;                   // "fixed" (a call), "seconds", "720p-pixel-seconds"

    // Its URL is one of its mode.
    [[nodiscard]] bool callable() const { return path.ends_with(single_shot ? "/app" : "/session"); }
};

// How many seconds the first payment of a price by the second covers.
inline constexpr std::uint64_t first_payment_s = 10;
// What the first payment for one call costs, in wei: at a fixed price the price, by the second that of ten seconds.
// None: the price has another unit.
std::optional<stipend::Wei> first_cost(const RunnerOffer& offer);

struct RunnerOffers {
    std::string announced;             // the address that the orchestrator gives itself
    std::vector<RunnerOffer> runners;  // of the app that was asked for
    std::size_t others = 0;            // runners of other apps
};

// 1 to 128 letters, digits, '.', '_', '-' and '/': by convention pipeline/model. INVALID otherwise.
stipend::Result<void> check_app(std::string_view app);

// Reads the body of a 200. INVALID: no such list, an offer without a path of its own, or a price that is none in wei.
stipend::Result<RunnerOffers> read_runner_offers(std::string_view body, std::string_view app);
// The runner that a call goes to: a single-shot one, otherwise a persistent one; with a free slot if there is one, the
// cheapest. NULL: none.
const RunnerOffer* choose_runner(const RunnerOffers& offers);

// The answer to a reservation: the paths of a session's URLs, without a slash at their end.
struct RunnerSession {
    std::string control;  // `control`/stop ends it
    std::string app;      // a call goes to `app`/{path}; empty: it cannot be used
    std::string refusal;  // why not
};
// Reads the body of a 200. A URL is good only if it leads to `address` or to the origin of the offer, and has no user
// name. INVALID: no such object, or no good control_url.
stipend::Result<RunnerSession> read_runner_session(std::string_view body, std::string_view address,
                                                   std::string_view origin);

// The body of a 402: what the signer needs, passed on unread.
struct PaymentDemand {
    std::string params;  // base64
    std::string manifest_id;
};
stipend::Result<PaymentDemand> read_payment_demand(std::string_view body);

// The body of `POST /generate-live-payment` for one call or session at a price of at most `max_price` for each `unit`:
// "fixed" or "seconds".
std::string payment_request_body(const PaymentDemand& demand, std::string_view app, const stipend::Wei& max_price,
                                 std::string_view unit);

// What the call carries: the values of Livepeer-Payment and Livepeer-Segment. Good for one call.
struct RunnerPayment {
    std::string payment;
    std::string segment;
};
// INVALID: no such object, or a value that is no base64, which no header may carry.
stipend::Result<RunnerPayment> read_runner_payment(std::string_view body);

// The message of an error of orchestrator or signer, `{"error":{"message":".."}}`, or the text itself; printable.
std::string error_text(std::string_view body);

}  // namespace livepeer

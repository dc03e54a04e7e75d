#include "host/api/order_routes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "stipend/usd.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_id_bytes = 512;
constexpr std::size_t max_reason_bytes = 1000;
constexpr std::size_t max_time_bytes = 64;
constexpr std::size_t max_amount_bytes = 64;

// A misspelt member would be an order for something else.
Result<void> check_members(const Json& body, std::span<const std::string_view> known) {
    for (const auto& [name, value] : body.members()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return fail(STIPEND_E_INVALID, "unknown member \"", clip(name, 64), "\"");
        }
    }
    return {};
}

// The name that the audit gets: an account's or a key's, never one that a body gives.
Result<Json> stretch_of(const Request& request) {
    STIPEND_LET(from, request.text("from", max_time_bytes));
    STIPEND_LET(to, request.text("to", max_time_bytes));
    STIPEND_LET(reason, request.text("reason", max_reason_bytes));
    return Json::object()
        .append("from", from)
        .append("to", to)
        .append("reason", reason)
        .append("by", cat("api:", request.principal->name));
}

Result<bool> flag_of(const Request& request, std::string_view name) {
    const auto* member = request.body.find(name);
    if (member == nullptr) return false;
    if (!member->is(Json::Kind::boolean)) return fail(STIPEND_E_INVALID, "\"", name, "\": want true or false");
    return member->truth();
}

Result<Json> adjustment_of(const Request& request) {
    constexpr std::array<std::string_view, 5> known{"orchestrator_id", "from", "to", "reason", "amount_usd"};
    STIPEND_TRY(check_members(request.body, known));
    STIPEND_LET(order, stretch_of(request));
    STIPEND_LET(id, request.text("orchestrator_id", max_id_bytes));
    order.append("orchestrator", id);
    // A number is taken by its digits: it never becomes a binary one.
    if (const auto* amount = request.body.find("amount_usd")) {
        const bool readable = amount->is(Json::Kind::string) || amount->is(Json::Kind::number);
        if (!readable || amount->text().empty() || amount->text().size() > max_amount_bytes) {
            return fail(STIPEND_E_INVALID, "\"amount_usd\": want a decimal number, or a text of one");
        }
        if (const auto usd = Usd::parse(amount->text()); !usd) {
            return fail(STIPEND_E_INVALID, "\"amount_usd\": ", usd.error().message);
        }
        order.append("usd", amount->text());
    }
    return order;
}

Result<Json> pardon_of(const Request& request) {
    constexpr std::array<std::string_view, 6> known{"orchestrator_id", "all", "from", "to", "reason", "dry_run"};
    STIPEND_TRY(check_members(request.body, known));
    STIPEND_LET(order, stretch_of(request));
    STIPEND_LET(all, flag_of(request, "all"));
    STIPEND_LET(dry_run, flag_of(request, "dry_run"));
    if (all == (request.body.find("orchestrator_id") != nullptr)) {
        return fail(STIPEND_E_INVALID, "want \"orchestrator_id\", or \"all\": true");
    }
    if (!all) {
        STIPEND_LET(id, request.text("orchestrator_id", max_id_bytes));
        order.append("orchestrator", id);
    }
    return order.append("all", all).append("dry_run", dry_run);
}

class Desk {
  public:
    explicit Desk(Orders orders) : orders_(std::move(orders)) {}

    Reply adjust(const Request& request) { return carry_out(orders_.adjust, adjustment_of(request)); }
    Reply pardon(const Request& request) { return carry_out(orders_.pardon, pardon_of(request)); }

  private:
    // One at a time: a ledger that hangs holds up one thread of the API, and no other request.
    Reply carry_out(const std::function<Result<Json>(const Json&)>& work, const Result<Json>& order) {
        if (!order) return problem_of(order.error());
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return problem_later(503, "another order is being carried out", 1);
        const auto done = work(*order);
        if (done) return json_reply(*done);
        const auto& error = done.error();
        if (error.status == STIPEND_E_UNAVAILABLE) return problem_later(503, error.message, 60);
        return problem_of(error);
    }

    const Orders orders_;
    std::mutex one_at_a_time_;
};

}  // namespace

std::vector<ApiRoute> order_routes(Orders orders) {
    const auto desk = std::make_shared<Desk>(std::move(orders));
    std::vector<ApiRoute> out;
    const auto post = [&](std::string path, Handler handler) {
        out.push_back({.method = "POST",
                       .path = std::move(path),
                       .permission = auth::Permission::payments_adjust,
                       .rate = RateClass::write,
                       .handler = std::move(handler)});
    };
    post("/api/v1/livepeer/adjustments", [desk](const Request& request) { return desk->adjust(request); });
    post("/api/v1/livepeer/pardons", [desk](const Request& request) { return desk->pardon(request); });
    return out;
}

}  // namespace stipend::api

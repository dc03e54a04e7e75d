#include "host/api/order_routes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string_view>

#include "stipend/usd.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_id_bytes = 512;
constexpr std::size_t max_reason_bytes = 1000;
constexpr std::size_t max_time_bytes = 64;
constexpr std::size_t max_amount_bytes = 64;
constexpr std::size_t max_call_type_bytes = 100;
constexpr std::size_t max_reference_bytes = 200;
constexpr std::size_t max_metadata_bytes = 4096;

constexpr const char* adjustments_path = "/api/v1/livepeer/adjustments";
constexpr const char* pardons_path = "/api/v1/livepeer/pardons";
constexpr const char* payments_path = "/api/v1/livepeer/payments/process";

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

// The digits of the amount are read where the payment is made.
Result<Json> payment_of(const Request& request) {
    constexpr std::array<std::string_view, 7> known{"call_type", "amount",          "asset",    "recipient",
                                                    "metadata",  "orchestrator_id", "reference"};
    STIPEND_TRY(check_members(request.body, known));
    STIPEND_LET(call_type, request.text("call_type", max_call_type_bytes));
    STIPEND_LET(recipient, request.text("recipient", max_id_bytes));
    STIPEND_LET(id, request.text_or_none("orchestrator_id", max_id_bytes));
    STIPEND_LET(reference, request.text_or_none("reference", max_reference_bytes));
    auto metadata = Json::object();
    if (const auto* given = request.body.find("metadata"); given != nullptr && !given->is(Json::Kind::null)) {
        if (!given->is(Json::Kind::object) || given->dump().size() > max_metadata_bytes) {
            return fail(STIPEND_E_INVALID, "\"metadata\": want an object of at most ", max_metadata_bytes, " bytes");
        }
        metadata = *given;
    }
    const auto* amount = request.body.find("amount");
    if (amount == nullptr) return fail(STIPEND_E_INVALID, "the member \"amount\" is missing");
    const auto* asset = request.body.find("asset");
    return Json::object()
        .append("call_type", call_type)
        .append("amount", *amount)
        .append("asset", asset == nullptr ? Json() : *asset)
        .append("recipient", recipient)
        .append("orchestrator_id", id)
        .append("reference", reference)
        .append("metadata", std::move(metadata))
        .append("by", cat("api:", request.principal->name));
}

// The order's name in the header, and for a payment its reference. They are apart, so that neither is taken for the
// other.
OrderKey key_of(const Request& request, std::string_view route, bool by_reference) {
    OrderKey out{.principal = request.principal->name, .route = cat("POST ", route)};
    if (!request.idempotency_key.empty()) out.names.push_back(cat("key:", request.idempotency_key));
    if (by_reference) {
        const auto* reference = request.body.find("reference");
        const bool given = reference != nullptr && reference->is(Json::Kind::string) && !reference->text().empty();
        if (given) out.names.push_back(cat("reference:", reference->text()));
    }
    out.body_hash = request.body_hash;
    return out;
}

class Desk {
  public:
    explicit Desk(Orders orders) : orders_(std::move(orders)) {}

    Reply adjust(const Request& request) {
        return carry_out(orders_.adjust, adjustment_of(request), key_of(request, adjustments_path, false));
    }
    Reply pardon(const Request& request) {
        return carry_out(orders_.pardon, pardon_of(request), key_of(request, pardons_path, false));
    }
    Reply pay(const Request& request) {
        const auto order = payment_of(request);
        if (!order) return problem_of(order.error());
        const auto key = key_of(request, payments_path, true);
        if (key.names.empty()) {
            return problem(400,
                           "want the header Idempotency-Key or the member \"reference\", so that a payment that is "
                           "sent again is not paid twice");
        }
        return carry_out(
            [this](const Json& body, const OrderKey& by) -> Result<Json> {
                STIPEND_LET(done, orders_.pay(body, by));
                return done ? std::move(*done) : Json();
            },
            order, key);
    }

  private:
    // Holds the names of an order while it is carried out.
    class Running {
      public:
        Running(Desk& desk, const OrderKey& key) : desk_(desk) {
            const std::lock_guard lock(desk_.running_mutex_);
            for (const auto& name : key.names) {
                auto whole = cat(key.principal, "\n", key.route, "\n", name);
                if (desk_.running_.insert(whole).second) mine_.push_back(std::move(whole));
            }
            free_ = mine_.size() == key.names.size();
        }
        ~Running() {
            const std::lock_guard lock(desk_.running_mutex_);
            for (const auto& name : mine_) desk_.running_.erase(name);
        }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        [[nodiscard]] bool free() const { return free_; }

      private:
        Desk& desk_;
        std::vector<std::string> mine_;
        bool free_ = false;
    };

    using Work = std::function<Result<Json>(const Json&, const OrderKey&)>;

    // One at a time: a ledger that hangs holds up one thread of the API, and no other request.
    Reply carry_out(const Work& work, const Result<Json>& order, const OrderKey& key) {
        if (!order) return problem_of(order.error());
        const Running running(*this, key);
        if (!running.free()) return problem_later(409, "this order is being carried out", 1);
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return problem_later(503, "another order is being carried out", 1);
        const auto done = work(*order, key);
        if (done && done->is(Json::Kind::null)) {
            return problem(404,
                           "no such recipient: want the id or the payout address of an orchestrator that is "
                           "configured or approved");
        }
        if (done) return json_reply(*done);
        const auto& error = done.error();
        if (error.status == STIPEND_E_UNAVAILABLE) return problem_later(503, error.message, 60);
        if (error.status == STIPEND_E_LIMIT) return problem(409, error.message);
        return problem_of(error);
    }

    const Orders orders_;
    std::mutex one_at_a_time_;
    std::mutex running_mutex_;
    std::set<std::string> running_;  // guarded by running_mutex_
};

}  // namespace

std::vector<ApiRoute> order_routes(Orders orders) {
    const auto desk = std::make_shared<Desk>(std::move(orders));
    std::vector<ApiRoute> out;
    const auto post = [&](std::string path, auth::Permission permission, Handler handler) {
        out.push_back({.method = "POST",
                       .path = std::move(path),
                       .permission = permission,
                       .rate = RateClass::write,
                       .handler = std::move(handler)});
    };
    using auth::Permission;
    post(adjustments_path, Permission::payments_adjust,
         [desk](const Request& request) { return desk->adjust(request); });
    post(pardons_path, Permission::payments_adjust, [desk](const Request& request) { return desk->pardon(request); });
    post(payments_path, Permission::payments_process, [desk](const Request& request) { return desk->pay(request); });
    return out;
}

}  // namespace stipend::api

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
constexpr std::size_t max_payload_bytes = 64 << 10;
constexpr std::size_t max_named = 1000;
constexpr std::size_t max_capabilities = 32;
constexpr std::size_t max_capability_bytes = 128;

constexpr const char* adjustments_path = "/api/v1/livepeer/adjustments";
constexpr const char* pardons_path = "/api/v1/livepeer/pardons";
constexpr const char* payments_path = "/api/v1/livepeer/payments/process";
constexpr const char* calls_path = "/api/v1/livepeer/calls/distribute";

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
    constexpr std::array<std::string_view, 6> known{"orchestrator_id", "from", "to", "reason", "amount_usd", "dry_run"};
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
    STIPEND_LET(dry_run, flag_of(request, "dry_run"));
    if (dry_run) order.append("dry_run", true);
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

// The texts of an array: each of 1 to `most_bytes`, and at least one.
Result<std::vector<std::string>> names_of(const Json& list, std::string_view name, std::size_t most,
                                          std::size_t most_bytes) {
    const auto wrong = [&] {
        return fail(STIPEND_E_INVALID, "\"", name, "\": want 1 to ", most, " texts of 1 to ", most_bytes, " bytes");
    };
    if (!list.is(Json::Kind::array) || list.items().empty() || list.items().size() > most) return wrong();
    std::vector<std::string> out;
    for (const auto& one : list.items()) {
        if (!one.is(Json::Kind::string) || one.text().empty() || one.text().size() > most_bytes) return wrong();
        out.push_back(one.text());
    }
    return out;
}

Result<CallOrder> call_of(const Request& request) {
    constexpr std::array<std::string_view, 4> known{"call_type", "orchestrator_ids", "strategy", "payload"};
    STIPEND_TRY(check_members(request.body, known));
    CallOrder out;
    STIPEND_SET(out.type, request.text("call_type", max_call_type_bytes));
    STIPEND_SET(out.strategy_name, request.text("strategy", max_call_type_bytes));
    using Strategy = CallOrder::Strategy;
    constexpr std::array<std::pair<std::string_view, Strategy>, 3> strategies{
        {{"round_robin", Strategy::round_robin},
         {"least_loaded", Strategy::least_loaded},
         {"capabilities", Strategy::capabilities}}};
    const auto* strategy = std::find_if(strategies.begin(), strategies.end(),
                                        [&](const auto& one) { return one.first == out.strategy_name; });
    if (strategy == strategies.end()) {
        return fail(STIPEND_E_INVALID, "\"strategy\": got \"", clip(out.strategy_name, 64),
                    "\", want round_robin, least_loaded or capabilities");
    }
    out.strategy = strategy->second;
    const auto* payload = request.body.find("payload");
    if (payload == nullptr || !payload->is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "\"payload\": want an object");
    }
    out.payload = payload->dump();
    if (out.payload.size() > max_payload_bytes) {
        return fail(STIPEND_E_INVALID, "\"payload\": want an object of at most ", max_payload_bytes, " bytes");
    }
    if (const auto* ids = request.body.find("orchestrator_ids"); ids != nullptr && !ids->is(Json::Kind::null)) {
        out.restricted = true;
        STIPEND_SET(out.orchestrators, names_of(*ids, "orchestrator_ids", max_named, max_id_bytes));
    }
    if (out.strategy == Strategy::capabilities) {
        const auto* wanted = payload->find("required_capabilities");
        if (wanted == nullptr) return fail(STIPEND_E_INVALID, "\"payload.required_capabilities\" is missing");
        STIPEND_SET(out.capabilities,
                    names_of(*wanted, "payload.required_capabilities", max_capabilities, max_capability_bytes));
    }
    out.by = cat("api:", request.principal->name);
    return out;
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

    Reply distribute(const Request& request) {
        const auto order = call_of(request);
        if (!order) return problem_of(order.error());
        std::optional<Reply> refused;
        auto reply = carry_out(
            [&](const Json&, const OrderKey& by) -> Result<Json> {
                STIPEND_LET(done, orders_.distribute(*order, by));
                if (done.is != Distributed::Is::queued) refused = refusal_of(done);
                return std::move(done.answer);
            },
            Json::object(), key_of(request, calls_path, false));
        return refused ? std::move(*refused) : std::move(reply);
    }

  private:
    static Reply refusal_of(const Distributed& done) {
        switch (done.is) {
            case Distributed::Is::unknown:
                return problem(404, done.why);
            case Distributed::Is::too_wide:
                return problem(422, done.why);
            case Distributed::Is::too_often:
                return problem_later(429, done.why, done.retry_after_s);
            default:
                return problem_later(503, done.why, 60);
        }
    }

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
    post(calls_path, Permission::jobs_distribute, [desk](const Request& request) { return desk->distribute(request); });
    out.back().max_body_bytes = ApiServer::max_body_bytes;
    post(payments_path, Permission::payments_process, [desk](const Request& request) { return desk->pay(request); });
    return out;
}

}  // namespace stipend::api

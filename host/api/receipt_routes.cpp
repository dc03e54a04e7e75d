#include "host/api/receipt_routes.hpp"

#include <mutex>

#include "host/api/list_part.hpp"

namespace stipend::api {
namespace {

class ReceiptHandlers {
  public:
    explicit ReceiptHandlers(Receipts& receipts) : receipts_(receipts) {}

    Reply signer(const Request&) {
        auto address = receipts_.signer();
        if (!address) return problem_of(address.error());
        return json_reply(Json::object().append("address", *address).append("scheme", "EIP-191"));
    }

    Reply receipt(const Request& request) {
        const auto payout = path_number(request, "payout");
        if (!payout || *payout > INT64_MAX) return problem(404, "no such payout: want its number");
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return busy();
        auto text = receipts_.receipt(request.path.at("id"), static_cast<std::int64_t>(*payout));
        if (!text && text.error().status == STIPEND_E_STATE) return problem(409, text.error().message);
        if (!text) return failed(text.error());
        if (!*text) return problem(404, "no such payout");
        return {.status = 200, .headers = {}, .body = std::move(**text), .tagged = true};
    }

    Reply statement(const Request& request) {
        const auto given = request.query.find("format");
        const std::string format = given == request.query.end() ? "json" : given->second;
        const auto network = request.query.find("network");
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return busy();
        auto found = receipts_.statement(request.path.at("id"),
                                         network == request.query.end() ? std::string_view() : network->second,
                                         request.path.at("month"), format);
        if (!found && found.error().status == STIPEND_E_INVALID) return problem(400, found.error().message);
        if (!found && found.error().status == STIPEND_E_LIMIT) return problem(422, found.error().message);
        if (!found) return failed(found.error());
        if (!*found) return problem(404, "no such orchestrator");
        Reply out{.status = 200, .headers = {}, .body = std::move((*found)->text), .tagged = true};
        out.content_type = std::move((*found)->content_type);
        if (format == "html") {
            out.headers = "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n";
        }
        return out;
    }

  private:
    static Reply busy() { return problem_later(503, "another receipt or statement is being made", 1); }
    static Reply failed(const Error& error) {
        if (error.status == STIPEND_E_UNAVAILABLE) {
            return problem_later(503, "an archive of the ledger that it needs is not at hand", 60);
        }
        return problem_of(error);
    }

    Receipts& receipts_;
    std::mutex one_at_a_time_;  // of what takes long
};

}  // namespace

std::vector<ApiRoute> receipt_routes(Receipts& receipts) {
    using auth::Permission;
    const auto handlers = std::make_shared<ReceiptHandlers>(receipts);
    std::vector<ApiRoute> out;
    const auto get = [&](const char* path, std::optional<Permission> permission, std::vector<std::string_view> query,
                         Reply (ReceiptHandlers::*call)(const Request&)) {
        out.push_back({.method = "GET",
                       .path = path,
                       .permission = permission,
                       .rate = RateClass::read,
                       .query = std::move(query),
                       .handler = [handlers, call](const Request& request) { return ((*handlers).*call)(request); },
                       .own = permission.has_value()});
    };
    get("/api/v1/receipts/signer", {}, {}, &ReceiptHandlers::signer);
    get("/api/v1/livepeer/orchestrators/{id}/payouts/{payout}/receipt", Permission::payments_read, {},
        &ReceiptHandlers::receipt);
    get("/api/v1/livepeer/orchestrators/{id}/statements/{month}", Permission::payments_read, {"format", "network"},
        &ReceiptHandlers::statement);
    return out;
}

}  // namespace stipend::api

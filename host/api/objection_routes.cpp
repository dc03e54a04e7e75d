#include "host/api/objection_routes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "stipend/usd.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_objection_text_bytes = 2000;
constexpr std::size_t max_answer_amount_bytes = 64;
constexpr std::int64_t limit_wait_s = 3600;

constexpr char objections_cursor = 'b';
constexpr char own_objections_cursor = 'c';  // of one orchestrator

constexpr const char* list_path = "/api/v1/livepeer/objections";
constexpr const char* one_path = "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/objection";
constexpr const char* answer_path = "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/objection/answer";

Reply no_payment() {
    return problem(404, "no such payment: want the epoch of a decision about this orchestrator");
}

// A misspelt member would be lost.
std::optional<Reply> unknown_member(const Request& request, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : request.body.members()) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        return problem(422, cat("unknown member \"", clip(name, 64), "\""));
    }
    return std::nullopt;
}

class ObjectionHandlers {
  public:
    explicit ObjectionHandlers(Objections& objections) : objections_(objections) {}

    Reply list(const Request& request) {
        Objections::Query query;
        const auto csv = wants_csv(request);
        if (!csv) return bad_query(csv.error());
        auto orchestrator = orchestrator_query(request);
        if (!orchestrator) return bad_query(orchestrator.error());
        query.orchestrator = std::move(*orchestrator);
        const auto letter = query.orchestrator.empty() ? objections_cursor : own_objections_cursor;
        const auto part = part_query(request, letter);
        if (!part) return bad_query(part.error());
        query.limit = part->limit;
        query.at = part->at;
        auto found = objections_.list(query);
        if (!found) return problem_of(found.error());
        if (!*found) return problem(404, "no such orchestrator");
        if (*csv) return csv_reply(objections_.form(), letter, **found, "objections.csv");
        auto next = next_of(letter, **found);
        return tagged_reply(Json::object()
                                .append("objections", array_of(std::move((*found)->items)))
                                .append("next_cursor", std::move(next)));
    }

    Reply one(const Request& request) {
        const auto epoch = epoch_of(request);
        if (!epoch) return no_payment();
        auto found = objections_.one(request.path.at("id"), *epoch);
        if (!found) return problem_of(found.error());
        return *found ? json_reply(**found) : problem(404, "no objection to this payment");
    }

    // The route lets staff through, since it is among those that an orchestrator reaches for itself.
    Reply object(const Request& request) {
        if (request.principal && request.principal->orchestrator.empty()) {
            return problem(403, "only the orchestrator itself objects: by its secret, or a login of its wallet");
        }
        const auto epoch = epoch_of(request);
        if (!epoch) return no_payment();
        if (auto refusal = unknown_member(request, {"text"})) return std::move(*refusal);
        const auto text = request.text("text", max_objection_text_bytes);
        if (!text) return problem_of(text.error());
        const auto by = request.principal && !request.principal->secret ? cat("wallet:", request.principal->wallet)
                                                                        : std::string("secret");
        const auto order = Json::object()
                               .append("orchestrator", request.path.at("id"))
                               .append("epoch", *epoch)
                               .append("text", *text)
                               .append("by", by);
        // Payees never hold up more than one thread of the API.
        const std::unique_lock lock(one_objection_, std::try_to_lock);
        if (!lock) return problem_later(503, "another objection is being recorded", 1);
        auto done = objections_.object(order);
        if (!done && done.error().status == STIPEND_E_LIMIT) {
            return problem_later(429, done.error().message, limit_wait_s);
        }
        if (!done) return problem_of(done.error());
        return *done ? json_reply(**done) : no_payment();
    }

    Reply answer(const Request& request) {
        const auto epoch = epoch_of(request);
        if (!epoch) return no_payment();
        if (auto refusal = unknown_member(request, {"reason", "amount_usd"})) return std::move(*refusal);
        const auto reason = request.text("reason", max_objection_text_bytes);
        if (!reason) return problem_of(reason.error());
        auto order = Json::object()
                         .append("orchestrator", request.path.at("id"))
                         .append("epoch", *epoch)
                         .append("reason", *reason)
                         .append("by", cat("api:", request.principal->name));
        const auto* amount = request.body.find("amount_usd");
        if (amount != nullptr && !amount->is(Json::Kind::null)) {
            if (!request.principal->may(auth::Permission::payments_adjust)) {
                return problem(403, "this account may answer, but not pay: \"amount_usd\" wants payments:adjust");
            }
            // A number is taken by its digits: it never becomes a binary one.
            const bool readable = amount->is(Json::Kind::string) || amount->is(Json::Kind::number);
            if (!readable || amount->text().empty() || amount->text().size() > max_answer_amount_bytes) {
                return problem(422, "\"amount_usd\": want a decimal number, or a text of one");
            }
            order.append("usd", amount->text());
        }
        const std::unique_lock lock(one_answer_, std::try_to_lock);
        if (!lock) return problem_later(503, "another objection is being answered", 1);
        auto done = objections_.answer(order);
        if (!done && done.error().status == STIPEND_E_UNAVAILABLE) return problem_later(503, done.error().message, 60);
        if (!done) return problem_of(done.error());
        return *done ? json_reply(**done) : problem(404, "no objection to this payment");
    }

  private:
    Objections& objections_;
    std::mutex one_objection_;
    std::mutex one_answer_;
};

}  // namespace

std::vector<ApiRoute> objection_routes(Objections& objections) {
    using auth::Permission;
    const auto handlers = std::make_shared<ObjectionHandlers>(objections);
    std::vector<ApiRoute> out;
    const auto add = [&](const char* method, const char* path, Permission permission, bool own,
                         std::vector<std::string_view> query, Reply (ObjectionHandlers::*call)(const Request&)) {
        out.push_back({.method = method,
                       .path = path,
                       .permission = permission,
                       .rate = std::string_view(method) == "GET" ? RateClass::read : RateClass::write,
                       .query = std::move(query),
                       .handler = [handlers, call](const Request& request) { return ((*handlers).*call)(request); },
                       .own = own});
    };
    add("GET", list_path, Permission::payments_read, true, {"orchestrator", "cursor", "limit", "format"},
        &ObjectionHandlers::list);
    add("GET", one_path, Permission::payments_read, true, {}, &ObjectionHandlers::one);
    add("POST", one_path, Permission::payments_read, true, {}, &ObjectionHandlers::object);
    add("POST", answer_path, Permission::objections_answer, false, {}, &ObjectionHandlers::answer);
    return out;
}

}  // namespace stipend::api

#include "tests/devnet/control.hpp"

#include <charconv>

#include "stipend/json.hpp"
#include "tests/devnet/scenario.hpp"

namespace stipend::devnet {
namespace {

constexpr std::uint32_t default_limit = 1000;

Reply answer(int status, const Json& json) {
    return typed_reply(status, "application/json", json.dump() + "\n");
}

Reply refuse(int status, std::string_view why) {
    return answer(status, Json::object().set("error", why));
}

// The number that follows `name=` in a query.
Result<std::uint32_t> query_number(std::string_view query, std::string_view name, std::uint32_t otherwise) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        const auto text = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        std::uint32_t value = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        if (read.ec == std::errc() && read.ptr == text.data() + text.size() && !text.empty()) return value;
        return fail(STIPEND_E_INVALID, "query ", name, ": got \"", text, "\", want a number");
    }
    return otherwise;
}

Result<Json> body_of(const Request& request) {
    STIPEND_LET(json, parse_json(request.body));
    if (!json.is(Json::Kind::object))
        return fail(STIPEND_E_INVALID, "body: got ", json.kind_name(), ", want an object");
    return std::move(json);
}

Result<Reply> change_fault(Network& network, const Request& request) {
    STIPEND_LET(json, body_of(request));
    const auto* orchestrator = json.find("orchestrator");
    const auto* fault = json.find("fault");
    if (orchestrator == nullptr || fault == nullptr || json.members().size() != 2) {
        return fail(STIPEND_E_INVALID, R"(body: want {"orchestrator": 3, "fault": "down"})");
    }
    STIPEND_LET(selection, parse_selection(*orchestrator, network.size()));
    STIPEND_LET(change, parse_fault(*fault));
    STIPEND_TRY(network.apply(selection, change));
    return answer(200, Json::object().set("changed", std::int64_t{selection.last} - selection.first + 1));
}

Result<Reply> change_gateway(Network& network, const Request& request) {
    STIPEND_LET(json, body_of(request));
    const auto* fault = json.find("fault");
    if (fault == nullptr || json.members().size() != 1) {
        return fail(STIPEND_E_INVALID, R"(body: want {"fault": "down"})");
    }
    STIPEND_LET(change, parse_gateway_fault(*fault));
    const auto name = gateway_fault_name(change.kind);
    network.apply_gateway(change);
    return answer(200, Json::object().set("gateway", name));
}

Result<Reply> change_signer(Network& network, const Request& request) {
    STIPEND_LET(json, body_of(request));
    const auto* fault = json.find("fault");
    if (fault == nullptr || json.members().size() != 1) {
        return fail(STIPEND_E_INVALID, R"(body: want {"fault": "down"})");
    }
    STIPEND_LET(change, parse_signer_fault(*fault));
    network.apply_signer(change);
    return answer(200, Json::object().set("signer", true));
}

Result<Reply> register_runners(Network& network, const Request& request) {
    STIPEND_LET(number, query_number(request.query, "orchestrator", 0));
    if (number >= network.size()) {
        return fail(STIPEND_E_INVALID, "orchestrator: got ", number, ", want less than ", network.size());
    }
    return network.register_runners(number, request.body);
}

Result<Reply> show(Network& network, const Request& request) {
    STIPEND_LET(limit, query_number(request.query, "limit", default_limit));
    if (request.path == "/jobs") return typed_reply(200, "application/json", network.jobs(limit) + "\n");
    if (request.path == "/requests") return typed_reply(200, "application/json", network.requests(limit) + "\n");
    if (request.path == "/calls") return typed_reply(200, "application/json", network.runner_calls(limit) + "\n");
    STIPEND_LET(from, query_number(request.query, "from", 0));
    return typed_reply(200, "application/json", network.state(from, limit) + "\n");
}

}  // namespace

Reply control(Network& network, const Request& request) {
    using Route = Result<Reply> (*)(Network&, const Request&);
    struct Entry {
        std::string_view method;
        std::string_view path;
        Route route;
    };
    static constexpr Entry entries[] = {{"POST", "/fault", change_fault},
                                        {"POST", "/gateway", change_gateway},
                                        {"POST", "/signer", change_signer},
                                        {"POST", "/registerLiveRunners", register_runners},
                                        {"GET", "/state", show},
                                        {"GET", "/jobs", show},
                                        {"GET", "/requests", show},
                                        {"GET", "/calls", show}};
    for (const auto& entry : entries) {
        if (entry.path != request.path) continue;
        if (entry.method != request.method) return refuse(405, cat("want ", entry.method));
        auto reply = entry.route(network, request);
        return reply ? std::move(*reply) : refuse(400, reply.error().message);
    }
    return refuse(
        404,
        "want POST /fault, POST /gateway, POST /signer, POST /registerLiveRunners, GET /state, GET /jobs, GET "
        "/requests or GET /calls");
}

}  // namespace stipend::devnet

#include "tests/devnet/stream_routes.hpp"

#include <array>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::devnet {
namespace {

constexpr std::string_view gateway_prefix = "/process/stream/";
constexpr std::string_view no_streams = "the devnet plays no streams";

Reply wrong_method(std::string_view allowed) {
    auto reply = http_error(405, "Method Not Allowed");
    reply.headers.insert(reply.headers.begin(), {"Allow", std::string(allowed)});
    return reply;
}

Reply start_reply(const Request& request, Era era) {
    const auto parsed = parse_job_request(request.livepeer, era);
    if (!parsed) return http_error(400, cat("Unable to parse job request, err=", parsed.error().message));
    return http_error(500, no_streams);
}

}  // namespace

std::optional<Reply> gateway_stream_reply(const Request& request, Era era) {
    const std::string_view path = request.path;
    if (era != Era::head || path.substr(0, gateway_prefix.size()) != gateway_prefix) return std::nullopt;
    if (request.method == "OPTIONS") {
        Reply reply;
        reply.status = 204;
        return reply;
    }
    const auto rest = path.substr(gateway_prefix.size());
    if (rest == "start") return request.method == "POST" ? start_reply(request, era) : wrong_method("OPTIONS, POST");
    struct Route {
        std::string_view end;
        std::string_view method;
    };
    static constexpr std::array<Route, 5> routes{
        {{"/stop", "POST"}, {"/update", "POST"}, {"/rtmp", "POST"}, {"/status", "GET"}, {"/data", "GET"}}};
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0) return std::nullopt;
    for (const auto& route : routes) {
        if (rest.substr(slash) != route.end) continue;
        if (request.method != route.method) return wrong_method(cat("OPTIONS, ", route.method));
        return http_error(404, "Stream not found");
    }
    return std::nullopt;
}

std::optional<Reply> orchestrator_stream_reply(const Request& request, Era era) {
    struct Route {
        std::string_view path;
        std::string_view refusal;
    };
    static constexpr std::array<Route, 4> routes{
        {{"/ai/stream/start", ""},
         {"/ai/stream/stop", "Failed to stop stream, request not valid err="},
         {"/ai/stream/payment", "Failed to process payment, request not valid err="},
         {"/ai/stream/update", "Failed to update stream, request not valid err="}}};
    if (era != Era::head) return std::nullopt;
    for (const auto& route : routes) {
        if (request.path != route.path) continue;
        if (parse_job_request(request.livepeer, era)) return http_error(500, no_streams);
        return http_error(400, cat(route.refusal, "Could not verify job creds"));
    }
    return std::nullopt;
}

}  // namespace stipend::devnet

#include "host/http/response_text.hpp"

#include <array>
#include <utility>

#include "host/http/header_lines.hpp"
#include "stipend/json.hpp"

namespace stipend::http {
namespace {

std::string_view reason_of(int status) {
    static constexpr std::array<std::pair<int, std::string_view>, 26> reasons{{
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    }};
    for (const auto& [code, reason] : reasons) {
        if (code == status) return reason;
    }
    return "Other";
}

}  // namespace

ServerResponse error_response(int status, std::string_view message) {
    return {.status = status,
            .headers = "content-type: application/json\r\n",
            .body = Json::object().set("error", Json::of_string(message)).dump()};
}

Result<void> check_response(const ServerResponse& response) {
    if (response.status < 200 || response.status > 599) {
        return fail(STIPEND_E_INVALID, "answer: bad status: got ", response.status, ", want 200 to 599");
    }
    auto fields = parse_header_lines(response.headers);
    if (!fields) return std::move(fields).error().in("answer");
    for (const auto& field : *fields) {
        for (const std::string_view own : {"content-length", "transfer-encoding", "connection"}) {
            if (same_name(field.name, own)) {
                return fail(STIPEND_E_INVALID, "answer: header field ", field.name,
                            " is the server's own: leave it out");
            }
        }
    }
    return {};
}

std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive) {
    const bool has_body = response.status != 204 && response.status != 304;
    std::string out;
    out.reserve(128 + response.headers.size() + response.body.size());
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason_of(response.status));
    out.append("\r\n").append(response.headers);
    if (!response.headers.empty() && !response.headers.ends_with('\n')) out.append("\r\n");
    if (has_body) out.append("content-length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (!keep_alive) out.append("connection: close\r\n");
    out.append("\r\n");
    if (has_body && !to_head) out.append(response.body);
    return out;
}

}  // namespace stipend::http

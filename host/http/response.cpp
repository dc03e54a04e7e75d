#include "host/http/response.hpp"

#include <boost/beast/http/status.hpp>
#include <ostream>  // status.hpp uses it without an include

#include "host/http/header_lines.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json.hpp"

namespace stipend::http {
namespace {

std::string_view reason_of(int status) {
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    if (known == boost::beast::http::status::unknown) return "Other";
    const auto reason = boost::beast::http::obsolete_reason(known);
    return {reason.data(), reason.size()};
}

}  // namespace

ServerResponse error_response(int status, std::string_view message) {
    return {.status = status,
            .headers = "content-type: application/json\r\n",
            .body = Json::object().set("error", message).dump()};
}

Result<void> check_response(const ServerResponse& response) {
    if (response.status < 200 || response.status > 599) {
        return fail(STIPEND_E_INVALID, "answer: bad status: got ", response.status, ", want 200 to 599");
    }
    auto fields = parse_header_lines(response.headers);
    if (!fields) return std::move(fields).error().in("answer");
    for (const auto& field : *fields) {
        for (const std::string_view own : {"content-length", "transfer-encoding", "connection"}) {
            if (ascii::equal_ignoring_case(field.name, own)) {
                return fail(STIPEND_E_INVALID, "answer: header field ", field.name,
                            " is the server's own: leave it out");
            }
        }
    }
    return {};
}

std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive) {
    const bool has_body = response.status != 204 && response.status != 304;
    std::string out = cat("HTTP/1.1 ", response.status, " ", reason_of(response.status), "\r\n", response.headers);
    if (!out.ends_with('\n')) out += "\r\n";
    if (has_body && !response.stream) out += cat("content-length: ", response.body.size(), "\r\n");
    if (!keep_alive) out += "connection: close\r\n";
    out += "\r\n";
    if (has_body && !to_head) out += response.body;
    return out;
}

}  // namespace stipend::http

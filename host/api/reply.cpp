#include "host/api/reply.hpp"

#include "host/base/sha256.hpp"

namespace stipend::api {
namespace {

std::string_view title_of(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Internal Server Error";
    }
}

std::string tag_of(std::string_view body) {
    return cat("\"", sha256_hex(body).substr(0, 32), "\"");
}

// Whether a list of tags, or *, holds `tag`; weak tags compare as strong ones (RFC 9110, 13.1.2).
bool names_tag(std::string_view list, std::string_view tag) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto one = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
        while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
        if (one.starts_with("W/")) one.remove_prefix(2);
        if (one == tag || one == "*") return true;
    }
    return false;
}

}  // namespace

Reply json_reply(const Json& body, int status) {
    return {.status = status, .body = body.dump() + "\n"};
}

Reply tagged_reply(const Json& body) {
    auto out = json_reply(body);
    out.tagged = true;
    return out;
}

void set_tag(Reply& reply) {
    reply.tag = tag_of(reply.body);
}

Reply problem(int status, std::string_view detail) {
    auto out = json_reply(Json::object()
                              .append("type", "about:blank")
                              .append("title", title_of(status))
                              .append("status", status)
                              .append("detail", detail),
                          status);
    out.content_type = "application/problem+json";
    if (status == 401) out.headers = "WWW-Authenticate: Bearer\r\n";
    return out;
}

Reply problem_later(int status, std::string_view detail, std::int64_t retry_after_s) {
    auto out = problem(status, detail);
    out.headers += cat("Retry-After: ", retry_after_s, "\r\n");
    return out;
}

Reply problem_of(const Error& error) {
    switch (error.status) {
        case STIPEND_E_INVALID:
            return problem(422, error.message);
        case STIPEND_E_CONFLICT:
            return problem(409, error.message);
        case STIPEND_E_BUSY:
        case STIPEND_E_STATE:
        case STIPEND_E_TIMEOUT:
            return problem_later(503, "the host is busy or stopping", 1);
        default:
            return problem(500, "the host failed; its log says why");
    }
}

http::ServerResponse response_of(Reply reply, std::string_view if_none_match) {
    http::ServerResponse out{.status = reply.status, .headers = std::move(reply.headers), .body = {}};
    // No page of another site frames an answer or learns its path, and none embeds one that is not made for that.
    out.headers += "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n";
    out.headers += cat("Cross-Origin-Resource-Policy: ", reply.embedded ? "cross-origin" : "same-origin", "\r\n");
    if (reply.tagged) {
        const auto tag = reply.tag.empty() ? tag_of(reply.body) : std::move(reply.tag);
        out.headers += cat("ETag: ", tag, "\r\nCache-Control: ", reply.caching, "\r\n");
        if (names_tag(if_none_match, tag)) {
            out.status = 304;
            return out;
        }
    } else {
        out.headers += "Cache-Control: no-store\r\n";
    }
    out.headers += cat("Content-Type: ", reply.content_type, "\r\n");
    out.body = std::move(reply.body);
    out.stream = std::move(reply.stream);
    return out;
}

}  // namespace stipend::api

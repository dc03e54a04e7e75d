#include "host/http/response.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <chrono>
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

// "Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, 5.6.7.
std::string date_text(stipend_unix_ns at) {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto point = std::chrono::floor<std::chrono::seconds>(
        std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::nanoseconds(at)});
    const auto day = std::chrono::floor<std::chrono::days>(point);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(point - day);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
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
        for (const std::string_view own : {"content-length", "transfer-encoding", "connection", "date"}) {
            if (ascii::equal_ignoring_case(field.name, own)) {
                return fail(STIPEND_E_INVALID, "answer: header field ", field.name,
                            " is the server's own: leave it out");
            }
        }
    }
    return {};
}

std::string response_text(const ServerResponse& response, bool to_head, bool keep_alive, stipend_unix_ns now) {
    const bool has_body = response.status != 204 && response.status != 304;
    std::string out = cat("HTTP/1.1 ", response.status, " ", reason_of(response.status), "\r\n", response.headers);
    if (!out.ends_with('\n')) out += "\r\n";
    out += cat("date: ", date_text(now), "\r\n");
    if (has_body && !response.stream) out += cat("content-length: ", response.body.size(), "\r\n");
    if (!keep_alive) out += "connection: close\r\n";
    out += "\r\n";
    if (has_body && !to_head) out += response.body;
    return out;
}

}  // namespace stipend::http

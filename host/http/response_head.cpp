#include "host/http/response_head.hpp"

#include <algorithm>
#include <array>

#include "host/http/header_lines.hpp"
#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"

namespace stipend::http {
namespace {

template <class... Parts>
Error malformed(const Parts&... parts) {
    return fail(STIPEND_E_UNAVAILABLE, "malformed answer: ", parts...);
}

// A server's text for a message.
std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    std::string out = cat("\"", text.substr(0, most), text.size() > most ? "...\"" : "\"");
    std::ranges::replace_if(
        out, [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return out;
}

// Codings that libcurl decodes with little memory whatever the server says: brotli and zstd take as much as it asks
// for.
bool is_decoded(std::string_view coding) {
    static constexpr std::array<std::string_view, 5> known{"", "identity", "gzip", "x-gzip", "deflate"};
    return std::ranges::any_of(known, [&](auto name) { return ascii::equal_ignoring_case(coding, name); });
}

}  // namespace

std::optional<Error> ResponseHead::take(std::string_view line) {
    bytes_ += line.size();
    if (bytes_ > max_bytes_) {
        return fail(STIPEND_E_LIMIT, "response head too large: got more than ", max_bytes_, " bytes");
    }
    if (state_ == State::status_line) return take_status(line);
    if (state_ == State::after) return std::nullopt;  // a trailer: counted, and dropped
    if (line == "\r\n" || line == "\n") {
        // An interim response (1xx) is followed by the final one.
        state_ = status_ >= 200 ? State::after : State::status_line;
        return std::nullopt;
    }
    return take_field(line);
}

std::optional<Error> ResponseHead::take_status(std::string_view line) {
    const auto space = line.find(' ');
    const auto code = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1, 3);
    if (!line.starts_with("HTTP/1.") || code.size() != 3 || !std::ranges::all_of(code, ascii::is_digit) ||
        code[0] == '0') {
        return fail(STIPEND_E_UNAVAILABLE, "not an HTTP/1 status line in the answer");
    }
    status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    fields_.clear();
    length_.clear();
    last_name_.clear();
    has_coding_ = false;
    state_ = State::fields;
    return std::nullopt;
}

std::optional<Error> ResponseHead::take_field(std::string_view line) {
    if (line.starts_with(' ') || line.starts_with('\t')) return take_folded(line);
    auto field = parse_header_line(line);
    if (!field) return malformed(field.error().message);
    last_name_ = ascii::to_lower(field->name);
    if (last_name_ == "content-length") {
        if (auto error = take_length(field->value)) return error;
    } else if (last_name_ == "transfer-encoding") {
        if (has_coding_) return malformed("Transfer-Encoding twice, want it once");
        if (!ascii::equal_ignoring_case(field->value, "chunked")) {
            return malformed("Transfer-Encoding: got ", shown(field->value), ", want chunked");
        }
        has_coding_ = true;
    } else if (last_name_ == "content-encoding" && !is_decoded(field->value)) {
        return fail(STIPEND_E_UNAVAILABLE, "unreadable answer: Content-Encoding: got ", shown(field->value),
                    ", want gzip, deflate or none");
    }
    if (!length_.empty() && has_coding_) return malformed("both Content-Length and Transfer-Encoding");
    fields_.append(last_name_).append(": ").append(field->value).append("\r\n");
    return std::nullopt;
}

std::optional<Error> ResponseHead::take_folded(std::string_view line) {
    if (last_name_.empty()) return malformed("a folded line before any header field");
    for (const std::string_view acted_on :
         {"content-length", "transfer-encoding", "content-encoding", "connection", "location"}) {
        if (last_name_ == acted_on)
            return malformed("header field ", last_name_, ": got it folded, want it in one line");
    }
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    if (!is_field_value(line)) {
        return malformed("header field ", last_name_, ": its folded value holds a control character");
    }
    line = trim_blanks(line);
    if (line.empty()) return std::nullopt;
    fields_.resize(fields_.size() - 2);
    if (!fields_.ends_with(": ")) fields_ += ' ';
    fields_.append(line).append("\r\n");
    return std::nullopt;
}

// The same length may come more than once, in lines of its own or as a list: RFC 9112, 6.3.
std::optional<Error> ResponseHead::take_length(std::string_view value) {
    for (std::size_t start = 0; start <= value.size();) {
        const auto end = std::min(value.find(',', start), value.size());
        auto digits = trim_blanks(value.substr(start, end - start));
        start = end + 1;
        if (digits.empty() || !std::ranges::all_of(digits, ascii::is_digit)) {
            return malformed("Content-Length: got ", shown(value), ", want a number");
        }
        while (digits.size() > 1 && digits.starts_with('0')) digits.remove_prefix(1);
        if (!length_.empty() && length_ != digits) {
            return malformed("two values of Content-Length: got ", shown(length_), " and ", shown(digits));
        }
        length_ = digits;
    }
    return std::nullopt;
}

}  // namespace stipend::http

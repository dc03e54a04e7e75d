#include "host/http/response_head.hpp"

#include <algorithm>

#include "host/http/header_lines.hpp"
#include "stipend/ascii.hpp"

namespace stipend::http {
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
    has_length_ = has_coding_ = false;
    state_ = State::fields;
    return std::nullopt;
}

std::optional<Error> ResponseHead::take_field(std::string_view line) {
    auto field = parse_header_line(line);
    if (!field) return fail(STIPEND_E_UNAVAILABLE, "malformed answer: ", field.error().message);
    if (ascii::equal_ignoring_case(field->name, "content-length")) {
        if (has_length_) return fail(STIPEND_E_UNAVAILABLE, "malformed answer: more than one Content-Length");
        has_length_ = true;
        if (field->value.empty() || !std::ranges::all_of(field->value, ascii::is_digit)) {
            return fail(STIPEND_E_UNAVAILABLE, "malformed answer: Content-Length is not a number");
        }
    } else if (ascii::equal_ignoring_case(field->name, "transfer-encoding")) {
        if (has_coding_ || !ascii::equal_ignoring_case(field->value, "chunked")) {
            return fail(STIPEND_E_UNAVAILABLE, "malformed answer: Transfer-Encoding other than chunked");
        }
        has_coding_ = true;
    }
    if (has_length_ && has_coding_) {
        return fail(STIPEND_E_UNAVAILABLE, "malformed answer: both Content-Length and Transfer-Encoding");
    }
    fields_.append(ascii::to_lower(field->name)).append(": ").append(field->value).append("\r\n");
    return std::nullopt;
}

}  // namespace stipend::http

// The head of an HTTP/1 response, read line by line, with a size limit and the framing checks that libcurl omits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/result.hpp"

namespace stipend::http {

class ResponseHead {
  public:
    // `max_bytes` limits all heads and trailers of one exchange together, interim responses and redirects included.
    explicit ResponseHead(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

    // A request is about to be sent: the next line is a status line, which discards an earlier response (a redirect).
    void expect_response() { state_ = State::status_line; }

    // Reads one line with its line end. LIMIT beyond `max_bytes`; UNAVAILABLE for a head that is malformed or leaves
    // the body's length ambiguous (two different lengths, a length beside a transfer coding, a coding other than
    // chunked), and for a body in a content coding that the client does not decode. A folded line continues the value
    // before it, with one blank, except that of a field that libcurl acts on: it reads the first line alone.
    [[nodiscard]] std::optional<Error> take(std::string_view line);

    [[nodiscard]] int status() const { return status_; }                    // 0 before the first status line
    [[nodiscard]] bool complete() const { return state_ == State::after; }  // the head of a final response
    // A line of a response was read since `expect_response`.
    [[nodiscard]] bool begun() const { return state_ != State::status_line; }
    [[nodiscard]] const std::string& fields() const { return fields_; }  // lines, names in lower case
    [[nodiscard]] std::string take_fields() { return std::move(fields_); }

  private:
    enum class State : std::uint8_t { status_line, fields, after };

    [[nodiscard]] std::optional<Error> take_status(std::string_view line);
    [[nodiscard]] std::optional<Error> take_field(std::string_view line);
    [[nodiscard]] std::optional<Error> take_folded(std::string_view line);
    [[nodiscard]] std::optional<Error> take_length(std::string_view value);

    std::uint64_t max_bytes_;
    std::uint64_t bytes_ = 0;
    std::string fields_;
    int status_ = 0;
    State state_ = State::status_line;
    std::string length_;     // digits of Content-Length, without leading zeros; empty: none
    std::string last_name_;  // of the field that a folded line would continue; empty: none
    bool has_coding_ = false;
};

}  // namespace stipend::http

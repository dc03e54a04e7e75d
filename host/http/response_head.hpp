// The head of an HTTP/1 response, built line by line, with a limit and with the framing checks that libcurl leaves out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::http {

class ResponseHead {
  public:
    // `max_bytes` bounds all heads and trailers of one exchange together, so that neither interim answers nor
    // redirects go around it.
    explicit ResponseHead(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

    // A request goes out: the next line is a status line. What an earlier answer (a redirect) left is forgotten then.
    void expect_response() { state_ = State::status_line; }

    // Takes one line as it came, with its line end. LIMIT beyond the bound; UNAVAILABLE for a head whose body's length
    // is ambiguous (two lengths, a length beside a transfer coding, a coding other than chunked) or that is malformed.
    [[nodiscard]] std::optional<Error> take(std::string_view line);

    [[nodiscard]] int status() const { return status_; }                    // 0 until a status line was read
    [[nodiscard]] bool complete() const { return state_ == State::after; }  // the head of a final answer is whole
    // A byte of an answer came since `expect_response`.
    [[nodiscard]] bool begun() const { return state_ != State::status_line; }
    [[nodiscard]] const std::string& fields() const { return fields_; }  // lines with names in lower case
    [[nodiscard]] std::string take_fields() { return std::move(fields_); }

  private:
    enum class State : std::uint8_t { status_line, fields, after };

    [[nodiscard]] std::optional<Error> take_status(std::string_view line);
    [[nodiscard]] std::optional<Error> take_field(std::string_view line);

    std::uint64_t max_bytes_;
    std::uint64_t bytes_ = 0;
    std::string fields_;
    int status_ = 0;
    State state_ = State::status_line;
    bool has_length_ = false;
    bool has_coding_ = false;
};

}  // namespace stipend::http

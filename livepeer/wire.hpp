// The wire format of a job for a Livepeer gateway. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace livepeer {

// The sentinel's target: ".invalid" never resolves (RFC 2606), so no orchestrator has this address.
inline constexpr std::string_view sentinel_address = "https://sentinel.invalid:1";

// http or https, a host, no blanks and no control characters, at most 2048 bytes. INVALID otherwise.
stipend::Result<void> check_url(std::string_view url);
// 1 to 128 of A-Z a-z 0-9 . _ - (used in a header and as a path).
stipend::Result<void> check_capability(std::string_view name);
// Empty, or a path without query, blanks, control characters and "..".
stipend::Result<void> check_path(std::string_view path);

// An address as it is written, without the one slash that may end it.
std::string_view without_slash(std::string_view address);
// True for two spellings of one address: see stipend::address_key.
bool same_address(std::string_view a, std::string_view b);

// The value of the `Livepeer` header for a job that is pinned to one orchestrator. It has the address with and without
// a trailing slash: a gateway compares strings and keeps the form that its own flag had.
std::string livepeer_header(std::string_view address, std::string_view capability, std::uint32_t timeout_s);
// The same for a job that the gateway gives to any orchestrator.
std::string unpinned_header(std::string_view capability, std::uint32_t timeout_s);

struct JobText {
    std::string_view agent_id;
    std::string_view job_id;  // omitted if empty, as is an empty nonce
    std::string_view nonce;   // raw bytes
    // Of the pay period; in the body, as decimal strings, only if there is a nonce.
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;  // 0: omitted
    stipend_unix_ns at = 0;
};
std::string job_body(const JobText& job);

// The same for a distributed call: `payload` is a JSON object, and goes in as it is.
struct CallBody {
    std::string_view type;
    std::string_view payload;
    std::string_view agent_id;
    std::string_view job_id;
    stipend_unix_ns at = 0;
};
std::string call_body(const CallBody& call);

// Seconds with three decimals, rounded down: 1755530000.123.
std::string timestamp_text(stipend_unix_ns at);

// `text` for a message: other characters than printable ASCII become '?', and a text that is cut ends in "...".
std::string printable(std::string_view text, std::size_t most);

// JSON without the byte order mark of UTF-8 that may precede it (RFC 8259, 8.1). INVALID, by name, for what is no text:
// UTF-16, or gzip that no header field announced.
stipend::Result<std::string_view> json_text(std::string_view body);

}  // namespace livepeer

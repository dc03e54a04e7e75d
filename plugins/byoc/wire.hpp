// What a job looks like on the way to a Livepeer gateway. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace byoc {

// The sentinel's target: ".invalid" never resolves (RFC 2606), and no pool can hold it in earnest.
inline constexpr std::string_view sentinel_address = "https://sentinel.invalid:1";

// http or https, a host, no blanks and no control characters, at most 2048 bytes. INVALID otherwise.
stipend::Result<void> check_url(std::string_view url);
// 1 to 128 of A-Z a-z 0-9 . _ - (it becomes a header's value and a path).
stipend::Result<void> check_capability(std::string_view name);
// Empty, or a path without query, blanks, control characters and "..".
stipend::Result<void> check_path(std::string_view path);

// An address is the same with and without one slash at its end.
std::string_view without_slash(std::string_view address);
bool same_address(std::string_view a, std::string_view b);

// The value of the `Livepeer` header for a job that is pinned to one orchestrator. Both spellings of the address are
// named: a gateway compares strings and keeps the slash that its own flag was given.
std::string livepeer_header(std::string_view address, std::string_view capability, std::uint32_t timeout_s);

struct JobText {
    std::string_view agent_id;
    std::string_view job_id;  // empty: left out, as is an empty nonce
    std::string_view nonce;   // raw bytes
    // Of the pay period that is asked about; in the body, as decimal strings, where there is a nonce to bind them to.
    stipend_unix_ns period_from = 0;
    stipend_unix_ns period_to = 0;
    std::uint32_t window_s = 0;  // 0: left out
    stipend_unix_ns at = 0;
};
std::string job_body(const JobText& job);

// Seconds with three decimals, rounded down: 1755530000.123.
std::string timestamp_text(stipend_unix_ns at);

// True for an even number of hex digits, at least two.
bool is_hex(std::string_view text);
// Lower-case hex of any bytes.
std::string hex_text(std::string_view bytes);

// `text` fit for a message: what is not printable ASCII becomes '?', and what is too long ends in "...".
std::string printable(std::string_view text, std::size_t most);

}  // namespace byoc

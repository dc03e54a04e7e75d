// What travels in the Livepeer header: its encoding, its rules, and the texts of its refusals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::devnet {

// Which generation of the network's software is played; they differ in status codes and texts.
enum class Era : std::uint8_t { v0_8_7, head };

inline constexpr std::string_view no_timeout_text = "no timeout_seconds set with request, timeout_seconds is required";
inline constexpr std::string_view encoding_text = "ErrorSegEncoding";

struct JobRequest {
    std::string id = {};
    std::string request = {};     // a JSON object, as text
    std::string parameters = {};  // a JSON object, as text
    std::string capability = {};
    std::string sender = {};
    std::string sig = {};
    std::int64_t timeout_s = 0;
};

// Which orchestrators a client asks for: both lists are compared with pool entries as strings.
struct Filter {
    std::vector<std::string> include = {};
    std::vector<std::string> exclude = {};
};

// Standard alphabet, padding required, CR and LF ignored; INVALID with "ErrorSegEncoding" otherwise.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text);
[[nodiscard]] std::string encode_base64(std::string_view bytes);
// True for an even number of hexadecimal digits; "0x" in front is taken off only beyond 130 characters.
[[nodiscard]] bool hex_signature(std::string_view text);

// Every error's message below is the node's own text, without a prefix.
// Reads the header; a missing one is an empty text. The timeout is checked here, last.
[[nodiscard]] Result<JobRequest> parse_job_request(std::string_view header, Era era);
// `request` must be a JSON object (its stream_id, if any, a string).
[[nodiscard]] Result<void> check_details(std::string_view text, Era era);
[[nodiscard]] Result<Filter> parse_parameters(std::string_view text, Era era);

}  // namespace stipend::devnet

// Sign-In with Ethereum (EIP-4361): a text that a wallet signs to log in. Built and parsed strictly: what is parsed and
// built again is the same text. Pure and thread-safe: the time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/auth/checked.hpp"
#include "host/auth/eth_address.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::auth {

inline constexpr std::size_t max_siwe_bytes = 4096;
inline constexpr std::size_t max_siwe_resources = 16;

// Version 1. Times are RFC 3339 as they are written, since the wallet signs their text.
struct SiweMessage {
    std::optional<std::string> scheme;  // before the domain: "https"
    std::string domain;                 // host, or host:port
    EthAddress address;
    std::optional<std::string> statement;
    std::string uri;
    std::uint64_t chain_id = 1;
    std::string nonce;  // at least 8 letters and digits; a challenge is one
    std::string issued_at;
    std::optional<std::string> expiration_time;
    std::optional<std::string> not_before;
    std::optional<std::string> request_id;
    std::vector<std::string> resources;
};

// INVALID: a field that EIP-4361 does not allow, or a text of more than max_siwe_bytes.
[[nodiscard]] Result<std::string> build_siwe(const SiweMessage& message);

// INVALID: any text that build_siwe does not write: another order, an address without its checksum, version 2, an empty
// list of resources, a line end at the end.
[[nodiscard]] Result<SiweMessage> parse_siwe(std::string_view text);

enum class SiweFault : std::uint8_t {
    malformed,     // a field that build_siwe refuses
    wrong_domain,  // domain or scheme are not the manager's: a message for another site
    wrong_uri,     // not below the manager's origin
    wrong_chain,
    bad_signature,  // of no valid form
    wrong_signer,   // not by the message's address
    expired,        // by its own expiration, or issued more than max_age_s ago
    not_yet_valid,  // by its not-before, or issued in the future
};
[[nodiscard]] std::string_view name_of(SiweFault fault);

struct SiweTerms {
    std::string origin;  // of the manager: https://host or https://host:port
    std::uint64_t chain_id = 1;
    std::int64_t max_age_s = 300;
    std::int64_t leeway_s = 30;
};

// The address that logs in. The caller takes the message's nonce from the challenges that it issued for logins, before
// this, so that a message is used once.
[[nodiscard]] Checked<EthAddress, SiweFault> verify_siwe(const SiweMessage& message, std::string_view signature,
                                                         const SiweTerms& terms, stipend_unix_ns now);

}  // namespace stipend::auth

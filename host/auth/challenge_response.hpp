// The two answers to a challenge: a hash with the orchestrator's secret, and a signature of the challenge. Pure and
// thread-safe. The caller has taken the challenge from its store before.
#pragma once

#include <string_view>

#include "host/auth/eth_address.hpp"

namespace stipend::auth {

// Whether `response` is the hex SHA-256 of "challenge:id:secret", in either case; compared in constant time. An empty
// secret matches nothing.
[[nodiscard]] bool secret_response_matches(std::string_view response, std::string_view challenge, std::string_view id,
                                           std::string_view secret);

// Whether `response` is a personal_sign signature of the challenge's text by the key of `address`.
[[nodiscard]] bool signed_response_matches(std::string_view response, std::string_view challenge,
                                           const EthAddress& address);

// Whether a response has the form of a signature: the two forms differ in length.
[[nodiscard]] bool is_signed_response(std::string_view response);

}  // namespace stipend::auth

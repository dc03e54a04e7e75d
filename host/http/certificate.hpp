// Fetches the certificate that a server presents, for an operator who is about to pin it.
#pragma once

#include <cstdint>
#include <string>

#include "stipend/result.hpp"

namespace stipend::http {

struct ServerCertificate {
    std::string sha256;  // of its DER encoding, in lower-case hex: what a pin is compared with
    std::string subject;
    std::string issuer;
    std::int64_t not_after = 0;  // unix nanoseconds
};

// Connects, completes the TLS handshake and sends nothing. Blocks up to `timeout_ms`. The certificate is not verified.
// INVALID for a URL other than https, TIMEOUT, UNAVAILABLE where the handshake fails.
[[nodiscard]] Result<ServerCertificate> fetch_certificate(const std::string& url, std::uint32_t timeout_ms);

}  // namespace stipend::http

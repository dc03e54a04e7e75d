// Which certificate does a server show? For a person who is about to pin it.
#pragma once

#include <cstdint>
#include <string>

#include "stipend/result.hpp"

namespace stipend::http {

struct ServerCertificate {
    std::string sha256;  // of its DER, 64 lower-case hex digits: what a pin is compared with
    std::string subject;
    std::string issuer;
    std::int64_t not_after = 0;  // unix nanoseconds
};

// Connects, shakes hands and sends nothing. Blocks up to `timeout_ms`. The certificate is not verified: whoever answers
// is shown. INVALID for what is no https URL, TIMEOUT, UNAVAILABLE where no handshake came about.
Result<ServerCertificate> fetch_certificate(const std::string& url, std::uint32_t timeout_ms);

}  // namespace stipend::http

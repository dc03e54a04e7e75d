// A self-signed certificate for an orchestrator's listener, new at each of its starts.
#pragma once

#include <string>

#include "stipend/result.hpp"

namespace stipend::devnet {

struct Certificate {
    std::string certificate_pem = {};
    std::string key_pem = {};
};

// As a node makes it: no subject, the host as a DNS name in a critical extension (an address too), valid for a year.
// INTERNAL if OpenSSL refuses.
[[nodiscard]] Result<Certificate> make_certificate(const std::string& host);

// Writes cert.pem and key.pem into `folder`, which is made if it does not exist, over what is there.
[[nodiscard]] Result<void> write_certificate(const Certificate& certificate, const std::string& folder);

}  // namespace stipend::devnet

// A self-signed certificate for the orchestrators' listeners, made at each start.
#pragma once

#include <string>

#include "stipend/result.hpp"

namespace stipend::devnet {

struct Certificate {
    std::string certificate_pem = {};
    std::string key_pem = {};
};

// For localhost and 127.0.0.1, valid for ten years. INTERNAL if OpenSSL refuses.
[[nodiscard]] Result<Certificate> make_certificate();

}  // namespace stipend::devnet

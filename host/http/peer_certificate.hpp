// The certificate that a TLS server presented on a connection of libcurl. Private to this folder.
#pragma once

#include <curl/curl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace stipend::http {

struct X509Deleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;

// While the transfer has its connection; none without TLS.
X509Ptr peer_certificate(CURL* easy);
// Unix nanoseconds; 0 where it cannot be read.
std::int64_t not_after_ns(const X509* certificate);
// SHA-256 of its DER encoding; nothing where OpenSSL fails.
std::optional<std::array<std::uint8_t, 32>> fingerprint_of(const X509* certificate);

}  // namespace stipend::http

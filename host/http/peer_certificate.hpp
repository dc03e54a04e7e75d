// The certificate that a TLS server showed on a connection of libcurl. Private to the room.
#pragma once

#include <curl/curl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace stipend::http {

struct X509Deleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;
using Fingerprint = std::array<unsigned char, 32>;

// While the transfer has its connection; nothing without TLS.
X509Ptr peer_certificate(CURL* easy);
// Unix nanoseconds; 0 where it cannot be read.
std::int64_t not_after_ns(const X509* certificate);
// SHA-256 of its DER.
std::optional<Fingerprint> fingerprint_of(const X509* certificate);
// Lower-case hex.
std::string hex_text(const Fingerprint& digest);

}  // namespace stipend::http

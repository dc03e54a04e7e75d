#include "host/http/peer_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <ctime>

namespace stipend::http {

X509Ptr peer_certificate(CURL* easy) {
    curl_tlssessioninfo* info = nullptr;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == nullptr ||
        info->backend != CURLSSLBACKEND_OPENSSL || info->internals == nullptr) {
        return nullptr;
    }
    return X509Ptr(SSL_get1_peer_certificate(static_cast<SSL*>(info->internals)));
}

std::int64_t not_after_ns(const X509* certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return 0;
    const auto seconds = std::int64_t{::timegm(&parts)};
    constexpr std::int64_t last_second = 9'223'372'036;  // the last one that nanoseconds in 64 bits can hold
    return (seconds > last_second ? last_second : seconds) * 1'000'000'000;
}

std::optional<std::array<std::uint8_t, 32>> fingerprint_of(const X509* certificate) {
    std::array<std::uint8_t, 32> digest{};
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &length) != 1 || length != digest.size()) {
        return std::nullopt;
    }
    return digest;
}

}  // namespace stipend::http

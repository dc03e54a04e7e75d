#include "host/http/certificate.hpp"

#include <openssl/bio.h>

#include <memory>
#include <string_view>

#include "host/http/easy_handle.hpp"
#include "host/http/peer_certificate.hpp"
#include "stipend/hex.hpp"

namespace stipend::http {
namespace {

struct BioDeleter {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

std::string text_of(X509_NAME* name) {
    const std::unique_ptr<BIO, BioDeleter> bio(BIO_new(BIO_s_mem()));
    // RFC 2253 escapes characters that could end a line or control a terminal.
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_UTF8_CONVERT) < 0) return {};
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

struct Presented {
    CURL* easy = nullptr;
    X509Ptr certificate;
};

// The handshake is over and nothing was sent yet; the exchange ends here.
int on_connected(void* self, char*, char*, int, int) noexcept {
    auto& presented = *static_cast<Presented*>(self);
    presented.certificate = peer_certificate(presented.easy);
    return CURL_PREREQFUNC_ABORT;
}

}  // namespace

Result<ServerCertificate> fetch_certificate(const std::string& url, std::uint32_t timeout_ms) {
    if (!url.starts_with("https://")) {
        return fail(STIPEND_E_INVALID, "certificate: got the URL ", clip(url, 200), ", want https://host:port");
    }
    const EasyHandle easy(curl_easy_init());
    Presented presented{easy.get(), nullptr};
    char message[CURL_ERROR_SIZE] = {};
    STIPEND_TRY(EasyOptions(easy.get())
                    .set(CURLOPT_ERRORBUFFER, message)
                    .set(CURLOPT_NOSIGNAL, 1L)
                    .set(CURLOPT_PROTOCOLS_STR, "https")
                    .set(CURLOPT_URL, url.c_str())
                    .set(CURLOPT_PROXY, "")
                    .set(CURLOPT_NOBODY, 1L)
                    .set(CURLOPT_SSL_VERIFYPEER, 0L)
                    .set(CURLOPT_SSL_VERIFYHOST, 0L)
                    .set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms))
                    .set(CURLOPT_PREREQFUNCTION, &on_connected)
                    .set(CURLOPT_PREREQDATA, &presented)
                    .result());
    const auto code = curl_easy_perform(easy.get());
    if (!presented.certificate) {
        const auto status = code == CURLE_OPERATION_TIMEDOUT                                    ? STIPEND_E_TIMEOUT
                            : code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? STIPEND_E_INVALID
                                                                                                : STIPEND_E_UNAVAILABLE;
        return fail(status, "certificate of ", clip(url, 200), ": ",
                    message[0] != '\0' ? message : curl_easy_strerror(code));
    }
    const auto digest = fingerprint_of(presented.certificate.get());
    if (!digest) return fail(STIPEND_E_UNAVAILABLE, "certificate of ", clip(url, 200), ": it cannot be read");
    return ServerCertificate{.sha256 = hex_encode(*digest),
                             .subject = text_of(X509_get_subject_name(presented.certificate.get())),
                             .issuer = text_of(X509_get_issuer_name(presented.certificate.get())),
                             .not_after = not_after_ns(presented.certificate.get())};
}

}  // namespace stipend::http

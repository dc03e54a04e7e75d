#include "host/http/certificate.hpp"

#include <openssl/bio.h>

#include <memory>
#include <string_view>

#include "host/http/easy_handle.hpp"
#include "host/http/peer_certificate.hpp"

namespace stipend::http {
namespace {

struct BioDeleter {
    void operator()(BIO* bio) const { BIO_free(bio); }
};

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    STIPEND_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

std::string text_of(X509_NAME* name) {
    const std::unique_ptr<BIO, BioDeleter> bio(BIO_new(BIO_s_mem()));
    // RFC 2253 escapes what could end a line or drive a terminal.
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_UTF8_CONVERT) < 0) return {};
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

struct Catch {
    CURL* easy = nullptr;
    X509Ptr certificate;
};

// The handshake is over and nothing was sent yet: that is all there is to do.
int on_connected(void* self, char*, char*, int, int) noexcept {
    auto& caught = *static_cast<Catch*>(self);
    caught.certificate = peer_certificate(caught.easy);
    return CURL_PREREQFUNC_ABORT;
}

}  // namespace

Result<ServerCertificate> fetch_certificate(const std::string& url, std::uint32_t timeout_ms) {
    if (!url.starts_with("https://")) {
        return fail(STIPEND_E_INVALID, "certificate: got the URL ", clip(url, 200), ", want https://host:port");
    }
    const EasyHandle easy(curl_easy_init());
    STIPEND_ASSERT(easy != nullptr);
    Catch caught{easy.get(), nullptr};
    char message[CURL_ERROR_SIZE] = {};
    set(easy.get(), CURLOPT_ERRORBUFFER, message);
    set(easy.get(), CURLOPT_NOSIGNAL, 1L);
    set(easy.get(), CURLOPT_PROTOCOLS_STR, "https");
    set(easy.get(), CURLOPT_URL, url.c_str());
    set(easy.get(), CURLOPT_PROXY, "");
    set(easy.get(), CURLOPT_NOBODY, 1L);
    set(easy.get(), CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy.get(), CURLOPT_SSL_VERIFYHOST, 0L);
    set(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_ms));
    set(easy.get(), CURLOPT_PREREQFUNCTION, &on_connected);
    set(easy.get(), CURLOPT_PREREQDATA, &caught);
    const auto code = curl_easy_perform(easy.get());
    if (!caught.certificate) {
        const auto status = code == CURLE_OPERATION_TIMEDOUT                                    ? STIPEND_E_TIMEOUT
                            : code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? STIPEND_E_INVALID
                                                                                                : STIPEND_E_UNAVAILABLE;
        return fail(status, "certificate of ", clip(url, 200), ": ",
                    message[0] != '\0' ? message : curl_easy_strerror(code));
    }
    const auto digest = fingerprint_of(caught.certificate.get());
    if (!digest) return fail(STIPEND_E_UNAVAILABLE, "certificate of ", clip(url, 200), ": it cannot be read");
    return ServerCertificate{.sha256 = hex_text(*digest),
                             .subject = text_of(X509_get_subject_name(caught.certificate.get())),
                             .issuer = text_of(X509_get_issuer_name(caught.certificate.get())),
                             .not_after = not_after_ns(caught.certificate.get())};
}

}  // namespace stipend::http

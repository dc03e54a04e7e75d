#include "tests/devnet/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace stipend::devnet {
namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr long ten_years_s = 10L * 365 * 86400;
constexpr long yesterday_s = -86400;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

bool fill(X509* certificate, EVP_PKEY* key) {
    auto* name = X509_get_subject_name(certificate);
    const auto* common_name = reinterpret_cast<const unsigned char*>("stipend-devnet");
    const Owned<X509_EXTENSION> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1"));
    return names && X509_set_version(certificate, 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), yesterday_s) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), ten_years_s) != nullptr &&
           X509_set_pubkey(certificate, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_add_ext(certificate, names.get(), -1) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

Result<Certificate> make_certificate() {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> certificate(X509_new());
    const Owned<BIO> key_bio(BIO_new(BIO_s_mem()));
    const Owned<BIO> certificate_bio(BIO_new(BIO_s_mem()));
    const bool made = key && certificate && key_bio && certificate_bio && fill(certificate.get(), key.get()) &&
                      PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                      PEM_write_bio_X509(certificate_bio.get(), certificate.get()) == 1;
    if (!made) return fail(STIPEND_E_INTERNAL, "self-signed certificate: OpenSSL could not make it");
    return Certificate{text_of(certificate_bio.get()), text_of(key_bio.get())};
}

}  // namespace stipend::devnet

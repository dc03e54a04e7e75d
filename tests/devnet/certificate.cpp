#include "tests/devnet/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>

namespace stipend::devnet {
namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(BIGNUM* number) const { BN_free(number); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr long one_year_s = 8765L * 3600;  // as a node counts it
constexpr int serial_bits = 128;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool random_serial(X509* certificate) {
    const Owned<BIGNUM> serial(BN_new());
    return serial && BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& host) {
    return X509_set_version(certificate, 2) == 1 && random_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), one_year_s) != nullptr &&
           X509_set_pubkey(certificate, key) == 1 &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, NID_subject_alt_name, "critical,DNS:" + host) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return fail(STIPEND_E_UNAVAILABLE, path.string(), ": cannot be written");
    return {};
}

}  // namespace

Result<Certificate> make_certificate(const std::string& host) {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<X509> certificate(X509_new());
    const Owned<BIO> key_bio(BIO_new(BIO_s_mem()));
    const Owned<BIO> certificate_bio(BIO_new(BIO_s_mem()));
    const bool made = key && certificate && key_bio && certificate_bio && fill(certificate.get(), key.get(), host) &&
                      PEM_write_bio_PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                      PEM_write_bio_X509(certificate_bio.get(), certificate.get()) == 1;
    if (!made) return fail(STIPEND_E_INTERNAL, "self-signed certificate: OpenSSL could not make it");
    return Certificate{text_of(certificate_bio.get()), text_of(key_bio.get())};
}

Result<void> write_certificate(const Certificate& certificate, const std::string& folder) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return fail(STIPEND_E_UNAVAILABLE, folder, ": ", failed.message());
    STIPEND_TRY(write_file(std::filesystem::path(folder) / "cert.pem", certificate.certificate_pem));
    return write_file(std::filesystem::path(folder) / "key.pem", certificate.key_pem);
}

}  // namespace stipend::devnet

#include "host/auth/token_key.hpp"

#include <botan/data_src.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/system_rng.h>
#include <botan/x509_key.h>
#include <cjose/cjose.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "host/auth/crypto.hpp"
#include "stipend/ascii.hpp"

namespace stipend::auth {
namespace {

constexpr std::size_t max_kid_bytes = 64;
constexpr std::size_t min_secret_bytes = 32;
constexpr std::size_t coordinate_bytes = 32;

struct FreeKey {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct FreeHeader {
    void operator()(cjose_header_t* header) const { cjose_header_release(header); }
};
struct FreeToken {
    void operator()(cjose_jws_t* token) const { cjose_jws_release(token); }
};
using CjoseKey = std::unique_ptr<cjose_jwk_t, FreeKey>;
using CjoseHeader = std::unique_ptr<cjose_header_t, FreeHeader>;
using CjoseToken = std::unique_ptr<cjose_jws_t, FreeToken>;

bool is_kid(std::string_view text) {
    return !text.empty() && text.size() <= max_kid_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-';
    });
}

Error refuse_kid(std::string_view kid) {
    return fail(STIPEND_E_INVALID, "not a key's id: got \"", clip(kid, 80), "\", want 1 to ", max_kid_bytes,
                " letters, digits, '.', '_' or '-'");
}
Error refuse_key(std::string_view kid, std::string_view reason) {
    return fail(STIPEND_E_INVALID, "not a key of tokens: ", kid, ": ", reason);
}

using Coordinate = Botan::secure_vector<std::uint8_t>;

Coordinate encoded(const Botan::BigInt& number) {
    return Botan::BigInt::encode_1363(number, coordinate_bytes);
}

// `secret` is empty for a public key.
CjoseKey cjose_key_of(const Botan::EC_PublicKey& key, Coordinate secret) {
    auto x = encoded(key.public_point().get_affine_x());
    auto y = encoded(key.public_point().get_affine_y());
    cjose_jwk_ec_keyspec spec{};
    spec.crv = CJOSE_JWK_EC_P_256;
    spec.x = x.data();
    spec.xlen = x.size();
    spec.y = y.data();
    spec.ylen = y.size();
    if (!secret.empty()) {
        spec.d = secret.data();
        spec.dlen = secret.size();
    }
    cjose_err error{};
    return CjoseKey(cjose_jwk_create_EC_spec(&spec, &error));
}

bool on_p256(const Botan::EC_PublicKey& key) {
    return key.domain() == Botan::EC_Group("secp256r1") && key.check_key(Botan::system_rng(), false);
}

}  // namespace

struct TokenKey::Impl {
    std::string kid;
    TokenAlgorithm algorithm = TokenAlgorithm::hs256;
    bool can_sign = false;
    CjoseKey key;
};

Result<TokenKey> TokenKey::hs256(std::string_view kid, std::string_view secret) {
    if (!is_kid(kid)) return refuse_kid(kid);
    if (secret.size() < min_secret_bytes) {
        return refuse_key(kid, cat("got a secret of ", secret.size(), " bytes, want at least ", min_secret_bytes));
    }
    cjose_err error{};
    CjoseKey key(cjose_jwk_create_oct_spec(bytes_of(secret).data(), secret.size(), &error));
    if (!key) return refuse_key(kid, error.message == nullptr ? "" : error.message);
    return TokenKey(std::make_shared<const Impl>(Impl{std::string(kid), TokenAlgorithm::hs256, true, std::move(key)}));
}

Result<TokenKey> TokenKey::es256_private(std::string_view kid, std::string_view pem) {
    if (!is_kid(kid)) return refuse_kid(kid);
    try {
        Botan::DataSource_Memory source(bytes_of(pem).data(), pem.size());
        const auto loaded = Botan::PKCS8::load_key(source);
        const auto* ecdsa = dynamic_cast<const Botan::EC_PrivateKey*>(loaded.get());
        if (ecdsa == nullptr || !on_p256(*ecdsa)) return refuse_key(kid, "want a key on the curve P-256");
        auto key = cjose_key_of(*ecdsa, encoded(ecdsa->private_value()));
        if (!key) return refuse_key(kid, "the token library refused it");
        return TokenKey(
            std::make_shared<const Impl>(Impl{std::string(kid), TokenAlgorithm::es256, true, std::move(key)}));
    } catch (const std::exception& error) {
        return refuse_key(kid, cat("want PKCS #8 in PEM (BEGIN PRIVATE KEY): ", error.what()));
    }
}

Result<std::string> TokenKey::es256_public_pem(std::string_view private_pem) {
    STIPEND_TRY(es256_private("es256", private_pem));
    try {
        Botan::DataSource_Memory source(bytes_of(private_pem).data(), private_pem.size());
        return Botan::X509::PEM_encode(*Botan::PKCS8::load_key(source));
    } catch (const std::exception& error) {
        return refuse_key("es256", error.what());
    }
}

Result<TokenKey> TokenKey::es256_public(std::string_view kid, std::string_view pem) {
    if (!is_kid(kid)) return refuse_kid(kid);
    try {
        Botan::DataSource_Memory source(bytes_of(pem).data(), pem.size());
        const std::unique_ptr<Botan::Public_Key> loaded(Botan::X509::load_key(source));
        const auto* ecdsa = dynamic_cast<const Botan::EC_PublicKey*>(loaded.get());
        if (ecdsa == nullptr || !on_p256(*ecdsa)) return refuse_key(kid, "want a key on the curve P-256");
        auto key = cjose_key_of(*ecdsa, {});
        if (!key) return refuse_key(kid, "the token library refused it");
        return TokenKey(
            std::make_shared<const Impl>(Impl{std::string(kid), TokenAlgorithm::es256, false, std::move(key)}));
    } catch (const std::exception& error) {
        return refuse_key(kid, cat("want a public key in PEM (BEGIN PUBLIC KEY): ", error.what()));
    }
}

const std::string& TokenKey::kid() const {
    return impl_->kid;
}
TokenAlgorithm TokenKey::algorithm() const {
    return impl_->algorithm;
}
bool TokenKey::can_sign() const {
    return impl_->can_sign;
}

std::string_view name_of(TokenAlgorithm algorithm) {
    return algorithm == TokenAlgorithm::hs256 ? "HS256" : "ES256";
}

Result<std::string> sign_token(const TokenKey& key, std::string_view typ, std::string_view claims) {
    cjose_err error{};
    const CjoseHeader header(cjose_header_new(&error));
    const std::string type(typ);
    const std::string algorithm(name_of(key.algorithm()));
    const bool made = header != nullptr && cjose_header_set(header.get(), CJOSE_HDR_ALG, algorithm.c_str(), &error) &&
                      cjose_header_set(header.get(), CJOSE_HDR_KID, key.kid().c_str(), &error) &&
                      cjose_header_set(header.get(), "typ", type.c_str(), &error);
    CjoseToken token;
    const char* text = nullptr;
    if (made) {
        token.reset(cjose_jws_sign(key.impl().key.get(), header.get(), bytes_of(claims).data(), claims.size(), &error));
    }
    if (token == nullptr || !cjose_jws_export(token.get(), &text, &error)) {
        return fail(STIPEND_E_INTERNAL, "a token cannot be signed: ", error.message == nullptr ? "" : error.message);
    }
    return std::string(text);
}

bool token_signature_matches(const TokenKey& key, std::string_view token) {
    cjose_err error{};
    const CjoseToken parsed(cjose_jws_import(token.data(), token.size(), &error));
    return parsed != nullptr && cjose_jws_verify(parsed.get(), key.impl().key.get(), &error);
}

}  // namespace stipend::auth

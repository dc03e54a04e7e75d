// Keys of signed tokens, each with one pinned algorithm, and the signatures that they make, by libcjose. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/result.hpp"

namespace stipend::auth {

enum class TokenAlgorithm : std::uint8_t { hs256, es256 };

// A key with its id and its one algorithm. Copies share the key.
class TokenKey {
  public:
    // INVALID: `kid` is not 1 to 64 letters, digits, '.', '_' or '-'; a secret of less than 32 bytes; text that is not
    // a PEM (PKCS #8 without a passphrase, or SubjectPublicKeyInfo) of a key on the curve P-256.
    [[nodiscard]] static Result<TokenKey> hs256(std::string_view kid, std::string_view secret);
    [[nodiscard]] static Result<TokenKey> es256_private(std::string_view kid, std::string_view pem);
    [[nodiscard]] static Result<TokenKey> es256_public(std::string_view kid, std::string_view pem);

    // The public half of such a private key, in PEM. INVALID: as `es256_private`.
    [[nodiscard]] static Result<std::string> es256_public_pem(std::string_view private_pem);

    [[nodiscard]] const std::string& kid() const;
    [[nodiscard]] TokenAlgorithm algorithm() const;
    [[nodiscard]] bool can_sign() const;

    struct Impl;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

  private:
    explicit TokenKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<const Impl> impl_;
};

// As a header writes it.
[[nodiscard]] std::string_view name_of(TokenAlgorithm algorithm);

// The token of these claims (JSON), signed by a key that can sign. INTERNAL: the library failed.
[[nodiscard]] Result<std::string> sign_token(const TokenKey& key, std::string_view typ, std::string_view claims);

// Whether the key made the token's signature. The caller has compared the header's algorithm with the key's.
[[nodiscard]] bool token_signature_matches(const TokenKey& key, std::string_view token);

}  // namespace stipend::auth

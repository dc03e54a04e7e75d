// Signed tokens (JWT, RFC 7519): signatures by libcjose, all rules about header and claims here. Each key has one
// pinned algorithm; the header's `alg` has to be the key's, and never chooses one. Pure: the time is an argument. Const
// functions are thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/auth/access_role.hpp"
#include "host/auth/checked.hpp"
#include "host/auth/token_key.hpp"
#include "stipend/result.hpp"

namespace stipend::auth {

inline constexpr std::size_t max_token_bytes = 4096;
inline constexpr std::int64_t token_leeway_s = 30;  // of clocks, for exp, nbf and iat

// What a token is for: in its header's `typ`, so that one is never taken for the other.
enum class TokenKind : std::uint8_t { access, refresh };

struct TokenClaims {
    std::string subject;  // the account, or the orchestrator's id
    AccessRole role = AccessRole::viewer;
    Permissions scopes;
    std::string id;      // jti: unique, for revocation
    std::string family;  // the login that the token descends from; a refresh token that is used twice ends its family
    std::int64_t issued_at_s = 0;
    std::int64_t not_before_s = 0;
    std::int64_t expires_at_s = 0;
    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

// The issuer of tokens and the service that they are for: both are compared exactly.
struct TokenParties {
    std::string issuer;
    std::string audience;
};

// For logs; the peer gets `refused_answer`.
enum class TokenFault : std::uint8_t {
    too_large,
    malformed,         // not three parts of base64url with JSON objects in the first two
    bad_header,        // alg, kid or typ is missing, or a member that is none of the three (jwk, jku, x5c, ...)
    unknown_critical,  // the header has `crit`: no extension is known
    unknown_key,       // no key has this kid
    wrong_algorithm,   // not the key's: none, another one
    wrong_kind,        // typ
    bad_signature,
    bad_claims,  // one is missing, of another type, or out of its bounds
    wrong_issuer,
    wrong_audience,
    expired,
    not_yet_valid,     // nbf
    issued_in_future,  // iat
};
[[nodiscard]] std::string_view name_of(TokenFault fault);

class TokenSigner {
  public:
    // INVALID: a key that cannot sign, or an empty issuer or audience.
    [[nodiscard]] static Result<TokenSigner> make(TokenKey key, TokenParties parties);

    // INVALID: claims that no verifier would accept, or that make too large a token. INTERNAL: the library failed.
    [[nodiscard]] Result<std::string> sign(TokenKind kind, const TokenClaims& claims) const;

  private:
    TokenSigner(TokenKey key, TokenParties parties) : key_(std::move(key)), parties_(std::move(parties)) {}
    TokenKey key_;
    TokenParties parties_;
};

class TokenVerifier {
  public:
    // Several keys, for rotation: the new one and those of tokens that are still valid. INVALID: none, two with one
    // kid, or an empty issuer or audience.
    [[nodiscard]] static Result<TokenVerifier> make(std::vector<TokenKey> keys, TokenParties parties);

    [[nodiscard]] Checked<TokenClaims, TokenFault> verify(TokenKind kind, std::string_view token,
                                                          std::int64_t now_s) const;

  private:
    TokenVerifier(std::vector<TokenKey> keys, TokenParties parties)
        : keys_(std::move(keys)), parties_(std::move(parties)) {}
    // The key that the header names, if the header is as a signer of this program writes it.
    [[nodiscard]] Checked<const TokenKey*, TokenFault> key_of(TokenKind kind, std::string_view header) const;
    std::vector<TokenKey> keys_;
    TokenParties parties_;
};

}  // namespace stipend::auth

// The signature of tokens: libcjose behind two functions, apart from the rules about header and claims.
#pragma once

#include <string>
#include <string_view>

#include "host/auth/jwt.hpp"
#include "stipend/result.hpp"

namespace stipend::auth {

// As a header writes it.
[[nodiscard]] std::string_view name_of(TokenAlgorithm algorithm);

// The token of these claims (JSON), signed by a key that can sign. INTERNAL: the library failed.
[[nodiscard]] Result<std::string> sign_token(const TokenKey& key, std::string_view typ, std::string_view claims);

// Whether the key made the token's signature. The caller has compared the header's algorithm with the key's.
[[nodiscard]] bool token_signature_matches(const TokenKey& key, std::string_view token);

}  // namespace stipend::auth

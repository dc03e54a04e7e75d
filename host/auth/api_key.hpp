// API keys: stp_<id>_<secret and checksum>. The text is shown once; what is stored is its SHA-256. The secret has 256
// random bits, so a slow hash would add nothing. By the prefix and the checksum, scanners of sources recognise a leaked
// key without asking the host. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/auth/access_role.hpp"
#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::auth {

// What is stored of a key.
struct ApiKeyRecord {
    std::string id;  // 16 hex digits
    Sha256 hash = {};
    AccessRole role = AccessRole::viewer;
    Permissions scopes;
    stipend_unix_ns created_at = 0;
    std::optional<stipend_unix_ns> expires_at;  // from then on it is refused
    std::optional<stipend_unix_ns> revoked_at;
};

struct NewApiKey {
    Secret text;
    ApiKeyRecord record;
};

struct ApiKeyTerms {
    AccessRole role = AccessRole::viewer;
    Permissions scopes;
    std::optional<stipend_unix_ns> expires_at;
};

// INVALID: no scope, a scope that the role does not have, or an expiry that is not after `now`. INTERNAL: no random
// bytes.
[[nodiscard]] Result<NewApiKey> make_api_key(const ApiKeyTerms& terms, stipend_unix_ns now);

// A well-formed key as a peer sends it: by the id the record is found.
struct ApiKey {
    std::string id;
    Sha256 hash = {};
};

// Nothing for text of another form or with a wrong checksum.
[[nodiscard]] std::optional<ApiKey> parse_api_key(std::string_view text);

enum class ApiKeyFault : std::uint8_t { none, wrong, expired, revoked };
[[nodiscard]] std::string_view name_of(ApiKeyFault fault);

// `wrong` is found in constant time, and before the others, which are thus only for the holder of the key.
[[nodiscard]] ApiKeyFault check_api_key(const ApiKey& key, const ApiKeyRecord& record, stipend_unix_ns now);

}  // namespace stipend::auth

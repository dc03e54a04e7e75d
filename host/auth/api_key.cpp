#include "host/auth/api_key.hpp"

#include <utility>

#include "host/auth/key_text.hpp"
#include "host/base/sha256.hpp"

namespace stipend::auth {
namespace {

constexpr std::string_view key_prefix = "stp_";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_at = key_prefix.size() + 2 * id_bytes + 1;
constexpr std::size_t checksum_at = secret_at + 2 * secret_bytes;
constexpr std::size_t key_size = checksum_at + checksum_digits;

}  // namespace

Result<NewApiKey> make_api_key(const ApiKeyTerms& terms, stipend_unix_ns now) {
    if (terms.scopes.empty()) return fail(STIPEND_E_INVALID, "not an API key: it has no scope");
    if (terms.scopes.within(Permissions::of(terms.role)) != terms.scopes) {
        return fail(STIPEND_E_INVALID, "not an API key: got the scopes \"", terms.scopes.text(), "\", want some of \"",
                    Permissions::of(terms.role).text(), "\", which ", name_of(terms.role), " has");
    }
    if (terms.expires_at && *terms.expires_at <= now) {
        return fail(STIPEND_E_INVALID, "not an API key: it would have expired already");
    }
    STIPEND_LET(id, random_hex(id_bytes));
    STIPEND_LET(secret, random_hex(secret_bytes));
    auto text = cat(key_prefix, id, "_", secret);
    text += checksum_of(text);
    wipe(secret);
    NewApiKey out{.text = Secret(text),
                  .record = {.id = id,
                             .hash = sha256(text),
                             .role = terms.role,
                             .scopes = terms.scopes,
                             .created_at = now,
                             .expires_at = terms.expires_at,
                             .revoked_at = {}}};
    wipe(text);
    return out;
}

std::optional<ApiKey> parse_api_key(std::string_view text) {
    if (text.size() != key_size || !text.starts_with(key_prefix) || text[secret_at - 1] != '_') return std::nullopt;
    const auto id = text.substr(key_prefix.size(), 2 * id_bytes);
    if (!is_lower_hex(id) || !is_lower_hex(text.substr(secret_at))) return std::nullopt;
    if (checksum_of(text.substr(0, checksum_at)) != text.substr(checksum_at)) return std::nullopt;
    return ApiKey{.id = std::string(id), .hash = sha256(text)};
}

std::string_view name_of(ApiKeyFault fault) {
    switch (fault) {
        case ApiKeyFault::none:
            return "none";
        case ApiKeyFault::wrong:
            return "wrong";
        case ApiKeyFault::expired:
            return "expired";
        case ApiKeyFault::revoked:
            return "revoked";
    }
    return "unknown";
}

ApiKeyFault check_api_key(const ApiKey& key, const ApiKeyRecord& record, stipend_unix_ns now) {
    if (!equal_in_constant_time(key.hash, record.hash) || key.id != record.id) return ApiKeyFault::wrong;
    if (record.revoked_at) return ApiKeyFault::revoked;
    if (record.expires_at && now >= *record.expires_at) return ApiKeyFault::expired;
    return ApiKeyFault::none;
}

}  // namespace stipend::auth

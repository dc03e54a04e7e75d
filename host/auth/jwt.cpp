#include "host/auth/jwt.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "host/auth/crypto.hpp"
#include "host/auth/token_key.hpp"
#include "stipend/json.hpp"

namespace stipend::auth {
namespace {

constexpr std::size_t max_text_bytes = 256;           // of subject, id and family
constexpr std::int64_t max_time_s = 253'402'300'799;  // the end of the year 9999
constexpr JsonLimits token_json{.bytes = max_token_bytes, .depth = 2, .nodes = 64};

// Media types as in RFC 9068, without "application/".
std::string_view typ_of(TokenKind kind) {
    return kind == TokenKind::access ? "at+jwt" : "rt+jwt";
}

bool is_text(std::string_view text) {
    return !text.empty() && text.size() <= max_text_bytes;
}

// Times are in order, and texts within their bounds: what a signer writes and a verifier accepts.
bool is_whole(const TokenClaims& claims) {
    return is_text(claims.subject) && is_text(claims.id) && is_text(claims.family) && claims.issued_at_s >= 0 &&
           claims.not_before_s >= 0 && claims.expires_at_s <= max_time_s &&
           std::max(claims.issued_at_s, claims.not_before_s) < claims.expires_at_s;
}

const std::string* text_member(const Json& object, std::string_view name) {
    const auto* member = object.find(name);
    return member != nullptr && member->is(Json::Kind::string) ? &member->text() : nullptr;
}

// A whole number of seconds as digits only: no fraction, exponent or sign.
std::optional<std::int64_t> time_member(const Json& object, std::string_view name) {
    const auto* member = object.find(name);
    if (member == nullptr || !member->is(Json::Kind::number)) return std::nullopt;
    const auto& text = member->text();
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size() || out < 0 || out > max_time_s) return std::nullopt;
    return out;
}

std::optional<Json> object_of(std::string_view base64) {
    const auto text = base64url_decode(base64);
    if (!text) return std::nullopt;
    auto parsed = parse_json(*text, token_json);  // refuses duplicate keys
    if (!parsed || !parsed->is(Json::Kind::object)) return std::nullopt;
    return std::move(*parsed);
}

std::optional<TokenClaims> read_claims(const Json& object) {
    const auto* subject = text_member(object, "sub");
    const auto* role_name = text_member(object, "role");
    const auto* scope = text_member(object, "scope");
    const auto* id = text_member(object, "jti");
    const auto* family = text_member(object, "family");
    const auto issued_at = time_member(object, "iat");
    const auto not_before = time_member(object, "nbf");
    const auto expires_at = time_member(object, "exp");
    if (subject == nullptr || role_name == nullptr || scope == nullptr || id == nullptr || family == nullptr ||
        !issued_at || !not_before || !expires_at) {
        return std::nullopt;
    }
    const auto role = parse_access_role(*role_name);
    const auto scopes = Permissions::parse(*scope);
    if (!role || !scopes) return std::nullopt;
    TokenClaims out{.subject = *subject,
                    .role = *role,
                    .scopes = *scopes,
                    .id = *id,
                    .family = *family,
                    .issued_at_s = *issued_at,
                    .not_before_s = *not_before,
                    .expires_at_s = *expires_at};
    if (!is_whole(out)) return std::nullopt;
    return out;
}

Result<void> check_parties(const TokenParties& parties) {
    if (is_text(parties.issuer) && is_text(parties.audience)) return {};
    return fail(STIPEND_E_INVALID, "issuer and audience of tokens: want 1 to ", max_text_bytes, " bytes each");
}

}  // namespace

std::string_view name_of(TokenFault fault) {
    static constexpr std::array<std::string_view, 14> names{
        "too_large",       "malformed",  "bad_header",    "unknown_critical", "unknown_key",
        "wrong_algorithm", "wrong_kind", "bad_signature", "bad_claims",       "wrong_issuer",
        "wrong_audience",  "expired",    "not_yet_valid", "issued_in_future"};
    static_assert(static_cast<std::size_t>(TokenFault::issued_in_future) + 1 == names.size());
    return names[static_cast<std::size_t>(fault)];
}

Result<TokenSigner> TokenSigner::make(TokenKey key, TokenParties parties) {
    if (!key.can_sign()) return fail(STIPEND_E_INVALID, "not a key that signs tokens: ", key.kid(), ": it is public");
    STIPEND_TRY(check_parties(parties));
    return TokenSigner(std::move(key), std::move(parties));
}

Result<std::string> TokenSigner::sign(TokenKind kind, const TokenClaims& claims) const {
    if (!is_whole(claims)) {
        return fail(STIPEND_E_INVALID, "not the claims of a token: want subject, id and family of 1 to ",
                    max_text_bytes, " bytes, and an expiry after the other times");
    }
    auto object = Json::object();
    object.set("iss", parties_.issuer).set("aud", parties_.audience).set("sub", claims.subject);
    object.set("role", name_of(claims.role)).set("scope", claims.scopes.text());
    object.set("jti", claims.id).set("family", claims.family);
    object.set("iat", claims.issued_at_s).set("nbf", claims.not_before_s).set("exp", claims.expires_at_s);
    STIPEND_LET(token, sign_token(key_, typ_of(kind), object.dump()));
    if (token.size() > max_token_bytes) {
        return fail(STIPEND_E_INVALID, "a token too large: got ", token.size(), " bytes, want at most ",
                    max_token_bytes);
    }
    return std::move(token);
}

Result<TokenVerifier> TokenVerifier::make(std::vector<TokenKey> keys, TokenParties parties) {
    if (keys.empty()) return fail(STIPEND_E_INVALID, "no key verifies tokens");
    for (auto key = keys.begin(); key != keys.end(); ++key) {
        if (std::any_of(keys.begin(), key, [&](const TokenKey& other) { return other.kid() == key->kid(); })) {
            return fail(STIPEND_E_INVALID, "two keys of tokens have the id ", key->kid());
        }
    }
    STIPEND_TRY(check_parties(parties));
    return TokenVerifier(std::move(keys), std::move(parties));
}

Checked<const TokenKey*, TokenFault> TokenVerifier::key_of(TokenKind kind, std::string_view header) const {
    const auto parsed = object_of(header);
    if (!parsed) return TokenFault::malformed;
    if (parsed->find("crit") != nullptr) return TokenFault::unknown_critical;
    const auto* algorithm = text_member(*parsed, "alg");
    const auto* kid = text_member(*parsed, "kid");
    const auto* typ = text_member(*parsed, "typ");
    // A fourth member could bring a key of the peer's own.
    if (algorithm == nullptr || kid == nullptr || typ == nullptr || parsed->members().size() != 3) {
        return TokenFault::bad_header;
    }
    const auto key =
        std::find_if(keys_.begin(), keys_.end(), [&](const TokenKey& candidate) { return candidate.kid() == *kid; });
    if (key == keys_.end()) return TokenFault::unknown_key;
    if (*algorithm != name_of(key->algorithm())) return TokenFault::wrong_algorithm;
    if (*typ != typ_of(kind)) return TokenFault::wrong_kind;
    return &*key;
}

Checked<TokenClaims, TokenFault> TokenVerifier::verify(TokenKind kind, std::string_view token,
                                                       std::int64_t now_s) const {
    if (token.size() > max_token_bytes) return TokenFault::too_large;
    const auto first = token.find('.');
    const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) return TokenFault::malformed;
    const auto signature = token.substr(second + 1);  // a further '.' is no digit of base64url
    if (!base64url_decode(signature)) return TokenFault::malformed;
    const auto key = key_of(kind, token.substr(0, first));
    if (!key) return key.fault();
    if (!token_signature_matches(**key, token)) return TokenFault::bad_signature;

    const auto object = object_of(token.substr(first + 1, second - first - 1));
    if (!object) return TokenFault::malformed;
    const auto* issuer = text_member(*object, "iss");
    const auto* audience = text_member(*object, "aud");
    auto claims = read_claims(*object);
    if (issuer == nullptr || audience == nullptr || !claims) return TokenFault::bad_claims;
    if (*issuer != parties_.issuer) return TokenFault::wrong_issuer;
    if (*audience != parties_.audience) return TokenFault::wrong_audience;
    if (now_s >= claims->expires_at_s + token_leeway_s) return TokenFault::expired;
    if (now_s < claims->not_before_s - token_leeway_s) return TokenFault::not_yet_valid;
    if (now_s < claims->issued_at_s - token_leeway_s) return TokenFault::issued_in_future;
    return std::move(*claims);
}

}  // namespace stipend::auth

// Signed tokens: tokens of another implementation, rotation of keys, and forged headers and claims.
#include "host/auth/jwt.hpp"

#include <botan/mac.h>
#include <doctest/doctest.h>

#include <set>

#include "host/auth/crypto.hpp"

using namespace stipend;
using namespace stipend::auth;

namespace {

// Keys of these tests alone.
constexpr std::string_view private_pem = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCkjTUGrR+VBg5EJk
OjMeu0QzLox4S98lounvnw+qWYShRANCAATcgwMRVuO8YVfHFWn/8umloNKjlUmw
qRHmPgwBB1QfXmw/WO+4wfkGXqk+MBtxJEp7psiGtnwrR/rmMHP5ySmv
-----END PRIVATE KEY-----
)";
constexpr std::string_view public_pem = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3IMDEVbjvGFXxxVp//LppaDSo5VJ
sKkR5j4MAQdUH15sP1jvuMH5Bl6pPjAbcSRKe6bIhrZ8K0f65jBz+ckprw==
-----END PUBLIC KEY-----
)";
constexpr std::string_view p384_pem = R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDA+aBLkmINc3VEghonJ
U7Rijh6626Cujsw+DV6UtnKnx8e36LpG0Y8IHnJ9DJ1mM32hZANiAAQJRu7/3URV
qAzuHtX+z+8veagQEDiE9YVcItoEtIiJcU89yQq6UbrB63kVcA6rfinxR/L8P2Sd
wmx0FacIJjHGMLlDbCK1zwCO8I3gBandgHc9Iz00G+Eixd0EhLjGm6k=
-----END PRIVATE KEY-----
)";
constexpr std::string_view secp256k1_pem = R"(-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgCZz8HKKxnbnMdySdmlH0
TkpM7ebQL+bu/namN/0q7NyhRANCAATLLuVabkyUkzpYiip0oVcDGY0hOMWOtu8/
aPgkeDAS7gpl3Prwn4tS3JSA1m5iLJJEgzSqf0EiUgoDZtBOtADd
-----END PRIVATE KEY-----
)";
constexpr std::string_view encrypted_pem = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhKhkJJpFU5+AICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEA73tI6NBFjUjAK34IeZWq4EgZAm
jOtiyafOsIh3ZOYUHdyoflMtIJJ72YrnemzdT//4KO6YYLOlshyv1iFnb8UsvV0l
8C+rlPdNoFgL//vSkmT/l0H1HcvL+otxj4gyvrZ6z5Ldrih74OVS1W1IXnW6wiEG
mw9EAaZtJlrfDOEeRSc/V14QELNnXP4tKdPiSb5iCX2p6996G8//F4t7mvLv+y4=
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";

// Made by PyJWT 2.6 of the claims below.
constexpr std::string_view foreign_payload =
    "eyJpc3MiOiJodHRwczovL21hbmFnZXIuZXhhbXBsZSIsImF1ZCI6InN0aXBlbmQtYXBpIiwic3ViIjoiYWRtaW5Ac3lzdGVtLmV4YW1wbGUiLCJyb2"
    "xlIjoib3BlcmF0b3IiLCJzY29wZSI6Im9yY2hlc3RyYXRvcnM6cmVhZCBzdGF0dXM6cmVhZCIsImp0aSI6IjAwMTEiLCJmYW1pbHkiOiJmMSIsImlh"
    "dCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDA5MDB9";
const std::string foreign_hs256 = cat("eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0.", foreign_payload,
                                      ".l2NY6zt8bLq5VNSsyZ8_XOlW5w7FMON94tk3vbnm_5I");
const std::string foreign_es256 =
    cat("eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiYXQrand0In0.", foreign_payload,
        ".zaeVdwklqePLzdbQ2Kf5LRD0zRelumYFC3FUFPY3k-auWrrOPjG68M2J3aZHagR8nAASDQ2DFUz2eAB1G02MXw");
constexpr std::int64_t issued = 1'800'000'000;

TokenClaims claims() {
    return {.subject = "admin@system.example",
            .role = AccessRole::operator_,
            .scopes = *Permissions::parse("orchestrators:read status:read"),
            .id = "0011",
            .family = "f1",
            .issued_at_s = issued,
            .not_before_s = issued,
            .expires_at_s = issued + 900};
}

TokenParties parties() {
    return {.issuer = "https://manager.example", .audience = "stipend-api"};
}

template <class T>
T made(Result<T> result) {
    REQUIRE_MESSAGE(result.ok(), (result.ok() ? "" : result.error().message));
    return std::move(*result);
}

TokenKey hs(std::string_view kid = "k1", std::string_view with = secret) {
    return made(TokenKey::hs256(kid, with));
}
TokenKey es_private() {
    return made(TokenKey::es256_private("e1", private_pem));
}
TokenKey es_public() {
    return made(TokenKey::es256_public("e1", public_pem));
}

TokenVerifier verifier(std::vector<TokenKey> keys) {
    return made(TokenVerifier::make(std::move(keys), parties()));
}

std::string signed_by(TokenKey key, TokenKind kind = TokenKind::access) {
    return made(made(TokenSigner::make(std::move(key), parties())).sign(kind, claims()));
}

std::string hmac(std::string_view text, std::string_view key) {
    const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
    mac->set_key(bytes_of(key).data(), key.size());
    mac->update(bytes_of(text).data(), text.size());
    const auto out = mac->final();
    return std::string(text_of(out));
}

// A token of any header and payload with a right HS256 signature.
std::string forged(std::string_view header, std::string_view payload, std::string_view key = secret) {
    const auto text = base64url_encode(header) + "." + base64url_encode(payload);
    return text + "." + base64url_encode(hmac(text, key));
}

constexpr std::string_view good_header = R"({"alg":"HS256","kid":"k1","typ":"at+jwt"})";
const std::string good_payload = *base64url_decode(foreign_payload);

TokenFault fault_of(std::string_view token, std::int64_t now = issued) {
    const auto checked = verifier({hs(), es_public()}).verify(TokenKind::access, token, now);
    REQUIRE_MESSAGE(!checked.ok(), token);
    return checked.fault();
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    REQUIRE_MESSAGE(at != std::string::npos, what);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("tokens of another implementation are verified") {
    const auto both = verifier({hs(), es_public()});
    for (const auto& token : {foreign_hs256, foreign_es256}) {
        const auto checked = both.verify(TokenKind::access, token, issued);
        REQUIRE_MESSAGE(checked.ok(), name_of(checked.fault()));
        CHECK(*checked == claims());
    }
}

TEST_CASE("an HS256 token has the same text as that of another implementation") {
    CHECK(signed_by(hs()) == foreign_hs256);
}

TEST_CASE("a token that was signed is verified by the public key, and each kind only as itself") {
    const auto both = verifier({hs(), es_public()});
    for (const auto& key : {hs(), es_private()}) {
        for (const auto kind : {TokenKind::access, TokenKind::refresh}) {
            const auto other = kind == TokenKind::access ? TokenKind::refresh : TokenKind::access;
            const auto token = signed_by(key, kind);
            REQUIRE(both.verify(kind, token, issued).ok());
            CHECK(*both.verify(kind, token, issued) == claims());
            CHECK(both.verify(other, token, issued).fault() == TokenFault::wrong_kind);
        }
    }
}

TEST_CASE("keys are rotated by their ids") {
    const auto old_key = hs("2026-01", "an older secret of some 33 bytes!");
    const auto new_key = hs("2026-02");
    const auto old_token = signed_by(old_key);
    CHECK(verifier({new_key, old_key}).verify(TokenKind::access, old_token, issued).ok());
    CHECK(verifier({new_key, old_key}).verify(TokenKind::access, signed_by(new_key), issued).ok());
    CHECK(verifier({new_key}).verify(TokenKind::access, old_token, issued).fault() == TokenFault::unknown_key);
    // The id of another key does not make it that key.
    CHECK(verifier({hs("2026-01")}).verify(TokenKind::access, old_token, issued).fault() == TokenFault::bad_signature);
}

TEST_CASE("the header's algorithm never chooses how a token is verified") {
    CHECK(fault_of(forged(R"({"alg":"none","kid":"k1","typ":"at+jwt"})", good_payload)) == TokenFault::wrong_algorithm);
    const auto unsigned_token =
        base64url_encode(R"({"alg":"none","kid":"k1","typ":"at+jwt"})") + "." + std::string(foreign_payload) + ".";
    CHECK(fault_of(unsigned_token) == TokenFault::wrong_algorithm);
    for (const auto* algorithm : {"None", "hs256", "HS512", "RS256", "ES256", ""}) {
        const auto header = cat(R"({"alg":")", algorithm, R"(","kid":"k1","typ":"at+jwt"})");
        CHECK(fault_of(forged(header, good_payload)) == TokenFault::wrong_algorithm);
    }
    // A public key that is taken for a secret.
    CHECK(fault_of(forged(R"({"alg":"HS256","kid":"e1","typ":"at+jwt"})", good_payload, public_pem)) ==
          TokenFault::wrong_algorithm);
    CHECK(fault_of(forged(R"({"alg":"ES256","kid":"e1","typ":"at+jwt"})", good_payload, public_pem)) ==
          TokenFault::bad_signature);
}

TEST_CASE("a header has exactly alg, kid and typ, once each") {
    REQUIRE(verifier({hs()}).verify(TokenKind::access, forged(good_header, good_payload), issued).ok());
    const auto fault = [](std::string_view header) { return fault_of(forged(header, good_payload)); };
    CHECK(fault(R"({"alg":"HS256","typ":"at+jwt"})") == TokenFault::bad_header);
    CHECK(fault(R"({"kid":"k1","typ":"at+jwt"})") == TokenFault::bad_header);
    CHECK(fault(R"({"alg":"HS256","kid":"k1"})") == TokenFault::bad_header);
    CHECK(fault(R"({"alg":"HS256","kid":1,"typ":"at+jwt"})") == TokenFault::bad_header);
    CHECK(fault(R"({"alg":["HS256"],"kid":"k1","typ":"at+jwt"})") == TokenFault::bad_header);
    CHECK(fault(R"({"alg":"HS256","kid":"k1","typ":"at+jwt","jwk":{"kty":"oct","k":"AA"}})") == TokenFault::bad_header);
    CHECK(fault(R"({"alg":"HS256","kid":"k1","typ":"at+jwt","jku":"https://a.example/keys"})") ==
          TokenFault::bad_header);
    CHECK(fault(R"({"alg":"HS256","kid":"k1","typ":"at+jwt","crit":["b64"],"b64":false})") ==
          TokenFault::unknown_critical);
    CHECK(fault(R"({"alg":"HS256","kid":"k1","typ":"at+jwt","crit":[]})") == TokenFault::unknown_critical);
    CHECK(fault(R"({"alg":"HS256","kid":"k2","typ":"at+jwt"})") == TokenFault::unknown_key);
    CHECK(fault(R"({"alg":"HS256","kid":"../../dev/null","typ":"at+jwt"})") == TokenFault::unknown_key);
    CHECK(fault(R"({"alg":"HS256","kid":"k1","typ":"JWT"})") == TokenFault::wrong_kind);
    CHECK(fault(R"({"alg":"HS256","alg":"HS256","kid":"k1","typ":"at+jwt"})") == TokenFault::malformed);
    CHECK(fault(R"({"alg":"none","kid":"k1","typ":"at+jwt","alg":"HS256"})") == TokenFault::malformed);
    CHECK(fault(R"(["HS256","k1","at+jwt"])") == TokenFault::malformed);
    CHECK(fault("HS256") == TokenFault::malformed);
    CHECK(fault("") == TokenFault::malformed);
}

TEST_CASE("a changed token is refused, wherever it is changed") {
    for (const auto& token : {foreign_hs256, foreign_es256}) {
        const auto both = verifier({hs(), es_public()});
        for (std::size_t at = 0; at < token.size(); ++at) {
            auto changed = token;
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            CHECK_MESSAGE(!both.verify(TokenKind::access, changed, issued).ok(), at);
        }
    }
}

TEST_CASE("a signature of another form is refused") {
    const auto text = foreign_es256.substr(0, foreign_es256.rfind('.') + 1);
    CHECK(fault_of(text) == TokenFault::bad_signature);
    for (const std::size_t bytes : {1, 32, 63, 64, 65, 128, 1000}) {
        CHECK(fault_of(text + base64url_encode(std::string(bytes, '\0'))) == TokenFault::bad_signature);
        CHECK(fault_of(text + base64url_encode(std::string(bytes, '\xff'))) == TokenFault::bad_signature);
    }
    const auto short_text = foreign_hs256.substr(0, foreign_hs256.rfind('.') + 1);
    CHECK(fault_of(short_text) == TokenFault::bad_signature);
    const auto whole = hmac(short_text.substr(0, short_text.size() - 1), secret);
    REQUIRE(verifier({hs()}).verify(TokenKind::access, short_text + base64url_encode(whole), issued).ok());
    CHECK(fault_of(short_text + base64url_encode(whole.substr(0, 31))) == TokenFault::bad_signature);
    CHECK(fault_of(short_text + base64url_encode(whole + "x")) == TokenFault::bad_signature);
}

TEST_CASE("text that is no token is malformed") {
    for (const std::string& token :
         {std::string(), std::string("."), std::string(".."), std::string("a.b"), std::string("a.b.c"),
          foreign_hs256 + ".", foreign_hs256 + "=", foreign_hs256 + "\n", " " + foreign_hs256, "." + foreign_hs256,
          foreign_hs256.substr(0, foreign_hs256.rfind('.')), std::string(4096, '.'), std::string(4096, 'e')}) {
        CHECK_MESSAGE(fault_of(token) == TokenFault::malformed, token);
    }
    CHECK(fault_of(forged(good_header, "[]")) == TokenFault::malformed);
    CHECK(fault_of(forged(good_header, good_payload + "{}")) == TokenFault::malformed);
    CHECK(fault_of(forged(good_header, replaced(good_payload, R"("sub")", R"("role")"))) == TokenFault::malformed);
}

TEST_CASE("a token has at most 4 KiB") {
    CHECK(fault_of(std::string(4097, 'e')) == TokenFault::too_large);
    auto payload = good_payload;
    payload.insert(payload.size() - 1, R"(,"x":")" + std::string(2900, 'x') + '"');
    const auto token = forged(good_header, payload);
    REQUIRE(token.size() > 4096);
    CHECK(fault_of(token) == TokenFault::too_large);
}

TEST_CASE("claims are all there, of their types and within their bounds") {
    const auto fault = [](std::string_view what, std::string_view by) {
        return fault_of(forged(good_header, replaced(good_payload, what, by)));
    };
    for (const auto* name : {"iss", "aud", "sub", "role", "scope", "jti", "family", "iat", "nbf", "exp"}) {
        CHECK(fault(cat("\"", name, "\""), "\"other\"") == TokenFault::bad_claims);
    }
    CHECK(fault(R"("operator")", R"("root")") == TokenFault::bad_claims);
    CHECK(fault(R"("operator")", "1") == TokenFault::bad_claims);
    CHECK(fault("status:read", "everything") == TokenFault::bad_claims);
    CHECK(fault("\"0011\"", "\"\"") == TokenFault::bad_claims);
    CHECK(fault("\"f1\"", cat("\"", std::string(257, 'f'), "\"")) == TokenFault::bad_claims);
    CHECK(fault("\"admin@system.example\"", "null") == TokenFault::bad_claims);
    CHECK(fault("\"stipend-api\"", R"(["stipend-api"])") == TokenFault::bad_claims);
    for (const auto* time : {"1800000900.5", "18e8", "-1", "\"1800000900\"", "253402300800", "99999999999999999999",
                             "9223372036854775807", "1800000000", "null"}) {
        CHECK_MESSAGE(fault("1800000900", time) == TokenFault::bad_claims, time);
    }
    CHECK(fault("https://manager.example", "https://other.example") == TokenFault::wrong_issuer);
    CHECK(fault("https://manager.example", "https://manager.example/") == TokenFault::wrong_issuer);
    CHECK(fault("stipend-api", "stipend") == TokenFault::wrong_audience);
}

TEST_CASE("times are checked with a leeway of 30 s") {
    const auto one = verifier({hs()});
    const auto ok = [&](std::string_view token, std::int64_t now) {
        return one.verify(TokenKind::access, token, now).ok();
    };
    CHECK(ok(foreign_hs256, issued + 929));
    CHECK(fault_of(foreign_hs256, issued + 930) == TokenFault::expired);
    CHECK(ok(foreign_hs256, issued - 30));
    CHECK(fault_of(foreign_hs256, issued - 31) == TokenFault::not_yet_valid);
    const auto from_now_on = forged(good_header, replaced(good_payload, R"("nbf":1800000000)", R"("nbf":1700000000)"));
    CHECK(ok(from_now_on, issued - 30));
    CHECK(fault_of(from_now_on, issued - 31) == TokenFault::issued_in_future);
    const auto later = forged(good_header, replaced(good_payload, R"("nbf":1800000000)", R"("nbf":1800000100)"));
    CHECK(ok(later, issued + 70));
    CHECK(fault_of(later, issued + 69) == TokenFault::not_yet_valid);
}

TEST_CASE("keys that are weak or of another kind are refused") {
    const auto refused = [](const Result<TokenKey>& key) {
        return !key.ok() && key.error().status == STIPEND_E_INVALID;
    };
    CHECK(refused(TokenKey::hs256("k", secret.substr(1))));
    for (const auto* kid : {"", "a b", "a\"b", "a/b", "a\n"}) CHECK(refused(TokenKey::hs256(kid, secret)));
    CHECK(refused(TokenKey::hs256(std::string(65, 'k'), secret)));
    for (const auto pem : {p384_pem, secp256k1_pem, encrypted_pem, public_pem, secret, std::string_view()}) {
        CHECK_MESSAGE(refused(TokenKey::es256_private("e", pem)), pem);
    }
    for (const auto pem : {p384_pem, private_pem, secret, std::string_view()}) {
        CHECK_MESSAGE(refused(TokenKey::es256_public("e", pem)), pem);
    }
    CHECK(!TokenSigner::make(es_public(), parties()).ok());
    CHECK(!TokenVerifier::make({}, parties()).ok());
    CHECK(!TokenVerifier::make({hs("a"), hs("b"), hs("a")}, parties()).ok());
    CHECK(!TokenVerifier::make({hs()}, {.issuer = "", .audience = "a"}).ok());
    CHECK(!TokenSigner::make(hs(), {.issuer = "a", .audience = ""}).ok());
}

TEST_CASE("a signer writes nothing that a verifier refuses") {
    const auto signer = made(TokenSigner::make(hs(), parties()));
    const auto refused = [&](auto change) {
        auto changed = claims();
        change(changed);
        return !signer.sign(TokenKind::access, changed).ok();
    };
    CHECK(refused([](TokenClaims& c) { c.subject.clear(); }));
    CHECK(refused([](TokenClaims& c) { c.id.clear(); }));
    CHECK(refused([](TokenClaims& c) { c.family = std::string(257, 'f'); }));
    CHECK(refused([](TokenClaims& c) { c.expires_at_s = c.issued_at_s; }));
    CHECK(refused([](TokenClaims& c) { c.not_before_s = c.expires_at_s; }));
    CHECK(refused([](TokenClaims& c) { c.expires_at_s = 253'402'300'800; }));
    // Control characters take six bytes each, so that claims within their bounds make too large a token.
    CHECK(refused([](TokenClaims& c) { c.subject = c.id = c.family = std::string(256, '\x01'); }));
    auto quoted = claims();
    quoted.subject = "a\"b\\\n\xc3\xa9";
    const auto token = signer.sign(TokenKind::access, quoted);
    REQUIRE(token.ok());
    CHECK(verifier({hs()}).verify(TokenKind::access, *token, issued)->subject == quoted.subject);
}

TEST_CASE("each fault has a name of its own") {
    std::set<std::string_view> names;
    for (int fault = 0; fault <= static_cast<int>(TokenFault::issued_in_future); ++fault) {
        names.insert(name_of(static_cast<TokenFault>(fault)));
    }
    CHECK(names.size() == 14);
}

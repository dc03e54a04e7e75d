// Any bytes as what a peer signs in with, and as the files that keys are in. What is read is what would be written, and
// nothing that is not signed by a key of this host passes.
#include <array>

#include "ethereum/keystore.hpp"
#include "host/auth/api_key.hpp"
#include "host/auth/forwarded.hpp"
#include "host/auth/invitation.hpp"
#include "host/auth/jwt.hpp"
#include "host/auth/key_text.hpp"
#include "host/auth/siwe.hpp"
#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::auth;

namespace {

void check_message(std::string_view text) {
    const auto message = parse_siwe(text);
    if (!message) return;
    const auto again = build_siwe(*message);
    FUZZ_REQUIRE(again.ok() && *again == text);
    const SiweTerms terms{.origin = "https://pay.example:8443", .chain_id = message->chain_id};
    FUZZ_REQUIRE(!verify_siwe(*message, std::string(132, '0'), terms, 0));
}

// Only a signer's own tokens pass, and no input is one of those: its secret is in none.
void check_token(std::string_view text) {
    static const auto verifier = [] {
        auto key = TokenKey::hs256("k1", "fedcba9876543210fedcba9876543210");
        FUZZ_REQUIRE(key.ok());
        auto made = TokenVerifier::make({std::move(*key)}, {.issuer = "https://pay.example", .audience = "stipend"});
        FUZZ_REQUIRE(made.ok());
        return std::move(*made);
    }();
    for (const auto kind : {TokenKind::access, TokenKind::refresh}) {
        const auto claims = verifier.verify(kind, text, 1'800'000'000);
        FUZZ_REQUIRE(!claims);
        FUZZ_REQUIRE(!name_of(claims.fault()).empty());
    }
}

// Keys of a text end with its checksum, in lower case: no second text is the same key.
void check_keys(std::string_view text) {
    const auto ends_well = [&] {
        const auto body = text.substr(0, text.size() - checksum_digits);
        return text.size() > checksum_digits && text.substr(body.size()) == checksum_of(body);
    };
    if (const auto key = parse_api_key(text)) {
        FUZZ_REQUIRE(text.starts_with("stp_" + key->id + "_") && is_lower_hex(key->id) && ends_well());
        FUZZ_REQUIRE(key->hash == sha256(text));
    }
    if (const auto invitation = parse_invitation(text)) {
        FUZZ_REQUIRE(text.starts_with("sti_" + invitation->id + "_") && is_lower_hex(invitation->id) && ends_well());
        FUZZ_REQUIRE(text.find(invitation->place) != std::string_view::npos);
    }
}

// A client never counts as one of the proxies, and without a trusted peer nothing that is said counts.
void check_forwarded(std::string_view text) {
    static const auto proxies = std::array{*IpRange::parse("10.0.0.0/8")};
    const auto proxy = *IpAddress::parse("10.0.0.1");
    const auto stranger = *IpAddress::parse("198.51.100.9");
    const auto comma = std::min(text.find('\n'), text.size());
    const std::array fields{text.substr(0, comma), text.substr(comma)};
    FUZZ_REQUIRE(client_address(stranger, fields, proxies) == stranger);
    static_cast<void>(client_address(proxy, fields, proxies));
}

// The costs of a file are bounded before they are paid. Files that take long are left out: the bounds have a test.
void check_key_files(std::string_view text) {
    for (const auto& key : {TokenKey::es256_private("k", text), TokenKey::es256_public("k", text)}) {
        if (key) FUZZ_REQUIRE(key->algorithm() == TokenAlgorithm::es256 && key->kid() == "k");
    }
    const auto json = parse_json(text, {.bytes = ethereum::max_keystore_bytes});
    const auto* crypto = json && json->is(Json::Kind::object) ? json->find("crypto") : nullptr;
    const auto* costs = crypto != nullptr && crypto->is(Json::Kind::object) ? crypto->find("kdfparams") : nullptr;
    if (costs != nullptr && costs->is(Json::Kind::object)) {
        for (const auto* name : {"n", "r", "p", "c"}) {
            const auto* cost = costs->find(name);
            if (cost != nullptr && cost->is(Json::Kind::number) && cost->text().size() > 2 && cost->text().size() < 8) {
                return;
            }
        }
    }
    FUZZ_REQUIRE(!ethereum::open_keystore(text, "no passphrase of any input"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_message(text);
    check_token(text);
    check_keys(text);
    check_forwarded(text);
    check_key_files(text);
    return 0;
}

// Sign-In with Ethereum and proofs of payout addresses: strict texts, and neither taken for the other.
#include "host/auth/siwe.hpp"

#include <doctest/doctest.h>

#include "host/auth/challenge_response.hpp"
#include "host/auth/payout_proof.hpp"
#include "host/base/time.hpp"
#include "wallet.hpp"

using namespace stipend;
using namespace stipend::auth;
using namespace stipend::auth::testing;

namespace {

// The example of EIP-4361.
const std::string eip_example =
    "service.invalid wants you to sign in with your Ethereum account:\n"
    "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n"
    "\n"
    "I accept the ServiceOrg Terms of Service: https://service.invalid/tos\n"
    "\n"
    "URI: https://service.invalid/login\n"
    "Version: 1\n"
    "Chain ID: 1\n"
    "Nonce: 32891757\n"
    "Issued At: 2021-09-30T16:25:24.000Z\n"
    "Resources:\n"
    "- ipfs://Qme7ss3ARVgxv6rXqVPiikMJ8u2NLgmgszg13pYrDKEoiu\n"
    "- https://example.com/my-web2-claim.json";

const std::string full_example =
    "https://manager.example:8010 wants you to sign in with your Ethereum account:\n"
    "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\n"
    "\n"
    "\n"
    "URI: https://manager.example:8010\n"
    "Version: 1\n"
    "Chain ID: 42161\n"
    "Nonce: 00112233445566778899aabbccddeeff\n"
    "Issued At: 2027-01-15T08:00:00Z\n"
    "Expiration Time: 2027-01-15T08:05:00+00:00\n"
    "Not Before: 2027-01-15T07:59:00.5Z\n"
    "Request ID: a:b@%20";

std::string edited(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    REQUIRE_MESSAGE(at != std::string::npos, what);
    return text.replace(at, what.size(), by);
}

stipend_unix_ns time_of(std::string_view text) {
    return *parse_utc(text);
}

const SiweTerms siwe_terms{.origin = "https://manager.example:8010", .chain_id = 42161};

SiweMessage login() {
    return {.scheme = {},
            .domain = "manager.example:8010",
            .address = *EthAddress::parse(wallet_address),
            .statement = "Log in to stipend.",
            .uri = "https://manager.example:8010/api/v1/auth/login",
            .chain_id = 42161,
            .nonce = "00112233445566778899aabbccddeeff",
            .issued_at = "2027-01-15T08:00:00.000Z",
            .expiration_time = {},
            .not_before = {},
            .request_id = {},
            .resources = {}};
}

std::string signed_login(const SiweMessage& message, std::string_view key = wallet_key) {
    return personal_sign(*build_siwe(message), key);
}

SiweFault siwe_fault(const SiweMessage& message, std::string_view at = "2027-01-15T08:00:01Z") {
    const auto checked = verify_siwe(message, signed_login(message), siwe_terms, time_of(at));
    REQUIRE(!checked.ok());
    return checked.fault();
}

PayoutProof payout() {
    return {.origin = "https://manager.example:8010",
            .orchestrator_id = "orch-1",
            .address = *EthAddress::parse(wallet_address),
            .successor = {},
            .nonce = "00112233445566778899aabbccddeeff"};
}

}  // namespace

TEST_CASE("the example of EIP-4361 is read and built as the same text") {
    const auto message = parse_siwe(eip_example);
    REQUIRE(message.ok());
    CHECK(!message->scheme);
    CHECK(message->domain == "service.invalid");
    CHECK(message->address.text() == "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    CHECK(message->statement == "I accept the ServiceOrg Terms of Service: https://service.invalid/tos");
    CHECK(message->uri == "https://service.invalid/login");
    CHECK(message->chain_id == 1);
    CHECK(message->nonce == "32891757");
    CHECK(message->issued_at == "2021-09-30T16:25:24.000Z");
    CHECK(message->resources.size() == 2);
    CHECK(*build_siwe(*message) == eip_example);
}

TEST_CASE("all optional fields are read, and none of them is needed") {
    const auto message = parse_siwe(full_example);
    REQUIRE(message.ok());
    CHECK(message->scheme == "https");
    CHECK(message->domain == "manager.example:8010");
    CHECK(!message->statement);
    CHECK(message->chain_id == 42161);
    CHECK(message->expiration_time == "2027-01-15T08:05:00+00:00");
    CHECK(message->not_before == "2027-01-15T07:59:00.5Z");
    CHECK(message->request_id == "a:b@%20");
    CHECK(*build_siwe(*message) == full_example);
    const auto least = parse_siwe(full_example.substr(0, full_example.find("\nExpiration")));
    REQUIRE(least.ok());
    CHECK(!least->expiration_time);
    CHECK(!least->not_before);
    CHECK(!least->request_id);
    CHECK(least->resources.empty());
}

TEST_CASE("a text that differs from the format is refused") {
    const std::pair<std::string_view, std::string_view> changes[] = {
        {"service.invalid wants", " wants"},
        {"service.invalid wants", "user@service.invalid wants"},
        {"service.invalid wants", "service.invalid/a wants"},
        {"service.invalid wants", "://service.invalid wants"},
        {"service.invalid wants", "1x://service.invalid wants"},
        {" wants you to sign in", " wants you to Sign in"},
        {"account:\n", "account: \n"},
        {"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"},
        {"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xC02AAA39B223FE8D0A0E5C4F27EAD9083C756CC2"},
        {"0xC02aaA", "0xC02aAA"},
        {"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x0000000000000000000000000000000000000000"},
        {"Cc2\n\n", "Cc2\n"},
        {"Cc2\n\n", "Cc2\n\n\n"},
        {"I accept", "I\naccept"},
        {"I accept", "I\xc3\xa9 accept"},
        {"I accept", "I\taccept"},
        {"I accept", "\"I\" accept"},
        {"tos\n\nURI", "tos\nURI"},
        {"tos\n\nURI", "tos\n\n\nURI"},
        {"URI: https://service.invalid/login", "URI: service.invalid"},
        {"URI: https://service.invalid/login", "URI: https://service.invalid/%zz"},
        {"URI: https://service.invalid/login", "URI: https://service.invalid/a b"},
        {"URI: ", "URI:"},
        {"Version: 1", "Version: 2"},
        {"Version: 1\n", ""},
        {"Chain ID: 1", "Chain ID: 01"},
        {"Chain ID: 1", "Chain ID: -1"},
        {"Chain ID: 1", "Chain ID: 0x1"},
        {"Chain ID: 1", "Chain ID: "},
        {"Chain ID: 1", "Chain ID: 18446744073709551616"},
        {"Version: 1\nChain ID: 1", "Chain ID: 1\nVersion: 1"},
        {"32891757", "3289175"},
        {"32891757", "32891757-"},
        {"32891757", ""},
        {"2021-09-30T16:25:24.000Z", "2021-09-30 16:25:24Z"},
        {"2021-09-30T16:25:24.000Z", "2021-09-31T16:25:24Z"},
        {"2021-09-30T16:25:24.000Z", "yesterday"},
        {"\nIssued At: 2021-09-30T16:25:24.000Z", ""},
        {"000Z\n", "000Z\nRequest ID: a/b\n"},
        {"000Z\n", "000Z\nNot Before: 2021-09-30T16:25:24.000Z\nExpiration Time: 2021-09-30T16:25:24.000Z\n"},
        {"000Z\n", "000Z\nExpiration Time: never\n"},
        {"000Z\n", "000Z\nNonce: 32891757\n"},
        {"Resources:\n", "Resources: \n"},
        {"- ipfs", "-ipfs"},
        {"- ipfs", "- \n- ipfs"},
        {"claim.json", "claim.json\n"},
        {"claim.json", "claim.json\n\n"},
        {"claim.json", "claim.json\nResources:"},
        {"claim.json", "claim.json\r\n"},
        {"\n", "\r\n"},
    };
    for (const auto& [what, by] : changes) CHECK_MESSAGE(!parse_siwe(edited(eip_example, what, by)).ok(), by);
    const auto without_list = eip_example.substr(0, eip_example.find("\n- ipfs"));
    CHECK(!parse_siwe(without_list).ok());
    // A beginning of a message is none, until the time has its zone.
    const auto least = eip_example.find("24.000Z") + 7;
    for (std::size_t size = 0; size < least; ++size) CHECK_MESSAGE(!parse_siwe(eip_example.substr(0, size)).ok(), size);
    CHECK(!parse_siwe(edited(eip_example, "claim.json", std::string(4000, 'c'))).ok());
    std::string many = eip_example;
    for (int at = 0; at < 15; ++at) many += "\n- https://example.com/";
    CHECK(!parse_siwe(many).ok());
}

TEST_CASE("a message is not built with a line end inside a field") {
    auto message = login();
    message.statement = "a\n\nURI: https://other.example";
    CHECK(!build_siwe(message).ok());
    message = login();
    message.nonce += "\nIssued";
    CHECK(!build_siwe(message).ok());
    message = login();
    message.resources = {"https://a.example\nhttps://b.example"};
    CHECK(!build_siwe(message).ok());
    CHECK(build_siwe(login()).ok());
}

TEST_CASE("a login is verified by its signature, its site and its times") {
    const auto message = login();
    const auto parsed_again = parse_siwe(*build_siwe(message));
    REQUIRE(parsed_again.ok());
    const auto checked = verify_siwe(*parsed_again, signed_login(message), siwe_terms, time_of("2027-01-15T08:00:01Z"));
    REQUIRE(checked.ok());
    CHECK(checked->text() == wallet_address);
    const auto full = parse_siwe(full_example);
    CHECK(verify_siwe(*full, personal_sign(full_example), siwe_terms, time_of("2027-01-15T08:00:01Z")).ok());
}

TEST_CASE("a login for another site, chain or wallet is refused") {
    auto message = login();
    message.domain = "manager.example";
    CHECK(siwe_fault(message) == SiweFault::wrong_domain);
    message = login();
    message.scheme = "http";
    CHECK(siwe_fault(message) == SiweFault::wrong_domain);
    for (const auto* uri : {"https://other.example/", "https://manager.example:80100/", "http://manager.example:8010/",
                            "https://manager.example:8010@other.example/"}) {
        message = login();
        message.uri = uri;
        CHECK_MESSAGE(siwe_fault(message) == SiweFault::wrong_uri, uri);
    }
    message = login();
    message.chain_id = 1;
    CHECK(siwe_fault(message) == SiweFault::wrong_chain);

    const auto now = time_of("2027-01-15T08:00:01Z");
    message = login();
    CHECK(verify_siwe(message, signed_login(message, other_key), siwe_terms, now).fault() == SiweFault::wrong_signer);
    CHECK(verify_siwe(message, "0x00", siwe_terms, now).fault() == SiweFault::bad_signature);
    // A signature of one message does not serve for another.
    auto other = login();
    other.nonce = "ffeeddccbbaa99887766554433221100";
    const auto checked = verify_siwe(other, signed_login(message), siwe_terms, now);
    REQUIRE(!checked.ok());
    CHECK(checked.fault() == SiweFault::wrong_signer);
    message.nonce = "short";
    CHECK(verify_siwe(message, signed_login(login()), siwe_terms, now).fault() == SiweFault::malformed);
}

TEST_CASE("a login is for 300 s, or until its own expiration, with a leeway of 30 s") {
    const auto ok = [](const SiweMessage& message, std::string_view at) {
        return verify_siwe(message, signed_login(message), siwe_terms, time_of(at)).ok();
    };
    auto message = login();
    CHECK(ok(message, "2027-01-15T07:59:30Z"));
    CHECK(siwe_fault(message, "2027-01-15T07:59:29.999Z") == SiweFault::not_yet_valid);
    CHECK(ok(message, "2027-01-15T08:05:29.999Z"));
    CHECK(siwe_fault(message, "2027-01-15T08:05:30Z") == SiweFault::expired);
    message.expiration_time = "2027-01-15T08:01:00Z";
    CHECK(ok(message, "2027-01-15T08:01:29.999Z"));
    CHECK(siwe_fault(message, "2027-01-15T08:01:30Z") == SiweFault::expired);
    message.not_before = "2027-01-15T08:01:00Z";
    CHECK(ok(message, "2027-01-15T08:00:30Z"));
    CHECK(siwe_fault(message, "2027-01-15T08:00:29.999Z") == SiweFault::not_yet_valid);
}

TEST_CASE("a payout address is proven by a text that names manager, orchestrator, address and purpose") {
    CHECK(*build_payout_proof(payout()) ==
          "stipend: proof of a payout address\n\n"
          "Manager: https://manager.example:8010\n"
          "Orchestrator: orch-1\n"
          "Address: 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\n"
          "Purpose: receive payments at this address\n"
          "Nonce: 00112233445566778899aabbccddeeff");
    const auto signature = personal_sign(*build_payout_proof(payout()));
    REQUIRE(verify_payout_proof(payout(), signature).ok());
    CHECK(verify_payout_proof(payout(), signature)->text() == wallet_address);
    const auto other = *EthAddress::parse(other_address);
    const auto refused = [&](auto change) {
        auto changed = payout();
        change(changed);
        const auto checked = verify_payout_proof(changed, signature);
        return !checked.ok() && checked.fault() == PayoutFault::wrong_signer;
    };
    CHECK(refused([](PayoutProof& p) { p.origin = "https://other.example"; }));
    CHECK(refused([](PayoutProof& p) { p.orchestrator_id = "orch-2"; }));
    CHECK(refused([&](PayoutProof& p) { p.address = other; }));
    CHECK(refused([&](PayoutProof& p) { p.successor = other; }));
    CHECK(refused([](PayoutProof& p) { p.nonce[0] = '1'; }));
    CHECK(verify_payout_proof(payout(), "0x").fault() == PayoutFault::bad_signature);
}

TEST_CASE("the old address hands over to a new one, by its own signature only") {
    auto proof = payout();
    proof.successor = EthAddress::parse(other_address);
    const auto text = build_payout_proof(proof);
    REQUIRE(text.ok());
    CHECK(text->find("Purpose: hand payments over to " + std::string(other_address)) != std::string::npos);
    CHECK(verify_payout_proof(proof, personal_sign(*text)).ok());
    CHECK(verify_payout_proof(proof, personal_sign(*text, other_key)).fault() == PayoutFault::wrong_signer);
    proof.successor = proof.address;
    CHECK(verify_payout_proof(proof, personal_sign(*text)).fault() == PayoutFault::malformed);
}

TEST_CASE("a proof is not built with a field of another form") {
    const auto refused = [](auto change) {
        auto changed = payout();
        change(changed);
        return !build_payout_proof(changed).ok();
    };
    for (const auto* origin : {"", "manager.example", "https://", "https://a.example/", "ftp://a.example",
                               "https://u@a.example", "https://a.example\nManager: https://b.example"}) {
        CHECK_MESSAGE(refused([&](PayoutProof& p) { p.origin = origin; }), origin);
    }
    for (const std::string& id : {std::string(), std::string("a\nAddress: b"), std::string("a\x7f"),
                                  std::string("\xc3\xa9"), std::string(257, 'i')}) {
        CHECK_MESSAGE(refused([&](PayoutProof& p) { p.orchestrator_id = id; }), id);
    }
    CHECK(refused([](PayoutProof& p) { p.nonce = "1234567"; }));
    CHECK(refused([](PayoutProof& p) { p.nonce = "12345678\n"; }));
}

TEST_CASE("a login proves no address, a proof is no login, and a bare challenge is neither") {
    const auto now = time_of("2027-01-15T08:00:01Z");
    const auto login_signature = signed_login(login());
    const auto proof_text = *build_payout_proof(payout());
    const auto proof_signature = personal_sign(proof_text);
    const auto bare_signature = personal_sign(payout().nonce);
    CHECK(verify_payout_proof(payout(), login_signature).fault() == PayoutFault::wrong_signer);
    CHECK(verify_payout_proof(payout(), bare_signature).fault() == PayoutFault::wrong_signer);
    CHECK(verify_siwe(login(), proof_signature, siwe_terms, now).fault() == SiweFault::wrong_signer);
    CHECK(verify_siwe(login(), bare_signature, siwe_terms, now).fault() == SiweFault::wrong_signer);
    const auto address = *EthAddress::parse(wallet_address);
    CHECK(!signed_response_matches(login_signature, payout().nonce, address));
    CHECK(!signed_response_matches(proof_signature, payout().nonce, address));
    // No proof reads as a login, whatever an orchestrator's id is.
    CHECK(!parse_siwe(proof_text).ok());
    auto crafted = payout();
    crafted.orchestrator_id = "a.example wants you to sign in with your Ethereum account:";
    CHECK(!parse_siwe(*build_payout_proof(crafted)).ok());
}

// Challenges: used once, for one id, in bounded number; and both forms of response.
#include "host/auth/challenge.hpp"

#include <doctest/doctest.h>

#include "host/auth/challenge_response.hpp"
#include "host/auth/eth_signature.hpp"
#include "wallet.hpp"

using namespace stipend;
using namespace stipend::auth;
using namespace stipend::auth::testing;

namespace {

constexpr stipend_unix_ns start = 1'800'000'000'000'000'000;
constexpr std::int64_t second = 1'000'000'000;

std::string issued_by(ChallengeStore& store, std::string_view id, stipend_unix_ns at = start) {
    auto text = store.issue(id, at);
    REQUIRE(text.ok());
    return std::move(*text);
}

}  // namespace

TEST_CASE("a challenge is taken once, by its own id") {
    ChallengeStore store;
    const auto text = issued_by(store, "orch-1");
    CHECK(text.size() == 64);
    CHECK(is_hex(text));
    issued_by(store, "orch-2");
    CHECK(store.take("orch-2", text, start) == ChallengeFault::unknown);
    CHECK(store.take("orch-3", text, start) == ChallengeFault::unknown);
    CHECK(store.take("orch-1", text.substr(1), start) == ChallengeFault::unknown);
    CHECK(store.take("orch-1", "", start) == ChallengeFault::unknown);
    CHECK(store.take("orch-1", text, start) == ChallengeFault::none);
    CHECK(store.take("orch-1", text, start) == ChallengeFault::unknown);
    CHECK(store.size() == 1);
}

TEST_CASE("a new challenge does not void an older one") {
    ChallengeStore store;
    const auto first = issued_by(store, "orch-1");
    const auto newer = issued_by(store, "orch-1", start + 60 * second);
    CHECK(first != newer);
    CHECK(store.take("orch-1", newer, start + 61 * second) == ChallengeFault::none);
    CHECK(store.take("orch-1", first, start + 299 * second) == ChallengeFault::none);
}

TEST_CASE("a challenge expires after 300 s, and is then used up") {
    ChallengeStore store;
    const auto text = issued_by(store, "orch-1");
    const auto other = issued_by(store, "orch-1");
    CHECK(store.take("orch-1", other, start + 300 * second - 1) == ChallengeFault::none);
    CHECK(store.take("orch-1", text, start + 300 * second) == ChallengeFault::expired);
    CHECK(store.take("orch-1", text, start) == ChallengeFault::unknown);
    // Those that expired are dropped when another one is issued.
    issued_by(store, "orch-1");
    issued_by(store, "orch-2", start + 300 * second);
    CHECK(store.size() == 1);
}

TEST_CASE("a clock that is set back voids no challenge") {
    ChallengeStore store;
    const auto text = issued_by(store, "orch-1");
    CHECK(store.take("orch-1", text, start - 1000 * second) == ChallengeFault::none);
}

TEST_CASE("an id has so many challenges, and the oldest is dropped first") {
    ChallengeStore store({.per_id = 2, .in_all = 100});
    const auto first = issued_by(store, "orch-1");
    const auto other = issued_by(store, "orch-2");
    const auto second_one = issued_by(store, "orch-1");
    const auto third = issued_by(store, "orch-1");
    CHECK(store.size() == 3);
    CHECK(store.take("orch-1", first, start) == ChallengeFault::unknown);
    CHECK(store.take("orch-1", second_one, start) == ChallengeFault::none);
    CHECK(store.take("orch-1", third, start) == ChallengeFault::none);
    CHECK(store.take("orch-2", other, start) == ChallengeFault::none);
}

TEST_CASE("there are so many challenges in all, expired ones are dropped first, then the oldest") {
    ChallengeStore store({.per_id = 2, .in_all = 3});
    const auto expired = issued_by(store, "a", start);
    const auto b = issued_by(store, "b", start + 299 * second);
    const auto c = issued_by(store, "c", start + 299 * second);
    // "a" expires, so nothing else has to go.
    const auto d = issued_by(store, "d", start + 300 * second);
    CHECK(store.size() == 3);
    const auto e = issued_by(store, "e", start + 300 * second);
    CHECK(store.size() == 3);
    CHECK(store.take("b", b, start + 300 * second) == ChallengeFault::unknown);
    CHECK(store.take("c", c, start + 300 * second) == ChallengeFault::none);
    CHECK(store.take("d", d, start + 300 * second) == ChallengeFault::none);
    CHECK(store.take("e", e, start + 300 * second) == ChallengeFault::none);
    CHECK(store.take("a", expired, start + 300 * second) == ChallengeFault::unknown);
    CHECK(store.size() == 0);
    for (int at = 0; at < 1000; ++at) issued_by(store, std::to_string(at), start + 301 * second);
    CHECK(store.size() == 3);
}

TEST_CASE("an id has 1 to 256 bytes, and is forgotten as a whole") {
    ChallengeStore store;
    CHECK(store.issue("", start).error().status == STIPEND_E_INVALID);
    CHECK(store.issue(std::string(257, 'i'), start).error().status == STIPEND_E_INVALID);
    const std::string longest(256, 'i');
    const auto text = issued_by(store, longest);
    issued_by(store, longest);
    const auto other = issued_by(store, "other");
    store.forget(longest);
    store.forget("never issued");
    CHECK(store.size() == 1);
    CHECK(store.take(longest, text, start) == ChallengeFault::unknown);
    CHECK(store.take("other", other, start) == ChallengeFault::none);
}

TEST_CASE("a response by the secret is the SHA-256 of challenge, id and secret") {
    const std::string secret(64, 'a');
    constexpr std::string_view challenge = "00112233445566778899aabbccddeeff";
    constexpr std::string_view right = "cf4ce368d59994f2014ca7f60612b56f0ce34d1358eee90b27f2c6d22e78c92c";
    CHECK(secret_response_matches(right, challenge, "orch-1", secret));
    CHECK(secret_response_matches("CF4CE368D59994F2014CA7F60612B56F0CE34D1358EEE90B27F2C6D22E78C92C", challenge,
                                  "orch-1", secret));
    CHECK(!secret_response_matches(right, challenge, "orch-2", secret));
    CHECK(!secret_response_matches(right, "00112233445566778899aabbccddeefe", "orch-1", secret));
    CHECK(!secret_response_matches(right, challenge, "orch-1", secret.substr(1)));
    CHECK(!secret_response_matches(std::string(right) + "00", challenge, "orch-1", secret));
    CHECK(!secret_response_matches(right.substr(2), challenge, "orch-1", secret));
    CHECK(!secret_response_matches("0x" + std::string(right.substr(2)), challenge, "orch-1", secret));
    CHECK(!secret_response_matches("", challenge, "orch-1", secret));
    CHECK(!secret_response_matches(hex_encode(std::string_view()), challenge, "orch-1", secret));
}

TEST_CASE("an empty secret matches no response") {
    // SHA-256 of "c:i:".
    CHECK(!secret_response_matches("0970035507721fb1eabfb41a7716a4a37c43b9942d2740b43e661e1dabcec0da", "c", "i", ""));
}

TEST_CASE("a response by signature is made by the key of the address, of the challenge's text") {
    constexpr std::string_view challenge = "00112233445566778899aabbccddeeff";
    const auto address = *EthAddress::parse(wallet_address);
    const auto right = personal_sign(challenge);
    CHECK(is_signed_response(right));
    CHECK(!is_signed_response("cf4ce368d59994f2014ca7f60612b56f0ce34d1358eee90b27f2c6d22e78c92c"));
    CHECK(signed_response_matches(right, challenge, address));
    CHECK(!signed_response_matches(right, challenge, *EthAddress::parse(other_address)));
    CHECK(!signed_response_matches(right, "00112233445566778899aabbccddeefe", address));
    CHECK(!signed_response_matches(personal_sign(challenge, other_key), challenge, address));
    CHECK(!signed_response_matches("", challenge, address));
    // The signature is of the text, not of the bytes that it spells.
    const auto bytes = hex_decode(challenge);
    REQUIRE(bytes.has_value());
    const std::string raw(bytes->begin(), bytes->end());
    CHECK(!signed_response_matches(personal_sign(raw), challenge, address));
}

// Hashes of passwords: vectors of the reference implementation, bounds, and what is refused before it is computed.
#include "host/auth/password.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <set>

using namespace stipend;
using namespace stipend::auth;

namespace {

constexpr PasswordCost cheap{.memory_kib = 64, .passes = 1, .lanes = 1};

}  // namespace

TEST_CASE("hashes of the reference implementation match, with any cost and length") {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
        {"password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
        {"password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
        {std::string_view("pass\0word-\xc3\xa9", 12),
         "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$5u/46VE6XZN9jC+SKkiF9Q"},
        {"correct horse battery staple",
         "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0"}};
    for (const auto& [password, stored] : vectors) {
        CHECK(verify_password(password, stored, cheap) == PasswordCheck::match);
        CHECK(verify_password(std::string(password) + "x", stored, cheap) == PasswordCheck::mismatch);
    }
    // A NUL does not end a password.
    CHECK(verify_password("pass", vectors[3].second, cheap) == PasswordCheck::mismatch);
    CHECK(verify_password("pass\0word", vectors[3].second, cheap) == PasswordCheck::mismatch);
}

TEST_CASE("a password matches its own hash only, and each hash has a salt of its own") {
    std::set<std::string> all;
    for (int at = 0; at < 3; ++at) {
        const auto stored = hash_password("eight by", cheap);
        REQUIRE(stored.ok());
        CHECK(stored->starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        CHECK(verify_password("eight by", *stored, cheap) == PasswordCheck::match);
        CHECK(verify_password("Eight by", *stored, cheap) == PasswordCheck::mismatch);
        all.insert(*stored);
    }
    CHECK(all.size() == 3);
}

TEST_CASE("the default cost is the recommended one, and makes hashes that match") {
    const auto stored = hash_password("correct horse battery staple", {});
    REQUIRE(stored.ok());
    CHECK(stored->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    CHECK(verify_password("correct horse battery staple", *stored, {}) == PasswordCheck::match);
    CHECK(!needs_rehash(*stored, {}));
}

TEST_CASE("the length of a password is 8 to 1024 bytes") {
    for (const std::size_t length : {0, 7, 1025, 100'000}) {
        const std::string password(length, 'p');
        CHECK(hash_password(password, cheap).error().status == STIPEND_E_INVALID);
    }
    const std::string longest(1024, 'p');
    const auto stored = hash_password(longest, cheap);
    REQUIRE(stored.ok());
    CHECK(verify_password(longest, *stored, cheap) == PasswordCheck::match);
    // The last byte counts, and a longer text is a mismatch although it begins with the password.
    CHECK(verify_password(longest.substr(1) + "q", *stored, cheap) == PasswordCheck::mismatch);
    CHECK(verify_password(longest + "p", *stored, cheap) == PasswordCheck::mismatch);
}

TEST_CASE("an account that does not exist is a mismatch") {
    CHECK(verify_password("password", std::nullopt, cheap) == PasswordCheck::mismatch);
    CHECK(verify_password("short", std::nullopt, cheap) == PasswordCheck::mismatch);
}

TEST_CASE("a stored hash that is malformed is no match and is reported as a bad record") {
    const std::string tag = "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    const std::string good = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ" + tag;
    REQUIRE(verify_password("password", good, cheap) == PasswordCheck::match);
    const std::string refused[] = {"",
                                   "password",
                                   "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$m=256,t=2,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=19$m=0256,t=2,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=19$m=+256,t=2,p=1$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=19$m=256,t=2,p=1,keyid=a$c29tZXNhbHQ" + tag,
                                   "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHR" + tag,  // bits after the salt's last byte
                                   "$argon2id$v=19$m=256,t=2,p=1$" + tag.substr(1),
                                   "$argon2id$v=19$m=256,t=2,p=1$c29t" + tag,
                                   "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65",
                                   good + "$",
                                   good + "=",
                                   good + " ",
                                   " " + good,
                                   "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + std::string(400, 'A')};
    // The alphabet of base64url is another spelling of the same bytes.
    CHECK(verify_password("password",
                          "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB_VmZZF4Oo79iDXuL5_0ttZwg2f_5U52iv1cDc",
                          cheap) == PasswordCheck::bad_record);
    for (const auto& stored : refused) {
        CHECK_MESSAGE(verify_password("password", stored, cheap) == PasswordCheck::bad_record, stored);
        CHECK(needs_rehash(stored, cheap));
    }
}

TEST_CASE("an absurd cost is refused before anything is computed") {
    const auto start = std::chrono::steady_clock::now();
    for (const auto* cost : {"m=4294967295,t=1,p=1", "m=262145,t=1,p=1", "m=99999999999,t=1,p=1",
                             "m=64,t=4294967295,p=1", "m=64,t=11,p=1", "m=64,t=1,p=5", "m=262144,t=10,p=1",
                             "m=7,t=1,p=1", "m=0,t=1,p=1", "m=64,t=0,p=1", "m=64,t=1,p=0", "m=16,t=1,p=4"}) {
        const auto stored = cat("$argon2id$v=19$", cost, "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        CHECK_MESSAGE(verify_password("password", stored, cheap) == PasswordCheck::bad_record, cost);
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(200));
    CHECK(hash_password("password", {.memory_kib = 1 << 20}).error().status == STIPEND_E_INVALID);
    CHECK(hash_password("password", {.passes = 0}).error().status == STIPEND_E_INVALID);
}

TEST_CASE("a hash of another cost is made again") {
    const auto stored = hash_password("password", cheap);
    REQUIRE(stored.ok());
    CHECK(!needs_rehash(*stored, cheap));
    CHECK(needs_rehash(*stored, {}));
    CHECK(needs_rehash(*stored, {.memory_kib = 64, .passes = 2, .lanes = 1}));
    // The reference vector has a shorter salt than this program makes.
    CHECK(needs_rehash("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                       {.memory_kib = 256, .passes = 2, .lanes = 1}));
}

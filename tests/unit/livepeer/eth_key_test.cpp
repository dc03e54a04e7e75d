#include "livepeer/eth_key.hpp"

#include <doctest/doctest.h>

#include "livepeer/credential.hpp"

using livepeer::EthKey;

namespace {

EthKey key_one() {
    std::array<std::uint8_t, 32> secret{};
    secret[31] = 1;
    return *EthKey::from_bytes(secret);
}

}  // namespace

TEST_CASE("the address of a key is the last 20 bytes of the hash of its point, in mixed case") {
    CHECK(key_one().address() == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
}

TEST_CASE("signatures are Ethereum's: recoverable, deterministic, low s") {
    CHECK(key_one().sign("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf") ==
          "0x2e05f5b96d0c24dde6256c43b4dd51d50979d8a650510a52b1317a95e9eda00d3d716748cd06e78360e29fdfe091e0c6c5a3d7ae1f"
          "b408d0b746ebdd9fa6382a1c");
    CHECK(key_one().sign(R"({"run":"echo"}{"orchestrators":{"include":["https://127.0.0.1:8935"]}})") ==
          "0xce9d4b1b5ea87aa6f0a296e9a56403c758f0a494a78449b85d317d53ee6d235d40e23bda084aad4021c761909bcd2fb3945e9a8750"
          "6b8f9b84d8c615ca1928ba1c");
    CHECK(key_one().sign("{}{}") ==
          "0x2e2f4e84f14df33ffef8de38e2911b4ddc2d857162ad8414cf4c73a8ce74872b00770fcccf951ac15fcedb734e0b0adcca21913810"
          "a53ad1476eb72ee1e4237f1b");
}

TEST_CASE("the header holds the address and its signature over itself") {
    CHECK(livepeer::credential_of(key_one()).header() ==
          "eyJhZGRyIjoiMHg3RTVGNDU1MjA5MUE2OTEyNWQ1RGZDYjdiOEMyNjU5MDI5Mzk1QmRmIiwic2lnIjoiMHgyZTA1ZjViOTZkMGMyNGRkZTYy"
          "NTZjNDNiNGRkNTFkNTA5NzlkOGE2NTA1MTBhNTJiMTMxN2E5NWU5ZWRhMDBkM2Q3MTY3NDhjZDA2ZTc4MzYwZTI5ZmRmZTA5MWUwYzZjNWEz"
          "ZDdhZTFmYjQwOGQwYjc0NmViZGQ5ZmE2MzgyYTFjIn0=");
}

TEST_CASE("an invalid key is rejected, and generated keys differ") {
    CHECK_FALSE(EthKey::from_bytes({}).ok());
    std::array<std::uint8_t, 32> order{};
    order.fill(0xff);
    CHECK_FALSE(EthKey::from_bytes(order).ok());
    const auto one = EthKey::generate();
    const auto other = EthKey::generate();
    REQUIRE(one.ok());
    REQUIRE(other.ok());
    CHECK(one->address() != other->address());
}

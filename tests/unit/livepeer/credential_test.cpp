#include "livepeer/credential.hpp"

#include <doctest/doctest.h>

#include "stipend/hex.hpp"

namespace {

// Of the private key 1.
const std::string address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const std::string signature =
    "0x2e05f5b96d0c24dde6256c43b4dd51d50979d8a650510a52b1317a95e9eda00d3d716748cd06e78360e29fdfe091e0c6c5a3d7ae1fb408d0"
    "b746ebdd9fa6382a1c";
const std::string another = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";  // of the key 2

std::string raw_signature() {
    std::string out(65, '\0');
    REQUIRE(stipend::hex_decode(signature.substr(2), {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}));
    return out;
}
std::string text_of(const std::string& addr, const std::string& sig) {
    return R"({"addr":")" + addr + R"(","sig":")" + sig + "\"}";
}

}  // namespace

TEST_CASE("a credential is read as JSON or as the header's base64, with blanks around it") {
    const auto plain = livepeer::parse_credential("  " + text_of(address, signature) + "\n");
    REQUIRE(plain.ok());
    CHECK(plain->address == address);
    CHECK(plain->json() == text_of(address, signature));
    const auto header = livepeer::parse_credential(plain->header() + "\n");
    REQUIRE(header.ok());
    CHECK(header->json() == plain->json());
}

TEST_CASE("a credential whose signature is not by its address is refused, as is what is none") {
    const auto refusal = [](const std::string& text) {
        const auto read = livepeer::parse_credential(text);
        return read ? "accepted" : read.error().message;
    };
    CHECK(refusal(text_of(another, signature)).starts_with("the signature over " + another + " is by 0x"));
    auto changed = signature;
    changed[10] = changed[10] == 'a' ? 'b' : 'a';
    CHECK(refusal(text_of(address, changed)) != "accepted");
    CHECK(refusal(text_of(address, "0x1234")) == "not a signature: want 0x and 130 hex digits");
    CHECK(refusal(text_of("0x1234", signature)).starts_with("not an Ethereum address"));
    CHECK(refusal(text_of(address, signature.substr(0, 130) + "05")).find("its last byte") != std::string::npos);
    CHECK(refusal("{}").starts_with("not a credential: addr is missing"));
    CHECK(refusal("{\"addr\":1,\"sig\":2}").starts_with("not a credential: addr"));
    CHECK(refusal("%%%").starts_with("not a credential: want {"));
    CHECK(refusal("").starts_with("not a credential: got 0 bytes"));
    CHECK(refusal(std::string(5000, 'a')).starts_with("not a credential: got 5000 bytes"));
}

TEST_CASE("a recovery id of 0 or 1 is written as 27 or 28") {
    auto raw = raw_signature();
    raw[64] = static_cast<char>(raw[64] - 27);
    CHECK(livepeer::make_credential(address, raw)->signature == signature);
}

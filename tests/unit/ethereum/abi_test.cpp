#include "ethereum/abi.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using namespace stipend::ethereum::testing;

namespace {

// Made by ethers 6.17 (Interface.encodeFunctionData), as all calls here.
constexpr std::string_view transfer_data =
    "a9059cbb00000000000000000000000014791697260e4c9a71f18484c9f997b308e593250000000000000000000000000000000000000000"
    "00000000112210f47de98115";
constexpr std::string_view approve_data =
    "095ea7b300000000000000000000000014791697260e4c9a71f18484c9f997b308e59325ffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffff";
constexpr std::string_view pay_data =
    "13ee4bc511111111111111111111111111111111111111111111111111111111111111ff0000000000000000000000000000000000000000"
    "00000000000000000000006000000000000000000000000000000000000000000000000000000000000000c0000000000000000000000000"
    "000000000000000000000000000000000000000200000000000000000000000014791697260e4c9a71f18484c9f997b308e5932500000000"
    "00000000000000005aaeb6053f3e94c9b9a09f33669435e7ef1beaed00000000000000000000000000000000000000000000000000000000"
    "0000000200000000000000000000000000000000000000000000000000000000000000050000000000000000000000000000000000000000"
    "000000008ac7230489e80000";
constexpr std::string_view pay_token_data =
    "8aa2e09d000000000000000000000000af88d065e77c8cc2239327c5edb3a432268e58311111111111111111111111111111111111111111"
    "1111111111111111111111ff0000000000000000000000000000000000000000000000000000000000000080000000000000000000000000"
    "00000000000000000000000000000000000000c0000000000000000000000000000000000000000000000000000000000000000100000000"
    "000000000000000014791697260e4c9a71f18484c9f997b308e5932500000000000000000000000000000000000000000000000000000000"
    "000000010000000000000000000000000000000000000000000000000000000000000007";

Call transfer() {
    return TokenTransfer{{address_of_hex(payee_address), number_of("1234567890123456789")}};
}

Call approval() {
    Bytes32 all{};
    all.fill(0xff);
    return TokenApproval{address_of_hex(payee_address), from_bytes32(all)};
}

Call pay() {
    return BatchCall{.batch = batch_id(),
                     .payments = {{address_of_hex(payee_address), number_of("5")},
                                  {address_of_hex(other_payee_address), number_of("10000000000000000000")}}};
}

Call pay_token() {
    return BatchCall{.token = address_of_hex(token_address),
                     .batch = batch_id(),
                     .payments = {{address_of_hex(payee_address), number_of("7")}}};
}

// `data` with the word of that number replaced by one that ends in these digits.
std::string with_word(std::string_view data, std::size_t word, std::string_view digits) {
    std::string out(data);
    return out.replace(8 + 64 * word, 64, std::string(64 - digits.size(), '0') + std::string(digits));
}

std::string refusal(std::string_view data) {
    const auto call = decode_call(bytes_of_hex(data));
    return call ? "" : call.error().message;
}

}  // namespace

TEST_CASE("calls are byte for byte what another library writes, and are read as the same") {
    for (const auto& [call, data] : {std::pair(transfer(), transfer_data), std::pair(approval(), approve_data),
                                     std::pair(pay(), pay_data), std::pair(pay_token(), pay_token_data)}) {
        CHECK(hex_encode(encode_call(call)) == data);
        const auto read = decode_call(bytes_of_hex(data));
        REQUIRE(read.ok());
        CHECK(*read == call);
    }
}

TEST_CASE("a call of another length is refused") {
    for (const auto data : {transfer_data, approve_data, pay_data, pay_token_data}) {
        for (std::size_t size = 0; size < data.size(); size += 2) {
            CHECK(!refusal(data.substr(0, size)).empty());
        }
        CHECK(!refusal(std::string(data) + "00").empty());
        CHECK(!refusal(std::string(data) + std::string(64, '0')).empty());
        CHECK(!refusal(std::string(data) + std::string(128, '0')).empty());
    }
    CHECK(refusal("a9059cbb") == "call: got 0 words, want 2");
    CHECK(refusal("") == "call: got 0 bytes, want a selector and words of 32 bytes");
}

TEST_CASE("an unknown function is refused") {
    CHECK(refusal(cat("23b872dd", std::string(192, '0'))) ==
          "call: got the selector 0x23b872dd, want one of transfer, approve, pay, payToken");
}

TEST_CASE("bytes above an address and the zero address are refused") {
    const std::string above = cat("1", ascii::to_lower(payee_address.substr(2)));
    CHECK(refusal(with_word(transfer_data, 0, above)) == "call: to: got bytes above an address");
    CHECK(refusal(with_word(transfer_data, 0, "0")) == "call: to: got the zero address");
    CHECK(refusal(with_word(approve_data, 0, above)) == "call: spender: got bytes above an address");
    CHECK(refusal(with_word(pay_data, 4, above)) == "call: to: got bytes above an address");
    CHECK(refusal(with_word(pay_token_data, 0, above)) == "call: token: got bytes above an address");
}

TEST_CASE("offsets and lengths of a batch have one form") {
    CHECK(refusal(with_word(pay_data, 1, "80")) == "call: offset of to: got 128, want 96");
    CHECK(refusal(with_word(pay_data, 2, "60")) == "call: offset of amounts: got 96, want 192");
    CHECK(refusal(with_word(pay_data, 3, "1")) == "call: length of to: got 1, want 2");
    CHECK(refusal(with_word(pay_data, 6, "1")) == "call: length of amounts: got 1, want 2");
    CHECK(refusal(with_word(pay_data, 3, std::string(64, 'f'))).starts_with("call: length of to: got 1157920892"));
    // An empty batch.
    CHECK(refusal(cat(pay_data.substr(0, 8 + 64), std::string(62, '0'), "60", std::string(62, '0'), "80",
                      std::string(128, '0'))) == "call: got 5 words, want a batch of at least one payment");
}

TEST_CASE("the payments of a batch are bounded, and summed exactly") {
    BatchCall call{.batch = batch_id()};
    call.payments.assign(max_batch_payments, {address_of_hex(payee_address), number_of("3")});
    CHECK(decode_call(encode_call(call)).ok());
    CHECK(sum_of(call.payments)->text() == "3000");
    call.payments.push_back(call.payments.front());
    CHECK(refusal(hex_encode(encode_call(call))) == "call: got 1001 payments, want at most 1000");
    Bytes32 largest{};
    largest.fill(0xff);
    call.payments.front().amount = from_bytes32(largest);
    CHECK(sum_of(call.payments).error().status == STIPEND_E_LIMIT);
}

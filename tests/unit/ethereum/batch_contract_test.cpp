#include "ethereum/batch_contract.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <string>

#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using namespace stipend::ethereum::testing;

namespace {

// The receipt that anvil 1.7.1 gave for a batch of 5, 6 and 7 wei, whose second and third payee reject coins.
constexpr std::string_view caller_address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
constexpr std::string_view rejecting_address = "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512";
constexpr std::string_view contract_address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
using Topics = std::array<std::string_view, 4>;
constexpr Topics first_topics = {"0xde28c7d36ac74f7181414ceabb92485129bbd02b81285e413e93e4aabf70f973",
                                 "0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
                                 "0x11111111111111111111111111111111111111111111111111111111111111ff",
                                 "0x000000000000000000000000e7f1725e7734ce288f8367e1bb143e90bb3f0512"};
constexpr std::string_view first_data =
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000006";
constexpr Topics second_topics = {"0xde28c7d36ac74f7181414ceabb92485129bbd02b81285e413e93e4aabf70f973",
                                  "0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
                                  "0x11111111111111111111111111111111111111111111111111111111111111ff",
                                  "0x000000000000000000000000e7f1725e7734ce288f8367e1bb143e90bb3f0512"};
constexpr std::string_view second_data =
    "0000000000000000000000000000000000000000000000000000000000000002"
    "0000000000000000000000000000000000000000000000000000000000000007";
constexpr Topics last_topics = {"0xb5105ecaf51431645317542eccd9e78d0d72d771ca868deee988c849c2816185",
                                "0x000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
                                "0x11111111111111111111111111111111111111111111111111111111111111ff",
                                "0x0000000000000000000000000000000000000000000000000000000000000000"};
constexpr std::string_view last_data =
    "0000000000000000000000000000000000000000000000000000000000000003"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "0000000000000000000000000000000000000000000000000000000000000005"
    "736d4d08555e75503d40963687c2ae5a718e7e277262430e2c4d246a4f5e0f36";

Bytes32 word_of_hex(std::string_view text) {
    const auto bytes = bytes_of_hex(text);
    Bytes32 out{};
    REQUIRE(bytes.size() == out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

struct Receipt {
    BatchCall call{.batch = batch_id(),
                   .payments = {{address_of_hex(payee_address), number_of("5")},
                                {address_of_hex(rejecting_address), number_of("6")},
                                {address_of_hex(rejecting_address), number_of("7")}}};
    Address caller = address_of_hex(caller_address);
    Address contract = address_of_hex(contract_address);
    std::vector<Log> logs;

    Receipt() {
        for (const auto& [topics, data] : {std::pair(first_topics, first_data), std::pair(second_topics, second_data),
                                           std::pair(last_topics, last_data)}) {
            Log log{contract, {}, bytes_of_hex(data)};
            for (const auto& topic : topics) log.topics.push_back(word_of_hex(topic));
            logs.push_back(std::move(log));
        }
    }

    [[nodiscard]] Result<std::vector<PaymentOutcome>> outcomes() const {
        return outcomes_of(call, caller, contract, logs);
    }
};

// What is said of the receipt after a change.
std::string refusal(const std::function<void(Receipt&)>& change) {
    Receipt receipt;
    change(receipt);
    const auto outcomes = receipt.outcomes();
    return outcomes ? "" : outcomes.error().message;
}

}  // namespace

TEST_CASE("the code of the batch contract has the pinned hash") {
    CHECK(batch_code().size() == 3'494);
    CHECK(hex_encode(batch_code_hash()) == "fb651ae0739f55f9a39481187a1871e46ae47663b8a670aa8c159beebe2cff0b");
}

TEST_CASE("the outcome of each payment is read from a receipt's logs") {
    Receipt receipt;
    const auto& payments = receipt.call.payments;
    const std::vector<PaymentOutcome> want = {{payments[0], true}, {payments[1], false}, {payments[2], false}};
    REQUIRE(receipt.outcomes().ok());
    CHECK(*receipt.outcomes() == want);
    // Events of other contracts say nothing, whatever they look like.
    receipt.logs.insert(receipt.logs.begin(), {address_of_hex(payee_address), receipt.logs[0].topics, {}});
    receipt.logs.push_back({address_of_hex(payee_address), {}, {}});
    REQUIRE(receipt.outcomes().ok());
    CHECK(*receipt.outcomes() == want);
}

TEST_CASE("a batch of tokens names its token") {
    Receipt receipt;
    receipt.call = {
        .token = address_of_hex(token_address), .batch = batch_id(), .payments = {receipt.call.payments[0]}};
    receipt.logs.erase(receipt.logs.begin(), receipt.logs.begin() + 2);
    auto& log = receipt.logs.front();
    log.topics[3] = word_of_hex(std::string(24, '0') + std::string(token_address.substr(2)));
    const auto number = [](std::string_view digits) {
        return std::string(64 - digits.size(), '0') + std::string(digits);
    };
    const auto hash = hex_encode(keccak256(encode_call(receipt.call)));
    log.data = bytes_of_hex(number("1") + number("0") + number("5") + hash);
    REQUIRE(receipt.outcomes().ok());
    CHECK(*receipt.outcomes() == std::vector<PaymentOutcome>{{receipt.call.payments[0], true}});
    log.topics[3] = {};
    CHECK(receipt.outcomes().error().message.starts_with("batch contract: token of an event: got 0x00"));
}

TEST_CASE("a receipt without the batch, or with an event too many, is refused") {
    CHECK(refusal([](Receipt& receipt) { receipt.logs.clear(); }) ==
          cat("batch contract: got no event of ", address_of_hex(contract_address).text()));
    CHECK(refusal([](Receipt& receipt) {
              receipt.contract = address_of_hex(payee_address);
          }).starts_with("batch contract: got no event of "));
    CHECK(refusal([](Receipt& receipt) {
              receipt.logs.pop_back();
          }).starts_with("batch contract: signature of an event: got "));
    CHECK(refusal([](Receipt& receipt) { receipt.logs.push_back(receipt.logs.back()); }) ==
          "batch contract: got an event that is no NotPaid ahead of the last");
    CHECK(refusal([](Receipt& receipt) { receipt.logs.push_back(receipt.logs[0]); }) ==
          "batch contract: got an event that is no NotPaid ahead of the last");
    CHECK(refusal([](Receipt& receipt) { receipt.logs[0].topics.clear(); }) ==
          "batch contract: got an event that is no NotPaid ahead of the last");
}

TEST_CASE("payments that were not paid are in their order, each once, and none is left out") {
    CHECK(refusal([](Receipt& receipt) { receipt.logs[1] = receipt.logs[0]; }) ==
          "batch contract: index of an event: got 1, want one from 2 to below 3");
    CHECK(refusal([](Receipt& receipt) { std::swap(receipt.logs[0], receipt.logs[1]); }) ==
          "batch contract: index of an event: got 1, want one from 3 to below 3");
    CHECK(refusal([](Receipt& receipt) {
              receipt.logs.erase(receipt.logs.begin());
          }).starts_with("batch contract: notPaid of an event: got "));
    CHECK(refusal([](Receipt& receipt) { receipt.logs[1].data[31] = 3; }) ==
          "batch contract: index of an event: got 3, want one from 2 to below 3");
    CHECK(refusal([](Receipt& receipt) {
              receipt.logs[1].data[0] = 1;
          }).starts_with("batch contract: index of an event"));
}

TEST_CASE("another call, batch or caller is refused, and so is each other byte of an event") {
    CHECK(refusal([](Receipt& receipt) {
              receipt.caller = address_of_hex(payee_address);
          }).starts_with("batch contract: caller of an event: got "));
    CHECK(
        refusal([](Receipt& receipt) { receipt.call.batch[0] = 9; }).starts_with("batch contract: batch of an event"));
    CHECK(refusal([](Receipt& receipt) {
              receipt.call.payments[1].amount = number_of("8");
          }).starts_with("batch contract: amount of an event"));
    CHECK(refusal([](Receipt& receipt) {
              receipt.call.payments[0].to = address_of_hex(other_payee_address);
          }).starts_with("batch contract: call of an event"));
    CHECK(refusal([](Receipt& receipt) {
              receipt.call.payments.pop_back();
          }).starts_with("batch contract: index of an event: got 2"));
    const Receipt right;
    for (std::size_t log = 0; log < right.logs.size(); ++log) {
        for (std::size_t at = 0; at < right.logs[log].data.size(); ++at) {
            CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].data[at] ^= 1; }).empty());
        }
        for (std::size_t topic = 0; topic < 4; ++topic) {
            for (std::size_t at = 0; at < 32; ++at) {
                CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].topics[topic][at] ^= 1; }).empty());
            }
        }
        CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].topics.emplace_back(); }).empty());
        CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].topics.pop_back(); }).empty());
        CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].data.push_back(0); }).empty());
        CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].data.resize(31); }).empty());
        CHECK(!refusal([&](Receipt& receipt) { receipt.logs[log].data.clear(); }).empty());
    }
}

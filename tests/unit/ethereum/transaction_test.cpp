#include "ethereum/transaction.hpp"

#include <doctest/doctest.h>

#include "ethereum/abi.hpp"
#include "ethereum/rlp.hpp"
#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::ethereum;
using namespace stipend::ethereum::testing;

namespace {

Transaction plain() {
    return {.chain_id = 42'161,
            .max_priority_fee_per_gas = Uint256(std::uint64_t{0}),
            .max_fee_per_gas = Uint256(std::uint64_t{100'000'000}),
            .gas_limit = 50'000,
            .to = address_of_hex(payee_address),
            .value = number_of("20000000000000000")};
}

// Made by ethers 6.17 (Wallet.signTransaction) with the same key and fields, as are all below but EIP-155's.
constexpr std::string_view plain_raw =
    "02f86f82a4b180808405f5e10082c3509414791697260e4c9a71f18484c9f997b308e5932587470de4df82000080c080a07263b195ad6968"
    "8166b41ea58f97b151f1f487d716e7d1267a94ad6869c33ae8a07e96a7614c100b491a3b5c498f057ba0b7595572bc0a9592a43f3aad2d70"
    "b62d";

void check_same(const Transaction& transaction, std::string_view key, std::string_view raw,
                std::string_view hash = {}) {
    const auto made = sign(transaction, key_of_hex(key));
    REQUIRE(made.ok());
    CHECK(hex_encode(made->raw) == raw);
    if (!hash.empty()) CHECK(hex_encode(made->hash) == hash);
    const auto read = decode_signed(bytes_of_hex(raw));
    REQUIRE(read.ok());
    CHECK(read->transaction == transaction);
    CHECK(read->sender == key_of_hex(key).address());
    CHECK(read->signature == made->signature);
    CHECK(read->hash == made->hash);
}

std::string raw_refusal(const Bytes& raw) {
    const auto read = decode_signed(raw);
    return read ? "" : read.error().message;
}

// A transaction of these fields, which need not be right.
Bytes raw_of(const std::vector<Bytes>& fields) {
    Bytes payload;
    for (const auto& field : fields) payload.insert(payload.end(), field.begin(), field.end());
    const std::uint8_t type = 2;
    return rlp_list(payload, ByteView(&type, 1));
}

// The fields of `plain_raw`, each as RLP.
std::vector<Bytes> plain_fields() {
    return {bytes_of_hex("82a4b1"),
            bytes_of_hex("80"),
            bytes_of_hex("80"),
            bytes_of_hex("8405f5e100"),
            bytes_of_hex("82c350"),
            bytes_of_hex("9414791697260e4c9a71f18484c9f997b308e59325"),
            bytes_of_hex("87470de4df820000"),
            bytes_of_hex("80"),
            bytes_of_hex("c0"),
            bytes_of_hex("80"),
            bytes_of_hex("a07263b195ad69688166b41ea58f97b151f1f487d716e7d1267a94ad6869c33ae8"),
            bytes_of_hex("a07e96a7614c100b491a3b5c498f057ba0b7595572bc0a9592a43f3aad2d70b62d")};
}

}  // namespace

TEST_CASE("a legacy transaction is the example of EIP-155") {
    Address::Bytes to{};
    to.fill(0x35);
    const Transaction transaction{.type = TransactionType::legacy,
                                  .chain_id = 1,
                                  .nonce = 9,
                                  .max_priority_fee_per_gas = number_of("20000000000"),
                                  .max_fee_per_gas = number_of("20000000000"),
                                  .gas_limit = 21'000,
                                  .to = *Address::of(to),
                                  .value = number_of("1000000000000000000")};
    CHECK(hex_encode(signing_hash(transaction)) == "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
    check_same(
        transaction, "4646464646464646464646464646464646464646464646464646464646464646",
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195"
        "fe"
        "537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
}

TEST_CASE("transactions are byte for byte what another library signs") {
    check_same(plain(), payer_key, plain_raw, "4ee4e7478b437b88bde8a04208978f4c11c4ede326dcbdcd62b9f7213726c3a0");
    auto token = plain();
    token.nonce = 300;
    token.max_priority_fee_per_gas = number_of("1");
    token.max_fee_per_gas = number_of("20000000");
    token.gas_limit = 120'000;
    token.to = address_of_hex(token_address);
    token.value = {};
    token.data = encode_call(TokenTransfer{{address_of_hex(payee_address), number_of("1")}});
    check_same(token, payer_key,
               "02f8b082a4b182012c018401312d008301d4c094af88d065e77c8cc2239327c5edb3a432268e583180b844a9059cbb000000000"
               "000000000"
               "00000014791697260e4c9a71f18484c9f997b308e59325000000000000000000000000000000000000000000000000000000000"
               "0000001c0"
               "80a05c3d81721689b323ab69a3610b8ae695464a16d1256fa0851451fbe50378efaaa01844fe296155170d8d11e67ca8f310c6e"
               "92c9752dc"
               "6703b05143c660623cbb74",
               "ac0b91bfe7ebc9fbacf6f787bad39a13714e18e3ffd280dc65a8a8fe26ee5661");
    const Transaction legacy{.type = TransactionType::legacy,
                             .chain_id = 42'161,
                             .nonce = 9,
                             .max_priority_fee_per_gas = number_of("20000000000"),
                             .max_fee_per_gas = number_of("20000000000"),
                             .gas_limit = 21'000,
                             .to = address_of_hex(payee_address),
                             .value = number_of("1")};
    check_same(legacy, payer_key,
               "f867098504a817c8008252089414791697260e4c9a71f18484c9f997b308e59325018083014985a06edecf11e5fb90a4d7a4eb9"
               "42b4ab25e"
               "c6b26a05c6d598a9a80c77b6b1f3473ba061d1dead0f689f044bdfd5bf7c3ec8b6136650b84c47743dab82ccae1a8f7fc4",
               "e99bbb6e35dfea9336640ea2a035903f4e6d7653f646656e2f0139f482389610");
}

TEST_CASE("a call of many payments is byte for byte what another library signs") {
    const BatchCall call{.batch = batch_id(),
                         .payments = {{address_of_hex(payee_address), number_of("5")},
                                      {address_of_hex(other_payee_address), number_of("10000000000000000000")}}};
    const Transaction transaction{.chain_id = 1,
                                  .nonce = 127,
                                  .max_priority_fee_per_gas = number_of("2"),
                                  .max_fee_per_gas = number_of("255"),
                                  .gas_limit = 1'000'000,
                                  .to = address_of_hex(token_address),
                                  .value = *sum_of(call.payments),
                                  .data = encode_call(call)};
    const auto made = sign(transaction, key_of_hex(payer_key));
    REQUIRE(made.ok());
    CHECK(hex_encode(made->hash) == "b7b64744bb6f5ce3098ae43bad5a93265c30865b2fd986baebbe0fee515a3bdf");
    CHECK(hex_encode(signing_hash(transaction)) == "b32d638363551012371d4ddf616032b36faeebb124dd76aedcd3f07f7245da10");
    CHECK(decode_signed(made->raw)->transaction == transaction);
}

TEST_CASE("whatever is cut off, added or changed is refused, or is signed by another") {
    const auto raw = bytes_of_hex(plain_raw);
    for (std::size_t size = 0; size < raw.size(); ++size) {
        CHECK_FALSE(decode_signed(ByteView(raw).first(size)).ok());
    }
    auto longer = raw;
    longer.push_back(0);
    CHECK_FALSE(decode_signed(longer).ok());
    for (std::size_t bit = 0; bit < raw.size() * 8; ++bit) {
        auto changed = raw;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << bit % 8));
        const auto read = decode_signed(changed);
        CHECK((!read.ok() || read->sender.text() != payer_address));
    }
}

TEST_CASE("a field that is not in its one form is refused by its name") {
    REQUIRE(raw_of(plain_fields()) == bytes_of_hex(plain_raw));
    const auto with = [](std::size_t field, const char* text) {
        auto fields = plain_fields();
        fields[field] = bytes_of_hex(text);
        return raw_refusal(raw_of(fields));
    };
    CHECK(with(0, "80") == "transaction: chain_id: got 0, want 1 to 2^53");
    CHECK(with(1, "820001") == "transaction: nonce: got a number with a leading zero");
    CHECK(with(1, "88ffffffffffffffff") == "transaction: nonce: got 18446744073709551615, want less than 2^64-1");
    CHECK(with(2, "8405f5e101") ==
          "transaction: max_priority_fee_per_gas: got 100000001, want at most max_fee_per_gas");
    CHECK(with(4, "c0") == "transaction: gas_limit: got a list, want a number");
    CHECK(with(5, "80") == "transaction: to: want an address of 20 bytes");
    CHECK(with(5, "940000000000000000000000000000000000000000") == "transaction: to: got the zero address");
    CHECK(with(7, "c0") == "transaction: data: got a list, want bytes");
    CHECK(with(8, "80") == "transaction: access list: want an empty one");
    CHECK(!with(8, "c1c0").empty());
    CHECK(with(9, "02") == "transaction: v: got 2, want 0 or 1");
    CHECK(with(10, "80") == "transaction: no key can have made its signature");
    CHECK(with(11, "a0fe96a7614c100b491a3b5c498f057ba0b7595572bc0a9592a43f3aad2d70b62d") ==
          "transaction: s: want the lower one (EIP-2)");
    auto fields = plain_fields();
    fields.pop_back();
    CHECK(raw_refusal(raw_of(fields)) == "transaction: want a list of 12 fields");
    CHECK(raw_refusal(bytes_of_hex("01c0")) == "transaction: got type 1, want 2 or a legacy one");
    CHECK(raw_refusal({}) == "transaction: got no bytes");
    // Before EIP-155: without a chain id.
    CHECK(raw_refusal(bytes_of_hex("f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000"
                                   "0801ba028ef61340bd939bc2195fe"
                                   "537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f"
                                   "3dc64214b297fb1966a3b6d83")) ==
          "transaction: v: got 27, want one with a chain id (EIP-155)");
}

TEST_CASE("what cannot be is not signed") {
    const auto key = key_of_hex(payer_key);
    auto transaction = plain();
    transaction.data.resize(max_data_bytes + 1);
    CHECK(sign(transaction, key).error().message == "transaction: data: got 98305 bytes, want at most 96 KiB");
    transaction = plain();
    transaction.type = TransactionType::legacy;
    CHECK(sign(transaction, key).error().message == "transaction: max_priority_fee_per_gas: got 0, want the gas price");
}

TEST_CASE("a replacement differs in fees and gas alone") {
    const auto first = plain();
    auto second = first;
    second.max_fee_per_gas = number_of("200000000");
    second.max_priority_fee_per_gas = number_of("1");
    second.gas_limit = 60'000;
    CHECK(payload_difference(first, second).empty());
    const auto difference = [&](auto change) {
        auto changed = first;
        change(changed);
        return payload_difference(first, changed);
    };
    CHECK(difference([](auto& tx) { tx.chain_id = 1; }) == "chain_id");
    CHECK(difference([](auto& tx) { tx.nonce = 1; }) == "nonce");
    CHECK(difference([](auto& tx) { tx.to = address_of_hex(token_address); }) == "to");
    CHECK(difference([](auto& tx) { tx.value = {}; }) == "value");
    CHECK(difference([](auto& tx) { tx.data = {0}; }) == "data");
}

TEST_CASE("the most that gas can cost is exact, or an error") {
    CHECK(max_gas_cost(plain())->text() == "5000000000000");
    auto transaction = plain();
    Bytes32 largest{};
    largest.fill(0xff);
    transaction.max_fee_per_gas = from_bytes32(largest);
    CHECK(max_gas_cost(transaction).error().status == STIPEND_E_LIMIT);
}

// Transactions that call a contract, as nodes show them, and the events of their receipts.
#pragma once

#include "ethereum/batch_contract.hpp"
#include "tests/unit/ethereum_plugin/fake_signer.hpp"

namespace evm_test {

inline const std::string contract_text = "0x9D4C19e698Ccd2037145909ddFcc30C273E88d55";
inline eth::Address contract_address() {
    return eth::testing::address_of_hex(contract_text);
}
inline std::string batch_config() {
    return R"(,"batch_contract":")" + contract_text + "\"";
}
inline std::string code_result(const eth::Bytes& code) {
    return "\"result\":\"" + eth::hex_text(code) + "\"";
}
inline eth::Bytes32 word(const eth::Address& address) {
    eth::Bytes32 out{};
    std::copy(address.bytes().begin(), address.bytes().end(), out.begin() + 12);
    return out;
}
inline eth::Bytes32 word(std::uint64_t number) {
    return eth::to_bytes32(eth::Uint256(number));
}
inline eth::Bytes words(const std::vector<eth::Bytes32>& all) {
    eth::Bytes out;
    for (const auto& one : all) out.insert(out.end(), one.begin(), one.end());
    return out;
}
inline eth::SignedTransaction signed_call(const eth::Address& to, const eth::Bytes& data, std::string_view value = "0",
                                          std::string_view key = eth::testing::payer_key) {
    auto made = eth::sign({.chain_id = 31'337,
                           .nonce = 7,
                           .max_priority_fee_per_gas = eth::testing::number_of("1"),
                           .max_fee_per_gas = eth::testing::number_of("9"),
                           .gas_limit = 900'000,
                           .to = to,
                           .value = eth::testing::number_of(value),
                           .data = data},
                          eth::testing::key_of_hex(key));
    REQUIRE(made.ok());
    return *made;
}

// A transaction as eth_getTransactionByHash has it.
inline Json shown(const eth::SignedTransaction& made) {
    const auto& fields = made.transaction;
    if (fields.type == eth::TransactionType::legacy) {
        return Json::object()
            .set("hash", eth::hex_text(made.hash))
            .set("type", "0x0")
            .set("nonce", evm::quantity_text(fields.nonce))
            .set("gasPrice", evm::quantity_text(fields.max_fee_per_gas))
            .set("gas", evm::quantity_text(fields.gas_limit))
            .set("to", fields.to.text())
            .set("value", evm::quantity_text(fields.value))
            .set("input", eth::hex_text(fields.data))
            .set("v", evm::quantity_text(35 + 2 * fields.chain_id + (made.signature.odd ? 1 : 0)))
            .set("r", eth::hex_text(made.signature.r))
            .set("s", eth::hex_text(made.signature.s));
    }
    return Json::object()
        .set("hash", eth::hex_text(made.hash))
        .set("type", "0x2")
        .set("chainId", evm::quantity_text(fields.chain_id))
        .set("nonce", evm::quantity_text(fields.nonce))
        .set("maxPriorityFeePerGas", evm::quantity_text(fields.max_priority_fee_per_gas))
        .set("maxFeePerGas", evm::quantity_text(fields.max_fee_per_gas))
        .set("gas", evm::quantity_text(fields.gas_limit))
        .set("to", fields.to.text())
        .set("value", evm::quantity_text(fields.value))
        .set("input", eth::hex_text(fields.data))
        .set("accessList", Json::array())
        .set("yParity", made.signature.odd ? "0x1" : "0x0")
        .set("r", eth::hex_text(made.signature.r))
        .set("s", eth::hex_text(made.signature.s));
}

// What one transaction has written, as a list of logs for the receipt of one node.
inline std::string logs_text(const std::vector<eth::Log>& logs, const std::string& id, const std::string& block_hash) {
    auto out = Json::array();
    for (const auto& log : logs) {
        auto topics = Json::array();
        for (const auto& topic : log.topics) topics.push(eth::hex_text(topic));
        out.push(Json::object()
                     .set("address", log.address.text())
                     .set("topics", std::move(topics))
                     .set("data", eth::hex_text(log.data))
                     .set("transactionHash", id)
                     .set("blockHash", block_hash)
                     .set("removed", false));
    }
    return out.dump();
}

// Has a node show the transaction in block 90, with these logs.
inline void mine_call(Node& node, const eth::SignedTransaction& made, const std::vector<eth::Log>& logs,
                      const std::string& status = "0x1") {
    const auto id = eth::hex_text(made.hash);
    node.pool[id] = shown(made).dump();
    node.mine(id, 90, status, logs_text(logs, id, node.block_hash(90)));
}

}  // namespace evm_test

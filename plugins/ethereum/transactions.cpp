#include "transactions.hpp"

#include "fields.hpp"

namespace evm {

using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t most_topics = 4;

// gasUsed x effectiveGasPrice + l1Fee, which some chains take for the bytes beside it.
Result<Uint256> fee_of(const Json& receipt) {
    STIPEND_LET(gas, read_small_quantity(receipt.find("gasUsed"), "gasUsed"));
    STIPEND_LET(price, read_quantity(receipt.find("effectiveGasPrice"), "effectiveGasPrice"));
    Uint256 beside;
    if (const auto* l1 = receipt.find("l1Fee"); l1 != nullptr && !l1->is(Json::Kind::null)) {
        STIPEND_SET(beside, read_quantity(l1, "l1Fee"));
    }
    try {
        return Uint256(stipend::CheckedU256(price.value() * gas + beside.value()));
    } catch (const std::exception&) {
        return fail(STIPEND_E_INVALID, "the fee of a receipt is beyond 256 bits");
    }
}

Result<Log> read_log(const Json& json, const Address& of, const Bytes32& id, const Bytes32& block_hash) {
    STIPEND_TRY(check_hash(json.find("transactionHash"), id, "a log's transaction"));
    STIPEND_TRY(check_hash(json.find("blockHash"), block_hash, "a log's block"));
    if (const auto* removed = json.find("removed"); removed != nullptr && removed->truth()) {
        return fail(STIPEND_E_INVALID, "a log was removed from its block");
    }
    Log out{.address = of, .topics = {}, .data = {}};
    const auto* topics = json.find("topics");
    if (topics == nullptr || !topics->is(Json::Kind::array) || topics->items().size() > most_topics) {
        return fail(STIPEND_E_INVALID, "a log: want at most ", most_topics, " topics");
    }
    for (const auto& one : topics->items()) {
        STIPEND_LET(topic, read_hash(&one, "a log's topic"));
        out.topics.push_back(topic);
    }
    STIPEND_SET(out.data, read_bytes(json.find("data"), "a log's data"));
    return out;
}

// Those of the watched contract; the others are looked at for their address alone.
Result<std::vector<Log>> read_logs(const Json* json, const Address& watched, const Bytes32& id,
                                   const Bytes32& block_hash) {
    if (json == nullptr || !json->is(Json::Kind::array)) return fail(STIPEND_E_INVALID, "a receipt has no logs");
    std::vector<Log> out;
    for (const auto& one : json->items()) {
        STIPEND_LET(address, read_address(one.find("address"), "a log's address"));
        if (address != watched.bytes()) continue;
        STIPEND_LET(log, read_log(one, watched, id, block_hash));
        out.push_back(std::move(log));
    }
    return out;
}

// A number that nodes write with zeros first or without. Whether it is the right one, the hash shows.
Result<Uint256> read_loosely(const Json* json, std::string_view what) {
    if (json == nullptr || !json->is(Json::Kind::string) || !json->text().starts_with("0x")) {
        return fail(STIPEND_E_INVALID, what, ": want hex");
    }
    const auto digits = std::string_view(json->text()).substr(2);
    Bytes32 out{};
    if (digits.size() > 2 * out.size() ||
        !stipend::hex_decode(std::string(2 * out.size() - digits.size(), '0').append(digits), out)) {
        return fail(STIPEND_E_INVALID, what, ": want at most 64 hex digits");
    }
    return stipend::ethereum::from_bytes32(out);
}

// The fee and the signature of a legacy transaction: its v has the chain (EIP-155).
Result<Bytes> shown_legacy_bytes(const Json& json, stipend::ethereum::Transaction made) {
    constexpr std::uint64_t v_base = 35;
    STIPEND_SET(made.max_fee_per_gas, read_loosely(json.find("gasPrice"), "gasPrice"));
    made.max_priority_fee_per_gas = made.max_fee_per_gas;
    STIPEND_LET(v, read_small_quantity(json.find("v"), "v"));
    if (v < v_base) return fail(STIPEND_E_INVALID, "v: got ", v, ", want one with a chain (EIP-155)");
    made.type = stipend::ethereum::TransactionType::legacy;
    made.chain_id = (v - v_base) / 2;
    STIPEND_LET(r, read_loosely(json.find("r"), "r"));
    STIPEND_LET(s, read_loosely(json.find("s"), "s"));
    return stipend::ethereum::encode_signed(
        made,
        {.r = stipend::ethereum::to_bytes32(r), .s = stipend::ethereum::to_bytes32(s), .odd = (v - v_base) % 2 == 1});
}

// The bytes that a transaction with these fields has, of type 2 or a legacy one.
Result<Bytes> shown_bytes(const Json& json) {
    STIPEND_LET(to_bytes, read_address(json.find("to"), "to"));
    const auto to = Address::of(to_bytes);
    if (!to) return fail(STIPEND_E_INVALID, "to: the zero address");
    stipend::ethereum::Transaction out{
        .max_priority_fee_per_gas = {}, .max_fee_per_gas = {}, .to = *to, .value = {}, .data = {}};
    STIPEND_SET(out.nonce, read_small_quantity(json.find("nonce"), "nonce"));
    STIPEND_SET(out.gas_limit, read_small_quantity(json.find("gas"), "gas"));
    STIPEND_SET(out.value, read_loosely(json.find("value"), "value"));
    STIPEND_SET(out.data, read_bytes(json.find("input"), "input"));
    const auto* tip = json.find("maxPriorityFeePerGas");
    if (tip == nullptr || tip->is(Json::Kind::null)) return shown_legacy_bytes(json, std::move(out));
    STIPEND_SET(out.chain_id, read_small_quantity(json.find("chainId"), "chainId"));
    STIPEND_SET(out.max_priority_fee_per_gas, read_loosely(json.find("maxPriorityFeePerGas"), "maxPriorityFeePerGas"));
    STIPEND_SET(out.max_fee_per_gas, read_loosely(json.find("maxFeePerGas"), "maxFeePerGas"));
    const auto* parity = json.find("yParity");
    STIPEND_LET(odd, read_loosely(parity != nullptr ? parity : json.find("v"), "yParity"));
    STIPEND_LET(r, read_loosely(json.find("r"), "r"));
    STIPEND_LET(s, read_loosely(json.find("s"), "s"));
    return stipend::ethereum::encode_signed(
        out, {.r = stipend::ethereum::to_bytes32(r), .s = stipend::ethereum::to_bytes32(s), .odd = !odd.zero()});
}

}  // namespace

Result<std::optional<Receipt>> read_receipt(const RpcAnswer& answer, const Bytes32& id,
                                            const std::optional<Address>& watched) {
    STIPEND_LET(json, object_of(answer, "a receipt"));
    if (json == nullptr) return std::optional<Receipt>();
    STIPEND_TRY(check_hash(json->find("transactionHash"), id, "a receipt's transaction"));
    Receipt out;
    STIPEND_SET(out.block, read_small_quantity(json->find("blockNumber"), "a receipt's block"));
    STIPEND_SET(out.block_hash, read_hash(json->find("blockHash"), "a receipt's block hash"));
    STIPEND_LET(status, read_small_quantity(json->find("status"), "a receipt's status"));
    if (status > 1) return fail(STIPEND_E_INVALID, "a receipt's status: got ", status, ", want 0 or 1");
    out.executed = status == 1;
    STIPEND_SET(out.fee, fee_of(*json));
    if (watched) STIPEND_SET(out.logs, read_logs(json->find("logs"), *watched, id, out.block_hash));
    if (!out.executed && !out.logs.empty()) {
        return fail(STIPEND_E_INVALID, "a receipt of a reverted transaction has logs");
    }
    return std::optional(std::move(out));
}

Result<bool> read_known(const RpcAnswer& answer, const Bytes32& id) {
    STIPEND_LET(json, object_of(answer, "a transaction"));
    if (json == nullptr) return false;
    STIPEND_TRY(check_hash(json->find("hash"), id, "a transaction's hash"));
    return true;
}

std::optional<Bytes> read_shown(const RpcAnswer& answer, const Bytes32& id) {
    const auto json = object_of(answer, "a transaction");
    if (!json || *json == nullptr) return std::nullopt;
    auto raw = shown_bytes(**json);
    if (!raw || stipend::keccak256(stipend::ethereum::ByteView(*raw)) != id) return std::nullopt;
    return std::move(*raw);
}

Result<void> read_taken(const RpcAnswer& answer, const Bytes32& id) {
    if (answer.refused) return fail(STIPEND_E_UNAVAILABLE, "the node answers with an error");
    return check_hash(&answer.result, id, "a transaction's hash");
}

Result<SignedTransaction> read_signed(const Settings& settings, stipend::ethereum::ByteView raw) {
    STIPEND_LET(made, stipend::ethereum::decode_signed(raw));
    if (made.transaction.chain_id != settings.chain_id) {
        return fail(STIPEND_E_INVALID, "signed for the chain ", made.transaction.chain_id, ", want ",
                    settings.chain_id);
    }
    return std::move(made);
}

Result<SignedTransaction> read_own(const Settings& settings, stipend::ethereum::ByteView raw) {
    STIPEND_LET(made, read_signed(settings, raw));
    if (made.sender != *settings.payer) {
        return fail(STIPEND_E_INVALID, "signed by ", made.sender.text(), ", want the payer ", settings.payer->text());
    }
    return std::move(made);
}

}  // namespace evm

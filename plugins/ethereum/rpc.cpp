#include "rpc.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr stipend::JsonLimits answer_limits{.bytes = max_rpc_answer_bytes, .depth = 12, .nodes = 60'000};
constexpr std::size_t most_digits = 64;

template <class Number>
Result<Number> read_number(const Json* json, Number (*of)(const Bytes32&), std::size_t digits_limit,
                           std::string_view what) {
    const auto bad = [&] {
        return fail(STIPEND_E_INVALID, what, ": want a quantity: 0x and hex digits, no zero first");
    };
    if (json == nullptr || !json->is(Json::Kind::string)) return bad();
    std::string_view digits = json->text();
    if (!digits.starts_with("0x")) return bad();
    digits.remove_prefix(2);
    if (digits.empty() || digits.size() > digits_limit || (digits.size() > 1 && digits.front() == '0')) return bad();
    Bytes32 bytes{};
    if (!stipend::hex_decode(std::string(most_digits - digits.size(), '0').append(digits), bytes)) return bad();
    return of(bytes);
}

Result<Uint256> quantity(const Json* json, std::string_view what) {
    return read_number<Uint256>(
        json, [](const Bytes32& bytes) { return stipend::ethereum::from_bytes32(bytes); }, most_digits, what);
}

Result<std::uint64_t> small_quantity(const Json* json, std::string_view what) {
    return read_number<std::uint64_t>(
        json,
        [](const Bytes32& bytes) {
            std::uint64_t out = 0;
            for (std::size_t at = bytes.size() - sizeof out; at < bytes.size(); ++at) out = out << 8U | bytes[at];
            return out;
        },
        16, what);
}

Result<Bytes32> hash_of(const Json* json, std::string_view what) {
    Bytes32 out{};
    const bool text = json != nullptr && json->is(Json::Kind::string) && json->text().starts_with("0x");
    if (!text || !stipend::hex_decode(std::string_view(json->text()).substr(2), out)) {
        return fail(STIPEND_E_INVALID, what, ": want 0x and 64 hex digits");
    }
    return out;
}

// The result of an answer that is no error: an object, or nothing for null.
Result<const Json*> object_of(const RpcAnswer& answer, std::string_view what) {
    if (answer.refused) return fail(STIPEND_E_INVALID, what, ": the node answers with an error");
    if (answer.result.is(Json::Kind::null)) return static_cast<const Json*>(nullptr);
    if (!answer.result.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, what, ": want an object");
    return &answer.result;
}

Result<void> check_hash(const Json* json, const Bytes32& wanted, std::string_view what) {
    STIPEND_LET(hash, hash_of(json, what));
    if (hash != wanted) return fail(STIPEND_E_INVALID, what, ": got another one than was asked for");
    return {};
}

// gasUsed x effectiveGasPrice + l1Fee, which some chains take for the bytes beside it.
Result<Uint256> fee_of(const Json& receipt) {
    STIPEND_LET(gas, small_quantity(receipt.find("gasUsed"), "gasUsed"));
    STIPEND_LET(price, quantity(receipt.find("effectiveGasPrice"), "effectiveGasPrice"));
    Uint256 beside;
    if (const auto* l1 = receipt.find("l1Fee"); l1 != nullptr && !l1->is(Json::Kind::null)) {
        STIPEND_SET(beside, quantity(l1, "l1Fee"));
    }
    try {
        return Uint256(stipend::CheckedU256(price.value() * gas + beside.value()));
    } catch (const std::exception&) {
        return fail(STIPEND_E_INVALID, "the fee of a receipt is beyond 256 bits");
    }
}

Result<RpcAnswer> read_one(const Json& json, std::uint64_t& id) {
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "an answer is ", json.kind_name());
    const auto* version = json.find("jsonrpc");
    if (version == nullptr || !version->is(Json::Kind::string) || version->text() != "2.0") {
        return fail(STIPEND_E_INVALID, "an answer is not of JSON-RPC 2.0");
    }
    const auto number = [](const Json* value, auto& out) {
        if (value == nullptr || !value->is(Json::Kind::number)) return false;
        const auto& text = value->text();
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
        return fault == std::errc() && end == text.data() + text.size();
    };
    if (!number(json.find("id"), id)) return fail(STIPEND_E_INVALID, "an answer has no id of ours");
    const auto* result = json.find("result");
    const auto* error = json.find("error");
    if ((result == nullptr) == (error == nullptr)) {
        return fail(STIPEND_E_INVALID, "an answer has ", result == nullptr ? "neither" : "both", " result and error");
    }
    RpcAnswer out;
    if (error != nullptr) {
        out.refused = true;
        if (!error->is(Json::Kind::object) || !number(error->find("code"), out.code)) {
            return fail(STIPEND_E_INVALID, "an error has no code");
        }
        return out;
    }
    out.result = *result;
    return out;
}

}  // namespace

std::string rpc_request(std::span<const RpcCall> calls) {
    std::string out = "[";
    for (std::size_t at = 0; at < calls.size(); ++at) {
        out += cat(at == 0 ? "" : ",", R"({"jsonrpc":"2.0","id":)", at + 1, R"(,"method":")", calls[at].method,
                   R"(","params":)", calls[at].params, "}");
    }
    return out += "]";
}

Result<std::vector<RpcAnswer>> read_rpc(std::string_view body, std::size_t count) {
    auto json = stipend::parse_json(body, answer_limits);
    // The parser's message may hold text of the node.
    if (!json) return fail(STIPEND_E_INVALID, "its answer is not JSON, has a key twice, or is beyond the limits");
    if (!json->is(Json::Kind::array)) return fail(STIPEND_E_INVALID, "got ", json->kind_name(), ", want an array");
    if (json->items().size() != count) {
        return fail(STIPEND_E_INVALID, "got ", json->items().size(), " answers, want ", count);
    }
    std::vector<std::optional<RpcAnswer>> found(count);
    for (const auto& item : json->items()) {
        std::uint64_t id = 0;
        STIPEND_LET(answer, read_one(item, id));
        if (id < 1 || id > count || found[id - 1]) return fail(STIPEND_E_INVALID, "an answer has no id of ours");
        found[id - 1] = std::move(answer);
    }
    std::vector<RpcAnswer> out;
    for (auto& one : found) out.push_back(std::move(*one));
    return out;
}

std::string quantity_text(std::uint64_t number) {
    return quantity_text(Uint256(number));
}

std::string quantity_text(const Uint256& number) {
    const auto digits = stipend::hex_encode(stipend::ethereum::to_bytes32(number));
    const auto first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return "0x" + digits.substr(first);
}

Result<Uint256> read_u256(const RpcAnswer& answer) {
    if (answer.refused) return fail(STIPEND_E_INVALID, "a number: the node answers with an error");
    return quantity(&answer.result, "a number");
}

Result<std::uint64_t> read_u64(const RpcAnswer& answer) {
    if (answer.refused) return fail(STIPEND_E_INVALID, "a number: the node answers with an error");
    return small_quantity(&answer.result, "a number");
}

Result<void> check_chain(const RpcAnswer& answer, std::uint64_t chain_id) {
    STIPEND_LET(chain, read_u64(answer));
    if (chain != chain_id) return fail(STIPEND_E_INVALID, "the node is of the chain ", chain, ", want ", chain_id);
    return {};
}

RpcCall block_call(std::uint64_t number) {
    return block_call(quantity_text(number));
}

RpcCall block_call(std::string_view tag) {
    return {"eth_getBlockByNumber", cat("[\"", tag, "\",false]")};
}

Result<Block> read_block(const RpcAnswer& answer, std::optional<std::uint64_t> wanted) {
    STIPEND_LET(json, object_of(answer, "a block"));
    if (json == nullptr) return fail(STIPEND_E_INVALID, "a block: the node has no such one");
    Block out;
    STIPEND_SET(out.number, small_quantity(json->find("number"), "a block's number"));
    STIPEND_SET(out.hash, hash_of(json->find("hash"), "a block's hash"));
    STIPEND_SET(out.at_s, small_quantity(json->find("timestamp"), "a block's timestamp"));
    constexpr std::uint64_t last_s = 9'000'000'000;  // fits 64 bits as nanoseconds
    if (out.at_s > last_s) return fail(STIPEND_E_INVALID, "a block's timestamp is beyond all time");
    if (const auto* fee = json->find("baseFeePerGas"); fee != nullptr && !fee->is(Json::Kind::null)) {
        STIPEND_SET(out.base_fee, quantity(fee, "baseFeePerGas"));
    }
    if (wanted && *wanted != out.number) {
        return fail(STIPEND_E_INVALID, "a block: got number ", out.number, ", want ", *wanted);
    }
    return out;
}

Result<std::optional<Receipt>> read_receipt(const RpcAnswer& answer, const Bytes32& id) {
    STIPEND_LET(json, object_of(answer, "a receipt"));
    if (json == nullptr) return std::optional<Receipt>();
    STIPEND_TRY(check_hash(json->find("transactionHash"), id, "a receipt's transaction"));
    Receipt out;
    STIPEND_SET(out.block, small_quantity(json->find("blockNumber"), "a receipt's block"));
    STIPEND_SET(out.block_hash, hash_of(json->find("blockHash"), "a receipt's block hash"));
    STIPEND_LET(status, small_quantity(json->find("status"), "a receipt's status"));
    if (status > 1) return fail(STIPEND_E_INVALID, "a receipt's status: got ", status, ", want 0 or 1");
    out.executed = status == 1;
    STIPEND_SET(out.fee, fee_of(*json));
    return std::optional(out);
}

Result<bool> read_known(const RpcAnswer& answer, const Bytes32& id) {
    STIPEND_LET(json, object_of(answer, "a transaction"));
    if (json == nullptr) return false;
    STIPEND_TRY(check_hash(json->find("hash"), id, "a transaction's hash"));
    return true;
}

Result<void> read_taken(const RpcAnswer& answer, const Bytes32& id) {
    if (answer.refused) return fail(STIPEND_E_UNAVAILABLE, "the node answers with an error");
    return check_hash(&answer.result, id, "a transaction's hash");
}

}  // namespace evm

#include "rpc.hpp"

#include <algorithm>
#include <charconv>

#include "fields.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t bytes_of_node = 16;  // the fewest that a value takes in an answer, on average

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

Result<std::vector<RpcAnswer>> read_rpc(std::string_view body, std::size_t count, std::size_t most_bytes) {
    auto json = stipend::parse_json(body, {.bytes = most_bytes, .depth = 12, .nodes = most_bytes / bytes_of_node});
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

Result<const Json*> object_of(const RpcAnswer& answer, std::string_view what) {
    if (answer.refused) return fail(STIPEND_E_INVALID, what, ": the node answers with an error");
    if (answer.result.is(Json::Kind::null)) return static_cast<const Json*>(nullptr);
    if (!answer.result.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, what, ": want an object");
    return &answer.result;
}

Result<Uint256> read_u256(const RpcAnswer& answer) {
    if (answer.refused) return fail(STIPEND_E_INVALID, "a number: the node answers with an error");
    return read_quantity(&answer.result, "a number");
}

Result<std::uint64_t> read_u64(const RpcAnswer& answer) {
    if (answer.refused) return fail(STIPEND_E_INVALID, "a number: the node answers with an error");
    return read_small_quantity(&answer.result, "a number");
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
    STIPEND_SET(out.number, read_small_quantity(json->find("number"), "a block's number"));
    STIPEND_SET(out.hash, read_hash(json->find("hash"), "a block's hash"));
    STIPEND_SET(out.at_s, read_small_quantity(json->find("timestamp"), "a block's timestamp"));
    constexpr std::uint64_t last_s = 9'000'000'000;  // fits 64 bits as nanoseconds
    if (out.at_s > last_s) return fail(STIPEND_E_INVALID, "a block's timestamp is beyond all time");
    if (const auto* fee = json->find("baseFeePerGas"); fee != nullptr && !fee->is(Json::Kind::null)) {
        STIPEND_SET(out.base_fee, read_quantity(fee, "baseFeePerGas"));
    }
    if (wanted && *wanted != out.number) {
        return fail(STIPEND_E_INVALID, "a block: got number ", out.number, ", want ", *wanted);
    }
    return out;
}

}  // namespace evm

#include "rpc.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"
#include "tests/unit/ethereum_plugin/scene.hpp"

using namespace evm;

namespace {

RpcAnswer result(const std::string& json) {
    return {.refused = false, .code = 0, .result = *stipend::parse_json(json)};
}

std::string body(const std::string& members) {
    return R"([{"jsonrpc":"2.0",)" + members + "}]";
}

bool refused(const std::string& text, std::size_t count = 1) {
    const auto read = read_rpc(text, count);
    if (!read) CHECK(read.error().status == STIPEND_E_INVALID);
    return !read.ok();
}

const auto id = evm_test::hash_of('a');
std::string receipt(const std::string& key = "", const std::string& value = "") {
    std::map<std::string, std::string> members{{"transactionHash", "\"" + evm_test::hash_text('a') + "\""},
                                               {"blockHash", "\"" + evm_test::hash_text('b') + "\""},
                                               {"blockNumber", R"("0x10")"},
                                               {"status", R"("0x1")"},
                                               {"gasUsed", R"("0x5208")"},
                                               {"effectiveGasPrice", R"("0x3b9aca00")"}};
    if (!key.empty()) members[key] = value;
    std::string out;
    for (const auto& [name, text] : members) out += (out.empty() ? "{\"" : ",\"") + name + "\":" + text;
    return out + "}";
}

}  // namespace

TEST_CASE("answers are read by their ids, whatever their order") {
    const auto read = read_rpc(R"([{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"x"}},
                                   {"id":1,"result":"0x1","jsonrpc":"2.0"}])",
                               2);
    REQUIRE(read.ok());
    CHECK(*read_u64(read->at(0)) == 1);
    CHECK(read->at(1).refused);
    CHECK(read->at(1).code == -32000);
    CHECK(!read_u64(read->at(1)).ok());
    CHECK(rpc_request(std::vector<RpcCall>{{"a", "[]"}, {"b", "[1]"}}) ==
          R"([{"jsonrpc":"2.0","id":1,"method":"a","params":[]},{"jsonrpc":"2.0","id":2,"method":"b","params":[1]}])");
}

TEST_CASE("what is no answer of JSON-RPC is refused") {
    CHECK(!refused(body(R"("id":1,"result":null)")));
    for (const char* text :
         {"", "<html>502 Bad Gateway</html>", "{}", "null", "[]", "[1]", "[{}]", "[[]]",
          R"({"jsonrpc":"2.0","id":1,"result":"0x1"})", R"([{"id":1,"result":"0x1"}])",
          R"([{"jsonrpc":"1.0","id":1,"result":"0x1"}])", R"([{"jsonrpc":"2.0","id":1,"result":"0x1"}] x)"}) {
        CHECK_MESSAGE(refused(text), text);
    }
    for (const char* members :
         {R"("id":2,"result":"0x1")", R"("id":0,"result":"0x1")", R"("id":-1,"result":"0x1")",
          R"("id":"1","result":"0x1")", R"("id":1.0,"result":"0x1")", R"("id":1e0,"result":"0x1")", R"("result":"0x1")",
          R"("id":1)", R"("id":1,"result":1,"error":{"code":1})", R"("id":1,"error":"no")", R"("id":1,"error":null)",
          R"("id":1,"error":{})", R"("id":1,"error":{"code":"3"})", R"("id":1,"error":{"code":1e400})",
          R"("id":1,"id":1,"result":1)", R"("id":1,"result":1,"result":2)", R"("id":null,"result":1)"}) {
        CHECK_MESSAGE(refused(body(members)), members);
    }
    CHECK(refused(R"([{"jsonrpc":"2.0","id":1,"result":1},{"jsonrpc":"2.0","id":1,"result":1}])", 2));
    CHECK(refused(body(R"("id":1,"result":")" + std::string(max_rpc_answer_bytes, 'a') + "\"")));
    CHECK(refused(body("\"id\":1,\"result\":" + std::string(64, '[') + std::string(64, ']'))));
}

TEST_CASE("quantities have one form") {
    CHECK(*read_u64(result(R"("0x0")")) == 0);
    CHECK(*read_u64(result(R"("0xffffffffffffffff")")) == UINT64_MAX);
    CHECK(quantity_text(*read_u256(result("\"0x" + std::string(64, 'f') + "\""))) == "0x" + std::string(64, 'f'));
    CHECK(quantity_text(std::uint64_t{0}) == "0x0");
    CHECK(quantity_text(std::uint64_t{0xa0}) == "0xa0");
    for (const char* text : {R"("0x")", R"("0x00")", R"("0x01")", R"("1")", R"("")", R"("0X1")", R"("0xg")",
                             R"("0x-1")", R"("0x 1")", R"("0x1 ")", "1", "null", "true", "[]", "{}", R"("-0x1")"}) {
        CHECK_MESSAGE(!read_u256(result(text)).ok(), text);
        CHECK_MESSAGE(!read_u64(result(text)).ok(), text);
    }
    CHECK(!read_u64(result(R"("0x10000000000000000")")).ok());
    CHECK(!read_u256(result("\"0x1" + std::string(64, '0') + "\"")).ok());
}

TEST_CASE("a receipt is of the transaction that was asked for, and states all that it cost") {
    const auto read = read_receipt(result(receipt()), id);
    REQUIRE(read.ok());
    REQUIRE(read->has_value());
    CHECK((*read)->block == 16);
    CHECK((*read)->executed);
    CHECK((*read)->fee.text() == "21000000000000");
    CHECK(!(*read_receipt(result(receipt("status", R"("0x0")")), id))->executed);
    CHECK((*read_receipt(result(receipt("l1Fee", R"("0x5")")), id))->fee.text() == "21000000000005");
    CHECK(!read_receipt(result("null"), id)->has_value());
    CHECK(!read_receipt(result(receipt()), evm_test::hash_of('c')).ok());
    CHECK(!read_receipt({.refused = true, .code = -32000, .result = {}}, id).ok());
    const auto bad = [](const std::string& key, const std::string& value) {
        return !read_receipt(result(receipt(key, value)), id).ok();
    };
    for (const char* key : {"transactionHash", "blockHash", "blockNumber", "status", "gasUsed", "effectiveGasPrice"}) {
        CHECK_MESSAGE(bad(key, "null"), key);
        CHECK_MESSAGE(bad(key, "1"), key);
        CHECK_MESSAGE(bad(key, R"("0x")"), key);
    }
    CHECK(bad("status", R"("0x2")"));
    CHECK(bad("l1Fee", "5"));
    CHECK(bad("blockHash", "\"0x" + std::string(63, 'b') + "\""));
    CHECK(bad("effectiveGasPrice", "\"0x" + std::string(64, 'f') + "\""));  // the fee is beyond 256 bits
    CHECK(!read_receipt(result("[]"), id).ok());
}

TEST_CASE("a block has the number that was asked for") {
    const auto block = [](const std::string& number, const std::string& at = R"("0x68a34f80")") {
        return result(R"({"number":)" + number + R"(,"hash":")" + evm_test::hash_text('b') + R"(","timestamp":)" + at +
                      R"(,"baseFeePerGas":"0x64"})");
    };
    CHECK(read_block(block(R"("0x10")"), 16)->base_fee->text() == "100");
    CHECK(!read_block(block(R"("0x11")"), 16).ok());
    CHECK(read_block(block(R"("0x11")"), std::nullopt)->number == 17);
    CHECK(!read_block(block("null"), std::nullopt).ok());
    CHECK(!read_block(block(R"("0x10")", R"("0xffffffffffffffff")"), 16).ok());
    CHECK(!read_block(result("null"), 16).ok());
    CHECK(!check_chain(result(R"("0x1")"), 42'161).ok());
    CHECK(check_chain(result(R"("0xa4b1")"), 42'161).ok());
}

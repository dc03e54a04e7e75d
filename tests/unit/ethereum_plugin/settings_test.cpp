#include "tests/unit/ethereum_plugin/scene.hpp"

using namespace evm_test;

namespace {

// With one member replaced or added; without it where `value` is empty.
std::string complaint(const std::string& key = "", const std::string& value = "") {
    std::map<std::string, std::string> members{{"chain_id", "42161"},
                                               {"payer", "\"" + std::string(eth::testing::payer_address) + "\""},
                                               {"rpc", R"(["https://a.example/v2/secret","https://b.example"])"},
                                               {"signer", R"({"socket":"/run/stipend-signer/signer.sock"})"},
                                               {"max_fee_per_gas_wei", "1000000000"}};
    if (!key.empty()) members[key] = value;
    std::string out;
    for (const auto& [name, text] : members) {
        if (!text.empty()) out += (out.empty() ? "{\"" : ",\"") + name + "\":" + text;
    }
    FakeHost host;
    const auto plugin = host.try_create<evm::Settlement>(out + "}");
    return plugin ? "accepted" : plugin.error().path + ": " + plugin.error().message;
}

}  // namespace

TEST_CASE("a configuration that is wrong is refused with its pointer") {
    CHECK(complaint() == "accepted");
    CHECK(complaint("chain_id", "") == "/chain_id: missing, want a number");
    CHECK(complaint("chain_id", "0") == "/chain_id: got 0, want 1 .. 9007199254740992");
    CHECK(complaint("payer", R"("0x1")") == R"(/payer: got "0x1", want an address: 0x and 40 hex digits)");
    CHECK(complaint("rpc", "[]") == "/rpc: got 0 endpoints, want 1 to 8");
    CHECK(complaint("rpc", R"(["ftp://a/secret"])") ==
          "/rpc/0: got another text, want a URL: https://host/path, without a user name");
    CHECK(complaint("rpc", R"(["https://a.example/","https://A.example:443"])") ==
          "/rpc/1: got an endpoint a second time, want each once: it would count twice in the quorum");
    CHECK(complaint("quorum", "1") == "/quorum: got 1, want 2 .. 2");
    CHECK(complaint("quorum", "2") == "accepted");
    CHECK(complaint("signer", R"({"socket":"signer.sock"})") ==
          R"(/signer/socket: got "signer.sock", want an absolute path of at most 107 bytes)");
    CHECK(complaint("final", R"({"tag":"latest"})") ==
          R"(/final/tag: got "latest", want finalized, safe or latest-depth)");
    CHECK(complaint("final", R"({"tag":"latest-depth"})") == "/final/depth: missing, want a number");
    CHECK(complaint("final", R"({"tag":"latest-depth","depth":12})") == "accepted");
    CHECK(complaint("final", R"({"depth":12})") == "/final/depth: got a depth, which only `tag: latest-depth` takes");
    CHECK(complaint("transactions", R"("legacy")") == "accepted");
    CHECK(complaint("transactions", R"("blob")") == R"(/transactions: got "blob", want eip1559 or legacy)");
    CHECK(complaint("transactions", R"("legacy","tip_wei":1)") ==
          "/tip_wei: got a tip, which legacy transactions do not have: leave it out");
    const std::string usdc = R"("0xaf88d065e77c8cC2239327C5EDb3A432268e5831")";
    const std::string self = "\"" + std::string(eth::testing::payer_address) + "\"";
    CHECK(complaint("asset", usdc) ==
          "/asset: got \"0xaf88d065e77c8cC2239327C5EDb3A432268e5831\", want native, or a "
          "token: {token: 0x…, decimals: 6}");
    CHECK(complaint("asset", "5") == R"(/asset: got "5", want a string)");
    CHECK(complaint("asset", R"({"token":)" + usdc + R"(,"decimals":6})") == "accepted");
    CHECK(complaint("asset", R"({"token":)" + usdc + "}") == "/asset/decimals: missing, want a number");
    CHECK(complaint("asset", R"({"token":)" + usdc + R"(,"decimals":37})") == "/asset/decimals: got 37, want 0 .. 36");
    CHECK(complaint("asset", R"({"token":"USDC","decimals":6})") ==
          R"(/asset/token: got "USDC", want an address: 0x and 40 hex digits)");
    CHECK(complaint("asset", R"({"token":)" + self + R"(,"decimals":6})") ==
          "/asset/token: got the payer's address, want a token's contract");
    CHECK(complaint("batch_contract", usdc) == "accepted");
    CHECK(complaint("batch_contract", R"("0x1")") ==
          R"(/batch_contract: got "0x1", want an address: 0x and 40 hex digits)");
    CHECK(complaint("batch_contract", self) == "/batch_contract: got the payer's address, want the batch contract's");
    CHECK(complaint("asset", R"({"token":)" + usdc + R"(,"decimals":6},"batch_contract":)" + usdc) ==
          "/batch_contract: got a contract for batches, which a token is not paid in: leave it out");
    CHECK(complaint("max_fee_per_gas_wei", "") == "/max_fee_per_gas_wei: missing, want a number");
    CHECK(complaint("tip_wei", "1000000001") == "/tip_wei: got 1000000001, want 0 .. 1000000000");
    CHECK(complaint("max_payment_gas", "20999") == "/max_payment_gas: got 20999, want 21000 .. 5000000");
    CHECK(complaint("timeout", R"("5m")") == "/timeout: got 300s, want 100ms .. 120s");
}

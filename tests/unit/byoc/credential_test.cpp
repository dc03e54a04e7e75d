// The gateway's own credential, and where it comes from.
#include "livepeer/credential.hpp"

#include <doctest/doctest.h>

#include "livepeer/eth_key.hpp"
#include "network.hpp"
#include "stipend/hex.hpp"

using namespace byoc_test;

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
FakeReply body(std::string text) {
    return FakeReply::answer(200, std::move(text));
}

}  // namespace

TEST_CASE("prices are asked by a configured credential, and its signature is checked when it is read") {
    const auto quoted = [](std::string text) {
        std::string out;
        for (const char c : text) out += c == '"' ? std::string("\\\"") : std::string(1, c);
        return out;
    };
    Network net(R"("gateway_credential":")" + quoted(text_of(address, signature)) + "\"");
    net.run();
    REQUIRE(net.sent_tokens.size() == 1);
    CHECK(net.sent_tokens[0].header("Livepeer-Eth-Address") ==
          livepeer::parse_credential(text_of(address, signature))->header());
    const auto refused = net.host.try_create<byoc::Dispatch>(R"({"gateway":"http://gw","gateway_credential":")" +
                                                             quoted(text_of(another, signature)) + "\"}");
    CHECK(refused.error().path == "/gateway_credential");
}

TEST_CASE("a credential is fetched from the gateway's CLI port once, which signs nothing but its own address") {
    Network net(R"("gateway_cli":"http://127.0.0.1:7935/","max_price_per_second":10)");
    net.cli["/ethAddr"] = body(address);
    net.cli["/signMessage"] = body(raw_signature());
    net.cli["/senderInfo"] = body(R"({"Deposit":1000000000000,"Reserve":{"FundsRemaining":1000000000000}})");
    CHECK(net.run_soon()->outcome == STIPEND_JOB_OK);
    net.host.advance(61 * ns_per_s);
    CHECK(net.run_soon()->outcome == STIPEND_JOB_OK);
    REQUIRE(net.sent_tokens.size() == 2);
    for (const auto& request : net.sent_tokens) {
        CHECK(request.header("Livepeer-Eth-Address") == livepeer::Credential{address, signature}.header());
    }
    std::vector<FakeRequest> signing;
    for (const auto& request : net.sent_cli) {
        if (request.url.ends_with("/signMessage")) signing.push_back(request);
    }
    REQUIRE(signing.size() == 1);
    CHECK(signing[0].method == "POST");
    CHECK(signing[0].header("Content-Type") == "application/x-www-form-urlencoded");
    std::string want = "message=";
    for (const auto byte : stipend::keccak256(address)) {
        const std::uint8_t one[] = {byte};
        want += "%" + stipend::hex_encode(one);
    }
    CHECK(signing[0].body == want);
}

TEST_CASE("a CLI port that cannot be used is the payer's trouble, and nothing but an address's hash is ever signed") {
    for (const auto& [eth_addr, signed_text] :
         {std::pair{refused(), body("")}, {body("not an address"), body("")}, {body(another), body(raw_signature())}}) {
        Network net(R"("gateway_cli":"unix:/run/gw.sock")");
        net.cli["/ethAddr"] = eth_addr;
        net.cli["/signMessage"] = signed_text;
        net.cli["/senderInfo"] = refused();
        const auto result = net.run_soon();
        CHECK(result->outcome == STIPEND_JOB_UNKNOWN);
        CHECK(result->reason.find("the gateway's credential is missing: gateway_cli: ") != std::string::npos);
        CHECK(net.sent_tokens.empty());
        CHECK(net.sent_jobs.empty());
        for (const auto& request : net.sent_cli) {
            CHECK(request.unix_socket == "/run/gw.sock");
            CHECK((eth_addr.body == another || !request.url.ends_with("/signMessage")));
        }
    }
}

TEST_CASE("a credential is fetched from a remote signer where no CLI port is named") {
    Network net(R"("remote_signer":"http://127.0.0.1:8936/")");
    net.cli["/sign-orchestrator-info"] = body(R"({"address":")" + address + R"(","signature":")" + signature + "\"}");
    CHECK(net.run_soon()->outcome == STIPEND_JOB_OK);
    REQUIRE(net.sent_cli.size() == 1);
    CHECK(net.sent_cli[0].url == "http://127.0.0.1:8936/sign-orchestrator-info");
    CHECK(net.sent_cli[0].method == "POST");
    CHECK(net.sent_tokens[0].header("Livepeer-Eth-Address") == livepeer::Credential{address, signature}.header());
}

TEST_CASE("jobs that wait for the credential share one request") {
    Network net(R"("remote_signer":"http://127.0.0.1:8936/")");
    net.cli["/sign-orchestrator-info"] = body(R"({"address":")" + address + R"(","signature":")" + signature + "\"}");
    std::vector<Operation<JobResult>> jobs;
    for (int i = 0; i < 3; ++i) {
        auto job = Network::job();
        job.orchestrator_id = stipend::cat("orch-", i);
        job.address = stipend::cat("https://10.0.0.", 7 + i, ":9995");
        jobs.push_back(net.plugin().submit(job));
    }
    net.host.advance(40 * ns_per_s);
    for (const auto& job : jobs) CHECK(job.done());
    CHECK(net.sent_cli.size() == 1);
    CHECK(net.sent_tokens.size() == 3);
}

TEST_CASE("a request for the credential that the host does not send fails the job, and the next job asks again") {
    for (const std::string source : {R"("gateway_cli":"http://127.0.0.1:7935","max_price_per_second":10)",
                                     R"("remote_signer":"http://127.0.0.1:8936")"}) {
        CAPTURE(source);
        Network net(source);
        net.cli["/ethAddr"] = body(address);
        net.cli["/signMessage"] = body(raw_signature());
        net.cli["/senderInfo"] = body(R"({"Deposit":1000000000000,"Reserve":{"FundsRemaining":1000000000000}})");
        net.cli["/sign-orchestrator-info"] =
            body(R"({"address":")" + address + R"(","signature":")" + signature + "\"}");
        net.host.http().refuse(STIPEND_E_LIMIT);
        auto operation = net.plugin().submit(Network::job());
        net.host.advance(40 * ns_per_s);
        CHECK(operation.done());
        CHECK(operation.status() != STIPEND_OK);  // nor is the gateway looked at
        net.host.http().refuse(STIPEND_OK);
        CHECK(net.run_soon()->outcome == STIPEND_JOB_OK);
    }
}

TEST_CASE("a CLI port is on this machine") {
    for (const std::string good : {"http://127.0.0.1:7935", "http://127.9.8.7:1/", "http://[::1]:7935",
                                   "http://localhost:7935", "unix:/run/gateway.sock", "unix:///run/gateway.sock"}) {
        CHECK_MESSAGE(byoc::CliEndpoint::parse(good).ok(), good);
    }
    CHECK(byoc::CliEndpoint::parse("unix:///run/gateway.sock")->unix_socket == "/run/gateway.sock");
    for (const std::string bad :
         {"http://10.0.0.1:7935", "http://127.0.0.1.example:1", "http://127.0.0.1@10.0.0.1:1", "https://127.0.0.1:7935",
          "http://localhost.example:1", "unix:run/x", "http://[::2]:1", "127.0.0.1:7935", "http://0.0.0.0:7935"}) {
        CHECK_MESSAGE(!byoc::CliEndpoint::parse(bad).ok(), bad);
    }
}

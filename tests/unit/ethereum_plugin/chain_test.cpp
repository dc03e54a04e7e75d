#include "tests/unit/ethereum_plugin/scene.hpp"

using namespace evm_test;

namespace {

std::string number(const stipend_u256& raw) {
    return evm::Uint256::from_abi(raw).text();
}

const auto tx = hash_text('a');
const std::vector<evm::Bytes32> ids{hash_of('a')};

void mine_everywhere(Scene& scene, std::uint64_t block, const std::string& status = "0x1") {
    for (auto& node : scene.nodes) node.mine(tx, block, status);
}

stipend_sighting seen(Scene& scene) {
    const auto list = scene.sight(ids);
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    REQUIRE(list->items.size() == 1);
    CHECK(std::equal(ids[0].begin(), ids[0].end(), list->items[0].id));
    return list->items[0];
}

constexpr const char* reverted = R"("error":{"code":3,"message":"insufficient funds: nothing is wrong"})";

}  // namespace

TEST_CASE("the account is what a quorum says of the highest blocks that it has reached") {
    Scene scene(3);
    scene.nodes[2].newest = 97;  // a stale replica
    scene.nodes[2].final = 80;
    const auto account = scene.account();
    REQUIRE_MESSAGE(account.status() == STIPEND_OK, account.error());
    const auto& raw = account->raw;
    CHECK(raw.flags == 0);
    CHECK(raw.chain_id == 31'337);
    CHECK(raw.next_slot == 7);
    CHECK(raw.final_next_slot == 5);
    CHECK(raw.head == 100);
    CHECK(raw.final_head == 90);
    CHECK(raw.head_at == 1'755'533'184 * second);
    CHECK(number(raw.coins_wei) == "1000000000000000000");
    CHECK(number(raw.funds) == "1000000000000000000");
    CHECK(number(raw.base_fee_wei) == "100");
    CHECK(number(raw.suggested.tip_wei) == "3");
    CHECK(number(raw.suggested.cap_wei) == "203");
    CHECK(raw.suggested.gas == 0);
}

TEST_CASE("suggested fees are at most what the configuration allows") {
    Scene scene(1, R"(,"tip_wei":5)");
    scene.nodes[0].base_fee = "0x3b9aca00";
    scene.nodes[0].scripted["eth_maxPriorityFeePerGas"] = R"("error":{"code":-32601,"message":"no such method"})";
    const auto account = scene.account();
    REQUIRE_MESSAGE(account.status() == STIPEND_OK, account.error());
    CHECK(number(account->raw.suggested.tip_wei) == "5");
    CHECK(number(account->raw.suggested.cap_wei) == "1000000000");
}

TEST_CASE("without EIP-1559 both fees are the price of gas in the middle, and there is no base fee") {
    Scene scene(3, R"(,"transactions":"legacy")");
    for (auto& node : scene.nodes) node.base_fee.clear();
    scene.nodes[0].gas_price = "0x3b9ac9ff";
    scene.nodes[1].gas_price = "0x7";
    auto account = scene.account();
    REQUIRE_MESSAGE(account.status() == STIPEND_OK, account.error());
    CHECK(number(account->raw.suggested.tip_wei) == "7");
    CHECK(number(account->raw.suggested.cap_wei) == "7");
    CHECK(number(account->raw.base_fee_wei) == "0");
    // Beyond max_fee_per_gas_wei the host is to wait: what it costs is above the cap.
    for (auto& node : scene.nodes) node.gas_price = "0x3b9aca01";
    account = scene.account();
    CHECK(number(account->raw.suggested.cap_wei) == "1000000000");
    CHECK(number(account->raw.base_fee_wei) == "1000000001");
    Scene other(1);
    other.nodes[0].base_fee.clear();
    CHECK(other.account().error().find("wants `transactions: legacy`") != std::string::npos);
}

TEST_CASE("without a quorum that says the same there is no account") {
    Scene scene(3);
    scene.nodes[0].nonce = "0x8";
    scene.nodes[1].balance = "0x1";
    CHECK(scene.account().status() == STIPEND_E_UNAVAILABLE);
    scene.nodes[1].balance = scene.nodes[2].balance;
    CHECK(scene.account()->raw.next_slot == 7);
}

TEST_CASE("an endpoint that contradicts what is final is flagged") {
    Scene scene(3);
    scene.nodes[1].final_nonce = "0x6";
    auto account = scene.account();
    REQUIRE(account.status() == STIPEND_OK);
    CHECK(account->raw.flags == STIPEND_ACCOUNT_DISAGREE);
    CHECK(account->raw.final_next_slot == 5);
    scene.nodes[1].final_nonce = "0x5";
    scene.nodes[1].forked = 85;
    scene.nodes[1].fork = "f0";
    account = scene.account();
    CHECK(account->raw.flags == STIPEND_ACCOUNT_DISAGREE);
    scene.nodes[1].forked = 95;  // of blocks that are not final it is nothing unusual
    account = scene.account();
    CHECK(account->raw.flags == 0);
}

TEST_CASE("what an endpoint answers wrongly is no vote, and no message shows its path") {
    const auto spoil = [](const std::function<void(Node&)>& change, std::size_t how_many) {
        Scene scene(3);
        for (std::size_t at = 0; at < how_many; ++at) change(scene.nodes[at]);
        const auto account = scene.account();
        if (account.status() != STIPEND_OK) {
            CHECK(account.status() == STIPEND_E_UNAVAILABLE);
            CHECK(account.error().find("http://node0.example: ") != std::string::npos);
            CHECK(account.error().find("/key") == std::string::npos);
        }
        return account.status() == STIPEND_OK;
    };
    const std::vector<std::function<void(Node&)>> faults{
        [](Node& node) { node.chain = "0xa4b1"; },
        [](Node& node) { node.nonce = "0x07"; },
        [](Node& node) { node.balance = "0x" + std::string(65, '1'); },
        [](Node& node) { node.scripted["eth_getBlockByNumber"] = R"("result":null)"; },
        [](Node& node) { node.other = [](const FakeRequest&) { return FakeReply::answer(200, "<html>"); }; },
        [](Node& node) { node.other = [](const FakeRequest&) { return FakeReply::answer(500, "[]"); }; },
        [](Node& node) { node.other = [](const FakeRequest&) { return FakeReply::hang(); }; },
        [](Node& node) {
            node.other = [](const FakeRequest&) { return FakeReply::answer(200, std::string(2 << 20, ' ')); };
        },
        [](Node& node) {
            node.other = [](const FakeRequest&) {
                return FakeReply::failed(STIPEND_E_UNAVAILABLE, STIPEND_HTTP_CONNECT, "http://node0.example/key");
            };
        },
    };
    for (std::size_t at = 0; at < faults.size(); ++at) {
        CAPTURE(at);
        CHECK(spoil(faults[at], 1));
        CHECK(!spoil(faults[at], 2));
    }
}

TEST_CASE("an attempt is in a block where a quorum has its receipt, and final up to the final block") {
    Scene scene(3);
    CHECK(seen(scene).phase == STIPEND_SIGHTING_NONE);
    scene.nodes[1].pool[tx] = R"({"hash":")" + tx + "\"}";
    CHECK(seen(scene).phase == STIPEND_SIGHTING_WAITING);
    mine_everywhere(scene, 91);
    auto sighting = seen(scene);
    CHECK(sighting.phase == STIPEND_SIGHTING_IN_BLOCK);
    CHECK(sighting.executed == 1);
    CHECK(sighting.final == 0);
    CHECK(sighting.block == 91);
    CHECK(sighting.depth == 9);
    CHECK(number(sighting.fee_wei) == "2163000");
    CHECK("0x" + stipend::hex_encode(sighting.block_hash) == scene.nodes[0].block_hash(91));
    scene.nodes[0].final = 91;
    CHECK(seen(scene).final == 0);  // one endpoint alone
    scene.nodes[1].final = 91;
    CHECK(seen(scene).final == 1);
    mine_everywhere(scene, 91, "0x0");
    CHECK(seen(scene).executed == 0);
}

TEST_CASE("a stale replica changes nothing, and does not make what is mined unknown") {
    Scene scene(3);
    mine_everywhere(scene, 90);
    scene.nodes[0].newest = 80;
    scene.nodes[0].final = 70;
    scene.nodes[0].receipts.clear();
    scene.nodes[0].pool.clear();
    const auto sighting = seen(scene);
    CHECK(sighting.phase == STIPEND_SIGHTING_IN_BLOCK);
    CHECK(sighting.final == 1);
    CHECK(sighting.depth == 10);
    scene.nodes[1].receipts.clear();
    scene.nodes[1].pool.clear();
    CHECK(seen(scene).phase == STIPEND_SIGHTING_WAITING);  // one knows it
}

TEST_CASE("a receipt of a block that was replaced is no vote") {
    Scene scene(3);
    mine_everywhere(scene, 95);
    for (std::size_t at : {0, 1}) {  // their receipts are of the old chain
        scene.nodes[at].forked = 95;
        scene.nodes[at].fork = "f0";
    }
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);
    scene.nodes[1].mine(tx, 96);
    scene.nodes[0].receipts.clear();
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);  // in a block of each branch
    scene.nodes[2].receipts.clear();
    CHECK(seen(scene).phase == STIPEND_SIGHTING_WAITING);  // one has it in a block
    scene.nodes[2].mine(tx, 95);
    scene.nodes[0].mine(tx, 97);
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);  // three branches
    scene.nodes[0].mine(tx, 96);
    CHECK(seen(scene).block == 96);
}

TEST_CASE("a receipt that differs in its outcome or its fee is another one") {
    Scene scene(2);
    mine_everywhere(scene, 90);
    CHECK(seen(scene).final == 1);
    scene.nodes[0].mine(tx, 90, "0x0");
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);
    mine_everywhere(scene, 90);
    scene.nodes[1].receipts[tx].replace(scene.nodes[1].receipts[tx].find("0x5208"), 6, "0x5209");
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);
    mine_everywhere(scene, 90);
    scene.nodes[1].receipts[tx].replace(scene.nodes[1].receipts[tx].find(tx), tx.size(), hash_text('c'));
    CHECK(scene.sight(ids).status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("with a depth, what has so many blocks above it is final") {
    Scene scene(1, R"(,"final":{"tag":"latest-depth","depth":12})");
    mine_everywhere(scene, 89);
    CHECK(seen(scene).final == 0);
    mine_everywhere(scene, 88);
    CHECK(seen(scene).final == 1);
    CHECK(scene.account()->raw.final_head == 88);
}

TEST_CASE("many attempts are asked for in requests that are bounded") {
    Scene scene(1);
    std::vector<evm::Bytes32> many(100, ids[0]);
    for (std::size_t at = 0; at < many.size(); ++at) many[at][0] = static_cast<std::uint8_t>(at);
    mine_everywhere(scene, 90);
    many[57] = ids[0];
    const auto list = scene.sight(many);
    REQUIRE(list.status() == STIPEND_OK);
    for (std::size_t at = 0; at < many.size(); ++at) {
        CHECK(list->items[at].phase == (at == 57 ? STIPEND_SIGHTING_IN_BLOCK : STIPEND_SIGHTING_NONE));
    }
    CHECK(scene.host.http().requests().size() == (3 + 200 + 15) / 16 + 1);
    CHECK(scene.sight(std::vector<evm::Bytes32>(1'025)).status() == STIPEND_E_LIMIT);
    CHECK(scene.sight(ids, 2).status() == STIPEND_E_UNSUPPORTED);
    CHECK(scene.sight({})->items.empty());
}

TEST_CASE("payees that write as many events as their gas suffices for hold up nothing") {
    Scene scene(1);
    std::string logs;
    for (int at = 0; at < 1'300; ++at) {
        logs +=
            cat(at == 0 ? "[" : ",", R"({"address":")", eth::testing::payee_address,
                R"(","topics":[],"data":"0x","blockNumber":"0x5a","blockTimestamp":"0x68a34f80","transactionHash":")",
                tx, R"(","transactionIndex":"0x1","blockHash":")", tx, R"(","logIndex":"0x10","removed":false})");
    }
    logs += "]";
    std::vector<evm::Bytes32> many;
    for (const char digit : {'1', '2', '3', '4', '5', '6', '7', '8'}) {
        many.push_back(hash_of(digit));
        scene.nodes[0].mine(hash_text(digit), 90, "0x1", logs);
    }
    const auto list = scene.sight(many);
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    for (const auto& one : list->items) CHECK(one.executed == 1);
}

TEST_CASE("an estimate is the highest of a quorum and a margin") {
    Scene scene(3);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0x5208")";
    scene.nodes[1].scripted["eth_estimateGas"] = R"("result":"0x7530")";
    const auto estimate = scene.estimate(Slot(7).raw);
    REQUIRE_MESSAGE(estimate.status() == STIPEND_OK, estimate.error());
    CHECK(estimate->accepted == 1);
    CHECK(estimate->gas == 36'000);
    const auto& body = scene.host.http().requests()[0].body;
    CHECK(body.find(cat(R"({"from":")", eth::testing::payer_address, R"(","to":")", eth::testing::payee_address,
                        R"(","value":"0x3e8"})")) != std::string::npos);
}

TEST_CASE("a payment that takes too much gas is refused") {
    Scene scene(2, R"(,"max_payment_gas":120000)");
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0x186a0")";
    CHECK(scene.estimate(Slot(7).raw)->gas == 120'000);
    scene.nodes[1].scripted["eth_estimateGas"] = R"("result":"0x186a1")";
    const auto refused = scene.estimate(Slot(7).raw);
    CHECK(refused->accepted == 0);
    CHECK(refused->reason == cat("a payment to ", eth::testing::payee_address,
                                 " takes 120001 gas, want at most 120000 (max_payment_gas)"));
}

TEST_CASE("a quorum of errors refuses a payment, whatever their text; an error of another kind does not") {
    Scene scene(3);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = reverted;
    auto estimate = scene.estimate(Slot(7).raw);
    REQUIRE_MESSAGE(estimate.status() == STIPEND_OK, estimate.error());
    CHECK(estimate->accepted == 0);
    CHECK(estimate->gas == 0);
    CHECK(estimate->reason == cat("the chain refuses a payment to ", eth::testing::payee_address));
    scene.nodes[0].scripted["eth_estimateGas"] = R"("result":"0x5208")";
    CHECK(scene.estimate(Slot(7).raw)->accepted == 0);
    scene.nodes[1].scripted["eth_estimateGas"] = R"("error":{"code":-32005,"message":"execution reverted"})";
    CHECK(scene.estimate(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = reverted;
    for (auto& node : scene.nodes) node.balance = "0x3e7";  // the payer's fault, not the payee's
    CHECK(scene.estimate(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);
    for (auto& node : scene.nodes) node.balance = "0x3e8";
    for (auto& node : scene.nodes) node.chain = "0x1";
    CHECK(scene.estimate(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("what a slot must not pay is refused before anything is asked") {
    Scene scene(1);
    const auto status = [&](const std::function<void(Slot&)>& change) {
        Slot slot(7);
        change(slot);
        return scene.estimate(slot.raw).status();
    };
    CHECK(status([](Slot& slot) { slot.raw.payer[0] ^= 1U; }) == STIPEND_E_INVALID);
    CHECK(status([](Slot& slot) { std::fill(std::begin(slot.payments[0].to), std::end(slot.payments[0].to), 0); }) ==
          STIPEND_E_INVALID);
    CHECK(status([](Slot& slot) { std::copy_n(slot.raw.payer, 20, slot.payments[0].to); }) == STIPEND_E_INVALID);
    CHECK(status([](Slot& slot) { slot.payments[0].amount = {}; }) == STIPEND_E_INVALID);
    CHECK(status([](Slot& slot) { slot.raw.batch[31] = 1; }) == STIPEND_E_UNSUPPORTED);
    CHECK(scene.host.http().requests().empty());
}

TEST_CASE("sending succeeds where one endpoint takes the bytes or has them") {
    Scene scene(3);
    const auto key = eth::testing::key_of_hex(eth::testing::payer_key);
    const auto made = eth::sign({.chain_id = 31'337,
                                 .nonce = 7,
                                 .max_priority_fee_per_gas = eth::testing::number_of("1"),
                                 .max_fee_per_gas = eth::testing::number_of("9"),
                                 .gas_limit = 30'000,
                                 .to = eth::testing::address_of_hex(eth::testing::payee_address),
                                 .value = eth::testing::number_of("1000"),
                                 .data = {}},
                                key);
    REQUIRE(made.ok());
    const auto id = eth::hex_text(made->hash);
    const auto script = [&](std::size_t node, const std::string& text) {
        scene.nodes[node].scripted["eth_sendRawTransaction"] = text;
    };
    const std::string low = R"("error":{"code":-32000,"message":"nonce too low"})";
    for (std::size_t at : {0, 1, 2}) script(at, low);
    CHECK(scene.send(made->raw).status() == STIPEND_E_UNAVAILABLE);
    script(1, R"("result":")" + hash_text('c') + "\"");  // of something else
    CHECK(scene.send(made->raw).status() == STIPEND_E_UNAVAILABLE);
    script(1, R"("result":")" + id + "\"");
    CHECK(scene.send(made->raw).status() == STIPEND_OK);
    script(1, low);
    scene.nodes[2].pool[id] = R"({"hash":")" + id + "\"}";
    CHECK(scene.send(made->raw).status() == STIPEND_OK);
    for (const auto& request : scene.host.http().requests()) {
        CHECK(request.body.find(eth::hex_text(made->raw)) != std::string::npos);
    }
    auto other = made->transaction;
    other.chain_id = 1;
    CHECK(scene.send(eth::sign(other, key)->raw).status() == STIPEND_E_INVALID);
    // What an earlier payer has signed is sent again, too: the ledger says which bytes are.
    const auto former = eth::sign(made->transaction, *eth::PrivateKey::generate());
    script(0, R"("result":")" + eth::hex_text(former->hash) + "\"");
    CHECK(scene.send(former->raw).status() == STIPEND_OK);
    CHECK(scene.send({1, 2, 3}).status() == STIPEND_E_INVALID);
}

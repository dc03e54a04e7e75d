#include "tests/unit/ethereum_plugin/contract_scene.hpp"

using namespace evm_test;

namespace {

const eth::Address payer = eth::testing::address_of_hex(eth::testing::payer_address);

std::vector<eth::Payment> three() {
    return {{eth::testing::address_of_hex(eth::testing::payee_address), eth::testing::number_of("5")},
            {eth::testing::address_of_hex(eth::testing::other_payee_address), eth::testing::number_of("6")},
            {eth::testing::address_of_hex(eth::testing::token_address), eth::testing::number_of("7")}};
}
eth::BatchCall call_of(const std::vector<eth::Payment>& payments = three()) {
    return {.token = {}, .batch = eth::testing::batch_id(), .payments = payments};
}
eth::SignedTransaction batch_of_three(const eth::Address& to = contract_address(), std::string_view value = "18",
                                      std::string_view key = eth::testing::payer_key) {
    return signed_call(to, encode_call(call_of()), value, key);
}

// What the contract writes for the batch of three, of which these were not paid.
std::vector<eth::Log> events(const std::vector<std::uint64_t>& not_paid, const eth::Address& by = payer) {
    const auto call = call_of();
    std::vector<eth::Log> out;
    std::uint64_t paid = 18;
    for (const auto at : not_paid) {
        const auto& [to, amount] = call.payments[at];
        out.push_back(
            {contract_address(),
             {stipend::keccak256("NotPaid(address,bytes32,address,uint256,uint256)"), word(by), call.batch, word(to)},
             words({word(at), eth::to_bytes32(amount)})});
        paid -= 5 + at;
    }
    out.push_back(
        {contract_address(),
         {stipend::keccak256("Batch(address,bytes32,address,uint256,uint256,uint256,bytes32)"),
          word(by),
          call.batch,
          {}},
         words({word(3), word(not_paid.size()), word(paid), stipend::keccak256(eth::ByteView(encode_call(call)))})});
    return out;
}

// So many nodes that know the contract.
struct Batches : Scene {
    explicit Batches(std::size_t count) : Scene(count, batch_config()) {
        for (auto& node : nodes) node.scripted["eth_getCode"] = code_result(eth::batch_code());
    }
    void mine(const std::vector<eth::Log>& logs, const std::string& status = "0x1") {
        for (auto& node : nodes) mine_call(node, batch_of_three(), logs, status);
    }
    Operation<SightingList> look(const eth::SignedTransaction& made = batch_of_three(), std::uint64_t count = 3) {
        return sight({made.hash}, count);
    }
};

constexpr std::string_view former_key = "0123456789012345678901234567890123456789012345678901234567890123";

const std::string other_code = code_result({0x60, 0x00});

}  // namespace

TEST_CASE("the code of the batch contract is compared, by a quorum, and health says so") {
    Batches scene(3);
    CHECK(scene.account().status() == STIPEND_OK);
    scene.nodes[0].scripted["eth_getCode"] = other_code;
    CHECK(scene.account().status() == STIPEND_OK);  // one that lies
    CHECK(scene.health().ok());
    scene.nodes[1].scripted["eth_getCode"] = other_code;
    const auto account = scene.account();
    CHECK(account.status() == STIPEND_E_INVALID);
    const auto message = cat("batch_contract ", contract_text, ": the hash of its code is ",
                             eth::hex_text(stipend::keccak256(eth::ByteView(eth::Bytes{0x60, 0x00}))), ", want ",
                             eth::hex_text(eth::batch_code_hash()));
    CHECK(account.error() == message);
    REQUIRE(!scene.health().ok());
    CHECK(scene.health().error().message == message);
    scene.nodes[0].scripted["eth_getCode"] = R"("result":"0x")";
    CHECK(scene.account().status() == STIPEND_E_UNAVAILABLE);  // three opinions
    scene.nodes[1].scripted["eth_getCode"] = R"("result":"0x")";
    CHECK(scene.account().error() == cat("batch_contract ", contract_text, ": no contract is there"));
    for (const char* text : {R"("result":null)", R"("result":"60")", R"("error":{"code":-32000})"}) {
        for (auto& node : scene.nodes) node.scripted["eth_getCode"] = text;
        CHECK_MESSAGE(scene.account().status() == STIPEND_E_UNAVAILABLE, text);
    }
    for (auto& node : scene.nodes) node.scripted["eth_getCode"] = code_result(eth::batch_code());
    CHECK(scene.account().status() == STIPEND_OK);
    CHECK(scene.health().ok());
}

TEST_CASE("a batch is estimated as a call of the contract, with gas for payees that burn theirs") {
    Batches scene(3);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0x30d40")";
    const Slot slot(7, three(), eth::testing::batch_id());
    auto estimate = scene.estimate(slot.raw);
    REQUIRE_MESSAGE(estimate.status() == STIPEND_OK, estimate.error());
    CHECK(estimate->accepted == 1);
    CHECK(estimate->gas == 200'000 + 40'000 + 10'000 + 3 * 32'500);
    CHECK(estimate->likely == 200'000 - 87'000);  // the last payee's account exists
    CHECK(scene.host.http().requests()[0].body.find(cat(
              R"([{"from":")", eth::testing::payer_address, R"(","to":")", contract_text,
              R"(","value":"0x12","data":")", eth::hex_text(encode_call(call_of())), R"("}])")) != std::string::npos);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0xf42400")";
    CHECK(scene.estimate(slot.raw)->gas == 16'000'000 + 3'200'000);  // what is asked for is asked for
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0xcaf120")";
    CHECK(scene.estimate(slot.raw)->gas == 16'000'000);
    // Of two hundred whose batch takes less than payments one by one, it still does.
    const Slot many(7, std::vector(200, three()[0]), eth::testing::batch_id());
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("result":"0x1fa728")";
    CHECK(scene.estimate(many.raw)->gas == 200 * 25'200 - 1);
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = R"("error":{"code":3})";
    estimate = scene.estimate(slot.raw);
    CHECK(estimate->accepted == 0);
    CHECK(estimate->reason == "the chain refuses a batch of 3 payments");
    // Without code there, a chain would take the coins of all.
    for (auto& node : scene.nodes) {
        node.scripted["eth_estimateGas"] = R"("result":"0x5208")";
        node.scripted["eth_getCode"] = R"("result":"0x")";
    }
    estimate = scene.estimate(slot.raw);
    CHECK(estimate.status() == STIPEND_E_UNAVAILABLE);
    CHECK(estimate.error().find("no contract is there") != std::string::npos);
    CHECK(scene.estimate(Slot(7).raw)->accepted == 1);  // a payment to one needs no contract
    CHECK(scene.estimate(Slot(7).raw)->gas == 25'200);
    CHECK(scene.estimate(Slot(7).raw)->likely == 21'000);
}

TEST_CASE("what a batch must not pay is refused before anything is asked") {
    Batches scene(1);
    const auto status = [&](std::vector<eth::Payment> payments, const eth::Bytes32& batch = eth::testing::batch_id()) {
        return scene.estimate(Slot(7, payments, batch).raw).status();
    };
    auto payments = three();
    CHECK(status(payments, {}) == STIPEND_E_UNSUPPORTED);
    payments[1].to = contract_address();
    CHECK(status(payments) == STIPEND_E_INVALID);
    payments = three();
    payments[2].amount = {};
    CHECK(status(payments) == STIPEND_E_INVALID);
    payments = three();
    payments[2].to = payer;
    CHECK(status(payments) == STIPEND_E_INVALID);
    payments = three();
    payments[0].amount =
        eth::testing::number_of("115792089237316195423570985008687907853269984665640564039457584007913129639935");
    CHECK(status(payments) == STIPEND_E_LIMIT);
    CHECK(status(std::vector(1'001, three()[0])) == STIPEND_E_LIMIT);
    CHECK(scene.host.http().requests().empty());
    Scene without(1);
    const auto refused = without.estimate(Slot(7, three(), eth::testing::batch_id()).raw);
    CHECK(refused.status() == STIPEND_E_UNSUPPORTED);
    CHECK(refused.error() == "got 3 payments of a batch, want at most one payment: no batch_contract is configured");
    CHECK(without.sight({hash_of('a')}, 3).status() == STIPEND_E_UNSUPPORTED);
}

TEST_CASE("a batch is signed as it was asked for, once the contract is known, and is recalled") {
    Both both(batch_config());
    const Slot slot(7, three(), eth::testing::batch_id());
    std::string first;
    both.signer.answer = [&](const std::string& request) { return evm::frame(first = signed_answer(request)); };
    CHECK(both.scene.sign(slot.raw).status() == STIPEND_E_UNAVAILABLE);
    CHECK(both.signer.requests.empty());
    both.scene.nodes[0].scripted["eth_getCode"] = code_result(eth::batch_code());
    REQUIRE(both.scene.account().status() == STIPEND_OK);
    auto made = both.wait(both.scene.sign(slot.raw));
    REQUIRE_MESSAGE(made.status() == STIPEND_OK, made.error());
    CHECK(made->raw.kind == STIPEND_SIGNED_PAYS);
    const auto data = encode_call(call_of());
    CHECK(both.signer.requests.at(0).find(cat(R"("to":")", contract_text, R"(","value":"18","data":")",
                                              eth::hex_text(data), R"("},"pays":{"asset":"native","payments":[{"to":")",
                                              eth::testing::payee_address, R"(","amount":"5"},{"to":")",
                                              eth::testing::other_payee_address, R"(","amount":"6"},)")) !=
          std::string::npos);
    const auto changed = [&](const std::function<void(eth::BatchCall&)>& change) {
        both.signer.answer = [change](const std::string& request) {
            return evm::frame(signed_answer(request, [&](eth::Transaction& transaction) {
                auto call = call_of();
                change(call);
                transaction.data = encode_call(call);
            }));
        };
        return both.wait(both.scene.sign(slot.raw)).status();
    };
    CHECK(changed([](eth::BatchCall&) {}) == STIPEND_OK);
    CHECK(changed([](eth::BatchCall& call) { call.payments[2].amount = eth::testing::number_of("8"); }) ==
          STIPEND_E_INVALID);
    CHECK(changed([](eth::BatchCall& call) { call.payments[1].to = contract_address(); }) == STIPEND_E_INVALID);
    CHECK(changed([](eth::BatchCall& call) { std::swap(call.payments[0], call.payments[1]); }) == STIPEND_E_INVALID);
    CHECK(changed([](eth::BatchCall& call) { call.batch[0] ^= 1U; }) == STIPEND_E_INVALID);
    both.signer.answer = [&](const std::string&) { return evm::frame(R"({"attempts":[)" + first + "]}"); };
    CHECK(both.wait(both.scene.recall(7))->items.at(0).raw.kind == STIPEND_SIGNED_PAYS);
    // What no slot of this plugin is, is not taken for one.
    const auto recalled = [&](const eth::SignedTransaction& other) {
        both.signer.answer = [&other](const std::string&) {
            return evm::frame(cat(R"({"attempts":[{"raw":")", eth::hex_text(other.raw), R"(","hash":")",
                                  eth::hex_text(other.hash), R"("}]})"));
        };
        return both.wait(both.scene.recall(7)).status();
    };
    CHECK(recalled(batch_of_three()) == STIPEND_OK);
    CHECK(recalled(batch_of_three(contract_address(), "19")) == STIPEND_E_INVALID);
    CHECK(recalled(batch_of_three(three()[0].to)) == STIPEND_E_INVALID);
    CHECK(recalled(signed_call(contract_address(), {1, 2, 3, 4}, "18")) == STIPEND_E_INVALID);
    CHECK(recalled(signed_call(contract_address(), encode_call(eth::TokenTransfer{three()[0]}))) == STIPEND_E_INVALID);
}

TEST_CASE("what became of each payment of a batch is read from the contract's events") {
    Batches scene(3);
    CHECK(scene.look()->items[0].phase == STIPEND_SIGHTING_NONE);
    scene.mine(events({1}));
    auto list = scene.look();
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    CHECK(list->items[0].phase == STIPEND_SIGHTING_IN_BLOCK);
    CHECK(list->items[0].executed == 1);
    CHECK(list->items[0].final == 1);
    CHECK(list->paid[0] == std::vector<int>{1, 0, 1});
    scene.mine(events({}));
    CHECK(scene.look()->paid[0] == std::vector<int>{1, 1, 1});
    scene.mine(events({0, 1, 2}));
    CHECK(scene.look()->paid[0] == std::vector<int>{0, 0, 0});
    scene.mine({}, "0x0");
    list = scene.look();
    CHECK(list->items[0].executed == 0);
    CHECK(list->paid[0] == std::vector<int>{0, 0, 0});
    // Its nonce was given up instead.
    const auto nothing = signed_call(payer, {});
    for (auto& node : scene.nodes) mine_call(node, nothing, {});
    list = scene.look(nothing);
    CHECK(list->items[0].executed == 1);
    CHECK(list->paid[0] == std::vector<int>{0, 0, 0});
}

TEST_CASE("an endpoint that lies about a batch is outvoted, and without a quorum nothing is known") {
    Batches scene(3);
    scene.mine(events({1}));
    mine_call(scene.nodes[0], batch_of_three(), events({}));
    CHECK(scene.look()->paid[0] == std::vector<int>{1, 0, 1});
    mine_call(scene.nodes[1], batch_of_three(), events({2}));
    auto list = scene.look();
    CHECK(list.status() == STIPEND_E_UNAVAILABLE);
    CHECK(list.error() == "the endpoints disagree about the block or the events of a transaction");
    scene.mine(events({1}));
    // The fields of the transaction are proven by its hash: one that shows them is enough, and one that lies is none.
    const auto id = eth::hex_text(batch_of_three().hash);
    for (std::size_t at : {0, 1}) {
        auto call = call_of();
        call.payments[0].amount = eth::testing::number_of("6");
        scene.nodes[at].pool[id] = shown(batch_of_three()).set("input", eth::hex_text(encode_call(call))).dump();
    }
    CHECK(scene.look()->paid[0] == std::vector<int>{1, 0, 1});
    scene.nodes[2].pool[id] = R"({"hash":")" + id + "\"}";
    list = scene.look();
    CHECK(list.status() == STIPEND_E_UNAVAILABLE);
    CHECK(list.error() == cat("no endpoint shows the transaction ", id, ", which is in a block"));
    // Zeros first, and v in the place of yParity, as some nodes have it.
    auto loose = shown(batch_of_three());
    const auto parity = loose.find("yParity")->text();
    loose = *stipend::parse_json([&] {
        auto text = loose.set("value", "0x0012").dump();
        return text.replace(text.find("yParity"), 7, "v");
    }());
    scene.nodes[2].pool[id] = loose.dump();
    CHECK(scene.look()->paid[0] == std::vector<int>{1, 0, 1});
}

TEST_CASE("a batch whose events are not wholly its own is not guessed at") {
    Batches scene(2);
    const auto refused = [&](const std::vector<eth::Log>& logs) {
        scene.mine(logs);
        const auto list = scene.look();
        return list.status() == STIPEND_E_INVALID ? list.error() : "status " + std::to_string(list.status());
    };
    const auto id = eth::hex_text(batch_of_three().hash);
    const auto unknown = cat("the transaction ", id, " is executed, and what it paid is not known: ");
    CHECK(refused({}) == cat(unknown, "batch contract: got no event of ", contract_text));
    // A payee's own contract writes what it likes.
    auto foreign = events({1});
    for (auto& log : foreign) log.address = three()[0].to;
    CHECK(refused(foreign) == cat(unknown, "batch contract: got no event of ", contract_text));
    auto both = events({2});
    both.insert(both.begin(), foreign.begin(), foreign.end());
    scene.mine(both);
    CHECK(scene.look()->paid[0] == std::vector<int>{1, 1, 0});
    auto some = events({1});
    some.pop_back();
    CHECK(refused(some).starts_with(unknown));
    some = events({1});
    some.erase(some.begin());
    CHECK(refused(some).starts_with(unknown + "batch contract: notPaid of an event: got "));
    some = events({1});
    some[0].data.back() ^= 1U;  // of another amount
    CHECK(refused(some).starts_with(unknown + "batch contract: amount of an event: got "));
    some = events({});
    some[0].topics[1] = word(contract_address());
    CHECK(refused(some).starts_with(unknown + "batch contract: caller of an event: got "));
    some = events({});
    some.push_back(some[0]);
    CHECK(refused(some).starts_with(unknown));
    scene.mine(events({}));
    CHECK(scene.look(batch_of_three(), 2).error() == cat(unknown, "it is a batch of 3 payments, want 2"));
    CHECK(scene.look(batch_of_three(), 1'001).status() == STIPEND_E_LIMIT);
}

TEST_CASE("a receipt's logs have one form, and are of its transaction") {
    Batches scene(1);
    scene.mine(events({1}));
    const auto id = eth::hex_text(batch_of_three().hash);
    const auto good = scene.nodes[0].receipts[id];
    const auto status = [&](const std::string& from, const std::string& to) {
        auto& text = scene.nodes[0].receipts[id] = good;
        const auto at = text.find(from, text.find("\"logs\""));
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        return scene.look().status();
    };
    CHECK(status("\"removed\":false", "\"removed\":null") == STIPEND_OK);
    CHECK(status("\"removed\":false", "\"removed\":true") == STIPEND_E_UNAVAILABLE);
    CHECK(status("\"logs\"", "\"log\"") == STIPEND_E_UNAVAILABLE);
    CHECK(status("\"address\":\"0x", "\"address\":\"0") == STIPEND_E_UNAVAILABLE);
    CHECK(status("\"data\":\"0x", "\"data\":\"0x0") == STIPEND_E_UNAVAILABLE);
    CHECK(status("\"topics\":[", "\"topics\":[null,") == STIPEND_E_UNAVAILABLE);
    CHECK(status("\"topics\":[", cat("\"topics\":[\"", id, "\",")) == STIPEND_E_UNAVAILABLE);
    CHECK(status(id, hash_text('c')) == STIPEND_E_UNAVAILABLE);
    CHECK(status(scene.nodes[0].block_hash(90), hash_text('c')) == STIPEND_E_UNAVAILABLE);
    mine_call(scene.nodes[0], batch_of_three(), events({1}), "0x0");
    CHECK(scene.look().status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("what an earlier payer has sent is read by its own address") {
    Batches scene(1);
    const auto made = batch_of_three(contract_address(), "18", former_key);
    REQUIRE(made.sender != payer);
    mine_call(scene.nodes[0], made, events({1}, made.sender));
    const auto list = scene.look(made);
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    CHECK(list->paid[0] == std::vector<int>{1, 0, 1});
}

TEST_CASE("what another contract, payer or call was sent is no batch of ours") {
    Batches scene(1);
    const auto status = [&](const eth::SignedTransaction& made) {
        mine_call(scene.nodes[0], made, events({}));
        return scene.look(made).status();
    };
    CHECK(status(batch_of_three()) == STIPEND_OK);
    CHECK(status(batch_of_three(three()[0].to)) == STIPEND_E_INVALID);
    CHECK(status(batch_of_three(contract_address(), "19")) == STIPEND_E_INVALID);
    CHECK(status(signed_call(three()[0].to, {}, "18")) == STIPEND_E_INVALID);
    // Another payer's bytes with the events of this one.
    CHECK(status(batch_of_three(contract_address(), "18", former_key)) == STIPEND_E_INVALID);
}

TEST_CASE("the answers about a long batch are asked for by themselves, and bounded") {
    Batches scene(1);
    REQUIRE(scene.sight({hash_of('a'), hash_of('b')}, 1'000).status() == STIPEND_OK);
    std::vector<std::uint64_t> bytes;
    for (const auto& request : scene.host.http().requests()) bytes.push_back(request.max_response_bytes);
    constexpr std::uint64_t usual = 1 << 20;
    CHECK(bytes == std::vector<std::uint64_t>{usual, 16 * usual, usual, 16 * usual});
}

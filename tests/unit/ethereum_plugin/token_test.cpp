#include "tests/unit/ethereum_plugin/contract_scene.hpp"

using namespace evm_test;

namespace {

const eth::Address token = eth::testing::address_of_hex(eth::testing::token_address);
const eth::Address sender = eth::testing::address_of_hex(eth::testing::payer_address);
const eth::Payment payment{eth::testing::address_of_hex(eth::testing::payee_address), eth::testing::number_of("1000")};

std::string token_config() {
    return cat(R"(,"asset":{"token":")", token.text(), R"(","decimals":6})");
}
std::string returns(std::uint64_t number) {
    return "\"result\":\"" + eth::hex_text(word(number)) + "\"";
}
constexpr const char* decimals_call = "0x313ce567";
constexpr const char* balance_call = "0x70a08231";
constexpr const char* transfer_call = "0xa9059cbb";
constexpr const char* reverts = R"("error":{"code":3,"message":"no"})";

eth::SignedTransaction transfer() {
    return signed_call(token, encode_call(eth::TokenTransfer{payment}));
}
eth::Log moved(const eth::Address& from, const eth::Address& to, std::uint64_t amount) {
    return {
        token, {stipend::keccak256("Transfer(address,address,uint256)"), word(from), word(to)}, words({word(amount)})};
}

void know_token(Node& node) {
    node.views[decimals_call] = returns(6);
    node.views[balance_call] = returns(5'000);
    node.views[transfer_call] = returns(1);
    node.scripted["eth_estimateGas"] = R"("result":"0xc350")";
}
struct Tokens : Scene {
    explicit Tokens(std::size_t count) : Scene(count, token_config()) {
        for (auto& node : nodes) know_token(node);
    }
    void script(const std::string& call, const std::string& text, std::size_t from = 0) {
        for (std::size_t at = from; at < nodes.size(); ++at) nodes[at].views[call] = text;
    }
};

}  // namespace

TEST_CASE("the funds of an account in a token are the token's, and its coins are for fees") {
    Tokens scene(3);
    scene.nodes[2].views[balance_call] = returns(7);
    auto account = scene.account();
    REQUIRE_MESSAGE(account.status() == STIPEND_OK, account.error());
    CHECK(evm::Uint256::from_abi(account->raw.funds).text() == "5000");
    CHECK(evm::Uint256::from_abi(account->raw.coins_wei).text() == "1000000000000000000");
    scene.nodes[1].views[balance_call] = returns(8);
    CHECK(scene.account().status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("a token has the decimals that the configuration says") {
    Tokens scene(3);
    scene.script(decimals_call, returns(18), 1);
    auto account = scene.account();
    CHECK(account.status() == STIPEND_E_INVALID);
    CHECK(account.error() == cat("asset.token ", token.text(), ": it has 18 decimals, and the configuration says 6"));
    CHECK(scene.health().error().message == account.error());
    for (const char* text : {R"("result":"0x")", R"("result":"0x06")", reverts}) {
        scene.script(decimals_call, text);
        account = scene.account();
        CHECK(account.status() == STIPEND_E_INVALID);
        CHECK(account.error() == cat("asset.token ", token.text(), ": no token is there that states its decimals"));
    }
    scene.script(decimals_call, returns(6));
    scene.script(balance_call, reverts);
    CHECK(scene.account().error() == cat("asset.token ", token.text(), ": no token is there that states its balances"));
    scene.script(balance_call, R"("error":{"code":-32005})");
    CHECK(scene.account().status() == STIPEND_E_UNAVAILABLE);
    scene.script(balance_call, returns(1));
    CHECK(scene.account().status() == STIPEND_OK);
    CHECK(scene.health().ok());
}

TEST_CASE("a transfer is accepted if a quorum says that it returns true") {
    Tokens scene(3);
    auto estimate = scene.estimate(Slot(7).raw);
    REQUIRE_MESSAGE(estimate.status() == STIPEND_OK, estimate.error());
    CHECK(estimate->accepted == 1);
    CHECK(estimate->gas == 60'000);
    const auto data = eth::hex_text(encode_call(eth::TokenTransfer{payment}));
    CHECK(scene.host.http().requests()[0].body.find(
              cat(R"("eth_estimateGas","params":[{"from":")", eth::testing::payer_address, R"(","to":")", token.text(),
                  R"(","value":"0x0","data":")", data, "\"}]")) != std::string::npos);
    const auto reason = [&](const std::string& text) {
        scene.script(transfer_call, text, 1);
        const auto refused = scene.estimate(Slot(7).raw);
        REQUIRE_MESSAGE(refused.status() == STIPEND_OK, refused.error());
        CHECK(refused->accepted == 0);
        CHECK(refused->gas == 0);
        return refused->reason;
    };
    const auto to = cat(" a payment to ", payment.to.text());
    CHECK(reason(reverts) == "the token reverts" + to);
    CHECK(reason(returns(0)) == "the token returns false for" + to);
    CHECK(reason(R"("result":"0x")") == "the token returns nothing for" + to + ", want true");
    CHECK(reason(returns(2)) == "the token returns something else than true for" + to);
    CHECK(reason(R"("result":"0x01")") == "the token returns something else than true for" + to);
    scene.script(transfer_call, returns(1));
    for (auto& node : scene.nodes) node.scripted["eth_estimateGas"] = reverts;
    CHECK(scene.estimate(Slot(7).raw)->reason == "the chain refuses" + to);
    for (auto& node : scene.nodes) know_token(node);
    scene.script(transfer_call, returns(0), 2);
    CHECK(scene.estimate(Slot(7).raw)->accepted == 1);  // one that lies
    scene.script(transfer_call, R"("error":{"code":-32005})", 1);
    CHECK(scene.estimate(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("a payer without the tokens, and a contract that is not the token, say nothing of the payee") {
    Tokens scene(1);
    scene.script(balance_call, returns(999));
    scene.script(transfer_call, reverts);
    auto estimate = scene.estimate(Slot(7).raw);
    CHECK(estimate.status() == STIPEND_E_UNAVAILABLE);
    CHECK(estimate.error().find("the payer has 999 of the token's smallest unit, less than the payment") !=
          std::string::npos);
    scene.script(balance_call, returns(1'000));
    scene.script(decimals_call, returns(18));
    CHECK(scene.estimate(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("tokens are paid one payee at a time, and never to their own contract") {
    Tokens scene(1);
    const auto many = scene.estimate(Slot(7, {payment, payment}, eth::testing::batch_id()).raw);
    CHECK(many.status() == STIPEND_E_UNSUPPORTED);
    CHECK(many.error() ==
          "got 2 payments of a batch in a token, want at most one: a batch of them needs an approval "
          "first, for which there is no slot");
    CHECK(scene.estimate(Slot(7, "5", eth::testing::token_address).raw).status() == STIPEND_E_INVALID);
    CHECK(scene.sight({hash_of('a')}, 2).status() == STIPEND_E_UNSUPPORTED);
}

TEST_CASE("a transfer is signed as such, and recalled") {
    Both both(token_config());
    know_token(both.scene.nodes[0]);
    std::string first;
    both.signer.answer = [&](const std::string& request) { return evm::frame(first = signed_answer(request)); };
    CHECK(both.scene.sign(Slot(7).raw).status() == STIPEND_E_UNAVAILABLE);  // the token has not been looked at yet
    REQUIRE(both.scene.account().status() == STIPEND_OK);
    const auto made = both.wait(both.scene.sign(Slot(7).raw));
    REQUIRE_MESSAGE(made.status() == STIPEND_OK, made.error());
    CHECK(both.signer.requests.at(0).find(cat(R"("to":")", token.text(), R"(","value":"0","data":")",
                                              eth::hex_text(encode_call(eth::TokenTransfer{payment})),
                                              R"("},"pays":{"asset":")", token.text(), R"(","payments":[{"to":")",
                                              payment.to.text(), R"(","amount":"1000"}]}})")) != std::string::npos);
    both.signer.answer = [&](const std::string&) { return evm::frame(R"({"attempts":[)" + first + "]}"); };
    CHECK(both.wait(both.scene.recall(7))->items.size() == 1);
    const auto recalled = [&](const eth::SignedTransaction& other) {
        both.signer.answer = [&other](const std::string&) {
            return evm::frame(cat(R"({"attempts":[{"raw":")", eth::hex_text(other.raw), R"(","hash":")",
                                  eth::hex_text(other.hash), R"("}]})"));
        };
        return both.wait(both.scene.recall(7)).status();
    };
    CHECK(recalled(signed_call(sender, {})) == STIPEND_OK);  // given up
    CHECK(recalled(signed_call(payment.to, {}, "1000")) == STIPEND_E_INVALID);
    CHECK(recalled(signed_call(token, encode_call(eth::TokenTransfer{payment}), "1")) == STIPEND_E_INVALID);
    CHECK(recalled(signed_call(payment.to, encode_call(eth::TokenTransfer{payment}))) == STIPEND_E_INVALID);
    CHECK(recalled(signed_call(token, encode_call(eth::TokenApproval{payment.to, payment.amount}))) ==
          STIPEND_E_INVALID);
}

TEST_CASE("a transfer is executed where the token says so by exactly one event") {
    Tokens scene(3);
    const auto made = transfer();
    const auto look = [&](const std::vector<eth::Log>& logs, const std::string& status = "0x1") {
        for (auto& node : scene.nodes) mine_call(node, made, logs, status);
        return scene.sight({made.hash});
    };
    const auto good = moved(sender, payment.to, 1000);
    auto list = look({good});
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    CHECK(list->items[0].executed == 1);
    CHECK(list->items[0].count == 0);
    auto other = good;  // an event of another kind
    other.topics[0] = stipend::keccak256("Approval(address,address,uint256)");
    auto foreign = moved(sender, payment.to, 7);
    foreign.address = payment.to;
    CHECK(look({other, foreign, good})->items[0].executed == 1);
    CHECK(look({}, "0x0")->items[0].executed == 0);
    // It moved money, or says that it moved none: a person has to look.
    const auto other_than_one = [&](const std::vector<eth::Log>& logs) {
        const auto seen = look(logs);
        REQUIRE_MESSAGE(seen.status() == STIPEND_OK, seen.error());
        CHECK(seen->items[0].executed == STIPEND_OUTCOME_OTHER);
        return seen->reasons[0];
    };
    CHECK(other_than_one({}) == "the token wrote 0 Transfer events, want one");
    CHECK(other_than_one({good, good}) == "the token wrote 2 Transfer events, want one");
    CHECK(other_than_one({moved(sender, payment.to, 990)}) == "the token moved 990, want 1000");
    auto two_words = good;
    two_words.data.resize(64);
    CHECK(other_than_one({two_words}) == "the token wrote a Transfer event without one amount");
    CHECK(other_than_one({moved(sender, token, 1000)}) ==
          "the token moved something between others than payer and payee");
    CHECK(other_than_one({moved(payment.to, sender, 1000)}) ==
          "the token moved something between others than payer and payee");
    CHECK(other_than_one({foreign}) == "the token wrote 0 Transfer events, want one");
    auto indexed = good;  // as a token of single pieces has it
    indexed.topics.push_back(word(1000));
    indexed.data.clear();
    CHECK(other_than_one({indexed}) == "the token moved something between others than payer and payee");
    // One that lies is outvoted.
    CHECK(look({good})->items[0].executed == 1);
    mine_call(scene.nodes[0], made, {});
    CHECK(scene.sight({made.hash})->items[0].executed == 1);
    mine_call(scene.nodes[1], made, {moved(sender, payment.to, 999)});
    CHECK(scene.sight({made.hash}).status() == STIPEND_E_UNAVAILABLE);
    const auto nothing = signed_call(sender, {});
    for (auto& node : scene.nodes) mine_call(node, nothing, {});
    CHECK(scene.sight({nothing.hash})->items[0].executed == 1);
}

TEST_CASE("a legacy transaction in a block is shown by its price and its v, which has the chain") {
    Tokens scene(1);
    auto fields = transfer().transaction;
    fields.type = eth::TransactionType::legacy;
    fields.max_priority_fee_per_gas = fields.max_fee_per_gas;
    const auto made = *eth::sign(fields, eth::testing::key_of_hex(eth::testing::payer_key));
    mine_call(scene.nodes[0], made, {moved(sender, payment.to, 1000)});
    const auto seen = scene.sight({made.hash});
    REQUIRE_MESSAGE(seen.status() == STIPEND_OK, seen.error());
    CHECK(seen->items[0].executed == STIPEND_OUTCOME_DONE);
    // Without a chain in its v it is none of ours; nor with another price.
    for (const auto& [old, other] :
         {std::pair(R"("gasPrice":"0x9")", R"("gasPrice":"0x8")"), std::pair(R"("v":"0x)", R"("v":"0x1b","w":"0x)")}) {
        auto& text = scene.nodes[0].pool[eth::hex_text(made.hash)];
        const auto kept = text;
        const auto at = text.find(old);
        REQUIRE(at != std::string::npos);
        text.replace(at, std::string_view(old).size(), other);
        CHECK(scene.sight({made.hash}).status() == STIPEND_E_UNAVAILABLE);
        text = kept;
    }
}

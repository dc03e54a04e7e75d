#include "tests/unit/ethereum_plugin/fake_signer.hpp"

#include "signer_wire.hpp"

using namespace evm_test;

TEST_CASE("the signer gets what is paid, and its bytes are passed on") {
    Both both;
    both.signer.answer = [](const std::string& request) { return evm::frame(signed_answer(request)); };
    const auto made = both.wait(both.scene.sign(Slot(7).raw));
    REQUIRE_MESSAGE(made.status() == STIPEND_OK, made.error());
    CHECK(made->raw.kind == STIPEND_SIGNED_PAYS);
    CHECK(made->raw.fees.gas == 30'000);
    const auto read =
        eth::decode_signed(std::span(reinterpret_cast<const std::uint8_t*>(made->bytes.data()), made->bytes.size()));
    REQUIRE(read.ok());
    CHECK(std::equal(read->hash.begin(), read->hash.end(), made->raw.id));
    CHECK(read->transaction.value.text() == "1000");
    CHECK(both.signer.requests.at(0) ==
          cat(R"({"op":"sign","transaction":{"chain_id":31337,"nonce":7,"max_priority_fee_per_gas":"2",)",
              R"("max_fee_per_gas":"300","gas_limit":30000,"to":")", eth::testing::payee_address,
              R"(","value":"1000","data":"0x"},"pays":{"asset":"native","payments":[{"to":")",
              eth::testing::payee_address, R"(","amount":"1000"}]}})"));
    Slot nothing(8);
    nothing.raw.count = 0;
    CHECK(both.wait(both.scene.sign(nothing.raw)).status() == STIPEND_OK);
    CHECK(both.signer.requests.at(1).find(R"("value":"0","data":"0x"},"pays":{"asset":"native","payments":[]}})") !=
          std::string::npos);
}

TEST_CASE("a refusal is a record, and a fault of the signer an error") {
    Both both;
    CHECK(both.status(evm::frame(R"({"refused":"failed","message":"its disk"})")) == STIPEND_E_UNAVAILABLE);
    both.signer.answer = [](const std::string&) {
        return evm::frame(R"({"refused":"payee_day_limit","message":"too much"})");
    };
    const auto made = both.wait(both.scene.sign(Slot(7).raw));
    REQUIRE(made.status() == STIPEND_OK);
    CHECK(made->raw.kind == STIPEND_SIGNED_REFUSED);
    CHECK(made->reason == "payee_day_limit: too much");
    CHECK(made->bytes.empty());
}

TEST_CASE("what was signed is compared field by field") {
    Both both;
    CHECK(both.changed({}) == STIPEND_OK);
    CHECK(both.changed([](auto& made) { made.chain_id = 1; }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.nonce = 8; }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.value = eth::testing::number_of("1001"); }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.to = eth::testing::address_of_hex(eth::testing::other_payee_address); }) ==
          STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.data = {1}; }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.gas_limit = 30'001; }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.max_fee_per_gas = eth::testing::number_of("301"); }) == STIPEND_E_INVALID);
    CHECK(both.changed([](auto& made) { made.max_priority_fee_per_gas = eth::testing::number_of("1"); }) ==
          STIPEND_E_INVALID);
    both.signer.answer = [](const std::string& request) {
        return evm::frame(
            signed_answer(request, {}, "0123456789012345678901234567890123456789012345678901234567890123"));
    };
    CHECK(both.wait(both.scene.sign(Slot(7).raw)).status() == STIPEND_E_INVALID);
    both.signer.answer = [](const std::string& request) {
        auto text = signed_answer(request);
        const auto at = text.find(R"("hash":"0x)") + 10;
        text[at] = text[at] == '0' ? '1' : '0';
        return evm::frame(text);
    };
    CHECK(both.wait(both.scene.sign(Slot(7).raw)).status() == STIPEND_E_INVALID);
}

TEST_CASE("a legacy transaction is asked for by its type, with one price, and no other type is taken for it") {
    Both both(R"(,"transactions":"legacy")");
    Slot slot(7);
    slot.raw.fees.tip_wei = slot.raw.fees.cap_wei;
    both.signer.answer = [](const std::string& request) { return evm::frame(signed_answer(request)); };
    const auto made = both.wait(both.scene.sign(slot.raw));
    REQUIRE_MESSAGE(made.status() == STIPEND_OK, made.error());
    const auto read =
        eth::decode_signed(std::span(reinterpret_cast<const std::uint8_t*>(made->bytes.data()), made->bytes.size()));
    REQUIRE(read.ok());
    CHECK(read->transaction.type == eth::TransactionType::legacy);
    CHECK(read->transaction.max_fee_per_gas.text() == "300");
    CHECK(both.signer.requests.at(0).find(R"("type":"legacy")") != std::string::npos);
    both.signer.answer = [](const std::string& request) {
        return evm::frame(signed_answer(request, [](auto& other) { other.type = eth::TransactionType::eip1559; }));
    };
    CHECK(both.wait(both.scene.sign(slot.raw)).status() == STIPEND_E_INVALID);
    // Two prices are none of a legacy transaction.
    CHECK(both.wait(both.scene.sign(Slot(7).raw)).status() == STIPEND_E_INVALID);
}

TEST_CASE("a signer that talks nonsense, hangs or hangs up ends the operation, and the next one works") {
    Both both;
    CHECK(both.status("GARBAGE and more of it") == STIPEND_E_INVALID);  // announces 1.1 GB
    CHECK(both.status(evm::frame("no JSON")) == STIPEND_E_INVALID);
    CHECK(both.status(evm::frame("[]")) == STIPEND_E_INVALID);
    CHECK(both.status(evm::frame("{}")) == STIPEND_E_INVALID);
    CHECK(both.status(evm::frame(R"({"raw":"0x00","hash":"0x00"})")) == STIPEND_E_INVALID);
    CHECK(both.status(evm::frame("{}") + "x") == STIPEND_E_INVALID);
    CHECK(both.status("") == STIPEND_E_TIMEOUT);
    CHECK(both.status(evm::frame(R"({"refused":"x"})").substr(0, 9)) == STIPEND_E_TIMEOUT);
    CHECK(both.status("ab", true) == STIPEND_E_UNAVAILABLE);
    CHECK(both.status("", true) == STIPEND_E_UNAVAILABLE);
    both.signer.hang_up = false;
    CHECK(both.changed({}) == STIPEND_OK);
}

TEST_CASE("a signer that hangs holds up nothing else, and each request until its own deadline") {
    Both both;
    both.signer.answer = [](const std::string&) { return std::string(); };
    const auto start = both.scene.host.monotonic();
    auto first = both.scene.sign(Slot(7).raw);
    both.scene.host.advance(second);
    auto behind = both.scene.recall(7);
    const auto account = both.scene.account();
    CHECK(account.status() == STIPEND_OK);
    CHECK(!first.done());
    both.wait(first);
    CHECK(first.status() == STIPEND_E_TIMEOUT);
    CHECK(both.scene.host.monotonic() - start <= 2 * second + second / 10);
    CHECK(!behind.done());
    both.signer.answer = [](const std::string&) { return evm::frame(R"({"attempts":[]})"); };
    both.wait(behind);
    CHECK(behind.status() == STIPEND_OK);
    CHECK(behind->items.empty());
}

TEST_CASE("without a signer, and with one that is cancelled, the operation ends") {
    Scene alone(1);
    CHECK(alone.run(alone.sign(Slot(7).raw)).status() == STIPEND_E_UNAVAILABLE);
    Both both;
    both.signer.answer = [](const std::string&) { return std::string(); };
    auto made = both.scene.sign(Slot(7).raw);
    both.scene.host.advance(second / 100);
    both.scene.cancel(made.op());
    both.wait(made);
    CHECK(made.status() == STIPEND_E_CANCELLED);
    CHECK(both.changed({}) == STIPEND_OK);
    both.scene.host.refuse_timers(true);
    CHECK(both.scene.sign(Slot(7).raw).status() == STIPEND_E_BUSY);
    both.scene.host.refuse_timers(false);
}

TEST_CASE("all that was signed for a nonce is recalled, and is of that nonce") {
    Both both;
    std::string first;
    both.signer.answer = [&](const std::string& request) { return evm::frame(first = signed_answer(request)); };
    CHECK(both.wait(both.scene.sign(Slot(7).raw)).status() == STIPEND_OK);
    both.signer.answer = [&](const std::string&) { return evm::frame(R"({"attempts":[)" + first + "]}"); };
    auto list = both.wait(both.scene.recall(7));
    REQUIRE_MESSAGE(list.status() == STIPEND_OK, list.error());
    REQUIRE(list->items.size() == 1);
    CHECK(list->items[0].raw.fees.gas == 30'000);
    CHECK(both.signer.requests.back() == R"({"op":"attempts","nonce":7})");
    CHECK(both.wait(both.scene.recall(8)).status() == STIPEND_E_INVALID);
}

TEST_CASE("fees beyond the configuration are not asked for") {
    Both both;
    Slot slot(7);
    slot.raw.fees.cap_wei = eth::testing::number_of("1000000001").to_abi();
    CHECK(both.scene.sign(slot.raw).status() == STIPEND_E_INVALID);
    slot.raw.fees.cap_wei = eth::testing::number_of("1").to_abi();  // below the tip
    CHECK(both.scene.sign(slot.raw).status() == STIPEND_E_INVALID);
    Slot unlimited(7);
    unlimited.raw.fees.gas = 0;
    CHECK(both.scene.sign(unlimited.raw).status() == STIPEND_E_INVALID);
    CHECK(both.signer.requests.empty());
}

#include "tools/signer/protocol.hpp"

#include "stipend/json_parse.hpp"
#include "tests/unit/signer/signer_fixture.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::signer::testing;

namespace {

constexpr std::string_view request = R"({"op":"sign","transaction":{"chain_id":42161,"nonce":0,)"
                                     R"("max_priority_fee_per_gas":"1","max_fee_per_gas":"100","gas_limit":50000,)"
                                     R"("to":"0x14791697260E4c9A71f18484C9f997B308e59325","value":"5","data":"0x"},)"
                                     R"("pays":{"asset":"native","payments":)"
                                     R"([{"to":"0x14791697260E4c9A71f18484C9f997B308e59325","amount":"5"}]}})";

std::string with(std::string_view old, std::string_view changed) {
    std::string text(request);
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), changed);
}

}  // namespace

TEST_CASE("a signature is answered as raw bytes, and again as the same") {
    SignerFixture fixture;
    const auto first = parse_json(answer(*fixture.signer, request));
    REQUIRE(first.ok());
    REQUIRE_MESSAGE(first->find("raw") != nullptr, first->dump());
    const auto raw = bytes_of_hex(first->find("raw")->text());
    const auto read = ethereum::decode_signed(raw);
    REQUIRE(read.ok());
    CHECK(read->transaction == coins(0, payee_address, "5"));
    CHECK(first->find("hash")->text() == ethereum::hex_text(read->hash));
    CHECK(first->find("kind")->text() == "payment");
    CHECK(!first->find("repeated")->truth());
    const auto second = parse_json(answer(*fixture.signer, request));
    CHECK(second->find("raw")->text() == first->find("raw")->text());
    CHECK(second->find("repeated")->truth());
    const auto attempts = parse_json(answer(*fixture.signer, R"({"op":"attempts","nonce":0})"));
    REQUIRE(attempts->find("attempts")->items().size() == 1);
    CHECK(attempts->find("attempts")->items()[0].find("raw")->text() == first->find("raw")->text());
    CHECK(answer(*fixture.signer, R"({"op":"attempts","nonce":1})") == R"({"attempts":[]})");
}

TEST_CASE("a legacy transaction is named as such, and nothing else is a type") {
    const auto read = [](const std::string& text) { return parse_sign_request(*parse_json(text)); };
    const auto plain = read(std::string(request));
    REQUIRE(std::holds_alternative<SignRequest>(plain));
    CHECK(std::get<SignRequest>(plain).transaction.type == ethereum::TransactionType::eip1559);
    const auto legacy = read(with(R"("nonce":0)", R"("nonce":0,"type":"legacy")"));
    REQUIRE(std::holds_alternative<SignRequest>(legacy));
    CHECK(std::get<SignRequest>(legacy).transaction.type == ethereum::TransactionType::legacy);
    for (const auto* other : {R"("nonce":0,"type":"eip1559")", R"("nonce":0,"type":0)", R"("nonce":0,"type":null)"}) {
        const auto refused = read(with(R"("nonce":0)", other));
        REQUIRE(std::holds_alternative<Refusal>(refused));
        CHECK(std::get<Refusal>(refused).code == "bad_request");
    }
}

TEST_CASE("a refusal has a code and a message") {
    SignerFixture fixture;
    CHECK(
        answer(*fixture.signer, with(R"("value":"5")", R"("value":"6")")) ==
        R"({"refused":"claim_differs","message":"the transaction pays something else than the request says: it pays 1 payees in native"})");
}

TEST_CASE("address and status") {
    SignerFixture fixture;
    CHECK(answer(*fixture.signer, R"({"op":"address"})") == cat(R"({"address":")", payer_address, "\"}"));
    CHECK(answer(*fixture.signer, R"({"op":"status"})")
              .starts_with(cat(R"({"address":")", payer_address,
                               R"(","chain_id":42161,"highest_nonce":null,"day":20000,"fees_today":"0",)")));
}

TEST_CASE("what is malformed is refused by its member") {
    SignerFixture fixture;
    const auto message = [&](const std::string& text) {
        const auto json = parse_json(answer(*fixture.signer, text));
        REQUIRE(json->find("refused") != nullptr);
        CHECK(json->find("refused")->text() == "bad_request");
        return json->find("message")->text();
    };
    CHECK(message("{").starts_with("not JSON"));
    CHECK(message("[]") == "op: want one of sign, attempts, status, address");
    CHECK(message(R"({"op":"sign"})") == "transaction: want an object");
    CHECK(message(with(R"("nonce":0,)", "")) == "transaction.nonce: want a number below 2^64");
    CHECK(message(with(R"("nonce":0,)", R"("nonce":-1,)")) == "transaction.nonce: want a number below 2^64");
    CHECK(message(with(R"("nonce":0,)", R"("nonce":18446744073709551616,)")) ==
          "transaction.nonce: want a number below 2^64");
    CHECK(message(with(R"("value":"5")", R"("value":"0x5")")) ==
          "transaction.value: want a number below 2^256 as a text of digits");
    CHECK(message(with(R"("data":"0x")", R"("data":"0x1")")) == "transaction.data: want 0x and hex digits");
    CHECK(message(with(R"("data":"0x")", R"("data":"0x","access_list":[])")) ==
          "transaction: got an unknown member \"access_list\"");
    CHECK(message(with("0x14791697260E4", "0x14791697260e4")) == "transaction.to: want an address");
    CHECK(message(with(R"("asset":"native")", R"("asset":"eth")")) == "pays.asset: want native or a token's address");
    CHECK(message(with(R"("amount":"5")", R"("amount":5.5)")).starts_with("pays.payments.amount"));
    CHECK(message(R"({"op":"sign_message","message":"x"})") == "op: want one of sign, attempts, status, address");
}

TEST_CASE("a frame begins with its length") {
    const std::string text(0x0102, 'x');
    CHECK(frame(text).substr(0, 4) == std::string("\x00\x00\x01\x02", 4));
    CHECK(frame(text).size() == 0x0106);
}

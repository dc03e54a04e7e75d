#include "tools/signer/policy.hpp"

#include "tests/unit/signer/signer_fixture.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::signer::testing;
using stipend::ethereum::BatchCall;
using stipend::ethereum::TokenApproval;
using stipend::ethereum::TokenTransfer;

namespace {

const Address payee = address_of_hex(payee_address);
const Address other_payee = address_of_hex(other_payee_address);
const Address token = address_of_hex(token_address);

Payment payment(const Address& to, std::string_view amount) {
    return {to, number_of(amount)};
}

BatchCall batch(std::vector<Payment> payments, Asset of = {}) {
    return {.token = std::move(of), .batch = batch_id(), .payments = std::move(payments)};
}

}  // namespace

TEST_CASE("each kind of payment is signed") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    CHECK(fixture.sign(call(1, token_address, TokenTransfer{payment(payee, "1000")}),
                       claim_of({payment(payee, "1000")}, token)) == "ok");
    const std::vector<Payment> both{payment(payee, "50"), payment(other_payee, "100")};
    CHECK(fixture.sign(call(2, batch_contract_address, batch(both), "150"), claim_of(both)) == "ok");
    const std::vector<Payment> tokens{payment(other_payee, "7"), payment(payee, "0")};
    CHECK(fixture.sign(call(3, token_address, TokenApproval{address_of_hex(batch_contract_address), number_of("7")}),
                       claim_of({tokens[0]}, token)) == "ok");
    CHECK(fixture.sign(call(4, batch_contract_address, batch({tokens[0]}, token)), claim_of({tokens[0]}, token)) ==
          "ok");
    CHECK(fixture.sign(no_op(5), {}) == "ok");
}

TEST_CASE("where legacy transactions are configured, they are signed and no others") {
    SignerFixture fixture;
    fixture.settings.transactions = ethereum::TransactionType::legacy;
    fixture.restart();
    auto legacy = coins(0, payee_address, "1");
    CHECK(fixture.sign(legacy, claim_of(legacy)) == "not_payable");
    legacy.type = ethereum::TransactionType::legacy;
    legacy.max_priority_fee_per_gas = legacy.max_fee_per_gas;
    CHECK(fixture.sign(legacy, claim_of(legacy)) == "ok");
    auto two_prices = legacy;
    two_prices.max_priority_fee_per_gas = number_of("1");
    CHECK(fixture.sign(two_prices, claim_of(two_prices)) == "not_payable");
}

TEST_CASE("anything else is refused") {
    SignerFixture fixture;
    const auto refused = [&](Transaction transaction, const Claim& claim) { return fixture.sign(transaction, claim); };
    // Another chain, another type.
    auto other = coins(0, payee_address, "1");
    other.chain_id = 1;
    CHECK(refused(other, claim_of(other)) == "wrong_chain");
    other = coins(0, payee_address, "1");
    other.type = ethereum::TransactionType::legacy;
    other.max_priority_fee_per_gas = other.max_fee_per_gas;
    CHECK(refused(other, claim_of(other)) == "not_payable");
    other = coins(0, payee_address, "1");
    other.max_priority_fee_per_gas = number_of("101");
    CHECK(refused(other, claim_of(other)) == "not_payable");
    // A call of what is not configured; coins to a contract; a token's other functions.
    CHECK(refused(call(0, payee_address, TokenTransfer{payment(payee, "1")}), claim_of({payment(payee, "1")})) ==
          "not_payable");
    CHECK(fixture.pay(0, token_address, "1") == "not_payable");
    CHECK(fixture.pay(0, batch_contract_address, "1") == "not_payable");
    auto unknown = call(0, token_address, TokenTransfer{payment(payee, "1")});
    unknown.data[0] = 0x23;
    CHECK(refused(unknown, claim_of({payment(payee, "1")}, token)) == "not_payable");
    auto with_value = call(0, token_address, TokenTransfer{payment(payee, "1")}, "1");
    CHECK(refused(with_value, claim_of({payment(payee, "1")}, token)) == "not_payable");
    CHECK(refused(call(0, token_address, batch({payment(payee, "1")}, token)),
                  claim_of({payment(payee, "1")}, token)) == "not_payable");
    CHECK(refused(call(0, batch_contract_address, TokenTransfer{payment(payee, "1")}),
                  claim_of({payment(payee, "1")})) == "not_payable");
    // A batch with another value than its sum.
    const std::vector<Payment> both{payment(payee, "50"), payment(other_payee, "100")};
    CHECK(refused(call(0, batch_contract_address, batch(both), "149"), claim_of(both)) == "not_payable");
    CHECK(refused(call(0, batch_contract_address, batch(both, token), "150"), claim_of(both, token)) == "not_payable");
    // A token without limits.
    CHECK(refused(call(0, batch_contract_address, batch({payment(payee, "1")}, other_payee)),
                  claim_of({payment(payee, "1")}, other_payee)) == "not_payable");
    // Data or a value to itself is no no-op.
    CHECK(refused(coins(0, payer_address, "1"), claim_of(coins(0, payer_address, "1"))) == "payee");
    auto text = no_op(0);
    text.data = {1};
    CHECK(refused(text, {}) == "not_payable");
}

TEST_CASE("an approval is for the batch contract, and for exactly the sum of its batch") {
    SignerFixture fixture;
    const auto spender = address_of_hex(batch_contract_address);
    const auto claim = claim_of({payment(payee, "3"), payment(other_payee, "4")}, token);
    CHECK(fixture.sign(call(0, token_address, TokenApproval{payee, number_of("7")}), claim) == "not_payable");
    for (const auto* amount :
         {"6", "8", "115792089237316195423570985008687907853269984665640564039457584007913129639935"}) {
        CHECK(fixture.sign(call(0, token_address, TokenApproval{spender, number_of(amount)}), claim) ==
              "claim_differs");
    }
    CHECK(fixture.sign(call(0, token_address, TokenApproval{spender, number_of("7")}), claim) == "ok");
    // Its payees are judged as those of a batch are.
    CHECK(fixture.sign(call(1, token_address, TokenApproval{spender, number_of("1001")}),
                       claim_of({payment(payee, "1001")}, token)) == "payment_limit");
}

TEST_CASE("what the request says is compared with what the transaction does") {
    SignerFixture fixture;
    const auto transaction = coins(0, payee_address, "5");
    CHECK(fixture.sign(transaction, claim_of({payment(payee, "4")})) == "claim_differs");
    CHECK(fixture.sign(transaction, claim_of({payment(other_payee, "5")})) == "claim_differs");
    CHECK(fixture.sign(transaction, claim_of({payment(payee, "5")}, token)) == "claim_differs");
    CHECK(fixture.sign(transaction, claim_of({payment(payee, "5"), payment(payee, "5")})) == "claim_differs");
    CHECK(fixture.sign(transaction, {}) == "claim_differs");
    CHECK(fixture.sign(no_op(0), claim_of({payment(payee, "5")})) == "claim_differs");
    CHECK(fixture.sign(transaction, claim_of({payment(payee, "5")})) == "ok");
}

TEST_CASE("each payee and amount inside a batch is judged") {
    SignerFixture fixture;
    const auto sign = [&](std::vector<Payment> payments) {
        const auto sum = *sum_of(payments);
        return fixture.sign(call(0, batch_contract_address, batch(payments), sum.text()), claim_of(payments));
    };
    CHECK(sign({payment(payee, "1"), payment(other_payee, "101")}) == "payment_limit");
    CHECK(sign({payment(payee, "1"), payment(other_payee, "0")}) == "amount");
    CHECK(sign({payment(payee, "1"), payment(address_of_hex(payer_address), "1")}) == "payee");
    CHECK(sign({payment(payee, "1"), payment(address_of_hex(batch_contract_address), "1")}) == "payee");
    CHECK(sign({payment(payee, "1"), payment(token, "1")}) == "payee");
    // Three times the same payee is above its day's limit of 150.
    CHECK(sign({payment(payee, "60"), payment(payee, "60"), payment(payee, "31")}) == "payee_day_limit");
    CHECK(sign({payment(payee, "60"), payment(payee, "60"), payment(payee, "30")}) == "ok");
}

TEST_CASE("only the listed payees are paid, where there is a list") {
    SignerFixture fixture;
    fixture.settings.payees = std::vector{payee};
    fixture.restart();
    CHECK(fixture.pay(0, other_payee_address, "1") == "payee");
    const std::vector<Payment> both{payment(payee, "1"), payment(other_payee, "1")};
    CHECK(fixture.sign(call(0, batch_contract_address, batch(both), "2"), claim_of(both)) == "payee");
    CHECK(fixture.pay(0, payee_address, "1") == "ok");
}

TEST_CASE("gas limit and fee are bounded") {
    SignerFixture fixture;
    auto transaction = coins(0, payee_address, "1");
    transaction.gas_limit = 1'000'001;
    CHECK(fixture.sign(transaction, claim_of(transaction)) == "gas_limit");
    transaction.gas_limit = 1'000'000;
    transaction.max_fee_per_gas = number_of("1001");
    CHECK(fixture.sign(transaction, claim_of(transaction)) == "fee_limit");
    transaction.max_fee_per_gas = number_of("1000");
    CHECK(fixture.sign(transaction, claim_of(transaction)) == "ok");
    // That was all of the fees of the day; also a no-op costs some.
    CHECK(fixture.sign(no_op(1), {}) == "fees_day_limit");
    fixture.pass(seconds_per_day);
    CHECK(fixture.sign(no_op(1), {}) == "ok");
}

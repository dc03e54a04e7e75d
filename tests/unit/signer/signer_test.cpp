#include "tools/signer/signer.hpp"

#include "tests/unit/signer/signer_fixture.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::signer::testing;

namespace {

Transaction with_fees(Transaction transaction, std::string_view fee, std::string_view tip) {
    transaction.max_fee_per_gas = number_of(fee);
    transaction.max_priority_fee_per_gas = number_of(tip);
    return transaction;
}

}  // namespace

TEST_CASE("the same request gets the same bytes, also after a restart, and counts once") {
    SignerFixture fixture;
    CHECK(fixture.pay(7, payee_address, "100") == "ok");
    const auto raw = fixture.last->raw;
    for (int round = 0; round < 3; ++round) {
        CHECK(fixture.pay(7, payee_address, "100") == "repeated");
        CHECK(fixture.last->raw == raw);
        fixture.restart();
    }
    CHECK(fixture.pay(8, payee_address, "50") == "ok");
    CHECK(fixture.pay(9, payee_address, "1") == "payee_day_limit");
}

TEST_CASE("a used nonce is signed for the same payment with fees that are no lower, and counts no second time") {
    SignerFixture fixture;
    const auto first = coins(0, payee_address, "100");
    const auto claim = claim_of(first);
    CHECK(fixture.sign(first, claim) == "ok");
    fixture.restart();
    CHECK(fixture.sign(with_fees(first, "99", "1"), claim) == "fee_lower");
    CHECK(fixture.sign(with_fees(first, "200", "0"), claim) == "fee_lower");
    CHECK(fixture.sign(with_fees(first, "200", "2"), claim) == "ok");
    CHECK(fixture.sign(with_fees(first, "150", "2"), claim) == "fee_lower");
    CHECK(fixture.sign(with_fees(first, "200", "3"), claim) == "ok");
    // Of what was signed before, the bytes.
    CHECK(fixture.sign(first, claim) == "repeated");
    CHECK(fixture.signer->attempts(0)->size() == 3);
    for (const auto& [to, wei] :
         {std::pair(other_payee_address, "100"), std::pair(payee_address, "99"), std::pair(payee_address, "101")}) {
        const auto other = with_fees(coins(0, to, wei), "300", "3");
        CHECK(fixture.sign(other, claim_of(other)) != "ok");
    }
    CHECK(fixture.pay(1, payee_address, "50") == "ok");
    CHECK(fixture.pay(2, payee_address, "1") == "payee_day_limit");
}

TEST_CASE("another payment at a used nonce is refused, whatever its fees") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "10") == "ok");
    const auto other = with_fees(coins(0, other_payee_address, "10"), "500", "5");
    CHECK(fixture.sign(other, claim_of(other)) == "nonce_used");
    CHECK(fixture.message == "nonce 0 was signed with another to, want the same or a no-op");
    const auto more = with_fees(coins(0, payee_address, "11"), "500", "5");
    CHECK(fixture.sign(more, claim_of(more)) == "nonce_used");
    const ethereum::Call transfer = ethereum::TokenTransfer{{address_of_hex(payee_address), number_of("10")}};
    CHECK(fixture.sign(with_fees(call(0, token_address, transfer), "500", "5"),
                       claim_of({{address_of_hex(payee_address), number_of("10")}}, address_of_hex(token_address))) ==
          "nonce_used");
}

TEST_CASE("a no-op takes a used nonce, and gives nothing back") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    CHECK(fixture.sign(with_fees(no_op(0), "99", "1"), {}) == "fee_lower");
    CHECK(fixture.sign(with_fees(no_op(0), "200", "2"), {}) == "ok");
    CHECK(fixture.pay(1, payee_address, "51") == "payee_day_limit");
    CHECK(fixture.pay(1, payee_address, "50") == "ok");
    // A nonce that was a no-op first is never a payment.
    CHECK(fixture.sign(no_op(2), {}) == "ok");
    const auto late = with_fees(coins(2, other_payee_address, "1"), "300", "3");
    CHECK(fixture.sign(late, claim_of(late)) == "nonce_used");
}

TEST_CASE("the limits of a day hold across restarts, and begin anew at midnight UTC") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    fixture.restart();
    CHECK(fixture.pay(1, payee_address, "51") == "payee_day_limit");
    CHECK(fixture.message ==
          "the sum of the day for native:0x14791697260E4c9A71f18484C9f997B308e59325 is 100: got 51 more, want at most "
          "150 in all");
    CHECK(fixture.pay(1, other_payee_address, "100") == "ok");
    fixture.pass(seconds_per_day - 1);
    CHECK(fixture.pay(2, batch_contract_address, "1") == "not_payable");
    CHECK(fixture.pay(2, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "51") == "day_limit");
    CHECK(fixture.pay(2, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "50") == "ok");
    fixture.pass(1);
    CHECK(fixture.pay(3, payee_address, "100") == "ok");
    const auto status = fixture.signer->status();
    REQUIRE(status.ok());
    CHECK(status->day == 20'001);
    CHECK(status->highest_nonce == 3);
    CHECK(status->assets[0].today.text() == "100");
    CHECK(status->assets[1].today.text() == "0");
    CHECK(status->fees_today.text() == "5000000");
}

TEST_CASE("a refused payment counts nothing") {
    SignerFixture fixture;
    for (int round = 0; round < 3; ++round) CHECK(fixture.pay(0, payee_address, "101") == "payment_limit");
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    for (int round = 0; round < 3; ++round) CHECK(fixture.pay(1, payee_address, "51") == "payee_day_limit");
    CHECK(fixture.pay(1, payee_address, "50") == "ok");
    CHECK(fixture.signer->status()->assets[0].today.text() == "150");
}

TEST_CASE("a replacement adds to the fees of the day what it costs more") {
    SignerFixture fixture;
    fixture.settings.max_fees_per_day = number_of("10000000");  // 2 x 50,000 gas x 100 wei
    fixture.restart();
    const auto first = coins(0, payee_address, "1");
    CHECK(fixture.sign(first, claim_of(first)) == "ok");
    CHECK(fixture.sign(with_fees(first, "150", "1"), claim_of(first)) == "ok");
    CHECK(fixture.signer->status()->fees_today.text() == "7500000");
    auto less_gas = with_fees(first, "160", "1");
    less_gas.gas_limit = 30'000;
    CHECK(fixture.sign(less_gas, claim_of(first)) == "ok");
    CHECK(fixture.signer->status()->fees_today.text() == "7500000");
    CHECK(fixture.sign(with_fees(first, "201", "1"), claim_of(first)) == "fees_day_limit");
    CHECK(fixture.sign(with_fees(first, "200", "1"), claim_of(first)) == "ok");
    CHECK(fixture.pay(1, payee_address, "1") == "fees_day_limit");
}

TEST_CASE("a clock that steps back is noticed, and signs nothing") {
    SignerFixture fixture;
    fixture.pass(10);
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    fixture.now.wall_s -= DayClock::max_back_s + 1;
    CHECK(fixture.pay(1, payee_address, "1") == "clock");
    CHECK(fixture.message == "the clock is 6 s behind the last signature");
    // Also by a new process.
    fixture.now.wall_s -= seconds_per_day;
    fixture.restart();
    CHECK(fixture.pay(1, other_payee_address, "1") == "clock");
    // What was signed before is still answered.
    CHECK(fixture.pay(0, payee_address, "100") == "repeated");
}

TEST_CASE("a small step back across midnight counts in the later day") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    fixture.now.wall_s -= 3;
    CHECK(fixture.pay(1, payee_address, "51") == "payee_day_limit");
    CHECK(fixture.pay(1, payee_address, "50") == "ok");
    CHECK(fixture.signer->status()->assets[0].today.text() == "150");
}

TEST_CASE("a clock that is set forward gives no new day to this process") {
    SignerFixture fixture;
    CHECK(fixture.pay(0, payee_address, "100") == "ok");
    fixture.now.wall_s += seconds_per_day;
    CHECK(fixture.pay(1, payee_address, "100") == "clock");
    CHECK(fixture.message == "the clock was set by 86400 s since this process began: restart it when it is right");
}

TEST_CASE("attempts at one nonce are bounded") {
    SignerFixture fixture;
    const auto first = coins(0, payee_address, "1");
    for (std::size_t attempt = 0; attempt < Store::max_attempts; ++attempt) {
        CHECK(fixture.sign(with_fees(first, std::to_string(100 + attempt), "1"), claim_of(first)) == "ok");
    }
    CHECK(fixture.sign(with_fees(first, "900", "1"), claim_of(first)) == "attempts");
}

TEST_CASE("a nonce that the store cannot hold is refused") {
    SignerFixture fixture;
    CHECK(fixture.pay(std::uint64_t{1} << 63, payee_address, "1") == "nonce");
}

TEST_CASE("the store belongs to one payer on one chain, and to one process") {
    SignerFixture fixture;
    const auto file = fixture.folder / "state.db";
    const auto payer = address_of_hex(payer_address);
    CHECK(!Store::open(file, payer, 42'161).ok());  // the fixture's has it
    fixture.signer.reset();
    CHECK(Store::open(file, address_of_hex(payee_address), 42'161)
              .error()
              .message.find(
                  "it is of 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23 on chain 42161, want 0x14791697260E4c9A") !=
          std::string::npos);
    CHECK(!Store::open(file, payer, 1).ok());
    CHECK(Store::open(file, payer, 42'161).ok());
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
}

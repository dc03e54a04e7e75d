// A signer of the tests: its own folder, a clock that the test sets, and one setting for all.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/ethereum/hex_bytes.hpp"
#include "tools/signer/signer.hpp"

namespace stipend::signer::testing {

using namespace stipend::ethereum::testing;

inline constexpr std::int64_t first_day_s = 20'000 * seconds_per_day;
inline constexpr std::string_view batch_contract_address = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

inline Settings test_settings() {
    Settings out;
    out.chain_id = 42'161;
    out.batch_contract = address_of_hex(batch_contract_address);
    out.max_fee_per_gas = number_of("1000");
    out.max_gas = 1'000'000;
    out.max_fees_per_day = number_of("1000000000");
    out.assets.push_back({{}, number_of("100"), number_of("150"), number_of("250")});
    out.assets.push_back({address_of_hex(token_address), number_of("1000"), number_of("1000"), number_of("2000")});
    return out;
}

inline Transaction coins(std::uint64_t nonce, std::string_view to, std::string_view wei) {
    return {.chain_id = 42'161,
            .nonce = nonce,
            .max_priority_fee_per_gas = number_of("1"),
            .max_fee_per_gas = number_of("100"),
            .gas_limit = 50'000,
            .to = address_of_hex(to),
            .value = number_of(wei)};
}
inline Transaction no_op(std::uint64_t nonce) {
    return coins(nonce, payer_address, "0");
}
inline Transaction call(std::uint64_t nonce, std::string_view to, const ethereum::Call& call,
                        std::string_view wei = "0") {
    auto out = coins(nonce, to, wei);
    out.data = ethereum::encode_call(call);
    return out;
}
inline Claim claim_of(std::vector<Payment> payments, Asset asset = {}) {
    return {std::move(asset), std::move(payments)};
}
// What `coins` pays.
inline Claim claim_of(const Transaction& transaction) {
    return claim_of({{transaction.to, transaction.value}});
}

class SignerFixture {
  public:
    SignerFixture() {
        std::string name = (std::filesystem::temp_directory_path() / "signer.XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        restart();
    }
    ~SignerFixture() {
        signer.reset();
        std::filesystem::remove_all(folder);
    }
    SignerFixture(const SignerFixture&) = delete;
    SignerFixture& operator=(const SignerFixture&) = delete;

    // As another process that finds what the last one left.
    void restart() {
        signer.reset();
        auto key = key_of_hex(payer_key);
        auto store = Store::open(folder / "state.db", key.address(), settings.chain_id);
        REQUIRE_MESSAGE(store.ok(), store.error().message);
        signer = std::make_unique<Signer>(std::move(key), settings, std::move(*store), [this] { return now; });
    }
    void pass(std::int64_t seconds) {
        now.wall_s += seconds;
        now.boot_s += seconds;
    }
    // The code of the refusal; "ok" or "repeated" for a signature.
    std::string sign(const Transaction& transaction, const Claim& claim) {
        auto judged = signer->sign(transaction, claim);
        REQUIRE_MESSAGE(judged.ok(), judged.error().message);
        if (const auto* refused = std::get_if<Refusal>(&*judged)) {
            message = refused->message;
            return std::string(refused->code);
        }
        last = std::get<Signed>(*judged).transaction;
        CHECK(last->sender == signer->address());
        CHECK(last->transaction == transaction);
        return std::get<Signed>(*judged).repeated ? "repeated" : "ok";
    }
    std::string pay(std::uint64_t nonce, std::string_view to, std::string_view wei) {
        const auto transaction = coins(nonce, to, wei);
        return sign(transaction, claim_of(transaction));
    }

    std::filesystem::path folder;
    Settings settings = test_settings();
    ClockReading now{.wall_s = first_day_s, .boot_s = 1'000};
    std::unique_ptr<Signer> signer;
    std::optional<SignedTransaction> last;
    std::string message;
};

}  // namespace stipend::signer::testing

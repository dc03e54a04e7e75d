// Any bytes as what a node answers to JSON-RPC, and as what the signer answers. What is read has one form, and says
// what was asked for; of two ids in one answer each is read once.
#include "rpc.hpp"

#include "account.hpp"
#include "signer_wire.hpp"
#include "tests/fuzz/target.hpp"

using namespace evm;

namespace {

const Settings& settings() {
    static const auto made = [] {
        Settings out;
        out.chain_id = 42'161;
        out.payer = Address::parse("0x2c7536E3605D9C16a7a3D7b1898e529396a65c23");
        out.endpoints = {{.url = "http://a", .shown = "http://a"}};
        out.quorum = 1;
        out.final_tag = "finalized";
        out.max_fee_per_gas = Uint256(std::uint64_t{1'000'000'000});
        return out;
    }();
    return made;
}

void check_answer(const RpcAnswer& answer) {
    Bytes32 id{};
    id.fill(0xaa);
    if (const auto number = read_u256(answer)) FUZZ_REQUIRE(quantity_text(*number).size() <= 66);
    if (const auto number = read_u64(answer)) FUZZ_REQUIRE(quantity_text(*number).size() <= 18);
    if (const auto block = read_block(answer, 16)) FUZZ_REQUIRE(block->number == 16);
    const auto receipt = read_receipt(answer, id);
    FUZZ_REQUIRE(!receipt.ok() || !answer.refused);
    if (const auto watched = read_receipt(answer, id, settings().payer); watched && *watched) {
        FUZZ_REQUIRE((*watched)->executed || (*watched)->logs.empty());
        for (const auto& log : (*watched)->logs)
            FUZZ_REQUIRE(log.address == *settings().payer && log.topics.size() <= 4);
    }
    FUZZ_REQUIRE(!read_shown(answer, id));  // no bytes with that hash are known
    const auto known = read_known(answer, id);
    FUZZ_REQUIRE(!known.ok() || !answer.refused);
    const auto taken = read_taken(answer, id);
    FUZZ_REQUIRE(!taken.ok() || answer.result.text() == stipend::ethereum::hex_text(id));
}

void check_signer(std::string_view text) {
    const Order order{.transaction = {.chain_id = 42'161,
                                      .nonce = 7,
                                      .max_priority_fee_per_gas = {},
                                      .max_fee_per_gas = {},
                                      .to = *settings().payer,
                                      .value = {},
                                      .data = {}},
                      .payments = {}};
    if (const auto made = read_signed(settings(), order, text)) {
        FUZZ_REQUIRE(made->refused.empty() == made->made.has_value());
        if (made->made) FUZZ_REQUIRE(made->made->transaction == order.transaction);
    }
    if (const auto list = read_attempts(settings(), 7, text)) {
        for (const auto& one : *list) FUZZ_REQUIRE(one.sender == *settings().payer && one.transaction.nonce == 7);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::size_t count = input.byte() % 8;
    check_signer(input.rest());
    const auto answers = read_rpc(input.rest(), count);
    if (!answers) return 0;
    FUZZ_REQUIRE(answers->size() == count);
    for (const auto& answer : *answers) check_answer(answer);
    if (count >= 3) {
        if (const auto heads = read_heads(settings(), *answers)) FUZZ_REQUIRE(heads->final <= heads->newest);
    }
    if (count == 7) {
        if (const auto view = read_account(settings(), {16, 15}, *answers)) {
            FUZZ_REQUIRE(view->final_next_nonce <= view->next_nonce);
            const auto fees = suggested_fees(settings(), *view);
            FUZZ_REQUIRE(!(fees.cap < fees.tip) && !(settings().max_fee_per_gas < fees.cap));
        }
    }
    return 0;
}

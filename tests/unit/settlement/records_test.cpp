// Records of a plugin that errs: each is void as a whole.
#include <doctest/doctest.h>

#include <algorithm>

#include "host/settlement/records.hpp"
#include "stipend/host.hpp"

using namespace stipend;
using namespace stipend::settlement;

namespace {

stipend_u256 wei(const char* text) {
    return Wei::parse(text).value().to_abi();
}

stipend_account sound_account() {
    auto out = make_record<stipend_account>();
    out.chain_id = 42161;
    out.payer[19] = 0xAB;
    out.next_slot = 7;
    out.final_next_slot = 5;
    out.final_head = 90;
    out.head_at = 1'000;
    out.funds = wei("1000");
    out.coins_wei = out.funds;
    out.base_fee_wei = wei("10");
    out.suggested = make_record<stipend_fees>();
    out.suggested.tip_wei = wei("1");
    out.suggested.cap_wei = wei("21");
    return out;
}

stipend_signed sound_signed() {
    static const std::string raw = "signed bytes";
    auto out = make_record<stipend_signed>();
    out.id[0] = 1;
    out.raw = bytes_to_abi(raw);
    out.fees = make_record<stipend_fees>();
    out.fees.cap_wei = wei("21");
    out.fees.gas = 25'000;
    return out;
}

stipend_sighting sound_sighting(std::uint8_t id) {
    auto out = make_record<stipend_sighting>();
    out.phase = STIPEND_SIGHTING_IN_BLOCK;
    out.id[0] = id;
    out.block_hash[0] = 9;
    out.block = 100;
    out.depth = 3;
    out.fee_wei = wei("210000");
    out.executed = 1;
    return out;
}

Hash id_hash(std::uint8_t id) {
    Hash out{};
    out[0] = id;
    return out;
}

template <class Record, class Read, class Change>
void void_after(Record record, Read read, std::string_view field, Change change) {
    CAPTURE(field);
    REQUIRE(read(record).ok());
    change(record);
    const auto got = read(record);
    REQUIRE(!got.ok());
    CHECK(got.error().status == STIPEND_E_INVALID);
    CHECK_MESSAGE(got.error().message.find(field) != std::string::npos, got.error().message);
}

}  // namespace

TEST_CASE("the payer's account is read") {
    const auto account = account_of(sound_account());
    REQUIRE(account.ok());
    CHECK(account->chain_id == 42161);
    CHECK(account->payer == "0x00000000000000000000000000000000000000ab");
    CHECK((account->next_slot == 7 && account->final_next_slot == 5));
    CHECK((account->funds.text() == "1000" && account->tip.text() == "1" && account->cap.text() == "21"));
    CHECK(!account->disagree);
    CHECK((account->final_head == 90 && account->head_at == 1'000));
    auto record = sound_account();
    record.flags = STIPEND_ACCOUNT_DISAGREE;
    CHECK(account_of(record)->disagree);
}

TEST_CASE("an account that cannot be is void") {
    const auto broken = [](std::string_view field, auto change) {
        void_after(
            sound_account(), [](const auto& r) { return account_of(r); }, field, change);
    };
    broken("chain_id", [](auto& r) { r.chain_id = 0; });
    broken("final_next_slot", [](auto& r) { r.final_next_slot = 8; });
    broken("final_next_slot", [](auto& r) { r.next_slot = UINT64_MAX; });
    broken("final_head", [](auto& r) { r.final_head = UINT64_MAX; });
    broken("head_at", [](auto& r) { r.head_at = -1; });
    broken("flags", [](auto& r) { r.flags = 6; });
    broken("cap_wei", [](auto& r) { r.suggested.tip_wei = wei("22"); });
    broken("funds", [](auto& r) { r.funds.be[0] = 0x80; });
    broken("chain_id", [](auto& r) { r.size = 8; });  // shorter: the rest reads as zero
}

TEST_CASE("an estimate is accepted with gas, or refused with a reason in one line") {
    auto record = make_record<stipend_estimate>();
    record.accepted = 1;
    record.gas = 25'000;
    CHECK(estimate_of(record)->gas == 25'000);
    CHECK(estimate_of(record)->likely == 0);
    record.likely = 21'000;
    CHECK(estimate_of(record)->likely == 21'000);
    const auto read = [](const auto& r) { return estimate_of(r); };
    void_after(record, read, "gas", [](auto& r) { r.gas = 0; });
    void_after(record, read, "gas", [](auto& r) { r.gas = UINT64_MAX; });
    void_after(record, read, "likely", [](auto& r) { r.likely = 25'001; });
    void_after(record, read, "accepted", [](auto& r) { r.accepted = 2; });
    record.accepted = 0;
    const std::string reason = "it says\nno" + std::string(1'000, '!');
    record.reason = to_abi(reason);
    CHECK(estimate_of(record)->reason.find('\n') == std::string::npos);
    CHECK(estimate_of(record)->reason.size() <= ledger::max_reason_bytes);
}

TEST_CASE("signed bytes have an id and a size within the limit") {
    CHECK(signed_of(sound_signed())->raw == "signed bytes");
    const auto broken = [](std::string_view field, auto change) {
        void_after(
            sound_signed(), [](const auto& r) { return signed_of(r); }, field, change);
    };
    broken("id", [](auto& r) { r.id[0] = 0; });
    broken("raw", [](auto& r) { r.raw.len = 0; });
    broken("raw", [](auto& r) { r.raw.len = ledger::max_attempt_bytes + 1; });
    broken("gas", [](auto& r) { r.fees.gas = 0; });
    broken("kind", [](auto& r) { r.kind = 3; });
    auto refusal = make_record<stipend_signed>();
    refusal.kind = STIPEND_SIGNED_REFUSED;
    CHECK(signed_of(refusal)->refused);
    auto given_up = sound_signed();
    given_up.kind = STIPEND_SIGNED_GIVES_UP;
    CHECK(signed_of(given_up)->gives_up);
}

TEST_CASE("what was signed before is a list without refusals") {
    std::vector<stipend_signed> items{sound_signed(), sound_signed()};
    auto record = make_record<stipend_signed_list>();
    record.count = items.size();
    record.stride = sizeof(stipend_signed);
    record.items = items.data();
    CHECK(signed_list_of(record)->size() == 2);
    const auto read = [](const auto& r) { return signed_list_of(r); };
    void_after(record, read, "count", [](auto& r) { r.count = 101; });
    void_after(record, read, "stride", [](auto& r) { r.stride = 0; });
    void_after(record, read, "stride", [](auto& r) { r.items = nullptr; });
    void_after(record, read, "kind", [&](auto&) { items[1].kind = STIPEND_SIGNED_REFUSED; });
}

TEST_CASE("sightings are those of the ids that were asked for, in their order") {
    std::vector<stipend_sighting> items{sound_sighting(1), sound_sighting(2)};
    items[1].phase = STIPEND_SIGHTING_WAITING;
    auto record = make_record<stipend_sighting_list>();
    record.count = items.size();
    record.stride = sizeof(stipend_sighting);
    record.items = items.data();
    const std::vector<Sought> asked{{.id = id_hash(1)}, {.id = id_hash(2)}};
    const auto read = [&](const auto& r) { return sightings_of(r, asked); };
    const auto seen = read(record);
    REQUIRE(seen.ok());
    CHECK((seen->at(0).phase == Phase::in_block && seen->at(0).executed && !seen->at(0).final));
    CHECK(seen->at(0).fee.text() == "210000");
    CHECK((seen->at(1).phase == Phase::waiting && !seen->at(1).executed && seen->at(1).fee.zero()));
    void_after(record, read, "count", [](auto& r) { r.count = 1; });
    void_after(record, read, "count", [](auto& r) { r.count = 3; });
    const auto item = [&](std::string_view field, auto change) {
        const auto kept = items[0];
        void_after(record, read, field, [&](auto&) { change(items[0]); });
        items[0] = kept;
    };
    item("id", [](auto& r) { r.id[0] = 2; });
    item("count", [](auto& r) { r.count = 1; });
    item("phase", [](auto& r) { r.phase = 3; });
    item("phase", [](auto& r) { r.phase = -1; });
    item("executed", [](auto& r) { r.executed = 3; });
    item("executed", [](auto& r) { r.executed = -1; });
    item("reason", [](auto& r) { r.executed = STIPEND_OUTCOME_OTHER; });
    item("final", [](auto& r) { r.final = -1; });
    item("block", [](auto& r) { r.block_hash[0] = 0; });
    item("fee_wei", [](auto& r) { r.fee_wei.be[0] = 0x80; });
}

TEST_CASE("what did something else than it should says what, in one line, and counts as not executed") {
    auto item = sound_sighting(1);
    item.executed = STIPEND_OUTCOME_OTHER;
    item.reason = stipend::to_abi("it moved 990,\nwant 1000");
    auto record = make_record<stipend_sighting_list>();
    record.count = 1;
    record.stride = sizeof(stipend_sighting);
    record.items = &item;
    const auto seen = sightings_of(record, {{.id = id_hash(1)}});
    REQUIRE(seen.ok());
    CHECK(!seen->at(0).executed);
    CHECK(seen->at(0).other.starts_with("it moved 990,"));
    CHECK(seen->at(0).other.find('\n') == std::string::npos);
    // A record of a plugin that was built before this outcome is shorter, and has none.
    item.size = static_cast<std::uint32_t>(offsetof(stipend_sighting, reason));
    item.executed = STIPEND_OUTCOME_DONE;
    CHECK(sightings_of(record, {{.id = id_hash(1)}})->at(0).executed);
    void_after(
        record, [](const auto& r) { return sightings_of(r, {{.id = id_hash(1)}}); }, "reason",
        [&](auto&) { item.executed = STIPEND_OUTCOME_OTHER; });
}

TEST_CASE("a batch has an outcome for each of its payments, or none where it was reverted") {
    const std::uint8_t paid[3] = {1, 0, 1};
    auto item = sound_sighting(1);
    item.count = 3;
    item.paid = paid;
    auto record = make_record<stipend_sighting_list>();
    record.count = 1;
    record.stride = sizeof(stipend_sighting);
    record.items = &item;
    const std::vector<Sought> asked{{.id = id_hash(1), .batch = 3}};
    const auto read = [&](const auto& r) { return sightings_of(r, asked); };
    REQUIRE(read(record).ok());
    CHECK(read(record)->at(0).paid == std::vector<bool>{true, false, true});
    const auto broken = [&](std::string_view field, auto change) {
        const auto kept = item;
        void_after(record, read, field, [&](auto&) { change(item); });
        item = kept;
    };
    const std::uint8_t other[3] = {1, 2, 1};
    broken("count", [](auto& r) { r.count = 2; });
    broken("count", [](auto& r) { r.count = 0; });
    broken("paid", [](auto& r) { r.paid = nullptr; });
    broken("paid", [&](auto& r) { r.paid = other; });
    broken("paid", [](auto& r) { r.executed = 0; });  // it says that it paid
    item.executed = 0;
    item.count = 0;
    item.paid = nullptr;
    REQUIRE(read(record).ok());
    CHECK(read(record)->at(0).paid.empty());
    broken("count", [](auto& r) { r.count = 2; });
    item.phase = STIPEND_SIGHTING_WAITING;
    CHECK(read(record)->at(0).paid.empty());
}

TEST_CASE("a slot is given to the plugin with its payments and fees") {
    SlotWork work{.nonce = 7, .payer = "0x" + std::string(40, 'a')};
    work.payments.push_back({.to = "0x" + std::string(40, 'b'), .wei = *SignedWei::parse("5")});
    work.fees = {.tip = *SignedWei::parse("1"), .cap = *SignedWei::parse("2"), .gas = 21'000};
    const SlotRecord record(work);
    const auto& raw = record.raw();
    CHECK((raw.slot == 7 && raw.count == 1 && raw.payer[0] == 0xAA && raw.payments[0].to[19] == 0xBB));
    CHECK((raw.payments[0].amount.be[31] == 5 && raw.fees.cap_wei.be[31] == 2 && raw.fees.gas == 21'000));
    CHECK(std::ranges::all_of(raw.batch, [](auto byte) { return byte == 0; }));
    work.batch[31] = 7;
    CHECK(SlotRecord(work).raw().batch[31] == 7);
    CHECK(SlotRecord({.nonce = 1, .payer = work.payer}).raw().count == 0);
}

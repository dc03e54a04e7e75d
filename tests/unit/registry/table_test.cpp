// The table of payees: what was put in comes out, by place, by key and by id.
#include <doctest/doctest.h>

#include "host/registry/payee.hpp"

using namespace stipend;
using namespace stipend::registry;

namespace {

void check_same(const Payee& got, const Payee& want) {
    CHECK(got.id == want.id);
    CHECK(got.key == want.key);
    CHECK(got.address == want.address);
    CHECK(got.service_addresses == want.service_addresses);
    CHECK(got.capability == want.capability);
    CHECK(got.payout_address == want.payout_address);
    CHECK(got.worker_key == want.worker_key);
    CHECK(got.dispatch == want.dispatch);
    CHECK(got.first_seen_at == want.first_seen_at);
}

// Texts of every length that matters to a length's own bytes, and a NUL inside.
std::string text(std::size_t length, char letter) {
    std::string out(length, letter);
    if (length > 2) out[1] = '\0';
    return out;
}

Payee of(ledger::OrchestratorId id, std::string key, std::string address = {}) {
    Payee payee;
    payee.id = id;
    payee.key = std::move(key);
    payee.address = std::move(address);
    return payee;
}

}  // namespace

TEST_CASE("a payee comes out as it was put in, with texts of any length") {
    Table table;
    std::vector<Payee> all;
    for (const std::size_t length : {0, 1, 15, 16, 63, 64, 127, 128, 255, 8191, 8192, 16'383, 16'384, 70'000}) {
        for (std::size_t which = 0; which < 6; ++which) {
            auto payee = of(static_cast<std::int64_t>(all.size()) + 1, std::to_string(all.size()), "https://a:1");
            std::string* const texts[] = {&payee.address,        &payee.service_addresses, &payee.capability,
                                          &payee.payout_address, &payee.worker_key,        &payee.dispatch};
            for (std::size_t at = 0; at < 6; ++at) *texts[at] = text(at == which ? length : at, char('a' + at));
            payee.first_seen_at = 1'800'000'000'000'000'000 - static_cast<std::int64_t>(which);
            CHECK(table.add(payee) == all.size());
            all.push_back(payee);
        }
    }
    for (std::size_t at = 0; at < all.size(); ++at) {
        check_same(table[static_cast<PayeeIndex>(at)], all[at]);
        CHECK(table.dispatch(static_cast<PayeeIndex>(at)) == all[at].dispatch);
    }
}

TEST_CASE("a key is itself, whether it is the end of the address or not") {
    Table table;
    const std::string long_key(200, 'k');
    const std::pair<std::string, std::string> cases[] = {{"10.0.0.1:9995", "https://10.0.0.1:9995"},
                                                         {"https://b:1", "https://b:1"},
                                                         {"c:1", "https://c:1/"},
                                                         {"d", ""},
                                                         {"https://e:12", "https://e:1"},
                                                         {long_key, "https://" + long_key},
                                                         {long_key + "x", "https://" + long_key},
                                                         {"f", "f"}};
    PayeeIndex at = 0;
    for (const auto& [key, address] : cases) {
        table.add(of(at + 1, key, address));
        CHECK(table.key(at) == key);
        CHECK(table.find(key) == at);
        check_same(table[at], of(at + 1, key, address));
        // The address may change so that the key is its end, or is no more.
        for (const auto* other : {"https://other:1", "", "https://other:1"}) {
            table.replace(at, of(at + 1, key, other));
            check_same(table[at], of(at + 1, key, other));
        }
        table.replace(at, of(at + 1, key, "https://" + key));
        check_same(table[at], of(at + 1, key, "https://" + key));
        CHECK(table.find(key) == at);
        ++at;
    }
}

TEST_CASE("payees are found by key and by id, however many, reserved or not") {
    for (const std::size_t reserved : {0, 1, 5000, 20'000}) {
        Table table;
        CHECK(!table.find("n1:1"));
        CHECK(!table.find(ledger::OrchestratorId{1}));
        table.reserve(reserved);
        CHECK(!table.find("n1:1"));
        for (std::int64_t number = 1; number <= 5000; ++number) {
            const auto key = cat("n", number, ":1");
            CHECK(!table.find(key));
            // Ids have gaps.
            table.add(of(3 * number, key, "https://" + key));
        }
        CHECK(table.size() == 5000);
        for (std::int64_t number = 1; number <= 5000; ++number) {
            const auto at = static_cast<PayeeIndex>(number - 1);
            CHECK(table.find(cat("n", number, ":1")) == at);
            CHECK(table.find(3 * number) == at);
            CHECK(!table.find(3 * number + 1));
            CHECK(table.id(at) == 3 * number);
        }
        CHECK(!table.find("n5001:1"));
        CHECK(!table.find(""));
    }
}

TEST_CASE("an earlier identity is found by address, payout address and worker's key, the last one first") {
    Table table;
    auto first = of(1, "a", "https://a:1");
    first.payout_address = "0x1";
    auto second = of(2, "b", "https://b:1");
    second.worker_key = "k2";
    auto third = of(3, "c", "https://c:1");
    third.payout_address = "0x1";
    for (const auto& payee : {first, second, third}) table.add(payee);
    const IdentityIndex of_inactive(table, {false, false, true});
    auto fresh = of(4, "d", "https://d:1");
    CHECK(!of_inactive.find(fresh));
    fresh.payout_address = "0x1";
    CHECK(of_inactive.find(fresh) == 0U);
    fresh.worker_key = "k2";
    CHECK(of_inactive.find(fresh) == 1U);
    const IdentityIndex of_all(table, {false, false, false});
    CHECK(of_all.find(fresh) == 2U);
}

TEST_CASE("an earlier identity is found under another spelling of its address and its digits") {
    Table table;
    table.add(of(1, "a", "https://Orch.example:443"));
    const IdentityIndex inactive(table, {false});
    CHECK(inactive.find(of(2, "b", "https://orch.example.")) == 0U);
    CHECK(!inactive.find(of(3, "c", "http://orch.example")));
    Table digits;
    auto first = of(1, "a", "https://a:1");
    first.payout_address = "0xAb";
    first.worker_key = "cD";
    digits.add(first);
    const IdentityIndex left(digits, {false});
    auto by_payout = of(2, "b", "https://b:1");
    by_payout.payout_address = "0xaB";
    CHECK(left.find(by_payout) == 0U);
    auto by_key = of(2, "b", "https://b:1");
    by_key.worker_key = "Cd";
    CHECK(left.find(by_key) == 0U);
}

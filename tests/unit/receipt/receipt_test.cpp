// Receipts: each decision is below one, they sum to what was paid, and what is changed of one is seen.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <random>
#include <set>

#include "tests/unit/receipt/paying.hpp"

using namespace receipt_test;

namespace {

std::string member(const Json& receipt, std::string_view name) {
    const auto* found = receipt.find("receipt")->find(name);
    return found == nullptr ? "none" : found->text();
}

std::vector<std::string> values_of(const Json& receipt, std::string_view kind, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& item : receipt.find("items")->items()) {
        if (item.find("kind")->text() == kind) out.push_back(item.find(name)->text());
    }
    return out;
}

// Signs what a payer with the key would: the body with another member.
std::string signed_with(const Paying& it, const Json& receipt, std::string_view name, Json value) {
    auto out = receipt;
    auto body = *receipt.find("receipt");
    body.set(name, std::move(value));
    out.set("signature", it.key.sign(body.dump()));
    out.set("receipt", std::move(body));
    return out.dump();
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a receipt has what was paid and all that it was paid for, and is the same each time") {
    Paying it;
    it.decide();
    it.decide();
    const auto id = it.pay(1);
    const auto text = it.receipt(id);
    CHECK(text == it.receipt(id));
    CHECK(text == it.receipt(id, "orch-1"));
    CHECK(problems_of(text) == "");
    CHECK(problems_of(text, it.key.address()) == "");
    const auto receipt = *parse_json(text);
    CHECK(member(receipt, "namespace") == "live:42161");
    CHECK(member(receipt, "orchestrator") == "orch-1");
    CHECK(member(receipt, "wei") == "12000000000000000");
    CHECK(member(receipt, "to") == cat("0x", std::string(40, '1')));
    CHECK(member(receipt, "nonce") == "7");
    std::string transaction = "0x";
    for (int byte = 0; byte < 32; ++byte) transaction += "01";
    CHECK(member(receipt, "transaction") == transaction);
    CHECK(member(receipt, "block") == "100");
    CHECK(member(receipt, "decisions") == "2");
    CHECK(member(receipt, "items") == "3");
    CHECK(values_of(receipt, "formula", "amounts") == std::vector<std::string>{"host"});
    CHECK(values_of(receipt, "decision", "epoch") == std::vector<std::string>{"1", "2"});
    CHECK(values_of(receipt, "decision", "usd_per_eth") == std::vector<std::string>{"2000", "2000"});
    CHECK(values_of(receipt, "decision", "evidence_keccak256")[0].starts_with("010203"));
    // The chain of the ledger at the place that it names.
    const auto seq = cat("SELECT lower(hex(hash)) FROM audit WHERE seq = ", member(receipt, "ledger_seq"));
    CHECK(member(receipt, "ledger_hash") == text_of(it.folder / "ledger.db", seq));
}

TEST_CASE("the next receipt begins where the last one ended, with adjustments and manual payments") {
    Paying it;
    it.decide();
    it.pay(1);
    it.decide();
    it.adjust(1, "-1000000000000000");
    it.adjust(2, "5");
    it.pay_by_hand(1);
    it.decide();
    const auto receipt = it.parsed_receipt(it.pay(1));
    CHECK(problems_of(receipt.dump()) == "");
    CHECK(values_of(receipt, "decision", "epoch") == std::vector<std::string>{"2", "3"});
    CHECK(values_of(receipt, "adjustment", "wei") == std::vector<std::string>{"-1000000000000000"});
    CHECK(values_of(receipt, "payment", "wei") == std::vector<std::string>{"10000000000000000"});
    CHECK(member(receipt, "wei") == "21000000000000000");
    // What was decided behind the reservation is for the next one, also where that is not paid yet.
    const auto open = it.reserve(2);
    it.decide();
    it.settle(open, true);
    CHECK(values_of(it.parsed_receipt(open), "decision", "epoch") == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("what was returned is below the receipt of the payout that pays it") {
    Paying it;
    it.decide();
    const auto back = it.reserve(1);
    it.decide();
    it.settle(back, false);
    const auto refused = make_receipt(*it.ledger, it.ns, back, {}, it.key);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_STATE);
    CHECK_MESSAGE(has(refused.error().message, "it is returned, want paid"), refused.error().message);
    const auto receipt = it.parsed_receipt(it.pay(1));
    CHECK(values_of(receipt, "decision", "epoch") == std::vector<std::string>{"1", "2"});
    CHECK(problems_of(receipt.dump()) == "");
}

TEST_CASE("there is a receipt only of what is paid, and for its own orchestrator") {
    Paying it;
    it.decide();
    const auto open = it.reserve(1);
    const auto refused = make_receipt(*it.ledger, it.ns, open, {}, it.key);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_STATE);
    it.settle(open, true);
    for (const auto& [payout, of] : {std::pair{PayoutId{2}, ""}, {open, "orch-2"}, {PayoutId{-1}, "orch-1"}}) {
        const auto none = make_receipt(*it.ledger, it.ns, payout, of, it.key);
        REQUIRE(none.ok());
        CHECK(!none->has_value());
    }
}

TEST_CASE("an archive in between changes no receipt; one that is missing is named") {
    Paying it;
    for (int i = 0; i < 3; ++i) it.decide();
    const auto first = it.pay(1);
    Batch rise;
    rise.prices = {Price{.usd_per_eth_e8 = 2000 * e8, .at = it.now(), .source = "fixed"}};
    it.commit(rise);
    for (int i = 0; i < 6; ++i) it.decide();
    const auto second = it.pay(1);
    const auto third = it.pay(2);
    const std::vector before{it.receipt(first), it.receipt(second), it.receipt(third)};
    REQUIRE(it.ledger->archive(start_ns + 2 * minute_ns, it.folder / "first.db").ok());
    REQUIRE(it.ledger->archive(start_ns + 20 * minute_ns, it.folder / "second.db").ok());
    CHECK(before == std::vector{it.receipt(first), it.receipt(second), it.receipt(third)});
    std::filesystem::rename(it.folder / "second.db", it.folder / "away.db");
    const auto refused = make_receipt(*it.ledger, it.ns, second, {}, it.key);
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_UNAVAILABLE);
    CHECK_MESSAGE(has(refused.error().message, "second.db"), refused.error().message);
    std::filesystem::rename(it.folder / "away.db", it.folder / "second.db");
    std::filesystem::remove(it.folder / "first.db");
    CHECK(it.receipt(second) == before[1]);  // needs the later one only
    CHECK(!make_receipt(*it.ledger, it.ns, first, {}, it.key).ok());
}

TEST_CASE("what is changed of a receipt is seen, and named") {
    Paying it;
    for (int i = 0; i < 3; ++i) it.decide();
    const auto text = it.receipt(it.pay(1));
    const auto receipt = *parse_json(text);
    REQUIRE(problems_of(text) == "");
    SUBCASE("one wei of the amount") {
        const auto found = problems_of(edited(text, "\"wei\":\"18000000000000000\"", "\"wei\":\"18000000000000001\""));
        CHECK_MESSAGE(has(found, "its signature is by 0x"), found);
        CHECK_MESSAGE(has(found, "the items sum to 18000000000000000 wei"), found);
    }
    SUBCASE("one wei of a decision") {
        const auto found = problems_of(edited(text, "\"wei\":\"6000000000000000\"", "\"wei\":\"6000000000000001\""));
        CHECK_MESSAGE(has(found, "the items are not those that were signed"), found);
        CHECK_MESSAGE(has(found, "epoch 1: got 6000000000000001 wei for 12 USD at 2000 USD per ETH"), found);
    }
    SUBCASE("a decision that is left out") {
        auto items = Json::array();
        for (const auto& item : receipt.find("items")->items()) {
            if (item.find("epoch") == nullptr || item.find("epoch")->text() != "2") items.push(item);
        }
        auto less = receipt;
        const auto found = problems_of(less.set("items", items).dump());
        CHECK_MESSAGE(has(found, "epoch 3 follows epoch 1: a decision is missing"), found);
        CHECK_MESSAGE(has(found, "the list has 3 items, the receipt is for 4"), found);
        CHECK_MESSAGE(has(found, "the items are not those that were signed"), found);
    }
    SUBCASE("no list at all") {
        auto less = receipt;
        CHECK(problems_of(less.set("items", Json()).dump()) == "it lists no items\n");
    }
    SUBCASE("another key") {
        const TempFolder other;
        const auto key = Key::open(other.path());
        REQUIRE(key.ok());
        auto forged = receipt;
        forged.set("signature", key->sign(receipt.find("receipt")->dump()));
        CHECK_MESSAGE(has(problems_of(forged.dump()), key->address()), problems_of(forged.dump()));
        // One that names that key as well is a receipt by it, and not by the payer's.
        auto body = *receipt.find("receipt");
        body.set("signer", key->address());
        forged.set("signature", key->sign(body.dump()));
        forged.set("receipt", std::move(body));
        CHECK(problems_of(forged.dump()) == "");
        CHECK_MESSAGE(has(problems_of(forged.dump(), it.key.address()), cat("want ", it.key.address())), "");
    }
    SUBCASE("what its own signer states wrongly") {
        const auto other_amount = signed_with(it, receipt, "wei", "17000000000000000");
        CHECK(problems_of(other_amount) ==
              "the items sum to 18000000000000000 wei, the receipt is for 17000000000000000\n");
        const auto other_count = signed_with(it, receipt, "decisions", 2);
        CHECK_MESSAGE(has(problems_of(other_count), "the list has 3 decisions of"), problems_of(other_count));
    }
    SUBCASE("no receipt") {
        CHECK(!check_document("", {}).ok());
        CHECK(!check_document("{}", {}).ok());
        CHECK(!check_document("{\"receipt\":3,\"signature\":\"\",\"items\":[]}", {}).ok());
        CHECK(!check_document(signed_with(it, receipt, "version", 2), {}).ok());
        CHECK(!check_document(text, "0x12").ok());
        CHECK(has(problems_of(edited(text, "\"signature\":\"0x", "\"signature\":\"0y")), "malformed"));
    }
}

TEST_CASE("whatever is decided, paid and returned, each decision is below one receipt, and they sum to what was paid") {
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Paying it;
        std::map<OrchestratorId, PayoutId> open;
        std::vector<PayoutId> done;
        for (int step = 0; step < 60; ++step) {
            const auto id = static_cast<OrchestratorId>(random() % 3 + 1);
            switch (random() % 5) {
                case 0:
                    it.adjust(id, random() % 2 == 0 ? "-1" : "7");
                    break;
                case 1:
                    it.pay_by_hand(id);
                    break;
                case 2:
                    it.decide();
                    break;
                default:
                    if (const auto at = open.find(id); at != open.end()) {
                        const bool paid = random() % 3 != 0;
                        it.settle(at->second, paid);
                        if (paid) done.push_back(at->second);
                        open.erase(at);
                    } else if (const auto owed = owed_to(*it.ledger, id); owed != "0" && owed[0] != '-') {
                        open[id] = it.reserve(id);
                    }
            }
        }
        std::set<std::string> seen;
        for (const auto payout : done) {
            const auto receipt = it.parsed_receipt(payout);
            CHECK(problems_of(receipt.dump()) == "");
            for (const auto& item : receipt.find("items")->items()) {
                const auto* seq = item.find("seq");
                if (seq != nullptr) CHECK(seen.insert(seq->text()).second);
            }
        }
        CHECK(!done.empty());
        CHECK(findings(*it.ledger).empty());
    }
}

TEST_CASE("the key of receipts is made once, and is for its owner alone") {
    const TempFolder folder;
    const auto first = Key::open(folder.path());
    REQUIRE(first.ok());
    struct stat info {};
    REQUIRE(::stat(key_file(folder.path()).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto again = Key::open(folder.path());
    REQUIRE(again.ok());
    CHECK(again->address() == first->address());
    CHECK(again->sign("a text") == first->sign("a text"));
    CHECK(!std::filesystem::is_empty(folder.path()));
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);

    REQUIRE(::chmod(key_file(folder.path()).c_str(), 0644) == 0);
    const auto open = Key::open(folder.path());
    REQUIRE(!open.ok());
    CHECK(open.error().status == STIPEND_E_CONFIG);
    REQUIRE(::chmod(key_file(folder.path()).c_str(), 0600) == 0);
    for (const auto* text : {"", "12", "zz", "0000000000000000000000000000000000000000000000000000000000000000"}) {
        std::ofstream(key_file(folder.path())) << text;
        const auto bad = Key::open(folder.path());
        REQUIRE(!bad.ok());
        CHECK_MESSAGE(has(bad.error().message, "not a key to sign receipts by"), bad.error().message);
    }
}

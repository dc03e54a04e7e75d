// The tree of RFC 9162, signed heads, and what a payee proves by them.
#include "host/ledger/signed_head.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "host/base/file.hpp"
#include "host/ledger/head_file.hpp"
#include "stipend/hex.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

std::string bytes_of(std::string_view hex) {
    const auto bytes = hex_decode(hex);
    REQUIRE(bytes);
    return {bytes->begin(), bytes->end()};
}

// The leaves and roots that Certificate Transparency's implementations share as their test values.
const std::vector<std::string_view> shared_leaves{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string_view> shared_roots{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                                 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                                 "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                                 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                                 "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                                 "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                                 "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                                 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

// A ledger with some cycles, and the place of its heads.
struct Book {
    Book() { engine.run(4); }
    SignedHead head(const std::optional<SignedHead>& previous = {}) {
        auto made = make_head(*ledger, path, 42161, previous, start_ns);
        REQUIRE(made.ok());
        REQUIRE(*made);
        return **made;
    }
    TempFolder folder;
    std::filesystem::path path = folder / "ledger.db";
    std::filesystem::path heads = folder / "heads.jsonl";
    std::unique_ptr<Ledger> ledger = must_open(path);
    Engine engine{*ledger, 3};
};

std::string error_of(const auto& result) {
    REQUIRE_FALSE(result.ok());
    return result.error().message;
}

}  // namespace

TEST_CASE("the tree has the roots that others compute, and each leaf's path leads there") {
    CHECK(hex_encode(MerkleTree().root()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (std::size_t size = 1; size <= shared_leaves.size(); ++size) {
        CAPTURE(size);
        MerkleTree tree;
        for (std::size_t i = 0; i < size; ++i) tree.add(bytes_of(shared_leaves[i]));
        REQUIRE(hex_encode(tree.root()) == shared_roots[size - 1]);
        for (std::size_t i = 0; i < size; ++i) {
            const auto leaf = bytes_of(shared_leaves[i]);
            auto path = tree.path(i);
            CHECK(MerkleTree::root_by(leaf, i, size, path) == tree.root());
            CHECK(MerkleTree::root_by(leaf + "x", i, size, path) != tree.root());
            CHECK_FALSE(MerkleTree::root_by(leaf, size, size, path));
            for (std::size_t other = 0; other < size; ++other) {
                if (other != i) CHECK(MerkleTree::root_by(leaf, other, size, path) != tree.root());
            }
            path.emplace_back();
            CHECK_FALSE(MerkleTree::root_by(leaf, i, size, path));
            path.pop_back();
            if (path.empty()) continue;
            path.pop_back();
            CHECK_FALSE(MerkleTree::root_by(leaf, i, size, path));
        }
    }
}

TEST_CASE("a head covers what is new, and each row is proven by the head over it") {
    Book book;
    const auto first = book.head();
    CHECK(first.head.first == 1);
    CHECK(first.head.last == book.ledger->head()->seq);
    CHECK(first.head.hash == book.ledger->head()->hash);
    CHECK(first.head.previous == Hash{});
    const auto nothing = make_head(*book.ledger, book.path, 42161, first, start_ns);
    REQUIRE(nothing.ok());
    CHECK_FALSE(*nothing);
    book.engine.run(2);
    const auto second = book.head(first);
    CHECK(second.head.first == first.head.last + 1);
    CHECK(second.head.previous == digest_of(first.head));
    for (const auto& head : {first, second}) {
        for (Seq seq = head.head.first; seq <= head.head.last; ++seq) {
            const auto proof = prove(*book.ledger, head, seq);
            REQUIRE(proof.ok());
            const auto read = parse_row_proof(to_json(*proof));
            REQUIRE(read.ok());
            CHECK(read->body == proof->body);
            CHECK(read->head.head == head.head);
        }
        CHECK_FALSE(prove(*book.ledger, head, head.head.last + 1).ok());
    }
}

TEST_CASE("a decision is read from the bytes that are proven") {
    Book book;
    const auto head = book.head();
    const auto place = book.ledger->place_of("orch-1", 2);
    REQUIRE(place.ok());
    REQUIRE(*place);
    const auto proof = prove(*book.ledger, head, (*place)->decision);
    REQUIRE(proof.ok());
    CHECK(proof->kind == AuditKind::decision);
    const auto decoded = decode_decision(proof->body);
    REQUIRE(decoded);
    bool found = false;
    CHECK(book.ledger
              ->export_decisions({},
                                 [&](const DecisionLine& line) -> Result<void> {
                                     if (line.seq == (*place)->decision) found = line.decision == decoded->decision;
                                     return {};
                                 })
              .ok());
    CHECK(found);
    CHECK(decoded->decision.epoch == 2);
    const auto name = prove(*book.ledger, head, (*place)->orchestrator);
    REQUIRE(name.ok());
    CHECK(name->kind == AuditKind::orchestrator);
    CHECK(name->body.find("\"orch-1\"") != std::string::npos);
    // Nothing but what the encoder makes is a decision.
    CHECK_FALSE(decode_decision(proof->body + "x"));
    CHECK_FALSE(decode_decision(std::string_view(proof->body).substr(1)));
    CHECK_FALSE(decode_decision(""));
    for (std::size_t size = 0; size < proof->body.size(); ++size) {
        CHECK_FALSE(decode_decision(std::string_view(proof->body).substr(0, size)));
    }
    CHECK_FALSE(*book.ledger->place_of("orch-1", 99));
    CHECK_FALSE(*book.ledger->place_of("orch-99", 1));
}

TEST_CASE("a proof that was changed in any way proves nothing") {
    Book book;
    const auto proof = prove(*book.ledger, book.head(), 5);
    REQUIRE(proof.ok());
    const auto good = to_json(*proof);
    REQUIRE(parse_row_proof(good).ok());
    const auto flipped = [](const std::string& text) {
        auto out = text;
        out.back() = out.back() == '0' ? '1' : '0';
        return out;
    };
    auto body = good;
    body.set("body", flipped(good.find("body")->text()));
    CHECK(error_of(parse_row_proof(body)) == "row 5: its path does not lead to the root that was signed");
    auto seq = good;
    seq.set("seq", 6);
    CHECK(error_of(parse_row_proof(seq)) == "row 6: its path does not lead to the root that was signed");
    auto kind = good;
    kind.set("kind", good.find("kind")->text() == "7" ? 8 : 7);
    CHECK_FALSE(parse_row_proof(kind).ok());
    for (const auto* member : {"network", "first", "last", "at", "chain", "root", "previous", "signer", "signature"}) {
        CAPTURE(member);
        auto head = *good.find("head");
        const auto& value = *head.find(member);
        if (value.is(Json::Kind::number)) {
            head.set(member, value.text() == "1" ? 2 : 1);
        } else if (std::string_view(member) == "at") {
            head.set(member, "2026-01-01T00:00:00.000Z");
        } else {
            head.set(member, flipped(value.text()));
        }
        auto changed = good;
        changed.set("head", head);
        CHECK_FALSE(parse_row_proof(changed).ok());
        auto without = Json::object();
        for (const auto& [name, kept] : good.find("head")->members()) {
            if (name != member) without.append(name, kept);
        }
        changed.set("head", without);
        CHECK(error_of(parse_row_proof(changed)).find(member) != std::string::npos);
    }
}

TEST_CASE("heads that are kept elsewhere show that rows were changed or cut off") {
    Book book;
    const auto first = book.head();
    book.engine.run(2);
    const auto second = book.head(first);
    const auto verified = [&](std::vector<TreeHead> heads) {
        const auto report = must_open(book.path, reader())->verify({.signed_heads = std::move(heads)});
        REQUIRE(report.ok());
        return report->findings;
    };
    CHECK(verified({first.head, second.head}).empty());
    auto other = second.head;
    other.root.front() ^= 1;
    REQUIRE(verified({first.head, other}).size() == 1);
    CHECK(verified({first.head, other}).front().what.find("are not those that were signed") != std::string::npos);
    auto later = second.head;
    later.first = second.head.last + 1;
    later.last = later.first + 9;
    REQUIRE(verified({first.head, second.head, later}).size() == 1);
    CHECK(verified({first.head, second.head, later}).front().what.find("were cut off") != std::string::npos);
}

TEST_CASE("no head is signed for a ledger that does not follow from the last one") {
    Book book;
    auto head = book.head();
    book.engine.run(1);
    auto other = head;
    other.head.hash.front() ^= 1;
    CHECK(error_of(make_head(*book.ledger, book.path, 42161, other, start_ns)).find("does not follow") !=
          std::string::npos);
    head.head.last = 1'000;
    CHECK(error_of(make_head(*book.ledger, book.path, 42161, head, start_ns)).find("before the head") !=
          std::string::npos);
}

TEST_CASE("rows in archives are proven as before") {
    Book book;
    const auto first = book.head();
    REQUIRE(book.ledger->archive(start_ns + 2 * minute_ns, book.folder / "old.db").ok());
    CHECK(prove(*book.ledger, first, 3).ok());
    const auto report = book.ledger->verify({.signed_heads = {first.head}});
    REQUIRE(report.ok());
    CHECK(report->findings.empty());
    std::filesystem::remove(book.folder / "old.db");
    CHECK_FALSE(prove(*book.ledger, first, 3).ok());
}

TEST_CASE("the file of heads keeps each, and forgets a line that a crash left") {
    Book book;
    CHECK_FALSE(*last_head(book.heads));
    const auto first = book.head();
    REQUIRE(append_head(book.heads, first).ok());
    book.engine.run(1);
    const auto second = book.head(first);
    std::ofstream(book.heads, std::ios::app) << "{\"version\":1,\"net";
    CHECK((*last_head(book.heads))->head == first.head);
    REQUIRE(append_head(book.heads, second).ok());
    CHECK((*last_head(book.heads))->head == second.head);
    const auto all = read_heads(book.heads);
    REQUIRE(all.ok());
    REQUIRE(all->size() == 2);
    CHECK(all->front().head == first.head);
    CHECK(read_heads(book.heads, 1)->front().head == second.head);
    CHECK((*head_over(book.heads, second.head.first))->head == second.head);
    CHECK((*head_over(book.heads, 1))->head == first.head);
    CHECK_FALSE(*head_over(book.heads, second.head.last + 1));
    // A line that is missing is noticed.
    const auto text = read_file(book.heads, 1 << 20);
    REQUIRE(text.ok());
    book.engine.run(1);
    REQUIRE(append_head(book.heads, book.head(second)).ok());
    auto lines = *read_file(book.heads, 1 << 20);
    const auto at = lines.find('\n');
    lines.erase(at + 1, lines.find('\n', at + 1) - at);
    std::ofstream(book.heads, std::ios::trunc) << lines;
    CHECK(error_of(read_heads(book.heads)).find("line 2 does not follow from the line before") != std::string::npos);
    std::ofstream(book.heads, std::ios::trunc) << "nonsense\n";
    CHECK(error_of(last_head(book.heads)).find("the last line") != std::string::npos);
}

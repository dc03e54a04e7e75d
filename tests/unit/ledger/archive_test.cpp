#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "host/base/keccak.hpp"
#include "host/ledger/archive_signature.hpp"
#include "stipend/hex.hpp"
#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

int decisions(Ledger& ledger) {
    int rows = 0;
    std::uint64_t last_seq = 0;
    CHECK(ledger
              .export_decisions({},
                                [&](const DecisionLine& line) -> Result<void> {
                                    CHECK(static_cast<std::uint64_t>(line.seq) > last_seq);
                                    last_seq = static_cast<std::uint64_t>(line.seq);
                                    ++rows;
                                    return {};
                                })
              .ok());
    return rows;
}

// The moment before which the first `cycles` cycles of orchestrator 1 were decided.
stipend_unix_ns after_cycle(int cycles) {
    return start_ns + cycles * minute_ns;
}

}  // namespace

TEST_CASE("archived rows are deleted from the ledger, and verify spans both files") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    fill_with_everything(*ledger);
    Engine engine(*ledger);
    engine.run(4);
    const auto balances = ledger->balances();
    const int before = decisions(*ledger);
    const auto report = ledger->archive(after_cycle(3), folder / "first.db");
    REQUIRE(report.ok());
    CHECK(report->first == 1);
    CHECK(report->decisions > 0);
    CHECK(number(path, "SELECT count(*) FROM decision") == before - static_cast<int>(report->decisions));
    CHECK(number(path, cat("SELECT count(*) FROM audit WHERE seq <= ", report->last)) == 0);
    CHECK(number(path, cat("SELECT count(*) FROM entry WHERE journal <= ", report->last)) == 0);
    CHECK(decisions(*ledger) == before);
    const auto verified = ledger->verify({});
    CHECK(findings(*ledger).empty());
    CHECK(verified->complete());
    CHECK(verified->decisions == static_cast<std::uint64_t>(before));
    const auto after = ledger->balances();
    for (std::size_t i = 0; i < after->size(); ++i) CHECK(after->at(i).owed == balances->at(i).owed);
}

TEST_CASE("archives follow each other while the host keeps deciding") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(6);
    const auto first = ledger->archive(after_cycle(2), folder / "first.db");
    REQUIRE(first.ok());
    engine.run(2);
    const auto second = ledger->archive(after_cycle(5), folder / "second.db");
    REQUIRE(second.ok());
    CHECK(second->first == first->last + 1);
    CHECK(second->digest != first->digest);
    engine.run(1);
    CHECK(findings(*ledger).empty());
    CHECK(decisions(*ledger) == 18);
}

TEST_CASE("a ledger can be archived completely and then continue") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 2);
        engine.run(3);
        REQUIRE(ledger->archive(INT64_MAX, folder / "all.db").ok());
        CHECK(number(path, "SELECT count(*) FROM decision") == 0);
    }
    const auto ledger = must_open(path);
    Engine engine(*ledger);
    engine.run(1);
    CHECK(findings(*ledger).empty());
    CHECK(decisions(*ledger) == 8);
}

TEST_CASE("an archived epoch cannot be decided again") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 1);
    const Batch first = engine.cycle();
    engine.must_commit(first);
    engine.run(2);
    REQUIRE(ledger->archive(after_cycle(2), folder / "first.db").ok());
    const auto again = ledger->commit(first);
    REQUIRE(!again.ok());
    CHECK(again.error().status == STIPEND_E_CONFLICT);
    CHECK(again.error().message.find("decided already, and archived") != std::string::npos);
}

TEST_CASE("a moved archive is found beside the ledger or at a given path") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(3);
    std::filesystem::create_directory(folder / "cold");
    std::filesystem::create_directory(folder / "colder");
    REQUIRE(ledger->archive(after_cycle(2), folder.path() / "cold" / "first.db").ok());
    std::filesystem::rename(folder.path() / "cold" / "first.db", folder.path() / "colder" / "first.db");
    CHECK(!ledger->verify({})->complete());
    const VerifyOptions told{.archives = {folder.path() / "colder" / "first.db"}};
    CHECK(ledger->verify(told)->complete());
    CHECK(findings(*ledger, told).empty());
    std::filesystem::rename(folder.path() / "colder" / "first.db", folder / "first.db");
    CHECK(ledger->verify({})->complete());
}

TEST_CASE("without its archive a ledger is verified in part, and the archive is reported missing") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    fill_with_everything(*ledger);
    Engine engine(*ledger);
    engine.run(3);
    REQUIRE(ledger->archive(after_cycle(2), folder / "first.db").ok());
    std::filesystem::remove(folder / "first.db");
    const auto report = ledger->verify({});
    CHECK(report->clean());
    CHECK(report->missing_archives == std::vector<std::string>{(folder / "first.db").string()});
    tamper(path, "UPDATE carried SET wei = zeroblob(32) WHERE account = 1");
    const std::string found = findings(*ledger);
    CHECK(found.find("carried: the balances carried over from the archives are not those that the chain recorded") !=
          std::string::npos);
}

TEST_CASE("a change in an archive is found") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    fill_with_everything(*ledger);
    Engine engine(*ledger);
    engine.run(3);
    REQUIRE(ledger->archive(after_cycle(2), folder / "first.db").ok());
    const auto keep = folder / "keep.db";
    std::filesystem::copy_file(folder / "first.db", keep);
    const auto after = [&](const std::string& sql) {
        std::filesystem::copy_file(keep, folder / "first.db", std::filesystem::copy_options::overwrite_existing);
        tamper(folder / "first.db", sql);
        return findings(*ledger);
    };
    CHECK(after("UPDATE decision SET usd_e8 = 1 WHERE seq = 8")
              .starts_with("decision seq 8 (orch-1, epoch 1): hash differs"));
    CHECK(!after("UPDATE entry SET wei = zeroblob(32) WHERE account = 1").empty());
    CHECK(!after("DELETE FROM journal").empty());
    CHECK(!after("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)").empty());
    CHECK(after("PRAGMA user_version = 1").empty());
    const auto not_signed = "archive " + (folder / "first.db").string() + ": it is not signed\n";
    CHECK(after("DROP TABLE seal") == not_signed);
    CHECK(after("DELETE FROM seal") == not_signed);
    CHECK(after("UPDATE seal SET last = last + 1").find("what is signed in it is not what the ledger recorded") !=
          std::string::npos);
    const auto not_its_signature = "its signature is not that of the recorded key";
    CHECK(after("UPDATE seal SET signature = zeroblob(64)").find(not_its_signature) != std::string::npos);
    CHECK(after("UPDATE seal SET signature = x''").find(not_its_signature) != std::string::npos);
}

TEST_CASE("an archive signed by another key is found, even if nothing else changed") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(3);
    const auto report = ledger->archive(after_cycle(2), folder / "first.db");
    REQUIRE(report.ok());
    std::filesystem::remove(folder / "archive.key");
    const auto forged = sign_digest(folder / "ledger.db", report->digest);
    REQUIRE(forged.ok());
    CHECK(forged->signer != report->signer);
    tamper(folder / "first.db", cat("UPDATE seal SET signer = x'", hex_encode(forged->signer), "', signature = x'",
                                    hex_encode(forged->signature), "'"));
    const auto found = findings(*ledger);
    CHECK(found.find("what is signed in it is not what the ledger recorded") != std::string::npos);
    CHECK(found.find("its signature is not that of the recorded key " + hex_encode(report->signer)) !=
          std::string::npos);
}

TEST_CASE("a ledger signs with one key, readable by its owner only") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const Hash digest = keccak256("what is signed");
    const auto first = sign_digest(path, digest);
    const auto again = sign_digest(path, digest);
    REQUIRE(first.ok());
    REQUIRE(again.ok());
    CHECK(first->signer == again->signer);
    CHECK(first->signature == again->signature);
    CHECK(verify_signature(digest, first->signer, first->signature));
    CHECK(!verify_signature(keccak256("something else"), first->signer, first->signature));
    CHECK(!verify_signature(digest, Hash{}, first->signature));
    CHECK(std::filesystem::status(folder / "archive.key").permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a key that root creates gets the owner of the ledger" * doctest::skip(::geteuid() != 0)) {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    std::ofstream(path) << "of a service";
    REQUIRE(::chown(path.c_str(), 4711, 4712) == 0);
    REQUIRE(sign_digest(path, Hash{}).ok());
    struct stat key = {};
    REQUIRE(::stat((folder / "archive.key").c_str(), &key) == 0);
    CHECK(key.st_uid == 4711);
    CHECK(key.st_gid == 4712);
}

TEST_CASE("the public key agrees with RFC 8032") {
    // Its third test: a message of two bytes there, so that here only key and public key are compared.
    const TempFolder folder;
    std::ofstream(folder / "archive.key") << "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    const auto signature = sign_digest(folder / "ledger.db", Hash{});
    REQUIRE(signature.ok());
    CHECK(hex_encode(signature->signer) == "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
}

TEST_CASE("an invalid key file is an error, and nothing is archived") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(3);
    std::ofstream(folder / "archive.key") << "secret\n";
    const auto report = ledger->archive(after_cycle(2), folder / "first.db");
    REQUIRE(!report.ok());
    CHECK(report.error().status == STIPEND_E_CONFIG);
    CHECK(report.error().message.find("not a key to sign archives by: got 6 characters, want 64 hex digits") !=
          std::string::npos);
    CHECK(!std::filesystem::exists(folder / "first.db"));
    CHECK(!std::filesystem::exists(folder / "first.db.partial"));
    CHECK(decisions(*ledger) == 6);
}

TEST_CASE("a reader prepares an archive while the host runs, which records it and purges in steps") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 100);
    engine.run(60);
    const auto reading = must_open(path, reader());
    const auto prepared = reading->prepare_archive(after_cycle(50), folder / "first.db", [] { return false; });
    REQUIRE(prepared.ok());
    engine.run(1);
    CHECK(findings(*ledger).empty());
    const auto report = ledger->take_archive(*prepared);
    REQUIRE(report.ok());
    CHECK(report->decisions == prepared->decisions);
    int parts = 0;
    for (bool more = true; more; ++parts) {
        const auto left = ledger->purge_archived();
        REQUIRE(left.ok());
        more = *left;
        engine.run(1);
        CHECK(findings(*ledger).empty());
    }
    CHECK(parts > 2);
    CHECK(number(path, "SELECT min(seq) FROM decision") > report->last);
    CHECK(decisions(*ledger) == 100 * (61 + parts));

    const auto again = ledger->take_archive(*prepared);
    REQUIRE(!again.ok());
    CHECK(again.error().status == STIPEND_E_CONFLICT);
    CHECK(again.error().message.find(cat("the ledger has archived up to ", report->last, " meanwhile")) !=
          std::string::npos);
}

TEST_CASE("a ledger from before signed archives is migrated, and its unsigned archives stay valid") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    {
        const auto ledger = must_open(path);
        Engine engine(*ledger, 2);
        engine.run(3);
        auto prepared = ledger->prepare_archive(after_cycle(2), folder / "old.db", {});
        REQUIRE(prepared.ok());
        prepared->facts.signer = {};
        REQUIRE(ledger->take_archive(*prepared).ok());
    }
    tamper(folder / "old.db", "DROP TABLE seal");
    tamper(path,
           "ALTER TABLE archive DROP COLUMN signer; DROP TABLE fee_state; DROP TABLE state_before; DROP TABLE pardon; "
           "DROP TABLE manual_payment; DROP TABLE answered_request; "
           "DROP TABLE objection; DROP TABLE objection_answer; DROP TABLE payout; DROP TABLE slot; "
           "DROP TABLE attempt; DROP TABLE payout_step; DROP TABLE slot_end; DROP TABLE network; "
           "DROP TABLE network_of; DROP TABLE debt; DROP TABLE demand; DROP INDEX audit_orchestrator; "
           "ALTER TABLE orchestrator DROP COLUMN network; "
           "ALTER TABLE price RENAME COLUMN network TO id; "
           "PRAGMA user_version = 1");
    const auto early = open(path, reader());
    REQUIRE(!early.ok());
    CHECK(early.error().message.find("an older schema: got 1, want 10") != std::string::npos);

    const auto ledger = must_open(path);
    CHECK(number(path, "PRAGMA user_version") == 10);
    CHECK(findings(*ledger).empty());
    CHECK(ledger->verify({})->complete());
    Engine engine(*ledger);
    engine.run(2);
    const auto signed_one = ledger->archive(after_cycle(4), folder / "new.db");
    REQUIRE(signed_one.ok());
    CHECK(signed_one->signer != Hash{});
    CHECK(findings(*ledger).empty());
    CHECK(decisions(*ledger) == 10);
}

TEST_CASE("a cancelled archive leaves no file") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    const auto ledger = must_open(path);
    Engine engine(*ledger, 100);
    engine.run(60);
    const auto reading = must_open(path, reader());
    const auto prepared = reading->prepare_archive(after_cycle(50), folder / "first.db", [] { return true; });
    REQUIRE(!prepared.ok());
    CHECK(prepared.error().status == STIPEND_E_CANCELLED);
    CHECK(!std::filesystem::exists(folder / "first.db"));
    CHECK(!std::filesystem::exists(folder / "first.db.partial"));
    CHECK(decisions(*ledger) == 6000);
}

TEST_CASE("a change in the ledger's records of its archives is found") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    auto ledger = must_open(path);
    Engine engine(*ledger, 2);
    engine.run(3);
    REQUIRE(ledger->archive(after_cycle(2), folder / "first.db").ok());
    ledger.reset();
    const auto keep = folder / "keep.db";
    std::filesystem::copy_file(path, keep);
    for (const auto* sql :
         {"UPDATE carried SET epoch = epoch + 1",
          "UPDATE carried SET wei = x'0000000000000000000000000000000000000000000000000000000000000005'",
          "DELETE FROM carried WHERE account = 1", "UPDATE archive SET closing = zeroblob(32)",
          "UPDATE archive SET last = last - 1", "UPDATE archive SET head = zeroblob(32)",
          "UPDATE archive SET signer = head", "UPDATE archive SET signer = zeroblob(32)",
          "UPDATE archive SET seq = seq + 1", "DELETE FROM archive", "UPDATE archive SET first = 2",
          "UPDATE archive SET previous = x'00000000000000000000000000000000000000000000000000000000000000ff'"}) {
        CAPTURE(sql);
        std::filesystem::copy_file(keep, path, std::filesystem::copy_options::overwrite_existing);
        tamper(path, sql);
        const auto reading = must_open(path, reader());
        CHECK(!findings(*reading).empty());
    }
}

TEST_CASE("an archive is rejected if its file exists or nothing is that old") {
    const TempFolder folder;
    const auto ledger = must_open(folder / "ledger.db");
    Engine engine(*ledger, 2);
    engine.run(2);
    CHECK(ledger->archive(start_ns, folder / "none.db").error().message.find("no decision is that old") !=
          std::string::npos);
    CHECK(!std::filesystem::exists(folder / "none.db"));
    CHECK(ledger->archive(INT64_MAX, folder / "ledger.db").error().message.find("exists already") != std::string::npos);
    const auto nowhere = ledger->archive(INT64_MAX, folder.path() / "missing" / "first.db");
    CHECK(!nowhere.ok());
    CHECK(!ledger->failed());
    engine.run(1);
    CHECK(decisions(*ledger) == 6);
}

TEST_CASE("rows that a crash left to purge are ignored, and purged at the next open") {
    const TempFolder folder;
    const auto path = folder / "ledger.db";
    auto ledger = must_open(path);
    Engine engine(*ledger, 2);
    engine.run(3);
    ledger.reset();
    std::filesystem::copy_file(path, folder / "before.db");
    ledger = must_open(path);
    REQUIRE(ledger->archive(after_cycle(2), folder / "first.db").ok());
    ledger.reset();
    // The rows that the archive took come back, as if their deletion had not begun.
    tamper(path,
           "ATTACH '" + (folder / "before.db").string() +
               "' AS b; INSERT OR IGNORE INTO audit SELECT * FROM b.audit; INSERT OR IGNORE INTO decision SELECT * "
               "FROM b.decision; INSERT OR IGNORE INTO journal SELECT * FROM b.journal; INSERT OR IGNORE INTO entry "
               "SELECT * FROM b.entry");
    {
        const auto reading = must_open(path, reader());
        CHECK(findings(*reading).empty());
        CHECK(decisions(*reading) == 6);
    }
    ledger = must_open(path);
    CHECK(number(path, "SELECT min(seq) FROM decision") > number(path, "SELECT last FROM archive"));
    CHECK(findings(*ledger).empty());
}

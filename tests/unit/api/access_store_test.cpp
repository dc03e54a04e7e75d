// What is stored of accounts, logins and keys.
#include <sys/stat.h>

#include <fstream>

#include "store_fixture.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;
using auth::AccessRole;

namespace {

Family family(const std::string& id, const std::string& owner = "a@b.example") {
    return {.id = id, .account = owner, .token = id + "-1", .expires_at = noon + 100 * second};
}

}  // namespace

TEST_CASE("the file is its owner's alone, and one that others may read is refused") {
    const Folder folder;
    { const auto store = folder.store(); }
    struct stat info {};
    REQUIRE(::stat(folder.file().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::chmod(folder.file().c_str(), 0640) == 0);
    const auto refused = AccessStore::open(folder.file());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == STIPEND_E_CONFIG);
    CHECK(refused.error().message.find("only its owner may read") != std::string::npos);
}

TEST_CASE("a file of a newer version, and one that is no database, are refused") {
    const Folder folder;
    {
        sqlite::Database database;
        { const auto store = folder.store(); }
        REQUIRE(database.open(folder.file().native(), SQLITE_OPEN_READWRITE, 1000).ok());
        REQUIRE(database.run("PRAGMA user_version = 2").ok());
    }
    CHECK(AccessStore::open(folder.file()).error().message.find("got version 2 of its tables, want 1") !=
          std::string::npos);
    std::filesystem::remove(folder.file());
    std::filesystem::remove(folder.file().native() + "-wal");
    std::filesystem::remove(folder.file().native() + "-shm");
    std::ofstream(folder.file()) << std::string(4096, 'x');
    REQUIRE(::chmod(folder.file().c_str(), 0600) == 0);
    const auto damaged = AccessStore::open(folder.file());
    REQUIRE_FALSE(damaged.ok());
    CHECK(damaged.error().message.starts_with("access: "));
}

TEST_CASE("accounts outlive the store, by name, each once") {
    const Folder folder;
    {
        const auto store = folder.store();
        REQUIRE(store->add_account(account("b@b.example")).ok());
        REQUIRE(store->add_account(account("a@b.example", AccessRole::admin)).ok());
        CHECK(store->add_account(account("a@b.example")).error().status == STIPEND_E_CONFLICT);
    }
    const auto store = folder.store();
    const auto all = store->accounts();
    REQUIRE(all.ok());
    REQUIRE(all->size() == 2);
    CHECK((*all)[0].name == "a@b.example");
    CHECK((*all)[0].role == AccessRole::admin);
    CHECK((*all)[0].password_hash == "hash of a@b.example");
    CHECK((*all)[0].created_at == noon);
    CHECK((*all)[1].name == "b@b.example");
    CHECK_FALSE(store->account("A@b.example")->has_value());
    CHECK(store->account("b@b.example")->has_value());
}

TEST_CASE("a name of an account is printable ASCII without blanks") {
    const Folder folder;
    const auto store = folder.store();
    for (const auto& bad : {std::string(), std::string("a b"), std::string("a\n"), std::string("\xc3\xa4"),
                            std::string(255, 'a'), std::string("a\0b", 3), std::string("\x7f")}) {
        CHECK(store->add_account(account(bad)).error().status == STIPEND_E_INVALID);
    }
    CHECK(store->add_account(account(std::string(254, 'a'))).ok());
    CHECK(store->add_account(account("'; DROP TABLE account; --")).error().status == STIPEND_E_INVALID);
    CHECK(store->add_account(account("';DROP/**/TABLE/**/account;--")).ok());
    CHECK(store->accounts()->size() == 2);
}

TEST_CASE("the last administrator stays, and an account that is removed takes its logins along") {
    const Folder folder;
    const auto store = folder.store();
    REQUIRE(store->add_account(account("a@b.example", AccessRole::admin)).ok());
    REQUIRE(store->add_account(account("v@b.example")).ok());
    CHECK(store->remove_account("a@b.example").error().status == STIPEND_E_CONFLICT);
    REQUIRE(store->add_account(account("c@b.example", AccessRole::admin)).ok());
    REQUIRE(store->begin_family(family("f")).ok());
    CHECK(store->family_account("f", noon)->has_value());
    CHECK(store->remove_account("a@b.example").ok());
    CHECK_FALSE(store->family_account("f", noon)->has_value());
    CHECK(store->remove_account("a@b.example").error().message == "no such account: a@b.example");
    CHECK(store->remove_account("v@b.example").ok());
}

TEST_CASE("a new password ends the account's logins, and no others; a new hash of the same one ends none") {
    const Folder folder;
    const auto store = folder.store();
    REQUIRE(store->add_account(account("a@b.example")).ok());
    REQUIRE(store->add_account(account("c@b.example")).ok());
    REQUIRE(store->begin_family(family("f")).ok());
    REQUIRE(store->begin_family(family("g", "c@b.example")).ok());
    REQUIRE(store->set_password_hash("a@b.example", "other").ok());
    CHECK(store->family_account("f", noon)->has_value());
    REQUIRE(store->set_password("a@b.example", "new", noon + second).ok());
    CHECK_FALSE(store->family_account("f", noon)->has_value());
    CHECK(store->family_account("g", noon)->has_value());
    CHECK((*store->account("a@b.example"))->password_hash == "new");
    CHECK((*store->account("a@b.example"))->changed_at == noon + second);
    CHECK(store->set_password("x", "new", noon).error().status == STIPEND_E_INVALID);
}

TEST_CASE("of a family only the last token is taken; an earlier one ends it") {
    const Folder folder;
    const auto store = folder.store();
    REQUIRE(store->add_account(account("a@b.example")).ok());
    REQUIRE(store->begin_family(family("f")).ok());
    CHECK(*store->renew("f", "f-1", "f-2", noon) == Renewal::renewed);
    CHECK(*store->renew("f", "f-2", "f-3", noon) == Renewal::renewed);
    CHECK(*store->renew("f", "f-1", "f-4", noon) == Renewal::reused);
    CHECK(*store->renew("f", "f-3", "f-4", noon) == Renewal::unknown);
    CHECK_FALSE(store->family_account("f", noon)->has_value());
    CHECK(*store->renew("g", "g-1", "g-2", noon) == Renewal::unknown);
}

TEST_CASE("a family ends at its time") {
    const Folder folder;
    const auto store = folder.store();
    REQUIRE(store->add_account(account("a@b.example")).ok());
    REQUIRE(store->begin_family(family("f")).ok());
    CHECK(store->family_account("f", noon + 100 * second - 1)->has_value());
    CHECK_FALSE(store->family_account("f", noon + 100 * second)->has_value());
    CHECK(*store->renew("f", "f-1", "f-2", noon + 100 * second) == Renewal::unknown);
}

TEST_CASE("an account has 64 logins; the oldest one ends, whatever the clock says") {
    const Folder folder;
    const auto store = folder.store();
    REQUIRE(store->add_account(account("a@b.example")).ok());
    for (std::size_t n = 0; n <= AccessStore::max_families_each; ++n) {
        REQUIRE(store->begin_family(family("f" + std::to_string(n))).ok());
    }
    CHECK_FALSE(store->family_account("f0", noon)->has_value());
    CHECK(store->family_account("f1", noon)->has_value());
    CHECK(store->family_account("f64", noon)->has_value());
    CHECK_FALSE(store->begin_family(family("x", "x@b.example")).ok());
}

TEST_CASE("API keys are stored as they are, and revoked for good") {
    const Folder folder;
    auth::Permissions scopes;
    scopes.add(auth::Permission::payments_read);
    auto made = auth::make_api_key({.role = AccessRole::viewer, .scopes = scopes, .expires_at = noon + second}, noon);
    REQUIRE(made.ok());
    {
        const auto store = folder.store();
        REQUIRE(store->add_api_key({.name = "export", .record = made->record}).ok());
    }
    const auto store = folder.store();
    const auto found = store->api_key(made->record.id);
    REQUIRE(found->has_value());
    CHECK((*found)->name == "export");
    CHECK((*found)->record.hash == made->record.hash);
    CHECK((*found)->record.scopes == scopes);
    CHECK((*found)->record.expires_at == noon + second);
    CHECK_FALSE((*found)->record.revoked_at.has_value());
    REQUIRE(store->revoke_api_key(made->record.id, noon + 5).ok());
    REQUIRE(store->revoke_api_key(made->record.id, noon + 9).ok());
    CHECK((*store->api_key(made->record.id))->record.revoked_at == noon + 5);
    CHECK(store->revoke_api_key("0000000000000000", noon).error().status == STIPEND_E_INVALID);
    CHECK(store->api_keys()->size() == 1);
}

TEST_CASE("the newest keys of tokens are stored, eight at most") {
    const Folder folder;
    const auto store = folder.store();
    for (int n = 0; n < 9; ++n) REQUIRE(store->add_token_key({std::to_string(n), "secret", noon - n}).ok());
    auto keys = store->token_keys();
    REQUIRE(keys->size() == 8);
    CHECK(keys->front().kid == "8");
    CHECK(keys->back().kid == "1");
    CHECK(store->add_token_key({"8", "secret", noon}).error().status == STIPEND_E_CONFLICT);
    REQUIRE(store->remove_old_token_keys().ok());
    CHECK(store->token_keys()->size() == 1);
    CHECK(store->token_keys()->front().kid == "8");
}

TEST_CASE("public halves are no rows of the table of secrets, which is all that an earlier version reads") {
    const Folder folder;
    constexpr auto pair = auth::TokenAlgorithm::es256;
    const auto kids = [](AccessStore& store) {
        std::string out;
        const auto keys = store.token_keys();
        REQUIRE(keys.ok());
        for (const auto& one : *keys) out += one.kid + (one.algorithm == pair ? "p " : "s ");
        return out;
    };
    {
        const auto store = folder.store();
        REQUIRE(store->add_token_key({"a", "secret", noon}).ok());
        REQUIRE(store->add_token_key({"b", "public half", noon, pair}).ok());
        REQUIRE(store->add_token_key({"c", "public half", noon, pair}).ok());
        CHECK(kids(*store) == "cp bp as ");
        CHECK(store->add_token_key({"c", "public half", noon, pair}).error().status == STIPEND_E_CONFLICT);
    }
    {
        sqlite::Database earlier;
        REQUIRE(earlier.open(folder.file().native(), SQLITE_OPEN_READWRITE, 1000).ok());
        CHECK(*earlier.number("PRAGMA user_version") == 1);
        CHECK(*earlier.number("SELECT count(*) FROM token_key WHERE secret <> 'secret'") == 0);
        // It makes a secret of its own, by its own count of the rows: 2, which is a number of a pair.
        REQUIRE(earlier.run("INSERT INTO token_key(kid, secret, created_at) VALUES('d', 'secret', 0)").ok());
        REQUIRE(earlier.run("INSERT INTO token_key(kid, secret, created_at) VALUES('e', 'secret', 0)").ok());
        REQUIRE(earlier.run("INSERT INTO token_key(kid, secret, created_at) VALUES('es256-f', 'half', 0)").ok());
    }
    const auto store = folder.store();
    CHECK(kids(*store) == "es cp ds bp as ");
    REQUIRE(store->add_token_key({"g", "secret", noon}).ok());
    CHECK(kids(*store) == "gs es cp ds bp as ");
    for (int n = 0; n < 6; ++n) REQUIRE(store->add_token_key({std::to_string(n), "half", noon, pair}).ok());
    CHECK(kids(*store) == "5p 4p 3p 2p 1p 0p gs es ");
    REQUIRE(store->remove_old_token_keys().ok());
    CHECK(kids(*store) == "5p ");
}

TEST_CASE("two stores of one file see each other's changes at once") {
    const Folder folder;
    const auto host = folder.store();
    const auto command = folder.store();
    REQUIRE(command->add_account(account("a@b.example")).ok());
    REQUIRE(host->account("a@b.example")->has_value());
    REQUIRE(host->begin_family(family("f")).ok());
    REQUIRE(command->set_password("a@b.example", "new", noon).ok());
    CHECK_FALSE(host->family_account("f", noon)->has_value());
}

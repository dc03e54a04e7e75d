// Logins, renewals and what credentials prove.
#include "host/api/access.hpp"
#include "host/base/sha256.hpp"

#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/system_rng.h>

#include "stipend/duration.hpp"
#include "store_fixture.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;
using auth::AccessRole;
using auth::Permission;

namespace {

constexpr auth::PasswordCost cheap{.memory_kib = 64, .passes = 1, .lanes = 1};
constexpr const char* who = "a@b.example";
constexpr const char* password = "correct horse";
const std::string secret(32, 's');

AccessTime at(std::int64_t seconds) {
    return {noon + seconds * second, seconds * second};
}
IpAddress address(std::string_view text = "192.0.2.1") {
    return *IpAddress::parse(text);
}

class Scene {
  public:
    explicit Scene(std::string_view with_secret = secret) { open(with_secret); }
    void open(std::string_view with_secret = secret, auth::PasswordCost cost = cheap, const std::string& pem = {}) {
        access_.reset();
        auto made = Access::create(folder_.store(), {.cost = cost, .key_pem = pem}, with_secret, noon);
        REQUIRE(made.ok());
        access_ = std::move(*made);
    }
    void add(AccessRole role = AccessRole::viewer, const char* name = who) {
        auto one = account(name, role);
        one.password_hash = *auth::hash_password(password, cheap);
        REQUIRE(access_->with_store([&](AccessStore& store) { return store.add_account(one); }).ok());
    }
    [[nodiscard]] Tokens log_in(std::int64_t seconds = 0) {
        auto login = access_->login(who, password, address(), at(seconds));
        REQUIRE(login.ok());
        REQUIRE_MESSAGE(login->tokens.has_value(), login->fault);
        return *login->tokens;
    }
    [[nodiscard]] std::string fault_of(std::string_view credential, std::int64_t seconds = 0) {
        auto verified = access_->verify(credential, at(seconds));
        REQUIRE(verified.ok());
        CHECK(verified->principal.has_value() == verified->fault.empty());
        return verified->fault;
    }
    Access* operator->() { return access_.get(); }
    // As another process opens the file.
    [[nodiscard]] std::unique_ptr<AccessStore> other_store() const { return folder_.store(); }

  private:
    Folder folder_;
    std::unique_ptr<Access> access_;
};

}  // namespace

TEST_CASE("a login's access token proves its account for fifteen minutes") {
    Scene scene;
    scene.add(AccessRole::operator_);
    const auto tokens = scene.log_in();
    CHECK(tokens.lifetime_s == 900);
    const auto verified = scene->verify(tokens.access, at(1));
    REQUIRE(verified->principal.has_value());
    CHECK(verified->principal->name == who);
    CHECK(verified->principal->may(Permission::jobs_distribute));
    CHECK_FALSE(verified->principal->may(Permission::payments_process));
    CHECK(scene.fault_of(tokens.access, 900 + 29) == "");
    CHECK(scene.fault_of(tokens.access, 900 + 30) == "expired");
    CHECK(scene.fault_of(tokens.refresh) == "wrong_kind");
    CHECK(scene.fault_of("") != "");
    CHECK(scene.fault_of("x.y.z") != "");
}

TEST_CASE("a token that was verified a moment ago is refused once its login or its account has ended") {
    Scene scene;
    scene.add(AccessRole::operator_);
    const auto first = scene.log_in();
    CHECK(scene.fault_of(first.access) == "");
    CHECK(scene.fault_of(first.access) == "");
    REQUIRE(scene->log_out(*scene->verify(first.access, at(0))->principal).ok());
    CHECK(scene.fault_of(first.access) == "the login has ended");

    const auto second = scene.log_in();
    CHECK(scene.fault_of(second.access) == "");
    const auto other = scene.other_store();
    REQUIRE(other->add_account(account("b@b.example", AccessRole::admin)).ok());
    CHECK(scene.fault_of(second.access) == "");
    REQUIRE(other->set_password(who, "another hash", noon).ok());
    CHECK(scene.fault_of(second.access) == "the login has ended");
    CHECK(scene.fault_of(second.access, 1) == "the login has ended");

    // Of two tokens each counts for itself, and a clock that was set back makes none valid.
    const auto third = *auth::hash_password(password, cheap);
    REQUIRE(other->set_password(who, third, noon).ok());
    const auto token = scene.log_in(10).access;
    CHECK(scene.fault_of(token, 10) == "");
    CHECK(scene.fault_of(token + "x", 10) != "");
    CHECK(scene.fault_of(token, 10 + 900 + 30) == "expired");
    CHECK(scene.fault_of(token, 10) == "");
}

TEST_CASE("a wrong password, an unknown account and a short password are refused alike") {
    Scene scene;
    scene.add();
    for (const auto& [name, word] : {std::pair(who, "wrong password"), {"x@b.example", password}, {who, "short"}}) {
        const auto login = scene->login(name, word, address(), at(0));
        REQUIRE(login.ok());
        CHECK_FALSE(login->tokens.has_value());
        CHECK(login->retry_after_s == 0);
        CHECK(login->fault != "");
    }
}

TEST_CASE("failures slow down further logins, and nothing is computed meanwhile") {
    Scene scene;
    scene.add();
    for (int n = 0; n < 6; ++n) CHECK(scene->login(who, "wrong password", address(), at(0))->retry_after_s == 0);
    CHECK(scene->login(who, password, address(), at(0))->retry_after_s == 1);
    CHECK(scene->login(who, password, address(), at(1))->tokens.has_value());
    CHECK(scene->login(who, password, address(), at(1))->tokens.has_value());
}

TEST_CASE("a refresh token is taken once; taken again, it ends the login") {
    Scene scene;
    scene.add();
    const auto first = scene.log_in();
    const auto second_pair = scene->renew(first.refresh, at(10));
    REQUIRE(second_pair->tokens.has_value());
    CHECK(scene.fault_of(second_pair->tokens->access, 11) == "");
    CHECK(scene->renew(first.access, at(11))->fault == "wrong_kind");
    CHECK(scene->renew(first.refresh, at(12))->fault == "a refresh token was used twice: its login is ended");
    CHECK(scene.fault_of(second_pair->tokens->access, 13) == "the login has ended");
    CHECK(scene->renew(second_pair->tokens->refresh, at(14))->fault == "the login has ended");
}

TEST_CASE(
    "a login ends at a logout, with its account, with its password, and after thirty days however often it is "
    "renewed") {
    Scene scene;
    scene.add();
    scene.add(AccessRole::admin, "admin@b.example");
    auto tokens = scene.log_in();
    const auto principal = scene->verify(tokens.access, at(0))->principal;
    REQUIRE(scene->log_out(*principal).ok());
    CHECK(scene.fault_of(tokens.access) == "the login has ended");

    tokens = scene.log_in();
    REQUIRE(scene
                ->with_store([&](AccessStore& store) {
                    return store.set_password(who, *auth::hash_password(password, cheap), noon);
                })
                .ok());
    CHECK(scene.fault_of(tokens.access) == "the login has ended");

    tokens = scene.log_in();
    for (std::int64_t day = 1; day < 30; ++day) {
        auto next = scene->renew(tokens.refresh, at(day * 86'400));
        REQUIRE_MESSAGE(next->tokens.has_value(), next->fault);
        tokens = *next->tokens;
    }
    CHECK_FALSE(scene->renew(tokens.refresh, at(30 * 86'400 + 60))->tokens.has_value());

    tokens = scene.log_in();
    REQUIRE(scene->with_store([](AccessStore& store) { return store.remove_account(who); }).ok());
    CHECK(scene.fault_of(tokens.access) != "");
    CHECK_FALSE(scene->renew(tokens.refresh, at(1))->tokens.has_value());
}

TEST_CASE("tokens outlive a restart, and a new secret: those of the one before count until they expire") {
    for (const std::string_view first : {std::string_view(secret), std::string_view()}) {
        Scene scene(first);
        scene.add();
        const auto tokens = scene.log_in();
        scene.open(first);
        CHECK(scene.fault_of(tokens.access) == "");
        scene.open(std::string(32, 't'));
        CHECK(scene.fault_of(tokens.access) == "");
        const auto fresh = scene.log_in();
        scene.open(secret);
        CHECK(scene.fault_of(fresh.access) == "");
        REQUIRE(scene->with_store([](AccessStore& store) { return store.remove_old_token_keys(); }).ok());
        scene.open(secret);
        CHECK(scene.fault_of(fresh.access) == "unknown_key");
        CHECK(scene.fault_of(scene.log_in().access) == "");
    }
}

TEST_CASE("keys of earlier secrets are removed once all that they signed has expired") {
    Scene scene;
    scene.add();
    const std::string second(32, 't');
    const auto keys = [&] { return scene->with_store([](AccessStore& store) { return store.token_keys(); })->size(); };
    REQUIRE(scene->use_secret(second, noon).ok());
    CHECK(keys() == 2);
    constexpr stipend_unix_ns lifetime = 900 * ns_per_s;
    REQUIRE(scene->use_secret(second, noon + lifetime).ok());
    CHECK(keys() == 2);
    REQUIRE(scene->use_secret(second, noon + 2 * lifetime).ok());
    CHECK(keys() == 1);
    CHECK(scene.fault_of(scene.log_in().access) == "");
}

namespace {

std::string new_key_pem(const char* curve = "secp256r1") {
    return Botan::PKCS8::PEM_encode(Botan::ECDSA_PrivateKey(Botan::system_rng(), Botan::EC_Group(curve)));
}

}  // namespace

TEST_CASE("a key pair signs instead of a secret, and each kid keeps its algorithm") {
    Scene scene;
    scene.add();
    const auto by_secret = scene.log_in().access;
    const auto pem = new_key_pem();
    scene.open("", cheap, pem);
    const auto by_pair = scene.log_in().access;
    CHECK(scene.fault_of(by_pair) == "");
    CHECK(scene.fault_of(by_secret) == "");
    const auto keys = [&] { return *scene->with_store([](AccessStore& store) { return store.token_keys(); }); };
    REQUIRE(keys().size() == 2);
    CHECK(keys()[0].algorithm == auth::TokenAlgorithm::es256);
    CHECK(keys()[0].secret.starts_with("-----BEGIN PUBLIC KEY-----"));
    CHECK(keys()[1].algorithm == auth::TokenAlgorithm::hs256);
    scene.open("", cheap, pem);
    CHECK(keys().size() == 2);
    // A new pair: what the one before has signed is verified by its public half.
    scene.open("", cheap, new_key_pem());
    CHECK(keys().size() == 3);
    CHECK(scene.fault_of(by_pair) == "");
    CHECK(scene.fault_of(scene.log_in().access) == "");
    // Back to a secret: one is generated, since the newest key cannot sign any more.
    scene.open("");
    CHECK(keys().size() == 4);
    CHECK(keys()[0].algorithm == auth::TokenAlgorithm::hs256);
    CHECK(scene.fault_of(by_pair) == "");
    // The public half, taken for a secret, signs by HS256 under a kid of its own, and opens nothing of the pair's.
    const auto forged = auth::TokenSigner::make(*auth::TokenKey::hs256(keys()[2].kid, keys()[2].secret),
                                                auth::TokenParties{.issuer = "stipend", .audience = "stipend-api"});
    REQUIRE(forged.ok());
    const auto token = forged->sign(auth::TokenKind::access, {.subject = who,
                                                              .role = AccessRole::admin,
                                                              .scopes = auth::Permissions::all(),
                                                              .id = "a",
                                                              .family = "b",
                                                              .issued_at_s = noon / second,
                                                              .not_before_s = noon / second,
                                                              .expires_at_s = noon / second + 60});
    REQUIRE(token.ok());
    CHECK(scene.fault_of(*token) == "wrong_algorithm");
}

TEST_CASE("a key on another curve is refused") {
    Folder folder;
    const auto made = Access::create(folder.store(), {.cost = cheap, .key_pem = new_key_pem("secp384r1")}, "", noon);
    REQUIRE(!made.ok());
    CHECK(made.error().message.find("want a key on the curve P-256") != std::string::npos);
}

TEST_CASE("a secret of less than 32 bytes is refused, and changes nothing") {
    Scene scene;
    CHECK(scene->use_secret(std::string(31, 's'), noon).error().message ==
          "not a secret of tokens: got 31 bytes, want at least 32");
    CHECK(scene->with_store([](AccessStore& store) { return store.token_keys(); })->size() == 1);
    CHECK(scene->use_secret(secret, noon).ok());
    CHECK(scene->with_store([](AccessStore& store) { return store.token_keys(); })->size() == 1);
}

TEST_CASE("an API key has its scopes within its role, until it expires or is revoked") {
    Scene scene;
    auth::Permissions scopes;
    scopes.add(Permission::payments_read);
    auto key =
        auth::make_api_key({.role = AccessRole::viewer, .scopes = scopes, .expires_at = noon + 10 * second}, noon);
    REQUIRE(key.ok());
    const std::string text(key->text.view());
    CHECK(scene.fault_of(text) == "no such API key");
    REQUIRE(
        scene->with_store([&](AccessStore& store) { return store.add_api_key({.name = "x", .record = key->record}); })
            .ok());
    const auto verified = scene->verify(text, at(9));
    REQUIRE(verified->principal.has_value());
    CHECK(verified->principal->name == "key:" + key->record.id);
    CHECK(verified->principal->may(Permission::payments_read));
    CHECK_FALSE(verified->principal->may(Permission::orchestrators_read));
    CHECK(scene.fault_of(text, 10) == "expired");
    REQUIRE(scene->with_store([&](AccessStore& store) { return store.revoke_api_key(key->record.id, noon); }).ok());
    CHECK(scene.fault_of(text, 9) == "revoked");
}

TEST_CASE("a password whose hash is of another cost is stored anew at its next login") {
    Scene scene;
    scene.add();
    constexpr auth::PasswordCost dearer{.memory_kib = 128, .passes = 1, .lanes = 1};
    scene.open(secret, dearer);
    const auto tokens = scene.log_in();
    const auto hash = scene->with_store([](AccessStore& store) { return store.account(who); });
    CHECK((*hash)->password_hash.find("$m=128,t=1,p=1$") != std::string::npos);
    CHECK(scene.fault_of(tokens.access) == "");
}

namespace {

BrowserSession begin(Scene& scene, std::int64_t seconds = 0) {
    auto login = scene->login(who, password, address(), at(seconds), LoginKind::session);
    REQUIRE(login.ok());
    REQUIRE_MESSAGE(login->session.has_value(), login->fault);
    CHECK_FALSE(login->tokens.has_value());
    return *login->session;
}
std::string fault_of_session(Scene& scene, std::string_view cookie, std::int64_t seconds = 0) {
    const auto verified = scene->verify_session(cookie, at(seconds));
    REQUIRE(verified.ok());
    CHECK(verified->principal.has_value() == verified->fault.empty());
    return verified->fault;
}

}  // namespace

TEST_CASE("a session proves its account, over a restart, and its cookie is stored nowhere") {
    Scene scene;
    scene.add(AccessRole::operator_);
    const auto session = begin(scene);
    CHECK(session.cookie.size() == 64);
    CHECK(begin(scene).cookie != session.cookie);
    scene.open();
    const auto verified = scene->verify_session(session.cookie, at(1));
    REQUIRE(verified->principal.has_value());
    CHECK(verified->principal->name == who);
    CHECK(verified->principal->may(Permission::jobs_distribute));
    CHECK_FALSE(verified->principal->may(Permission::payments_process));
    CHECK(verified->principal->session_until == at(12 * 3'600).wall);
    const auto stored = scene.other_store()->session(sha256(session.cookie), noon, 0);
    REQUIRE(stored->has_value());
    CHECK((*stored)->account == who);
    // It is no token, and a token is no session.
    CHECK(scene.fault_of(session.cookie) != "");
    CHECK(fault_of_session(scene, scene.log_in().access) == "the session has ended");
    CHECK(fault_of_session(scene, "") == "the session has ended");
}

TEST_CASE("a session ends with its time, without requests, and with its account, password and logout") {
    Scene scene;
    scene.add();
    auto session = begin(scene);
    CHECK(fault_of_session(scene, session.cookie, 3'600) == "");
    CHECK(fault_of_session(scene, session.cookie, 3'600 + 3'601) == "the session has ended");
    session = begin(scene);
    for (std::int64_t hour = 1; hour < 12; ++hour) {
        CHECK(fault_of_session(scene, session.cookie, hour * 3'600 - 1) == "");
    }
    CHECK(fault_of_session(scene, session.cookie, 12 * 3'600 - 3'500) == "");
    CHECK(fault_of_session(scene, session.cookie, 12 * 3'600) == "the session has ended");

    const auto first = begin(scene);
    const auto second = begin(scene);
    const auto principal = scene->verify_session(first.cookie, at(0))->principal;
    REQUIRE(scene->log_out(*principal).ok());
    CHECK(fault_of_session(scene, first.cookie) == "the session has ended");
    CHECK(fault_of_session(scene, second.cookie) == "");
    const auto other = scene.other_store();
    const auto hash = *auth::hash_password(password, cheap);
    REQUIRE(other->set_password(who, hash, noon).ok());
    CHECK(fault_of_session(scene, second.cookie) == "the session has ended");
    const auto third = begin(scene);
    REQUIRE(other->add_account(account("b@b.example", AccessRole::admin)).ok());
    REQUIRE(other->remove_account(who).ok());
    CHECK(fault_of_session(scene, third.cookie) == "the session has ended");
}

TEST_CASE("an account has so many sessions, and an orchestrator too; the oldest one is ended beyond") {
    Scene scene;
    scene.add();
    const auto oldest = begin(scene);
    for (std::size_t n = 1; n < AccessStore::max_families_each; ++n) begin(scene);
    CHECK(fault_of_session(scene, oldest.cookie) == "");
    begin(scene);
    CHECK(fault_of_session(scene, oldest.cookie) == "the session has ended");

    const auto hash = sha256("the secret of a");
    const auto own = [&](std::int64_t seconds = 0) { return *scene->begin_owner_session("a", "", hash, at(seconds)); };
    const auto first = own();
    const auto another = *scene->begin_owner_session("b", "0xb", std::nullopt, at(0));
    for (std::size_t n = 1; n < AccessStore::max_owner_sessions_each; ++n) own();
    const auto found = scene->verify_session(first.cookie, at(0))->principal;
    REQUIRE(found.has_value());
    CHECK(found->orchestrator == "a");
    CHECK(found->secret == hash);
    CHECK(found->wallet.empty());
    CHECK(found->role == AccessRole::orchestrator);
    CHECK(found->may(Permission::own_read));
    CHECK_FALSE(found->may(Permission::orchestrators_read));
    const auto last = own();
    CHECK(fault_of_session(scene, first.cookie) == "the session has ended");
    CHECK(scene->verify_session(another.cookie, at(0))->principal->wallet == "0xb");
    REQUIRE(scene->log_out(*scene->verify_session(last.cookie, at(0))->principal).ok());
    CHECK(fault_of_session(scene, last.cookie) == "the session has ended");
    // What is over is removed when the next one begins.
    own(13 * 3'600);
    CHECK_FALSE(scene.other_store()->session(sha256(another.cookie), noon, 0)->has_value());
}

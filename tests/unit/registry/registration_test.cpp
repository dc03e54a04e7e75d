// What orchestrators state of themselves, and the store of their registrations.
#include "host/base/sha256.hpp"
#include "host/registry/registration_store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace stipend;
using namespace stipend::registry;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr stipend_unix_ns noon = 1'795'694'400 * second;
const Actor admin{Rank::approver, "account:admin"};
const Actor helper{Rank::registrar, "account:helper"};

class Scene {
  public:
    Scene() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-registry-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        reopen();
    }
    ~Scene() { std::filesystem::remove_all(folder_); }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    void reopen() {
        store.reset();
        auto opened = RegistrationStore::open(file());
        REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.error().message));
        store = std::move(*opened);
    }
    [[nodiscard]] std::filesystem::path file() const { return registry_file(folder_); }

    Outcome enroll(Enrollment enrollment, stipend_unix_ns now = noon) const {
        auto out = store->enroll(enrollment, now);
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().message));
        return std::move(*out);
    }
    [[nodiscard]] Registration found(std::string_view id) const {
        auto out = store->find(id);
        REQUIRE((out.ok() && out->has_value()));
        return std::move(**out);
    }

    std::unique_ptr<RegistrationStore> store;

  private:
    std::filesystem::path folder_;
};

Stated stated(const std::string& id, const std::string& endpoint, char digit = '1') {
    return {.id = id,
            .endpoint = endpoint,
            .capabilities = {"agent-net"},
            .payout_address = "0x" + std::string(40, digit),
            .worker_key = std::string(64, digit)};
}
Enrollment by_common(Stated what) {
    return {.stated = std::move(what), .actor = {}, .secret = sha256("the common secret"), .common = true};
}
Enrollment by_secret(Stated what, std::string_view secret) {
    return {.stated = std::move(what), .actor = {}, .secret = sha256(secret)};
}
Enrollment by(const Actor& actor, Stated what) {
    return {.stated = std::move(what), .actor = actor};
}
std::string refusal(Stated what, std::vector<IpRange> allowed = {}) {
    const auto out = normalised(std::move(what), allowed);
    return out ? std::string() : out.error().message;
}

}  // namespace

TEST_CASE("what a peer states is brought into one form, or refused with the field's name") {
    auto one = stated("orch-1", "https://orch.example:8935/");
    one.payout_address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    one.worker_key = std::string(64, 'A');
    const auto good = normalised(one, {});
    REQUIRE(good.ok());
    CHECK(good->endpoint == "https://orch.example:8935");
    CHECK(good->payout_address == "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");
    CHECK(good->worker_key == std::string(64, 'a'));

    const auto with = [&](auto change) {
        auto other = stated("orch-1", "https://orch.example:8935");
        change(other);
        return refusal(other);
    };
    CHECK(with([](Stated&) {}).empty());
    for (const auto* id : {"", "a b", "a'b", "a\"b", "a`b", "\x1b[31m", "\xc3\xa9"}) {
        CAPTURE(id);
        CHECK(with([&](Stated& it) { it.id = id; }).find("\"orchestrator_id\"") == 0);
    }
    CHECK(with([](Stated& it) { it.id = std::string(129, 'a'); }).find("\"orchestrator_id\"") == 0);
    for (const auto* endpoint :
         {"", "ftp://a:1", "https://a:1/path", "https://u:p@a:1", "https://a:0", "a:1", "https://"}) {
        CAPTURE(endpoint);
        CHECK(with([&](Stated& it) { it.endpoint = endpoint; }).find("\"endpoint\"") == 0);
    }
    CHECK(with([](Stated& it) {
              it.endpoint = "https://" + std::string(250, 'a') + ":1" + std::string(600, '1');
          }).find("\"endpoint\"") == 0);
    CHECK(with([](Stated& it) { it.service_addresses = {"https://10.0.0.1:1"}; }).find("\"service_addresses\"") == 0);
    CHECK(with([](Stated& it) { it.service_addresses.assign(9, "https://a:1"); }).find("\"service_addresses\"") == 0);
    CHECK(with([](Stated& it) { it.capabilities = {"a\nb"}; }).find("\"capabilities\"") == 0);
    CHECK(with([](Stated& it) { it.capabilities.assign(33, "a"); }).find("\"capabilities\"") == 0);
    for (const auto& address : {std::string("0x1"), "0x" + std::string(40, '0'), "0x" + std::string(40, 'g'),
                                std::string("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")}) {
        CAPTURE(address);
        CHECK(with([&](Stated& it) { it.payout_address = address; }).find("\"eth_address\"") == 0);
    }
    CHECK(with([](Stated& it) { it.worker_key = std::string(63, 'a'); }).find("\"worker_key\"") == 0);
    CHECK(with([](Stated& it) { it.worker_key = std::string(64, 'g'); }).find("\"worker_key\"") == 0);
}

TEST_CASE("an endpoint leads to a public address, or to a network that is allowed") {
    const auto at = [](const std::string& endpoint) { return stated("orch-1", endpoint); };
    for (const auto* endpoint : {"https://127.0.0.1:1", "http://localhost:80", "https://10.1.2.3:1", "https://[::1]:1",
                                 "https://169.254.169.254:80", "https://[::ffff:10.1.2.3]:1"}) {
        CAPTURE(endpoint);
        CHECK(refusal(at(endpoint)).find("\"endpoint\": it leads to") == 0);
    }
    // Other spellings of an address would pass for another party.
    for (const auto* endpoint : {"https://0177.1:1", "https://2130706433:1", "https://orch.example..:1"}) {
        CAPTURE(endpoint);
        CHECK(refusal(at(endpoint)).find("IPv4 address as four decimal numbers") != std::string::npos);
    }
    const std::vector<IpRange> allowed{*IpRange::parse("10.0.0.0/8")};
    CHECK(refusal(at("https://10.1.2.3:1"), allowed).empty());
    CHECK(!refusal(at("https://172.16.0.1:1"), allowed).empty());
    CHECK(refusal(at("https://8.8.8.8:8935")).empty());
}

TEST_CASE("the common secret makes an id that is not approved, and changes none") {
    Scene scene;
    const auto made = scene.enroll(by_common(stated("orch-1", "https://a.example:1")));
    CHECK(made.fault == Fault::none);
    CHECK(made.created);
    CHECK(!made.terms_changed);
    CHECK(made.secret.size() == 64);
    CHECK(made.registration.state == RegistrationState::unapproved);
    CHECK(scene.store->approved()->empty());
    CHECK(scene.store->pending(noon)->size() == 1);
    for (const auto& other : {stated("orch-1", "https://b.example:1"), stated("orch-1", "https://a.example:1", '2'),
                              stated("orch-1", "https://a.example:1")}) {
        CHECK(scene.enroll(by_common(other)).fault == Fault::taken);
    }
    CHECK(scene.found("orch-1").stated == stated("orch-1", "https://a.example:1"));
    CHECK(scene.found("orch-1").calls == 1);
    auto known = by_common(stated("orch-2", "https://b.example:1", '2'));
    known.has_history = true;
    CHECK(scene.enroll(known).fault == Fault::taken);
}

TEST_CASE("an id is changed by its own secret, and by no other") {
    Scene scene;
    const auto first = scene.enroll(by_common(stated("orch-1", "https://a.example:1")));
    const auto second = scene.enroll(by_common(stated("orch-2", "https://b.example:1", '2')));
    CHECK(scene.enroll(by_secret(stated("orch-1", "https://c.example:1"), second.secret)).fault == Fault::denied);
    CHECK(scene.enroll(by_secret(stated("orch-1", "https://c.example:1"), "")).fault == Fault::denied);
    CHECK(scene.enroll(by_secret(stated("orch-3", "https://c.example:1", '3'), first.secret)).fault == Fault::denied);
    const auto moved = scene.enroll(by_secret(stated("orch-1", "https://c.example:1"), first.secret));
    CHECK(moved.fault == Fault::none);
    CHECK(!moved.created);
    CHECK(moved.secret.empty());
    CHECK(scene.found("orch-1").stated.endpoint == "https://c.example:1");
    // What it left is free, what another has is not.
    CHECK(scene.enroll(by_secret(stated("orch-1", "https://b.example:1"), first.secret)).fault == Fault::taken);
    CHECK(scene.enroll(by_common(stated("orch-3", "https://a.example:1", '3'))).fault == Fault::none);
}

TEST_CASE("a payout address belongs to the id whose wallet has proven it, and to none before") {
    Scene scene;
    const auto address = "0x" + std::string(40, '1');
    const auto claim = [&](const std::string& id, char digit) {
        auto one = stated(id, "https://" + id + ".example:1", digit);
        one.payout_address = address;
        return scene.enroll(by_common(one)).fault;
    };
    CHECK(claim("orch-1", '1') == Fault::none);
    CHECK(claim("orch-2", '2') == Fault::none);
    CHECK((*scene.store->prove_payout("orch-2", "0x" + std::string(40, '9'), noon)).fault == Fault::none);
    CHECK_FALSE(scene.found("orch-2").payout_proven);
    CHECK((*scene.store->prove_payout("orch-2", address, noon)).fault == Fault::none);
    CHECK(scene.found("orch-2").payout_proven);
    const auto late = scene.store->prove_payout("orch-1", address, noon);
    REQUIRE(late.ok());
    CHECK(late->fault == Fault::taken);
    CHECK_FALSE(scene.found("orch-1").payout_proven);
    CHECK(claim("orch-3", '3') == Fault::taken);
    // It is free again with the id that had it.
    CHECK((*scene.store->remove("orch-2", admin, noon)).fault == Fault::none);
    CHECK(claim("orch-3", '3') == Fault::none);
    CHECK((*scene.store->prove_payout("orch-1", address, noon)).fault == Fault::none);
}

TEST_CASE("an endpoint and a key belong to one id") {
    Scene scene;
    CHECK(scene.enroll(by_common(stated("orch-1", "https://a.example:443"))).created);
    const auto with = [&](auto change) {
        auto other = stated("orch-2", "https://b.example:1", '2');
        change(other);
        return scene.enroll(by(admin, other));
    };
    CHECK(with([](Stated& it) { it.endpoint = "https://A.example"; }).fault == Fault::taken);  // another spelling
    CHECK(with([](Stated& it) { it.service_addresses = {"https://a.example"}; }).fault == Fault::taken);
    CHECK(with([](Stated& it) { it.worker_key = std::string(64, '1'); }).fault == Fault::taken);
    CHECK(with([](Stated&) {}).fault == Fault::none);
}

TEST_CASE("of many that race for one endpoint, one gets it") {
    Scene scene;
    std::atomic<int> made = 0, taken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            auto opened = RegistrationStore::open(scene.file());  // as another process has it
            const auto out = (*opened)->enroll(
                by_common(stated("orch-" + std::to_string(i), "https://a.example:1", static_cast<char>('1' + i))),
                noon);
            if (out.ok()) ++(out->fault == Fault::none ? made : taken);
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(made == 1);
    CHECK(taken == 7);
}

TEST_CASE("states: approved, disconnected, back, removed") {
    Scene scene;
    const auto one = stated("orch-1", "https://a.example:1");
    const auto secret = scene.enroll(by_common(one)).secret;
    const auto approved = scene.store->approve("orch-1", admin, noon);
    CHECK(approved->terms_changed);
    CHECK(scene.store->approved()->size() == 1);
    CHECK(!scene.store->approve("orch-1", admin, noon)->terms_changed);
    // One that was approved just now is listed on, until it is known to be paid.
    CHECK(scene.store->pending(noon)->size() == 1);
    CHECK(scene.store->pending(noon + 1)->empty());
    // It leaves and comes back by itself ...
    const Actor self{Rank::peer, "orchestrator:orch-1"};
    CHECK(scene.store->disconnect("orch-1", self, noon)->terms_changed);
    CHECK(scene.store->approved()->empty());
    CHECK(scene.enroll(by_secret(one, secret)).terms_changed);
    CHECK(scene.found("orch-1").state == RegistrationState::approved);
    // ... but not once an administrator disconnected it, whatever it sends.
    CHECK(scene.store->disconnect("orch-1", admin, noon)->terms_changed);
    CHECK(scene.store->disconnect("orch-1", self, noon)->fault == Fault::none);
    CHECK(!scene.enroll(by_secret(one, secret)).terms_changed);
    CHECK(scene.found("orch-1").state == RegistrationState::disconnected);
    CHECK(scene.store->approve("orch-1", admin, noon)->terms_changed);
    CHECK(scene.store->remove("orch-1", admin, noon)->terms_changed);
    CHECK(scene.store->remove("orch-1", admin, noon)->fault == Fault::unknown);
    CHECK(scene.store->approve("orch-1", admin, noon)->fault == Fault::unknown);
    CHECK(scene.store->approve("unknown", admin, noon)->fault == Fault::unknown);
    CHECK(scene.enroll(by_secret(one, secret)).fault == Fault::denied);
    CHECK(scene.enroll(by_common(one)).fault == Fault::taken);  // its history is another's
    CHECK(scene.enroll(by(admin, one)).registration.state == RegistrationState::approved);
    CHECK(scene.found("orch-1").approved_at == noon);
}

TEST_CASE("the payout address of an approved id is an administrator's to change") {
    Scene scene;
    const auto one = stated("orch-1", "https://a.example:1");
    auto other = one;
    other.payout_address = "0x" + std::string(40, '9');
    const auto secret = scene.enroll(by_common(one)).secret;
    CHECK(scene.enroll(by_secret(other, secret)).fault == Fault::none);  // it is not approved yet
    CHECK(scene.store->approve("orch-1", admin, noon).ok());
    CHECK(scene.enroll(by_secret(one, secret)).fault == Fault::restricted);
    CHECK(scene.found("orch-1").stated.payout_address == other.payout_address);
    CHECK(scene.enroll(by(admin, one)).terms_changed);
    CHECK(scene.found("orch-1").stated.payout_address == one.payout_address);
}

TEST_CASE("an account that may not approve registers what waits for approval") {
    Scene scene;
    CHECK(scene.enroll(by(helper, stated("orch-1", "https://a.example:1"))).registration.state ==
          RegistrationState::unapproved);
    CHECK(scene.enroll(by(admin, stated("orch-2", "https://b.example:1", '2'))).registration.state ==
          RegistrationState::approved);
}

TEST_CASE("a secret is replaced or made void, and is stored as a hash") {
    Scene scene;
    const auto one = stated("orch-1", "https://a.example:1");
    const auto first = scene.enroll(by_common(one)).secret;
    CHECK(*scene.store->owns("orch-1", sha256(first)));
    const auto second = scene.store->rotate("orch-1", admin, false, noon)->secret;
    CHECK(second.size() == 64);
    CHECK(!*scene.store->owns("orch-1", sha256(first)));
    CHECK(*scene.store->owns("orch-1", sha256(second)));
    CHECK(scene.store->rotate("orch-1", admin, true, noon)->secret.empty());
    CHECK(!*scene.store->owns("orch-1", sha256(second)));
    CHECK(!*scene.store->owns("orch-1", Sha256{}));
    CHECK(!*scene.store->owns("unknown", sha256(first)));
    for (const auto& part : std::filesystem::directory_iterator(scene.file().parent_path())) {
        std::ifstream stream(part.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
        CHECK(bytes.find(first) == std::string::npos);
        CHECK(bytes.find(second) == std::string::npos);
    }
}

TEST_CASE("a repeated request changes nothing, and gets the answer without the secret") {
    Scene scene;
    auto request = by_common(stated("orch-1", "https://a.example:1"));
    request.once = Once{.key = "k1", .body = sha256("body")};
    request.answer = [](const Outcome& outcome) { return outcome.created ? "made" : "updated"; };
    const auto made = scene.enroll(request);
    const auto again = scene.enroll(request, noon + second);
    CHECK(again.replayed);
    CHECK(again.answer == "made");
    CHECK(again.secret.empty());
    CHECK(scene.found("orch-1").calls == 1);
    auto other_body = request;
    other_body.once->body = sha256("another body");
    CHECK(scene.enroll(other_body).fault == Fault::invalid);
    // To another principal the key says nothing.
    auto owner = request;
    owner.common = false;
    owner.secret = sha256(made.secret);
    CHECK(scene.enroll(owner).answer == "updated");
    auto stranger = request;
    stranger.common = false;
    stranger.secret = sha256("a guess");
    CHECK(scene.enroll(stranger).fault == Fault::denied);
    CHECK(scene.enroll(by(admin, request.stated)).answer.empty());
    // After a day the key is forgotten, and the id stays taken.
    CHECK(scene.enroll(request, noon + RegistrationStore::once_ns + 2 * second).fault == Fault::taken);
    // What is refused is not remembered.
    auto refused = by_common(stated("orch-2", "https://a.example:1", '2'));
    refused.once = Once{.key = "k2", .body = sha256("2")};
    CHECK(scene.enroll(refused).fault == Fault::taken);
    refused.stated.endpoint = "https://b.example:1";
    CHECK(scene.enroll(refused).created);
}

TEST_CASE("so many wait for approval, and no more") {
    Scene scene;
    const auto numbered = [](std::size_t i) {
        Stated out{.id = "orch-" + std::to_string(i), .endpoint = "https://o" + std::to_string(i) + ".example:1"};
        return out;
    };
    for (std::size_t i = 0; i < RegistrationStore::max_unapproved; ++i) {
        REQUIRE(scene.enroll(by_common(numbered(i))).created);
    }
    CHECK(scene.enroll(by_common(numbered(5000))).fault == Fault::full);
    // One that disconnects by itself does not make another one fit.
    CHECK(scene.store->disconnect("orch-0", {Rank::peer, "orchestrator:orch-0"}, noon).ok());
    CHECK(scene.enroll(by_common(numbered(5000))).fault == Fault::full);
    CHECK(scene.enroll(by(admin, numbered(5001))).created);
    CHECK(scene.store->approve("orch-1", admin, noon).ok());
    CHECK(scene.enroll(by_common(numbered(5000))).created);
}

TEST_CASE("each change has a row of audit, and all of it outlives the process") {
    Scene scene;
    const auto one = stated("orch-1", "https://a.example:1");
    const auto secret = scene.enroll(by_common(one)).secret;
    CHECK(scene.store->approve("orch-1", admin, noon + second).ok());
    CHECK(scene.enroll(by_secret(one, secret), noon + 2 * second).fault == Fault::none);  // changes nothing
    CHECK(scene.store->remove("orch-1", admin, noon + 3 * second).ok());
    scene.reopen();
    const auto rows = scene.store->audit("orch-1");
    REQUIRE(rows.ok());
    REQUIRE(rows->size() == 3);
    CHECK((*rows)[0].actor == "newcomer");
    CHECK((*rows)[0].to.find("unapproved https://a.example:1") == 0);
    CHECK((*rows)[1].actor == "account:admin");
    CHECK((*rows)[1].what == "approve");
    CHECK((*rows)[1].at == noon + second);
    CHECK((*rows)[1].from.find("unapproved") == 0);
    CHECK((*rows)[2].to.find("removed") == 0);
    CHECK(scene.found("orch-1").state == RegistrationState::removed);
    struct stat info {};
    REQUIRE(::stat(scene.file().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("the audit of one id is bounded") {
    Scene scene;
    const auto secret = scene.enroll(by_common(stated("orch-1", "https://a.example:1"))).secret;
    for (std::size_t i = 0; i < RegistrationStore::max_audit_each + 10; ++i) {
        const auto endpoint = "https://e" + std::to_string(i) + ".example:1";
        REQUIRE(scene.enroll(by_secret(stated("orch-1", endpoint), secret)).fault == Fault::none);
    }
    CHECK(scene.store->audit("orch-1")->size() == RegistrationStore::max_audit_each);
}

TEST_CASE("the configuration's own ids, endpoints, addresses and keys are taken") {
    config::Orchestrator one;
    one.id = "conf-1";
    one.address = "https://a.example";
    one.payout_address = "0x" + std::string(40, 'A');
    one.worker_key = std::string(64, 'B');
    const ConfiguredMarks marks({one});
    CHECK(marks.taken(stated("orch-1", "https://b.example:1")).empty());
    CHECK(marks.taken(stated("conf-1", "https://b.example:1")) == "the id");
    CHECK(marks.taken(stated("orch-1", "https://a.example:443")) == "the endpoint");
    auto other = stated("orch-1", "https://b.example:1");
    other.payout_address = "0x" + std::string(40, 'a');
    CHECK(marks.taken(other) == "the payout address");
    other = stated("orch-1", "https://b.example:1");
    other.worker_key = std::string(64, 'b');
    CHECK(marks.taken(other) == "the worker's key");
    CHECK(marks.has_id("conf-1"));
    CHECK(!marks.has_id("orch-1"));
}

TEST_CASE("a file that others may read, and one of a newer version, are not used") {
    Scene scene;
    scene.store.reset();
    REQUIRE(::chmod(scene.file().c_str(), 0644) == 0);
    CHECK(RegistrationStore::open(scene.file()).error().status == STIPEND_E_CONFIG);
    REQUIRE(::chmod(scene.file().c_str(), 0600) == 0);
    {
        sqlite::Database database;
        REQUIRE(database.open(scene.file().native(), SQLITE_OPEN_READWRITE, 1000).ok());
        REQUIRE(database.run("PRAGMA user_version = 2").ok());
    }
    CHECK(RegistrationStore::open(scene.file()).error().status == STIPEND_E_CONFIG);
}

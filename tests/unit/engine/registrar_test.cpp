// What the API answers to orchestrators that register and prove, over a store of its own.
#include "host/engine/registrar.hpp"
#include "host/base/sha256.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "host/auth/crypto.hpp"
#include "host/engine/proof_book.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "wallet.hpp"

using namespace stipend;
using namespace stipend::engine;
namespace wallets = stipend::auth::testing;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr stipend_unix_ns noon = 1'795'694'400 * second;
const std::string common = "the common secret";

class SetClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return noon + since; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return since; }
    std::int64_t since = 0;
};

// Keeps connections until the test ends them.
class HeldClient final : public http::HttpClient {
  public:
    Result<std::uint64_t> send(http::HttpRequest request, http::HttpCallbacks callbacks) override {
        if (full) return fail(STIPEND_E_LIMIT, "too many exchanges");
        held.emplace_back(std::move(request), std::move(callbacks));
        return held.size();
    }
    void cancel(std::uint64_t) override {}
    void end(Result<void> result, http::Phase phase = http::Phase::connect, http::Cause cause = http::Cause::other) {
        REQUIRE(held.size() == 1);
        auto one = std::move(held.front());
        held.clear();
        http::HttpResponse response;
        response.phase = phase;
        response.cause = cause;
        one.second.on_done(1, std::move(result), std::move(response));
    }
    std::vector<std::pair<http::HttpRequest, http::HttpCallbacks>> held;
    bool full = false;
};

class Desk {
  public:
    explicit Desk(std::shared_ptr<ConnectBack> connect_back = nullptr) {
        auto name = (std::filesystem::temp_directory_path() / "stipend-registrar-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        auto opened = registry::RegistrationStore::open(registry::registry_file(folder_));
        REQUIRE(opened.ok());
        store = std::move(*opened);
        config::Orchestrator listed;
        listed.id = "listed";
        listed.address = "https://listed.example:1";
        configured_ = std::make_shared<const registry::ConfiguredMarks>(std::vector{listed});
        registrar = std::make_unique<Registrar>(
            RegistrarParts{.store = store,
                           .clock = &clock,
                           .log = [this](const std::string& line) { log += line + "\n"; },
                           .has_history = [](const std::string& id) -> Result<bool> { return id == "old"; },
                           .configured = [this] { return configured_; },
                           .proven = [this](const std::string& id) { proven += id + " "; },
                           .not_checked = [](const std::string&) {},
                           .connect_back = std::move(connect_back),
                           .proof_interval_ns = 60 * second,
                           .pending_changed = [this] { ++pending_changes; },
                           .changed = [this] { ++changes; },
                           .origin = "https://manager.example",
                           .common_secret = common});
    }
    ~Desk() { std::filesystem::remove_all(folder_); }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    static api::Request request(std::string credential, const std::string& body = "{}", const std::string& id = "") {
        api::Request out;
        out.credential = std::move(credential);
        out.client = *IpAddress::parse("192.0.2.1");
        out.body = *parse_json(body);
        if (!id.empty()) out.path.emplace("id", id);
        return out;
    }
    static std::string body_of(const std::string& id = "orch-1", const std::string& endpoint = "https://a.example:1") {
        return cat(R"({"orchestrator_id":")", id, R"(","endpoint":")", endpoint,
                   R"(","capabilities":[],"eth_address":")", wallets::wallet_address, R"("})");
    }
    // Of a newcomer; returns its answer.
    Json joined() {
        const auto reply = registrar->enroll(request(common, body_of()));
        REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return *parse_json(reply.body);
    }
    Json joined_again(const std::string& secret, const std::string& id = "orch-1") {
        const auto reply = registrar->enroll(request(secret, body_of(id)));
        REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return *parse_json(reply.body);
    }
    api::Reply prove(const std::string& challenge, const std::string& response, const std::string& credential = "",
                     const std::string& id = "orch-1") {
        return registrar->prove(request(credential,
                                        cat(R"({"orchestrator_id":"orch-1","manager_challenge":")", challenge,
                                            R"(","orchestrator_response":")", response, R"("})"),
                                        id));
    }
    api::Reply payout_challenge(const std::string& credential, std::string_view successor = "") {
        return registrar->payout_challenge(
            request(credential, successor.empty() ? "{}" : cat(R"({"eth_address":")", successor, R"("})"), "orch-1"));
    }
    api::Reply prove_payout(const std::string& credential, const std::string& nonce, const std::string& signature,
                            std::string_view successor = "") {
        return registrar->prove_payout(
            request(credential,
                    cat(R"({"nonce":")", nonce, R"(","signature":")", signature, R"(")",
                        successor.empty() ? "" : cat(R"(,"eth_address":")", successor, R"(")"), "}"),
                    "orch-1"));
    }

    SetClock clock;
    std::shared_ptr<registry::RegistrationStore> store;
    std::unique_ptr<Registrar> registrar;
    std::string log, proven;
    int changes = 0;
    int pending_changes = 0;

  private:
    std::filesystem::path folder_;
    std::shared_ptr<const registry::ConfiguredMarks> configured_;
};

std::string text(const Json& json, std::string_view name) {
    const auto* found = json.find(name);
    return found == nullptr ? std::string() : found->text();
}
std::string hashed(const std::string& challenge, const std::string& secret) {
    return hex_encode(auth::text_of(sha256(cat(challenge, ":orch-1:", secret))));
}

}  // namespace

TEST_CASE("a proof by the secret is accepted once, and gives the next challenge") {
    Desk desk;
    const auto made = desk.joined();
    const auto secret = text(made, "secret");
    const auto challenge = text(made, "challenge");
    const auto reply = desk.prove(challenge, hashed(challenge, secret), secret);
    REQUIRE_MESSAGE(reply.status == 200, reply.body);
    const auto answer = *parse_json(reply.body);
    CHECK(text(answer, "next_proof_required") == "60");
    CHECK(text(answer, "payout_proven") == "false");
    CHECK(desk.proven == "orch-1 ");
    CHECK(desk.prove(challenge, hashed(challenge, secret), secret).status == 401);
    const auto next = text(answer, "challenge");
    CHECK(desk.prove(next, hashed(next, secret), secret).status == 200);
}

TEST_CASE("a newcomer's own secret is taken, and its registration may be sent again as it was") {
    Desk desk;
    const std::string own(64, 'a');
    const auto with = [&](const std::string& secret, const std::string& credential = common,
                          const std::string& endpoint = "https://a.example:1") {
        auto body = Desk::body_of("orch-1", endpoint);
        body.insert(1, cat(R"("secret":")", secret, R"(",)"));
        return desk.registrar->enroll(Desk::request(credential, body));
    };
    for (const auto& bad : {std::string(63, 'a'), std::string(64, 'A'), std::string(65, 'a'), std::string(64, ' ')}) {
        const auto reply = with(bad);
        CHECK(reply.status == 422);
        CHECK(reply.body.find(bad) == std::string::npos);
    }
    const auto made = with(own);
    REQUIRE_MESSAGE(made.status == 200, made.body);
    CHECK(parse_json(made.body)->find("secret") == nullptr);
    // Its answer was lost.
    const auto again = with(own, common, "https://b.example:1");
    REQUIRE_MESSAGE(again.status == 200, again.body);
    CHECK((*desk.store->find("orch-1"))->stated.endpoint == "https://b.example:1");
    CHECK(with(std::string(64, 'b')).status == 409);
    CHECK(with(own, "wrong").status == 401);
    CHECK(with(own, own).status == 200);
    CHECK(with(std::string(64, 'b'), own).status == 422);
    const auto challenge = text(*parse_json(again.body), "challenge");
    const auto proof = desk.prove(challenge, hashed(challenge, own), own);
    REQUIRE_MESSAGE(proof.status == 200, proof.body);
    CHECK(text(*parse_json(proof.body), "state") == "unapproved");
    CHECK(desk.log.find(own) == std::string::npos);
}

TEST_CASE("a proof that is wrong, late or another's is refused, and its challenge is used up") {
    Desk desk;
    const auto secret = text(desk.joined(), "secret");
    const auto challenge = [&] {
        return text(*parse_json(desk.registrar->enroll(Desk::request(secret, Desk::body_of())).body), "challenge");
    };
    auto issued = challenge();
    CHECK(desk.prove(issued, hashed(issued, "wrong"), secret).status == 401);
    CHECK(desk.prove(issued, hashed(issued, secret), secret).status == 401);
    issued = challenge();
    CHECK(desk.prove(issued, hashed(issued, secret)).status == 401);  // without the secret itself
    issued = challenge();
    CHECK(desk.prove(issued, hashed(issued, common), common).status == 401);  // the common one proves nothing
    issued = challenge();
    desk.clock.since += 301 * second;
    CHECK(desk.prove(issued, hashed(issued, secret), secret).status == 401);
    CHECK(desk.prove("0", hashed("0", secret), secret).status == 401);
    CHECK(desk.proven.empty());
    issued = challenge();
    CHECK(desk.prove(issued, hashed(issued, secret), secret, "orch-2").status == 400);
    CHECK(desk.registrar->prove(Desk::request(secret, R"({"orchestrator_id":"orch-1"})", "orch-1")).status == 422);
    CHECK(desk.registrar
              ->prove(Desk::request(
                  secret, R"({"orchestrator_id":"orch-2","manager_challenge":"0","orchestrator_response":"0"})",
                  "orch-2"))
              .status == 404);
    // What came before in time is not spoiled by what came after.
    const auto older = challenge();
    const auto newer = challenge();
    CHECK(desk.prove(older, hashed(older, secret), secret).status == 200);
    CHECK(desk.prove(newer, hashed(newer, secret), secret).status == 200);
}

TEST_CASE(
    "a wallet's signature of a bare challenge is a sign of life, beside the secret of the id, and proves no address") {
    Desk desk;
    const auto made = desk.joined();
    const auto secret = text(made, "secret");
    const auto signed_only = text(made, "challenge");
    CHECK(desk.prove(signed_only, wallets::personal_sign(signed_only)).status == 401);
    const auto challenge = text(desk.joined_again(secret), "challenge");
    const auto reply = desk.prove(challenge, wallets::personal_sign(challenge), secret);
    REQUIRE_MESSAGE(reply.status == 200, reply.body);
    CHECK(text(*parse_json(reply.body), "payout_proven") == "false");
    CHECK(desk.proven == "orch-1 ");
    CHECK(!(*desk.store->find("orch-1"))->payout_proven);
    const auto next = text(*parse_json(reply.body), "challenge");
    CHECK(desk.prove(next, wallets::personal_sign(next, wallets::other_key), secret).status == 401);
}

TEST_CASE(
    "a payout address is proven by a text of its own that names the manager, the id, the address and the purpose") {
    Desk desk;
    const auto made = desk.joined();
    const auto secret = text(made, "secret");
    const auto asked = desk.payout_challenge(secret);
    REQUIRE_MESSAGE(asked.status == 200, asked.body);
    const auto wanted = *parse_json(asked.body);
    const auto message = text(wanted, "message");
    for (const auto* part : {"Manager: https://manager.example\n", "Orchestrator: orch-1\n",
                             "Purpose: receive payments at this address\n"}) {
        CHECK(message.find(part) != std::string::npos);
    }
    CHECK(message.find(cat("Address: ", text(wanted, "signer"))) != std::string::npos);
    CHECK(ascii::to_lower(text(wanted, "signer")) == ascii::to_lower(wallets::wallet_address));
    CHECK(
        desk.prove_payout(secret, text(wanted, "nonce"), wallets::personal_sign(message, wallets::other_key)).status ==
        401);
    // That attempt took the nonce.
    CHECK(desk.prove_payout(secret, text(wanted, "nonce"), wallets::personal_sign(message)).status == 401);
    CHECK(!(*desk.store->find("orch-1"))->payout_proven);
    const auto again = *parse_json(desk.payout_challenge(secret).body);
    CHECK(desk.prove_payout("other", text(again, "nonce"), wallets::personal_sign(text(again, "message"))).status ==
          401);
    const auto done = desk.prove_payout(secret, text(again, "nonce"), wallets::personal_sign(text(again, "message")));
    REQUIRE_MESSAGE(done.status == 200, done.body);
    CHECK((*desk.store->find("orch-1"))->payout_proven);
    CHECK(desk.store->audit("orch-1")->back().what == "prove payout address");
    CHECK(desk.payout_challenge(secret).status == 409);  // proven already
    // Another address is proven anew.
    auto body = Desk::body_of();
    body.replace(body.find(wallets::wallet_address), wallets::wallet_address.size(), wallets::other_address);
    auto admin = Desk::request("", body);
    admin.principal = api::Principal{
        .name = "a", .role = auth::AccessRole::admin, .permissions = auth::Permissions::of(auth::AccessRole::admin)};
    CHECK(desk.registrar->enroll(admin).status == 200);
    CHECK(!(*desk.store->find("orch-1"))->payout_proven);
}

TEST_CASE("what was signed for another purpose, id or manager, or in time, proves no address") {
    Desk desk;
    const auto made = desk.joined();
    const auto secret = text(made, "secret");
    const auto refused = [&](const std::string& old_part, const std::string& new_part) {
        const auto wanted = *parse_json(desk.payout_challenge(secret).body);
        auto message = text(wanted, "message");
        const auto at = message.find(old_part);
        REQUIRE(at != std::string::npos);
        message.replace(at, old_part.size(), new_part);
        return desk.prove_payout(secret, text(wanted, "nonce"), wallets::personal_sign(message)).status == 401;
    };
    CHECK(refused("manager.example", "evil.example"));
    CHECK(refused("orch-1", "orch-2"));
    CHECK(refused("receive payments at this address", "hand payments over to 0x00"));
    // A nonce of the proofs of life is none of these.
    const auto life = text(made, "challenge");
    CHECK(desk.prove_payout(secret, life, wallets::personal_sign(life)).status == 401);
    const auto wanted = *parse_json(desk.payout_challenge(secret).body);
    desk.clock.since += 301 * second;
    CHECK(desk.prove_payout(secret, text(wanted, "nonce"), wallets::personal_sign(text(wanted, "message"))).status ==
          401);
    CHECK(!(*desk.store->find("orch-1"))->payout_proven);
}

TEST_CASE("a proven address hands over to another by its own signature, and the other is proven anew") {
    Desk desk;
    const auto secret = text(desk.joined(), "secret");
    CHECK(desk.payout_challenge(secret, wallets::other_address).status == 409);  // not proven yet
    const auto first = *parse_json(desk.payout_challenge(secret).body);
    REQUIRE(desk.prove_payout(secret, text(first, "nonce"), wallets::personal_sign(text(first, "message"))).status ==
            200);
    CHECK(desk.payout_challenge(secret, wallets::wallet_address).status == 422);  // the same
    CHECK(desk.payout_challenge(secret, "0x12").status == 422);
    const auto next = *parse_json(desk.payout_challenge(secret, wallets::other_address).body);
    const auto message = text(next, "message");
    CHECK(message.find("Purpose: hand payments over to ") != std::string::npos);
    // The successor does not sign for its predecessor.
    CHECK(desk.prove_payout(secret, text(next, "nonce"), wallets::personal_sign(message, wallets::other_key),
                            wallets::other_address)
              .status == 401);
    const auto again = *parse_json(desk.payout_challenge(secret, wallets::other_address).body);
    const auto done = desk.prove_payout(secret, text(again, "nonce"), wallets::personal_sign(text(again, "message")),
                                        wallets::other_address);
    REQUIRE_MESSAGE(done.status == 200, done.body);
    const auto registration = **desk.store->find("orch-1");
    CHECK(registration.stated.payout_address == ascii::to_lower(wallets::other_address));
    CHECK(!registration.payout_proven);
    CHECK(desk.store->audit("orch-1")->back().what == "hand over payout address");
}

TEST_CASE("what an administrator changes of a proven address or a key waits, and its payee may cancel it") {
    Desk desk;
    desk.store->delay_changes(3'600 * second);
    const auto secret = text(desk.joined(), "secret");
    REQUIRE(desk.registrar->order(*parse_json(R"({"action":"approve","id":"orch-1","by":"ann"})")).ok());
    const auto first = *parse_json(desk.payout_challenge(secret).body);
    REQUIRE(desk.prove_payout(secret, text(first, "nonce"), wallets::personal_sign(text(first, "message"))).status ==
            200);
    const auto by_admin = [&](std::string_view address, std::string_view key) {
        auto out = Desk::request(
            "", cat(R"({"orchestrator_id":"orch-1","endpoint":"https://moved.example:1",)",
                    R"("capabilities":[],"eth_address":")", address, R"(","worker_key":")", key, R"("})"));
        out.principal = api::Principal{.name = "a",
                                       .role = auth::AccessRole::admin,
                                       .permissions = auth::Permissions::of(auth::AccessRole::admin)};
        return desk.registrar->enroll(out);
    };
    const std::string key(64, 'a');
    const std::string other(64, 'b');
    // A first key is no change of one, and an endpoint waits for nothing.
    REQUIRE(by_admin(wallets::wallet_address, key).status == 200);
    CHECK(desk.pending_changes == 0);
    CHECK((*desk.store->find("orch-1"))->stated.worker_key == key);
    const auto reply = by_admin(wallets::other_address, other);
    REQUIRE_MESSAGE(reply.status == 200, reply.body);
    CHECK(desk.pending_changes == 1);
    const auto answered = *parse_json(reply.body);
    REQUIRE(answered.find("pending_change") != nullptr);
    CHECK(text(*answered.find("pending_change"), "payout_address") == ascii::to_lower(wallets::other_address));
    CHECK(text(*answered.find("pending_change"), "worker_key") == other);
    auto now = **desk.store->find("orch-1");
    CHECK(now.stated.payout_address == ascii::to_lower(wallets::wallet_address));
    CHECK(now.payout_proven);
    CHECK(now.stated.worker_key == key);
    CHECK(now.stated.endpoint == "https://moved.example:1");
    // Its own secret cancels it, and no other.
    CHECK(desk.registrar->cancel_change(Desk::request(common, "{}", "orch-1")).status == 401);
    CHECK(desk.registrar->cancel_change(Desk::request(secret, "{}", "orch-1")).status == 200);
    CHECK(desk.registrar->cancel_change(Desk::request(secret, "{}", "orch-1")).status == 404);
    CHECK(desk.pending_changes == 2);
    CHECK(desk.store->apply_changes(noon + 7'200 * second)->empty());
    // Asked for again and not cancelled, it is in force once its time has come, and the address is proven anew.
    REQUIRE(by_admin(wallets::other_address, other).status == 200);
    CHECK(desk.store->apply_changes(noon + 3'599 * second)->empty());
    const auto applied = desk.store->apply_changes(noon + 3'600 * second);
    REQUIRE(applied.ok());
    REQUIRE(applied->size() == 1);
    CHECK(applied->front().terms_changed);
    now = **desk.store->find("orch-1");
    CHECK(now.stated.payout_address == ascii::to_lower(wallets::other_address));
    CHECK(!now.payout_proven);
    CHECK(now.stated.worker_key == other);
    CHECK(desk.store->pending_changes()->empty());
    CHECK(desk.store->audit("orch-1")->back().what == "change in force");
}

TEST_CASE("a change that waits ends with a removal, and does not take what another has by then") {
    Desk desk;
    desk.store->delay_changes(60 * second);
    const std::string key(64, 'a');
    const std::string other(64, 'b');
    const auto enroll = [&](const std::string& id, const std::string& worker_key) {
        auto out = Desk::request("", cat(R"({"orchestrator_id":")", id, R"(","endpoint":"https://)", id,
                                         R"(.example:1","capabilities":[],"eth_address":")", wallets::wallet_address,
                                         R"(","worker_key":")", worker_key, R"("})"));
        out.principal = api::Principal{.name = "a",
                                       .role = auth::AccessRole::admin,
                                       .permissions = auth::Permissions::of(auth::AccessRole::admin)};
        return desk.registrar->enroll(out).status;
    };
    REQUIRE(enroll("one", key) == 200);
    REQUIRE(enroll("one", other) == 200);
    REQUIRE(desk.store->pending_changes()->size() == 1);
    REQUIRE(enroll("two", other) == 200);  // it is not taken yet
    const auto applied = desk.store->apply_changes(noon + 60 * second);
    REQUIRE(applied.ok());
    REQUIRE(applied->size() == 1);
    CHECK(applied->front().fault == registry::Fault::taken);
    CHECK((*desk.store->find("one"))->stated.worker_key == key);
    REQUIRE(enroll("two", std::string(64, 'c')) == 200);
    CHECK(desk.store->pending_changes()->size() == 1);
    REQUIRE(desk.registrar->order(*parse_json(R"({"action":"remove","id":"two","by":"ann"})")).ok());
    CHECK(desk.store->pending_changes()->empty());
}

TEST_CASE("an address that another has proven before is not proven") {
    Desk desk;
    const auto made = desk.joined();
    REQUIRE(desk.registrar->enroll(Desk::request(common, Desk::body_of("orch-2", "https://b.example:1"))).status ==
            200);
    REQUIRE(desk.store->prove_payout("orch-2", ascii::to_lower(wallets::wallet_address), noon)->fault ==
            registry::Fault::none);
    const auto secret = text(made, "secret");
    const auto wanted = *parse_json(desk.payout_challenge(secret).body);
    CHECK(desk.prove_payout(secret, text(wanted, "nonce"), wallets::personal_sign(text(wanted, "message"))).status ==
          409);
    CHECK(!(*desk.store->find("orch-1"))->payout_proven);
}

TEST_CASE("changes of what is paid are passed on, and no others") {
    Desk desk;
    const auto secret = text(desk.joined(), "secret");
    CHECK(desk.changes == 0);
    CHECK(desk.registrar->order(*parse_json(R"({"action":"approve","id":"orch-1","by":"ann"})")).ok());
    CHECK(desk.changes == 1);
    CHECK(desk.registrar->enroll(Desk::request(secret, Desk::body_of())).status == 200);
    CHECK(desk.changes == 1);
    CHECK(desk.registrar->enroll(Desk::request(secret, Desk::body_of("orch-1", "https://b.example:1"))).status == 200);
    CHECK(desk.changes == 2);
    CHECK(desk.registrar->disconnect(Desk::request(secret, "{}", "orch-1")).status == 200);
    CHECK(desk.changes == 3);
    CHECK(!desk.registrar->order(*parse_json(R"({"action":"destroy","id":"orch-1"})")).ok());
    CHECK(!desk.registrar->order(*parse_json(R"({"action":"approve"})")).ok());
    CHECK(desk.store->audit("orch-1")->at(1).actor == "local:ann");
    CHECK(desk.log.find(secret) == std::string::npos);
}

TEST_CASE("what the configuration or the ledger knows is not given to a newcomer") {
    Desk desk;
    CHECK(desk.registrar->enroll(Desk::request(common, Desk::body_of("listed"))).status == 409);
    CHECK(desk.registrar->enroll(Desk::request(common, Desk::body_of("new", "https://listed.example:1"))).status ==
          409);
    CHECK(desk.registrar->enroll(Desk::request(common, Desk::body_of("old"))).status == 409);
    CHECK(desk.registrar->enroll(Desk::request("wrong", Desk::body_of())).status == 401);
    CHECK(desk.registrar->enroll(Desk::request("", "{}")).status == 401);
}

TEST_CASE("a proof's answer waits for one connection to the endpoint, once a minute") {
    HeldClient client;
    std::string log;
    const auto back = std::make_shared<ConnectBack>(client, [&](const std::string& line) { log += line + "\n"; });
    Desk desk(back);
    const auto made = desk.joined();
    const auto secret = text(made, "secret");
    auto challenge = text(made, "challenge");
    std::optional<Json> answer;
    const auto prove = [&] {
        auto reply = desk.prove(challenge, hashed(challenge, secret), secret);
        REQUIRE(reply.later);
        answer.reset();
        reply.later([&](const api::Reply& late) {
            REQUIRE(late.status == 200);
            answer = *parse_json(late.body);
            challenge = text(*answer, "challenge");
        });
    };
    prove();
    CHECK(!answer);
    REQUIRE(client.held.size() == 1);
    const auto& request = client.held.front().first;
    CHECK(request.url == "https://a.example:1");
    CHECK(request.connect_only);
    CHECK(request.public_target);
    CHECK(request.timeout_ms == 5'000);
    client.end(fail(STIPEND_E_UNAVAILABLE, "TCP to a.example:1: refused"), http::Phase::connect, http::Cause::refused);
    REQUIRE(answer);
    CHECK(text(*answer, "endpoint_reached") == "false");
    CHECK(text(*answer, "message").find("the connection was refused") != std::string::npos);
    CHECK(back->failing() == std::vector<std::string>{"orch-1"});
    CHECK(log.find("orch-1 is not reached at https://a.example:1") != std::string::npos);
    CHECK(desk.proven == "orch-1 ");
    desk.clock.since += 59 * second;
    prove();  // too early: what was seen before counts
    CHECK(client.held.empty());
    CHECK(text(*answer, "endpoint_reached") == "false");
    desk.clock.since += second;
    prove();
    client.end({});
    CHECK(text(*answer, "endpoint_reached") == "true");
    CHECK(back->failing().empty());
    CHECK(log.find("is reached again") != std::string::npos);
    // What is this host's own fault changes nothing.
    desk.clock.since += 60 * second;
    prove();
    client.end(fail(STIPEND_E_UNAVAILABLE, "no descriptor"), http::Phase::connect, http::Cause::local);
    CHECK(text(*answer, "endpoint_reached") == "true");
    desk.clock.since += 60 * second;
    client.full = true;
    prove();
    CHECK(text(*answer, "endpoint_reached") == "true");
    client.full = false;
    // The end of one that was removed meanwhile is not kept, and may come when the registrar is gone.
    desk.clock.since += 60 * second;
    prove();
    CHECK(desk.registrar->order(*parse_json(R"({"action":"remove","id":"orch-1"})")).ok());
    desk.registrar.reset();
    client.end(fail(STIPEND_E_TIMEOUT, "late"));
    CHECK(answer);
    CHECK(back->failing().empty());
}

TEST_CASE("which ends of a connection say something of the endpoint") {
    using Verdict = ConnectBack::Verdict;
    using http::Cause;
    using http::Phase;
    const auto of = [](stipend_status status, Phase phase, Cause cause) {
        http::HttpResponse response;
        response.phase = phase;
        response.cause = cause;
        return verdict_of(fail(status, "x"), response).verdict;
    };
    CHECK(verdict_of({}, {}).verdict == Verdict::reached);
    CHECK(of(STIPEND_E_INVALID, Phase::connect, Cause::other) == Verdict::failed);  // a forbidden address
    CHECK(of(STIPEND_E_TIMEOUT, Phase::resolve, Cause::other) == Verdict::unknown);
    CHECK(of(STIPEND_E_TIMEOUT, Phase::connect, Cause::other) == Verdict::failed);
    CHECK(of(STIPEND_E_TIMEOUT, Phase::tls, Cause::other) == Verdict::failed);
    CHECK(of(STIPEND_E_UNAVAILABLE, Phase::connect, Cause::refused) == Verdict::failed);
    CHECK(of(STIPEND_E_UNAVAILABLE, Phase::tls, Cause::reset) == Verdict::failed);
    CHECK(of(STIPEND_E_UNAVAILABLE, Phase::resolve, Cause::resolve) == Verdict::failed);
    for (const auto phase : {Phase::resolve, Phase::connect, Phase::tls}) {
        CHECK(of(STIPEND_E_UNAVAILABLE, phase, Cause::local) == Verdict::unknown);
        CHECK(of(STIPEND_E_CANCELLED, phase, Cause::other) == Verdict::unknown);
    }
}

TEST_CASE("no more than some connections are under way at once") {
    HeldClient client;
    const auto back = std::make_shared<ConnectBack>(client, [](const std::string&) {});
    int done = 0;
    for (std::size_t at = 0; at < ConnectBack::max_at_once + 3; ++at) {
        back->check(cat("o", at), "https://a.example:1", noon, [&](const ConnectBack::Seen& seen) {
            CHECK(seen.verdict == ConnectBack::Verdict::unknown);
            ++done;
        });
    }
    CHECK(client.held.size() == ConnectBack::max_at_once);
    CHECK(done == 3);
}

TEST_CASE("proofs are good as long as they come, and none is late before it can be") {
    using Standing = ProofBook::Standing;
    ProofBook book;
    const auto at = [&](std::int64_t s) { return book.standing("a", 90 * second, noon + s * second); };
    CHECK(at(0) == Standing::overdue);
    book.expect({"a"}, noon);
    CHECK(at(0) == Standing::unheard);
    CHECK(at(90) == Standing::unheard);
    CHECK(at(91) == Standing::overdue);
    book.proven("a", noon + 100 * second);
    book.proven("b", noon);
    book.expect({"a", "c"}, noon + 150 * second);  // keeps what it has
    CHECK(at(190) == Standing::good);
    CHECK(at(191) == Standing::overdue);
    CHECK(book.last("a") == noon + 100 * second);
    CHECK(book.last("b") == 0);
    book.not_checked("a", noon + 195 * second);  // this host's own fault
    CHECK(at(195) == Standing::unheard);
    CHECK(at(285) == Standing::unheard);
    CHECK(at(286) == Standing::overdue);
    book.expect({}, noon + 200 * second);
    book.expect({"a"}, noon + 300 * second);  // it was away, and has its time again
    CHECK(at(300) == Standing::unheard);
}

TEST_CASE("a list is registered as a whole or not at all") {
    Desk desk;
    const auto import = [&](const std::string& entries, const std::string& more = "") {
        return desk.registrar->order(
            *parse_json(cat(R"({"action":"import","by":"ann","entries":)", entries, more, "}")));
    };
    const std::string one = R"({"orchestrator_id":"a","endpoint":"https://a.example:1","approved":true})";
    const std::string two = R"({"orchestrator_id":"b","endpoint":"https://b.example:1"})";
    for (const auto* bad : {"[]", "{}", "null"}) CHECK(!import(bad).ok());
    const auto problems = [](const Result<Json>& answer) {
        REQUIRE(answer.ok());
        std::string out;
        for (const auto& row : answer->find("registrations")->items()) out += row.find("problem")->text() + ";";
        return out;
    };
    CHECK(problems(import(cat("[", one, ",7]"))) == ";want an object;");
    CHECK(problems(import(cat("[", one, R"(,{"orchestrator_id":"b"}])"))).find("\"endpoint\"") != std::string::npos);
    CHECK(problems(import(cat("[", one, R"(,{"orchestrator_id":"listed","endpoint":"https://x.example:1"}])"))) ==
          ";an orchestrator of the configuration has the id already;");
    CHECK(desk.store->all()->empty());
    const auto dry = import(cat("[", one, ",", two, "]"), R"(,"dry_run":true)");
    CHECK(problems(dry) == ";;");
    CHECK(!dry->find("applied")->truth());
    CHECK(dry->dump().find("secret") == std::string::npos);
    CHECK(desk.store->all()->empty());
    CHECK(desk.changes == 0);
    const auto made = import(cat("[", one, ",", two, "]"));
    REQUIRE(made.ok());
    CHECK(made->find("applied")->truth());
    CHECK(desk.changes == 1);
    CHECK((*desk.store->find("a"))->state == registry::RegistrationState::approved);
    CHECK((*desk.store->find("b"))->state == registry::RegistrationState::unapproved);
    CHECK(*desk.store->owns("b", sha256(text(made->find("registrations")->items()[1], "secret"))));
    CHECK(desk.store->audit("a")->front().actor == "local:ann");
    // One that is there is changed only where that is asked for, and an approved one stays so.
    const std::string moved = R"([{"orchestrator_id":"a","endpoint":"https://c.example:1"}])";
    CHECK(problems(import(moved)).find("--update") != std::string::npos);
    CHECK(problems(import(moved, R"(,"update":true)")) == ";");
    CHECK((*desk.store->find("a"))->stated.endpoint == "https://c.example:1");
    CHECK((*desk.store->find("a"))->state == registry::RegistrationState::approved);
}

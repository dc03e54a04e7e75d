#include "host/api/wallet_login.hpp"

#include <doctest/doctest.h>

#include "store_fixture.hpp"
#include "wallet.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;
using auth::testing::personal_sign;
using auth::testing::wallet_address;

namespace {

class MovedClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return noon + seconds * second; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return seconds * second; }
    std::int64_t seconds = 0;
};

std::string text_in(const Reply& reply, std::string_view name) {
    const auto body = parse_json(reply.body);
    REQUIRE(body.ok());
    const auto* found = body->find(name);
    REQUIRE(found != nullptr);
    return found->text();
}

class WalletScene {
  public:
    WalletScene() {
        auto made = Access::create(folder_.store(), {}, "", noon);
        REQUIRE(made.ok());
        access = std::move(*made);
        login = std::make_unique<WalletLogin>(
            *access, clock, auth::SiweTerms{.origin = "https://manager.example:8010", .chain_id = 42161},
            [this](std::string_view wallet) -> Result<std::vector<std::string>> {
                asked = wallet;
                return owned;
            },
            [](const std::string&) {});
    }
    [[nodiscard]] static Request request(Json body, std::string_view client = "192.0.2.1") {
        Request out;
        out.body = std::move(body);
        out.client = *IpAddress::parse(client);
        return out;
    }
    [[nodiscard]] std::string message() {
        const auto reply = login->challenge(request(Json::object().append("address", wallet_address)));
        REQUIRE(reply.status == 200);
        return text_in(reply, "message");
    }
    [[nodiscard]] Reply log_in(const std::string& message, std::string_view client = "192.0.2.1",
                               const std::string& id = "") {
        auto body = Json::object().append("message", message).append("signature", personal_sign(message));
        if (!id.empty()) body.append("orchestrator_id", id);
        return login->login(request(std::move(body), client));
    }

  private:
    Folder folder_;

  public:
    MovedClock clock;
    std::unique_ptr<Access> access;
    std::unique_ptr<WalletLogin> login;
    std::vector<std::string> owned{"orch-1"};
    std::string asked;
};

}  // namespace

TEST_CASE("a wallet's login reads what is its orchestrator's own, and lasts as long as an access token") {
    WalletScene scene;
    const auto reply = scene.log_in(scene.message());
    REQUIRE(reply.status == 200);
    CHECK(scene.asked == "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23");
    const auto token = text_in(reply, "access_token");
    const auto verified = scene.access->verify(token, {scene.clock.now(), scene.clock.monotonic()});
    REQUIRE(verified.ok());
    REQUIRE(verified->principal.has_value());
    const auto& principal = *verified->principal;
    CHECK(principal.orchestrator == "orch-1");
    CHECK(principal.wallet == scene.asked);
    CHECK(principal.permissions.text() == "own:read");
    CHECK(!scene.access->verify(token, {noon + 1000 * second, 1000 * second})->principal.has_value());
    REQUIRE(scene.access->log_out(principal).ok());
    CHECK(!scene.access->verify(token, {scene.clock.now(), 0})->principal.has_value());
}

TEST_CASE("a message is taken once, within its time, and from the network that asked for it") {
    WalletScene scene;
    const auto once = scene.message();
    CHECK(scene.log_in(once).status == 200);
    CHECK(scene.log_in(once).status == 401);
    CHECK(scene.log_in(scene.message(), "198.51.100.7").status == 401);
    const auto late = scene.message();
    scene.clock.seconds = 301;
    CHECK(scene.log_in(late).status == 401);
    CHECK(scene.log_in(scene.message()).status == 200);
}

TEST_CASE("a wallet of no orchestrator is refused, and one of several names which") {
    WalletScene scene;
    scene.owned.clear();
    CHECK(scene.log_in(scene.message()).status == 401);
    scene.owned = {"orch-1", "orch-2"};
    CHECK(scene.log_in(scene.message()).status == 422);
    CHECK(scene.log_in(scene.message(), "192.0.2.1", "orch-3").status == 401);
    const auto reply = scene.log_in(scene.message(), "192.0.2.1", "orch-2");
    REQUIRE(reply.status == 200);
    CHECK(text_in(reply, "orchestrator_id") == "orch-2");
}

TEST_CASE("failed attempts of a wallet wait, and a good one ends that") {
    WalletScene scene;
    scene.owned.clear();
    int status = 401;
    for (int i = 0; i < 10 && status == 401; ++i) status = scene.log_in(scene.message()).status;
    CHECK(status == 429);
    scene.owned = {"orch-1"};
    scene.clock.seconds += 600;
    CHECK(scene.log_in(scene.message()).status == 200);
    CHECK(scene.log_in(scene.message()).status == 200);
}

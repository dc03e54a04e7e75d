// What a worker sends to its manager, and what it makes of the answers, without a network and in no time.
#include "host/worker/membership.hpp"
#include "host/base/sha256.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "stipend/json_parse.hpp"

using namespace stipend;
using namespace stipend::worker;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr stipend_unix_ns noon = 1'795'694'400 * second;
const std::string common_secret = "the common secret";

class ScriptedClient final : public http::HttpClient {
  public:
    Result<std::uint64_t> send(http::HttpRequest request, http::HttpCallbacks callbacks) override {
        sent.push_back({std::move(request), std::move(callbacks)});
        return ++last;
    }
    void cancel(std::uint64_t) override { ++cancelled; }

    struct Sent {
        http::HttpRequest request;
        http::HttpCallbacks callbacks;
    };
    std::deque<Sent> sent;  // and not answered
    std::uint64_t last = 0;
    int cancelled = 0;
};

class Scene {
  public:
    Scene() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-member-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder = name;
        settings.url = "https://m.example";
        settings.orchestrator_id = "orch:1";
        settings.endpoint = "https://o.example:1";
        settings.capabilities = {"agent-net"};
        settings.payout_address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        settings.secret = common_secret;
        restart();
    }
    ~Scene() {
        member.reset();
        std::filesystem::remove_all(folder);
    }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    // A process that begins anew on the same state.
    void restart() {
        client.sent.clear();
        member = std::make_unique<Membership>(
            MembershipParts{.http = &client,
                            .post = [this](Task work) { posted.push_back(std::move(work)); },
                            .block = [](Task work) { work(); },
                            .now = [this] { return now; },
                            .random = [] { return std::uint64_t{0}; },
                            .log = [this](std::int32_t, const std::string& text) { log += text + "\n"; },
                            .identify = [this](auto done) { done(identity); },
                            .folder = [this] { return folder; }});
        member->set(settings);
        run();
    }
    // All that is due now.
    std::optional<stipend_unix_ns> run() {
        for (;;) {
            const auto next = member->tick(now);
            if (posted.empty() && (!next || *next > now)) return next;
            while (!posted.empty()) {
                auto work = std::move(posted.front());
                posted.pop_front();
                work();
            }
        }
    }
    void answer(int status, const std::string& body = "{}", const std::string& headers = "") {
        REQUIRE(client.sent.size() == 1);
        auto one = std::move(client.sent.front());
        client.sent.pop_front();
        http::HttpResponse response;
        response.status = status;
        response.body = body;
        response.headers = headers;
        one.callbacks.on_done(client.last, Result<void>(), std::move(response));
        run();
    }
    void lose() {
        REQUIRE(client.sent.size() == 1);
        auto one = std::move(client.sent.front());
        client.sent.pop_front();
        one.callbacks.on_done(client.last, fail(STIPEND_E_UNAVAILABLE, "connection refused"), {});
        run();
    }
    void wait_for_next() {
        const auto next = run();
        REQUIRE(next.has_value());
        now = *next;
        run();
    }
    [[nodiscard]] const http::HttpRequest& request() {
        REQUIRE(client.sent.size() == 1);
        return client.sent.front().request;
    }
    [[nodiscard]] std::string field(std::string_view name) {
        const auto body = parse_json(request().body);
        const auto* found = body->find(name);
        return found == nullptr ? std::string() : found->text();
    }
    [[nodiscard]] std::string bearer() {
        const auto& headers = request().headers;
        const auto from = headers.find("Bearer ") + 7;
        return headers.substr(from, headers.find("\r\n", from) - from);
    }
    [[nodiscard]] bool registers() { return request().url.ends_with("/register"); }
    [[nodiscard]] bool proves() {
        return request().url == "https://m.example/api/v1/livepeer/orchestrators/orch%3A1/proof";
    }
    [[nodiscard]] std::string state() const { return std::string(name_of(member->state())); }
    [[nodiscard]] std::string problem() const { return member->status().find("problem")->text(); }
    // Registered and proven.
    void join(const std::string& state = "approved") {
        answer(200, cat(R"({"challenge":"c1","state":")", state, "\"}"));
        answer(200, cat(R"({"next_proof_required":60,"challenge":"c2","payout_proven":false,"state":")", state, "\"}"));
    }

    std::filesystem::path folder;
    config::Membership settings;
    ScriptedClient client;
    std::deque<Task> posted;
    Result<WorkerIdentity> identity = WorkerIdentity{.worker_key = std::string(64, 'a'), .orchestrator_id = "orch:1"};
    stipend_unix_ns now = noon;
    std::string log;
    std::unique_ptr<Membership> member;
};

}  // namespace

TEST_CASE("a newcomer registers with the common secret, and proves itself with its own from then on") {
    Scene scene;
    CHECK(scene.state() == "registering");
    REQUIRE(scene.registers());
    CHECK(scene.bearer() == common_secret);
    const auto own = scene.field("secret");
    CHECK(own.size() == 64);
    CHECK(scene.field("orchestrator_id") == "orch:1");
    CHECK(scene.field("endpoint") == "https://o.example:1");
    CHECK(scene.field("eth_address") == scene.settings.payout_address);
    CHECK(scene.field("worker_key") == std::string(64, 'a'));
    // It is on the disk before it is sent.
    CHECK(read_or_make_own_secret(scene.folder, "orch:1", "https://m.example")->secret == own);
    scene.answer(200, R"({"challenge":"c1","state":"unapproved"})");
    CHECK(scene.state() == "unapproved");
    REQUIRE(scene.proves());
    CHECK(scene.bearer() == own);
    CHECK(scene.field("manager_challenge") == "c1");
    CHECK(scene.field("orchestrator_response") == sha256_hex("c1:orch:1:" + own));
    scene.answer(200, R"({"next_proof_required":60,"challenge":"c2","state":"approved","payout_proven":true})");
    CHECK(scene.state() == "approved");
    CHECK(scene.member->last_proof() == noon);
    CHECK(scene.client.sent.empty());
    scene.wait_for_next();
    CHECK(scene.now > noon + 40 * second);
    CHECK(scene.now < noon + 60 * second);
    REQUIRE(scene.proves());
    CHECK(scene.field("manager_challenge") == "c2");
    // The next process needs the common secret no more.
    scene.restart();
    REQUIRE(scene.registers());
    CHECK(scene.bearer() == own);
    CHECK(scene.field("secret") == "");
    CHECK(scene.log.find(own) == std::string::npos);
    CHECK(scene.log.find(common_secret) == std::string::npos);
    CHECK(scene.member->status().dump().find(own) == std::string::npos);
}

TEST_CASE("a registration whose answer is lost is sent again as it was, also by the next process") {
    Scene scene;
    const auto own = scene.field("secret");
    scene.lose();
    CHECK(scene.state() == "unreachable");
    CHECK(scene.problem().find("connection refused") != std::string::npos);
    scene.wait_for_next();
    CHECK(scene.bearer() == common_secret);
    CHECK(scene.field("secret") == own);
    scene.restart();
    CHECK(scene.bearer() == common_secret);
    CHECK(scene.field("secret") == own);
    // The manager took it, and has another common secret since.
    scene.answer(401);
    REQUIRE(scene.registers());
    CHECK(scene.bearer() == own);
    scene.join();
    CHECK(scene.state() == "approved");
}

TEST_CASE("what may pass soon is tried again after pauses that grow up to a limit") {
    Scene scene;
    std::int64_t before = 0;
    for (int round = 0; round < 12; ++round) {
        const auto from = scene.now;
        round % 2 == 0 ? scene.lose() : scene.answer(503);
        scene.wait_for_next();
        const auto pause = scene.now - from;
        CHECK(pause >= before);
        CHECK(pause <= Membership::most_pause_ns);
        before = pause;
        REQUIRE(scene.registers());
    }
    CHECK(before == Membership::most_pause_ns);
    // The manager's own word counts, up to a limit.
    for (const auto& [value, seconds] : {std::pair("120", 120), std::pair("999999", 3600), std::pair("soon", 30)}) {
        const auto from = scene.now;
        scene.answer(429, "{}", cat("retry-after: ", value, "\r\n"));
        scene.wait_for_next();
        CHECK(scene.now - from == seconds * second);
    }
    scene.join();
    CHECK(scene.state() == "approved");
    CHECK(scene.member->status().find("problem")->is(Json::Kind::null));
}

TEST_CASE("a refusal ends in a clear state, and is tried again after a long while or a reload") {
    for (const int status : {302, 400, 403, 409, 413, 422}) {
        Scene scene;
        scene.answer(status, R"({"detail":"another orchestrator has the endpoint already"})");
        CHECK(scene.state() == "refused");
        CHECK(scene.problem().find(cat("status ", status)) != std::string::npos);
        CHECK(scene.problem().find("another orchestrator has the endpoint already") != std::string::npos);
        CHECK((scene.problem().find("rotate-secret orch:1") != std::string::npos) == (status == 409));
        CHECK(scene.client.sent.empty());
        CHECK(*scene.run() == noon + Membership::refused_pause_ns);
        scene.member->set(scene.settings);
        scene.run();
        REQUIRE(scene.registers());
        scene.answer(status);
        scene.wait_for_next();
        CHECK(scene.registers());
    }
}

TEST_CASE("an own secret that the manager refuses says how to get another one") {
    Scene scene;
    scene.join();
    scene.restart();
    scene.answer(401);
    CHECK(scene.state() == "refused");
    CHECK(scene.problem().find("stipend orchestrator rotate-secret orch:1") != std::string::npos);
    scene.settings.own_secret = std::string(64, 'd');
    scene.member->set(scene.settings);
    scene.run();
    CHECK(scene.bearer() == scene.settings.own_secret);
    scene.join();
    CHECK(scene.state() == "approved");
}

TEST_CASE("wrong common secrets are named, without them") {
    Scene scene;
    scene.answer(401, cat(R"({"detail":"no )", common_secret, R"("})"));
    scene.answer(401);
    CHECK(scene.state() == "refused");
    CHECK(scene.problem().find("MANAGER_SECRET") != std::string::npos);
    CHECK(scene.log.find(common_secret) == std::string::npos);
    scene.settings.secret.clear();
    scene.member->set(scene.settings);
    scene.run();
    CHECK(scene.field("secret") == "");
    scene.answer(401);
    CHECK(scene.problem().find("does not know this id") != std::string::npos);
}

TEST_CASE("a proof that is refused, or whose challenge is old, is followed by a registration") {
    Scene scene;
    scene.join();
    scene.wait_for_next();
    REQUIRE(scene.proves());
    scene.answer(401);
    REQUIRE(scene.registers());  // at once
    scene.answer(200, R"({"challenge":"c3","state":"approved"})");
    REQUIRE(scene.proves());
    CHECK(scene.field("manager_challenge") == "c3");
    const auto from = scene.now;
    scene.answer(401);  // again: not in a loop without a pause
    CHECK(scene.client.sent.empty());
    scene.wait_for_next();
    CHECK(scene.now > from);
    scene.answer(200, R"({"challenge":"c4","state":"approved"})");
    scene.answer(200, R"({"next_proof_required":3600,"challenge":"c5","state":"approved"})");
    scene.wait_for_next();
    REQUIRE(scene.registers());
    scene.answer(200, R"({"challenge":"c6","state":"approved"})");
    REQUIRE(scene.proves());
    CHECK(scene.field("manager_challenge") == "c6");
    scene.answer(404);
    CHECK(scene.registers());
}

TEST_CASE("a reload registers again what changed, and keeps its proofs otherwise") {
    Scene scene;
    scene.join();
    const auto due = scene.run();
    scene.member->set(scene.settings);
    CHECK(scene.run() == due);
    CHECK(scene.state() == "approved");
    scene.identity->worker_key = std::string(64, 'b');
    scene.member->set(scene.settings);
    scene.run();
    REQUIRE(scene.registers());
    CHECK(scene.field("worker_key") == std::string(64, 'b'));
    scene.join();
    scene.settings.endpoint = "https://o.example:2";
    scene.member->set(scene.settings);
    scene.run();
    CHECK(scene.field("endpoint") == "https://o.example:2");
    // Another manager gets nothing of this one's secret.
    scene.settings.url = "https://other.example";
    scene.member->set(scene.settings);
    CHECK(scene.client.cancelled == 1);
    scene.client.sent.clear();
    scene.run();
    CHECK(scene.client.sent.empty());
    CHECK(scene.state() == "refused");
    scene.settings.url.clear();
    scene.member->set(scene.settings);
    CHECK(!scene.run());
    CHECK(scene.state() == "off");
}

TEST_CASE("without its key a worker waits, and what comes late or malformed changes nothing") {
    Scene scene;
    scene.identity = fail(STIPEND_E_STATE, "no key yet");
    scene.client.sent.clear();
    scene.restart();
    CHECK(scene.client.sent.empty());
    CHECK(scene.problem() == "no key yet");
    scene.identity = WorkerIdentity{.worker_key = std::string(64, 'a'), .orchestrator_id = "orch-2"};
    scene.wait_for_next();
    CHECK(scene.log.find("signs evidence for orch-2, and registers as orch:1") != std::string::npos);
    for (const auto* body : {"", "{}", "[1]", R"({"challenge":[1]})", R"({"challenge":null})"}) {
        scene.answer(200, body);
        CHECK_MESSAGE(scene.state() == "unreachable", body);
        scene.wait_for_next();
        REQUIRE(scene.registers());
    }
    auto late = std::move(scene.client.sent.front());
    scene.client.sent.clear();
    scene.member->stop();
    late.callbacks.on_done(1, Result<void>(), {});
    scene.run();
    CHECK(scene.client.sent.empty());
}

TEST_CASE("what a plugin reports of its key") {
    CHECK(identity_of(R"({"worker_key":"ab","orchestrator_id":"o"})")->worker_key == "ab");
    CHECK(identity_of(R"({"orchestrator_id":"o"})").error().message.find("no worker_key yet") != std::string::npos);
    CHECK(identity_of(R"({"key_problem":"the disk is full"})").error().message.find("disk is full") !=
          std::string::npos);
    CHECK(!identity_of("no JSON").ok());
}

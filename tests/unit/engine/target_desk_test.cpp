// The desk that sends orchestrators their own alerts, over a file of its own and a scripted network.
#include "host/engine/target_desk.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <thread>

#include "host/base/thread_pool.hpp"
#include "stipend/json_parse.hpp"

using namespace stipend;
using namespace stipend::engine;

namespace {

constexpr stipend_unix_ns midday = 20'000 * ns_per_day + 12 * 3'600 * ns_per_s;
constexpr auto patience = std::chrono::seconds(20);
constexpr const char* hook_of_a = "https://a.example/secret-of-a";
constexpr const char* hook_of_b = "https://b.example/secret-of-b";

// Keeps requests until the test takes and answers them.
class HookClient final : public http::HttpClient {
  public:
    struct Sent {
        http::HttpRequest request;
        http::HttpCallbacks callbacks;
        std::vector<alert::OwnTarget> stored;  // what the file had when it was sent

        [[nodiscard]] std::string at(std::string_view name) const {
            const auto body = parse_json(request.body);
            const auto* found = body ? body->find(name) : nullptr;
            return found == nullptr ? std::string() : found->text();
        }
        void answer(int status) const {
            http::HttpResponse response;
            response.status = status;
            response.phase = http::Phase::done;
            callbacks.on_done(1, {}, std::move(response));
        }
    };
    explicit HookClient(std::filesystem::path file) : file_(std::move(file)) {}

    Result<std::uint64_t> send(http::HttpRequest request, http::HttpCallbacks callbacks) override {
        auto store = alert::OwnTargetStore::open(file_);
        auto stored = store ? (*store)->load() : Result<std::vector<alert::OwnTarget>>(store.error());
        {
            const std::lock_guard lock(mutex_);
            held_.push_back({std::move(request), std::move(callbacks),
                             stored ? std::move(*stored) : std::vector<alert::OwnTarget>()});
            changed_.notify_all();
        }
        const std::lock_guard wait(gate);
        return ++sent_;
    }
    void cancel(std::uint64_t) override {}
    Sent next() {
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, patience, [&] { return !held_.empty(); }));
        auto out = std::move(held_.front());
        held_.pop_front();
        return out;
    }

    std::mutex gate;  // a sender waits while the test holds it

  private:
    const std::filesystem::path file_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Sent> held_;
    std::atomic<std::uint64_t> sent_ = 0;
};

class TargetScene {
  public:
    TargetScene() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-target-desk-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        client = std::make_unique<HookClient>(file());
        open();
    }
    ~TargetScene() {
        desk->close();
        desk.reset();
        std::filesystem::remove_all(folder_);
    }
    TargetScene(const TargetScene&) = delete;
    TargetScene& operator=(const TargetScene&) = delete;

    [[nodiscard]] std::filesystem::path file() const { return alert::own_target_file(folder_); }
    void open() {
        auto opened = TargetDesk::open(
            {.lane = pool_->make_lane(),
             .http = client.get(),
             .file = file(),
             .now = [this] { return now.load(); },
             .log = [this](const std::string& line) { note("log " + line); },
             .alert = [this](const std::string& id, const std::string& text) { note(cat("alert ", id, ": ", text)); },
             .store_alert = [this](const std::string& text) { note("store " + text); },
             .registered_at = [this](std::string_view id) -> Result<std::optional<stipend_unix_ns>> {
                 const std::lock_guard lock(mutex_);
                 const auto found = registered_.find(id);
                 return found == registered_.end() ? std::nullopt : std::optional(found->second);
             },
             .ca_file = "/roots.pem"});
        REQUIRE(opened.ok());
        desk = std::move(*opened);
    }
    void restart() {
        desk->close();
        desk.reset();
        open();
    }
    void registered(const std::string& id, std::optional<stipend_unix_ns> at) {
        const std::lock_guard lock(mutex_);
        registered_.erase(id);
        if (at) registered_[id] = *at;
    }
    static api::Request request(const std::string& id, const std::string& body = "{}") {
        api::Request out;
        out.path.emplace("id", id);
        out.body = *parse_json(body);
        return out;
    }
    int set(const std::string& id, const std::string& url) {
        return desk->set(request(id, cat(R"({"webhook":")", url, R"("})"))).status;
    }
    std::string shown(const std::string& id, std::string_view name) {
        const auto reply = desk->show(request(id));
        const auto body = parse_json(reply.body);
        const auto* found = body ? body->find(name) : nullptr;
        return found == nullptr ? cat(reply.status) : found->text();
    }
    void wait_shown(const std::string& id, std::string_view name, const std::string& value) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (shown(id, name) != value && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        REQUIRE(shown(id, name) == value);
    }
    // Sets it, and accepts its first message.
    void take_webhook(const std::string& id, const std::string& url) {
        REQUIRE(set(id, url) == 200);
        accept("target_set", id);
    }
    HookClient::Sent accept(const std::string& event, const std::string& id) {
        auto sent = client->next();
        CHECK(sent.at("event") == event);
        CHECK(sent.at("orchestrator") == id);
        sent.answer(204);
        return sent;
    }
    // Waits until a line begins so, and forgets the lines up to it.
    std::string wait_for(const std::string& begin) {
        std::unique_lock lock(mutex_);
        std::string out;
        CAPTURE(begin);
        REQUIRE(said_.wait_for(lock, patience, [&] {
            while (!lines_.empty() && out.empty()) {
                if (lines_.front().starts_with(begin)) out = lines_.front();
                lines_.pop_front();
            }
            return !out.empty();
        }));
        return out;
    }

    std::atomic<stipend_unix_ns> now = midday;
    std::unique_ptr<HookClient> client;
    std::shared_ptr<TargetDesk> desk;

  private:
    void note(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
        said_.notify_all();
    }

    const std::unique_ptr<ThreadPool> pool_ = std::move(ThreadPool::create(1, "test-pool")).value();
    std::filesystem::path folder_;
    std::mutex mutex_;
    std::condition_variable said_;
    std::deque<std::string> lines_;
    std::map<std::string, stipend_unix_ns, std::less<>> registered_{{"a", 7}, {"b", 8}};
};

}  // namespace

TEST_CASE("an event is in the file before it is sent, to a public address without redirects") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    scene.desk->observe("a", alert::sign_down, true);
    const auto down = scene.client->next();
    CHECK(down.at("event") == "down");
    REQUIRE(down.stored.size() == 1);
    REQUIRE(down.stored.front().waiting.size() == 1);
    CHECK(down.stored.front().waiting.front().delivery_id == down.at("delivery_id"));
    const auto& request = down.request;
    CHECK((request.url == hook_of_a && request.method == "POST" && request.ca_file == "/roots.pem"));
    CHECK((request.max_redirects == 0 && request.public_target && request.untrusted_target));
    CHECK((request.tls == http::TlsMode::verify && request.timeout_ms == TargetDesk::webhook_timeout_ms));
    // What was under way comes again, by the same id.
    scene.restart();
    const auto again = scene.accept("down", "a");
    CHECK(again.at("delivery_id") == down.at("delivery_id"));
    down.answer(204);  // of the desk that is no more
    scene.desk->observe("a", alert::sign_down, false);
    scene.accept("up", "a");
}

TEST_CASE("each orchestrator gets its own events alone") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    scene.take_webhook("b", hook_of_b);
    scene.desk->observe("a", alert::sign_down, true);
    CHECK(scene.accept("down", "a").request.url == hook_of_a);
    scene.desk->observe("other", alert::sign_down, true);
    scene.desk->observe("b", alert::sign_suspended, true);
    const auto next = scene.accept("suspended", "b");
    CHECK(next.request.url == hook_of_b);
    CHECK(next.request.body.find(R"("now":["suspended"])") != std::string::npos);
    CHECK(scene.desk->with_sign(alert::sign_down) == std::vector<std::string>{"a"});
}

TEST_CASE("signs that flip while the desk is busy arrive in their order, and none is lost") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    // The desk's thread may still be on its way through the gate with that first message.
    scene.wait_shown("a", "waiting", "0");
    std::unique_lock busy(scene.client->gate);
    scene.desk->observe("a", alert::sign_down, true);
    scene.desk->observe("a", alert::sign_down, false);
    const auto first = scene.client->next();
    CHECK(first.at("event") == "down");
    scene.desk->observe("a", alert::sign_down, true);
    busy.unlock();
    first.answer(204);
    scene.accept("up", "a");
    scene.accept("down", "a");
}

TEST_CASE("20 messages go out on a day, and the next day's first one counts the others") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    scene.take_webhook("b", hook_of_b);
    for (std::uint32_t i = 1; i < alert::most_events_a_day; ++i) {
        scene.desk->observe("a", alert::sign_down, i % 2 == 1);
        scene.accept(i % 2 == 1 ? "down" : "up", "a");
    }
    scene.desk->observe("a", alert::sign_suspended, true);
    scene.desk->observe("a", alert::sign_suspended, false);
    scene.desk->observe("b", alert::sign_down, true);
    scene.accept("down", "b");  // none of a before it
    CHECK((scene.shown("a", "sent_today") == "20" && scene.shown("a", "omitted") == "2"));
    scene.now += ns_per_day;
    scene.desk->observe("b", alert::sign_down, false);
    std::map<std::string, std::string> events;
    for (int i = 0; i < 2; ++i) {
        const auto sent = scene.client->next();
        events[sent.at("orchestrator")] = cat(sent.at("event"), " ", sent.at("omitted"));
        sent.answer(200);
    }
    CHECK((events["a"] == "omitted 2" && events["b"] == "up 0"));
}

TEST_CASE("a redirect is a failure, and after 10 in a row an alert says so and nothing more is sent") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    scene.take_webhook("b", hook_of_b);
    scene.desk->observe("a", alert::sign_down, true);
    for (std::uint32_t i = 1; i <= alert::most_failures; ++i) {
        scene.client->next().answer(302);
        if (i == alert::most_failures) break;
        scene.wait_shown("a", "failures", cat(i));
        scene.now += alert::longest_target_pause_ns;
        // Any request about a code lets the desk look at what is due.
        CHECK(scene.desk->confirm(TargetScene::request("b", R"({"code":"1"})")).status == 409);
    }
    CHECK(scene.wait_for("alert a: it").ends_with("it answered with status 302"));
    CHECK(scene.shown("a", "state") == "off");
    scene.restart();
    CHECK(scene.wait_for("alert a: it").ends_with("it answered with status 302"));
    scene.desk->observe("a", alert::sign_down, false);
    REQUIRE(scene.set("a", hook_of_a) == 200);
    scene.wait_for("alert a: ");
    scene.accept("target_set", "a");
    CHECK(scene.shown("a", "state") == "active");
}

TEST_CASE("no alert is about the target of one that was removed, and a later one of its id has none") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    scene.take_webhook("b", hook_of_b);
    scene.registered("a", 9);
    CHECK(scene.shown("a", "state") == "404");
    scene.desk->observe("a", alert::sign_down, true);
    scene.desk->observe("b", alert::sign_down, true);
    scene.accept("down", "b");  // and none of a
    REQUIRE(scene.set("a", "https://later.example/") == 200);
    CHECK(scene.accept("target_set", "a").request.url == "https://later.example/");
    scene.registered("a", std::nullopt);
    CHECK(scene.set("a", hook_of_a) == 404);
    CHECK(scene.desk->remove(TargetScene::request("a")).status == 404);
}

TEST_CASE("a code is mailed, and passes once") {
    TargetScene scene;
    const auto mail = TargetScene::request("a", R"({"email":"ops@a.example"})");
    CHECK(scene.desk->set(mail).status == 409);
    scene.desk->set_mail_server(MailServer{.url = "smtps://mail.example:465", .from = "stipend@payer.example"});
    REQUIRE(scene.desk->set(mail).status == 200);
    const auto sent = scene.client->next();
    REQUIRE(sent.request.mail != nullptr);
    CHECK(sent.request.mail->to == std::vector<std::string>{"ops@a.example"});
    const auto place = sent.request.body.find("\r\nCode: ");
    REQUIRE(place != std::string::npos);
    const auto code = sent.request.body.substr(place + 8, 8);
    sent.answer(250);
    const auto confirm = [&](const std::string& given) {
        return scene.desk->confirm(TargetScene::request("a", cat(R"({"code":")", given, R"("})"))).status;
    };
    CHECK(confirm("wrong") == 422);
    CHECK(scene.shown("a", "state") == "unconfirmed");
    scene.restart();
    scene.desk->set_mail_server(MailServer{.url = "smtps://mail.example:465", .from = "stipend@payer.example"});
    CHECK(confirm(code) == 200);
    const auto first = scene.client->next();
    CHECK(first.request.body.find("Subject: stipend: target_set\r\n") != std::string::npos);
    first.answer(250);
    CHECK(confirm(code) == 409);
    // Another address needs a code of its own, and the one before gets a last message.
    REQUIRE(scene.desk->set(TargetScene::request("a", R"({"email":"else@a.example"})")).status == 200);
    const auto replaced = scene.client->next();
    CHECK(replaced.request.mail->to == std::vector<std::string>{"ops@a.example"});
    CHECK(replaced.request.body.find("Event: target_replaced\r\n") != std::string::npos);
    CHECK(scene.client->next().request.mail->to == std::vector<std::string>{"else@a.example"});
    CHECK(confirm(code) == 422);
}

TEST_CASE("what is set is bounded, checked, and shown without its secret") {
    TargetScene scene;
    for (const auto* url : {"http://a.example/", "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/",
                            "https://169.254.169.254/", "https://localhost/"}) {
        CAPTURE(url);
        CHECK(scene.set("a", url) == 422);
    }
    for (std::uint32_t i = 0; i < alert::most_changes_a_day; ++i) {
        CHECK(scene.set("a", cat("https://a.example/", i)) == 200);
    }
    CHECK(scene.set("a", "https://a.example/one-more") == 429);
    CHECK(scene.set("a", "https://a.example/9") == 200);  // as it is
    CHECK(scene.desk->remove(TargetScene::request("a")).status == 204);
    CHECK(scene.set("a", "https://a.example/one-more") == 429);
    CHECK(scene.set("b", hook_of_b) == 200);
    CHECK(scene.shown("b", "webhook") == "https://b.example/...");
}

TEST_CASE("a file that cannot be written is an alert: an event is sent all the same, and nothing is set") {
    TargetScene scene;
    scene.take_webhook("a", hook_of_a);
    sqlite::Database other;
    REQUIRE(other.open(scene.file().native(), SQLITE_OPEN_READWRITE, 5'000, "alert targets").ok());
    REQUIRE(other.run("ALTER TABLE target RENAME TO away").ok());
    CHECK(scene.set("b", hook_of_b) == 503);
    CHECK(scene.wait_for("store ").find("cannot be stored") != std::string::npos);
    CHECK(scene.shown("b", "state") == "404");
    scene.desk->observe("a", alert::sign_down, true);
    scene.accept("down", "a");
    REQUIRE(other.run("ALTER TABLE away RENAME TO target").ok());
    scene.take_webhook("b", hook_of_b);
    CHECK(scene.wait_for("store ") == "store ");
}

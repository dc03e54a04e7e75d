// A streamed body between the HTTP client and an instance, without threads: the test plays the client and the pool.
#include <functional>
#include <future>
#include <vector>

#include "fixture.hpp"
#include "host/plugin/instance.hpp"
#include "host/plugin/part_stream.hpp"
#include "manual_executor.hpp"
#include "stipend/plugin.hpp"

using namespace stipend;
using namespace stipend::plugin;
using stipend::plugin::testing::ManualExecutor;

namespace {

class PlayedClient final : public http::HttpClient {
  public:
    Result<std::uint64_t> send(http::HttpRequest, http::HttpCallbacks callbacks) override {
        sent = std::move(callbacks);
        return op;
    }
    void cancel(std::uint64_t which) override { cancelled.push_back(which); }
    Result<void> part(std::string_view text) const { return sent.on_part(head, text); }
    void end(Result<void> result) { sent.on_done(op, std::move(result), http::HttpResponse(head)); }

    static constexpr std::uint64_t op = 7;
    http::HttpCallbacks sent;
    http::HttpResponse head{.status = 200, .headers = "a: b\r\n"};
    std::vector<std::uint64_t> cancelled;
};

struct Notes {
    std::vector<std::string> taken;
    std::string refuse;               // the part that is not taken
    bool post = false;                // work, instead of streaming
    std::function<void()> work = {};  // what is posted besides
    std::function<void()> gone = {};  // called by the destructor
};
Notes* notes = nullptr;

// A monitor in name only, which streams from its start on.
class Streamer {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.streamer", .name = "Streamer", .version = "1.0.0"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    Streamer(Settings, Host host) : host_(host) {}
    ~Streamer() {
        if (notes->gone) notes->gone();
    }
    Streamer(const Streamer&) = delete;
    Streamer& operator=(const Streamer&) = delete;
    Result<void> start() {
        if (notes->post) return post();
        STIPEND_TRY(host_.http(
            {.url = "http://x/"},
            [](const HttpReply& reply) { notes->taken.push_back(cat("end ", reply.status, " ", reply.error)); },
            [](const stipend_http_response& head, std::string_view part) {
                notes->taken.push_back(cat(head.http_status, " ", part));
                return part != notes->refuse;
            }));
        return {};
    }
    Result<void> probe(const stipend_target&, stipend_mono_ns, Completion<stipend_observation>) {
        return fail(STIPEND_E_UNSUPPORTED, "it only streams");
    }

  private:
    Result<void> post() {
        const bool posted = host_.post([this] {
            notes->taken.emplace_back("posted");
            if (notes->work) notes->work();
            if (!host_.post([] { notes->taken.emplace_back("posted by that"); })) notes->taken.emplace_back("refused");
        });
        return posted ? Result<void>() : fail(STIPEND_E_BUSY, "refused");
    }
    Host host_;
};

class Scene {
  public:
    Scene() {
        notes = &kept;
        loaded_->entry = &entry_;
        loaded_->description.plugins.resize(1);
        loaded_->description.plugins[0].id = Streamer::info.id;
        const ControlScope control;
        auto made = Instance::create({loaded_, &loaded_->description.plugins[0]}, "streamer", "{}",
                                     plugin::testing::minute_terms(), {.executor = &executor, .http = &client});
        REQUIRE(made.ok());
        instance = std::move(*made);
    }
    void start() {
        const ControlScope control;
        REQUIRE(instance->start().ok());
    }

    Notes kept;
    ManualExecutor executor;
    PlayedClient client;
    std::shared_ptr<Instance> instance;

  private:
    const stipend_entry entry_{.lifecycle = &stipend::detail::Library<Streamer>::lifecycle};
    std::shared_ptr<Loaded> loaded_ = std::make_shared<Loaded>();
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("parts reach the plugin in order on its strand, and the end comes after the last of them") {
    Scene scene;
    scene.start();
    CHECK(scene.client.part("one").ok());
    CHECK(scene.client.part("two").ok());
    scene.client.end({});
    CHECK(scene.kept.taken.empty());
    CHECK(scene.instance->under_way() == 1);
    scene.executor.run();
    CHECK(scene.kept.taken == Texts{"200 one", "200 two", "end 0 "});
    CHECK(scene.instance->under_way() == 0);
}

TEST_CASE("a part that the plugin refuses ends the transfer, and nothing after it is handed over") {
    Scene scene;
    scene.start();
    scene.kept.refuse = "two";
    for (const auto* text : {"one", "two", "three"}) CHECK(scene.client.part(text).ok());
    scene.executor.run();
    CHECK(scene.client.cancelled == std::vector<std::uint64_t>{PlayedClient::op});
    const auto refused = scene.client.part("four");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message == "the plugin ended the transfer");
    scene.client.end(fail(STIPEND_E_CANCELLED, "cancelled"));
    scene.executor.run();
    CHECK(scene.kept.taken ==
          Texts{"200 one", "200 two", cat("end ", STIPEND_E_CANCELLED, " the plugin ended the transfer")});
}

TEST_CASE("a refusal of the last part is reported although the exchange ended well") {
    Scene scene;
    scene.start();
    scene.kept.refuse = "one";
    CHECK(scene.client.part("one").ok());
    scene.client.end({});
    scene.executor.run();
    CHECK(scene.kept.taken == Texts{"200 one", cat("end ", STIPEND_E_CANCELLED, " the plugin ended the transfer")});
}

TEST_CASE("a plugin that refuses before the exchange has its number still ends it") {
    Scene scene;
    ManualExecutor pool;
    const auto strand = pool.make_strand();
    const auto parts = std::make_shared<PartStream>(
        strand, [](const http::HttpResponse&, std::string_view) { return STIPEND_E_STATE; }, scene.client);
    CHECK(parts->take({}, "early").ok());
    pool.run();
    CHECK(scene.client.cancelled.empty());
    parts->begun(PlayedClient::op);
    CHECK(scene.client.cancelled == std::vector<std::uint64_t>{PlayedClient::op});
}

TEST_CASE("a plugin that is busy never holds the client up: too much that waits ends the transfer") {
    Scene scene;
    scene.start();
    const std::string part(64 << 10, 'x');
    Result<void> taken;
    int parts = 0;
    while ((taken = scene.client.part(part)).ok()) REQUIRE(++parts < 100);
    CHECK(parts == 15);
    CHECK(taken.error().status == STIPEND_E_LIMIT);
    CHECK(taken.error().message.starts_with("the plugin takes the body too slowly: got "));
    scene.client.end(taken);
    scene.executor.run();
    CHECK(scene.kept.taken.size() == 16);
    CHECK(scene.kept.taken.back().starts_with(cat("end ", STIPEND_E_LIMIT, " the plugin takes the body too slowly")));
}

TEST_CASE("parts that were taken make space for more, and tiny ones count too") {
    Scene scene;
    scene.start();
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4000; ++i) REQUIRE(scene.client.part("x").ok());
        scene.executor.run();
    }
    int tiny = 0;
    while (scene.client.part("x").ok()) REQUIRE(++tiny < 10'000);
    CHECK(tiny > 4000);
    scene.client.end(fail(STIPEND_E_LIMIT, "too much"));
    scene.executor.run();
}

TEST_CASE("work that was posted and has not run is run before its instance is destroyed, once") {
    Scene scene;
    scene.kept.post = true;
    scene.start();
    const ControlScope control;
    REQUIRE(scene.instance->try_quiesce([] {}));
    CHECK(scene.kept.taken.empty());
    scene.instance->destroy();
    CHECK(scene.kept.taken == Texts{"posted", "posted by that"});
    scene.executor.run();
    CHECK(scene.kept.taken.size() == 2);
}

TEST_CASE("posted work that loops at the end of its instance is left behind, and the control thread goes on") {
    static Scene& scene = *new Scene();  // outlives the thread that is left behind
    static std::promise<void> release, gone;
    scene.kept.post = true;
    scene.kept.work = [] { release.get_future().wait(); };
    scene.start();
    const ControlScope control;
    REQUIRE(scene.instance->try_quiesce([] {}));
    scene.kept.gone = [] { gone.set_value(); };
    scene.instance->destroy();
    CHECK(scene.kept.taken == Texts{"posted"});
    // It is over for the host; what the call does when it returns at last reaches nothing any more.
    scene.executor.run();
    CHECK(scene.kept.taken == Texts{"posted"});
    release.set_value();
    gone.get_future().wait();
    CHECK(scene.kept.taken == Texts{"posted", "refused"});
}

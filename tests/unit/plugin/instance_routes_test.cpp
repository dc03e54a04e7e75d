// Requests for an instance's routes while another takes its place, without threads: the test plays the listener and the
// pool.
#include <vector>

#include "fixture.hpp"
#include "host/plugin/instance.hpp"
#include "manual_executor.hpp"
#include "stipend/plugin.hpp"
#include "stipend/routes.hpp"

using namespace stipend;
using namespace stipend::plugin;
using stipend::plugin::testing::ManualExecutor;

namespace {

std::vector<std::string>* asked = nullptr;

// Answers /page, and notes it.
class Page {
  public:
    static constexpr PluginInfo info{.id = "org.stipend.test.page", .name = "Page", .version = "1.0.0"};
    struct Settings {};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings(); }
    Page(Settings, Host host) : host_(host) {}
    Result<void> start() {
        STIPEND_LET(route, Route::add(host_, "api", "GET", "/page", [](RouteRequest request) {
                        asked->push_back(request.path);
                        request.respond(200, "", "here");
                    }));
        routes_.push_back(std::move(route));
        return {};
    }
    void quiesce() { asked->emplace_back("quiesced"); }
    Result<std::string> report() { return std::string("{}"); }

  private:
    const Host host_;
    std::vector<Route> routes_;
};

class Listener final : public RouteTable {
  public:
    Result<void> check(std::string_view, std::string_view, std::string_view, std::string_view) override { return {}; }
    Result<std::uint64_t> mount(std::string_view, std::string_view, std::string_view, std::string_view,
                                Handler taken) override {
        handler = std::move(taken);
        return 1;
    }
    void unmount(std::uint64_t) override { handler = {}; }
    Handler handler;
};

}  // namespace

TEST_CASE("a request that waits for its handler is answered before its instance takes nothing new") {
    std::vector<std::string> seen;
    asked = &seen;
    ManualExecutor executor;
    Listener listener;
    const stipend_entry entry{.lifecycle = &stipend::detail::Library<Page>::lifecycle};
    const auto loaded = std::make_shared<Loaded>();
    loaded->entry = &entry;
    loaded->description.plugins.resize(1);
    loaded->description.plugins[0].id = Page::info.id;
    const ControlScope control;
    auto made = Instance::create({loaded, &loaded->description.plugins[0]}, "page", "{}",
                                 plugin::testing::minute_terms(), {.executor = &executor, .routes = &listener});
    REQUIRE(made.ok());
    const auto& instance = *made;
    REQUIRE(instance->start().ok());
    http::ServerRequest request;
    request.method = "GET";
    request.path = "/page";
    listener.handler(std::move(request), http::Responder(nullptr));
    CHECK(seen.empty());

    bool idle = false;
    CHECK_FALSE(instance->try_quiesce([&idle] { idle = true; }));
    CHECK_FALSE(idle);
    CHECK_FALSE(listener.handler);
    bool free = false;
    instance->when_free([&free] { free = true; });
    executor.run();
    CHECK(free);
    CHECK(seen == std::vector<std::string>{"/page"});
    CHECK(instance->try_quiesce([&idle] { idle = true; }));
    CHECK(idle);
    CHECK(seen.back() == "quiesced");
    instance->destroy();
}

// Routes and services through the SDK and the fake host.
#include <doctest/doctest.h>

#include <stdexcept>

#include "stipend/testing/fake_host.hpp"

using namespace stipend;
using namespace stipend::testing;

namespace {

// Responds to "/now" at once, to "/later" when its timer fires, to "/never" and "/throw" not at all, and to "/services"
// with the services of the host.
class Pages {
  public:
    static constexpr PluginInfo info{.id = "org.example.pages", .name = "Pages", .version = "1.0.0"};
    struct Settings {};
    Pages(Settings, Host host) : host_(host) {}
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }

    Result<void> start() {
        STIPEND_TRY(add("/now", [](RouteRequest request) {
            request.respond(201, "X-Kind: Now\r\n", cat(request.query, "|", request.header("x-a"), "|", request.body));
        }));
        STIPEND_TRY(add("/later", [this](RouteRequest request) {
            timer_ = std::make_unique<Timer>(
                host_, ns_per_s, [held = std::move(request)]() mutable { held.respond(200, "", held.peer); });
        }));
        STIPEND_TRY(add("/never", [](const RouteRequest&) {}));
        STIPEND_TRY(add("/throw", [](const RouteRequest&) { throw std::runtime_error("broken"); }));
        return add("/services", [this](RouteRequest request) {
            const auto report = host_.services(60);
            if (!report) return static_cast<void>(request.respond(503, "", report.error().message));
            std::string names;
            for (const auto& one : report->services) names += cat(one.name, " ", one.verdict_name(), "\n");
            for (const auto& one : report->found) names += cat(one.name, " found\n");
            request.respond(200, "", cat(names, "in ", report->window_s, " s"));
        });
    }
    static Result<std::string> report() { return std::string("{}"); }

  private:
    Result<void> add(std::string_view path, Route::Handler handler) {
        STIPEND_LET(route, Route::add(host_, "pages", "GET", path, std::move(handler)));
        routes_.push_back(std::move(route));
        return {};
    }
    Host host_;
    std::vector<Route> routes_;
    std::unique_ptr<Timer> timer_;
};

}  // namespace

TEST_CASE("a request arrives complete, and its response is sent at once or later") {
    FakeHost host;
    auto plugin = host.create<Pages>();
    REQUIRE(plugin.start().ok());
    CHECK(host.routes().list().front() == "pages GET /now");
    const auto now = host.routes().call({.path = "/now", .query = "a=1", .headers = "x-a: b\r\n", .body = "c"});
    REQUIRE(now.done());
    CHECK(now.status() == 201);
    CHECK(now.header("x-kind") == "Now");
    CHECK(now.body() == "a=1|b|c");
    const auto later = host.routes().call({.path = "/later"});
    CHECK_FALSE(later.done());
    host.advance(ns_per_s);
    REQUIRE(later.done());
    CHECK(later.body() == "192.0.2.9:40000");
    CHECK(*plugin.report() == "{}");
}

TEST_CASE("a request that a plugin drops, or whose handler throws, is answered with 500") {
    FakeHost host;
    auto plugin = host.create<Pages>();
    REQUIRE(plugin.start().ok());
    CHECK(host.routes().call({.path = "/never"}).status() == 500);
    CHECK(host.routes().call({.path = "/throw"}).status() == 500);
    CHECK(host.logged(STIPEND_LOG_ERROR, "a route of the plugin threw: broken"));
}

TEST_CASE("a route of another instance is rejected with its name") {
    FakeHost host;
    host.routes().refuse(STIPEND_E_CONFLICT);
    auto plugin = host.create<Pages>();
    CHECK(plugin.start().error().message == "route refused: GET /now on pages: another instance has it");
}

TEST_CASE("a call of an unknown route is a fault, and so is a second response") {
    FakeHost host;
    CHECK(host.routes().call({.path = "/now"}).status() == 404);
    CHECK(host.take_faults() == std::vector<std::string>{"no such route: GET /now"});
    CHECK(host.routes().respond(7, 200, "", "") == STIPEND_E_STATE);
    CHECK(host.take_faults() == std::vector<std::string>{"a request was answered twice, or never existed"});
}

TEST_CASE("services are what the test serves, or its status") {
    FakeHost host;
    auto plugin = host.create<Pages>();
    REQUIRE(plugin.start().ok());
    const FakeRouteCall call{.path = "/services"};
    CHECK(host.routes().call(call).body() == "no report on the services: status -7");
    host.serve_services([](std::uint32_t window_s) -> Result<ServiceReport> {
        return ServiceReport{.window_s = window_s,
                             .services = {{.name = "a", .verdict = STIPEND_UP},
                                          {.name = "b", .verdict = STIPEND_DEGRADED},
                                          {.name = "c", .verdict = STIPEND_UNKNOWN}},
                             .found = {{.name = "d"}}};
    });
    CHECK(host.routes().call(call).body() == "a up\nb down\nc unknown\nd found\nin 60 s");
    host.serve_services([](std::uint32_t) -> Result<ServiceReport> { return fail(STIPEND_E_BUSY, "not now"); });
    CHECK(host.routes().call(call).status() == 503);
}

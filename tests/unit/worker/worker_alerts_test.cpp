// The alerts of a worker: raised once, resolved once, and only when it is time.
#include "host/worker/worker_alerts.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "stipend/duration.hpp"
#include "stipend/result.hpp"

using namespace stipend;
using namespace stipend::worker;

namespace {

struct AlertScene {
    std::vector<std::string> sent;
    std::vector<std::string> lines;
    WorkerAlerts alerts{[this](alert::Notice one) { sent.push_back(cat(one.id, one.resolved ? " over" : " fires")); },
                        [this](std::int32_t, std::string line) { lines.push_back(std::move(line)); }};
    std::vector<std::string> take() { return std::exchange(sent, {}); }
};
using Sent = std::vector<std::string>;

}  // namespace

TEST_CASE("a service that is down is one alert until it is up again, and none the less while it is not observed") {
    AlertScene scene;
    scene.alerts.services({.down = {{"redis", "exited \x1b[2J"}}, .unseen = {}}, ns_per_s);
    scene.alerts.services({.down = {{"redis", "exited again"}}, .unseen = {}}, 2 * ns_per_s);
    CHECK(scene.take() == Sent{"service:redis fires"});
    REQUIRE(scene.lines.size() == 1);
    CHECK(scene.lines.front().find('\x1b') == std::string::npos);
    scene.alerts.services({.down = {}, .unseen = {{"redis", ""}}}, 3 * ns_per_s);
    CHECK(scene.take().empty());
    scene.alerts.services({}, 4 * ns_per_s);
    CHECK(scene.take() == Sent{"service:redis over"});
}

TEST_CASE("services that cannot be observed for a minute are one alert") {
    AlertScene scene;
    const WorkerAlerts::Seen blind{.down = {}, .unseen = {{"a", "the engine is not reached"}, {"b", ""}}};
    scene.alerts.services(blind, ns_per_s);
    scene.alerts.services(blind, 60 * ns_per_s);
    CHECK(scene.take().empty());
    scene.alerts.services(blind, 61 * ns_per_s);
    scene.alerts.services(blind, 62 * ns_per_s);
    CHECK(scene.take() == Sent{"services-unseen fires"});
    CHECK(scene.lines.back().find("2 of the services cannot be observed") != std::string::npos);
    scene.alerts.services({}, 63 * ns_per_s);
    CHECK(scene.take() == Sent{"services-unseen over"});
    scene.alerts.services(blind, 64 * ns_per_s);
    CHECK(scene.take().empty());
}

TEST_CASE("a manager that refuses is an alert at once, one that does not answer after a while") {
    AlertScene scene;
    scene.alerts.manager(MembershipState::registering, "", 0, ns_per_s);
    CHECK(scene.take().empty());
    scene.alerts.manager(MembershipState::refused, "a wrong secret", ns_per_s, ns_per_s);
    CHECK(scene.take() == Sent{"manager-refuses fires"});
    scene.alerts.manager(MembershipState::unreachable, "no route", 2 * ns_per_s, 3 * ns_per_s);
    CHECK(scene.take() == Sent{"manager-refuses over"});
    scene.alerts.manager(MembershipState::unreachable, "no route", 2 * ns_per_s, 302 * ns_per_s);
    CHECK(scene.take() == Sent{"manager-unreachable fires"});
    scene.alerts.manager(MembershipState::approved, "", 303 * ns_per_s, 303 * ns_per_s);
    CHECK(scene.take() == Sent{"manager-unreachable over"});
    scene.alerts.manager(MembershipState::disconnected, "", 304 * ns_per_s, 304 * ns_per_s);
    CHECK(scene.take() == Sent{"manager-disconnected fires"});
}

TEST_CASE("a clock that is set is an alert, and more than can be kept are logged") {
    AlertScene scene;
    scene.alerts.clock(2 * ns_per_s, 1);
    CHECK(scene.take().empty());
    scene.alerts.clock(-3 * ns_per_s, 1);
    scene.alerts.clock(0, 2);
    CHECK(scene.take() == Sent{"clock-set fires", "clock-set over"});
    for (std::size_t i = 0; i <= WorkerAlerts::max_active; ++i) {
        scene.alerts.raise(cat("plugin:", i), STIPEND_ALERT_INFO, "x", 3);
    }
    CHECK(scene.take().size() == WorkerAlerts::max_active);
    CHECK(scene.alerts.active().size() == WorkerAlerts::max_active);
}

TEST_CASE("what a plugin raised is resolved once the plugin is gone, and nothing of another one") {
    AlertScene scene;
    for (const auto* id :
         {"worker-a:registration", "worker-a:other", "worker-ab:registration", "worker:registration"}) {
        scene.alerts.raise(id, STIPEND_ALERT_WARNING, "x", 1);
    }
    CHECK(scene.take().size() == 4);
    scene.alerts.resolve_of("worker-a", 2);
    CHECK(scene.take() == Sent{"worker-a:other over", "worker-a:registration over"});
    scene.alerts.resolve_of("worker", 3);
    CHECK(scene.take() == Sent{"worker:registration over"});
    CHECK(scene.alerts.active() == std::set<std::string>{"worker-ab:registration"});
}

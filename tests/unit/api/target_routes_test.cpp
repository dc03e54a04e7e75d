// The routes of an orchestrator's own target of alerts: which accounts read, set and remove it.
#include "host/api/target_routes.hpp"

#include <doctest/doctest.h>

using namespace stipend;
using namespace stipend::api;

namespace {

class TargetRecorder final : public AlertTargets {
  public:
    Reply show(const Request&) override { return note("show"); }
    Reply set(const Request&) override { return note("set"); }
    Reply remove(const Request&) override { return note("remove"); }
    Reply confirm(const Request&) override { return note("confirm"); }
    std::string asked;

  private:
    Reply note(const char* what) {
        asked = what;
        return {};
    }
};

}  // namespace

TEST_CASE("an orchestrator sets its own target, staff read it, and an administrator removes it") {
    TargetRecorder targets;
    const auto routes = alert_target_routes(targets);
    REQUIRE(routes.size() == 4);
    const auto ask = [&](std::string_view method, std::optional<Principal> principal) {
        for (const auto& route : routes) {
            if (route.method != method) continue;
            CHECK((route.own && route.permission == auth::Permission::payments_read));
            CHECK(route.max_body_bytes <= 8U << 10U);
            targets.asked.clear();
            Request request;
            request.principal = std::move(principal);
            return cat(route.handler(request).status, " ", targets.asked);
        }
        return std::string("no such route");
    };
    const auto staff = [](auth::AccessRole role) {
        return Principal{.name = "a@example.com", .role = role, .permissions = auth::Permissions::of(role)};
    };
    Principal wallet{.name = "wallet"};
    wallet.orchestrator = "a:1";
    for (const auto& itself : {std::optional<Principal>(), std::optional(wallet)}) {
        CHECK(ask("GET", itself) == "200 show");
        CHECK(ask("PUT", itself) == "200 set");
        CHECK(ask("DELETE", itself) == "200 remove");
        CHECK(ask("POST", itself) == "200 confirm");
    }
    for (const auto role : {auth::AccessRole::admin, auth::AccessRole::viewer}) {
        CHECK(ask("GET", staff(role)) == "200 show");
        CHECK(ask("PUT", staff(role)) == "403 ");
        CHECK(ask("POST", staff(role)) == "403 ");
    }
    CHECK(ask("DELETE", staff(auth::AccessRole::admin)) == "200 remove");
    CHECK(ask("DELETE", staff(auth::AccessRole::viewer)) == "403 ");
}

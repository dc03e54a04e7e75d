#include <stdexcept>

#include "sdk_fixture.hpp"

using namespace sdk_test;

TEST_CASE("posted work runs later and once") {
    TestHost host;
    int ran = 0;
    CHECK(host.host().post([&] { ++ran; }));
    CHECK(ran == 0);
    host.run_timers();
    CHECK(ran == 1);
}

TEST_CASE("an exception of posted work is logged, and its completion reports INTERNAL") {
    TestHost host;
    auto promise = std::make_shared<Completion<Nothing>>(host.completion(7));
    CHECK(host.host().post([held = std::move(promise)] { throw std::runtime_error("broken"); }));
    host.run_timers();
    REQUIRE(host.logged.size() == 1);
    CHECK(host.logged[0] == "posted work of the plugin threw: broken");
    REQUIRE(host.answers.size() == 1);
    CHECK(host.answers[0].status == STIPEND_E_INTERNAL);
}

TEST_CASE("an exception of a timer is logged, also one that is no std::exception") {
    TestHost host;
    const Timer timer(host.host(), 5, [] { throw 42; });  // NOLINT(hicpp-exception-baseclass)
    CHECK(timer.armed());
    host.run_timers();
    REQUIRE(host.logged.size() == 1);
    CHECK(host.logged[0] == "a timer of the plugin threw: something that is no std::exception");
}

TEST_CASE("a destroyed timer does not fire, and a timer may destroy itself while it fires") {
    TestHost host;
    int ran = 0;
    {
        const Timer timer(host.host(), 5, [&] { ++ran; });
    }
    CHECK(host.timers.empty());
    std::unique_ptr<Timer> self;
    self = std::make_unique<Timer>(host.host(), 5, [&] {
        self.reset();
        ++ran;
    });
    host.run_timers();
    CHECK(ran == 1);
    CHECK(self == nullptr);
}

TEST_CASE("an exchange ends once; an exception of its callback is logged") {
    TestHost host;
    std::string body;
    REQUIRE(host.host().http({.url = "http://a"}, [&](const HttpReply& reply) { body = reply.body(); }).ok());
    host.end_exchange(STIPEND_OK, "hello");
    CHECK(body == "hello");
    CHECK((host.exchange.on_part == nullptr));
    REQUIRE(host.host().http({.url = "http://a"}, [](const HttpReply&) { throw std::runtime_error("broken"); }).ok());
    host.end_exchange(STIPEND_E_TIMEOUT, "");
    REQUIRE(host.logged.size() == 1);
    CHECK(host.logged[0] == "an HTTP callback of the plugin threw: broken");
}

TEST_CASE("a part callback that returns false or throws ends the transfer") {
    TestHost host;
    const stipend_http_response head{};
    const auto stream = [&](Host::HttpPart part) {
        REQUIRE(host.host()
                    .http(
                        {.url = "http://a"}, [](const HttpReply&) {}, std::move(part))
                    .ok());
        const auto status = host.exchange.on_part(host.exchange.user, &head, bytes_to_abi("part"));
        host.end_exchange(status, "");
        return status;
    };
    CHECK(stream([](const auto&, std::string_view part) { return part == "part"; }) == STIPEND_OK);
    CHECK(stream([](const auto&, std::string_view) { return false; }) == STIPEND_E_CANCELLED);
    CHECK(stream([](const auto&, std::string_view) -> bool { throw 42; }) == STIPEND_E_EXCEPTION);
}

TEST_CASE("a header is found by its whole name in any case; its first value counts") {
    stipend_http_response response{};
    response.headers = to_abi("content-type: text/plain\r\nx-a-b: long\r\nx-a:  short\r\nx-a: again\r\nempty:\r\n");
    const HttpReply reply{STIPEND_OK, &response, {}};
    CHECK(reply.header("x-a") == "short");
    CHECK(reply.header("X-A") == "short");
    CHECK(reply.header("content-type") == "text/plain");
    CHECK(reply.header("empty").empty());
    CHECK(reply.header("x").empty());
}

TEST_CASE("a missing service of the host is a status, or the call does nothing") {
    const Host none;
    none.log(STIPEND_LOG_ERROR, "nowhere");
    CHECK(none.now() == 0);
    CHECK_FALSE(none.post([] {}));
    CHECK_FALSE(Timer(none, 5, [] {}).armed());
    CHECK(none.http({.url = "http://a"}, [](const HttpReply&) {}).error().status == STIPEND_E_UNSUPPORTED);
    CHECK(none.kv_get("key").error().status == STIPEND_E_UNSUPPORTED);
    CHECK(none.kv_put("key", "value").error().status == STIPEND_E_UNSUPPORTED);
    CHECK(none.services(60).error().status == STIPEND_E_UNSUPPORTED);
    CHECK(none.reserve_fee("job", {}, [](const Result<void>&) {}).error().status == STIPEND_E_UNSUPPORTED);
    CHECK(Route::add(none, "worker", "GET", "/", [](const RouteRequest&) {}).error().status == STIPEND_E_UNSUPPORTED);
}

#include "host/runtime/plugin_router.hpp"

#include <doctest/doctest.h>

#include "host/http/curl_client.hpp"

#include <future>

using namespace stipend;
using runtime::PluginRouter;

namespace {

struct Answer {
    int status = 0;
    std::string body;
};

Answer get(const std::string& address, const std::string& path) {
    auto client = http::CurlClient::create();
    REQUIRE(client);
    std::promise<Answer> promise;
    http::HttpRequest request;
    request.method = "GET";
    request.url = "http://" + address + path;
    request.timeout_ms = 20'000;
    request.max_response_bytes = 1 << 16;
    http::HttpCallbacks callbacks;
    callbacks.on_done = [&](std::uint64_t, Result<void>&&, http::HttpResponse&& response) {
        promise.set_value({response.status, response.body});
    };
    REQUIRE((*client)->send(std::move(request), std::move(callbacks)));
    return promise.get_future().get();
}

PluginRouter::Handler says(const std::string& text) {
    return [text](http::ServerRequest&&, http::Responder responder) {
        static_cast<void>(responder.respond({.status = 200, .body = text}));
    };
}

}  // namespace

TEST_CASE("an instance that replaces another of its name takes the route over, and its end changes nothing") {
    PluginRouter book;
    REQUIRE(book.listen("worker", "127.0.0.1:0"));
    const auto first = book.mount("worker", "worker", "GET", "/health", says("old"));
    REQUIRE(first);
    CHECK(get(book.address_of("worker"), "/health").body == "old");
    const auto second = book.mount("worker", "worker", "GET", "/health", says("new"));
    REQUIRE(second);
    book.unmount(*first);
    CHECK(get(book.address_of("worker"), "/health").body == "new");
    book.unmount(*second);
    CHECK(get(book.address_of("worker"), "/health").status == 404);
}

TEST_CASE("a route that has another owner is refused, until it is free") {
    PluginRouter book;
    REQUIRE(book.listen("worker", "127.0.0.1:0"));
    const auto mounted = book.mount("a", "worker", "GET", "/x", says("a"));
    REQUIRE(mounted);
    const auto refused = book.check("b", "worker", "GET", "/x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == STIPEND_E_CONFLICT);
    CHECK(refused.error().message == "route GET /x: a has it already");
    CHECK(book.check("b", "worker", "POST", "/x"));
    book.unmount(*mounted);
    CHECK(book.check("b", "worker", "GET", "/x"));
}

TEST_CASE("a listener that this host lacks is refused by its name") {
    PluginRouter book;
    const auto refused = book.check("a", "api", "GET", "/x");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == STIPEND_E_UNSUPPORTED);
    CHECK(refused.error().message.find("api") != std::string::npos);
}

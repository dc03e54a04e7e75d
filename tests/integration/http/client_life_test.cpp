// Cancelling, stopping, limits and threads: how exchanges without a response end.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

// Takes requests and never answers.
void stay_silent(Wire& wire, int) {
    wire.peer_closed();
}

// Counts how often each operation ended.
class Endings {
  public:
    [[nodiscard]] HttpCallbacks callbacks() {
        return {.on_done = [this](std::uint64_t op, Result<void>&& result, HttpResponse&&) {
            const std::lock_guard lock(mutex_);
            fresh_ = ops_.insert(op).second && fresh_;
            ++(result ? good_ : result.error().status == STIPEND_E_CANCELLED ? cancelled_ : bad_);
            ended_.release();
        }};
    }
    void wait_for(int count) {
        for (int i = 0; i < count; ++i) REQUIRE(ended_.try_acquire_for(std::chrono::seconds(60)));
    }
    [[nodiscard]] bool none_twice() { return fresh_; }
    [[nodiscard]] int good() { return good_; }
    [[nodiscard]] int cancelled() { return cancelled_; }
    [[nodiscard]] int bad() { return bad_; }
    [[nodiscard]] int all() { return good_ + cancelled_ + bad_; }

  private:
    std::mutex mutex_;
    std::set<std::uint64_t> ops_;
    std::counting_semaphore<> ended_{0};
    bool fresh_ = true;
    int good_ = 0;
    int cancelled_ = 0;
    int bad_ = 0;
};

}  // namespace

TEST_CASE("an exchange that is under way is cancelled") {
    ScriptedServer server(stay_silent);
    auto client = make_client();
    Pending pending;
    const auto op = client->send(get(server.url()), pending.callbacks());
    REQUIRE(op.ok());
    client->cancel(*op);
    const auto ended = pending.wait();
    CHECK(ended.status() == STIPEND_E_CANCELLED);
}

TEST_CASE("an exchange that still waits for a connection is cancelled") {
    ScriptedServer server(stay_silent);
    ClientOptions options;
    options.max_connections_per_origin = 1;
    auto client = make_client(options);
    Pending first;
    Pending second;
    const auto first_op = client->send(get(server.url()), first.callbacks());
    const auto second_op = client->send(get(server.url()), second.callbacks());
    REQUIRE((first_op.ok() && second_op.ok()));
    client->cancel(*second_op);
    CHECK(second.wait().status() == STIPEND_E_CANCELLED);
    client->cancel(*first_op);
    CHECK(first.wait().status() == STIPEND_E_CANCELLED);
}

TEST_CASE("cancelling an exchange that is over, or never was, does nothing") {
    ScriptedServer server(serve_ok);
    auto client = make_client();
    Pending pending;
    const auto op = client->send(get(server.url()), pending.callbacks());
    REQUIRE(op.ok());
    CHECK(pending.wait().result.ok());
    client->cancel(*op);
    client->cancel(0);
    client->cancel(12345);
    CHECK(exchange(*client, get(server.url())).result.ok());
}

TEST_CASE("a stream can be cancelled from inside its own callback") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\n\r\n");
        while (wire.write("part")) {
        }
    });
    auto client = make_client();
    Pending pending;
    auto callbacks = pending.callbacks();
    callbacks.on_part = [&](const HttpResponse&, std::string_view) -> Result<void> {
        client->cancel(1);
        return {};
    };
    auto request = get(server.url());
    request.max_response_bytes = 1 << 30;
    REQUIRE(*client->send(request, callbacks) == 1);
    CHECK(pending.wait().status() == STIPEND_E_CANCELLED);
}

TEST_CASE("stopping ends all pending exchanges with CANCELLED, and further ones are rejected") {
    ScriptedServer server(stay_silent);
    Endings endings;
    ClientOptions options;
    options.max_connections_per_origin = 10;
    auto client = make_client(options);
    for (int i = 0; i < 100; ++i) REQUIRE(client->send(get(server.url()), endings.callbacks()).ok());
    client->stop();
    CHECK(endings.cancelled() == 100);
    CHECK(endings.none_twice());
    const auto late = client->send(get(server.url()), endings.callbacks());
    REQUIRE(!late.ok());
    CHECK(late.error().status == STIPEND_E_STATE);
    client->stop();
}

TEST_CASE("beyond the limit on exchanges a request is rejected, and accepted again when one is over") {
    ScriptedServer server(stay_silent);
    Endings endings;
    ClientOptions options;
    options.max_transfers = 3;
    auto client = make_client(options);
    for (int i = 0; i < 3; ++i) REQUIRE(client->send(get(server.url()), endings.callbacks()).ok());
    const auto refused = client->send(get(server.url()), endings.callbacks());
    REQUIRE(!refused.ok());
    CHECK(refused.error().status == STIPEND_E_LIMIT);
    client->cancel(1);
    endings.wait_for(1);
    CHECK(client->send(get(server.url()), endings.callbacks()).ok());
}

TEST_CASE("connections to one origin are limited, and waiting exchanges follow in turn") {
    ScriptedServer server(serve_ok);
    Endings endings;
    ClientOptions options;
    options.max_connections_per_origin = 4;
    auto client = make_client(options);
    for (int i = 0; i < 200; ++i) REQUIRE(client->send(post(server.url(), "x"), endings.callbacks()).ok());
    endings.wait_for(200);
    CHECK(endings.good() == 200);
    CHECK(server.connections() <= 4);
}

TEST_CASE("waiting for a connection counts against the timeout") {
    ScriptedServer server(stay_silent);
    ClientOptions options;
    options.max_connections = 1;
    auto client = make_client(options);
    Pending first;
    REQUIRE(client->send(get(server.url()), first.callbacks()).ok());
    auto request = get(server.url());
    request.timeout_ms = 100;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_TIMEOUT);
    CHECK(ended.response.phase == Phase::resolve);
    CHECK(ended.message().find("no connection was free in time") != std::string::npos);
    CHECK(ended.response.cause == Cause::local);
}

TEST_CASE("an exchange that waits for others of its own target is not this machine's fault") {
    ScriptedServer server(stay_silent);
    ClientOptions options;
    options.max_connections_per_origin = 1;
    auto client = make_client(options);
    Pending first;
    REQUIRE(client->send(get(server.url()), first.callbacks()).ok());
    auto request = get(server.url());
    request.timeout_ms = 100;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_TIMEOUT);
    CHECK(ended.response.cause == Cause::other);
}

TEST_CASE("a silent origin does not delay another") {
    ScriptedServer dead(stay_silent);
    ScriptedServer alive(serve_ok);
    Endings endings;
    ClientOptions options;
    options.max_connections_per_origin = 2;
    options.max_connections = 4;
    auto client = make_client(options);
    for (int i = 0; i < 50; ++i) REQUIRE(client->send(get(dead.url()), endings.callbacks()).ok());
    CHECK(exchange(*client, get(alive.url())).message() == "");
    CHECK(endings.all() == 0);
}

TEST_CASE("exchanges that wait for an answer do not delay others of the same origin") {
    ScriptedServer server([](Wire& wire, int connection) {
        if (wire.read_request().starts_with("GET /silent ")) {
            stay_silent(wire, connection);
        } else {
            wire.write(ok_answer);
        }
    });
    Endings endings;
    auto client = make_client();
    for (int i = 0; i < 600; ++i) REQUIRE(client->send(get(server.url("/silent")), endings.callbacks()).ok());
    CHECK(exchange(*client, get(server.url("/ok"))).message() == "");
    CHECK(endings.all() == 0);
    client->stop();
}

TEST_CASE("without a free descriptor an exchange ends with an error, and the next one succeeds") {
    auto client = make_client();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const auto refused = exchange(*client, get("http://127.0.0.1:1/"));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(refused.status() == STIPEND_E_UNAVAILABLE);
    CHECK(refused.response.phase == Phase::connect);
    CHECK(refused.message().find("Connection refused") == std::string::npos);
    ScriptedServer server(serve_ok);
    CHECK(exchange(*client, get(server.url())).message() == "");
    client.reset();  // closes the kept connection, which the server's script waits for
}

TEST_CASE("a thousand exchanges at once all succeed") {
    ScriptedServer server(serve_ok);
    Endings endings;
    auto client = make_client();
    for (int i = 0; i < 1000; ++i) REQUIRE(client->send(post(server.url(), "x"), endings.callbacks()).ok());
    endings.wait_for(1000);
    CHECK(endings.good() == 1000);
    CHECK(endings.none_twice());
}

TEST_CASE("a callback may send the next request itself") {
    ScriptedServer server(serve_ok);
    auto client = make_client();
    std::binary_semaphore all_over{0};
    int left = 20;
    std::function<void()> send_one = [&] {
        REQUIRE(client
                    ->send(get(server.url()), {.on_done =
                                                   [&](std::uint64_t, Result<void>&&, HttpResponse&&) {
                                                       if (--left == 0) {
                                                           all_over.release();
                                                       } else {
                                                           send_one();
                                                       }
                                                   }})
                    .ok());
    };
    send_one();
    CHECK(all_over.try_acquire_for(std::chrono::seconds(20)));
}

TEST_CASE("under sends and cancels of many threads each operation ends exactly once") {
    ScriptedServer server(serve_ok);
    Endings endings;
    constexpr int threads = 4;
    constexpr int sends = 300;
    {
        ClientOptions options;
        options.max_connections_per_origin = 16;
        auto client = make_client(options);
        std::vector<std::thread> senders;
        senders.reserve(threads);
        for (int t = 0; t < threads; ++t) {
            senders.emplace_back([&, t] {
                for (int i = 0; i < sends; ++i) {
                    auto op = client->send(post(server.url(), "x"), endings.callbacks());
                    STIPEND_ASSERT(op.ok());
                    if ((i + t) % 3 == 0) client->cancel(*op);
                    if ((i + t) % 7 == 0) client->cancel(*op / 2);
                }
            });
        }
        for (auto& sender : senders) sender.join();
    }
    CHECK(endings.all() == threads * sends);
    CHECK(endings.bad() == 0);
    CHECK(endings.none_twice());
}

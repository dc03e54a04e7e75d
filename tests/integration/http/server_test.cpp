// The server: routes, answers, limits, deadlines, stopping.
#include "host/http/server.hpp"

#include <doctest/doctest.h>

#include <future>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

std::unique_ptr<Server> make_server(ServerOptions options = {}) {
    if (options.unix_socket.empty()) options.listen = "127.0.0.1:0";
    auto server = Server::create(std::move(options));
    STIPEND_ASSERT(server.ok());
    return std::move(*server);
}

void echo(ServerRequest&& request, Responder responder) {
    STIPEND_ASSERT(responder.respond({.status = 200, .headers = "X-Peer: " + request.peer, .body = request.body}).ok());
}

Route route(std::string method, std::string path, RouteHandler handler = echo) {
    return {.method = std::move(method), .path = std::move(path), .handler = std::move(handler)};
}

std::uint64_t add(Server& server, Route route) {
    auto added = server.add_route(std::move(route));
    STIPEND_ASSERT(added.ok());
    return *added;
}

// The server's reply to `bytes`, up to the end of the connection or of the first response.
std::string reply_to(const Server& server, std::string_view bytes) {
    Wire wire(connect_to(server.address()));
    wire.write(bytes);
    return wire.read_response();
}

int status_in(std::string_view answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

}  // namespace

TEST_CASE("a handler gets method, path, query, lower-case headers, peer and body, and its answer is sent") {
    auto server = make_server();
    std::promise<ServerRequest> seen;
    add(*server, route("POST", "/jobs", [&](ServerRequest&& request, Responder responder) {
        seen.set_value(std::move(request));
        CHECK(responder.respond({.status = 201, .headers = "X-Id: 7\r\n", .body = "made"}).ok());
    }));
    const auto answer =
        reply_to(*server, "POST /jobs?a=1&b=2 HTTP/1.1\r\nHost: h\r\nX-Thing: Value\r\nContent-Length: 4\r\n\r\nbody");
    CHECK(without_date(answer) == "HTTP/1.1 201 Created\r\nX-Id: 7\r\ncontent-length: 4\r\n\r\nmade");
    const auto request = seen.get_future().get();
    CHECK(request.method == "POST");
    CHECK(request.path == "/jobs");
    CHECK(request.query == "a=1&b=2");
    CHECK(request.headers == "host: h\r\nx-thing: Value\r\ncontent-length: 4\r\n");
    CHECK(request.peer.starts_with("127.0.0.1:"));
    CHECK(request.body == "body");
}

TEST_CASE("an unknown path is 404 and a known one with another method 405 with Allow, both as JSON") {
    auto server = make_server();
    add(*server, route("GET", "/health"));
    add(*server, route("POST", "/health"));
    Wire wire(connect_to(server->address()));
    wire.write("GET /nothing HTTP/1.1\r\n\r\n");
    auto answer = wire.read_response();
    CHECK(status_in(answer) == 404);
    CHECK(answer.ends_with("{\"error\":\"no such path\"}"));
    CHECK(answer.find("content-type: application/json\r\n") != std::string::npos);
    wire.write("DELETE /health HTTP/1.1\r\n\r\n");
    answer = wire.read_response();
    CHECK(status_in(answer) == 405);
    CHECK(answer.find("allow: GET, HEAD, POST\r\n") != std::string::npos);
}

TEST_CASE("HEAD is served by the route for GET, without its body") {
    auto server = make_server();
    add(*server, route("GET", "/x", [](ServerRequest&&, Responder responder) {
        CHECK(responder.respond({.status = 200, .body = "hello"}).ok());
    }));
    Wire wire(connect_to(server->address()));
    wire.write("HEAD /x HTTP/1.1\r\n\r\n");
    CHECK(without_date(wire.read_until("\r\n\r\n")) == "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    wire.write("GET /x HTTP/1.1\r\n\r\n");
    CHECK(wire.read_response().ends_with("hello"));
}

TEST_CASE("a chunked body is put together") {
    auto server = make_server();
    add(*server, route("POST", "/x"));
    CHECK(reply_to(*server, "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
              .ends_with("\r\n\r\nabcde"));
}

TEST_CASE("a body of unknown length is rejected, and what follows it is no request") {
    for (const auto* fields :
         {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
          "Transfer-Encoding:\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 0\r\n",
          "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"}) {
        CAPTURE(fields);
        auto server = make_server();
        bool reached = false;
        add(*server, route("GET", "/next", [&](ServerRequest&&, const Responder&) { reached = true; }));
        add(*server, route("POST", "/x", [&](ServerRequest&&, const Responder&) { reached = true; }));
        const auto reply = reply_to(*server, cat("POST /x HTTP/1.1\r\n", fields, "\r\nGET /next HTTP/1.1\r\n\r\n"));
        CHECK(reply.starts_with("HTTP/1.1 400 "));
        CHECK(reply.find("connection: close\r\n") != std::string::npos);
        CHECK(!reached);
    }
}

TEST_CASE("a client that expects 100 Continue receives it") {
    auto server = make_server();
    add(*server, route("POST", "/x"));
    Wire wire(connect_to(server->address()));
    wire.write("POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(wire.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    wire.write("ok");
    CHECK(wire.read_response().ends_with("ok"));
}

TEST_CASE("pipelined requests are answered in order, one at a time") {
    auto server = make_server();
    add(*server, route("POST", "/x"));
    Wire wire(connect_to(server->address()));
    std::string bytes;
    for (int i = 0; i < 20; ++i) bytes += cat("POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n", 10 + i);
    wire.write(bytes);
    for (int i = 0; i < 20; ++i) CHECK(wire.read_response().ends_with(std::to_string(10 + i)));
}

TEST_CASE("a connection is closed when its client requests it") {
    auto server = make_server();
    add(*server, route("GET", "/x"));
    for (const std::string request : {"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n"}) {
        Wire wire(connect_to(server->address()));
        wire.write(request);
        CHECK(wire.read_response().find("connection: close\r\n") != std::string::npos);
        CHECK(wire.peer_closed());
    }
}

TEST_CASE("the longest route is used, and a removed one is not") {
    auto server = make_server();
    const auto says = [](const std::string& text) {
        return [text](ServerRequest&&, Responder responder) {
            CHECK(responder.respond({.status = 200, .body = text}).ok());
        };
    };
    auto all = route("GET", "/", says("all"));
    all.prefix = true;
    add(*server, std::move(all));
    const auto exact = add(*server, route("GET", "/a", says("exact")));
    CHECK(reply_to(*server, "GET /a HTTP/1.1\r\n\r\n").ends_with("exact"));
    CHECK(reply_to(*server, "GET /ab HTTP/1.1\r\n\r\n").ends_with("all"));
    server->remove_route(exact);
    CHECK(reply_to(*server, "GET /a HTTP/1.1\r\n\r\n").ends_with("all"));
}

TEST_CASE("a route that exists already, or is malformed, is rejected") {
    auto server = make_server();
    add(*server, route("GET", "/x"));
    CHECK(server->add_route(route("GET", "/x")).error().status == STIPEND_E_CONFLICT);
    CHECK(server->add_route(route("GE T", "/x")).error().status == STIPEND_E_INVALID);
    CHECK(server->add_route(route("GET", "x")).error().status == STIPEND_E_INVALID);
    CHECK(server->add_route(route("GET", "/x?y")).error().status == STIPEND_E_INVALID);
}

TEST_CASE("a head beyond the limit is 431, in one line or in many") {
    auto server = make_server({.max_header_bytes = 1024});
    add(*server, route("GET", "/x"));
    CHECK(status_in(reply_to(*server, "GET /x HTTP/1.1\r\nX: " + std::string(2000, 'a') + "\r\n\r\n")) == 431);
    std::string many = "GET /x HTTP/1.1\r\n";
    for (int i = 0; i < 100; ++i) many += cat("X-", i, ": aaaaaaaaaaaa\r\n");
    CHECK(status_in(reply_to(*server, many + "\r\n")) == 431);
    CHECK(status_in(reply_to(*server, "GET /" + std::string(200'000, 'a') + " HTTP/1.1\r\n\r\n")) == 431);
}

TEST_CASE("a body beyond its route's limit is 413, announced or in chunks") {
    auto server = make_server();
    auto small = route("POST", "/x");
    small.max_body_bytes = 4;
    add(*server, std::move(small));
    CHECK(reply_to(*server, "POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd").ends_with("abcd"));
    const auto answer = reply_to(*server, "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde");
    CHECK(status_in(answer) == 413);
    CHECK(answer.find("connection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("{\"error\":\"body too large: want at most 4 bytes\"}"));
    CHECK(status_in(reply_to(*server,
                             "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n")) == 413);
}

TEST_CASE("requests with an ambiguous body length are 400") {
    auto server = make_server();
    add(*server, route("POST", "/x"));
    for (const std::string head : {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: -1\r\n",
                                   "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 1x\r\n"}) {
        CAPTURE(head);
        CHECK(status_in(reply_to(*server, "POST /x HTTP/1.1\r\n" + head + "\r\nab")) == 400);
    }
}

TEST_CASE("garbage is answered with 400 or closed, and the server keeps serving") {
    auto server = make_server();
    add(*server, route("GET", "/x"));
    for (const std::string bytes :
         {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /x HTTP/9.9\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
          "GET /x HTTP/1.1\r\nno colon\r\n\r\n", "\x16\x03\x01\x02\x01\x01\r\n\r\n"}) {
        CAPTURE(bytes);
        CHECK(status_in(reply_to(*server, bytes)) == 400);
    }
    std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same garbage each time
    const std::string seed =
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";
    for (int i = 0; i < 300; ++i) {
        std::string bytes = seed;
        for (int change = 0; change < 4; ++change) {
            bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
            if (random() % 8 == 0) bytes.resize(random() % bytes.size() + 1);
        }
        Wire wire(connect_to(server->address()));
        wire.write(bytes);
    }
    CHECK(status_in(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n")) == 200);
}

TEST_CASE("a head that arrives too slowly is cut off, even if it arrives steadily") {
    auto server = make_server({.read_timeout_ms = 150});
    Wire wire(connect_to(server->address()));
    wire.write("GET /x HTTP/1.1\r\nX: ");
    std::promise<void> over;
    std::thread trickle([&wire, ended = over.get_future()] {
        while (ended.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout) wire.write("a");
    });
    const bool cut = wire.peer_closed();
    over.set_value();
    trickle.join();
    CHECK(cut);
}

TEST_CASE("a body that does not arrive is cut off") {
    auto server = make_server({.read_timeout_ms = 100});
    add(*server, route("POST", "/x"));
    Wire wire(connect_to(server->address()));
    wire.write("POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");
    CHECK(wire.peer_closed());
}

TEST_CASE("an idle connection is closed without a response") {
    auto server = make_server({.idle_timeout_ms = 50});
    Wire wire(connect_to(server->address()));
    CHECK(wire.read_all().empty());
}

TEST_CASE("beyond the limit on connections a client receives 503") {
    auto server = make_server({.max_connections = 2});
    add(*server, route("GET", "/x"));
    Wire first(connect_to(server->address()));
    Wire second(connect_to(server->address()));
    for (auto* wire : {&first, &second}) {
        wire->write("GET /x HTTP/1.1\r\n\r\n");
        CHECK(status_in(wire->read_response()) == 200);
    }
    Wire third(connect_to(server->address()));
    CHECK(status_in(third.read_response()) == 503);
}

TEST_CASE("an answer may come later and from another thread") {
    auto server = make_server();
    std::vector<std::thread> threads;
    add(*server, route("GET", "/x", [&](ServerRequest&&, Responder responder) {
        threads.emplace_back([responder = std::move(responder)]() mutable {
            STIPEND_ASSERT(responder.respond({.status = 200, .body = "late"}).ok());
        });
    }));
    CHECK(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n").ends_with("late"));
    for (auto& thread : threads) thread.join();
}

TEST_CASE("at its deadline a request is answered with 504, and a later answer is rejected") {
    auto server = make_server();
    std::promise<Responder> owed;
    auto slow = route("GET", "/x", [&](ServerRequest&&, Responder responder) { owed.set_value(std::move(responder)); });
    slow.deadline_ms = 50;
    add(*server, std::move(slow));
    CHECK(status_in(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n")) == 504);
    auto responder = owed.get_future().get();
    const auto late = responder.respond({});
    REQUIRE(!late.ok());
    CHECK(late.error().status == STIPEND_E_STATE);
    CHECK(late.error().message == "answer too late: the deadline of 50 ms has passed");
}

TEST_CASE("a request whose responder is dropped is answered with 504 at once") {
    auto server = make_server();
    add(*server, route("GET", "/x", [](ServerRequest&&, Responder) {}));
    Wire wire(connect_to(server->address()));
    wire.write("GET /x HTTP/1.1\r\n\r\n");
    CHECK(status_in(wire.read_response()) == 504);
    wire.write("GET /x HTTP/1.1\r\n\r\n");
    CHECK(status_in(wire.read_response()) == 504);
}

TEST_CASE("a second answer is rejected, and after a malformed one another may follow") {
    auto server = make_server();
    std::promise<std::vector<stipend_status>> statuses;
    add(*server, route("GET", "/x", [&](ServerRequest&&, Responder responder) {
        std::vector<stipend_status> seen;
        for (const auto& response : std::vector<ServerResponse>{{.status = 99},
                                                                {.status = 200, .headers = "bad"},
                                                                {.status = 200, .headers = "Content-Length: 1"},
                                                                {.status = 200, .body = "good"},
                                                                {.status = 200, .body = "again"}}) {
            const auto given = responder.respond(response);
            seen.push_back(given ? STIPEND_OK : given.error().status);
        }
        statuses.set_value(seen);
    }));
    CHECK(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n").ends_with("good"));
    CHECK(statuses.get_future().get() == std::vector<stipend_status>{STIPEND_E_INVALID, STIPEND_E_INVALID,
                                                                     STIPEND_E_INVALID, STIPEND_OK, STIPEND_E_STATE});
}

TEST_CASE("a handler that throws causes a 504, and the server keeps serving") {
    auto server = make_server();
    add(*server, route("GET", "/x", [](ServerRequest&&, const Responder&) { throw std::runtime_error("oops"); }));
    CHECK(status_in(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n")) == 504);
    CHECK(status_in(reply_to(*server, "GET /x HTTP/1.1\r\n\r\n")) == 504);
}

TEST_CASE("stopping closes idle connections, and an answer that is due is sent") {
    auto server = make_server();
    std::promise<Responder> owed;
    add(*server,
        route("GET", "/x", [&](ServerRequest&&, Responder responder) { owed.set_value(std::move(responder)); }));
    Wire idle(connect_to(server->address()));
    auto busy = std::make_unique<Wire>(connect_to(server->address()));
    busy->write("GET /x HTTP/1.1\r\n\r\n");
    auto responder = owed.get_future().get();
    std::thread stopper([&] { server->stop(); });
    CHECK(idle.peer_closed());
    CHECK(responder.respond({.status = 200, .body = "last"}).ok());
    CHECK(without_date(busy->read_response()) ==
          "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nlast");
    busy.reset();
    stopper.join();
    server->stop();
}

TEST_CASE("stopping waits for a missing answer no longer than its limit") {
    auto server = make_server({.stop_timeout_ms = 50});
    std::promise<Responder> owed;
    add(*server,
        route("GET", "/x", [&](ServerRequest&&, Responder responder) { owed.set_value(std::move(responder)); }));
    Wire busy(connect_to(server->address()));
    busy.write("GET /x HTTP/1.1\r\n\r\n");
    auto responder = owed.get_future().get();
    server->stop();
    CHECK(busy.read_all().empty());
    const auto late = responder.respond({});
    REQUIRE(!late.ok());
    CHECK(late.error().message == "answer not sent: the connection is gone");
    server.reset();
    CHECK(!responder.respond({}).ok());
}

TEST_CASE("client and server work together under load from several threads") {
    auto server = make_server();
    add(*server, route("POST", "/x"));
    auto client = make_client();
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                const auto body = cat(t, "/", i);
                const auto ended = exchange(*client, post(cat("http://", server->address(), "/x"), body));
                if (ended.result.ok() && ended.response.body == body) ++right;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(right == 200);
}

// Responses, good and bad, as the client reports them.
#include <doctest/doctest.h>

#include <string>

#include "stipend/headers.hpp"
#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

// A server that reads one request on each connection, writes `bytes` and closes.
ScriptedServer::Script answers(std::string bytes) {
    return [bytes = std::move(bytes)](Wire& wire, int) {
        wire.read_request();
        wire.write(bytes);
    };
}

Ended answer_of(std::string bytes, HttpRequest request = {}) {
    ScriptedServer server(answers(std::move(bytes)));
    auto client = make_client();
    request.url = server.url();
    request.timeout_ms = 60'000;
    return exchange(*client, std::move(request));
}

}  // namespace

TEST_CASE("an answer comes with status, lower-case headers, body, peer and times") {
    ScriptedServer server(
        answers("HTTP/1.1 200 OK\r\nX-Orchestrator-URL:  https://o:1 \r\nContent-Length: 5\r\n\r\nhello"));
    auto client = make_client();
    const auto ended = exchange(*client, get(server.url("/a?b=c")));
    REQUIRE(ended.message() == "");
    const auto& response = ended.response;
    CHECK(response.status == 200);
    CHECK(response.headers == "x-orchestrator-url: https://o:1\r\ncontent-length: 5\r\n");
    CHECK(response.body == "hello");
    CHECK(response.peer == cat("127.0.0.1:", server.port()));
    CHECK(response.phase == Phase::done);
    CHECK(response.connect_ns > 0);
    CHECK(response.first_byte_ns >= response.connect_ns);
    CHECK(response.total_ns >= response.first_byte_ns);
    CHECK(response.tls_not_after == 0);
}

TEST_CASE("method, headers and body arrive as given, without the fields that libcurl adds by default") {
    std::promise<std::string> request_seen;
    ScriptedServer server([&](Wire& wire, int) {
        request_seen.set_value(wire.read_request());
        wire.write("HTTP/1.1 204 No Content\r\n\r\n");
    });
    auto client = make_client();
    auto request = post(server.url("/x"), "payload");
    request.method = "PATCH";
    request.headers = "X-One: 1\r\nX-Empty:\r\n";
    CHECK(exchange(*client, request).response.status == 204);
    const auto seen = request_seen.get_future().get();
    CHECK(seen.starts_with("PATCH /x HTTP/1.1\r\n"));
    CHECK(seen.ends_with("\r\n\r\npayload"));
    CHECK(find_header(seen, "x-one") == "1");
    CHECK(find_header(seen, "x-empty") == "");
    CHECK(!find_header(seen, "expect"));
    CHECK(!find_header(seen, "content-type"));
    CHECK(!find_header(seen, "accept-encoding"));
}

TEST_CASE("a status of 500 is an answer, not an error") {
    const auto ended = answer_of("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno");
    CHECK(ended.result.ok());
    CHECK(ended.response.status == 500);
}

TEST_CASE("a body that ends before its length is an error, and the part received is kept") {
    const auto ended = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.status == 200);
    CHECK(ended.response.body == "hello");
    CHECK(ended.response.phase == Phase::head);
}

TEST_CASE("chunks that end early are an error") {
    CHECK(answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").status() ==
          STIPEND_E_UNAVAILABLE);
}

TEST_CASE("garbage in place of a chunk's size is an error") {
    const auto ended = answer_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.body == "hello");
}

TEST_CASE("chunks and their trailer are read, and the trailer is no header") {
    const auto ended = answer_of(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Orchestrator-Url: evil\r\n\r\n");
    CHECK(ended.message() == "");
    CHECK(ended.response.body == "hello");
    CHECK(ended.response.headers == "transfer-encoding: chunked\r\n");
}

TEST_CASE("a trailer that looks like a status line has no effect") {
    const auto ended =
        answer_of("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nHTTP/1.1 200 OK: x\r\n\r\n");
    CHECK(ended.response.status == 500);
}

TEST_CASE("heads that leave a body's length ambiguous are rejected") {
    for (const std::string head :
         {"Content-Length: 2\r\nContent-Length: 5\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
          "Content-Length: 2, 5\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
          "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
        CAPTURE(head);
        const auto ended = answer_of("HTTP/1.1 200 OK\r\n" + head + "\r\nok");
        CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
        CHECK(ended.response.body.empty());
    }
}

TEST_CASE("a length that comes twice is the length") {
    for (const std::string head : {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n"}) {
        CAPTURE(head);
        const auto ended = answer_of("HTTP/1.1 200 OK\r\n" + head + "\r\nok");
        CHECK(ended.message() == "");
        CHECK(ended.response.body == "ok");
    }
}

TEST_CASE("a folded head line continues the one before it") {
    const auto ended = answer_of("HTTP/1.1 200 OK\r\nX-A:\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nok");
    CHECK(ended.message() == "");
    CHECK(ended.response.headers == "x-a: b c\r\ncontent-length: 2\r\n");
    CHECK(ended.response.body == "ok");
}

TEST_CASE("a head line without a colon, or a folded length, is rejected") {
    CHECK(answer_of("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n").status() == STIPEND_E_UNAVAILABLE);
    CHECK(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 0\r\n\r\nokokokokok").message().find("malformed") !=
          std::string::npos);
}

TEST_CASE("a response without a head (HTTP/0.9) is rejected") {
    CHECK(answer_of("<html>hello</html>\n").status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("a body beyond the limit ends with LIMIT and keeps what fits") {
    HttpRequest request;
    request.max_response_bytes = 4;
    const auto ended = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhellohello", request);
    CHECK(ended.status() == STIPEND_E_LIMIT);
    CHECK(ended.response.body == "hell");
    CHECK(ended.message().find("want") == std::string::npos);
    CHECK(ended.message().find("more than 4 bytes") != std::string::npos);
}

TEST_CASE("a body of exactly the limit is accepted") {
    HttpRequest request;
    request.max_response_bytes = 5;
    CHECK(answer_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", request).result.ok());
}

TEST_CASE("an endless body ends with LIMIT") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\n\r\n");
        while (wire.write(std::string(65536, 'x'))) {
        }
    });
    auto client = make_client();
    const auto ended = exchange(*client, get(server.url()));
    CHECK(ended.status() == STIPEND_E_LIMIT);
    CHECK(ended.response.body.size() == 1024 * 1024);
}

TEST_CASE("a head without end ends with LIMIT, by many lines and by one") {
    for (const std::string part :
         {"X-Filler: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", "yyyyyyyy"}) {
        ScriptedServer server([&](Wire& wire, int) {
            wire.read_request();
            wire.write("HTTP/1.1 200 OK\r\nX-Start: ");
            while (wire.write(part)) {
            }
        });
        auto client = make_client();
        const auto ended = exchange(*client, get(server.url()));
        CAPTURE(ended.message());
        CHECK(ended.status() == STIPEND_E_LIMIT);
        CHECK(ended.response.status == 200);
        CHECK(ended.response.phase == Phase::sent);
    }
}

TEST_CASE("endless interim responses count as one head") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        while (wire.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")) {
        }
    });
    auto client = make_client();
    CHECK(exchange(*client, get(server.url())).status() == STIPEND_E_LIMIT);
}

TEST_CASE("an unexpected 100 Continue is skipped") {
    const auto ended =
        answer_of("HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK(ended.message() == "");
    CHECK(ended.response.status == 200);
    CHECK(ended.response.headers == "content-length: 2\r\n");
}

TEST_CASE("a head that is too slow ends with TIMEOUT, which names the missing part") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\nX-Slow: ");
        wire.peer_closed();
    });
    auto client = make_client();
    auto request = get(server.url());
    request.timeout_ms = 1'000;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_TIMEOUT);
    CHECK(ended.message().find("no end within 1000 ms: still waiting for the answer's head") != std::string::npos);
    CHECK(ended.response.phase == Phase::sent);
    CHECK(ended.response.status == 200);
}

TEST_CASE("a reset after the head is an error") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\nX-Orchestrator-Url: a\r\nContent-Length: 9\r\n\r\n");
        wire.reset();
    });
    auto client = make_client();
    const auto ended = exchange(*client, get(server.url()));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.cause == Cause::reset);
}

TEST_CASE("a reset before the head is an error that names method and origin, and no path") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.reset();
    });
    auto client = make_client();
    const auto ended = exchange(*client, post(server.url("/hook/very-secret"), "x"));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.message().starts_with(cat("POST http://127.0.0.1:", server.port(), ": ")));
    CHECK(ended.message().find("very-secret") == std::string::npos);
    CHECK(ended.response.phase == Phase::sent);
    CHECK(ended.response.cause == Cause::reset);
    CHECK(ended.response.status == 0);
    CHECK(server.connections() == 1);
}

TEST_CASE("a close without an answer is an error") {
    CHECK(answer_of("").status() == STIPEND_E_UNAVAILABLE);
}

TEST_CASE("HEAD has no body, whatever its length says") {
    HttpRequest request;
    request.method = "HEAD";
    const auto ended = answer_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", request);
    CHECK(ended.message() == "");
    CHECK(ended.response.status == 200);
}

namespace {

// gzip of {"service_uptime":97}, and of 100,000 letters.
const std::string small_gzip(
    "\037\213\010\000\000\000\000\000\002\003\253\126\052\116\055\052\313\114\116\215\057\055\050\311\314\115\125\262"
    "\262\064\257\005\000\324\272\023\202\025\000\000\000",
    41);
const std::string large_gzip(
    "\037\213\010\000\000\000\000\000\002\003\355\301\061\001\000\000\000\302\240\254\353\137\302\032\036\100\001\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
    "\000\000\000\000\000\000\000\000\000\000\000\257\006\207\372\342\033\240\206\001\000",
    133);

std::string compressed(const std::string& body) {
    return cat("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

}  // namespace

TEST_CASE("a body that is compressed unasked is decoded") {
    const auto ended = answer_of(compressed(small_gzip));
    CHECK(ended.message() == "");
    CHECK(ended.response.body == R"({"service_uptime":97})");
}

TEST_CASE("no content coding is asked for, unless the request has the header field") {
    ScriptedServer server([](Wire& wire, int) {
        while (true) {
            const auto request = wire.read_request();
            if (request.empty()) return;
            const auto at = request.find("Accept-Encoding");
            const auto line = at == std::string::npos ? "none" : request.substr(at, request.find('\r', at) - at);
            wire.write(cat("HTTP/1.1 200 OK\r\nContent-Length: ", line.size(), "\r\n\r\n", line));
        }
    });
    auto client = make_client();
    CHECK(exchange(*client, get(server.url())).response.body == "none");
    auto request = get(server.url());
    request.headers = "Accept-Encoding: gzip, br\r\n";
    CHECK(exchange(*client, request).response.body == "Accept-Encoding: gzip, br");
    CHECK(exchange(*client, get(server.url())).response.body == "none");
}

TEST_CASE("the bound of a body is that of the decoded one") {
    auto request = get("");
    request.max_response_bytes = 50'000;
    const auto ended = answer_of(compressed(large_gzip), request);
    CHECK(ended.status() == STIPEND_E_LIMIT);
    CHECK(ended.response.body == std::string(50'000, 'a'));
}

TEST_CASE("a body that is not in its content coding, or in one that is not decoded, is UNAVAILABLE, with the coding") {
    const auto broken = answer_of(compressed("abc"));
    CHECK(broken.status() == STIPEND_E_UNAVAILABLE);
    CHECK(broken.response.status == 200);
    CHECK(broken.message().find("the body is not in its Content-Encoding") != std::string::npos);
    const auto other = answer_of("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc");
    CHECK(other.message().find("Content-Encoding: got \"br\"") != std::string::npos);
}

TEST_CASE("a streamed body is delivered in parts with its head, and not again at the end") {
    ScriptedServer server(answers("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n"));
    auto client = make_client();
    Pending pending;
    auto callbacks = pending.callbacks();
    std::string parts;
    int head_status = 0;
    callbacks.on_part = [&](const HttpResponse& head, std::string_view part) -> Result<void> {
        head_status = head.status;
        parts += part;
        return {};
    };
    REQUIRE(client->send(get(server.url()), callbacks).ok());
    const auto ended = pending.wait();
    CHECK(ended.result.ok());
    CHECK(head_status == 200);
    CHECK(parts == "data: 1\n\ndata: 2\n\n");
    CHECK(ended.response.body.empty());
}

TEST_CASE("the receiver of a stream can end it with its own error") {
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
        return fail(STIPEND_E_CONFLICT, "that is enough");
    };
    REQUIRE(client->send(get(server.url()), callbacks).ok());
    const auto ended = pending.wait();
    CHECK(ended.status() == STIPEND_E_CONFLICT);
    CHECK(ended.message().ends_with("that is enough"));
}

TEST_CASE("a line of the head that is too long is the server's fault") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\nX-Long: " + std::string(200'000, 'a'));
    });
    const auto ended = exchange(*make_client(), get(server.url()));
    CHECK(ended.status() == STIPEND_E_LIMIT);
    CHECK(ended.message().find("one line of more than 100 KiB") != std::string::npos);
    CHECK(ended.response.cause == Cause::other);
}

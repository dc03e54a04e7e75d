// Targets: redirects, untrusted ones, sockets, bad requests, secrets, sending again.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>

#include "host/base/file.hpp"
#include "host/http/ssrf_guard.hpp"
#include "stipend/headers.hpp"
#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

ScriptedServer::Script redirects_to(const std::string& target) {
    return [target](Wire& wire, int) {
        while (!wire.read_request().empty()) {
            wire.write("HTTP/1.1 302 Found\r\nLocation: " + target + "\r\nContent-Length: 0\r\n\r\n");
        }
    };
}

stipend_status refusal(const HttpRequest& request) {
    auto client = make_client();
    auto sent = client->send(request, {.on_done = [](std::uint64_t, Result<void>&&, HttpResponse&&) {}});
    return sent ? STIPEND_OK : sent.error().status;
}

}  // namespace

TEST_CASE("a redirect is an answer unless redirects are allowed") {
    ScriptedServer target(serve_ok);
    ScriptedServer server(redirects_to(target.url()));
    auto client = make_client();
    auto request = get(server.url());
    CHECK(exchange(*client, request).response.status == 302);
    request.max_redirects = 1;
    const auto followed = exchange(*client, request);
    CHECK(followed.response.status == 200);
    CHECK(followed.response.headers == "content-length: 2\r\n");
    CHECK(followed.response.peer == cat("127.0.0.1:", target.port()));
}

TEST_CASE("too many redirects end with LIMIT") {
    ScriptedServer server(redirects_to("/again"));
    auto client = make_client();
    auto request = get(server.url());
    request.max_redirects = 3;
    CHECK(exchange(*client, request).status() == STIPEND_E_LIMIT);
}

TEST_CASE("a redirect to another scheme is an error") {
    ScriptedServer server(redirects_to("file:///etc/hostname"));
    auto client = make_client();
    auto request = get(server.url());
    request.max_redirects = 3;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.body.empty());
}

TEST_CASE("an untrusted target on loopback is refused in any spelling, before a connection is opened") {
    ScriptedServer server(serve_ok);
    auto client = make_client();
    for (const std::string host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]",
                                   "[::ffff:127.0.0.1]", "[::]"}) {
        CAPTURE(host);
        auto request = get(cat("http://", host, ":", server.port(), "/"));
        request.untrusted_target = true;
        const auto ended = exchange(*client, request);
        CHECK(ended.status() == STIPEND_E_INVALID);
        CHECK(ended.message().find("target refused: it leads to ") != std::string::npos);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("an untrusted target does not use a connection that a trusted one opened") {
    ScriptedServer server(serve_ok);
    auto client = make_client();
    auto request = get(server.url());
    CHECK(exchange(*client, request).result.ok());
    request.untrusted_target = true;
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
}

TEST_CASE("an untrusted target cannot lead to a refused address by a redirect") {
    ScriptedServer inner(serve_ok);
    ScriptedServer outer(redirects_to(cat("http://localhost:", inner.port(), "/")));
    ClientOptions options;
    // The first hop must be allowed, and a test can listen on loopback only.
    options.ssrf_guard = [hops = 0](const char* address) mutable -> std::string_view {
        return ++hops <= 2 ? std::string_view() : ssrf_refusal(address);
    };
    auto client = make_client(options);
    auto request = get(outer.url());
    request.untrusted_target = true;
    request.max_redirects = 3;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_INVALID);
    CHECK(ended.message().find("target refused: it leads to a loopback address") != std::string::npos);
    CHECK(inner.connections() == 0);
}

TEST_CASE("a unix socket is reached, but not as an untrusted target") {
    const auto path = (std::filesystem::temp_directory_path() / cat("stipend-client-", ::getpid(), ".sock")).string();
    ScriptedServer server(serve_ok, path);
    auto client = make_client();
    auto request = get("http://docker/containers/json");
    request.unix_socket = path;
    const auto ended = exchange(*client, request);
    CHECK(ended.message() == "");
    CHECK(ended.response.body == "ok");
    CHECK(ended.response.peer == "unix:" + path);
    request.untrusted_target = true;
    CHECK(exchange(*client, request).status() == STIPEND_E_INVALID);
}

TEST_CASE("an error of a socket carries the system's reason") {
    auto request = get("http://docker/x");
    request.unix_socket = "/nowhere/docker.sock";
    CHECK(exchange(*make_client(), request).message() ==
          "GET http://docker:80 at unix:/nowhere/docker.sock: cannot connect: No such file or directory");
}

TEST_CASE("connect-only connects, sends nothing, and closes") {
    std::promise<std::string> seen;
    ScriptedServer server([&](Wire& wire, int) { seen.set_value(wire.read_until("\n")); });
    auto client = make_client();
    auto request = get(server.url());
    request.connect_only = true;
    const auto ended = exchange(*client, request);
    CHECK(ended.message() == "");
    CHECK(ended.response.phase == Phase::done);
    CHECK(ended.response.connect_ns > 0);
    CHECK(ended.response.status == 0);
    CHECK(ended.response.peer == cat("127.0.0.1:", server.port()));
    CHECK(seen.get_future().get().empty());
}

TEST_CASE("a closed port is UNAVAILABLE, in the phase of connecting") {
    std::uint16_t closed_port = 0;
    {
        const ScriptedServer server(serve_ok);
        closed_port = server.port();
    }
    for (const bool connect_only : {true, false}) {
        auto request = get(cat("http://127.0.0.1:", closed_port, "/"));
        request.connect_only = connect_only;
        const auto ended = exchange(*make_client(), request);
        CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
        CHECK(ended.message() == cat(connect_only ? "TCP to " : "GET http://", "127.0.0.1:", closed_port,
                                     ": cannot connect: Connection refused"));
        CHECK(ended.response.phase == Phase::connect);
        CHECK(ended.response.cause == Cause::refused);
        CHECK(ended.response.connect_ns == 0);
    }
}

TEST_CASE("a name that does not exist is UNAVAILABLE") {
    auto client = make_client();
    const auto ended = exchange(*client, get("http://sentinel.invalid:1/"));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.phase == Phase::resolve);
    CHECK(ended.response.cause == Cause::resolve);
}

TEST_CASE("a lookup that fails by a silent resolver is local, and one by the name itself is not") {
    ClientOptions options;
    bool control_answers = false;
    options.lookup = [&control_answers](const std::string& name) {
        if (name.ends_with(".example.")) return control_answers ? NameAnswer::none : NameAnswer::silent;
        return NameAnswer::silent;
    };
    const auto ended = exchange(*make_client(options), get("http://sentinel.invalid:1/"));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.phase == Phase::resolve);
    CHECK(ended.response.cause == Cause::local);
    control_answers = true;
    CHECK(exchange(*make_client(options), get("http://sentinel.invalid:1/")).response.cause == Cause::resolve);
}

TEST_CASE("a lookup that is checked ends by its timeout, by a cancel, and with the client") {
    std::promise<void> release;
    ClientOptions options;
    options.lookup = [gate = release.get_future().share()](const std::string&) {
        gate.wait();
        return NameAnswer::silent;
    };
    auto client = make_client(options);
    auto request = get("http://sentinel.invalid:1/");
    request.timeout_ms = 500;
    CHECK(exchange(*client, request).response.cause == Cause::local);  // no resolver has answered meanwhile
    Pending stopped;
    REQUIRE(client->send(get("http://sentinel.invalid:1/"), stopped.callbacks()).ok());
    client->stop();
    CHECK(!stopped.wait().result.ok());
    release.set_value();
}

// The undefined-behaviour sanitizer opens a pipe to look at an address, and reports errors of its own without one.
#ifdef __SANITIZE_ADDRESS__
constexpr bool can_lack_descriptors = false;
#else
constexpr bool can_lack_descriptors = true;
#endif

TEST_CASE("a connection for which the system has no descriptor is local" * doctest::skip(!can_lack_descriptors)) {
    ScriptedServer server([](Wire&, int) {});
    auto client = make_client();
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    // Below the descriptors that are open, so that one which is closed meanwhile cannot be used again.
    const rlimit low{3, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    const auto ended = exchange(*client, get(server.url()));
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(ended.message().ends_with("cannot connect: Too many open files"));
    CHECK(ended.response.cause == Cause::local);
}

TEST_CASE("an address without a route is the target's, on a machine that has a way out") {
    const auto ended = exchange(*make_client(), get("http://255.255.255.255:9/"));
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.response.phase == Phase::connect);
    // What the system itself says of an address that only a default route leads to.
    const Fd probe(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in anywhere{.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {}, .sin_zero = {}};
    REQUIRE(::inet_pton(AF_INET, "198.51.100.1", &anywhere.sin_addr) == 1);
    const bool has_way_out = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&anywhere), sizeof anywhere) == 0;
    CHECK(ended.response.cause == (has_way_out ? Cause::other : Cause::local));
}

TEST_CASE("a refusal by the own proxy is local") {
    std::uint16_t closed_port = 0;
    {
        ScriptedServer server([](Wire&, int) {});
        closed_port = server.port();
    }
    ClientOptions options;
    options.proxy = cat("http://127.0.0.1:", closed_port);
    const auto ended = exchange(*make_client(options), get("http://10.0.0.7/"));
    CHECK(ended.response.phase == Phase::connect);
    CHECK(ended.response.cause == Cause::local);
}

TEST_CASE("a malformed request is rejected at once") {
    for (const std::string url :
         {"", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "127.0.0.1", "http://a b/",
          "http://user:pw@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y"}) {
        CAPTURE(url);
        CHECK(refusal(get(url)) == STIPEND_E_INVALID);
    }
    for (const std::string headers :
         {"no colon\r\n", "Bad Name: x\r\n", "X: a\rb\r\n", ": x\r\n", "Content-Length: 3\r\n",
          "Transfer-Encoding: chunked\r\n", "X: ${secret:\r\n", "X: a\r\n folded\r\n"}) {
        CAPTURE(headers);
        auto request = get("http://127.0.0.1:1/");
        request.headers = headers;
        CHECK(refusal(request) == STIPEND_E_INVALID);
    }
    auto request = get("http://127.0.0.1:1/");
    request.timeout_ms = 0;
    CHECK(refusal(request) == STIPEND_E_INVALID);
    request = get("https://127.0.0.1:1/");
    request.tls = static_cast<TlsMode>(3);
    CHECK(refusal(request) == STIPEND_E_INVALID);
    request = get("http://127.0.0.1:1/");
    request.method = "GET / HTTP/1.1\r\nX:";
    CHECK(refusal(request) == STIPEND_E_INVALID);
    request = get("http://127.0.0.1:1/");
    request.headers = "X: " + std::string(70'000, 'a');
    CHECK(refusal(request) == STIPEND_E_LIMIT);
}

TEST_CASE("a secret is filled in before sending, and appears in no message") {
    std::promise<std::string> seen;
    ScriptedServer server([&](Wire& wire, int) {
        seen.set_value(wire.read_request());
        wire.reset();
    });
    ClientOptions options;
    options.secrets = [](std::string_view name) -> Result<std::string> { return cat("value-of-", name); };
    auto client = make_client(options);
    auto request = get(server.url());
    request.headers = "Authorization: Bearer ${secret:token}\r\n";
    const auto ended = exchange(*client, request);
    CHECK(find_header(seen.get_future().get(), "authorization") == "Bearer value-of-token");
    CHECK(!ended.result.ok());
    CHECK(ended.message().find("value-of") == std::string::npos);
}

TEST_CASE("a secret that is unknown, or would inject a line, ends the exchange before anything is sent") {
    ScriptedServer server(serve_ok);
    ClientOptions options;
    options.secrets = [](std::string_view name) -> Result<std::string> {
        if (name == "smuggler") return std::string("a\r\nX-Evil: 1");
        return fail(STIPEND_E_CONFIG, "secret ", name, ": not known");
    };
    auto client = make_client(options);
    auto request = get(server.url());
    request.headers = "A: ${secret:nobody}\r\n";
    const auto unknown = exchange(*client, request);
    CHECK(unknown.status() == STIPEND_E_CONFIG);
    CHECK(unknown.message() == cat("GET http://127.0.0.1:", server.port(), ": secret nobody: not known"));
    request.headers = "A: ${secret:smuggler}\r\n";
    const auto smuggler = exchange(*client, request);
    CHECK(smuggler.status() == STIPEND_E_CONFIG);
    CHECK(smuggler.message().find("X-Evil") == std::string::npos);
    CHECK(exchange(*make_client(), request).status() == STIPEND_E_CONFIG);
    CHECK(server.connections() == 0);
}

TEST_CASE("a request with a secret does not follow a redirect to another origin") {
    std::atomic<bool> leaked = false;
    ScriptedServer thief([&](Wire& wire, int) { leaked = !wire.read_request().empty(); });
    ScriptedServer server(redirects_to(thief.url()));
    ClientOptions options;
    options.secrets = [](std::string_view) -> Result<std::string> { return std::string("s"); };
    auto client = make_client(options);
    auto request = get(server.url());
    request.headers = "X-Key: ${secret:k}\r\n";
    request.max_redirects = 3;
    const auto ended = exchange(*client, request);
    CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
    CHECK(ended.message().find("redirect refused") != std::string::npos);
    CHECK(!leaked);
}

TEST_CASE("a request with a credential in its head does not follow a redirect to another origin") {
    std::atomic<bool> leaked = false;
    ScriptedServer thief([&](Wire& wire, int) { leaked = !wire.read_request().empty(); });
    ScriptedServer server(redirects_to(thief.url()));
    auto client = make_client();
    for (const auto* header : {"Authorization: Bearer s\r\n", "cookie: s=1\r\n", "X-Api-Key: s\r\n"}) {
        auto request = get(server.url());
        request.headers = header;
        request.max_redirects = 3;
        CHECK(exchange(*client, request).message().find("redirect refused") != std::string::npos);
    }
    CHECK(!leaked);
}

TEST_CASE("connections are kept and reused") {
    ScriptedServer server(serve_ok);
    auto client = make_client();
    for (int i = 0; i < 5; ++i) CHECK(exchange(*client, post(server.url(), "x")).result.ok());
    CHECK(server.connections() == 1);
}

namespace {

// A server whose first connection is reset on its second request; counts requests.
struct DyingServer {
    std::atomic<int> requests = 0;
    ScriptedServer server{[this](Wire& wire, int connection) {
        for (int i = 0; !wire.read_request().empty(); ++i) {
            ++requests;
            if (connection == 0 && i == 1) return wire.reset();
            wire.write(ok_answer);
        }
    }};
};

}  // namespace

TEST_CASE("a GET on a kept connection that is reset is sent once more") {
    DyingServer dying;
    auto client = make_client();
    CHECK(exchange(*client, get(dying.server.url())).result.ok());
    CHECK(exchange(*client, get(dying.server.url())).message() == "");
    CHECK(dying.requests == 3);
}

TEST_CASE("a POST on a kept connection that is reset is not sent again, unless it carries an idempotency key") {
    {
        DyingServer dying;
        auto client = make_client();
        CHECK(exchange(*client, post(dying.server.url(), "pay")).result.ok());
        const auto ended = exchange(*client, post(dying.server.url(), "pay"));
        CHECK(ended.status() == STIPEND_E_UNAVAILABLE);
        CHECK(ended.message().find("not sent again") != std::string::npos);
        CHECK(dying.requests == 2);
    }
    DyingServer dying;
    auto client = make_client();
    auto request = post(dying.server.url(), "pay");
    request.headers = "Idempotency-Key: 7\r\n";
    CHECK(exchange(*client, request).result.ok());
    CHECK(exchange(*client, request).message() == "");
    CHECK(dying.requests == 3);
}

TEST_CASE("a request is sent again once and not more often") {
    std::atomic<int> requests = 0;
    ScriptedServer server([&](Wire& wire, int) {
        for (int i = 0; !wire.read_request().empty(); ++i) {
            ++requests;
            if (i == 1 || requests > 2) return wire.reset();
            wire.write(ok_answer);
        }
    });
    auto client = make_client();
    CHECK(exchange(*client, get(server.url())).result.ok());
    CHECK(exchange(*client, get(server.url())).status() == STIPEND_E_UNAVAILABLE);
    CHECK(requests == 3);
}

TEST_CASE("the environment's proxy is ignored") {
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    ScriptedServer server(serve_ok);
    const auto ended = exchange(*make_client(), get(server.url()));
    ::unsetenv("http_proxy");
    CHECK(ended.message() == "");
}

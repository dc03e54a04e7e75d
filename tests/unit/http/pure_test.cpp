// The pure parts of host/http.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>
#include <vector>

#include "host/http/admission.hpp"
#include "host/http/failure.hpp"
#include "host/http/header_lines.hpp"
#include "host/http/mail.hpp"
#include "host/http/request_check.hpp"
#include "host/http/response.hpp"
#include "host/http/response_head.hpp"
#include "host/http/routes.hpp"
#include "host/http/ssrf_guard.hpp"
#include "stipend/headers.hpp"

using namespace stipend;
using namespace stipend::http;

TEST_CASE("header lines are split into names and trimmed values") {
    const auto fields = parse_header_lines("A: 1\r\nB:\t two \r\nC:");
    REQUIRE(fields.ok());
    REQUIRE(fields->size() == 3);
    CHECK((*fields)[1].name == "B");
    CHECK((*fields)[1].value == "two");
    CHECK((*fields)[2].value.empty());
}

TEST_CASE("the error of a bad header line gives its number and not its value") {
    const auto fields = parse_header_lines("A: 1\r\nB: secret\x01\r\n");
    REQUIRE(!fields.ok());
    CHECK(fields.error().message == "header line 2: header field B: its value holds a control character");
}

TEST_CASE("a header is found in any case, and only by its whole name") {
    CHECK(find_header("X-AB: 1\r\nx-a: 2\r\n", "X-A") == "2");
    CHECK(!find_header("X-AB: 1\r\n", "X-A"));
    CHECK(!find_header("", "X-A"));
}

TEST_CASE("an untrusted target may not lead to an internal address, in any spelling") {
    for (const auto* address : {"127.0.0.1",
                                "127.255.255.255",
                                "::1",
                                "::ffff:127.0.0.1",
                                "::127.0.0.1",
                                "64:ff9b::7f00:1",
                                "2002:7f00:1::",
                                "0.0.0.0",
                                "0.1.2.3",
                                "::",
                                "169.254.169.254",
                                "169.254.0.1",
                                "::ffff:169.254.169.254",
                                "fe80::1",
                                "febf::1",
                                "fec0::1",
                                "224.0.0.1",
                                "239.255.255.255",
                                "ff02::1",
                                "255.255.255.255",
                                "240.0.0.1",
                                "100.100.100.200",
                                "fd00:ec2::254",
                                "no address",
                                ""}) {
        CAPTURE(address);
        CHECK(!ssrf_refusal(address).empty());
    }
}

TEST_CASE("an untrusted target may lead to public and private addresses") {
    for (const auto* address :
         {"8.8.8.8", "172.23.0.7", "10.0.0.1", "192.168.1.1", "126.255.255.255", "128.0.0.1", "169.253.255.255",
          "223.255.255.255", "2001:db8::1", "fd00::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"}) {
        CAPTURE(address);
        CHECK(ssrf_refusal(address).empty());
    }
}

TEST_CASE("a registered endpoint may lead to public addresses only") {
    for (const auto* address : {"127.0.0.1",
                                "127.255.255.254",
                                "::1",
                                "0.0.0.0",
                                "::",
                                "10.0.0.1",
                                "10.255.255.255",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.168.0.1",
                                "100.64.0.1",
                                "100.127.255.255",
                                "169.254.169.254",
                                "169.254.1.1",
                                "100.100.100.200",
                                "224.0.0.1",
                                "255.255.255.255",
                                "192.0.0.1",
                                "192.0.2.1",
                                "198.18.0.1",
                                "198.51.100.1",
                                "203.0.113.1",
                                "fc00::1",
                                "fdff::1",
                                "fe80::1",
                                "fec0::1",
                                "ff02::1",
                                "::ffff:10.0.0.1",
                                "::10.0.0.1",
                                "64:ff9b::a00:1",
                                "64:ff9b:1::a00:1",
                                "2002:a00:1::",
                                "2001::1",
                                "2001:db8::1",
                                "100::1",
                                "::ffff:127.0.0.1",
                                "64:ff9b::7f00:1",
                                "fe80::1%eth0",
                                "no address",
                                ""}) {
        CAPTURE(address);
        CHECK(!public_refusal(address).empty());
    }
    for (const auto* address :
         {"8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
          "100.63.255.255", "100.128.0.0", "2600::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"}) {
        CAPTURE(address);
        CHECK(public_refusal(address).empty());
    }
}

TEST_CASE("what the configuration allows is not refused, in the family that it names") {
    const std::vector<IpRange> allowed{*IpRange::parse("10.1.0.0/16"), *IpRange::parse("fd00:1::/32"),
                                       *IpRange::parse("127.0.0.1")};
    for (const auto* address : {"10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5", "127.0.0.1"}) {
        CAPTURE(address);
        CHECK(public_refusal(address, allowed).empty());
    }
    for (const auto* address : {"10.2.0.1", "64:ff9b::a01:203", "fd00:2::5", "127.0.0.2", "::1"}) {
        CAPTURE(address);
        CHECK(!public_refusal(address, allowed).empty());
    }
}

TEST_CASE("an address in a URL is recognised in every spelling") {
    for (const auto* url : {"https://127.0.0.1:1",
                            "https://127.1",
                            "https://0x7f000001:1",
                            "https://0177.1",
                            "https://2130706433",
                            "https://017700000001",
                            "https://0177.0.0.1",
                            "https://127.0.0.1.:1",
                            "https://[::1]:1",
                            "https://[::]",
                            "https://[::ffff:127.0.0.1]",
                            "https://[::ffff:7f00:1]",
                            "https://[64:ff9b::7f00:1]",
                            "https://[fe80::1%1]",
                            "https://LOCALHOST:1",
                            "https://localhost.:1",
                            "https://a.localhost",
                            "http://0",
                            "http://10.0.0.1",
                            "http://0x0a000001",
                            "http://[fd00::1]",
                            "no URL",
                            "https://"}) {
        CAPTURE(url);
        CHECK(!url_refusal(url).empty());
    }
    for (const auto* url : {"https://orch.example:8935", "https://8.8.8.8", "https://134744072", "https://[2600::1]:1",
                            "https://notlocalhost", "https://127.0.0.1.example"}) {
        CAPTURE(url);
        CHECK(url_refusal(url).empty());
    }
    const std::vector<IpRange> loopback{*IpRange::parse("127.0.0.0/8")};
    CHECK(url_refusal("http://localhost:1", loopback).empty());
    CHECK(url_refusal("http://0x7f000001", loopback).empty());
}

TEST_CASE("an origin is scheme, host and port, without path and query") {
    CHECK(*origin_of("http://Example.COM/hook/secret?x=1") == "http://example.com:80");
    CHECK(*origin_of("https://10.0.0.1:9995/") == "https://10.0.0.1:9995");
    CHECK(*origin_of("http://[::1]:80/") == "http://[::1]:80");
    CHECK(!origin_of("http://a:b@c/").ok());
    CHECK(!origin_of("ws://c/").ok());
    CHECK(origin_of("http://a/" + std::string(10'000, 'x')).error().status == STIPEND_E_LIMIT);
}

TEST_CASE("the cache of origins returns what the function returns") {
    OriginMemo memo;
    std::vector<std::string> urls{"", "http://a:b@c/", "ws://c/", "http://a/" + std::string(10'000, 'x')};
    for (int i = 0; i < 500; ++i) urls.push_back("https://Host-" + std::to_string(i) + ":9995/process");
    for (int round = 0; round < 2; ++round) {
        for (const auto& url : urls) {
            CAPTURE(url);
            const auto asked = memo.origin_of(url);
            const auto again = memo.origin_of(url);
            const auto fresh = origin_of(url);
            REQUIRE(asked.ok() == fresh.ok());
            REQUIRE(again.ok() == fresh.ok());
            if (fresh.ok()) {
                CHECK(*asked == *fresh);
                CHECK(*again == *fresh);
            } else {
                CHECK(again.error().message == fresh.error().message);
            }
        }
    }
}

TEST_CASE("secrets are filled in once, and their values are not searched") {
    const auto filled =
        fill_secrets("a ${secret:one} b${secret:two}", [](std::string_view name) -> Result<std::string> {
            return name == "one" ? std::string("${secret:two}") : std::string("2");
        });
    REQUIRE(filled.ok());
    CHECK(*filled == "a ${secret:two} b2");
    CHECK(!find_secret("${secret:open").ok());
    CHECK(!find_secret("${secret:}").ok());
    CHECK(find_secret("${other}")->begin == std::string_view::npos);
}

TEST_CASE("a SHA-256 is read with and without colons, and any other text is rejected") {
    std::string plain;
    std::string spelled;
    for (int i = 0; i < 32; ++i) {
        plain += "aF";
        spelled += i == 0 ? "af" : ":AF";
    }
    REQUIRE(parse_sha256(plain).ok());
    CHECK(*parse_sha256(plain) == *parse_sha256(spelled));
    CHECK((*parse_sha256(plain))[31] == 0xaf);
    for (const auto& text : {std::string(), plain + "00", plain.substr(1), plain.substr(2), ":" + plain, plain + ":",
                             std::string(64, 'g')}) {
        CAPTURE(text);
        CHECK(!parse_sha256(text).ok());
    }
}

TEST_CASE("a response head is read line by line, and an interim one is discarded") {
    ResponseHead head(1000);
    for (const auto* line :
         {"HTTP/1.1 100 Continue\r\n", "X: 1\r\n", "\r\n", "HTTP/1.1 404 Not Found\r\n", "Y:  2 \r\n"}) {
        CHECK(!head.take(line));
        CHECK(!head.complete());
    }
    CHECK(!head.take("\r\n"));
    CHECK(head.complete());
    CHECK(head.status() == 404);
    CHECK(head.fields() == "y: 2\r\n");
}

namespace {

// The fields of a response with these lines, or why it is rejected.
std::string head_of(const std::vector<std::string>& lines) {
    ResponseHead head(10'000);
    REQUIRE(!head.take("HTTP/1.1 200 OK\r\n"));
    for (const auto& line : lines) {
        if (const auto error = head.take(line + "\r\n")) {
            CHECK(error->status == STIPEND_E_UNAVAILABLE);
            return error->message;
        }
    }
    CHECK(!head.take("\r\n"));
    return head.fields();
}

}  // namespace

TEST_CASE("a folded line continues the value before it") {
    CHECK(head_of({"X-Orchestrator-Url:", "  https://o:1 "}) == "x-orchestrator-url: https://o:1\r\n");
    CHECK(head_of({"A: 1", "\t 2", " ", " 3: x", "B: 4"}) == "a: 1 2 3: x\r\nb: 4\r\n");
    CHECK(head_of({" 2"}) == "malformed answer: a folded line before any header field");
    CHECK(head_of({"A: 1", " 2\x01"}) ==
          "malformed answer: header field a: its folded value holds a control character");
    for (const std::string name :
         {"content-length", "transfer-encoding", "content-encoding", "connection", "location"}) {
        CAPTURE(name);
        const std::string value = name == "content-length" ? "1" : name == "transfer-encoding" ? "chunked" : "";
        CHECK(head_of({name + ": " + value, " 2"}) ==
              "malformed answer: header field " + name + ": got it folded, want it in one line");
    }
}

TEST_CASE("a folded line never continues a field of an earlier response") {
    ResponseHead head(1000);
    for (const auto* line : {"HTTP/1.1 100 Continue\r\n", "X: 1\r\n", "\r\n", "HTTP/1.1 200 OK\r\n"}) {
        CHECK(!head.take(line));
    }
    CHECK(head.take(" 2\r\n"));
}

TEST_CASE("one Content-Length may come more than once, and two different ones may not") {
    CHECK(head_of({"Content-Length: 2", "content-length: 2"}) == "content-length: 2\r\ncontent-length: 2\r\n");
    CHECK(head_of({"Content-Length: 2, 02"}) == "content-length: 2, 02\r\n");
    CHECK(head_of({"Content-Length: 0", "Content-Length: 00"}).starts_with("content-length: 0\r\n"));
    CHECK(head_of({"Content-Length: 2", "Content-Length: 5"}) ==
          "malformed answer: two values of Content-Length: got \"2\" and \"5\"");
    CHECK(head_of({"Content-Length: 2, 5"}) == "malformed answer: two values of Content-Length: got \"2\" and \"5\"");
    CHECK(head_of({"Content-Length: 2,"}) == "malformed answer: Content-Length: got \"2,\", want a number");
    CHECK(head_of({"Content-Length:"}) == "malformed answer: Content-Length: got \"\", want a number");
    CHECK(head_of({"Content-Length: -2"}) == "malformed answer: Content-Length: got \"-2\", want a number");
    CHECK(head_of({"Content-Length: 2", "Transfer-Encoding: chunked"}) ==
          "malformed answer: both Content-Length and Transfer-Encoding");
    CHECK(head_of({"Transfer-Encoding: gzip, chunked"}) ==
          "malformed answer: Transfer-Encoding: got \"gzip, chunked\", want chunked");
}

TEST_CASE("a content coding that is not decoded is named") {
    CHECK(head_of({"Content-Encoding: GZIP"}) == "content-encoding: GZIP\r\n");
    CHECK(head_of({"Content-Encoding: identity"}) == "content-encoding: identity\r\n");
    CHECK(head_of({"Content-Encoding: br"}) ==
          "unreadable answer: Content-Encoding: got \"br\", want gzip, deflate or none");
    CHECK(head_of({"Content-Encoding: gzip, gzip"}).starts_with("unreadable answer: "));
}

TEST_CASE("heads of one exchange share one limit") {
    ResponseHead head(60);
    CHECK(!head.take("HTTP/1.1 302 Found\r\n"));
    CHECK(!head.take("\r\n"));
    head.expect_response();
    CHECK(!head.take("HTTP/1.1 302 Found\r\n"));
    const auto error = head.take("Location: /somewhere\r\n");
    REQUIRE(error);
    CHECK(error->status == STIPEND_E_LIMIT);
}

TEST_CASE("a status line is HTTP/1 and three digits") {
    for (const auto* line : {"HTTP/2 200\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2x0 OK\r\n",
                             "ICY 200 OK\r\n", "HTTP/1.1 099 X\r\n"}) {
        CAPTURE(line);
        CHECK(ResponseHead(100).take(line));
    }
}

TEST_CASE("a response may not set its length and connection, and 204 has no body") {
    CHECK(!check_response({.status = 200, .headers = "Connection: close\r\n"}).ok());
    CHECK(!check_response({.status = 200, .headers = "Date: yesterday\r\n"}).ok());
    CHECK(!check_response({.status = 600}).ok());
    CHECK(response_text({.status = 204, .body = "x"}, false, true, 784'111'777'000'000'000) ==
          "HTTP/1.1 204 No Content\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
    CHECK(response_text({.status = 200, .headers = "A: b", .body = "x"}, true, false, 1'709'208'000'999'999'999) ==
          "HTTP/1.1 200 OK\r\nA: b\r\ndate: Thu, 29 Feb 2024 12:00:00 GMT\r\ncontent-length: 1\r\n"
          "connection: close\r\n\r\n");
}

TEST_CASE("an exact route precedes a prefix, a longer one a shorter, and for HEAD a HEAD route a GET route") {
    RouteTable table;
    const auto add = [&table](std::uint64_t id, std::string method, std::string path, bool prefix) {
        return table.add(id, {.method = std::move(method),
                              .path = std::move(path),
                              .prefix = prefix,
                              .handler = [](ServerRequest&&, Responder) {}});
    };
    REQUIRE(add(1, "GET", "/a/", true).ok());
    REQUIRE(add(2, "GET", "/a/b/", true).ok());
    REQUIRE(add(3, "GET", "/a/b/", false).ok());
    REQUIRE(add(4, "HEAD", "/h", false).ok());
    REQUIRE(add(5, "GET", "/h", false).ok());
    CHECK(table.find("GET", "/a/x").route->path == "/a/");
    CHECK(table.find("GET", "/a/b/c").route->path == "/a/b/");
    CHECK(!table.find("GET", "/a/b/").route->prefix);
    CHECK(table.find("HEAD", "/h").route->method == "HEAD");
    CHECK(table.find("POST", "/h").allow == "GET, HEAD");
    CHECK(table.find("POST", "/none").allow.empty());
    CHECK(add(6, "GET", "/h", false).error().status == STIPEND_E_CONFLICT);
    table.remove(5);
    CHECK(!table.find("GET", "/h").route);
}

TEST_CASE("admission keeps both limits, and origins take turns") {
    Admission admission(3, 2);
    std::vector<Admission::Origin*> origins(7);
    for (std::uint64_t op = 1; op <= 4; ++op) origins[op] = admission.add(op, "a", 100);
    for (std::uint64_t op = 5; op <= 6; ++op) origins[op] = admission.add(op, "b", 50);
    CHECK(admission.next() == 1);
    CHECK(admission.next() == 5);
    CHECK(admission.next() == 2);
    CHECK(!admission.next());
    admission.release(origins[1]);
    CHECK(admission.next() == 6);
    CHECK(!admission.next());
    admission.release(origins[2]);
    CHECK(admission.next() == 3);
}

TEST_CASE("admission reports overdue operations and erases unused origins") {
    Admission admission(1, 1);
    auto* a = admission.add(1, "a", 500);
    auto* b = admission.add(2, "b", 100);
    CHECK(admission.next() == 1);
    CHECK(admission.nearest_deadline_ns() == 100);
    CHECK(!admission.overdue(99));
    CHECK(admission.overdue(100) == 2);
    CHECK(admission.withdraw(b, 2));
    CHECK(!admission.overdue(1000));
    CHECK(!admission.withdraw(a, 1));
    admission.release(a);
    CHECK(!admission.next());
    CHECK(admission.origins() == 0);
    CHECK(admission.active() == 0);
}

TEST_CASE("an operation waits for its own origin, or for all of them") {
    Admission admission(3, 2);
    auto* slow = admission.add(1, "slow", 100);
    admission.add(2, "slow", 100);
    admission.add(3, "slow", 100);
    CHECK(admission.next() == 1);
    CHECK_FALSE(admission.is_full(*slow));
    CHECK(admission.next() == 2);
    CHECK(admission.is_full(*slow));
    auto* other = admission.add(4, "other", 100);
    admission.add(5, "other", 100);
    CHECK(admission.next() == 4);
    CHECK(!admission.next());
    CHECK_FALSE(admission.is_full(*other));
}

TEST_CASE("a route is known without a packet") {
    const auto routed = [](const char* address) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(9);
        REQUIRE(::inet_pton(AF_INET, address, &v4.sin_addr) == 1);
        TriedAddress tried{{}, sizeof v4};
        std::memcpy(&tried.address, &v4, sizeof v4);
        return has_route(tried);
    };
    CHECK(routed("127.0.0.1"));
    CHECK_FALSE(routed("255.255.255.255"));  // refused to a socket that does not ask for broadcasts
}

TEST_CASE("a target without a route is to blame where this machine has a way out that it could have used") {
    const auto of_family = [](sa_family_t family) {
        TriedAddress out{{}, sizeof(sockaddr_storage)};
        out.address.ss_family = family;
        return out;
    };
    const auto v4 = of_family(AF_INET), v6 = of_family(AF_INET6);
    // Which families have a default route; the targets themselves have none.
    const auto machine = [&](bool has_v4, bool has_v6) {
        return [=](const TriedAddress& asked) {
            if (asked.length == sizeof(sockaddr_storage)) return false;
            return asked.address.ss_family == AF_INET ? has_v4 : has_v6;
        };
    };
    const std::vector<TriedAddress> only_v4{v4}, only_v6{v6}, both{v4, v6};
    for (const auto& target : {only_v4, only_v6, both}) {
        CHECK(unreachable_by_itself(target, machine(true, true)));
        CHECK(unreachable_by_itself(target, machine(true, false)));
        CHECK_FALSE(unreachable_by_itself(target, machine(false, false)));
    }
    CHECK_FALSE(unreachable_by_itself(only_v4, machine(false, true)));
    CHECK(unreachable_by_itself(only_v6, machine(false, true)));
    CHECK(unreachable_by_itself(both, machine(false, true)));
    // An address with a route of its own, on a machine without a way out: a network in one building.
    CHECK(unreachable_by_itself(only_v4,
                                [](const TriedAddress& asked) { return asked.length == sizeof(sockaddr_storage); }));
}

TEST_CASE("the cause of a failure, by what libcurl and the system say") {
    const auto refused_by = [](long os_error) { return Failure{.code = CURLE_COULDNT_CONNECT, .os_error = os_error}; };
    struct Row {
        const char* what;
        Failure failure;
        Cause cause;
    };
    const std::vector<Row> rows{
        {"nothing", {}, Cause::none},
        {"a name without an address", {.code = CURLE_COULDNT_RESOLVE_HOST}, Cause::resolve},
        {"no process listens", refused_by(ECONNREFUSED), Cause::refused},
        {"reset while connecting", refused_by(ECONNRESET), Cause::reset},
        {"no address answers", refused_by(ETIMEDOUT), Cause::other},
        {"an address without a scope", refused_by(EINVAL), Cause::other},
        {"no descriptor", refused_by(EMFILE), Cause::local},
        {"no descriptor in the whole system", refused_by(ENFILE), Cause::local},
        {"no memory", refused_by(ENOMEM), Cause::local},
        {"no buffers", refused_by(ENOBUFS), Cause::local},
        {"an interface that is down", refused_by(ENETDOWN), Cause::local},
        {"an own packet filter", refused_by(EPERM), Cause::local},
        {"no socket at all", {.code = CURLE_COULDNT_CONNECT, .no_socket = true}, Cause::local},
        {"an own certificate", {.code = CURLE_SSL_CERTPROBLEM, .phase = Phase::connect}, Cause::local},
        {"the own TLS store", {.code = CURLE_SSL_CACERT_BADFILE, .phase = Phase::connect}, Cause::local},
        {"no memory for TLS", {.code = CURLE_OUT_OF_MEMORY, .phase = Phase::tls}, Cause::local},
        {"the own proxy's name", {.code = CURLE_COULDNT_RESOLVE_PROXY}, Cause::local},
        {"the own proxy's name, in time",
         {.code = CURLE_OPERATION_TIMEDOUT, .proxy = Failure::Proxy::unreached},
         Cause::local},
        {"the own proxy",
         {.code = CURLE_COULDNT_CONNECT, .os_error = ECONNREFUSED, .proxy = Failure::Proxy::unreached},
         Cause::local},
        {"credentials for the own proxy",
         {.code = CURLE_RECV_ERROR, .phase = Phase::connect, .proxy = Failure::Proxy::refused},
         Cause::local},
        {"beyond the own proxy",
         {.code = CURLE_RECV_ERROR, .phase = Phase::connect, .proxy = Failure::Proxy::passed},
         Cause::reset},
        {"a certificate", {.code = CURLE_PEER_FAILED_VERIFICATION, .phase = Phase::tls}, Cause::certificate},
        {"an end in the handshake", {.code = CURLE_SSL_CONNECT_ERROR, .phase = Phase::tls}, Cause::reset},
        {"an end before the answer", {.code = CURLE_GOT_NOTHING, .phase = Phase::sent}, Cause::reset},
        {"an end in the answer", {.code = CURLE_PARTIAL_FILE, .phase = Phase::head}, Cause::reset},
        {"time", {.code = CURLE_OPERATION_TIMEDOUT, .phase = Phase::connect}, Cause::other},
        {"a line without end in the head", {.code = CURLE_OUT_OF_MEMORY, .phase = Phase::sent}, Cause::other},
        {"broken HTTP", {.code = CURLE_WEIRD_SERVER_REPLY, .phase = Phase::sent}, Cause::other},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        CHECK(cause_of(row.failure, [](const TriedAddress&) { return true; }) == row.cause);
    }
}

TEST_CASE("without a way there, a target is to blame where this machine has a way out, or a port for it") {
    const auto of_family = [](sa_family_t family) {
        TriedAddress out{{}, sizeof(sockaddr_storage)};
        out.address.ss_family = family;
        return out;
    };
    const std::vector<TriedAddress> only_v4{of_family(AF_INET)}, only_v6{of_family(AF_INET6)},
        both{of_family(AF_INET6), of_family(AF_INET)};
    // Which targets this machine can send a datagram to, and whether it has a way to the rest of the world, by IPv4.
    const auto machine = [](bool to_v4, bool to_v6, bool out) {
        return [=](const TriedAddress& asked) {
            const bool v4 = asked.address.ss_family == AF_INET;
            if (asked.length != sizeof(sockaddr_storage)) return out && v4;
            return v4 ? to_v4 : to_v6;
        };
    };
    const auto cause = [](long os_error, const std::vector<TriedAddress>& tried, const auto& routed) {
        return cause_of({.code = CURLE_COULDNT_CONNECT, .os_error = os_error, .tried = tried}, routed);
    };
    for (const long no_route : {ENETUNREACH, EHOSTUNREACH, EACCES}) {
        CAPTURE(no_route);
        CHECK(cause(no_route, only_v4, machine(false, false, false)) == Cause::local);
        CHECK(cause(no_route, only_v6, machine(false, false, true)) == Cause::other);
        CHECK(cause(no_route, only_v4, machine(false, false, true)) == Cause::other);
        CHECK(cause(no_route, only_v4, machine(true, false, false)) == Cause::other);  // a router's word, then
    }
    // IPv6 alone on a machine that has none, then the same beside an address that refuses.
    CHECK(cause(EADDRNOTAVAIL, only_v6, machine(true, false, true)) == Cause::other);
    CHECK(cause(EADDRNOTAVAIL, both, machine(true, false, true)) == Cause::other);
    // No port is left.
    CHECK(cause(EADDRNOTAVAIL, only_v4, machine(true, false, true)) == Cause::local);
    CHECK(cause(EADDRNOTAVAIL, both, machine(true, true, true)) == Cause::local);
    // No address of its own at all.
    CHECK(cause(EADDRNOTAVAIL, only_v6, machine(false, false, false)) == Cause::local);
}

TEST_CASE("the host of a URL is an address or a name") {
    for (const auto* host : {"127.0.0.1", "[::1]"}) CHECK(is_numeric_host(host));
    for (const auto* host : {"a", "127.0.0.1.example", "localhost", ""}) CHECK_FALSE(is_numeric_host(host));
}

TEST_CASE("an address of an e-mail holds nothing that ends a command") {
    for (const auto* good : {"a@b", "ops+stipend@mail.payer.example", "o'neil@x-y.example", "a@1.2.3.4"}) {
        CHECK(is_mail_address(good));
    }
    for (const auto* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b>", "<a@b>", "a@b\r\nRCPT TO:<c@d>", "a@b,c@d",
                            "a@-b", "a@.b", "a\"b@c", "\xc3\xa4@b"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_mail_address(bad));
    }
    CHECK(is_mail_address(std::string(248, 'a') + "@b.cde"));
    CHECK_FALSE(is_mail_address(std::string(249, 'a') + "@b.cde"));
}

TEST_CASE("an e-mail is refused before it is sent where it is malformed, or could be read on the way") {
    const auto checked = [](const std::string& url, const std::function<void(Mail&, HttpRequest&)>& change = {}) {
        auto mail = std::make_shared<Mail>(Mail{.from = "a@b", .to = {"c@d"}});
        HttpRequest request{.url = url, .body = "Subject: x\r\n\r\ntext\r\n"};
        if (change) change(*mail, request);
        request.mail = mail;
        const auto out = check_mail(request);
        return out ? *out : out.error().message;
    };
    const std::string tls = "smtps://mail.example:465";
    CHECK(checked(tls) == tls);
    CHECK(checked("smtp://mail.example") == "smtp://mail.example");
    for (const auto* bad : {"https://mail.example", "smtp://", "smtp://u:p@mail.example", "smtp://mail.example/x"}) {
        CHECK(checked(bad) == "mail: want a server as smtps://host:port or smtp://host:port");
    }
    const auto plain = [](Mail& mail, HttpRequest&) { mail.plain = true; };
    CHECK(checked("smtp://127.0.0.1:25", plain) == "smtp://127.0.0.1:25");
    CHECK(checked("smtp://[::1]:25", plain) == "smtp://[::1]:25");
    for (const auto* far : {"smtp://mail.example", "smtp://127.0.0.1.evil.example", "smtp://10.0.0.1"}) {
        CHECK(checked(far, plain).find("without TLS only to this machine") != std::string::npos);
    }
    CHECK(checked(tls, [](Mail& mail, HttpRequest&) { mail.to = {}; }) == "mail: got 0 recipients, want 1 to 20");
    CHECK(checked(tls, [](Mail& mail, HttpRequest&) { mail.to.assign(21, "c@d"); }) ==
          "mail: got 21 recipients, want 1 to 20");
    CHECK(checked(tls, [](Mail& mail, HttpRequest&) { mail.to = {"c@d>"}; }) ==
          "mail: got the recipient \"c@d>\", want name@host");
    CHECK(checked(tls, [](Mail& mail, HttpRequest&) { mail.user = "u"; }) ==
          "mail: want a user and a password, or none of them");
    CHECK(checked(tls, [](Mail& mail, HttpRequest&) { mail.user = "u", mail.password = "s3cret\n"; }) ==
          "mail: a user or a password holds a control character");
    // A lone CR or LF is where smuggled messages begin.
    const std::vector<std::string> bodies{"x", "x\n", "x\r\n.\n", "x\ry\r\n", "x\n\r\n", std::string("x\0\r\n", 4)};
    for (const auto& body : bodies) {
        CAPTURE(body);
        CHECK(checked(tls, [&](Mail&, HttpRequest& request) { request.body = body; }) ==
              "mail: a line of the message does not end with CR and LF");
    }
    CHECK(checked(tls, [](Mail&, HttpRequest& request) {
              request.body = std::string(max_mail_bytes, 'x') + "\r\n";
          }).find("want at most 1048576") != std::string::npos);
}

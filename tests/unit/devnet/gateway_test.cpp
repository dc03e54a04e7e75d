#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

constexpr std::string_view plain = "text/plain; charset=utf-8";

// The reply that must be there by now.
const Reply& now(const std::optional<Reply>& reply) {
    REQUIRE(reply.has_value());
    return *reply;
}

void check_error(const Reply& reply, int status, std::string_view body) {
    CHECK(reply.status == status);
    CHECK(reply.body == body);
    CHECK(reply.header("Content-Type") == plain);
    CHECK(reply.header("X-Content-Type-Options") == "nosniff");
}

std::string header_of(std::string_view json) {
    return encode_base64(json);
}

}  // namespace

TEST_CASE("every refusal of the gateway has its status and its text") {
    struct Case {
        std::string header;
        const char* body;
    };
    TestNet net;
    for (const auto& [header, body] : {
             Case{"not base64!", "Unable to parse job request, err=ErrorSegEncoding\n"},
             Case{"", "Unable to parse job request, err=unexpected end of JSON input\n"},
             Case{
                 header_of(R"({"request":"{}","parameters":"{}","capability":"agent-net"})"),
                 "Unable to parse job request, err=no timeout_seconds set with request, timeout_seconds is required\n"},
             Case{header_of(R"({"parameters":"{}","capability":"agent-net","timeout_seconds":5})"),
                  "Unable to unmarshal job request err=unexpected end of JSON input\n"},
             Case{header_of(R"({"request":"{}","capability":"agent-net","timeout_seconds":5})"),
                  "Unable to unmarshal job parameters err=unexpected end of JSON input\n"},
             Case{job_header("{}", "nosuch"), "No orchestrators found for capability nosuch\n"},
         }) {
        const std::string_view shown = body;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        check_error(now(net.send(job_request(header))), 400, body);
    }
}

TEST_CASE("the old era says 503 where no orchestrator is found, and does not look into the request") {
    TestNet net({.era = Era::v0_8_7});
    check_error(now(net.send(job_request(job_header("{}", "nosuch")))), 503,
                "No orchestrators found for capability nosuch\n");
    const auto header = header_of(R"({"parameters":"{}","capability":"agent-net","timeout_seconds":5})");
    CHECK(now(net.send(job_request(header))).status == 200);
}

TEST_CASE("only POST below /process/request/ is served") {
    TestNet net;
    check_error(now(net.send({.method = "GET", .path = "/process/request/x"})), 405, "Method not allowed\n");
    check_error(now(net.send({.method = "POST", .path = "/process/token"})), 404, "404 page not found\n");
    const auto& moved = now(net.send({.method = "POST", .path = "/process/request", .query = "a=b"}));
    CHECK(moved.status == 307);
    CHECK(moved.header("Location") == "/process/request/?a=b");
    CHECK(moved.body.empty());
}

TEST_CASE("a path with double slashes or dots is redirected to its clean form") {
    struct Case {
        const char* path;
        const char* clean;
    };
    TestNet net;
    for (const auto& [path, clean] :
         {Case{"//process/request/x", "/process/request/x"}, Case{"/process/request//x", "/process/request/x"},
          Case{"/process/request/a/../x", "/process/request/x"}, Case{"/process/request/./x/", "/process/request/x/"},
          Case{"/process/request/a/..", "/process/request/"}, Case{"/../..", "/"}}) {
        const std::string_view shown = path;
        CAPTURE(shown);
        const auto& moved = now(net.send({.method = "POST", .path = path}));
        CHECK(moved.status == 307);
        CHECK(moved.header("Location") == clean);
    }
    for (const auto* path : {"/process/request/x", "/process/request/x/", "/process/request/"}) {
        CHECK(now(net.send({.method = "POST", .path = path})).status == 400);
    }
    const auto got = net.ask(0, {.method = "GET", .path = "//process/token"});
    CHECK(got.body == "<a href=\"/process/token\">Temporary Redirect</a>.\n\n");
}

TEST_CASE("a timeout that is over before the job goes out fails at each orchestrator") {
    TestNet net;
    CHECK(now(net.send(pinned_job(0, -5))).body.empty());
    CHECK(net.free_slots(0) == 16);
}

TEST_CASE("a success carries three headers, and no Content-Type of the worker") {
    TestNet net;
    net.fault(2, R"({"kind":"uptime","percent":94.999})");
    const auto& reply = now(net.send(pinned_job(2)));
    CHECK(reply.status == 200);
    CHECK(reply.header("X-Orchestrator-Url") == "https://127.0.1.3:9995");
    CHECK(reply.header("Livepeer-Balance") == "0");
    CHECK(reply.header("Content-Type").empty());
    const auto body = parse_json(reply.body);
    REQUIRE(body.ok());
    CHECK(body->find("overall_uptime_percentage")->text() == "94.999");
    CHECK(body->find("services")->find("uptime_percentage")->text() == "94.999");
    CHECK(body->find("agent_id")->text() == "o1");
    CHECK(body->find("window_seconds")->text() == "60");
    CHECK(parse_json(reply.header("X-Metadata"))->find("uptime")->text() == "94.999");
}

TEST_CASE("X-Metadata and a missing type are sent as empty headers when the worker has none") {
    TestNet net;
    net.fault(0, R"({"kind":"body","text":"hello"})");
    const auto& reply = now(net.send(pinned_job(0)));
    CHECK(std::find(reply.headers.begin(), reply.headers.end(),
                    std::pair<std::string, std::string>("X-Metadata", "")) != reply.headers.end());
    CHECK(reply.body == "hello");
}

TEST_CASE("include and exclude are compared with the pool entry as strings, its slash included") {
    TestNet net({}, {.count = 4, .slash_every = 2});
    const auto served = [&](std::string_view parameters) {
        return std::string(now(net.send(job_request(job_header(parameters)))).header("X-Orchestrator-Url"));
    };
    CHECK(served(pinned_to("https://127.0.1.1:9995")) == "https://127.0.1.1:9995");
    CHECK(served(pinned_to("https://127.0.1.1:9995/")).empty());
    // The second entry keeps its slash, and the orchestrator announces itself without one.
    CHECK(served(pinned_to("https://127.0.1.2:9995")).empty());
    CHECK(served(pinned_to("https://127.0.1.2:9995/")) == "https://127.0.1.2:9995");
    CHECK(served(R"({"orchestrators":{"include":["https://127.0.1.2:9995","https://127.0.1.2:9995/"]}})") ==
          "https://127.0.1.2:9995");
    CHECK(served(pinned_to("HTTPS://127.0.1.1:9995")).empty());
    CHECK(served(pinned_to("https://sentinel.invalid:1")).empty());
}

TEST_CASE("exclude wins over include") {
    TestNet net;
    check_error(
        now(net.send(job_request(job_header(
            R"({"orchestrators":{"include":["https://127.0.1.1:9995"],"exclude":["https://127.0.1.1:9995"]}})")))),
        400, "No orchestrators found for capability agent-net\n");
    const auto others = R"({"orchestrators":{"exclude":["https://127.0.1.1:9995","https://127.0.1.2:9995"]}})";
    for (int i = 0; i < 20; ++i) {
        const auto& reply = now(net.send(job_request(job_header(others))));
        const auto url = reply.header("X-Orchestrator-Url");
        CHECK((url == "https://127.0.1.3:9995" || url == "https://127.0.1.4:9995"));
    }
}

TEST_CASE("an orchestrator that cannot be reached, known or served looks the same: none found") {
    for (const auto* fault : {R"("down")", R"("unknown")", R"("capability_lost")"}) {
        CAPTURE(fault);
        TestNet net;
        net.fault(1, fault);
        check_error(now(net.send(pinned_job(1))), 400, "No orchestrators found for capability agent-net\n");
        CHECK(now(net.send(pinned_job(0))).status == 200);
        net.fault(1, R"("none")");
        CHECK(!now(net.send(pinned_job(1))).body.empty());
    }
}

TEST_CASE("the gateway waits for a token, and 500 ms are too late") {
    TestNet net;
    net.fault(0, R"({"kind":"token_slow","delay":"499ms"})");
    CHECK(!net.send(pinned_job(0)));
    net.world.advance(498 * ns_per_ms);
    CHECK(!net.reply);
    net.world.advance(ns_per_ms);
    CHECK(now(net.reply).status == 200);
    for (const auto* fault : {R"({"kind":"token_slow","delay":"500ms"})", R"("blackhole")"}) {
        net.fault(0, R"("none")");
        net.fault(0, fault);
        CHECK(!net.send(pinned_job(0)));
        net.world.advance(500 * ns_per_ms);
        CHECK(now(net.reply).body == "No orchestrators found for capability agent-net\n");
    }
}

TEST_CASE("one silent orchestrator costs every job that is not pinned 500 ms") {
    TestNet net;
    net.fault(3, R"("blackhole")");
    CHECK(!net.send(job_request()));
    net.world.advance(499 * ns_per_ms);
    CHECK(!net.reply);
    net.world.advance(ns_per_ms);
    CHECK(now(net.reply).status == 200);
    CHECK(net.send(pinned_job(0)).has_value());
}

TEST_CASE("when every orchestrator failed the answer is an empty 200") {
    for (const auto* fault : {R"({"kind":"error","status":503,"text":"x"})", R"("empty200")", R"("worker_refused")",
                              R"("status401")", R"("worker_truncated")"}) {
        CAPTURE(fault);
        TestNet net;
        net.fault(0, fault);
        const auto& reply = now(net.send(pinned_job(0)));
        CHECK(reply.status == 200);
        CHECK(reply.body.empty());
        CHECK(reply.headers.empty());
    }
}

TEST_CASE("a server's error sends the job to the next orchestrator, a client's error ends it") {
    TestNet net({}, {.count = 2});
    net.fault(0, R"({"kind":"error","status":500})");
    for (int i = 0; i < 10; ++i) {
        CHECK(now(net.send(job_request())).header("X-Orchestrator-Url") == "https://127.0.1.2:9995");
    }
    net.fault(1, R"({"kind":"error","status":429,"text":"{\"err\":429}"})");
    const auto& reply = now(net.send(job_request()));
    check_error(reply, 429, "{\"err\":429}\n\n");
    CHECK(reply.header("X-Orchestrator-Url").empty());
}

TEST_CASE("a worker's 400 can carry a gateway's words, with one newline more") {
    TestNet net;
    net.fault(0, R"("gateway_text")");
    check_error(now(net.send(pinned_job(0))), 400, "No orchestrators found for capability agent-net\n\n");
}

TEST_CASE("a body that ends early is a 500 with X-Orchestrator-Url already set") {
    TestNet net;
    net.fault(0, R"("truncated")");
    const auto& reply = now(net.send(pinned_job(0)));
    check_error(reply, 500, "unexpected EOF\n");
    CHECK(reply.header("X-Orchestrator-Url") == "https://127.0.1.1:9995");
}

TEST_CASE("a broken token takes the client's connection with it") {
    TestNet net;
    net.fault(0, R"("reset")");
    CHECK(now(net.send(pinned_job(0))).shape == Reply::Shape::reset);
    net.fault(0, R"("closed")");
    CHECK(now(net.send(pinned_job(0))).shape == Reply::Shape::closed);
}

TEST_CASE("an orchestrator may announce another name, or another orchestrator, which then answers") {
    TestNet net;
    net.fault(1, R"({"kind":"uptime","percent":70})");
    net.fault(0, R"({"kind":"announce","address":"https://orch.example:8935"})");
    CHECK(now(net.send(pinned_job(0))).header("X-Orchestrator-Url") == "https://orch.example:8935");
    net.fault(0, R"({"kind":"another","orchestrator":1})");
    const auto& reply = now(net.send(pinned_job(0)));
    CHECK(reply.header("X-Orchestrator-Url") == "https://127.0.1.2:9995");
    CHECK(parse_json(reply.body)->find("overall_uptime_percentage")->text() == "70");
}

TEST_CASE("any JSON text can stand for the uptime, or none") {
    TestNet net;
    for (const auto* raw : {"150", "-5", "NaN", "\"95\"", "null"}) {
        net.fault(0, Json::object().set("kind", "uptime").set("raw", raw).dump());
        CHECK(now(net.send(pinned_job(0))).body.find(cat("\"overall_uptime_percentage\":", raw, ",")) !=
              std::string::npos);
    }
    net.fault(0, R"({"kind":"uptime","missing":true})");
    CHECK(now(net.send(pinned_job(0))).body.find("uptime") == std::string::npos);
}

TEST_CASE("an uptime may come with that of each service, until the next one") {
    TestNet net;
    const auto list = [&] {
        const auto body = parse_json(now(net.send(pinned_job(0))).body);
        REQUIRE(body.ok());
        const auto* found = body->find("service_list");
        return found == nullptr ? std::string() : found->dump();
    };
    CHECK(list().empty());
    net.fault(0, R"({"kind":"uptime","percent":70.1,"services":{"avatar":43.2,"voice":97}})");
    CHECK(list() == R"([{"name":"avatar","uptime_percentage":43.2},{"name":"voice","uptime_percentage":97}])");
    net.fault(0, R"("none")");
    CHECK_FALSE(list().empty());
    net.fault(0, R"({"kind":"uptime","percent":70})");
    CHECK(list().empty());
}

TEST_CASE("floods are described, not built") {
    TestNet net;
    net.fault(0, R"({"kind":"huge","bytes":100000000})");
    const auto huge = now(net.send(pinned_job(0)));
    REQUIRE(huge.flood.has_value());
    CHECK(huge.body.size() + huge.flood->bytes == 100'000'000);
    CHECK(huge.flood->finish);
    net.fault(0, R"({"kind":"endless","bytes":5000})");
    const auto endless = now(net.send(pinned_job(0)));
    CHECK(endless.flood->bytes == 5000);
    CHECK_FALSE(endless.flood->finish);
    net.fault(0, R"({"kind":"header_flood","bytes":5000})");
    CHECK(now(net.send(pinned_job(0))).flood->in_headers);
    net.fault(0, R"({"kind":"unfinished_stream","bytes":10})");
    const auto stream = now(net.send(pinned_job(0, 7)));
    CHECK(stream.header("Content-Type") == "text/event-stream");
    CHECK(stream.header("Livepeer-Balance").empty());
    CHECK(stream.flood->hold_ns == 17 * ns_per_s);
    CHECK(stream.body.find("[DONE]") == std::string::npos);
}

TEST_CASE("a job that is never answered ends at its time and five seconds; a stalled body never does") {
    TestNet net;
    net.fault(0, R"("hang")");
    CHECK(!net.send(pinned_job(0, 20)));
    net.world.advance(25 * ns_per_s - 1);
    CHECK(!net.reply);
    net.world.advance(1);
    CHECK(now(net.reply).body.empty());
    net.fault(0, R"("stall")");
    CHECK(now(net.send(pinned_job(0))).shape == Reply::Shape::silent);
}

TEST_CASE("the gateway itself can hang, fail, or call everything malformed") {
    TestNet net;
    const auto set = [&](std::string_view json) { net.gateway(json); };
    set(R"("hang")");
    CHECK(now(net.send(pinned_job(0))).shape == Reply::Shape::silent);
    set(R"({"kind":"error","status":502,"text":"bad day"})");
    check_error(now(net.send(pinned_job(0))), 502, "bad day\n");
    set(R"("malformed")");
    check_error(now(net.send(pinned_job(0))), 400, "Unable to parse job request, err=ErrorSegEncoding\n");
    set(R"("none")");
    CHECK(now(net.send(pinned_job(0))).status == 200);
}

TEST_CASE("a price is demanded for a minute, and the first payment of a short job is not enough") {
    TestNet net({.ticket_ev_wei = 1000});
    net.fault(0, R"({"kind":"price","wei":5000})");
    check_error(now(net.send(pinned_job(0, 30))), 400, "Insufficient balance for request\n\n");
    // The 150000 wei of the refused job stay credited; one second is charged.
    const auto& paid = now(net.send(pinned_job(0, 30)));
    CHECK(paid.status == 200);
    CHECK(paid.header("Livepeer-Balance") == "295000");
    net.fault(1, R"({"kind":"price","wei":5000})");
    CHECK(now(net.send(pinned_job(1, 60))).status == 200);
}

TEST_CASE("a fault with a chance strikes by the seed, and the same seed strikes the same jobs") {
    const auto run = [](std::uint64_t seed) {
        TestNet net({.seed = seed});
        net.fault(0, R"({"kind":"error","status":500,"chance":30})");
        std::string out;
        for (int i = 0; i < 200; ++i) out.push_back(now(net.send(pinned_job(0))).body.empty() ? 'x' : '.');
        return out;
    };
    const auto once = run(7);
    const auto struck = std::count(once.begin(), once.end(), 'x');
    CHECK(struck > 30);
    CHECK(struck < 90);
    CHECK(run(7) == once);
    CHECK(run(8) != once);
}

TEST_CASE("a flapping orchestrator is well and down in turns") {
    TestNet net;
    net.fault(0, R"({"kind":"flap","up":"10s","down":"5s"})");
    std::string seen;
    for (int second = 0; second < 30; ++second) {
        seen.push_back(now(net.send(pinned_job(0))).status == 200 ? 'u' : 'd');
        net.world.advance(ns_per_s);
    }
    CHECK(seen == "uuuuuuuuuuddddduuuuuuuuuuddddd");
}

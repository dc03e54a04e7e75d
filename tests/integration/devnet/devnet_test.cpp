// The devnet as its clients see it: real sockets, TLS, and every way in which an answer can fail to come.
#include "tests/devnet/devnet.hpp"

#include <curl/curl.h>
#include <doctest/doctest.h>

#include <future>
#include <mutex>

#include "helpers.hpp"
#include "http_client.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

std::unique_ptr<Devnet> started(Options options = {}) {
    options.population.count =
        std::max<std::uint32_t>(4, static_cast<std::uint32_t>(options.orchestrator_listen.size()));
    options.gateway = {"127.0.0.1", 0};
    options.controlled = true;
    auto devnet = Devnet::start(std::move(options));
    REQUIRE_MESSAGE(devnet.ok(), devnet.error().message);
    return std::move(*devnet);
}

std::string livepeer_header(std::string_view entry, std::string_view capability = "agent-net", int timeout_s = 20) {
    const auto parameters = cat(R"({"orchestrators":{"include":[")", entry, R"("]}})");
    return "Livepeer: " + encode_base64(Json::object()
                                            .set("request", "{}")
                                            .set("parameters", parameters)
                                            .set("capability", capability)
                                            .set("timeout_seconds", timeout_s)
                                            .dump());
}

Ask job(const Devnet& devnet, std::uint32_t number = 0) {
    return {.url = devnet.gateway_url() + "/process/request/agent-net",
            .headers = {livepeer_header(made_address(number, 9995)), "Content-Type: application/json"},
            .body = R"({"agent_id":"o1"})"};
}

void fault(const Devnet& devnet, std::uint32_t number, std::string_view json) {
    const auto done = fetch({.url = devnet.control_url() + "/fault",
                             .body = cat(R"({"orchestrator":)", number, R"(,"fault":)", json, "}")});
    REQUIRE_MESSAGE(done.status == 200, done.body);
}

void gateway_fault(const Devnet& devnet, std::string_view name) {
    const auto done = fetch({.url = devnet.control_url() + "/gateway", .body = cat(R"({"fault":")", name, "\"}")});
    REQUIRE_MESSAGE(done.status == 200, done.body);
}

// How many requests the gateway has seen.
std::string requests(Devnet& devnet) {
    return parse_json(devnet.network().state(0, 0))->find("gateway")->find("requests")->text();
}

// /state of one orchestrator
Json orchestrator_state(Devnet& devnet, std::uint32_t number) {
    return parse_json(devnet.network().state(number, 1))->find("orchestrators")->items().at(0);
}

std::int64_t load(Devnet& devnet, std::uint32_t number) {
    const auto state = orchestrator_state(devnet, number);
    return std::stoll(state.find("capabilities")->items().at(0).find("load")->text());
}

// A worker that is a program of its own, as far as the orchestrator can see.
class RealWorker {
  public:
    explicit RealWorker(const Reply& reply) : server_({}, 1) {
        const auto id = server_.listen({"127.0.0.1", 0}, [this, reply](Request request, const Respond& respond) {
            const std::lock_guard lock(mutex_);
            seen_ = std::move(request);
            respond(reply);
            return Abandon();
        });
        REQUIRE(id.ok());
        url_ = cat("http://127.0.0.1:", server_.port(*id));
        server_.start();
    }
    [[nodiscard]] const std::string& url() const { return url_; }
    [[nodiscard]] Request seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

  private:
    mutable std::mutex mutex_;
    Request seen_;
    std::string url_;
    Server server_;
};

struct WithOrchestrator {
    explicit WithOrchestrator(Settings settings = {}, Endpoint endpoint = {}) {
        Options options;
        options.settings = std::move(settings);
        options.orchestrator_listen = {std::move(endpoint)};
        options.population.bare_listeners = true;
        devnet = started(std::move(options));
        const auto addresses = devnet->network().addresses();
        address = addresses.substr(0, addresses.find(','));
    }
    Answer register_worker(const std::string& url, std::string_view more = "") {
        return fetch({.url = address + "/capability/register",
                      .headers = {"Authorization: orch-secret"},
                      .body = cat(R"({"name":"text","url":")", url, R"(","capacity":2)", more, "}")});
    }
    Answer run(int timeout_s = 20) {
        return fetch({.url = devnet->gateway_url() + "/process/request/reverse/it?q=1",
                      .headers = {livepeer_header(address, "text", timeout_s), "Content-Type: text/own"},
                      .body = "abc"});
    }
    std::unique_ptr<Devnet> devnet;
    std::string address;
};

}  // namespace

TEST_CASE("a job's answer arrives as plain text with the gateway's three headers") {
    const auto devnet = started();
    const auto answer = fetch(job(*devnet));
    CHECK(answer.error == CURLE_OK);
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == "text/plain; charset=utf-8");
    CHECK(answer.header("X-Orchestrator-Url") == "https://127.0.1.1:9995");
    CHECK(answer.header("Livepeer-Balance") == "0");
    CHECK(answer.headers.contains("X-Metadata"));
    CHECK(parse_json(answer.body)->find("overall_uptime_percentage")->text() == "100.0");
}

TEST_CASE("connections are kept alive, and pipelined requests are answered in order") {
    const auto devnet = started();
    const std::string first = "POST /process/request/x HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n";
    const std::string last = "GET /process/request/x HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n";
    const auto answers = raw_exchange(devnet->gateway_url(), first + last);
    CHECK(answers.find("unexpected end of JSON input") != std::string::npos);
    CHECK(answers.find("HTTP/1.1 405") > answers.find("HTTP/1.1 400"));
    CHECK(answers.find("Method not allowed") != std::string::npos);
}

TEST_CASE("the empty 200 has a length of 0 and no header of an orchestrator") {
    const auto devnet = started();
    fault(*devnet, 0, R"("empty200")");
    const auto answer = fetch(job(*devnet));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Length") == "0");
    CHECK(answer.header("X-Orchestrator-Url").empty());
    CHECK(answer.header("Content-Type").empty());
}

TEST_CASE("each way of not answering is seen as what it is") {
    struct Case {
        const char* fault;
        int error;
        int status;
    };
    const auto devnet = started();
    for (const auto& [json, error, status] : {
             Case{R"("reset")", CURLE_RECV_ERROR, 0},
             Case{R"("closed")", CURLE_GOT_NOTHING, 0},
             Case{R"("cut")", CURLE_PARTIAL_FILE, 200},
             Case{R"("truncated")", CURLE_OK, 500},
             Case{R"("stall")", CURLE_OPERATION_TIMEDOUT, 0},
             Case{R"({"kind":"slow","delay":"10s"})", CURLE_OPERATION_TIMEDOUT, 0},
             Case{R"({"kind":"error","status":418,"text":"tea"})", CURLE_OK, 418},
             Case{R"({"kind":"endless","bytes":100000})", CURLE_PARTIAL_FILE, 200},
             Case{R"({"kind":"unfinished_stream","bytes":100000})", CURLE_OPERATION_TIMEDOUT, 200},
         }) {
        const std::string_view shown = json;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        fault(*devnet, 1, R"("none")");
        fault(*devnet, 1, json);
        auto ask = job(*devnet, 1);
        ask.timeout_ms = 400;
        const auto answer = fetch(ask);
        CHECK(answer.error == error);
        CHECK(answer.status == status);
    }
}

TEST_CASE("a client's own bound ends an endless body and an endless head") {
    const auto devnet = started();
    for (const auto* json : {R"("endless")", R"("header_flood")"}) {
        CAPTURE(json);
        fault(*devnet, 0, json);
        auto ask = job(*devnet);
        ask.max_bytes = 200'000;
        const auto answer = fetch(ask);
        CHECK(answer.error != CURLE_OK);
        CHECK(answer.error != CURLE_OPERATION_TIMEDOUT);
    }
    CHECK(fetch(job(*devnet, 1)).status == 200);
}

TEST_CASE("a huge body is valid JSON of exactly the size asked for") {
    const auto devnet = started();
    fault(*devnet, 0, R"({"kind":"huge","bytes":5000001})");
    const auto answer = fetch(job(*devnet));
    CHECK(answer.error == CURLE_OK);
    CHECK(answer.body.size() == 5'000'001);
    CHECK(parse_json(answer.body, {.bytes = 6'000'000}).ok());
}

TEST_CASE("a gateway that is down refuses connections and drops those it had; it comes back on its port") {
    for (const unsigned threads : {1U, 2U}) {
        CAPTURE(threads);
        const auto devnet = started({.threads = threads});
        auto kept = std::async(std::launch::async, [&] {
            return raw_exchange(devnet->gateway_url(),
                                "POST /process/request/x HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n");
        });
        REQUIRE(eventually([&] { return requests(*devnet) == "1"; }));
        gateway_fault(*devnet, "down");
        CHECK(kept.get().find("400") != std::string::npos);
        CHECK(fetch(job(*devnet)).error == CURLE_COULDNT_CONNECT);
        gateway_fault(*devnet, "none");
        CHECK(fetch(job(*devnet)).status == 200);
    }
}

TEST_CASE("a gateway that hangs takes the request and says nothing") {
    const auto devnet = started();
    gateway_fault(*devnet, "hang");
    auto ask = job(*devnet);
    ask.timeout_ms = 200;
    CHECK(fetch(ask).error == CURLE_OPERATION_TIMEDOUT);
}

TEST_CASE("a scenario's changes happen at their times") {
    Options options;
    options.timeline = parse_scenario("timeline: [{for: 300ms, orchestrator: 0, fault: down}]", "s", 4)->timeline;
    const auto devnet = started(std::move(options));
    CHECK(fetch(job(*devnet)).status == 400);
    CHECK(eventually([&] { return fetch(job(*devnet)).status == 200; }));
}

TEST_CASE("a client that hangs up in the middle of a job takes a slot with it") {
    const auto devnet = started();
    fault(*devnet, 0, R"({"kind":"slow","delay":"300ms"})");
    const auto ask = job(*devnet);
    send_and_leave(devnet->gateway_url(),
                   cat("POST /process/request/agent-net HTTP/1.1\r\nHost: d\r\n", ask.headers.at(0),
                       "\r\nContent-Length: 2\r\n\r\n{}"),
                   std::chrono::milliseconds(100));
    REQUIRE(eventually([&] {
        const auto state = orchestrator_state(*devnet, 0);
        return state.find("jobs")->text() == "1" && state.find("in_flight")->text() == "0";
    }));
    CHECK(load(*devnet, 0) == 1);
}

TEST_CASE("headers and bodies beyond the limits are refused as Go refuses them") {
    Options options;
    options.limits.header_bytes = 4096;
    options.limits.body_bytes = 1000;
    const auto devnet = started(std::move(options));
    auto ask = job(*devnet);
    ask.body = std::string(1001, ' ');
    CHECK(fetch(ask).status == 413);
    ask = job(*devnet);
    ask.headers.push_back("X-Long: " + std::string(5000, 'x'));
    CHECK(fetch(ask).status == 431);
    CHECK(raw_exchange(devnet->gateway_url(), "nonsense\r\n\r\n").find("400 Bad Request") != std::string::npos);
}

TEST_CASE("a connection beyond the bound is closed at once") {
    Options options;
    options.limits.connections = 1;
    const auto devnet = started(std::move(options));
    const auto url = devnet->gateway_url();
    const std::string_view ask = "GET /x HTTP/1.0\r\n\r\n";
    auto first = std::async(std::launch::async, [&] {
        send_and_leave(url, "POST /process/request/x HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
                       std::chrono::milliseconds(500));
    });
    REQUIRE(eventually([&] { return requests(*devnet) == "1"; }));
    CHECK(raw_exchange(url, ask).empty());
    first.get();
    CHECK(eventually([&] { return !raw_exchange(url, ask).empty(); }));
}

TEST_CASE("a connection that sends nothing more is closed after the idle limit") {
    Options options;
    options.limits.idle_ms = 50;
    const auto devnet = started(std::move(options));
    CHECK(raw_exchange(devnet->gateway_url(), "POST /pro").empty());
}

TEST_CASE("a client that waits for 100 Continue gets it") {
    Options options;
    options.limits.idle_ms = 200;
    const auto devnet = started(std::move(options));
    CHECK(raw_exchange(devnet->gateway_url(),
                       "POST /x HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") ==
          "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_CASE("only loopback addresses are served") {
    CHECK(parse_endpoint("127.0.0.1:80")->port == 80);
    CHECK(parse_endpoint("80")->host == "127.0.0.1");
    for (const auto* text : {"0.0.0.0:80", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:99999", "localhost:80", ""}) {
        CAPTURE(text);
        CHECK(!parse_endpoint(text).ok());
    }
    CHECK(parse_endpoint("10.0.0.1:80", Reach::anybody)->host == "10.0.0.1");
    CHECK(!parse_endpoint("localhost:80", Reach::anybody).ok());
}

TEST_CASE("a port that is taken is named") {
    const auto devnet = started();
    const auto url = devnet->gateway_url();
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    const auto second = Devnet::start({.gateway = {"127.0.0.1", port}});
    REQUIRE(!second.ok());
    CHECK(second.error().message == cat("listen: 127.0.0.1:", port, ": Address already in use"));
}

TEST_CASE("an orchestrator serves its routes over TLS, or plainly where its listener is plain") {
    const WithOrchestrator over_tls;
    const WithOrchestrator plain({}, {.plain = true});
    CHECK(plain.address.substr(0, 7) == "http://");
    for (const auto* net : {&over_tls, &plain}) {
        const auto& base = net->address;
        CAPTURE(base);
        const auto token = fetch({.url = base + "/process/token",
                                  .method = "GET",
                                  .headers = {"Livepeer-Capability: text",
                                              "Livepeer-Eth-Address: " + EthKey::from_seed("poor").credential()}});
        CHECK(token.status == 200);
        CHECK(token.header("Content-Type") == "application/json");
        CHECK(parse_json(token.body)->find("service_addr")->text() == base);
    }
    auto wrong = over_tls.address;
    wrong.replace(0, 5, "http");
    CHECK(raw_exchange(wrong, "GET /healthz HTTP/1.1\r\nHost: d\r\n\r\n") ==
          "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

TEST_CASE("a real worker registers, gets the job, and its answer comes back through the gateway") {
    Reply reply = typed_reply(201, "application/json", R"({"reversed":"cba"})");
    reply.headers.emplace_back("X-Metadata", "m");
    RealWorker worker(reply);
    WithOrchestrator net;
    CHECK(net.run().status == 400);
    CHECK(net.register_worker(worker.url(), R"(,"token":"wtok")").body == "ok");
    const auto answer = net.run();
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"reversed":"cba"})");
    CHECK(answer.header("X-Metadata") == "m");
    CHECK(answer.header("X-Orchestrator-Url") == net.address);
    CHECK(answer.header("Content-Type") == "text/plain; charset=utf-8");
    const auto seen = worker.seen();
    CHECK(seen.method == "POST");
    CHECK(seen.path == "/reverse/it");
    CHECK(seen.query.empty());
    CHECK(seen.authorization == "Bearer wtok");
    CHECK(seen.content_type == "text/own");
    CHECK(seen.livepeer.empty());
    CHECK(seen.body == "abc");
}

TEST_CASE("a real worker that is gone loses its capability; the orchestrator's text names its URL") {
    RealWorker worker(typed_reply(200, "text/plain", "x"));
    WithOrchestrator net;
    REQUIRE(net.register_worker("http://127.0.0.1:1").body == "ok");
    const auto direct = fetch({.url = net.address + "/process/request/echo", .headers = {signed_header("text")}});
    CHECK(direct.status == 500);
    CHECK(
        direct.body ==
        "job not able to be processed, removing capability err=Post \"http://127.0.0.1:1/echo\": dial tcp 127.0.0.1:1: "
        "connect: connection refused\n");
    CHECK(net.run().body == "No orchestrators found for capability text\n");
    REQUIRE(net.register_worker("http://127.0.0.1:1").body == "ok");
    const auto answer = net.run();
    CHECK(answer.status == 200);
    CHECK(answer.body.empty());
}

TEST_CASE("a real worker's 4xx gains a newline at each hop, its 401 loses the capability") {
    WithOrchestrator net;
    RealWorker busy(typed_reply(429, "application/json", R"({"err":429})"));
    REQUIRE(net.register_worker(busy.url()).body == "ok");
    CHECK(net.run().status == 429);
    CHECK(net.run().body == "{\"err\":429}\n\n");
    RealWorker strict(typed_reply(401, "text/plain", "no"));
    REQUIRE(net.register_worker(strict.url()).body == "ok");
    CHECK(net.run().body.empty());
    CHECK(net.run().body == "No orchestrators found for capability text\n");
}

TEST_CASE("a real worker that is too slow costs a slot; one that cuts its body costs nothing") {
    WithOrchestrator net;
    RealWorker silent(shaped(Reply::Shape::silent));
    REQUIRE(net.register_worker(silent.url()).body == "ok");
    CHECK(net.run(1).body.empty());
    CHECK(load(*net.devnet, 0) == 1);
    auto half = typed_reply(200, "text/plain", std::string(100, 'x'));
    half.shape = Reply::Shape::cut;
    RealWorker cutting(half);
    REQUIRE(net.register_worker(cutting.url()).body == "ok");
    CHECK(net.run().body.empty());
    CHECK(load(*net.devnet, 0) == 0);
}

TEST_CASE("an unknown currency drops the worker's connection without a reply") {
    WithOrchestrator net;
    const auto answer = net.register_worker("http://127.0.0.1:1", R"(,"currency":"doge")");
    CHECK(answer.status == 0);
    CHECK(answer.error != CURLE_OK);
}

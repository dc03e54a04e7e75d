// Faults as they show on the wire: to the gateway's client, and at the orchestrator's own route.
#include <curl/curl.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "helpers.hpp"
#include "http_client.hpp"
#include "stipend/json_parse.hpp"
#include "tests/devnet/devnet.hpp"

using namespace stipend;
using namespace stipend::devnet;

namespace {

constexpr std::string_view none_found = "No orchestrators found for capability agent-net\n";

// {"gz":1}, compressed.
constexpr std::string_view compressed(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x4a\xaf\x52\xb2\x32\xac\x05\x00\x56\xb0\x87\xa1\x08\x00\x00\x00",
    28);

// One orchestrator with its scripted worker and a listener of its own.
struct OneOrchestrator {
    OneOrchestrator() {
        Options options;
        options.population.count = 1;
        options.gateway = {"127.0.0.1", 0};
        options.controlled = true;
        options.orchestrator_listen = {{"127.0.0.1", 0}};
        auto started = Devnet::start(std::move(options));
        REQUIRE_MESSAGE(started.ok(), started.error().message);
        devnet = std::move(*started);
        address = devnet->network().addresses();
    }
    void fault(std::string_view json) const {
        const auto done =
            fetch({.url = devnet->control_url() + "/fault", .body = cat(R"({"orchestrator":0,"fault":)", json, "}")});
        REQUIRE_MESSAGE(done.status == 200, done.body);
    }
    [[nodiscard]] Answer job(std::size_t max_bytes = 1 << 30) const {
        return fetch({.url = devnet->gateway_url() + "/process/request/agent-net",
                      .headers = {signed_header("agent-net")},
                      .body = R"({"agent_id":"o1"})",
                      .max_bytes = max_bytes});
    }
    [[nodiscard]] Answer direct(int timeout_s = 5) const {
        return fetch({.url = address + "/process/request/agent-net",
                      .headers = {signed_header("agent-net", timeout_s)},
                      .body = R"({"agent_id":"o1"})"});
    }
    [[nodiscard]] Answer token() const {
        return fetch({.url = address + "/process/token",
                      .method = "GET",
                      .headers = {"Livepeer-Capability: agent-net",
                                  "Livepeer-Eth-Address: " + EthKey::from_seed("poor").credential()}});
    }
    void register_worker(const std::string& url) const {
        REQUIRE(fetch({.url = address + "/capability/register",
                       .headers = {"Authorization: orch-secret"},
                       .body = cat(R"({"name":"agent-net","url":")", url, R"(","capacity":16})")})
                    .body == "ok");
    }

    std::unique_ptr<Devnet> devnet;
    std::string address;
};

// A worker with one answer.
class Worker {
  public:
    explicit Worker(const Reply& reply) : server_({}, 1) {
        const auto id = server_.listen({"127.0.0.1", 0}, [this, reply](const Request& request, const Respond& respond) {
            (request.method == "POST" ? posts : gets)++;
            respond(reply);
            return Abandon();
        });
        REQUIRE(id.ok());
        url_ = cat("http://127.0.0.1:", server_.port(*id));
        server_.start();
    }
    [[nodiscard]] const std::string& url() const { return url_; }
    std::atomic<int> posts = 0;
    std::atomic<int> gets = 0;

  private:
    std::string url_;
    Server server_;
};

Reply compressed_reply(std::string body) {
    auto reply = typed_reply(200, "application/json", std::move(body));
    reply.headers.emplace_back("Content-Encoding", "gzip");
    return reply;
}

bool eligible(const Answer& answer) {
    const auto json = parse_json(answer.body);
    return answer.status == 200 && json.ok() && json->find("status")->text() == "success";
}

}  // namespace

TEST_CASE("held slots: none found at the gateway, no capacity in a token, and a registration frees them") {
    const OneOrchestrator net;
    CHECK(eligible(net.job()));
    net.fault(R"({"kind":"hold_slots","slots":16})");
    CHECK(net.job().body == none_found);
    CHECK(net.token().body.find("available_capacity") == std::string::npos);
    CHECK(eligible(net.direct()));
    const Worker worker(typed_reply(200, "text/plain", "again"));
    net.register_worker(worker.url());
    CHECK(net.job().body == "again");
    CHECK(parse_json(net.token().body)->find("available_capacity")->text() == "16");
}

TEST_CASE("a cold connection: the first job finds none, the second is served; the own route is as near as ever") {
    const OneOrchestrator net;
    net.fault(R"("cold_connection")");
    CHECK(net.direct().status == 200);
    const auto first = net.job();
    CHECK(first.status == 400);
    CHECK(first.body == none_found);
    CHECK(eligible(net.job()));
    CHECK(eligible(net.job()));
}

TEST_CASE("a compressed answer is decoded by the orchestrator, a broken one is its error") {
    const OneOrchestrator net;
    net.fault(R"("gzip")");
    CHECK(eligible(net.job()));
    CHECK(eligible(net.direct()));
    net.fault(R"({"kind":"gzip","broken":true})");
    CHECK(net.direct().body == "gzip: invalid header\n");
    CHECK(net.direct().status == 500);
    CHECK(net.job().status == 200);
    CHECK(net.job().body.empty());

    const Worker worker(compressed_reply(std::string(compressed)));
    net.register_worker(worker.url());
    for (const auto& answer : {net.job(), net.direct()}) {
        CHECK(answer.status == 200);
        CHECK(answer.body == R"({"gz":1})");
        CHECK(answer.header("Content-Encoding").empty());
    }
    const Worker liar(compressed_reply("not compressed"));
    net.register_worker(liar.url());
    CHECK(net.direct().body == "gzip: invalid header\n");
    CHECK(net.job().body.empty());
}

TEST_CASE("endless redirects: 500 at the own route, the empty 200 at the gateway, and no capability any more") {
    const OneOrchestrator net;
    Reply redirect;
    redirect.status = 302;
    redirect.headers = {{"Location", "/again"}};
    const Worker worker(redirect);
    const auto lose = [&](bool real) {
        if (real) {
            net.register_worker(worker.url());
        } else {
            net.fault(R"("none")");
            net.fault(R"("redirect_loop")");
        }
    };
    for (const bool real : {false, true}) {
        CAPTURE(real);
        lose(real);
        const auto direct = net.direct();
        CHECK(direct.status == 500);
        CHECK(direct.body == cat("job not able to be processed, removing capability err=Post \"",
                                 real ? "/again" : "/redirect", "\": stopped after 10 redirects\n"));
        CHECK(net.job().body == none_found);
        lose(real);
        const auto empty = net.job();
        CHECK(empty.status == 200);
        CHECK(empty.body.empty());
        CHECK(net.job().body == none_found);
    }
    // Two jobs of ten requests each, of which the redirects are GETs.
    CHECK(worker.posts == 2);
    CHECK(worker.gets == 18);
}

TEST_CASE("a stream flood is more than a megabyte of empty lines, and ends in order when the job's time is over") {
    const OneOrchestrator net;
    net.fault(R"("stream_flood")");
    const auto blank = [](const Answer& answer) {
        const auto rest = answer.body.substr(std::min(answer.body.size(), answer.body.find("\n\n")));
        CHECK(answer.header("Content-Type") == "text/event-stream");
        CHECK(rest.size() > 1'000'000);
        CHECK(rest.find_first_not_of('\n') == std::string::npos);
    };
    const auto started = std::chrono::steady_clock::now();
    const auto direct = net.direct(1);
    CHECK(direct.error == CURLE_OK);
    CHECK(std::chrono::steady_clock::now() - started >= std::chrono::seconds(1));
    blank(direct);
    // The whole of the gateway's takes ten seconds more; its client stops reading here.
    const auto client = net.job(1'500'000);
    CHECK(client.error == CURLE_WRITE_ERROR);
    CHECK(client.header("X-Orchestrator-Url") == net.address);
    blank(client);
    CHECK(parse_json(net.token().body)->find("available_capacity")->text() == "16");
}

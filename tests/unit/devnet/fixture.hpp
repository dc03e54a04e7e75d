// A devnet without sockets, under a clock that the test moves.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "tests/devnet/network.hpp"
#include "tests/devnet/scenario.hpp"

namespace stipend::devnet {

class ManualWorld final : public World {
  public:
    std::int64_t unix_ns() override { return 1'755'530'763 * ns_per_s + now_ns_; }
    std::int64_t mono_ns() override { return now_ns_; }
    void after(std::int64_t delay_ns, std::function<void()> then) override {
        timers_.emplace(now_ns_ + delay_ns, std::move(then));
    }
    void call_worker(WorkerCall call, std::function<void(WorkerResult)> done) override {
        last_call = std::move(call);
        worker_done = std::move(done);
    }
    // Runs what is due until then, in order.
    void advance(std::int64_t by_ns) {
        const auto until_ns = now_ns_ + by_ns;
        while (!timers_.empty() && timers_.begin()->first <= until_ns) {
            auto node = timers_.extract(timers_.begin());
            now_ns_ = node.key();
            node.mapped()();
        }
        now_ns_ = until_ns;
    }
    void renew_certificate(std::uint32_t orchestrator) override { renewed.push_back(orchestrator); }
    void restart_listener(std::uint32_t orchestrator, std::int64_t down_ns) override {
        restarted.emplace_back(orchestrator, down_ns);
    }
    std::vector<std::uint32_t> renewed;
    std::vector<std::pair<std::uint32_t, std::int64_t>> restarted;
    // The call to a worker that is a program of its own, and the way to answer it.
    WorkerCall last_call;
    std::function<void(WorkerResult)> worker_done;

  private:
    std::int64_t now_ns_ = 0;
    std::multimap<std::int64_t, std::function<void()>> timers_;
};

struct TestNet {
    explicit TestNet(Settings settings = {}, const Population& population = {.count = 4})
        : network(world, std::move(settings), population) {}

    // Sends to the gateway; the reply is there at once unless something takes time.
    std::optional<Reply>& send(Request request) {
        reply.reset();
        ticket = network.gateway_request(std::move(request), [this](Reply got) { reply = std::move(got); });
        return reply;
    }
    // Sends to an orchestrator's own routes.
    Reply ask(std::uint32_t number, const Request& request) {
        std::optional<Reply> got;
        network.orchestrator_request(number, request, [&got](Reply answer) { got = std::move(answer); });
        return got.value_or(shaped(Reply::Shape::silent));
    }
    void fault(std::uint32_t number, std::string_view json) {
        const auto change = parse_fault(*parse_json(json));
        STIPEND_ASSERT(change.ok());
        STIPEND_ASSERT(network.apply({number, number}, *change).ok());
    }
    void gateway(std::string_view json) {
        const auto change = parse_gateway_fault(*parse_json(json));
        STIPEND_ASSERT(change.ok());
        network.apply_gateway(*change);
    }
    // capacity less load of the first capability of an orchestrator, as /state shows them
    std::int64_t free_slots(std::uint32_t number) {
        const auto state = *parse_json(network.state(number, 1));
        const auto& capabilities = state.find("orchestrators")->items().at(0).find("capabilities")->items();
        if (capabilities.empty()) return 0;
        const auto at = [&](std::string_view key) { return std::stoll(capabilities.at(0).find(key)->text()); };
        return at("capacity") - at("load");
    }

    ManualWorld world;
    Network network;
    std::optional<Reply> reply;
    Ticket ticket;
};

// An account without a reserve.
inline const EthKey& poor_key() {
    static const auto key = EthKey::from_seed("poor");
    return key;
}

// Signed, so that an orchestrator takes it too; the gateway looks at neither sender nor signature.
inline std::string job_header(std::string_view parameters = "{}", std::string_view capability = "agent-net",
                              std::int64_t timeout_s = 20, const EthKey& key = poor_key(),
                              std::string_view request = "{}") {
    return encode_base64(Json::object()
                             .set("request", request)
                             .set("parameters", parameters)
                             .set("capability", capability)
                             .set("sender", key.address())
                             .set("sig", key.sign_text(cat(request, parameters)))
                             .set("timeout_seconds", timeout_s)
                             .dump());
}

inline std::string pinned_to(std::string_view entry) {
    return cat(R"({"orchestrators":{"include":[")", entry, R"("]}})");
}

inline Request job_request(std::string header = job_header()) {
    return {.method = "POST",
            .path = "/process/request/agent-net",
            .livepeer = std::move(header),
            .content_type = "application/json",
            .body = R"({"agent_id":"o1"})"};
}

// A job pinned to the orchestrator of that number.
inline Request pinned_job(std::uint32_t number, std::int64_t timeout_s = 20, const EthKey& key = poor_key()) {
    return job_request(job_header(pinned_to(made_address(number, 9995)), "agent-net", timeout_s, key));
}

inline Request post(std::string path, std::string body, std::string authorization = "orch-secret") {
    return {
        .method = "POST", .path = std::move(path), .authorization = std::move(authorization), .body = std::move(body)};
}

inline Request token_request(std::string capability = "agent-net", std::string eth_address = poor_key().credential()) {
    return {.method = "GET",
            .path = "/process/token",
            .eth_address = std::move(eth_address),
            .capability = std::move(capability)};
}

}  // namespace stipend::devnet

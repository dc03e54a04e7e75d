// stipend-devnet-load: how many jobs a second a devnet answers. A benchmark's load generator, not a test.
#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "stipend/json.hpp"
#include "tests/devnet/network.hpp"
#include "tests/devnet/server.hpp"

namespace {

using namespace stipend;
using namespace stipend::devnet;
using Clock = std::chrono::steady_clock;

struct Plan {
    std::string gateway = "127.0.0.1:9935";
    std::uint32_t orchestrators = 16;
    std::uint32_t jobs = 100'000;
    std::uint32_t connections = 32;
};

// The bytes of a job pinned to both spellings of one orchestrator's address.
std::string job_text(std::uint32_t number) {
    const auto address = made_address(number, 9995);
    const auto parameters = cat(R"({"orchestrators":{"include":[")", address, R"(",")", address, R"(/"]}})");
    const auto header = encode_base64(Json::object()
                                          .set("request", "{}")
                                          .set("parameters", parameters)
                                          .set("capability", "agent-net")
                                          .set("timeout_seconds", 20)
                                          .dump());
    const auto body = cat(R"({"action":"service-monitoring","agent_id":"o)", number, R"(","window_seconds":60})");
    return cat(
        "POST /process/request/agent-net HTTP/1.1\r\nHost: devnet\r\nContent-Type: application/json\r\nLivepeer: ",
        header, "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

// A blocking connection: one request out, one answer in.
class Connection {
  public:
    explicit Connection(const Endpoint& endpoint) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(endpoint.port);
        inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Connection() { ::close(fd_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] bool send(const std::string& text) const {
        return open_ && ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    }

    // True for a whole answer with status 200 and an orchestrator's URL.
    bool receive() {
        for (;;) {
            const auto head = input_.find("\r\n\r\n");
            if (head != std::string::npos) {
                const auto at = input_.find("Content-Length: ");
                const auto length = at < head ? std::strtoul(input_.c_str() + at + 16, nullptr, 10) : 0;
                if (input_.size() >= head + 4 + length) {
                    const bool good = input_.compare(0, 12, "HTTP/1.1 200") == 0 && input_.find("X-Orch") < head;
                    input_.erase(0, head + 4 + length);
                    return good;
                }
            }
            std::array<char, 8192> buffer{};
            const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (got <= 0) return false;
            input_.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

  private:
    int fd_;
    bool open_ = false;
    std::string input_;
};

int run(const Plan& plan) {
    const auto endpoint = parse_endpoint(plan.gateway);
    if (!endpoint) {
        fmt::print(stderr, "stipend-devnet-load: {}\n", endpoint.error().message);
        return 2;
    }
    std::vector<std::string> texts;
    for (std::uint32_t i = 0; i < plan.orchestrators; ++i) texts.push_back(job_text(i));
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::uint32_t i = 0; i < plan.connections; ++i) connections.push_back(std::make_unique<Connection>(*endpoint));

    const auto begin = Clock::now();
    std::uint32_t sent = 0;
    std::uint32_t good = 0;
    while (sent < plan.jobs) {
        std::uint32_t round = 0;
        for (auto& connection : connections) {
            if (sent + round >= plan.jobs) break;
            if (!connection->send(texts[(sent + round) % texts.size()])) {
                fmt::print(stderr, "stipend-devnet-load: {}: connection lost\n", plan.gateway);
                return 1;
            }
            ++round;
        }
        for (std::uint32_t i = 0; i < round; ++i) good += connections[i]->receive() ? 1 : 0;
        sent += round;
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    fmt::print("{} jobs, {} well answered, {} connections: {:.2f} s, {:.0f} jobs/s\n", sent, good, plan.connections,
               took.count(), sent / took.count());
    return good == sent ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Plan plan;
    CLI::App app("Sends pinned jobs to a devnet and prints how many a second were answered.", "stipend-devnet-load");
    app.add_option("--gateway", plan.gateway, "The devnet's gateway")->capture_default_str();
    app.add_option("-n,--orchestrators", plan.orchestrators, "As many as the devnet has")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--jobs", plan.jobs, "In all")->capture_default_str();
    app.add_option("--connections", plan.connections, "Kept alive")->check(CLI::Range(1, 1000))->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? 0 : 2;
    }
    return run(plan);
}

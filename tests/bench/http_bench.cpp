// How many small POSTs a second the client does, as a ratio to bare libcurl loops against the same server: the loop of
// libcurl's own examples (perform and poll), and one by socket events (epoll). Prints one line of JSON.
#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <semaphore>
#include <string>
#include <vector>

#include "host/http/curl_client.hpp"
#include "host/http/server.hpp"

using namespace stipend;
using namespace stipend::http;

namespace {

constexpr int concurrency = 256;
const std::string body = R"({"action":"service-monitoring","agent_id":"orch-1","window_seconds":60})";

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds_now() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// The echo server, in a process of its own: its CPU time is not ours.
struct ServerProcess {
    pid_t pid = -1;
    std::string url;

    ServerProcess() {
        std::array<int, 2> address{};
        STIPEND_ASSERT(::pipe(address.data()) == 0);
        pid = ::fork();
        STIPEND_ASSERT(pid >= 0);
        if (pid == 0) serve(address[1]);
        ::close(address[1]);
        std::array<char, 128> text{};
        const auto got = ::read(address[0], text.data(), text.size());
        STIPEND_ASSERT(got > 0);
        url = "http://" + std::string(text.data(), static_cast<std::size_t>(got)) + "/process";
    }
    ~ServerProcess() {
        ::kill(pid, SIGTERM);
        ::waitpid(pid, nullptr, 0);
    }
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    [[noreturn]] static void serve(int out) {
        auto server = Server::create({.listen = "127.0.0.1:0"});
        STIPEND_ASSERT(server.ok());
        Route route{.method = "POST", .path = "/process"};
        route.handler = [](ServerRequest&& request, Responder responder) {
            (void)responder.respond(
                {.status = 200, .headers = "content-type: application/json\r\n", .body = std::move(request.body)});
        };
        STIPEND_ASSERT((*server)->add_route(std::move(route)).ok());
        const auto& address = (*server)->address();
        STIPEND_ASSERT(::write(out, address.data(), address.size()) == static_cast<ssize_t>(address.size()));
        while (true) ::pause();
    }
};

struct Spent {
    double seconds = 0;
    double cpu_seconds = 0;
};

template <class Run>
Spent measure(Run&& run) {
    const double start = seconds_now();
    const double cpu_start = cpu_seconds_now();
    run();
    return {seconds_now() - start, cpu_seconds_now() - cpu_start};
}

std::size_t discard(char* data, std::size_t, std::size_t length, void* out) {
    static_cast<std::string*>(out)->append(data, length);
    return length;
}

// What both bare loops share: handles that are set up once and used over and over.
class BareLoop {
  public:
    explicit BareLoop(const std::string& url) : multi_(curl_multi_init()) {
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1024L);
        headers_ = curl_slist_append(nullptr, "Content-Type: application/json");
        headers_ = curl_slist_append(headers_, "Expect:");
        bodies_.resize(concurrency);
        for (auto& received : bodies_) {
            CURL* easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
            curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
            curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30'000L);
            curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
            curl_easy_setopt(easy, CURLOPT_WRITEDATA, &received);
            curl_easy_setopt(easy, CURLOPT_PRIVATE, &received);
            handles_.push_back(easy);
        }
    }
    virtual ~BareLoop() {
        for (auto* easy : handles_) curl_easy_cleanup(easy);
        curl_multi_cleanup(multi_);
        curl_slist_free_all(headers_);
    }
    BareLoop(const BareLoop&) = delete;
    BareLoop& operator=(const BareLoop&) = delete;

    void run(int count) {
        left_to_start_ = count;
        left_to_end_ = count;
        for (auto* easy : handles_) start(easy);
        while (left_to_end_ > 0) {
            step();
            int queued = 0;
            while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
                CURL* easy = message->easy_handle;
                STIPEND_ASSERT(message->data.result == CURLE_OK);
                curl_multi_remove_handle(multi_, easy);
                std::string* received = nullptr;
                curl_easy_getinfo(easy, CURLINFO_PRIVATE, &received);
                STIPEND_ASSERT(received->size() == body.size());
                received->clear();
                --left_to_end_;
                start(easy);
            }
        }
    }

  protected:
    virtual void step() = 0;
    CURLM* multi_;  // NOLINT(misc-non-private-member-variables-in-classes)

  private:
    void start(CURL* easy) {
        if (left_to_start_ == 0) return;
        --left_to_start_;
        curl_multi_add_handle(multi_, easy);
    }

    curl_slist* headers_ = nullptr;
    std::vector<CURL*> handles_;
    std::vector<std::string> bodies_;
    int left_to_start_ = 0;
    int left_to_end_ = 0;
};

class PollLoop final : public BareLoop {
  public:
    using BareLoop::BareLoop;

  private:
    void step() override {
        int running = 0;
        curl_multi_perform(multi_, &running);
        curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
};

class EpollLoop final : public BareLoop {
  public:
    explicit EpollLoop(const std::string& url) : BareLoop(url), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &EpollLoop::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &EpollLoop::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }
    ~EpollLoop() override { ::close(epoll_); }

  private:
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
        auto& loop = *static_cast<EpollLoop*>(self);
        epoll_event event{};
        event.data.fd = fd;
        event.events = (what == CURL_POLL_OUT ? 0U : EPOLLIN) | (what == CURL_POLL_IN ? 0U : EPOLLOUT);
        if (what == CURL_POLL_REMOVE) {
            ::epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, fd, &event);
        } else {
            ::epoll_ctl(loop.epoll_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
            curl_multi_assign(loop.multi_, fd, &loop);
        }
        return 0;
    }
    static int on_timer(CURLM*, long timeout_ms, void* self) {
        static_cast<EpollLoop*>(self)->timeout_ms_ = timeout_ms;
        return 0;
    }
    void step() override {
        int running = 0;
        if (timeout_ms_ == 0) curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        std::array<epoll_event, 256> events{};
        const int count =
            ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms_ == 0 ? 0 : 100);
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            const int what = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                             ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
            curl_multi_socket_action(multi_, event.data.fd, what, &running);
        }
    }

    int epoll_;
    long timeout_ms_ = 0;
};

// Hands all requests over at once, from another thread, and lets the client keep to its bound.
void run_client(CurlClient& client, const std::string& url, int count) {
    std::atomic<int> left = count;
    std::binary_semaphore all_ended{0};
    for (int i = 0; i < count; ++i) {
        HttpRequest request;
        request.method = "POST";
        request.url = url;
        request.headers = "Content-Type: application/json\r\n";
        request.body = body;
        request.timeout_ms = 30'000;
        auto sent = client.send(std::move(request),
                                {.on_done = [&](std::uint64_t, Result<void>&& result, HttpResponse&& response) {
                                    STIPEND_ASSERT(result.ok());
                                    STIPEND_ASSERT(response.body.size() == body.size());
                                    if (left.fetch_sub(1) == 1) all_ended.release();
                                }});
        STIPEND_ASSERT(sent.ok());
    }
    all_ended.acquire();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const int pairs = argc > 1 ? std::atoi(argv[1]) : 25;    // NOLINT(cert-err34-c): a developer's own number
    const int count = argc > 2 ? std::atoi(argv[2]) : 5000;  // NOLINT(cert-err34-c)
    const ServerProcess server;
    ClientOptions options;
    options.max_transfers = 100'000;
    options.max_connections_per_origin = concurrency;
    auto client = CurlClient::create(options);
    STIPEND_ASSERT(client.ok());
    PollLoop poll_loop(server.url);
    EpollLoop epoll_loop(server.url);
    // Once each beforehand, so that all connections stand.
    run_client(**client, server.url, count);
    poll_loop.run(count);
    epoll_loop.run(count);
    std::vector<double> to_poll;
    std::vector<double> to_epoll;
    std::vector<double> rate;
    std::vector<double> cpu_us;
    std::vector<double> bare_cpu_us;
    for (int i = 0; i < pairs; ++i) {
        Spent ours;
        Spent polled;
        Spent epolled;
        const auto run_ours = [&] { ours = measure([&] { run_client(**client, server.url, count); }); };
        if (i % 2 == 0) run_ours();
        polled = measure([&] { poll_loop.run(count); });
        epolled = measure([&] { epoll_loop.run(count); });
        if (i % 2 != 0) run_ours();
        to_poll.push_back(polled.seconds / ours.seconds);
        to_epoll.push_back(epolled.seconds / ours.seconds);
        rate.push_back(count / ours.seconds);
        cpu_us.push_back(ours.cpu_seconds / count * 1e6);
        bare_cpu_us.push_back(epolled.cpu_seconds / count * 1e6);
    }
    fmt::print(
        R"({{"bench":"http_client","pairs":{},"requests":{},"concurrency":{},"ratio_to_poll_loop":{:.3f},"ratio_to_epoll_loop":{:.3f},"requests_per_s":{:.0f},"cpu_us_per_request":{:.2f},"cpu_us_per_request_epoll_loop":{:.2f}}})"
        "\n",
        pairs, count, concurrency, median(to_poll), median(to_epoll), median(rate), median(cpu_us),
        median(bare_cpu_us));
    return 0;
}

#include "tests/bench/bare_loop.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>

namespace stipend::bench {
namespace {

std::size_t collect(char* data, std::size_t, std::size_t length, void* out) {
    static_cast<std::string*>(out)->append(data, length);
    return length;
}

}  // namespace

class BareLoop::State {
  public:
    State(const std::string& url, const std::vector<BareRequest>& requests, std::size_t concurrency, Waiting waiting)
        : waiting_(waiting), multi_(curl_multi_init()), epoll_(::epoll_create1(EPOLL_CLOEXEC)), bodies_(concurrency) {
        STIPEND_ASSERT(multi_ != nullptr && epoll_ >= 0);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1024L);
        if (waiting_ == Waiting::epoll) watch_sockets();
        for (const auto& request : requests) {
            curl_slist* headers = curl_slist_append(nullptr, "Expect:");
            for (const auto& header : request.headers) headers = curl_slist_append(headers, header.c_str());
            prepared_.push_back({headers, request.body});
        }
        for (auto& received : bodies_) {
            CURL* easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
            curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
            curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30'000L);
            curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
            curl_easy_setopt(easy, CURLOPT_WRITEDATA, &received);
            curl_easy_setopt(easy, CURLOPT_PRIVATE, &received);
            handles_.push_back(easy);
        }
    }
    ~State() {
        for (auto* easy : handles_) curl_easy_cleanup(easy);
        curl_multi_cleanup(multi_);
        for (auto& request : prepared_) curl_slist_free_all(request.headers);
        ::close(epoll_);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    std::uint64_t run(std::uint64_t count) {
        to_start_ = to_end_ = count;
        good_ = 0;
        for (auto* easy : handles_) start(easy);
        while (to_end_ > 0) {
            waiting_ == Waiting::poll ? step_by_poll() : step_by_epoll();
        }
        return good_;
    }

  private:
    struct Prepared {
        curl_slist* headers;
        std::string body;
    };

    void start(CURL* easy) {
        if (to_start_ == 0) return;
        --to_start_;
        const auto& request = prepared_[next_++ % prepared_.size()];
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request.headers);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
        curl_multi_add_handle(multi_, easy);
    }
    std::size_t take_finished() {
        std::size_t finished = 0;
        int queued = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
            CURL* easy = message->easy_handle;
            const bool arrived = message->data.result == CURLE_OK;
            curl_multi_remove_handle(multi_, easy);
            std::string* received = nullptr;
            long status = 0;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &received);
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (arrived && status == 200 && !received->empty()) ++good_;
            received->clear();
            --to_end_;
            ++finished;
            start(easy);
        }
        return finished;
    }
    void step_by_poll() {
        int running = 0;
        curl_multi_perform(multi_, &running);
        // A finished transfer may have started the next one, which must be performed before waiting.
        if (take_finished() == 0) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }

    void watch_sockets() {
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &State::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &State::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void* known) {
        auto& loop = *static_cast<State*>(self);
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
        static_cast<State*>(self)->timeout_ms_ = timeout_ms;
        return 0;
    }
    void step_by_epoll() {
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
        take_finished();
    }

    const Waiting waiting_;
    CURLM* multi_;
    int epoll_;
    long timeout_ms_ = 0;
    std::vector<Prepared> prepared_;
    std::vector<CURL*> handles_;
    std::vector<std::string> bodies_;
    std::size_t next_ = 0;
    std::uint64_t to_start_ = 0, to_end_ = 0, good_ = 0;
};

BareLoop::BareLoop(const std::string& url, const std::vector<BareRequest>& requests, std::size_t concurrency,
                   Waiting waiting)
    : state_(std::make_unique<State>(url, requests, concurrency, waiting)) {}
BareLoop::~BareLoop() = default;

std::uint64_t BareLoop::run(std::uint64_t count) {
    return state_->run(count);
}

}  // namespace stipend::bench

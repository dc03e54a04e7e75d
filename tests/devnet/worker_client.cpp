#include "tests/devnet/worker_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stipend/duration.hpp"
#include "tests/devnet/worker.hpp"

namespace stipend::devnet {
namespace {

constexpr int poll_ms = 1000;
constexpr long max_redirects = 10;

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Call {
    WorkerCall call = {};
    std::function<void(WorkerResult)> done = {};
    std::unique_ptr<CURL, FreeEasy> easy = {};
    std::unique_ptr<curl_slist, FreeList> headers = {};
    WorkerResult result = {};
    bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
    auto& call = *static_cast<Call*>(context);
    if (call.result.body.size() + size * count > WorkerClient::max_answer_bytes) {
        call.too_large = true;
        return 0;
    }
    call.result.body.append(data, size * count);
    return size * count;
}

std::string response_header(CURL* easy, const char* name) {
    curl_header* found = nullptr;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
}

// host:port of a URL, with the port that its scheme implies.
std::string authority_of(const std::string& url) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return url;
    const auto part = [&](CURLUPart which) {
        char* text = nullptr;
        if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
        std::string out(text);
        curl_free(text);
        return out;
    };
    return cat(part(CURLUPART_HOST), ":", part(CURLUPART_PORT));
}

// The failure in a Go client's words.
std::string go_error(CURLcode code, const WorkerCall& call) {
    const auto authority = authority_of(call.url);
    switch (code) {
        case CURLE_COULDNT_CONNECT:
            return go_post_error(call.url, cat("dial tcp ", authority, ": connect: connection refused"));
        case CURLE_COULDNT_RESOLVE_HOST: {
            const auto host = authority.substr(0, authority.rfind(':'));
            return go_post_error(call.url, cat("dial tcp: lookup ", host, ": no such host"));
        }
        case CURLE_GOT_NOTHING:
            return go_post_error(call.url, "EOF");
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return go_post_error(call.url, cat("read tcp ", authority, ": read: connection reset by peer"));
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return go_post_error(call.url, "unsupported protocol scheme \"\"");
        default:
            return go_post_error(call.url, curl_easy_strerror(code));
    }
}

void finish(Call& call, CURLcode code) {
    auto& result = call.result;
    long status = 0;
    curl_easy_getinfo(call.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    result.status = static_cast<int>(status);
    result.content_type = response_header(call.easy.get(), "Content-Type");
    result.metadata = response_header(call.easy.get(), "X-Metadata");
    // Once the head is there, Go's client has answered: what fails after that is the body.
    const bool answered = status != 0;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        result.kind = WorkerResult::Kind::timed_out;
        result.error = go_post_error(call.call.url, "context canceled");
    } else if (code != CURLE_OK && answered) {
        result.kind = WorkerResult::Kind::truncated;
    } else if (code != CURLE_OK) {
        result.kind = WorkerResult::Kind::failed;
        result.error = go_error(code, call.call);
    }
    call.done(std::move(result));
}

// The request as a Go orchestrator sends it.
void prepare(Call& call) {
    const auto& wanted = call.call;
    call.easy.reset(curl_easy_init());
    auto* easy = call.easy.get();
    const auto header = [&call](const std::string& line) {
        call.headers.reset(curl_slist_append(call.headers.release(), line.c_str()));
    };
    // A header without a value is sent, as an empty one, only with a semicolon.
    header(wanted.content_type.empty() ? "Content-Type;" : "Content-Type: " + wanted.content_type);
    header("Accept:");
    header("Expect:");
    header("Accept-Encoding: gzip");
    header("User-Agent: Go-http-client/1.1");
    if (!wanted.token.empty()) header("Authorization: Bearer " + wanted.token);
    curl_easy_setopt(easy, CURLOPT_URL, wanted.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call.headers.get());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, wanted.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(wanted.body.size()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &call);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(1, wanted.timeout_ns / ns_per_ms)));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, max_redirects);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

}  // namespace

class WorkerClient::Impl {
  public:
    Impl() : multi_(curl_multi_init()), thread_([this] { run(); }) {}
    ~Impl() {
        stop();
        for (auto& [key, call] : running_) curl_multi_remove_handle(multi_, call->easy.get());
        running_.clear();
        curl_multi_cleanup(multi_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void add(std::unique_ptr<Call> call) {
        {
            const std::lock_guard lock(mutex_);
            waiting_.push_back(std::move(call));
        }
        curl_multi_wakeup(multi_);
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        curl_multi_wakeup(multi_);
        if (thread_.joinable()) thread_.join();
    }

  private:
    void run() {
        for (;;) {
            std::vector<std::unique_ptr<Call>> fresh;
            {
                const std::lock_guard lock(mutex_);
                if (stopping_) return;
                fresh.swap(waiting_);
            }
            for (auto& call : fresh) begin(std::move(call));
            int active = 0;
            curl_multi_perform(multi_, &active);
            collect();
            curl_multi_poll(multi_, nullptr, 0, poll_ms, nullptr);
        }
    }

    void begin(std::unique_ptr<Call> call) {
        if (running_.size() >= max_calls) {
            call->result.kind = WorkerResult::Kind::failed;
            call->result.error = go_post_error(call->call.url, "the devnet has too many calls under way");
            return call->done(std::move(call->result));
        }
        prepare(*call);
        curl_multi_add_handle(multi_, call->easy.get());
        auto* key = call.get();
        running_.emplace(key, std::move(call));
    }

    void collect() {
        int left = 0;
        while (auto* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            const auto code = message->data.result;
            Call* key = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &key);
            curl_multi_remove_handle(multi_, message->easy_handle);
            auto node = running_.extract(key);
            if (node) finish(*node.mapped(), code);
        }
    }

    CURLM* multi_;
    std::mutex mutex_;
    bool stopping_ = false;
    std::vector<std::unique_ptr<Call>> waiting_;
    std::unordered_map<Call*, std::unique_ptr<Call>> running_;
    std::thread thread_;
};

WorkerClient::WorkerClient() {
    static const auto initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
    STIPEND_ASSERT(initialised == CURLE_OK);
    impl_ = std::make_unique<Impl>();
}
WorkerClient::~WorkerClient() = default;

void WorkerClient::call(WorkerCall call, std::function<void(WorkerResult)> done) {
    auto made = std::make_unique<Call>();
    made->call = std::move(call);
    made->done = std::move(done);
    impl_->add(std::move(made));
}

void WorkerClient::stop() {
    impl_->stop();
}

}  // namespace stipend::devnet

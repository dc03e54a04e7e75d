#include "tests/devnet/worker_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "tests/devnet/stream.hpp"
#include "tests/devnet/worker.hpp"

namespace stipend::devnet {
namespace {

constexpr int poll_ms = 1000;

using Clock = std::chrono::steady_clock;

struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Call {
    WorkerCall call = {};
    std::function<void(WorkerResult)> done = {};
    Clock::time_point deadline = {};
    // Of the request under way, which a redirect may have changed.
    std::string url = {};
    std::string referer = {};
    bool get = false;
    int requests = 0;
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

// The response's fields but those of the connection.
std::vector<std::pair<std::string, std::string>> end_to_end(CURL* easy) {
    static constexpr std::string_view own[] = {"connection", "content-length", "transfer-encoding", "date",
                                               "keep-alive"};
    std::vector<std::pair<std::string, std::string>> out;
    curl_header* at = nullptr;
    while ((at = curl_easy_nextheader(easy, CURLH_HEADER, -1, at)) != nullptr) {
        const std::string_view name(at->name);
        const bool skipped = std::any_of(std::begin(own), std::end(own),
                                         [&](std::string_view one) { return ascii::equal_ignoring_case(name, one); });
        if (skipped) continue;
        const bool is_type = ascii::equal_ignoring_case(name, "Content-Type");
        out.emplace_back(is_type ? std::string_view("Content-Type") : name, at->value);
    }
    return out;
}

std::string upper_hex(char c) {
    auto out = hex_encode(std::string_view(&c, 1));
    for (auto& digit : out) digit = static_cast<char>(std::toupper(static_cast<unsigned char>(digit)));
    return out;
}

// The parts of a URL that a Go client escapes when it prints what it could not use.
std::string printed_url(const std::string& url) {
    static constexpr std::string_view escaped = " \"<>\\^`{|}";
    std::string out;
    for (const char c : url) {
        const bool plain = static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
        if (plain && escaped.find(c) == std::string_view::npos) {
            out.push_back(c);
        } else {
            out += "%" + upper_hex(c);
        }
    }
    return out;
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

// "local->remote" of the connection that failed.
std::string connection_of(CURL* easy) {
    char* local = nullptr;
    char* remote = nullptr;
    long local_port = 0;
    long remote_port = 0;
    curl_easy_getinfo(easy, CURLINFO_LOCAL_IP, &local);
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &remote);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &remote_port);
    return cat(local == nullptr ? "" : local, ":", local_port, "->", remote == nullptr ? "" : remote, ":", remote_port);
}

// What a Go client calls a first line that is not HTTP's.
std::string malformed_line(std::string_view body) {
    auto line = body.substr(0, body.find('\n'));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return cat("malformed HTTP response ", json_string(line));
    auto status = line.substr(space + 1);
    status = status.substr(0, status.find(' '));
    return cat(status.size() == 3 ? "malformed HTTP version " : "malformed HTTP status code ", json_string(status));
}

// The failure in a Go client's words.
std::string go_error(CURLcode code, const Call& call) {
    const auto authority = authority_of(call.url);
    const auto because = [&](std::string_view what) { return go_post_error(printed_url(call.url), what); };
    switch (code) {
        case CURLE_COULDNT_CONNECT:
            return because(cat("dial tcp ", authority, ": connect: connection refused"));
        case CURLE_COULDNT_RESOLVE_HOST: {
            const auto host = authority.substr(0, authority.rfind(':'));
            return because(cat("dial tcp: lookup ", host, ": no such host"));
        }
        case CURLE_GOT_NOTHING:
            return because("EOF");
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return because(cat("read tcp ", connection_of(call.easy.get()), ": read: connection reset by peer"));
        case CURLE_SSL_CONNECT_ERROR:
            return because("tls: first record does not look like a TLS handshake");
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return because("unsupported protocol scheme \"\"");
        default:
            return because(curl_easy_strerror(code));
    }
}

// Where a redirect leads to; empty if the answer is none.
std::string redirect_target(const Call& call) {
    const auto status = call.result.status;
    if (call.call.proxied) return {};
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return {};
    return response_header(call.easy.get(), "Location");
}

std::string resolved(const std::string& base, const std::string& location) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    char* text = nullptr;
    if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK ||
        curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK ||
        curl_url_get(url.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) {
        return location;
    }
    std::string out(text);
    curl_free(text);
    return out;
}

// Makes the call the one that its answer redirects to, as a Go client does; false if the answer is the last one.
bool follow(Call& call) {
    const auto location = redirect_target(call);
    if (location.empty()) return false;
    if (call.requests >= max_worker_requests) {
        call.result.kind = WorkerResult::Kind::failed;
        call.result.error = endless_redirect_error(location);
        return false;
    }
    if (call.result.status < 307) call.get = true;
    call.referer = std::exchange(call.url, resolved(call.url, location));
    call.result = {};
    return true;
}

// Reads the answer from a transfer that ended.
void read_result(Call& call, CURLcode code) {
    auto& result = call.result;
    auto* easy = call.easy.get();
    long status = 0;
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    result.status = static_cast<int>(status);
    result.content_type = response_header(easy, "Content-Type");
    result.metadata = response_header(easy, "X-Metadata");
    if (call.call.proxied) result.headers = end_to_end(easy);
    // Once the head is there, Go's client has answered: what fails after that is the body.
    const bool answered = status != 0;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        // A stream is passed on as far as it came.
        if (answered && is_stream(result.content_type)) return;
        result.kind = WorkerResult::Kind::timed_out;
        result.error = go_post_error(call.url, "context canceled");
    } else if (version == CURL_HTTP_VERSION_NONE && code == CURLE_OK) {
        result.kind = WorkerResult::Kind::failed;
        result.error = go_post_error(
            call.url, cat("net/http: HTTP/1.x transport connection broken: ", malformed_line(result.body)));
    } else if (code != CURLE_OK && answered) {
        result.kind = WorkerResult::Kind::truncated;
        if (code == CURLE_BAD_CONTENT_ENCODING) result.error = bad_gzip_text;
    } else if (code != CURLE_OK) {
        result.kind = WorkerResult::Kind::failed;
        result.error = go_error(code, call);
    }
}

// The request as a Go orchestrator sends it.
void prepare(Call& call) {
    const auto& wanted = call.call;
    ++call.requests;
    call.headers.reset();
    call.easy.reset(curl_easy_init());
    auto* easy = call.easy.get();
    const auto header = [&call](const std::string& line) {
        call.headers.reset(curl_slist_append(call.headers.release(), line.c_str()));
    };
    // A header without a value is sent, as an empty one, only with a semicolon.
    for (const auto& [name, value] : wanted.headers) header(value.empty() ? name + ";" : cat(name, ": ", value));
    if (!call.get && !wanted.proxied)
        header(wanted.content_type.empty() ? "Content-Type;" : "Content-Type: " + wanted.content_type);
    header("Accept:");
    header("Expect:");
    if (!wanted.proxied) header("User-Agent: Go-http-client/1.1");
    if (!call.referer.empty()) header("Referer: " + call.referer);
    if (!wanted.token.empty()) header("Authorization: Bearer " + wanted.token);
    curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call.headers.get());
    if (!wanted.proxied) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (wanted.proxied) curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, wanted.method.c_str());
    if (!call.get && (!wanted.proxied || !wanted.body.empty() || wanted.method == "POST")) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, wanted.body.data());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(wanted.body.size()));
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &call);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(call.deadline - Clock::now()).count();
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, left)));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 1L);  // what is not HTTP is read, for the words about it
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
            if (!node) continue;
            auto& call = node.mapped();
            read_result(*call, code);
            if (code == CURLE_OK && follow(*call)) {
                begin(std::move(call));
            } else {
                call->done(std::move(call->result));
            }
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
    made->url = made->call.url;
    made->deadline = Clock::now() + std::chrono::nanoseconds(made->call.timeout_ns);
    impl_->add(std::move(made));
}

void WorkerClient::stop() {
    impl_->stop();
}

}  // namespace stipend::devnet

// Sends a request through a client and waits for its end.
#pragma once

#include <future>
#include <memory>
#include <string>

#include "host/http/curl_client.hpp"

namespace stipend::test {

struct Ended {
    Result<void> result;
    http::HttpResponse response;

    [[nodiscard]] stipend_status status() const { return result ? STIPEND_OK : result.error().status; }
    [[nodiscard]] std::string message() const { return result ? "" : result.error().message; }
};

// The future end of an exchange.
class Pending {
  public:
    [[nodiscard]] http::HttpCallbacks callbacks() {
        return {.on_done = [promise = promise_](std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
            promise->set_value({std::move(result), std::move(response)});
        }};
    }
    [[nodiscard]] Ended wait() { return promise_->get_future().get(); }

  private:
    std::shared_ptr<std::promise<Ended>> promise_ = std::make_shared<std::promise<Ended>>();
};

[[nodiscard]] inline Ended exchange(http::HttpClient& client, http::HttpRequest request) {
    Pending pending;
    if (auto sent = client.send(std::move(request), pending.callbacks()); !sent) {
        return {std::move(sent).error(), {}};
    }
    return pending.wait();
}

[[nodiscard]] inline std::unique_ptr<http::CurlClient> make_client(http::ClientOptions options = {}) {
    auto client = http::CurlClient::create(std::move(options));
    STIPEND_ASSERT(client.ok());
    return std::move(*client);
}

[[nodiscard]] inline http::HttpRequest get(std::string url) {
    http::HttpRequest request;
    request.url = std::move(url);
    request.timeout_ms = 60'000;  // a busy machine is no failure
    return request;
}

[[nodiscard]] inline http::HttpRequest post(std::string url, std::string body) {
    auto request = get(std::move(url));
    request.method = "POST";
    request.body = std::move(body);
    return request;
}

}  // namespace stipend::test

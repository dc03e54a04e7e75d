#include "host/http/exchange.hpp"

#include <future>
#include <utility>

namespace stipend::http {

Result<HttpResponse> exchange(CurlClient& client, HttpRequest request) {
    std::promise<Result<HttpResponse>> promise;
    auto answer = promise.get_future();
    HttpCallbacks callbacks;
    callbacks.on_done = [&promise](std::uint64_t, Result<void>&& result, HttpResponse&& response) {
        if (!result) return promise.set_value(std::move(result).error());
        promise.set_value(std::move(response));
    };
    STIPEND_TRY(client.send(std::move(request), std::move(callbacks)));
    return answer.get();
}

}  // namespace stipend::http

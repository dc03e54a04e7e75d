#include "endpoints.hpp"

#include <algorithm>

namespace evm {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

struct Endpoints::Round {
    Heard heard;
    std::size_t open = 0;
    Then then;
};

namespace {

Result<std::vector<RpcAnswer>> answers_of(const HttpReply& reply, std::size_t count) {
    // The client's message may hold the URL, and the URL a key.
    if (reply.status == STIPEND_E_LIMIT) return fail(STIPEND_E_INVALID, "its answer is too long");
    if (reply.status != STIPEND_OK) return fail(STIPEND_E_UNAVAILABLE, "no answer");
    if (reply.http_status() != 200) return fail(STIPEND_E_UNAVAILABLE, "status ", reply.http_status());
    return read_rpc(reply.body(), count);
}

}  // namespace

void Endpoints::ask_all(const std::shared_ptr<Work>& work, const std::vector<RpcCall>& calls, Then then) const {
    ask(work, std::vector(settings_->endpoints.size(), calls), std::move(then));
}

void Endpoints::ask(const std::shared_ptr<Work>& work, const std::vector<std::vector<RpcCall>>& calls,
                    Then then) const {
    const auto round = std::make_shared<Round>();
    round->then = std::move(then);
    round->open = 1;  // until all are asked
    for (const auto& one : calls) round->heard.emplace_back(std::vector<RpcAnswer>(one.size()));
    for (std::size_t at = 0; at < calls.size(); ++at) {
        const std::span<const RpcCall> all = calls[at];
        for (std::size_t first = 0; first < all.size(); first += calls_in_request) {
            send(work, round, at, first, all.subspan(first, std::min(calls_in_request, all.size() - first)));
        }
    }
    ended(*work, *round);
}

void Endpoints::send(const std::shared_ptr<Work>& work, const std::shared_ptr<Round>& round, std::size_t endpoint,
                     std::size_t first, std::span<const RpcCall> calls) const {
    const auto body = rpc_request(calls);
    const auto left_ms = std::max<std::int64_t>((work->deadline - host_.monotonic()) / stipend::ns_per_ms, 1);
    const stipend::HttpRequest request{.method = "POST",
                                       .url = settings_->endpoints[endpoint].url,
                                       .headers = "Content-Type: application/json\r\n",
                                       .body = body,
                                       .timeout_ms = static_cast<std::uint32_t>(left_ms),
                                       .max_response_bytes = max_rpc_answer_bytes};
    const auto count = calls.size();
    auto sent = host_.http(request, [work, round, endpoint, first, count](const HttpReply& reply) {
        auto& heard = round->heard[endpoint];
        auto answers = answers_of(reply, count);
        if (!answers) {
            heard = std::move(answers).error();
        } else if (heard) {
            std::move(answers->begin(), answers->end(), heard->begin() + static_cast<std::ptrdiff_t>(first));
        }
        ended(*work, *round);
    });
    if (!sent) {
        round->heard[endpoint] = fail(STIPEND_E_UNAVAILABLE, "it cannot be asked");
        return;
    }
    ++round->open;
    work->exchanges.push_back(*sent);
}

void Endpoints::ended(const Work& work, Round& round) {
    if (--round.open > 0 || work.over) return;
    auto then = std::move(round.then);
    then(std::move(round.heard));
}

}  // namespace evm

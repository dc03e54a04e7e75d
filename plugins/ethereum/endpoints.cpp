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

// So many calls fit in one request with the first of them, and what they may be answered with.
struct Portion {
    std::size_t calls = 0;
    std::size_t bytes = 0;
};
Portion first_portion(std::span<const RpcCall> calls) {
    Portion out;
    for (const auto& call : calls) {
        const bool full = out.calls == calls_in_request || out.bytes + call.most_bytes > max_long_answer_bytes;
        if (out.calls > 0 && full) break;
        ++out.calls;
        out.bytes += call.most_bytes;
    }
    out.bytes = std::max(out.bytes, max_rpc_answer_bytes);
    return out;
}

Result<std::vector<RpcAnswer>> answers_of(const HttpReply& reply, std::size_t count, std::size_t most_bytes) {
    // The client's message may hold the URL, and the URL a key.
    if (reply.status == STIPEND_E_LIMIT) return fail(STIPEND_E_INVALID, "its answer is too long");
    if (reply.status != STIPEND_OK) return fail(STIPEND_E_UNAVAILABLE, "no answer");
    if (reply.http_status() != 200) return fail(STIPEND_E_UNAVAILABLE, "status ", reply.http_status());
    return read_rpc(reply.body(), count, most_bytes);
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
        for (std::size_t first = 0; first < all.size();) {
            const auto portion = first_portion(all.subspan(first));
            send(work, round, at, first, all.subspan(first, portion.calls), portion.bytes);
            first += portion.calls;
        }
    }
    ended(*work, *round);
}

void Endpoints::send(const std::shared_ptr<Work>& work, const std::shared_ptr<Round>& round, std::size_t endpoint,
                     std::size_t first, std::span<const RpcCall> calls, std::size_t most_bytes) const {
    const auto body = rpc_request(calls);
    const auto left_ms = std::max<std::int64_t>((work->deadline - host_.monotonic()) / stipend::ns_per_ms, 1);
    const stipend::HttpRequest request{.method = "POST",
                                       .url = settings_->endpoints[endpoint].url,
                                       .headers = "Content-Type: application/json\r\n",
                                       .body = body,
                                       .timeout_ms = static_cast<std::uint32_t>(left_ms),
                                       .max_response_bytes = most_bytes};
    const auto count = calls.size();
    auto sent = host_.http(request, [work, round, endpoint, first, count, most_bytes](const HttpReply& reply) {
        auto& heard = round->heard[endpoint];
        auto answers = answers_of(reply, count, most_bytes);
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

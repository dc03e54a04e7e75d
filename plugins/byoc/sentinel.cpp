#include "sentinel.hpp"

#include "livepeer/gateway_answer.hpp"
#include "livepeer/wire.hpp"

namespace byoc {

using stipend::cat;
using stipend::HttpReply;

namespace {

constexpr std::uint64_t max_answer = 65'536;

}  // namespace

bool GatewayHealth::note(stipend_mono_ns at, std::string problem) {
    const std::lock_guard lock(mutex_);
    const bool news = problem.empty() != problem_.empty();
    at_ = at;
    problem_ = std::move(problem);
    return news;
}

stipend::Result<void> GatewayHealth::health(stipend_mono_ns now) const {
    const std::lock_guard lock(mutex_);
    if (problem_.empty()) return {};
    return stipend::fail(STIPEND_E_UNAVAILABLE, problem_, ", ", (now - at_) / stipend::ns_per_s, " s ago");
}

GatewayState read_sentinel(const HttpReply& reply) {
    GatewayState state;
    if (reply.status == STIPEND_E_CANCELLED) {
        state.is = GatewayState::Is::not_looked;
        state.why = reply.error;
        return state;
    }
    state.is = GatewayState::Is::failing;
    if (reply.status != STIPEND_OK) {
        state.why = reply.error;
        return state;
    }
    const int status = reply.http_status();
    const auto body = reply.body();
    state.why = cat("status ", status, ": \"", livepeer::printable(body, 120), "\", want \"No orchestrators found\"");
    if (livepeer::no_orchestrators_found(status, reply.header("x-orchestrator-url"), body)) {
        return {GatewayState::Is::well, {}, {status, std::string(body)}};
    }
    if (status == 400) state.is = GatewayState::Is::refusing;
    return state;
}

void Sentinel::ask(Answer answer) {
    waiting_.push_back(std::move(answer));
    send_soon();
}

void Sentinel::send_soon() {
    if (under_way_ || timer_ || waiting_.empty()) return;
    const auto wait_ns = sent_ == 0 ? 0 : last_sent_ + spacing_ns - host_.monotonic();
    if (wait_ns <= 0) return send();
    timer_ = std::make_unique<stipend::Timer>(host_, wait_ns, [this] {
        timer_.reset();
        send();
    });
    if (timer_->armed()) return;
    timer_.reset();
    send();  // a host that takes no timers gets it at once
}

void Sentinel::send() {
    served_.swap(waiting_);
    under_way_ = true;
    last_sent_ = host_.monotonic();
    ++sent_;
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = headers_;
    request.body = "{}";
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_answer;
    const auto op = host_.http(request, [this](const HttpReply& reply) { over(read_sentinel(reply)); });
    if (!op) over({GatewayState::Is::not_looked, op.error().message, {}});
}

void Sentinel::over(const GatewayState& state) {
    under_way_ = false;
    const bool well = state.is == GatewayState::Is::well;
    if (state.is != GatewayState::Is::not_looked) {
        const auto problem = well ? std::string() : cat("the gateway fails: ", url_, ": ", state.why);
        if (health_.note(host_.monotonic(), problem)) {
            host_.log(well ? STIPEND_LOG_INFO : STIPEND_LOG_WARN,
                      well ? cat("the gateway is well again: ", url_) : problem);
        }
    }
    if (state.is == GatewayState::Is::refusing) {
        host_.log(STIPEND_LOG_ERROR, cat("the gateway refuses every job of ours: ", url_, ": ", state.why));
    }
    std::vector<Answer> answers;
    answers.swap(served_);
    for (auto& answer : answers) answer(state);
    send_soon();
}

}  // namespace byoc

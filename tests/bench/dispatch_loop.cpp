#include "tests/bench/dispatch_loop.hpp"

#include <algorithm>

#include "host/engine/plugin_calls.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"

namespace stipend::bench {
namespace {

constexpr std::int64_t deadline_ns = 60 * ns_per_s;

}  // namespace

std::vector<registry::Payee> payees_of(const std::string& addresses) {
    std::vector<registry::Payee> out;
    for (std::size_t from = 0; from < addresses.size();) {
        const auto end = std::min(addresses.find(',', from), addresses.size());
        auto& payee = out.emplace_back();
        payee.address = addresses.substr(from, end - from);
        payee.key = payee.address.substr(payee.address.find("://") + 3);
        from = end + 1;
    }
    if (out.empty()) die("no addresses");
    return out;
}

std::string prepared_body(const registry::Payee& payee) {
    const std::string nonce(16, 'n');
    const auto job_id = cat(job_ns, ":", payee.key, ":1:1");
    return livepeer::job_body({.agent_id = payee.key,
                               .job_id = job_id,
                               .nonce = nonce,
                               .window_s = job_window_s,
                               .at = 1'800'000'000 * ns_per_s});
}

LoadedDispatch::LoadedDispatch(const plugin::Chosen& chosen, const std::string& config)
    : pool_(must(ThreadPool::create(2, "pool"))), client_(must(http::CurlClient::create())) {
    const plugin::ControlScope control;
    instance_ = must(plugin::Instance::create(chosen, "dispatch", config, job_terms,
                                              {.clock = &clock_, .executor = pool_.get(), .http = client_.get()}));
    must(instance_->start());
}

LoadedDispatch::~LoadedDispatch() {
    std::binary_semaphore idle{0};
    const plugin::ControlScope control;
    instance_->quiesce([&] { idle.release(); });
    idle.acquire();
    instance_->destroy();
    client_->stop();
}

std::uint64_t DispatchLoop::run(std::uint64_t count) {
    to_start_ = static_cast<std::int64_t>(count);
    to_end_ = static_cast<std::int64_t>(count);
    good_ = 0;
    for (std::size_t i = 0; i < concurrency_; ++i) start();
    over_.acquire();
    return good_;
}

void DispatchLoop::start() {
    if (to_start_.fetch_sub(1) <= 0) return;
    const auto number = next_.fetch_add(1);
    const engine::JobSpec job{.token = {static_cast<registry::PayeeIndex>(number % payees_.size()), 1},
                              .epoch = 1,
                              .window_s = job_window_s,
                              .known = true};
    engine::submit_job(*dispatch_.instance(), job, payees_[job.token.payee], job_ns, deadline_ns,
                       [this](const engine::JobResult& result) {
                           if (result.outcome == STIPEND_JOB_OK) good_.fetch_add(1);
                           start();
                           if (to_end_.fetch_sub(1) == 1) over_.release();
                       });
}

}  // namespace stipend::bench

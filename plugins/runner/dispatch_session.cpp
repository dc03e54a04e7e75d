// Calls of persistent runners: a session is reserved, called once, and ended, whatever became of the call. It is
// reserved and called by the same terms as a single-shot call, so the verdict is the same: only its paths are the
// orchestrator's own, and the address that they lead to is the one that the payer knows. A host that ends cancels the
// call first, so that its session is ended as well.
#include <algorithm>

#include "job.hpp"

namespace runner {

using stipend::cat;
using stipend::HttpReply;

// The time of an exchange that a call waits for, in milliseconds.
std::uint32_t Dispatch::time_left_ms(const JobPtr& job) const {
    const auto configured = std::int64_t{settings_.timeout_s} * 1000;
    if (!job->by_the_second()) return static_cast<std::uint32_t>(configured);
    const auto used = job->payment ? host_.monotonic() - job->paid_at : 0;
    const auto left = (paid_for_ns - used) / stipend::ns_per_ms;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, configured));
}

void Dispatch::reserve_session(const JobPtr& job) {
    if (job->payment) job->paid_at = host_.monotonic();
    job->reserving = true;
    post(job, job->offer->path, payment_headers(job), "{}", std::min(time_left_ms(job), reserve_timeout_ms),
         &Dispatch::reserved);
}

void Dispatch::reserved(const JobPtr& job, const HttpReply& reply) {
    job->exchange = 0;
    job->reserving = false;
    const bool given = reply.status == STIPEND_OK && reply.http_status() == 200;
    const auto session = livepeer::read_runner_session(given ? reply.body() : "{}", job->address, job->offer->origin);
    if (given && session) job->session = *session;
    if (!job->done.pending()) return stop_session(job);
    if (!given) return answered(job, reply);
    job->heard = true;
    witness_.note(job->address, job->registered);
    if (session && !session->app.empty()) return call_in_session(job);
    auto attempt = read_exchange(reply);
    attempt.paid = job->payment.has_value();
    attempt.reason = cat(attempt.paid ? "after its payment: " : "",
                         "session: ", session ? session->refusal : session.error().message);
    try_over(job, std::move(attempt));
}

void Dispatch::call_in_session(const JobPtr& job) {
    post(job, job->session->app + path_of(job), "", body_of(job), time_left_ms(job), &Dispatch::answered);
}

void Dispatch::stop_session(const JobPtr& job) {
    if (!job->session) return;
    stops_.stop(job->address, job->registered, job->session->control);
    job->session.reset();
}

}  // namespace runner

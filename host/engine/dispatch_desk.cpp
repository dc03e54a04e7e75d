#include "host/engine/dispatch_desk.hpp"

#include "host/engine/manager_plan.hpp"

namespace stipend::engine {
namespace {

std::string why_not_sent(const registry::Payee& payee) {
    return cat("there is no dispatcher \"", payee.dispatch, "\" any more");
}

std::string_view outcome_name(std::int32_t outcome) {
    return outcome == STIPEND_JOB_OK ? "ok" : outcome == STIPEND_JOB_FAILED ? "failed" : "unknown";
}

}  // namespace

void DispatchDesk::use(const config::Settings& settings) {
    ns_ = runtime::namespace_of(settings).text();
    deadlines_.clear();
    for (const auto* one : config::dispatchers_of(settings)) deadlines_.emplace(one->name, one->deadline_ns);
}

// One that a payee had when it left the configuration may be gone.
plugin::Instance* DispatchDesk::instance_of(const registry::Payee& payee) const {
    const auto& all = host_.instances().in_use();
    const auto found = all.find(dispatch_key(payee.dispatch));
    return found == all.end() ? nullptr : found->second.instance.get();
}

void DispatchDesk::submit(const JobSpec& job, const registry::Payee& payee, std::function<void(JobResult)> done) {
    auto* instance = instance_of(payee);
    const auto deadline = deadlines_.find(payee.dispatch);
    if (instance == nullptr || deadline == deadlines_.end()) {
        JobResult out;
        out.reason = why_not_sent(payee);
        out.dispatch = payee.dispatch;
        return host_.loop().post([done = std::move(done), out = std::move(out)]() mutable { done(std::move(out)); });
    }
    By by{registry::shown_dispatcher(payee.dispatch), instance->chosen().plugin->id};
    const bool logged = host_.log().enabled(STIPEND_LOG_DEBUG);
    auto what = logged ? cat(payee.key, job.call ? ": call " : ": epoch ", job.epoch) : std::string();
    submit_job(*instance, job, payee, ns_, deadline->second,
               [this, by = std::move(by), name = payee.dispatch, what = std::move(what),
                done = std::move(done)](JobResult result) {
                   result.dispatch = name;
                   host_.loop().post([this, by, done, what, result = std::move(result)]() mutable {
                       if (!what.empty()) {
                           host_.log().write(STIPEND_LOG_DEBUG, dispatch_key(result.dispatch),
                                             cat(what, ": ", outcome_name(result.outcome)));
                       }
                       count(by, result.outcome);
                       done(std::move(result));
                   });
               });
}

void DispatchDesk::inspect(const registry::Payee& payee, std::int64_t deadline_ns,
                           std::function<void(Result<Offer>)> done) const {
    auto* instance = instance_of(payee);
    if (instance == nullptr) return done(fail(STIPEND_E_UNAVAILABLE, why_not_sent(payee)));
    inspect_offer(*instance, payee, deadline_ns, std::move(done));
}

void DispatchDesk::count(By by, std::int32_t outcome) {
    if (counts_.size() >= max_counts && !counts_.contains(by)) {
        by = {std::string(runtime::MetricPage::others), std::string(runtime::MetricPage::others)};
    }
    auto& ended = counts_[std::move(by)];
    ++(outcome == STIPEND_JOB_OK ? ended.ok : outcome == STIPEND_JOB_FAILED ? ended.failed : ended.unknown);
}

void DispatchDesk::add(runtime::MetricPage& page, const Counts& counts) {
    page.counters("dispatcher_jobs_total", "Jobs and distributed calls that ended, by the dispatcher that sent them.");
    for (const auto& [by, ended] : counts) {
        for (const auto& [outcome, number] :
             {std::pair("ok", ended.ok), std::pair("failed", ended.failed), std::pair("unknown", ended.unknown)}) {
            page.add({{"dispatcher", by.dispatcher}, {"plugin", by.plugin}, {"outcome", outcome}},
                     static_cast<double>(number));
        }
    }
}

}  // namespace stipend::engine

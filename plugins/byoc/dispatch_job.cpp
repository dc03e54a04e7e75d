#include "dispatch_job.hpp"

#include <algorithm>

#include "livepeer/wire.hpp"

namespace byoc {

using stipend::Completion;
using stipend::fail;
using stipend::Result;
using stipend::Wei;

namespace {

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (!line.empty()) out.emplace_back(line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return out;
}

}  // namespace

Result<Dispatch::JobPtr> Dispatch::take(const stipend_job& raw, Completion<stipend_job_result> done) const {
    const auto given = stipend::view(raw.capability);
    auto job = std::make_shared<Job>(
        Job{.done = std::move(done),
            .id = std::string(stipend::view(raw.job_id)),
            .agent_id = std::string(stipend::view(raw.orchestrator_id)),
            .nonce = std::string(stipend::view(raw.nonce)),
            .capability = given.empty() ? settings_.capability : std::string(given),
            .expected = {.address = std::string(stipend::view(raw.address)),
                         .service_addresses = lines_of(stipend::view(raw.service_addresses)),
                         .evidence = livepeer::evidence_wanted(raw),
                         .signed_only = settings_.signed_only || (raw.flags & STIPEND_JOB_NEEDS_SIGNATURE) != 0},
            .rule = {.max_price = settings_.max_price,
                     .allow_unseen = settings_.allow_unseen_price,
                     .max_fee = Wei::from_abi(raw.max_fee_wei),
                     .timeout_s = settings_.timeout_s},
            .period_from = raw.period_from,
            .period_to = raw.period_to,
            .window_s = raw.window_s});
    STIPEND_TRY(livepeer::check_url(job->expected.address));
    STIPEND_TRY(livepeer::check_capability(job->capability));
    if ((raw.flags & STIPEND_JOB_CALL) != 0) {
        job->call_type = stipend::view(raw.call_type);
        job->payload = stipend::view(raw.payload);
        job->expected.call = true;
        job->expected.signed_only = false;
        if (job->call_type.empty() || job->payload.empty()) {
            return fail(STIPEND_E_INVALID, "a call without its type or payload");
        }
    }
    // The payer's own omission, so no job is sent: its answer would count against the orchestrator.
    if (job->expected.signed_only && job->expected.evidence.public_key.empty()) {
        return fail(STIPEND_E_INVALID, "signed evidence is demanded, and its worker's key is not known: want a ",
                    "worker_key in its entry");
    }
    job->facts.known = (raw.flags & STIPEND_JOB_KNOWN) != 0;
    job->registered = (raw.flags & STIPEND_JOB_REGISTERED) != 0;
    return job;
}

}  // namespace byoc

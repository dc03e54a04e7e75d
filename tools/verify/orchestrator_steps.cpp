#include "tools/verify/orchestrator_steps.hpp"

#include <utility>

#include "host/base/time.hpp"
#include "livepeer/evidence.hpp"
#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"
#include "tools/jobs/once.hpp"
#include "tools/jobs/tls.hpp"
#include "tools/jobs/token.hpp"

namespace stipend::verify {
namespace {

using jobs::Outcome;

constexpr std::size_t shown_of_answer = 160;  // bytes of an answer

std::string member_of(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    return found != nullptr && found->is(Json::Kind::string) ? found->text() : std::string();
}

// What to do where a job fails, by the way it fails.
std::string next_of_job(Outcome outcome, const jobs::Way& way, const std::string& address) {
    const auto pinned = address.empty() ? std::string() : cat(" --orchestrator ", address);
    const auto send = cat("`stipend jobs send --gateway ", way.gateway, " --capability ", way.capability, pinned,
                          "` shows it decoded");
    switch (outcome) {
        case Outcome::no_orchestrators:
            return cat(
                "have the gateway list it (-orchAddr), its worker registered, and its token there within 500 ms; ",
                send);
        case Outcome::empty:
        case Outcome::server_error:
            return cat("look at the logs of the orchestrator and of its worker; ", send);
        case Outcome::timeout:
            return cat("look at the worker's log: it has ", way.timeout_s, " s for a job (--timeout); ", send);
        default:
            return cat("look at the worker's log; ", send);
    }
}

// The uptime is there; `percent` says it.
Found check_signature(const livepeer::Uptime& uptime, const std::string& percent, const Question& question,
                      const Payee& payee, bool signed_only) {
    if (!uptime.evidence) {
        if (!signed_only) return passed(percent + ", not signed");
        return failed(percent + ", and signed evidence is demanded: got none",
                      "give the worker a key (docs/worker.md), or set dispatch.config.evidence: any");
    }
    const auto key = member_of(*uptime.evidence, "public_key");
    const bool known = !payee.worker_key.empty();
    const livepeer::EvidenceWanted wanted{
        .orchestrator_id = known ? payee.id : member_of(*uptime.evidence, "orchestrator_id"),
        .nonce = question.nonce_hex,
        .period_from = std::to_string(question.from),
        .period_to = std::to_string(question.to),
        .asked_window_s = question.window_s,
        .public_key = known ? payee.worker_key : key};
    const auto checked =
        livepeer::check_evidence(*uptime.evidence, wanted,
                                 {.ppm = uptime.ppm,
                                  .window_s = uptime.window_s,
                                  .service_list = uptime.service_list ? &*uptime.service_list : nullptr});
    if (!checked) {
        return failed(cat(percent, ", and its evidence does not hold: ", checked.error().message),
                      "compare worker_key and id of its entry with the worker's /service-status");
    }
    auto out = passed(cat(percent, ", signed by ", livepeer::printable(key, shown_of_answer)));
    if (known) return out;
    out.evidence += ", a key that no configuration has";
    out.next = "add worker_key to its entry, once it is compared with the worker's /service-status";
    return out;
}

}  // namespace

Found check_uptime(std::string_view body, const Question& question, const Payee& payee, bool signed_only,
                   std::uint32_t& ppm) {
    const auto uptime = livepeer::read_uptime(body);
    if (!uptime) {
        return failed(cat(uptime.error().message, ": \"", livepeer::printable(body, shown_of_answer), "\""),
                      "have stipend's worker answer this capability: docs/worker.md");
    }
    ppm = uptime->ppm;
    const auto window = uptime->window_s == 0 ? std::string() : cat(" over ", uptime->window_s, " s");
    return check_signature(*uptime, cat(ppm_to_percent(uptime->ppm), " %", window), question, payee, signed_only);
}

Found OrchestratorSteps::token() {
    if (payee_.asked.address.empty()) {
        return not_needed("the gateway chooses the orchestrator: --orchestrator URL names one");
    }
    auto asked = jobs::token_of(payee_.asked, way_.capability, terms_.credential);
    if (!asked) return failed(asked.error().message, "correct the orchestrator's address");
    token_ = std::move(*asked);
    using Said = livepeer::Token::Said;
    if (token_->said == Said::price) {
        return passed(
            cat("it announces ", token_->announced, ", and states a balance of ", token_->balance.text(), " wei"));
    }
    if (token_->said == Said::unseen && terms_.price_unseen_allowed) {
        return not_needed(cat("not reached from here: ", token_->why, "; jobs are allowed where no price is seen"));
    }
    if (token_->no_reserve) {
        return failed(token_->why,
                      "ask with the gateway's credential: `stipend gateway-credential --help`, then "
                      "gateway_credential in the configuration, or --credential FILE");
    }
    if (token_->said == Said::unseen) {
        return failed(token_->why,
                      "start the orchestrator, or open its port to this machine; where only the gateway "
                      "reaches it: price_unseen: allow, or --price-unseen");
    }
    if (token_->none_free()) {
        return failed(cat(token_->why, ": no slot is free"), "look at the worker's log: has it registered?");
    }
    return failed(token_->why, cat("curl -ki ", payee_.asked.address, "/process/token"));
}

Found OrchestratorSteps::capacity() const {
    if (!token_ || token_->said != livepeer::Token::Said::price) return not_needed("no token was seen");
    if (!token_->tells_capacity) return not_needed("its version does not state it");
    if (!token_->none_free()) return passed(cat(token_->capacity, " free slots for ", way_.capability));
    return failed(
        cat("no free slot for ", way_.capability),
        "look at the worker's log, and at `registration` in its /service-status: it is not registered, or all "
        "slots are taken");
}

Found OrchestratorSteps::price() const {
    if (!token_ || token_->said != livepeer::Token::Said::price) return not_needed("no token was seen");
    const auto says = cat(token_->price.text(), " wei per second");
    if (terms_.max_price < token_->price) {
        return failed(cat(says, ", want at most ", terms_.max_price.text()),
                      "have the orchestrator ask less, or raise max_price_per_second (--max-price)");
    }
    return passed(cat(says, " of at most ", terms_.max_price.text()));
}

Result<std::string> job_body_of(const Payee& payee, const Terms& terms, Question& question) {
    STIPEND_SET(question.nonce_hex, livepeer::SigningKey::random_seed());
    const auto nonce = hex_decode(question.nonce_hex);
    question.to = SystemClock().now();
    question.window_s = terms.window_s;
    question.from = question.to - static_cast<std::int64_t>(terms.window_s) * ns_per_s;
    const auto id = payee.id.empty() ? std::string("stipend-verify") : payee.id;
    return livepeer::job_body({.agent_id = id,
                               .job_id = "verify",
                               .nonce = {reinterpret_cast<const char*>(nonce->data()), nonce->size()},
                               .period_from = question.from,
                               .period_to = question.to,
                               .window_s = terms.window_s,
                               .at = question.to});
}

Result<std::string> OrchestratorSteps::ask(std::string_view host) {
    STIPEND_LET(body, job_body_of(payee_, terms_, question_));
    return jobs::request_of(jobs::head_of(way_, std::string(host), payee_.asked), body);
}

Found OrchestratorSteps::job() {
    const bool costs = token_ && !token_->price.zero();
    if (costs && !terms_.price_allowed) {
        return skipped(cat("it costs the gateway ", token_->price.text(), " wei for each second"),
                       "--max-price WEI or --pay sends it");
    }
    const auto parts = split_url(way_.gateway);
    auto tls = jobs::verifying_context(way_.ca_file);
    if (!tls) return failed(tls.error().message, "correct --ca-file");
    std::string first;
    for (;;) {
        const auto request = ask(parts->authority);
        if (!request) return failed(request.error().message, "try again");
        const auto once = jobs::send_once(way_.gateway, *request, way_.deadline_ns(), *tls);
        if (!once) return failed(once.error().message, "try again");
        answer_ = once->ended.answer;
        const auto judged = once->ended.outcome == Outcome::succeeded
                                ? jobs::judge(answer_, {}, {})
                                : jobs::Judged{once->ended.outcome, once->ended.why};
        if (judged.outcome == Outcome::succeeded) {
            return passed(
                cat("status 200, ", answer_.body.size(), " bytes", first.empty() ? "" : "; the first try: ", first));
        }
        // Over a cold connection the token of a distant orchestrator comes too late; the connection stays open.
        if (judged.outcome != Outcome::no_orchestrators || !first.empty()) {
            return failed(cat(jobs::name_of(judged.outcome), ": ", judged.why, first.empty() ? "" : ", twice"),
                          next_of_job(judged.outcome, way_, payee_.asked.address));
        }
        first = judged.why;
    }
}

Found OrchestratorSteps::served_by() const {
    const auto got = livepeer::printable(answer_.served_by, shown_of_answer);
    if (payee_.asked.address.empty()) return passed(cat("X-Orchestrator-Url is ", got));
    const auto judged = jobs::judge(answer_, payee_.asked, {});
    if (judged.outcome == Outcome::succeeded) return passed(cat("X-Orchestrator-Url is ", got));
    return failed(judged.why, cat("if that is its own name, add to its entry: service_addresses: [\"", got,
                                  "\"], or --orchestrator ", payee_.asked.address, "=", got));
}

Found OrchestratorSteps::uptime() {
    return check_uptime(answer_.body, question_, payee_, terms_.signed_only, uptime_ppm_);
}

}  // namespace stipend::verify

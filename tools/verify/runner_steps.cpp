#include "tools/verify/runner_steps.hpp"

#include <utility>

#include "livepeer/wire.hpp"

namespace stipend::verify {
namespace {

using jobs::Outcome;

std::string shown_price(const livepeer::RunnerOffer& offer) {
    return cat(offer.price->text(), " wei, ", offer.unit);
}

bool is_free(const livepeer::RunnerOffer& offer) {
    return !offer.price || offer.price->zero();
}

}  // namespace

Found RunnerSteps::token() {
    const auto looked = jobs::look_at_runner(way_, payee_.asked);
    if (!looked) return failed(looked.error().message, "try again");
    if (!looked->offer) {
        const auto next = looked->judged.outcome == Outcome::no_orchestrators
                              ? std::string(
                                    "look at the worker's log, and at the orchestrator's -liveRunnerConfig: is "
                                    "its runner registered, and healthy?")
                              : cat("start the orchestrator with -useLiveRunners, or open its port to this machine: "
                                    "curl -ki ",
                                    payee_.asked.address, "/discovery");
        return failed(looked->judged.why, next);
    }
    offer_ = looked->offer;
    return passed(cat("it offers ", offer_->single_shot ? "a single-shot" : "a persistent", " runner of ",
                      way_.capability, " at ", livepeer::printable(offer_->path, 160)));
}

Found RunnerSteps::capacity() const {
    if (!offer_) return not_needed("no offer was seen");
    const auto says = cat(offer_->available, " of ", offer_->capacity, " slots free for ", way_.capability);
    return offer_->available > 0 ? passed(says)
                                 : failed(says, "look at what else calls this runner: all slots are taken");
}

Found RunnerSteps::price() const {
    if (!offer_) return not_needed("no offer was seen");
    if (is_free(*offer_)) return passed("free");
    if (auto why = jobs::refusal_of_price(*offer_, payment_); !why.empty()) {
        return failed(std::move(why),
                      "have the orchestrator ask less, or raise max_price or max_price_per_second (--max-price)");
    }
    return passed(shown_price(*offer_));
}

Found RunnerSteps::job() {
    if (offer_ && !is_free(*offer_) && !terms_.price_allowed) {
        return skipped(cat("it costs the payer ", shown_price(*offer_)), "--max-price WEI or --pay sends it");
    }
    const auto body = job_body_of(payee_, terms_, question_);
    if (!body) return failed(body.error().message, "try again");
    const auto called = jobs::call_runner(way_, payment_, payee_.asked, *body, {});
    if (!called) return failed(called.error().message, "try again");
    answer_ = called->answer;
    if (called->judged.outcome == Outcome::succeeded) {
        return passed(cat("status 200, ", answer_.body.size(), " bytes",
                          called->paid.empty() ? std::string() : cat("; ", called->paid, " wei were paid")));
    }
    return failed(cat(jobs::name_of(called->judged.outcome), ": ", called->judged.why),
                  cat("look at the worker's log; `stipend jobs send --dispatch runner --orchestrator ",
                      payee_.asked.address, "` shows it decoded"));
}

Found RunnerSteps::served_by() const {
    return passed("no header names it: it is what its own address leads to");
}

Found RunnerSteps::uptime() {
    return check_uptime(answer_.body, question_, payee_, terms_.signed_only, uptime_ppm_);
}

}  // namespace stipend::verify
